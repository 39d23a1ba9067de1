#ifndef CALLER_LIMITS_H
#define CALLER_LIMITS_H

#include <stddef.h>

/*
 * What callers have of a server at a time, and how much that may be: as
 * kube-apiserver's priority and fairness, for a single thread that can wait
 * for nothing. Some callers, the kubelet of this node, are never refused; all
 * others share what is left to them, and no one of them has more than three
 * quarters of that: a client that opens a thousand watches is an ordinary one.
 */
enum limits_kind {
	LIMITS_REQUESTS, /* in flight, watches aside */
	LIMITS_WATCHES,
	LIMITS_WRITES, /* held here, on their way to the outbox */
	LIMITS_KINDS
};

#define LIMITS_CALLERS_MAX 1024 /* who comes later shares one caller's part */
#define LIMITS_FIRST_MAX 16	/* names that are never refused */
#define LIMITS_NAME_MAX 1024	/* bytes; who has a longer one shares as well */

/* One who has something; it lives as long as that. */
struct limits_caller;

struct limits {
	unsigned each[LIMITS_KINDS], all[LIMITS_KINDS];
	unsigned n[LIMITS_KINDS]; /* of all that may be refused */
	unsigned long long refused;
	struct limits_caller **table;
	size_t ncallers;
	char *first[LIMITS_FIRST_MAX];
	size_t nfirst;
};

/*
 * Of zeroed memory, or such with names of limits_first() in it.
 * Of so many connections a quarter is kept for those who are never refused; the
 * others may have a quarter with requests, and half with watches. writes: that
 * may be held. 0, or -1 with errno.
 */
int limits_init(struct limits *l, unsigned connections, unsigned writes);
/* Who still has something is forgotten with it. */
void limits_free(struct limits *l);

/* Never refuse name; a copy is kept. 0, or -1 with errno: ENOMEM, E2BIG. */
int limits_first(struct limits *l, const char *name);
int limits_is_first(const struct limits *l, const char *name);

/*
 * One more for name (NULL and "": system:anonymous). Who has it now, to be
 * given to limits_end(); NULL with errno EAGAIN where that is too many, ENOMEM.
 */
struct limits_caller *limits_begin(struct limits *l, enum limits_kind kind,
    const char *name);
/* One less; c may be NULL. */
void limits_end(struct limits *l, enum limits_kind kind,
    struct limits_caller *c);

#endif
