/*
 * ote-load-balancer: TCP to a healthy master, TLS untouched.
 *
 * Which masters are healthy is read from the file that ote-master-health
 * writes. A connection is tried on one after the other until one takes it;
 * when a master goes down all its connections are reset, so that clients move
 * on at once. No connection owns more than what one side has not taken yet,
 * and then the other side is not read.
 */
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "daemon.h"
#include "masters.h"
#include "net.h"
#include "ready.h"

#define CONNS_MAX 1024
#define CONNECT_S 1
#define CHUNK (32 * 1024)

enum { CLIENT, MASTER };

/* One direction's end: a socket, and what it has not taken yet. */
struct side {
	struct event *read, *write;
	char *rest;
	size_t len, off;
	int eof;  /* it sent its last byte */
	int shut; /* we told it ours */
};

struct conn {
	LIST_ENTRY(conn) next;
	struct balancer *b;
	struct side side[2];
	struct event *timer; /* while connecting */
	char addr[272];	     /* the master's */
	size_t tried;	     /* masters that were tried */
	int connected;
};

struct balancer {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *resume;
	struct masters given, now;
	const char *file, *suspect;
	struct sockaddr_storage own;
	socklen_t own_len;
	int inotify, verbose;
	size_t nconns;
	LIST_HEAD(conn_list, conn) conns;
};

static void try_next(struct conn *c);

static void
usage(FILE *out)
{
	fputs("usage: ote-load-balancer [-hnv] [-l address] [-m masters_file]"
	      "\n                         [-s suspect_dir] "
	      "[master[,master...]]\n",
	    out);
}

static void
side_close(struct side *s, int reset)
{
	struct linger hard = { 1, 0 };
	int fd;

	if (s->read == NULL)
		return;
	fd = event_get_fd(s->read);
	if (reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard,
		    sizeof(hard));
	event_free(s->read);
	if (s->write != NULL)
		event_free(s->write);
	close(fd);
	free(s->rest);
	memset(s, 0, sizeof(*s));
}

static void
conn_free(struct conn *c, int reset)
{
	struct balancer *b = c->b;

	side_close(&c->side[CLIENT], reset);
	side_close(&c->side[MASTER], reset);
	if (c->timer != NULL)
		event_free(c->timer);
	LIST_REMOVE(c, next);
	if (b->nconns-- == CONNS_MAX)
		evconnlistener_enable(b->listener);
	free(c);
}

/* A client may pause for long, as less(1) does: only a silent one is dead. */
static void
tune_client(int fd)
{
	unsigned int never = 0;

	net_tune(fd);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &never,
	    sizeof(never));
}

/* --- copying --- */

/* Write what is left; 1 all gone, 0 not yet, -1 the peer is gone. */
static int
flush_rest(struct side *s)
{
	ssize_t n;

	while (s->off < s->len) {
		n = send(event_get_fd(s->read), s->rest + s->off,
		    s->len - s->off, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? 0 : -1;
		s->off += (size_t)n;
	}
	free(s->rest);
	s->rest = NULL;
	s->len = s->off = 0;
	return 1;
}

static int
keep_rest(struct side *s, const char *p, size_t n)
{
	if ((s->rest = malloc(n)) == NULL)
		return -1;
	memcpy(s->rest, p, n);
	s->len = n;
	s->off = 0;
	return event_add(s->write, NULL);
}

/* Both ends said their last: over. Half an end: pass it on. */
static int
pass_eof(struct conn *c, int from)
{
	struct side *to = &c->side[!from];

	if (c->side[from].eof && !to->shut && to->rest == NULL) {
		(void)shutdown(event_get_fd(to->read), SHUT_WR);
		to->shut = 1;
	}
	return c->side[CLIENT].shut && c->side[MASTER].shut;
}

/* Copy one chunk; 0, or -1 where the connection is over: errno 0 if in order. */
static int
copy(struct conn *c, int from)
{
	static char chunk[CHUNK];
	struct side *in = &c->side[from], *out = &c->side[!from];
	ssize_t n, done;

	n = recv(event_get_fd(in->read), chunk, sizeof(chunk), 0);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0) {
		in->eof = 1;
		event_del(in->read);
		if (!pass_eof(c, from))
			return 0;
		errno = 0;
		return -1;
	}
	done = send(event_get_fd(out->read), chunk, (size_t)n, MSG_NOSIGNAL);
	if (done == -1 && errno != EAGAIN && errno != EINTR)
		return -1;
	if (done == -1)
		done = 0;
	if (done == n)
		return 0;
	event_del(in->read);
	return keep_rest(out, chunk + done, (size_t)(n - done));
}

static int
which(const struct conn *c, int fd)
{
	return event_get_fd(c->side[CLIENT].read) == fd ? CLIENT : MASTER;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)what;
	if (copy(c, which(c, fd)) == -1)
		conn_free(c, errno != 0);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	int to = which(c, fd), rc;
	struct side *s = &c->side[to], *other = &c->side[!to];

	(void)what;
	if ((rc = flush_rest(s)) == 0) {
		event_add(s->write, NULL);
		return;
	}
	if (rc == -1) {
		conn_free(c, 1);
		return;
	}
	if (!other->eof)
		event_add(other->read, NULL);
	else if (pass_eof(c, !to))
		conn_free(c, 0);
}

/* --- connecting --- */

static void
tell_suspect(struct balancer *b, const char *addr, const char *how)
{
	if (b->suspect != NULL && masters_suspect(b->suspect, addr, how) == -1)
		warn("%s/%s", b->suspect, addr);
}

static void
connected(struct conn *c)
{
	event_free(c->timer);
	c->timer = NULL;
	c->connected = 1;
	event_add(c->side[CLIENT].read, NULL);
	event_add(c->side[MASTER].read, NULL);
}

static void
failed(struct conn *c, const char *how)
{
	if (c->b->verbose)
		warnx("%s: %s", c->addr, how);
	tell_suspect(c->b, c->addr, how);
	side_close(&c->side[MASTER], 1);
	try_next(c);
}

static void
on_connect(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	socklen_t len = sizeof(int);
	int code = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) == -1)
		code = errno;
	if (code != 0) {
		failed(c, code == ECONNREFUSED ? "refused" : "slow");
		return;
	}
	/* from here on the event tells that there is room */
	event_assign(c->side[MASTER].write, c->b->base, fd, EV_WRITE, on_write,
	    c);
	connected(c);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	failed(arg, "slow");
}

/* Begin to connect. 0; -1 if this master is out of the question. */
static int
begin(struct conn *c)
{
	struct timeval tv = { CONNECT_S, 0 };
	struct side *s = &c->side[MASTER];
	struct addrinfo *ai;
	int fd, code;

	if ((ai = net_resolve(c->addr, &code)) == NULL) {
		warnx("%s: %s", c->addr, gai_strerror(code));
		return -1;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1) {
		freeaddrinfo(ai);
		return -1;
	}
	if (ai->ai_addrlen == c->b->own_len &&
	    memcmp(ai->ai_addr, &c->b->own, c->b->own_len) == 0) {
		warnx("%s: this is the load balancer itself", c->addr);
		close(fd);
		freeaddrinfo(ai);
		return -1;
	}
	net_tune(fd);
	code = connect(fd, ai->ai_addr, ai->ai_addrlen) == -1 ? errno : 0;
	freeaddrinfo(ai);
	if (code != 0 && code != EINPROGRESS) {
		close(fd);
		tell_suspect(c->b, c->addr,
		    code == ECONNREFUSED ? "refused" : "slow");
		return -1;
	}
	s->read = event_new(c->b->base, fd, EV_READ | EV_PERSIST, on_read, c);
	if (s->read == NULL) {
		close(fd);
		return -1;
	}
	s->write = event_new(c->b->base, fd, EV_WRITE, on_connect, c);
	if (s->write == NULL || event_add(s->write, NULL) == -1 ||
	    event_add(c->timer, &tv) == -1) {
		side_close(s, 1);
		return -1;
	}
	return 0;
}

static void
try_next(struct conn *c)
{
	const struct masters *ms = &c->b->now;

	while (c->tried < ms->n) {
		const struct master *m = &ms->m[c->tried++];

		if (!m->up)
			continue;
		memcpy(c->addr, m->addr, sizeof(c->addr));
		if (begin(c) == 0)
			return;
	}
	/* nobody: the client is told at once */
	conn_free(c, 1);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	struct balancer *b = arg;
	struct conn *c;
	struct side *s;

	(void)sa;
	(void)len;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->b = b;
	LIST_INSERT_HEAD(&b->conns, c, next);
	if (++b->nconns == CONNS_MAX)
		evconnlistener_disable(l);
	tune_client(fd);
	s = &c->side[CLIENT];
	s->read = event_new(b->base, fd, EV_READ | EV_PERSIST, on_read, c);
	if (s->read == NULL) {
		close(fd);
		conn_free(c, 1);
		return;
	}
	s->write = event_new(b->base, fd, EV_WRITE, on_write, c);
	c->timer = evtimer_new(b->base, on_timeout, c);
	if (s->write == NULL || c->timer == NULL)
		conn_free(c, 1);
	else
		try_next(c);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct balancer *b = arg;

	(void)fd;
	(void)what;
	if (b->nconns < CONNS_MAX)
		evconnlistener_enable(b->listener);
}

static void
on_accept_error(struct evconnlistener *l, void *arg)
{
	struct timeval tv = { 0, 100000 };
	struct balancer *b = arg;

	/* no descriptors, most likely: let some be closed first */
	warn("accept");
	evconnlistener_disable(l);
	event_add(b->resume, &tv);
}

/* --- masters --- */

static void
read_masters(struct balancer *b)
{
	const struct master *m;
	struct masters ms;
	struct conn *c, *next;
	size_t i;

	memset(&ms, 0, sizeof(ms));
	if (b->file != NULL && masters_read(&ms, b->file) == -1 &&
	    errno != ENOENT) {
		warn("%s", b->file);
		/* what was known is better */
		if (b->now.n > 0)
			return;
	}
	if (ms.n == 0) {
		ms = b->given;
		for (i = 0; i < ms.n; i++)
			ms.m[i].up = 1;
	}
	b->now = ms;
	for (c = LIST_FIRST(&b->conns); c != NULL; c = next) {
		next = LIST_NEXT(c, next);
		m = masters_find(&b->now, c->addr);
		if (c->connected && (m == NULL || !m->up))
			conn_free(c, 1);
	}
}

static void
on_inotify(evutil_socket_t fd, short what, void *arg)
{
	char text[4096];

	(void)what;
	if (read(fd, text, sizeof(text)) > 0)
		read_masters(arg);
}

static void
watch_file(struct balancer *b)
{
	if (b->file == NULL)
		return;
	if ((b->inotify = atomic_watch(b->file)) == -1)
		err(errno == ENOENT || errno == ENOTDIR ? 100 : 111,
		    "%s: its directory", b->file);
	if (daemon_read(b->base, b->inotify, on_inotify, b) == -1)
		errx(111, "no memory");
}

/* --- start --- */

static void
check_given(const struct balancer *b, const char *addr)
{
	struct addrinfo *mine, *theirs, *a;
	size_t i;
	int code;

	if ((mine = net_resolve(addr, &code)) == NULL)
		errx(100, "%s: %s", addr, gai_strerror(code));
	for (i = 0; i < b->given.n; i++) {
		theirs = net_resolve(b->given.m[i].addr, &code);
		for (a = theirs; a != NULL; a = a->ai_next)
			if (a->ai_addrlen == mine->ai_addrlen &&
			    memcmp(a->ai_addr, mine->ai_addr, a->ai_addrlen) ==
				0)
				errx(100,
				    "%s: this is the load balancer itself; "
				    "name a master",
				    b->given.m[i].addr);
		if (theirs != NULL)
			freeaddrinfo(theirs);
	}
	freeaddrinfo(mine);
}

/* Two descriptors a connection, and some. */
static void
raise_limit(void)
{
	const unsigned long want = 2 * CONNS_MAX + 32;
	unsigned long have = daemon_descriptors(want);

	if (have < want)
		warnx("only %lu descriptors: fewer than %d connections", have,
		    CONNS_MAX);
}

static void
run(struct balancer *b, int fd)
{
	raise_limit();
	b->own_len = sizeof(b->own);
	if (getsockname(fd, (struct sockaddr *)&b->own, &b->own_len) == -1)
		err(111, "getsockname");
	if ((b->base = event_base_new()) == NULL)
		errx(111, "no memory");
	b->listener = evconnlistener_new(b->base, on_accept, b,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	b->resume = evtimer_new(b->base, on_resume, b);
	if (b->listener == NULL || b->resume == NULL ||
	    daemon_signals(b->base) == -1)
		errx(111, "no memory");
	evconnlistener_set_error_cb(b->listener, on_accept_error);
	watch_file(b);
	read_masters(b);
	ready_notify();
	event_base_dispatch(b->base);
	while (!LIST_EMPTY(&b->conns))
		conn_free(LIST_FIRST(&b->conns), 1);
	evconnlistener_free(b->listener);
}

int
main(int argc, char **argv)
{
	static struct balancer b;
	const char *addr = "127.0.0.1:6888";
	char why[256];
	int c, check = 0, fd;

	umask(077);
	while ((c = getopt(argc, argv, "hl:m:ns:v")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'l':
			addr = optarg;
			break;
		case 'm':
			b.file = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 's':
			b.suspect = optarg;
			break;
		case 'v':
			b.verbose++;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return 100;
	}
	if (optind < argc &&
	    masters_parse(&b.given, argv[optind], why, sizeof(why)) == -1)
		errx(100, "%s", why);
	check_given(&b, addr);
	if ((fd = net_listen(addr)) == -1)
		err(100, "%s: cannot listen there; choose another address",
		    addr);
	if (!check)
		run(&b, fd);
	return 0;
}
