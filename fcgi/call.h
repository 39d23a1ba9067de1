#ifndef CALL_H
#define CALL_H

#include "behalf.h"
#include "edge.h"

/*
 * A question of the hub's own to the master, beside the requests that pass
 * through: a review, the keys of tokens.
 */
#define CALL_ANSWER_MAX (256 * 1024)

struct call;

/* by_edge: once, before any. 0, or -1 with errno. */
int call_init(struct edge *e);

/*
 * POST body (copied), or GET where it is NULL. as: in whose name, or NULL for
 * the hub. done is called once, later: with the HTTP code and the answer, or
 * with 0 where there is none within ms. NULL with errno.
 */
struct call *call_start(struct edge *e, const char *path, const char *body,
    const struct behalf *as, long ms,
    void (*done)(void *arg, int code, const struct buf *answer), void *arg);

/* So too, a request of more parts; all are copied. */
struct call_parts {
	const char *path;
	const void *body; /* NULL: GET; else POST */
	size_t n;
	const char *const *lines; /* headers, as libcurl has them; then NULL */
	const struct behalf *as;
	int serial; /* by HTTP/1.1, on a connection of its own */
	long ms;
};
struct call *call_send(struct edge *e, const struct call_parts *parts,
    void (*done)(void *arg, int code, const struct buf *answer), void *arg);
/* The Content-Type of the answer, within done; "" if it has none. */
const char *call_type(const struct call *c);
/* How it went, within done: why there is no answer. */
CURLcode call_code(const struct call *c);

/* done is not called any more. NULL is fine. */
void call_cancel(struct call *c);

#endif
