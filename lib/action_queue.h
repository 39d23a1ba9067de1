#ifndef ACTION_QUEUE_H
#define ACTION_QUEUE_H

#include "action.h"

/*
 * Actions that wait. Those of one node are given out one at a time and in the
 * order in which they came, those of no node at any time. A renew, which has a
 * deadline, goes before what waits of its node, and of those that have none;
 * besides that it is first come, first served, an action of a node each time.
 * A newer renew replaces one of its node that waits, and so does a newer PUT,
 * PATCH or DELETE one of the same node, why and path among the last 32: it
 * stands where it was added, its node keeps its place. So who asks again does
 * not make the queue longer.
 */
struct action_node;
TAILQ_HEAD(action_nodes, action_node);

struct action_queue {
	size_t max, max_bytes; /* is_full() from there on */
	size_t n, bytes;       /* that wait */
	size_t nodes;	       /* that are known at the moment */
	/* private */
	struct action_nodes lines[2];
	void *tree;
};

void action_queue_init(struct action_queue *q, size_t max, size_t max_bytes);
/* Frees what waits, too; nothing may be out. */
void action_queue_free(struct action_queue *q);

int action_queue_is_full(const struct action_queue *q);
/*
 * Takes a, full or not. *replaced: the one that it replaces, the caller's now,
 * or NULL. 0, or -1 with errno ENOMEM and a still the caller's.
 */
int action_queue_add(struct action_queue *q, struct action *a,
    struct action **replaced);
/* 1 if action_queue_next() has one. */
int action_queue_may_go(const struct action_queue *q);
/*
 * The next one, the caller's now; its node waits until action_queue_done().
 * NULL: nothing may go.
 */
struct action *action_queue_next(struct action_queue *q);
/* The renew that waits behind a, a renew that is out, to go in its place. */
struct action *action_queue_newer(struct action_queue *q, struct action *a);
/* a, which was out, is over; it is freed. */
void action_queue_done(struct action_queue *q, struct action *a);

#endif
