/*
 * The kept connection to who has the tree. bufferevents never call back from
 * within a write, so done is called from the loop alone.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "apply_link.h"
#include "clock.h"

#define RETRY_MS 50
#define ANSWER_MAX 256

struct item {
	STAILQ_ENTRY(item) next;
	long long deadline; /* ms, monotonic */
	void *arg;
	struct buf text;
};

struct apply_link {
	struct event_base *base;
	struct bufferevent *bev; /* NULL: not connected */
	struct event *timer;
	struct sockaddr_un sun;
	int limit_ms;
	void (*done)(void *arg, int rc, uint64_t rv, int feeds);
	STAILQ_HEAD(items, item) items; /* not answered, in order */
};

static void
disconnect(struct apply_link *l)
{
	if (l->bev != NULL)
		bufferevent_free(l->bev);
	l->bev = NULL;
}

/* Until there is something to retry, or the first one has waited too long. */
static void
arm(struct apply_link *l)
{
	struct item *first = STAILQ_FIRST(&l->items);
	struct timeval tv;
	long long ms;

	if (first == NULL) {
		event_del(l->timer);
		return;
	}
	ms = first->deadline - monotonic_ms();
	if (l->bev == NULL && ms > RETRY_MS)
		ms = RETRY_MS;
	if (ms < 1)
		ms = 1;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	event_add(l->timer, &tv);
}

static void
finish(struct apply_link *l, int error, uint64_t rv, int feeds)
{
	struct item *i = STAILQ_FIRST(&l->items);
	void *arg = i->arg;

	STAILQ_REMOVE_HEAD(&l->items, next);
	buf_free(&i->text);
	free(i);
	errno = error;
	l->done(arg, error == 0 ? 0 : -1, rv, feeds);
}

/* Their answers cannot be told from those of later ones any more. */
static void
fail_late(struct apply_link *l)
{
	size_t n = 0;
	struct item *i;

	disconnect(l);
	STAILQ_FOREACH(i, &l->items, next)
	n++;
	while (n-- > 0)
		finish(l, ETIMEDOUT, 0, 0);
}

/* --- the connection --- */

static void
on_answer(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct apply_link *l = arg;
	uint64_t rv;
	char *line;
	int feeds;

	while (l->bev == bev &&
	    (line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF)) != NULL) {
		if (STAILQ_EMPTY(&l->items))
			disconnect(l);
		else if (sscanf(line, "%" SCNu64 " %d", &rv, &feeds) == 2)
			finish(l, 0, rv, feeds);
		else
			finish(l,
			    strstr(line, strerror(ENOSPC)) != NULL ? ENOSPC
								   : EIO,
			    0, 0);
		free(line);
	}
	if (l->bev == bev && evbuffer_get_length(in) > ANSWER_MAX)
		disconnect(l);
	arm(l);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	struct apply_link *l = arg;

	(void)bev;
	(void)what;
	disconnect(l);
	arm(l);
}

/* 0, or -1 with errno. What was not answered goes out first. */
static int
connect_to(struct apply_link *l)
{
	struct item *i;
	int fd, saved;

	if (l->bev != NULL)
		return 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	errno = 0;
	if (connect(fd, (struct sockaddr *)&l->sun, sizeof(l->sun)) == -1 ||
	    (l->bev = bufferevent_socket_new(l->base, fd,
		 BEV_OPT_CLOSE_ON_FREE)) == NULL) {
		saved = errno != 0 ? errno : ENOMEM;
		close(fd);
		errno = saved;
		return -1;
	}
	bufferevent_setcb(l->bev, on_answer, NULL, on_end, l);
	saved = bufferevent_enable(l->bev, EV_READ | EV_WRITE);
	STAILQ_FOREACH(i, &l->items, next)
	if (saved == 0)
		saved = bufferevent_write(l->bev, i->text.data, i->text.len);
	if (saved == 0)
		return 0;
	disconnect(l);
	errno = ENOMEM;
	return -1;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct apply_link *l = arg;
	struct item *first = STAILQ_FIRST(&l->items);

	(void)fd;
	(void)what;
	if (first != NULL && first->deadline <= monotonic_ms())
		fail_late(l);
	else if (first != NULL)
		(void)connect_to(l);
	arm(l);
}

int
apply_link_ready(struct apply_link *l)
{
	return connect_to(l);
}

int
apply_link_send(struct apply_link *l, enum feed_type type, const char *path,
    const char *object, size_t len, void *arg)
{
	struct item *i;

	if (len > APPLY_OBJECT_MAX || strlen(path) >= APIPATH_MAX ||
	    strchr(path, '\n') != NULL) {
		errno = EMSGSIZE;
		return -1;
	}
	if ((i = calloc(1, sizeof(*i))) == NULL)
		return -1;
	if (buf_printf(&i->text, "%s %zu %s\n", feed_type_name(type), len,
		path) == -1 ||
	    buf_add(&i->text, object, len) == -1 ||
	    (l->bev != NULL &&
		bufferevent_write(l->bev, i->text.data, i->text.len) == -1)) {
		buf_free(&i->text);
		free(i);
		errno = ENOMEM;
		return -1;
	}
	i->arg = arg;
	i->deadline = monotonic_ms() + l->limit_ms;
	STAILQ_INSERT_TAIL(&l->items, i, next);
	if (l->bev == NULL)
		(void)connect_to(l);
	arm(l);
	return 0;
}

/* --- */

struct apply_link *
apply_link_new(struct event_base *base, const char *socket, int limit_ms,
    void (*done)(void *, int, uint64_t, int))
{
	struct apply_link *l = calloc(1, sizeof(*l));

	if (l == NULL || apply_address(&l->sun, socket) == -1)
		goto fail;
	l->base = base;
	l->limit_ms = limit_ms;
	l->done = done;
	STAILQ_INIT(&l->items);
	errno = ENOMEM;
	if ((l->timer = evtimer_new(base, on_timer, l)) != NULL)
		return l;
fail:
	free(l);
	return NULL;
}

void
apply_link_free(struct apply_link *l)
{
	struct item *i;

	if (l == NULL)
		return;
	disconnect(l);
	event_free(l->timer);
	while ((i = STAILQ_FIRST(&l->items)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->items, next);
		buf_free(&i->text);
		free(i);
	}
	free(l);
}
