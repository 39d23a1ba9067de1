/*
 * ote-every: a command every so often, and soon after a file was replaced. What
 * is done now and then costs no memory in between.
 */
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ready.h"

#define SECONDS_MAX 1000000

struct every {
	char **command;
	const char
	    *file; /* its name in the directory that is watched, or NULL */
	int inotify, signals, verbose;
	long long period_ms, jitter_ms;
	long long at; /* when it is next due, monotonic */
	sigset_t old_mask;
	pid_t pid; /* of the command, 0: it does not run */
	int stopped;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-every [-hnv] [-j jitter] [-w file] seconds command "
	      "[argument ...]\n",
	    out);
}

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static long long
jitter(const struct every *e)
{
	return arc4random_uniform((uint32_t)e->jitter_ms + 1);
}

static void
start(struct every *e)
{
	pid_t parent = getpid();

	if (e->verbose)
		warnx("%s: started", e->command[0]);
	if ((e->pid = fork()) == -1)
		err(111, "fork");
	if (e->pid != 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
		err(111, "prctl");
	if (getppid() != parent) /* it died before the prctl() */
		_exit(111);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &e->old_mask, NULL);
	execvp(e->command[0], e->command);
	warn("%s", e->command[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Take the command's end in. Its exit code, -1 if it runs. */
static int
reap(struct every *e)
{
	int status;

	if (e->pid == 0 || waitpid(e->pid, &status, WNOHANG) != e->pid)
		return -1;
	e->pid = 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	warnx("%s: killed by SIG%s", e->command[0],
	    sigabbrev_np(WTERMSIG(status)));
	return 111;
}

static void
on_signals(struct every *e)
{
	struct signalfd_siginfo si;

	while (read(e->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		e->stopped = 1;
		if (e->pid != 0)
			kill(e->pid, SIGTERM);
	}
}

/* The file was replaced, perhaps: it is due sooner then. */
static void
on_file(struct every *e)
{
	char text[4096]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *i;
	long long soon = now_ms() + jitter(e);
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
	struct pollfd p[2] = { { .fd = e->signals, .events = POLLIN },
		{ .fd = e->inotify, .events = POLLIN } };

	if (ms > INT_MAX)
		ms = INT_MAX;
	if (poll(p, 2, (int)ms) == -1 && errno != EINTR)
		err(111, "poll");
	if (p[1].revents != 0)
		on_file(e);
	on_signals(e);
}

static int
run(struct every *e)
{
	long long left;
	int code;

	e->at = now_ms() + jitter(e);
	while (!e->stopped) {
		if ((left = e->at - now_ms()) > 0) {
			pause_for(e, left);
			continue;
		}
		/* what happens while it runs counts from here */
		e->at = now_ms() + e->period_ms;
		start(e);
		while ((code = reap(e)) == -1)
			pause_for(e, -1);
		if (e->verbose)
			warnx("%s: ended with %d", e->command[0], code);
		if (code == 100 || code == 126 || code == 127)
			return code;
	}
	return 0;
}

/* Watch the directory that the file is in, or is to be in. */
static void
watch(struct every *e, const char *file)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(file, '/');

	e->file = slash == NULL ? file : slash + 1;
	if (snprintf(dir, sizeof(dir), "%.*s",
		slash == NULL	    ? 1
		    : slash == file ? 1
				    : (int)(slash - file),
		slash == NULL ? "." : file) >= (int)sizeof(dir))
		errx(100, "%s: too long", file);
	if (inotify_add_watch(e->inotify, dir, IN_MOVED_TO | IN_ONLYDIR) == -1)
		err(100, "%s", dir);
}

static void
open_all(struct every *e, const char *file)
{
	sigset_t set;

	e->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (e->inotify == -1)
		err(111, "inotify");
	if (file != NULL)
		watch(e, file);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, &e->old_mask) == -1 ||
	    (e->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		err(111, "signalfd");
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
	struct every e = { 0 };
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
	e.command = argv + optind + 1;
	open_all(&e, file);
	if (check)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	ready_notify();
	unsetenv("NOTIFY_FD");
	return run(&e);
}
