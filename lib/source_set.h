#ifndef SOURCE_SET_H
#define SOURCE_SET_H

#include "source.h"

#define SOURCES_MAX 1000

/* The feeds of a tree that one process keeps current. */
struct source_set {
	struct curlev curlev;
	struct upstream up;
	const char *data;
	int datafd;
	int verbose;
	int up_now; /* a master is */
	int anew;   /* list each, whatever is here already */
	struct source **sources;
	size_t n;
	/* what each source gets */
	void (*told)(void *, const char *);
	void (*changed)(struct source *s);
	void *owner;
};

/*
 * The source for q, made if need be, and for a custom resource one for its
 * definition beside it. One that is there and keeps other fields than q keeps
 * all from then on. Owned by the set. NULL with errno (ENOSPC: there are
 * SOURCES_MAX).
 */
struct source *source_set_add(struct source_set *set,
    const struct feed_query *q);
/* Masters are there, or not: try all, or pause what is not watched. */
void source_set_up(struct source_set *set, int up);
/* Resources came or went: try again what was refused. */
void source_set_retry(struct source_set *set);
/*
 * Remove, from disk too, what nobody has used for so many seconds, unless it
 * is required, wished for, or the definition of what is kept.
 */
void source_set_sweep(struct source_set *set, long age);
/* Flush all and free them; how many of the required ones have not synced. */
int source_set_free(struct source_set *set);

#endif
