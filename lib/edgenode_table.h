#ifndef EDGENODE_TABLE_H
#define EDGENODE_TABLE_H

#include "edgenode.h"
#include "feed.h"

#define EDGENODE_LEASES "kube-node-lease"
#define EDGENODE_NAMESPACE "kube-system"

/*
 * A row for each Node, sorted by name. Rows are brought up to date from a
 * feed; an object whose resourceVersion has not changed is not read again.
 * Zeroed memory is an empty table. All return 0, or -1 with errno.
 */
struct edgenode_table {
	struct edgenode **rows;
	size_t n;
	int fresh;	  /* there are rows that have not met the other feeds */
	long long proved; /* the latest that edgenode_see_lease() said */
	struct buf text;
};

/* selector: NULL selects all. */
int edgenode_table_nodes(struct edgenode_table *t, const struct feed *f,
    const struct selector *selector, const struct edgenode_clock *now);
int edgenode_table_leases(struct edgenode_table *t, const struct feed *f,
    const struct edgenode_options *o, const struct edgenode_clock *now);
/* f: NULL if there are no EdgeNodes. */
int edgenode_table_shown(struct edgenode_table *t, const struct feed *f,
    const struct edgenode_options *o, const struct edgenode_clock *now);
/* NULL if there is none. */
struct edgenode *edgenode_table_find(const struct edgenode_table *t,
    const char *name);
void edgenode_table_free(struct edgenode_table *t);

#endif
