#ifndef EDGENODE_PODS_H
#define EDGENODE_PODS_H

#include "edgenode_table.h"
#include "edgenode_write.h"

#define EDGENODE_PODS_MAX 200  /* nodes at a time */
#define EDGENODE_PODS_START 20 /* nodes more in a round */

/*
 * The pods of nodes that were found Unknown: the master has made them not
 * Ready. Each node has a feed of its own for them, which is told to be in use
 * only as long as it is read, so that ote-watch-sync(8) drops it soon (-g). They
 * come by turns, those first that had the fewest. Zeroed memory, with data, is
 * empty.
 */
struct edgenode_pods {
	const char *data;   /* borrowed */
	const char *wanted; /* borrowed; a file instead of wishes, or NULL */
	int once;	    /* there is one round: what is there is looked at */
	struct edgenode_pods_of *of[EDGENODE_PODS_MAX];
	size_t n;
};

/*
 * A round. Leave wishes for feeds that are not there, or lines of feeds.conf for
 * all in the file wanted; write actions for those that are there. The row of a
 * node that is done gets seen.pods = EDGENODE_HEALED. 0, or -1 with errno.
 */
int edgenode_pods_step(struct edgenode_pods *p, const struct edgenode_table *t,
    struct edgenode_writer *w);
void edgenode_pods_free(struct edgenode_pods *p);

/* 1 if the master took Ready from this pod, and not its kubelet. */
int edgenode_pods_marked(struct span object);

#endif
