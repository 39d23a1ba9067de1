/*
 * ote-every: a command every so often, and soon after a file was replaced. What
 * is done now and then costs no memory in between.
 */
#include <sys/inotify.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "child.h"
#include "clock.h"
#include "ready.h"

#define SECONDS_MAX 1000000

struct every {
	struct child child;
	const char
	    *file; /* its name in the directory that is watched, or NULL */
	int inotify, verbose;
	long long period_ms, jitter_ms;
	long long at; /* when it is next due, monotonic */
};

static void
usage(FILE *out)
{
	fputs("usage: ote-every [-hnv] [-j jitter] [-w file] seconds command "
	      "[argument ...]\n",
	    out);
}

static long long
jitter(const struct every *e)
{
	return arc4random_uniform((uint32_t)e->jitter_ms + 1);
}

static void
start(struct every *e)
{
	if (e->verbose)
		warnx("%s: started", e->child.argv[0]);
	if (child_start(&e->child) == -1)
		err(111, "fork");
}

/* Take the command's end in. Its exit code, -1 if it runs. */
static int
reap(struct every *e)
{
	int sig, code = child_reap(&e->child, &sig);

	if (sig != 0)
		warnx("%s: killed by SIG%s", e->child.argv[0],
		    sigabbrev_np(sig));
	return code;
}

/* The file was replaced, perhaps: it is due sooner then. */
static void
on_file(struct every *e)
{
	char text[4096]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *i;
	long long soon = monotonic_ms() + jitter(e);
	ssize_t n, off;

	while ((n = read(e->inotify, text, sizeof(text))) > 0)
		for (off = 0; off < n; off += (ssize_t)(sizeof(*i) + i->len)) {
			i = (const struct inotify_event *)(void *)(text + off);
			if (((i->len > 0 && strcmp(i->name, e->file) == 0) ||
				(i->mask & IN_Q_OVERFLOW)) &&
			    soon < e->at)
				e->at = soon;
		}
}

/* Wait for a signal, the file, or until ms have gone by; -1: for ever. */
static void
pause_for(struct every *e, long long ms)
{
	struct pollfd p[2] = { { .fd = e->child.signals, .events = POLLIN },
		{ .fd = e->inotify, .events = POLLIN } };

	if (ms > INT_MAX)
		ms = INT_MAX;
	if (poll(p, 2, (int)ms) == -1 && errno != EINTR)
		err(111, "poll");
	if (p[1].revents != 0)
		on_file(e);
	child_signals(&e->child);
}

static int
run(struct every *e)
{
	long long left;
	int code;

	e->at = monotonic_ms() + jitter(e);
	while (!e->child.stopped) {
		if ((left = e->at - monotonic_ms()) > 0) {
			pause_for(e, left);
			continue;
		}
		/* what happens while it runs counts from here */
		e->at = monotonic_ms() + e->period_ms;
		start(e);
		while ((code = reap(e)) == -1)
			pause_for(e, -1);
		if (e->verbose)
			warnx("%s: ended with %d", e->child.argv[0], code);
		if (code == 100 || code == 126 || code == 127)
			return code;
	}
	return 0;
}

static long long
milliseconds(const char *what, const char *text, long long low)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end != '\0' || !(s * 1000 >= (double)low) ||
	    s > SECONDS_MAX)
		errx(100, "%s %s: not seconds up to %d", what, text,
		    SECONDS_MAX);
	return (long long)(s * 1000);
}

int
main(int argc, char **argv)
{
	struct every e = { .inotify = -1 };
	const char *file = NULL;
	int c, check = 0;

	while ((c = getopt(argc, argv, "+hj:nvw:")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'j':
			e.jitter_ms = milliseconds("-j", optarg, 0);
			break;
		case 'n':
			check = 1;
			break;
		case 'v':
			e.verbose = 1;
			break;
		case 'w':
			file = optarg;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc - optind < 2) {
		usage(stderr);
		return 100;
	}
	e.period_ms = milliseconds("every", argv[optind], 1);
	if (child_init(&e.child, argv + optind + 1) == -1)
		err(111, "signalfd");
	if (file != NULL) {
		e.file =
		    strrchr(file, '/') == NULL ? file : strrchr(file, '/') + 1;
		if ((e.inotify = atomic_watch(file)) == -1)
			err(errno == ENOENT || errno == ENOTDIR ? 100 : 111,
			    "%s: its directory", file);
	}
	if (check)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	ready_notify();
	unsetenv("NOTIFY_FD");
	return run(&e);
}
