/*
 * libcurl's multi_socket interface on libevent: one event for each socket of
 * libcurl's, one timer. curl_multi_socket_action() is called from the loop
 * only, never from a callback of libcurl's; ended transfers are taken out
 * before they are told, so that done may do with handles what it likes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "curlev.h"

#define TOTAL_CONNECTIONS 256L
#define IDLE_CONNECTIONS 16L

struct sock {
	LIST_ENTRY(sock) next;
	struct event *ev;
};

LIST_HEAD(socks, sock);

static void
tell_done(struct curlev *c)
{
	CURLMsg *m;
	CURLcode code;
	CURL *easy;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		/* m is void once its handle is removed */
		easy = m->easy_handle;
		code = m->data.result;
		curl_multi_remove_handle(c->multi, easy);
		c->done(easy, code);
	}
}

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct curlev *c = arg;
	int running, flags = 0;

	if (what & EV_READ)
		flags |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(c->multi, fd, flags, &running);
	tell_done(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct curlev *c = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	tell_done(c);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct curlev *c = arg;
	struct timeval tv;

	(void)multi;
	if (timeout_ms < 0)
		return event_del(c->timer);
	tv.tv_sec = timeout_ms / 1000;
	tv.tv_usec = timeout_ms % 1000 * 1000;
	return event_add(c->timer, &tv);
}

static void
sock_free(struct sock *s)
{
	LIST_REMOVE(s, next);
	if (s->ev != NULL)
		event_free(s->ev);
	free(s);
}

static struct sock *
sock_new(struct curlev *c, curl_socket_t fd)
{
	struct sock *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	LIST_INSERT_HEAD((struct socks *)c->socks, s, next);
	curl_multi_assign(c->multi, fd, s);
	return s;
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
	struct curlev *c = arg;
	struct sock *s = sockp;
	short events = EV_PERSIST;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL) {
			curl_multi_assign(c->multi, fd, NULL);
			sock_free(s);
		}
		return 0;
	}
	if (s == NULL && (s = sock_new(c, fd)) == NULL)
		return -1;
	if (what & CURL_POLL_IN)
		events |= EV_READ;
	if (what & CURL_POLL_OUT)
		events |= EV_WRITE;
	if (s->ev != NULL)
		event_free(s->ev);
	s->ev = event_new(c->base, fd, events, on_socket, c);
	return s->ev == NULL ? -1 : event_add(s->ev, NULL);
}

static void
set_options(struct curlev *c)
{
	CURLM *m = c->multi;

	curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(m, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(m, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, TOTAL_CONNECTIONS);
	curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
}

void
curlev_serial(struct curlev *c)
{
	curl_multi_setopt(c->multi, CURLMOPT_PIPELINING,
	    (long)CURLPIPE_NOTHING);
}

int
curlev_init(struct curlev *c, struct event_base *base,
    void (*done)(CURL *, CURLcode))
{
	memset(c, 0, sizeof(*c));
	c->base = base;
	c->done = done;
	if ((c->socks = calloc(1, sizeof(struct socks))) == NULL)
		return -1;
	c->timer = evtimer_new(base, on_timer, c);
	c->multi = curl_multi_init();
	if (c->timer == NULL || c->multi == NULL) {
		curlev_free(c);
		errno = ENOMEM;
		return -1;
	}
	set_options(c);
	return 0;
}

void
curlev_free(struct curlev *c)
{
	struct socks *socks = c->socks;

	/* closes its connections, which takes their events away */
	if (c->multi != NULL)
		curl_multi_cleanup(c->multi);
	while (socks != NULL && !LIST_EMPTY(socks))
		sock_free(LIST_FIRST(socks));
	free(socks);
	if (c->timer != NULL)
		event_free(c->timer);
	memset(c, 0, sizeof(*c));
}

int
curlev_add(struct curlev *c, CURL *easy)
{
	CURLMcode r = curl_multi_add_handle(c->multi, easy);

	if (r == CURLM_OK)
		return 0;
	errno = r == CURLM_OUT_OF_MEMORY ? ENOMEM : EINVAL;
	return -1;
}

void
curlev_remove(struct curlev *c, CURL *easy)
{
	curl_multi_remove_handle(c->multi, easy);
}
