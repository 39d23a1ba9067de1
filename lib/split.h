#ifndef SPLIT_H
#define SPLIT_H

#include <stddef.h>
#include "buf.h"

/*
 * Takes a <Kind>List apart while it streams in: each element of the top
 * level "items" array (an object, else EBADMSG) is handed on with exactly the
 * bytes that came; what stands beside items (kind, apiVersion, metadata) is
 * kept in rest. Whether there was an items array at all is to be seen there.
 * Memory is bounded by max_item for an element and for the rest. Only
 * structure is checked (nesting depth, strings, what may follow what at the
 * top level): parse items and rest for what else there is.
 */
struct split {
	int (*item)(void *arg, const char *p, size_t n); /* non-zero ends it */
	void *arg;
	size_t max_item; /* bytes; larger: EMSGSIZE */
	struct buf rest; /* the document with an empty items array */
	/* private */
	struct buf part;
	int state, depth, instring, escaped, initems;
};

void split_init(struct split *s, int (*item)(void *, const char *, size_t),
    void *arg, size_t max_item);
/* Feed n bytes: 0; -1 with errno EBADMSG, EMSGSIZE, ENOMEM or what item set. */
int split_feed(struct split *s, const char *p, size_t n);
/* 1 if the document is whole, else 0. */
int split_done(const struct split *s);
void split_free(struct split *s);

#endif
