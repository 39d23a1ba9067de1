#ifndef DISCOVERY_H
#define DISCOVERY_H

#include <stddef.h>

#include "buf.h"
#include "hash.h"
#include "split.h"

/*
 * An APIGroupDiscoveryList (aggregated discovery, apidiscovery.k8s.io/v2)
 * taken apart while it streams in, a group at a time, into lines of
 * data/run/discovery and calls for each group and version.
 */
#define DISCOVERY_NAME_MAX 254

struct discovery {
	/*
	 * A group ("" is core) or, with version not NULL, one of its versions.
	 * mark: changes when something about the group does.
	 */
	int (*each)(void *arg, const char *group, const char *version,
	    const char *mark);
	void *arg;
	const char *old; /* the lines of before, for what is stale; or NULL */
	struct buf lines;
	struct split split;
};

/* old is borrowed. */
void discovery_init(struct discovery *d, const char *old,
    int (*each)(void *, const char *, const char *, const char *), void *arg);
/* Bytes, in any pieces: 0; -1 with errno (EBADMSG), or what each set. */
int discovery_feed(struct discovery *d, const char *p, size_t n);
/* 1 if it was a whole APIGroupDiscoveryList. */
int discovery_done(const struct discovery *d);
void discovery_free(struct discovery *d);

/* Sort lines by their bytes, each once; b stays as it is on failure (-1). */
int discovery_sort(struct buf *b);

/*
 * The index of the schemas: call each(arg, path, hash) for every entry of the
 * JSON text; path is that of the request ("/openapi/v3/apis/apps/v1"). 0, or
 * -1 with errno.
 */
int discovery_schemas(const char *text, size_t n,
    int (*each)(void *arg, const char *path, const char *hash), void *arg);

#endif
