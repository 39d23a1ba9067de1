#ifndef RECORD_H
#define RECORD_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/*
 * FastCGI 1.0, responder role, driven by events: one request a connection,
 * as lighttpd asks. libfcgi blocks a thread for each open request, which a
 * thousand watches cannot afford.
 */
struct fcgi_conn {
	struct fcgi_server *server;
	struct event *read, *write;
	struct evbuffer *out;
	struct buf in;	   /* a record that is not whole */
	struct buf params; /* FCGI_PARAMS, all of them, till fcgi_forget() */
	char *here;	   /* they stand in the read buffer, not in params */
	size_t here_len;
	uint16_t id;
	unsigned began : 1, has_params : 1, body_ended : 1, ended : 1,
	    paused : 1, dead : 1;
	int stall_s; /* 0, or as fcgi_endless() says */
	int busy;    /* within a callback: not freed before it returns */
	void *user;  /* the request's */
};

struct fcgi_server {
	struct event_base *base;
	struct evconnlistener *listener;
	size_t conns, max_conns;
	unsigned long accepted; /* since the start */
	void *arg;
	/* all parameters are there */
	void (*request)(struct fcgi_conn *c);
	/* bytes of the body (n is 0 at its end) */
	void (*body)(struct fcgi_conn *c, const char *p, size_t n);
	/* what was written is on its way */
	void (*drained)(struct fcgi_conn *c);
	/* the connection ends, for whatever reason: the last call */
	void (*closed)(struct fcgi_conn *c);
};

/* Listen on a unix socket, mode 0600. 0, or -1 with errno. */
int fcgi_listen(struct fcgi_server *s, struct event_base *base,
    const char *path);
void fcgi_server_free(struct fcgi_server *s);

/*
 * A parameter's value (NUL-ended, borrowed), or NULL: before all are there,
 * and, maybe, once the response is whole.
 */
const char *fcgi_param(const struct fcgi_conn *c, const char *name);
/* Call each(arg, name, value) for all parameters. */
void fcgi_params(const struct fcgi_conn *c,
    void (*each)(void *, const char *, const char *), void *arg);
/* Release the parameters' memory. */
void fcgi_forget(struct fcgi_conn *c);

/* Queue bytes of the response; they leave when fcgi_flush() is called. */
void fcgi_write(struct fcgi_conn *c, const void *p, size_t n);
void fcgi_flush(struct fcgi_conn *c);
/*
 * As fcgi_flush(), where there is more to write: drained is called once all
 * others had their turn, or when what is queued has left.
 */
void fcgi_more(struct fcgi_conn *c);
/*
 * The response has no end of its own: it may be ended after any write. It is
 * ended when the client has gone, and dropped, to be begun anew, once nothing
 * of what is queued was taken for stall_s seconds.
 */
void fcgi_endless(struct fcgi_conn *c, int stall_s);
/* Bytes queued that have not left. */
size_t fcgi_pending(const struct fcgi_conn *c);
/* The response is whole: flush, then close. */
void fcgi_end(struct fcgi_conn *c);
/* The response cannot be made whole: close, so that the client knows. */
void fcgi_abort(struct fcgi_conn *c);
/* Stop or go on reading the body: body is not called meanwhile. */
void fcgi_pause(struct fcgi_conn *c, int pause);

#endif
