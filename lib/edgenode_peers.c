/*
 * Evidence by peers. A word counts as long as its report is fresh by our own
 * clock, and only if it came after the last heartbeat of the node that it is
 * about. One who reaches the node outweighs all who do not; that none does must
 * be said by several, as the line of one may be what is cut.
 */
#include <stdlib.h>
#include <string.h>

#include "edgenode_peers.h"

/* hubs report every minute, and one may be lost */
#define FRESH (150 * EDGENODE_SECOND)
#define NAME_MAX_LEN 253

/* "+NAME" of one that is reached, "-NAME" of one that is not; "" ends it. */
int
edgenode_peers_read(struct edgenode *n, struct span object)
{
	struct span at = span_at(object, "status.report.peers"), word, name;
	struct buf b = { 0 };
	int count = 0, rc = 0;

	while (rc == 0 && count < EDGENODE_PEERS_MAX &&
	    span_next(&at, NULL, &word) == 0) {
		name = span_inner(span_at(word, "name"));
		if (name.n == 0 || name.n > NAME_MAX_LEN ||
		    memchr(name.p, '\\', name.n) != NULL ||
		    memchr(name.p, '\0', name.n) != NULL)
			continue;
		rc |= buf_add(&b,
		    span_true(span_at(word, "reachable")) ? "+" : "-", 1);
		rc |= buf_add(&b, name.p, name.n);
		rc |= buf_add(&b, "", 1);
		count++;
	}
	if (rc == 0 && count > 0)
		rc = buf_add(&b, "", 1);
	if (rc == -1) {
		buf_free(&b);
		return -1;
	}
	free(n->words);
	n->words = b.data;
	return 0;
}

/* It is online, and has said something not long ago. */
static int
is_witness(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	return n->words != NULL && n->node.ready == EDGENODE_TRUE &&
	    n->seen.reported_at != 0 &&
	    now->at - n->seen.reported_at <= FRESH &&
	    edgenode_state_now(n, o, now) == EDGENODE_HEALTHY;
}

/* What by says of others; whoever was named before is named again. */
static void
hear(struct edgenode_table *t, const struct edgenode *by)
{
	struct edgenode *n;
	const char *w;

	for (w = by->words; *w != '\0'; w += strlen(w) + 1) {
		n = edgenode_table_find(t, w + 1);
		if (n == NULL || n == by || n->peers.last == by->name ||
		    by->seen.reported_at <= n->seen.at)
			continue;
		n->peers.last = by->name;
		if (*w == '-')
			n->peers.unreached++;
		else if (n->peers.by == NULL ||
		    (n->reached_by != NULL &&
			strcmp(n->reached_by, by->name) == 0))
			n->peers.by = by->name;
	}
}

static void
name_it(struct edgenode *n, const char *by)
{
	char *copy;

	if (by == NULL
		? n->reached_by == NULL
		: n->reached_by != NULL && strcmp(by, n->reached_by) == 0)
		return;
	/* without memory it is not named, that is all */
	copy = by == NULL ? NULL : strdup(by);
	free(n->reached_by);
	n->reached_by = copy;
	n->due = 0;
}

static void
weigh(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	struct edgenode_seen *s = &n->seen;
	unsigned lost = s->lost;

	name_it(n, n->peers.by);
	if (n->peers.by != NULL)
		lost = 0;
	if (n->peers.by != NULL || n->peers.unreached < o->peers)
		s->lost_from = 0;
	else if (s->lost_from == 0)
		s->lost_from = now->at;
	if (s->lost_from != 0 && now->at - s->lost_from >= o->takeover_us)
		lost = 1;
	if (lost != s->lost)
		n->due = 0;
	s->lost = lost != 0;
}

static int
is_cut_off(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	enum edgenode_state s = edgenode_state_now(n, o, now);

	return s == EDGENODE_LATE || s == EDGENODE_TAKING ||
	    s == EDGENODE_TAKEN || s == EDGENODE_RELEASED;
}

void
edgenode_peers_weigh(struct edgenode_table *t, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	struct edgenode *n;
	size_t i, cut = 0;

	if (o->peers == 0)
		return;
	for (i = 0; i < t->n; i++) {
		n = t->rows[i];
		n->peers.by = n->peers.last = NULL;
		n->peers.unreached = 0;
		cut += (n->peers.cut = is_cut_off(n, o, now)) != 0;
	}
	for (i = 0; cut > 0 && i < t->n; i++)
		if (is_witness(t->rows[i], o, now))
			hear(t, t->rows[i]);
	for (i = 0; i < t->n; i++)
		if (t->rows[i]->peers.cut)
			weigh(t->rows[i], o, now);
		else
			name_it(t->rows[i], NULL);
}
