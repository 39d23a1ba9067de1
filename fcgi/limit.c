/*
 * How much of the server a caller has: lib/caller_limits.h has the rule. What a
 * request takes it has until its connection is closed.
 */
#include <sys/resource.h>

#include <errno.h>

#include "parts.h"
#include "who.h"

#define OTHERS 64   /* descriptors that are no connections */
#define WRITES 1024 /* held at a time */

int
limit_init(struct edge *e, unsigned connections)
{
	struct rlimit l;

	/* two a connection in lighttpd, which has the same limit */
	if (getrlimit(RLIMIT_NOFILE, &l) == 0 &&
	    l.rlim_cur < (rlim_t)2 * (connections + OTHERS))
		connections = l.rlim_cur > 4 * OTHERS
		    ? (unsigned)l.rlim_cur / 2 - OTHERS
		    : OTHERS;
	return limits_init(&e->limits, connections, WRITES);
}

static const char *
name(const struct request *r)
{
	const struct user *u = who_user(r);

	return u == NULL ? NULL : u->name;
}

int
limit_is_first(const struct request *r)
{
	return limits_is_first(&r->edge->limits, name(r));
}

/* 0; -1 if it is too much. No memory for the count is no reason to refuse. */
static int
take(struct request *r, enum limits_kind kind, const char *who)
{
	if (r->held[kind] != NULL)
		return 0;
	r->held[kind] = limits_begin(&r->edge->limits, kind, who);
	return r->held[kind] == NULL && errno == EAGAIN ? -1 : 0;
}

static void
give(struct request *r, enum limits_kind kind)
{
	limits_end(&r->edge->limits, kind, r->held[kind]);
	r->held[kind] = NULL;
}

void
limit_refuse(struct request *r)
{
	static const struct status s = { .code = 429,
		.message = "too many requests, please try again later",
		.retry_after_seconds = 1 };

	request_refuse_as(r, &s);
}

int
limit_ask(struct request *r)
{
	if (take(r, LIMITS_REQUESTS, NULL) == 0)
		return 0;
	limit_refuse(r);
	return -1;
}

int
limit_begin(struct request *r)
{
	if (who_user(r) == NULL)
		return 0;
	give(r, LIMITS_REQUESTS);
	if (take(r, LIMITS_REQUESTS, name(r)) == 0)
		return 0;
	limit_refuse(r);
	return -1;
}

int
limit_watch(struct request *r)
{
	if (who_user(r) == NULL)
		return 0;
	if (take(r, LIMITS_WATCHES, name(r)) == 0) {
		give(r, LIMITS_REQUESTS);
		return 0;
	}
	limit_refuse(r);
	return -1;
}

int
limit_write(struct request *r)
{
	return who_user(r) == NULL ? 0 : take(r, LIMITS_WRITES, name(r));
}

void
limit_end(struct request *r)
{
	int i;

	for (i = 0; i < LIMITS_KINDS; i++)
		give(r, (enum limits_kind)i);
}
