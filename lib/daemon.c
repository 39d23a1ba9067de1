/*
 * What every daemon here does alike.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "daemon.h"

static void
on_signal(evutil_socket_t sig, short what, void *base)
{
	(void)sig;
	(void)what;
	event_base_loopbreak(base);
}

/*
 * What it knows of keys and tokens gets into no core, nor to others of the
 * same user. Sanitizers look into the process themselves.
 */
static void
keep_to_itself(void)
{
#ifndef __SANITIZE_ADDRESS__
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

int
daemon_signals(struct event_base *base)
{
	static const int signals[] = { SIGTERM, SIGINT };
	struct event *ev;
	size_t i;

	keep_to_itself();
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		ev = evsignal_new(base, signals[i], on_signal, base);
		if (ev == NULL || event_add(ev, NULL) == -1) {
			errno = ENOMEM;
			return -1;
		}
	}
	return 0;
}

int
daemon_read(struct event_base *base, int fd, event_callback_fn each, void *arg)
{
	struct event *ev;

	ev = event_new(base, fd, EV_READ | EV_PERSIST, each, arg);
	if (ev == NULL || event_add(ev, NULL) == -1) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

long
daemon_number(const char *text, long low, long high)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < low || n > high)
		return -1;
	return n;
}

unsigned long
daemon_descriptors(unsigned long want)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == -1)
		return 0;
	if (l.rlim_cur >= want)
		return l.rlim_cur;
	l.rlim_cur = l.rlim_max < want ? l.rlim_max : want;
	if (setrlimit(RLIMIT_NOFILE, &l) == -1 &&
	    getrlimit(RLIMIT_NOFILE, &l) == -1)
		return 0;
	return l.rlim_cur;
}
