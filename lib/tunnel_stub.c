/*
 * The other end of a k3s agent's tunnel while the server is out of reach. Of
 * what comes nothing is kept, and no more is read than is answered.
 */
#include <sys/inotify.h>
#include <sys/socket.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon.h"
#include "masters.h"
#include "tunnel_stub.h"

#define SILENT_S 60 /* as rancher/remotedialer gives up */
#define DOUBT_S 5
#define CLOSE_S 5
#define WAY_MAX (64 * 1024)

static size_t
waiting(struct tunnel_stub *s)
{
	return evbuffer_get_length(bufferevent_get_output(s->client));
}

/* Nothing follows a Close: the web server ends the connection upon this. */
static void
say_end(struct tunnel_stub *s)
{
	(void)shutdown(bufferevent_getfd(s->client), SHUT_WR);
}

/* Say Close, and give the client a while to say its own. */
static void
say_close(struct tunnel_stub *s, unsigned int code)
{
	unsigned char out[WEBSOCKET_FRAME_MAX];

	if (s->said)
		return;
	s->said = 1;
	s->left_s = CLOSE_S;
	bufferevent_write(s->client, out, websocket_close(out, code));
}

static void
say_pong(struct tunnel_stub *s)
{
	unsigned char out[WEBSOCKET_FRAME_MAX];

	if (!s->said)
		bufferevent_write(s->client, out,
		    websocket_control(out, WEBSOCKET_PONG, s->in.payload,
			s->in.len));
}

static void
take(struct tunnel_stub *s, enum websocket_event event)
{
	switch (event) {
	case WEBSOCKET_GOT_PING:
		say_pong(s);
		break;
	case WEBSOCKET_GOT_CLOSE:
		say_close(s, s->in.code);
		s->heard = 1;
		break;
	case WEBSOCKET_BROKEN:
		say_close(s, WEBSOCKET_PROTOCOL_ERROR);
		s->heard = 1;
		break;
	default:
		break;
	}
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct tunnel_stub *s = arg;
	size_t n, used;

	while (!s->heard && (n = evbuffer_get_contiguous_space(in)) > 0) {
		take(s,
		    websocket_read(&s->in, evbuffer_pullup(in, (ev_ssize_t)n),
			n, &used));
		evbuffer_drain(in, used);
	}
	if (s->heard) {
		/* the end is told when all was read, not by a reset */
		evbuffer_drain(in, evbuffer_get_length(in));
		if (waiting(s) == 0)
			say_end(s);
	} else if (waiting(s) >= WAY_MAX) {
		bufferevent_disable(bev, EV_READ);
	}
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct tunnel_stub *s = arg;

	if (s->heard)
		say_end(s);
	bufferevent_enable(bev, EV_READ);
}

/* The client's end, an error, or silence. */
static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct tunnel_stub *s = arg;

	(void)bev;
	(void)what;
	s->over(s->arg);
}

/* So many seconds are over. */
static void
check(struct tunnel_stub *s, int up, int seconds)
{
	if (!s->said && !up)
		s->left_s = 0;
	else if (s->left_s > seconds)
		s->left_s -= seconds;
	else if (s->said)
		s->over(s->arg);
	else
		say_close(s, WEBSOCKET_GOING_AWAY);
}

static void
check_all(struct tunnel_stubs *all, int seconds)
{
	struct tunnel_stub *s, *next;
	int up;

	if (LIST_EMPTY(&all->list))
		return;
	up = masters_reachable(all->data);
	for (s = LIST_FIRST(&all->list); s != NULL; s = next) {
		next = LIST_NEXT(s, next);
		check(s, up, seconds);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check_all(arg, 1);
}

/* Something in run/ was replaced. */
static void
on_change(evutil_socket_t fd, short what, void *arg)
{
	char text[4096];

	(void)what;
	while (read(fd, text, sizeof(text)) > 0)
		;
	check_all(arg, 0);
}

/* Agents wait before they dial again: it should not be later than it must. */
static int
watch(struct event_base *base, struct tunnel_stubs *all)
{
	char dir[512];
	int fd, e;

	if (snprintf(dir, sizeof(dir), "%s/run", all->data) >=
	    (int)sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1)
		return -1;
	/* where it is missing every second is soon enough */
	(void)inotify_add_watch(fd, dir, IN_MOVED_TO | IN_ONLYDIR);
	if (daemon_read(base, fd, on_change, all) == 0)
		return 0;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

int
tunnel_stubs_init(struct tunnel_stubs *all, struct event_base *base,
    const char *data)
{
	LIST_INIT(&all->list);
	all->data = data;
	all->tick = event_new(base, -1, EV_PERSIST, on_tick, all);
	if (all->tick != NULL)
		return watch(base, all);
	errno = ENOMEM;
	return -1;
}

int
tunnel_stub_begin(struct tunnel_stub *s, struct tunnel_stubs *all,
    struct bufferevent *client, const char *accept, int doubtful,
    void (*over)(void *), void *arg)
{
	struct timeval silent = { SILENT_S, 0 }, second = { 1, 0 };

	if (evbuffer_add_printf(bufferevent_get_output(client),
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		accept) == -1 ||
	    (LIST_EMPTY(&all->list) && event_add(all->tick, &second) == -1)) {
		errno = ENOMEM;
		return -1;
	}
	s->all = all;
	s->client = client;
	s->left_s = doubtful ? DOUBT_S : 0;
	s->over = over;
	s->arg = arg;
	LIST_INSERT_HEAD(&all->list, s, next);
	bufferevent_setcb(client, on_read, on_written, on_event, s);
	bufferevent_setwatermark(client, EV_READ, 0, WAY_MAX);
	bufferevent_set_timeouts(client, &silent, &silent);
	bufferevent_enable(client, EV_READ | EV_WRITE);
	/* what came behind the head */
	on_read(client, s);
	return 0;
}

void
tunnel_stub_end(struct tunnel_stub *s)
{
	if (s->all == NULL)
		return;
	LIST_REMOVE(s, next);
	if (LIST_EMPTY(&s->all->list))
		(void)event_del(s->all->tick);
	s->all = NULL;
}
