/*
 * A look at all nodes. Of those that are late a few are renewed before it is
 * known whether it is they or we who are cut off: one answer in the tree tells
 * that for all, and if it is us no more than these are asked for.
 */
#include "edgenode_peers.h"
#include "edgenode_round.h"

#define PROBES 16 /* in the time of a retry */

static void
look(struct edgenode_round *r, struct edgenode *n, struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	unsigned want = edgenode_decide(n, o, now);

	n->want |= want;
	if (n->state != EDGENODE_LATE || (want & EDGENODE_RENEW) == 0)
		return;
	if (r->probes-- == PROBES)
		r->refill = now->at + o->retry_us;
}

/* Those before where probes went on, if there are some left. */
static void
probe_first(struct edgenode_round *r, struct edgenode_table *t,
    struct edgenode_options *o, const struct edgenode_clock *now, size_t end)
{
	size_t i;

	o->probe = 1;
	for (i = 0; i < end && i < t->n && r->probes > 0; i++)
		if (t->rows[i]->state == EDGENODE_LATE) {
			look(r, t->rows[i], o, now);
			r->from = i + 1;
		}
}

void
edgenode_round(struct edgenode_round *r, struct edgenode_table *t,
    struct edgenode_options *o, const struct edgenode_clock *now)
{
	unsigned left = r->budget, probes;
	size_t i, from = r->from;
	struct edgenode *n;

	o->proved = r->trusted ? now->at : t->proved;
	edgenode_peers_weigh(t, o, now);
	if (now->at >= r->refill)
		r->probes = PROBES;
	for (i = 0; i < t->n; i++) {
		n = t->rows[i];
		n->want = 0;
		n->was = n->state;
		if (n->due > now->at)
			continue;
		o->urgent = left == 0;
		o->probe = r->probes > 0 && i >= from;
		probes = r->probes;
		look(r, n, o, now);
		if (r->probes < probes)
			r->from = i + 1;
		left -= (n->want & ~(unsigned)EDGENODE_RENEW) != 0 && left > 0;
	}
	probe_first(r, t, o, now, from);
}
