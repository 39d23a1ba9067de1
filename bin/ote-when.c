/*
 * ote-when: a command while there is something in a directory. What is only
 * needed now and then costs no memory in between. The command ends when it has
 * nothing to do; the directory is looked at after that, so what came meanwhile
 * starts it again.
 */
#include <sys/inotify.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "ready.h"

#define AGAIN_MS 1000 /* after a command that left something */

struct when {
	const char *dir;
	struct child child;
	int inotify, verbose;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-when [-hnv] directory command [argument ...]\n", out);
}

/* 1 if there is a name that does not begin with a dot. */
static int
is_filled(const char *dir)
{
	struct dirent *e;
	DIR *d;

	if ((d = opendir(dir)) == NULL)
		err(111, "%s", dir);
	while ((e = readdir(d)) != NULL && e->d_name[0] == '.')
		;
	closedir(d);
	return e != NULL;
}

static void
start(struct when *w)
{
	if (w->verbose)
		warnx("%s: started", w->child.argv[0]);
	if (child_start(&w->child) == -1)
		err(111, "fork");
}

/* Take the command's end in. Its exit code, -1 if it runs. */
static int
reap(struct when *w)
{
	int sig, code = child_reap(&w->child, &sig);

	if (sig != 0)
		warnx("%s: killed by SIG%s", w->child.argv[0],
		    sigabbrev_np(sig));
	return code;
}

/* Wait for a signal, or a change of the directory. */
static void
pause_for(struct when *w, int timeout_ms)
{
	struct pollfd p[2] = { { .fd = w->child.signals, .events = POLLIN },
		{ .fd = w->inotify, .events = POLLIN } };
	char text[4096];

	/* while the command runs the directory is its own affair */
	if (poll(p, w->child.pid != 0 || timeout_ms != -1 ? 1 : 2,
		timeout_ms) == -1 &&
	    errno != EINTR)
		err(111, "poll");
	if (p[1].revents != 0)
		while (read(w->inotify, text, sizeof(text)) > 0)
			;
	child_signals(&w->child);
}

static int
run(struct when *w)
{
	int code;

	while (!w->child.stopped) {
		if (!is_filled(w->dir)) {
			pause_for(w, -1);
			continue;
		}
		start(w);
		while ((code = reap(w)) == -1)
			pause_for(w, -1);
		if (w->child.stopped)
			break;
		if (w->verbose)
			warnx("%s: ended with %d", w->child.argv[0], code);
		if (code != 0)
			return code;
		if (is_filled(w->dir))
			pause_for(w, AGAIN_MS);
	}
	return 0;
}

static void
open_all(struct when *w)
{
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify == -1)
		err(111, "inotify");
	if (inotify_add_watch(w->inotify, w->dir,
		IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR) == -1)
		err(100, "%s", w->dir);
}

int
main(int argc, char **argv)
{
	struct when w = { 0 };
	int c, check = 0;

	while ((c = getopt(argc, argv, "+hnv")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'n':
			check = 1;
			break;
		case 'v':
			w.verbose = 1;
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
	w.dir = argv[optind];
	if (child_init(&w.child, argv + optind + 1) == -1)
		err(111, "signalfd");
	open_all(&w);
	if (check)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	ready_notify();
	unsetenv("NOTIFY_FD");
	return run(&w);
}
