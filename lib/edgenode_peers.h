#ifndef EDGENODE_PEERS_H
#define EDGENODE_PEERS_H

#include "edgenode_table.h"

#define EDGENODE_PEERS_MAX 16 /* that count of what a hub says */

/*
 * What hubs that are online say of nodes that are cut off: whether they reach
 * them. It is in status.report.peers of their EdgeNodes.
 */

/*
 * Keep what the EdgeNode of n, the bytes of an object, says of others. What is
 * odd is left out. 0, or -1 with errno ENOMEM.
 */
int edgenode_peers_read(struct edgenode *n, struct span object);

/*
 * Of each row: reached_by, lost_from and lost, as those say whose kubelet is
 * heard, whose Node is Ready and whose report has changed since. due becomes 0
 * where that makes a difference. Nothing if o->peers is 0.
 */
void edgenode_peers_weigh(struct edgenode_table *t,
    const struct edgenode_options *o, const struct edgenode_clock *now);

#endif
