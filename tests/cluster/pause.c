/*
 * pause: the first process of a pod's sandbox. Reaps what is left to it
 * and does nothing else until it is told to end.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
reap(int sig)
{
	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void
end(int sig)
{
	(void)sig;
	_exit(0);
}

int
main(void)
{
	if (signal(SIGCHLD, reap) == SIG_ERR ||
	    signal(SIGTERM, end) == SIG_ERR || signal(SIGINT, end) == SIG_ERR)
		return 111;
	for (;;)
		pause();
}
