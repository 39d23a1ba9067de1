/*
 * The guard of a command: the first of its process group. It holds nothing but
 * a socket to us, whose end is ours; it ignores the signals that the group
 * gets, and dies by the SIGKILL that it sends to all.
 */
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"

#define SOCKET 3
#define TIMER 4
#define COMMAND 5

/* Said to the guard. */
struct until {
	long long term_ms, kill_ms;
};

/* Said by it. */
struct report {
	int status, termed;
};

static const int defaults[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD };

long long
guard_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* --- the guard's side --- */

static void
set_signals(void (*how)(int))
{
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		signal(defaults[i], how);
}

static _Noreturn void
all_die(void)
{
	kill(0, SIGKILL);
	_exit(111);
}

static _Noreturn void
command_exec(char **argv, const sigset_t *mask, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(111);
	close_range(SOCKET, ~0U, 0);
	set_signals(SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s: %s\n", program_invocation_short_name,
	    argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Its descriptors are these three, and those that are everybody's. */
static void
only(int fd)
{
	if (fd != SOCKET && dup2(fd, SOCKET) == -1)
		_exit(111);
	close_range(SOCKET + 1, ~0U, 0);
	fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd != TIMER)
		_exit(111);
}

static void
set_timer(long long ms)
{
	struct itimerspec at = { 0 };

	if (ms < 1)
		ms = 1;
	at.it_value.tv_sec = ms / 1000;
	at.it_value.tv_nsec = ms % 1000 * 1000000;
	if (timerfd_settime(TIMER, TFD_TIMER_ABSTIME, &at, NULL) == -1)
		all_die();
}

static void
hear(struct until *u)
{
	struct until last;
	ssize_t n;

	while ((n = recv(SOCKET, &last, sizeof(last), MSG_DONTWAIT)) ==
	    (ssize_t)sizeof(last))
		*u = last;
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		all_die(); /* nobody is there to say how long */
}

static _Noreturn void
ended(pid_t pid, int termed)
{
	struct report r = { 0, termed };

	if (waitpid(pid, &r.status, 0) != pid ||
	    send(SOCKET, &r, sizeof(r), MSG_NOSIGNAL) == -1)
		all_die();
	_exit(0);
}

static _Noreturn void
watch(pid_t pid, struct until u)
{
	struct pollfd p[] = { { .fd = SOCKET, .events = POLLIN },
		{ .fd = TIMER, .events = POLLIN },
		{ .fd = COMMAND, .events = POLLIN } };
	int termed = 0;
	uint64_t n;

	for (;;) {
		if (!termed && guard_now() >= u.term_ms) {
			termed = 1;
			kill(0, SIGTERM);
		}
		if (guard_now() >= u.kill_ms)
			all_die();
		set_timer(
		    termed || u.kill_ms < u.term_ms ? u.kill_ms : u.term_ms);
		if (poll(p, 3, -1) == -1 && errno != EINTR)
			all_die();
		if (p[2].revents != 0)
			ended(pid, termed);
		if (p[1].revents != 0 && read(TIMER, &n, sizeof(n)) == -1 &&
		    errno != EAGAIN)
			all_die();
		if (p[0].revents != 0)
			hear(&u);
	}
}

static _Noreturn void
guard_main(int fd, char **argv, const sigset_t *mask, struct until u)
{
	pid_t self = getpid(), pid;

	if (setpgid(0, 0) == -1)
		_exit(111); /* kill(0, ...) would be for others */
	prctl(PR_SET_NAME, "ote-guard");
	set_signals(SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	only(fd);
	if ((pid = fork()) == 0)
		command_exec(argv, mask, self);
	if (pid == -1)
		_exit(111);
	if (pidfd_open(pid, 0) != COMMAND)
		all_die();
	sigprocmask(SIG_SETMASK, mask, NULL);
	watch(pid, u);
}

/* --- our side --- */

int
guard_start(struct guard *g, char **argv, long long term_ms, long long kill_ms)
{
	struct until u = { term_ms, kill_ms };
	sigset_t all, old;
	int fds[2], e;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
		return -1;
	g->is_over = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return -1;
	/* no handler of ours is to run in the guard */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	g->pid = fork();
	e = errno;
	if (g->pid == 0) {
		close(fds[0]);
		guard_main(fds[1], argv, &old, u);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	if (g->pid == -1) {
		close(fds[0]);
		g->pid = 0;
		errno = e;
		return -1;
	}
	setpgid(g->pid, g->pid);
	g->fd = fds[0];
	return 0;
}

int
guard_until(struct guard *g, long long term_ms, long long kill_ms)
{
	struct until u = { term_ms, kill_ms };

	return send(g->fd, &u, sizeof(u), MSG_NOSIGNAL | MSG_DONTWAIT) == -1
	    ? -1
	    : 0;
}

void
guard_kill(struct guard *g)
{
	if (g->pid > 0 && !g->is_over)
		kill(-g->pid, SIGKILL);
}

/* Take in whoever has ended. */
static void
reap_all(struct guard *g)
{
	siginfo_t si;
	int how;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    si.si_pid == 0)
			return;
		if (si.si_pid == g->pid) {
			/* what it left, while the id is still its own */
			kill(-g->pid, SIGKILL);
			g->is_over = 1;
		}
		if (waitpid(si.si_pid, &how, 0) == g->pid)
			g->how = how;
	}
}

enum guard_end
guard_reap(struct guard *g, int *status)
{
	struct report r;

	reap_all(g);
	/* those that it left are our children, and may be dying yet */
	if (g->pid <= 0 || !g->is_over || waitpid(-g->pid, NULL, WNOHANG) == 0)
		return GUARD_RUNS;
	if (recv(g->fd, &r, sizeof(r), MSG_DONTWAIT) != (ssize_t)sizeof(r)) {
		r.status = g->how;
		r.termed = WIFSIGNALED(g->how);
	}
	close(g->fd);
	g->fd = -1;
	g->pid = 0;
	*status = r.status;
	return r.termed ? GUARD_IN_TIME : GUARD_ENDED;
}
