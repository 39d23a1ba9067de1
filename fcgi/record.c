/*
 * FastCGI records over a unix socket, on libevent.
 *
 * A connection is freed in one place, leave(), once nobody is inside one of
 * its callbacks; everything else only marks it dead.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record.h"

#define HEADER 8
#define CONTENT_MAX 65535
#define PARAMS_MAX (128 * 1024)
#define READ_SIZE (64 * 1024)

enum {
	BEGIN_REQUEST = 1,
	ABORT_REQUEST = 2,
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6
};

static void
enter(struct fcgi_conn *c)
{
	c->busy++;
}

static void
leave(struct fcgi_conn *c)
{
	if (--c->busy > 0 || !c->dead)
		return;
	c->busy++;
	c->server->closed(c);
	c->server->conns--;
	if (c->read != NULL) {
		close(event_get_fd(c->read));
		event_free(c->read);
	}
	if (c->write != NULL)
		event_free(c->write);
	if (c->out != NULL)
		evbuffer_free(c->out);
	buf_free(&c->in);
	buf_free(&c->params);
	free(c);
}

/* --- writing --- */

static void
put_header(unsigned char *h, int type, uint16_t id, size_t n)
{
	h[0] = 1;
	h[1] = (unsigned char)type;
	h[2] = (unsigned char)(id >> 8);
	h[3] = (unsigned char)id;
	h[4] = (unsigned char)(n >> 8);
	h[5] = (unsigned char)n;
	h[6] = h[7] = 0;
}

static void
queue(struct fcgi_conn *c, int type, const void *p, size_t n)
{
	unsigned char h[HEADER];

	put_header(h, type, c->id, n);
	if (evbuffer_add(c->out, h, sizeof(h)) == -1 ||
	    evbuffer_add(c->out, p, n) == -1)
		c->dead = 1;
}

void
fcgi_write(struct fcgi_conn *c, const void *p, size_t n)
{
	const char *from = p;
	size_t part;

	if (c->dead || c->ended)
		return;
	for (; n > 0; from += part, n -= part) {
		part = n < CONTENT_MAX ? n : CONTENT_MAX;
		queue(c, STDOUT, from, part);
	}
}

size_t
fcgi_pending(const struct fcgi_conn *c)
{
	return c->dead ? 0 : evbuffer_get_length(c->out);
}

void
fcgi_endless(struct fcgi_conn *c, int stall_s)
{
	c->stall_s = stall_s;
}

/* Until more is taken; the time runs from when that first stopped. */
static void
await_room(struct fcgi_conn *c)
{
	struct timeval tv = { c->stall_s, 0 };

	if (!event_pending(c->write, EV_WRITE, NULL) &&
	    event_add(c->write, c->stall_s > 0 ? &tv : NULL) == -1)
		c->dead = 1;
}

void
fcgi_flush(struct fcgi_conn *c)
{
	enter(c);
	while (!c->dead && evbuffer_get_length(c->out) > 0) {
		if (evbuffer_write(c->out, event_get_fd(c->read)) != -1)
			continue;
		if (errno == EAGAIN || errno == EINTR)
			await_room(c);
		else
			c->dead = 1;
		break;
	}
	leave(c);
}

void
fcgi_more(struct fcgi_conn *c)
{
	enter(c);
	fcgi_flush(c);
	if (!c->dead && evbuffer_get_length(c->out) == 0)
		event_active(c->write, EV_WRITE, 0);
	leave(c);
}

static void
put_end(struct fcgi_conn *c)
{
	static const unsigned char body[8];

	queue(c, STDOUT, "", 0);
	queue(c, END_REQUEST, body, sizeof(body));
	c->ended = 1;
}

void
fcgi_end(struct fcgi_conn *c)
{
	if (c->dead || c->ended)
		return;
	put_end(c);
	/* what else comes is read and dropped, till the peer closes */
	fcgi_pause(c, 0);
	fcgi_flush(c);
}

void
fcgi_abort(struct fcgi_conn *c)
{
	enter(c);
	c->dead = 1;
	leave(c);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct fcgi_conn *c = arg;

	(void)fd;
	enter(c);
	if (what & EV_TIMEOUT)
		c->dead = 1;
	fcgi_flush(c);
	if (!c->dead && evbuffer_get_length(c->out) == 0 && !c->ended)
		c->server->drained(c);
	leave(c);
}

/* --- parameters --- */

static size_t
get_length(const unsigned char **p, const unsigned char *end)
{
	size_t n;

	if (*p == end)
		return SIZE_MAX;
	if (**p < 0x80)
		return *(*p)++;
	if (end - *p < 4)
		return SIZE_MAX;
	n = (size_t)((*p)[0] & 0x7f) << 24 | (size_t)(*p)[1] << 16 |
	    (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return n;
}

/*
 * Rewrite length-counted pairs as NUL-ended strings, in place: a pair of
 * lengths is at least two bytes, as are two NULs.
 */
static int
unpack_params(char *data, size_t *len)
{
	const unsigned char *p, *end;
	size_t nn, vn;
	char *out;

	if (*len == 0)
		return 0;
	p = (const unsigned char *)data;
	end = p + *len;
	out = data;
	while (p < end) {
		nn = get_length(&p, end);
		vn = get_length(&p, end);
		if (nn > PARAMS_MAX || vn > PARAMS_MAX ||
		    nn + vn > (size_t)(end - p))
			return -1;
		/* of a name in a certificate, say: nobody asks for it */
		if (memchr(p, '\0', nn + vn) != NULL) {
			p += nn + vn;
			continue;
		}
		memmove(out, p, nn);
		out[nn] = '\0';
		memmove(out + nn + 1, p + nn, vn);
		out += nn + 1 + vn;
		*out++ = '\0';
		p += nn + vn;
	}
	*len = (size_t)(out - data);
	return 0;
}

/* The names and values, up to *end; none before all of them are there. */
static const char *
first_param(const struct fcgi_conn *c, const char **end)
{
	const char *p = c->here != NULL ? c->here : c->params.data;

	*end = p;
	if (c->has_params && p != NULL)
		*end = p + (c->here != NULL ? c->here_len : c->params.len);
	return p;
}

void
fcgi_params(const struct fcgi_conn *c,
    void (*each)(void *, const char *, const char *), void *arg)
{
	const char *p, *value, *end;

	for (p = first_param(c, &end); p < end; p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		each(arg, p, value);
	}
}

const char *
fcgi_param(const struct fcgi_conn *c, const char *name)
{
	const char *p, *value, *end;

	for (p = first_param(c, &end); p < end; p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		if (strcmp(p, name) == 0)
			return value;
	}
	return NULL;
}

void
fcgi_forget(struct fcgi_conn *c)
{
	c->here = NULL;
	buf_free(&c->params);
}

/* --- reading --- */

/* Parameters that outlast the read buffer. */
static int
keep_params(struct fcgi_conn *c)
{
	int rc;

	if (c->here == NULL)
		return 0;
	rc = buf_add(&c->params, c->here, c->here_len);
	c->here = NULL;
	return rc;
}

static int
take_params(struct fcgi_conn *c, char *p, size_t n)
{
	if (c->has_params)
		return -1;
	if (n > 0) {
		/* one record, mostly: it may stay where it was read */
		if (c->params.len == 0 && c->here == NULL) {
			c->here = p;
			c->here_len = n;
			return 0;
		}
		if (keep_params(c) == -1 || c->params.len + n > PARAMS_MAX)
			return -1;
		return buf_add(&c->params, p, n);
	}
	if (c->here != NULL ? unpack_params(c->here, &c->here_len)
			    : unpack_params(c->params.data, &c->params.len))
		return -1;
	c->has_params = 1;
	c->server->request(c);
	return 0;
}

/* 0; -1 where the peer does not speak as it should. */
static int
take_record(struct fcgi_conn *c, int type, uint16_t id, char *p, size_t n)
{
	if (type == BEGIN_REQUEST) {
		if (c->began || n != 8 || p[0] != 0 || p[1] != 1)
			return -1;
		c->began = 1;
		c->id = id;
		return 0;
	}
	if (!c->began || id != c->id)
		return -1;
	if (type == PARAMS)
		return take_params(c, p, n);
	if (type == ABORT_REQUEST)
		return -1;
	if (type != STDIN || !c->has_params || c->body_ended)
		return type == STDIN ? -1 : 0;
	if (n == 0)
		c->body_ended = 1;
	c->server->body(c, p, n);
	return 0;
}

/* Take whole records out of p; the bytes used, or -1. */
static ssize_t
take_records(struct fcgi_conn *c, char *p, size_t n)
{
	const unsigned char *h;
	size_t used = 0, content, total;

	while (!c->dead && !c->paused && n - used >= HEADER) {
		h = (const unsigned char *)p + used;
		content = (size_t)h[4] << 8 | h[5];
		total = HEADER + content + h[6];
		if (h[0] != 1)
			return -1;
		if (n - used < total)
			break;
		if (take_record(c, h[1], (uint16_t)(h[2] << 8 | h[3]),
			p + used + HEADER, content) == -1)
			return -1;
		used += total;
	}
	return (ssize_t)used;
}

static void
take_bytes(struct fcgi_conn *c, char *p, size_t n)
{
	ssize_t used;

	if (c->in.len > 0) {
		if (buf_add(&c->in, p, n) == -1) {
			c->dead = 1;
			return;
		}
		p = c->in.data;
		n = c->in.len;
	}
	used = take_records(c, p, n);
	/* who was answered needs them no more, and they go with the bytes */
	if (c->ended)
		c->here = NULL;
	if (used == -1 || keep_params(c) == -1)
		c->dead = 1;
	else if (p == c->in.data) {
		buf_drain(&c->in, (size_t)used);
		if (c->in.len == 0)
			buf_free(&c->in);
	} else if ((size_t)used < n &&
	    buf_add(&c->in, p + used, n - (size_t)used) == -1)
		c->dead = 1;
}

/* The client has gone. What it had of an endless response is whole. */
static void
take_end(struct fcgi_conn *c)
{
	if (c->stall_s > 0 && !c->ended) {
		put_end(c);
		fcgi_flush(c);
	}
	c->dead = 1;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	static char chunk[READ_SIZE];
	struct fcgi_conn *c = arg;
	ssize_t n;
	int error;

	(void)what;
	enter(c);
	n = read(fd, chunk, sizeof(chunk));
	error = errno;
	if (n > 0 || c->in.len > 0)
		take_bytes(c, chunk, n > 0 ? (size_t)n : 0);
	if (n == 0)
		take_end(c);
	else if (n == -1 && error != EAGAIN && error != EINTR)
		c->dead = 1;
	leave(c);
}

void
fcgi_pause(struct fcgi_conn *c, int pause)
{
	if (c->dead || c->paused == (unsigned)pause)
		return;
	c->paused = (unsigned)pause & 1;
	if (pause)
		event_del(c->read);
	else
		event_add(c->read, NULL);
	/* what came with it, and was not looked at */
	if (!pause && c->in.len > 0)
		event_active(c->read, EV_READ, 0);
}

/* --- connections --- */

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	struct fcgi_server *s = arg;
	struct fcgi_conn *c;

	(void)l;
	(void)sa;
	(void)len;
	if (s->conns >= s->max_conns || (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->server = s;
	s->conns++;
	s->accepted++;
	enter(c);
	c->out = evbuffer_new();
	c->read = event_new(s->base, fd, EV_READ | EV_PERSIST, on_read, c);
	c->write = event_new(s->base, fd, EV_WRITE, on_write, c);
	if (c->read == NULL)
		close(fd);
	if (c->out == NULL || c->read == NULL || c->write == NULL ||
	    event_add(c->read, NULL) == -1)
		c->dead = 1;
	else
		/* the request is there already: lighttpd writes at once */
		on_read(fd, EV_READ, c);
	leave(c);
}

int
fcgi_listen(struct fcgi_server *s, struct event_base *base, const char *path)
{
	struct sockaddr_un sun;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path));
	if (unlink(path) == -1 && errno != ENOENT)
		return -1;
	s->base = base;
	s->listener = evconnlistener_new_bind(base, on_accept, s,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 1024,
	    (struct sockaddr *)&sun, sizeof(sun));
	if (s->listener == NULL)
		return -1;
	return chmod(path, 0600);
}

void
fcgi_server_free(struct fcgi_server *s)
{
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	s->listener = NULL;
}
