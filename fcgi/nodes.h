#ifndef NODES_H
#define NODES_H

#include "access.h"
#include "edge.h"

/*
 * The Node authorizer from this node's pods in the tree: lib/node_rules.h. 1
 * or 0, with its reason; -1 where the pods are not known.
 */
int nodes_allow(struct edge *e, const struct access_question *q, char *reason,
    size_t len);

/*
 * NodeRestriction of a write of this node's kubelet: lib/node_restriction.h.
 * was, now: the object, NULL where there is none. 0; -1 with errno, and why has
 * the message.
 */
int nodes_restrict(const struct request *r, const json_t *was,
    const json_t *now, struct buf *why);

#endif
