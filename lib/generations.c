/*
 * Servers on one listening socket. Invariant: at least one of them has not
 * been told to finish, as long as generations_reap() has not said otherwise.
 */
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#include "generations.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define YOUNG_MS 2000

/* In the child. The socket becomes the descriptor that it looks for. */
static void
become(const struct generations *s, pid_t parent)
{
	char pid[24];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(111);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if ((s->listener == FIRST_FD ? fcntl(FIRST_FD, F_SETFD, 0)
				     : dup2(s->listener, FIRST_FD)) == -1 ||
	    setenv("LISTEN_FDS", "1", 1) == -1 ||
	    setenv("LISTEN_PID", pid, 1) == -1)
		_exit(111);
	execvp(s->command[0], s->command);
	warn("%s", s->command[0]);
	_exit(100);
}

static void
drop(struct generations *s, int i)
{
	close(s->g[i].fd);
	s->n--;
	memmove(&s->g[i], &s->g[i + 1], (size_t)(s->n - i) * sizeof(s->g[0]));
}

/* The oldest has had its time. */
static void
end_oldest(struct generations *s)
{
	kill(s->g[0].pid, SIGKILL);
	waitpid(s->g[0].pid, NULL, 0);
	drop(s, 0);
}

pid_t
generations_start(struct generations *s)
{
	pid_t parent = getpid(), pid;
	int fd, e;

	if (s->n == GENERATIONS_MAX)
		end_oldest(s);
	if ((pid = fork()) == -1)
		return -1;
	if (pid == 0)
		become(s, parent);
	if ((fd = pidfd_open(pid, 0)) == -1) {
		e = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		errno = e;
		return -1;
	}
	s->g[s->n++] = (struct generation) { .pid = pid, .fd = fd };
	s->since_ms = monotonic_ms();
	return pid;
}

int
generations_young(const struct generations *s)
{
	return monotonic_ms() - s->since_ms < YOUNG_MS;
}

void
generations_retire(struct generations *s)
{
	int i;

	if (generations_young(s))
		return;
	for (i = 0; i < s->n - 1; i++)
		if (!s->g[i].finishing) {
			s->g[i].finishing = 1;
			kill(s->g[i].pid, SIGINT);
		}
}

int
generations_poll(const struct generations *s, struct pollfd *fds)
{
	int i;

	for (i = 0; i < s->n; i++)
		fds[i] = (struct pollfd) { .fd = s->g[i].fd, .events = POLLIN };
	return s->n;
}

int
generations_reap(struct generations *s, int *status, int *failed)
{
	int i, newest, st;

	*failed = 0;
	for (i = s->n - 1; i >= 0; i--) {
		newest = i == s->n - 1;
		if (waitpid(s->g[i].pid, &st, WNOHANG) != s->g[i].pid)
			continue;
		drop(s, i);
		if (!newest)
			continue;
		*status = st;
		if (s->n == 0 || s->g[s->n - 1].finishing)
			return 1;
		*failed = 1;
	}
	return 0;
}

void
generations_end(struct generations *s, int ms)
{
	long long until = monotonic_ms() + ms;
	struct pollfd p = { .events = POLLIN };
	int i;

	for (i = 0; i < s->n; i++)
		kill(s->g[i].pid, SIGTERM);
	while (s->n > 0) {
		p.fd = s->g[0].fd;
		ms = (int)(until - monotonic_ms());
		if (ms < 0 || poll(&p, 1, ms) != 1)
			kill(s->g[0].pid, SIGKILL);
		waitpid(s->g[0].pid, NULL, 0);
		drop(s, 0);
	}
}
