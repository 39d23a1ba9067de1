/*
 * The server's side of the socket between who accepts writes and who has the
 * tree. What came on all connections in one turn of the loop is acted upon
 * together, at its end, and answered in its order.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "apply.h"

#define CONNS_MAX 64
#define WAIT_S 5
#define EVENTS_MAX 256
#define READ_MAX (1024 * 1024)

struct conn {
	LIST_ENTRY(conn) next;
	struct apply *apply;
	struct event *ev;
	int fd;
	int ended; /* nothing more comes */
	int bad;   /* what came is none of ours */
	int more;  /* what came is more than one turn takes */
	struct buf in;
	size_t used; /* of it, by what is acted upon */
};

struct apply {
	struct source_set *set;
	struct event_base *base;
	struct event *ev, *turn;
	int fd;
	size_t nconns;
	char path[512];
	LIST_HEAD(conn_list, conn) conns;
};

static void
conn_free(struct conn *c)
{
	LIST_REMOVE(c, next);
	c->apply->nconns--;
	event_free(c->ev);
	close(c->fd);
	buf_free(&c->in);
	free(c);
}

/* --- requests --- */

/* TYPE LENGTH PATH, cut apart in place. 0, or -1. */
static int
parse_head(struct apply_event *e, char *head)
{
	char *word[3], *end;
	enum feed_type t = FEED_ADDED;
	int i;

	for (i = 0; i < 3; i++)
		if ((word[i] = strsep(&head, i < 2 ? " " : "")) == NULL)
			return -1;
	while (t <= FEED_DELETED && strcmp(feed_type_name(t), word[0]) != 0)
		t++;
	e->len = strtoul(word[1], &end, 10);
	if (t > FEED_DELETED || *word[1] == '\0' || *end != '\0' ||
	    e->len > APPLY_OBJECT_MAX)
		return -1;
	e->type = t;
	e->path = word[2];
	return 0;
}

/* The length of a head that is whole; 0 if none is; -1. */
static ssize_t
head_length(const struct conn *c)
{
	size_t left = c->in.len - c->used;
	const char *end;

	if (left == 0)
		return 0;
	end = memchr(c->in.data + c->used, '\n',
	    left < APPLY_HEAD_MAX ? left : APPLY_HEAD_MAX);
	if (end == NULL)
		return left < APPLY_HEAD_MAX ? 0 : -1;
	return end - (c->in.data + c->used) + 1;
}

/* The next one that is whole: 1; 0 if there is none; -1 */
static int
next_event(struct conn *c, struct apply_event *e)
{
	char head[APPLY_HEAD_MAX + 1];
	char *at = c->in.data + c->used;
	ssize_t n = head_length(c);

	if (n <= 0)
		return (int)n;
	/* the head stays as it is until its object is there, too */
	memcpy(head, at, (size_t)n);
	head[n - 1] = '\0';
	if (strlen(head) != (size_t)n - 1 || parse_head(e, head) == -1)
		return -1;
	if (c->in.len - c->used - (size_t)n < e->len)
		return 0;
	at[n - 1] = '\0';
	(void)parse_head(e, at);
	e->object = at + n;
	c->used += (size_t)n + e->len;
	return 1;
}

/* --- answers --- */

/* 0, or -1: who does not read it has given up, and asks again. */
static int
answer(const struct conn *c, const struct apply_event *e)
{
	char text[128];
	int n;

	if (e->error == 0)
		n = snprintf(text, sizeof(text), "%" PRIu64 " %d\n", e->rv,
		    e->feeds);
	else
		n = snprintf(text, sizeof(text), "! %s\n", strerror(e->error));
	return send(c->fd, text, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -1;
}

/* After its answers. */
static void
settle(struct conn *c, int failed)
{
	static const struct apply_event torn = { .error = EBADMSG };
	struct timeval tv = { WAIT_S, 0 };

	buf_drain(&c->in, c->used);
	c->used = 0;
	if (c->in.len == 0)
		buf_free(&c->in);
	if (c->ended && !c->more && c->in.len > 0)
		c->bad = 1;
	if (c->bad)
		(void)answer(c, &torn);
	if (failed || c->bad || (c->ended && !c->more))
		conn_free(c);
	else if (c->ended)
		event_del(c->ev);
	else
		/* a torn one does not stay for ever */
		event_add(c->ev, c->in.len > 0 ? &tv : NULL);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	static struct apply_event events[EVENTS_MAX];
	static struct conn *of[EVENTS_MAX];
	struct apply *a = arg;
	struct conn *c, *next;
	size_t n = 0, i = 0;
	int rc, failed;

	(void)fd;
	(void)what;
	LIST_FOREACH(c, &a->conns, next) {
		while (n < EVENTS_MAX && (rc = next_event(c, &events[n])) == 1)
			of[n++] = c;
		c->bad = n < EVENTS_MAX && rc == -1;
	}
	if (n > 0)
		apply_events(a->set, events, n);
	for (c = LIST_FIRST(&a->conns); c != NULL; c = next) {
		next = LIST_NEXT(c, next);
		for (failed = 0; i < n && of[i] == c; i++)
			if (!failed && answer(c, &events[i]) == -1)
				failed = 1;
		settle(c, failed);
	}
	if (n == EVENTS_MAX)
		event_active(a->turn, 0, 0);
}

/* --- connections --- */

static void
on_data(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	static char text[65536];
	size_t total = 0;
	ssize_t n = 0;

	if (what & EV_TIMEOUT) {
		conn_free(c);
		return;
	}
	while (total < READ_MAX &&
	    (n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0) {
		total += (size_t)n;
		if (c->in.len + (size_t)n >
			APPLY_OBJECT_MAX + APPLY_HEAD_MAX + READ_MAX ||
		    buf_add(&c->in, text, (size_t)n) == -1) {
			conn_free(c);
			return;
		}
	}
	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		conn_free(c);
		return;
	}
	c->ended = n == 0;
	event_active(c->apply->turn, 0, 0);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct apply *a = arg;
	struct conn *c;
	int s;

	(void)what;
	s = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (s == -1)
		return;
	if (a->nconns == CONNS_MAX || (c = calloc(1, sizeof(*c))) == NULL) {
		close(s);
		return;
	}
	c->ev = event_new(a->base, s, EV_READ | EV_PERSIST, on_data, c);
	if (c->ev == NULL || event_add(c->ev, NULL) == -1) {
		if (c->ev != NULL)
			event_free(c->ev);
		free(c);
		close(s);
		return;
	}
	c->apply = a;
	c->fd = s;
	LIST_INSERT_HEAD(&a->conns, c, next);
	a->nconns++;
}

struct apply *
apply_listen(struct event_base *base, struct source_set *set,
    const char *socket_path)
{
	struct sockaddr_un sun;
	struct apply *a;
	int saved;

	if (apply_address(&sun, socket_path) == -1 ||
	    (a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->set = set;
	a->base = base;
	snprintf(a->path, sizeof(a->path), "%s", socket_path);
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(socket_path);
	if (a->fd == -1 ||
	    bind(a->fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(a->fd, CONNS_MAX) == -1)
		goto fail;
	a->ev = event_new(base, a->fd, EV_READ | EV_PERSIST, on_accept, a);
	a->turn = event_new(base, -1, 0, on_turn, a);
	if (a->ev != NULL && a->turn != NULL && event_add(a->ev, NULL) == 0)
		return a;
	errno = ENOMEM;
fail:
	saved = errno;
	if (a->ev != NULL)
		event_free(a->ev);
	if (a->turn != NULL)
		event_free(a->turn);
	if (a->fd != -1)
		close(a->fd);
	free(a);
	errno = saved;
	return NULL;
}

void
apply_free(struct apply *a)
{
	if (a == NULL)
		return;
	while (!LIST_EMPTY(&a->conns))
		conn_free(LIST_FIRST(&a->conns));
	event_free(a->ev);
	event_free(a->turn);
	close(a->fd);
	unlink(a->path);
	free(a);
}
