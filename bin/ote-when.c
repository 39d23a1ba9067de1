/*
 * ote-when: a command while there is something in a directory. What is only
 * needed now and then costs no memory in between. The command ends when it has
 * nothing to do; the directory is looked at after that, so what came meanwhile
 * starts it again.
 */
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ready.h"

#define AGAIN_MS 1000 /* after a command that left something */

struct when {
	const char *dir;
	char **command;
	int inotify, signals, verbose;
	sigset_t old_mask;
	pid_t pid; /* of the command, 0: it does not run */
	int stopped;
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
	pid_t parent = getpid();

	if (w->verbose)
		warnx("%s: started", w->command[0]);
	if ((w->pid = fork()) == -1)
		err(111, "fork");
	if (w->pid != 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
		err(111, "prctl");
	if (getppid() != parent) /* it died before the prctl() */
		_exit(111);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
	execvp(w->command[0], w->command);
	warn("%s", w->command[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Take the command's end in. Its exit code, -1 if it runs. */
static int
reap(struct when *w)
{
	int status;

	if (w->pid == 0 || waitpid(w->pid, &status, WNOHANG) != w->pid)
		return -1;
	w->pid = 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	warnx("%s: killed by SIG%s", w->command[0],
	    sigabbrev_np(WTERMSIG(status)));
	return 111;
}

static void
on_signals(struct when *w)
{
	struct signalfd_siginfo si;

	while (read(w->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		w->stopped = 1;
		if (w->pid != 0)
			kill(w->pid, SIGTERM);
	}
}

/* Wait for a signal, or a change of the directory. */
static void
pause_for(struct when *w, int timeout_ms)
{
	struct pollfd p[2] = { { .fd = w->signals, .events = POLLIN },
		{ .fd = w->inotify, .events = POLLIN } };
	char text[4096];

	/* while the command runs the directory is its own affair */
	if (poll(p, w->pid != 0 || timeout_ms != -1 ? 1 : 2, timeout_ms) ==
		-1 &&
	    errno != EINTR)
		err(111, "poll");
	if (p[1].revents != 0)
		while (read(w->inotify, text, sizeof(text)) > 0)
			;
	on_signals(w);
}

static int
run(struct when *w)
{
	int code;

	while (!w->stopped) {
		if (!is_filled(w->dir)) {
			pause_for(w, -1);
			continue;
		}
		start(w);
		while ((code = reap(w)) == -1)
			pause_for(w, -1);
		if (w->stopped)
			break;
		if (w->verbose)
			warnx("%s: ended with %d", w->command[0], code);
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
	sigset_t set;

	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify == -1)
		err(111, "inotify");
	if (inotify_add_watch(w->inotify, w->dir,
		IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR) == -1)
		err(100, "%s", w->dir);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, &w->old_mask) == -1 ||
	    (w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		err(111, "signalfd");
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
	w.command = argv + optind + 1;
	open_all(&w);
	if (check)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	ready_notify();
	unsetenv("NOTIFY_FD");
	return run(&w);
}
