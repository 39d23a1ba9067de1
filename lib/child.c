/*
 * A tool's one command: started, ended, taken in.
 */
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"

int
child_init(struct child *c, char **argv)
{
	sigset_t set;

	memset(c, 0, sizeof(*c));
	c->argv = argv;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, &c->old_mask) == -1)
		return -1;
	c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return c->signals == -1 ? -1 : 0;
}

static _Noreturn void
run(const struct child *c, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 ||
	    getppid() != parent) /* it died before the prctl() */
		_exit(111);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	execvp(c->argv[0], c->argv);
	dprintf(STDERR_FILENO, "%s: %s: %s\n", program_invocation_short_name,
	    c->argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

int
child_start(struct child *c)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == -1)
		return -1;
	if (pid == 0)
		run(c, parent);
	c->pid = pid;
	return 0;
}

int
child_reap(struct child *c, int *sig)
{
	int status;

	*sig = 0;
	if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return -1;
	c->pid = 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	*sig = WTERMSIG(status);
	return 111;
}

void
child_signals(struct child *c)
{
	struct signalfd_siginfo si;

	while (read(c->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		c->stopped = 1;
		if (c->pid != 0)
			kill(c->pid, SIGTERM);
	}
}
