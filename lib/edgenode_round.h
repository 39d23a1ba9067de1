#ifndef EDGENODE_ROUND_H
#define EDGENODE_ROUND_H

#include "edgenode_table.h"

/*
 * What is to be done for all nodes. Zeroed memory, with budget, is the start.
 */
struct edgenode_round {
	unsigned budget;  /* nodes for which more than their Lease is written */
	int trusted;	  /* the tree is what the master has now */
	unsigned probes;  /* private: how many may still be sent, */
	long long refill; /* until then */
	size_t from;	  /* where they go on */
};

/*
 * Decide for each row that is due: want and was of all rows. Sets urgent, probe
 * and proved of o.
 */
void edgenode_round(struct edgenode_round *r, struct edgenode_table *t,
    struct edgenode_options *o, const struct edgenode_clock *now);

#endif
