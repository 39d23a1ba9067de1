#ifndef APPLY_LINK_H
#define APPLY_LINK_H

#include "apply.h"

/*
 * The client's side of the socket of apply.h in a process that must not wait:
 * one connection, kept, on which events go out one behind the other.
 *
 * Where the other side dies, what it has not answered is sent again when it is
 * there again. It may have been done then: the same event comes twice, with
 * the same object at another resourceVersion.
 */
struct apply_link;

/*
 * done is called for each event, in order and never by apply_link_send(), with
 * rc 0, or -1 with errno (ETIMEDOUT: it was not answered in limit_ms, and may
 * have been done). socket is copied. NULL with errno.
 */
struct apply_link *apply_link_new(struct event_base *base, const char *socket,
    int limit_ms, void (*done)(void *arg, int rc, uint64_t rv, int feeds));
/* What was not answered is forgotten. */
void apply_link_free(struct apply_link *l);

/* 0 if the other side is there, else -1 with errno. Does not wait. */
int apply_link_ready(struct apply_link *l);
/*
 * Send an event; path and object are copied. 0, or -1 with errno: done is not
 * called.
 */
int apply_link_send(struct apply_link *l, enum feed_type type, const char *path,
    const char *object, size_t len, void *arg);

#endif
