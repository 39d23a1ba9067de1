#ifndef EDGENODE_TREE_H
#define EDGENODE_TREE_H

#include "feed.h"

enum edgenode_kind {
	EDGENODE_NODES,
	EDGENODE_LEASE_FEED,
	EDGENODE_SHOWN,
	EDGENODE_KINDS
};

struct edgenode_feed {
	struct feed feed;
	int open;
	int changed;   /* since the last look */
	int code;      /* the master refused it; 0: it did not */
	char why[512]; /* why it is not open, or what is wrong with it */
};

/* The feeds of EdgeController. Zeroed memory, with data, has none open. */
struct edgenode_tree {
	const char *data; /* borrowed */
	struct edgenode_feed feeds[EDGENODE_KINDS];
};

/*
 * Open what can be opened and is not, take in what is new. Of each feed open,
 * changed, code and why tell how it is.
 */
void edgenode_tree_follow(struct edgenode_tree *t);
void edgenode_tree_free(struct edgenode_tree *t);

#endif
