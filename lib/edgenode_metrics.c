/*
 * What EdgeController counts, in Prometheus' text format.
 */
#include <fcntl.h>
#include <inttypes.h>

#include "atomic.h"
#include "edgenode_metrics.h"

void
edgenode_metrics_count(struct edgenode_metrics *m, unsigned want)
{
	m->cut_off += (want & EDGENODE_TELL_CUT_OFF) != 0;
	m->connected += (want & EDGENODE_TELL_CONNECTED) != 0;
	m->let_go += (want & EDGENODE_TELL_LET_GO) != 0;
}

long long
edgenode_metrics_lag(const struct edgenode_table *t,
    const struct edgenode_options *o, const struct edgenode_clock *now)
{
	const struct edgenode *n;
	long long due, most = 0;
	size_t i;

	for (i = 0; i < t->n; i++) {
		n = t->rows[i];
		if (n->state == EDGENODE_TAKING || n->state == EDGENODE_LATE)
			due = n->seen.at + o->takeover_us;
		else if (n->state == EDGENODE_TAKEN && n->seen.renewed_at != 0)
			due = n->seen.renewed_at + o->renew_us;
		else
			continue;
		if (now->at - due > most)
			most = now->at - due;
	}
	return most;
}

static int
add_head(struct buf *b, const char *name, const char *type, const char *help)
{
	return buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

static int
add_counter(struct buf *b, const char *name, const char *help, uint64_t n)
{
	if (add_head(b, name, "counter", help) == -1)
		return -1;
	return buf_printf(b, "%s %" PRIu64 "\n", name, n);
}

static int
add_gauge(struct buf *b, const char *name, const char *help, long long us)
{
	if (add_head(b, name, "gauge", help) == -1)
		return -1;
	return buf_printf(b, "%s %lld.%06lld\n", name, us / EDGENODE_SECOND,
	    us % EDGENODE_SECOND);
}

static int
add_nodes(struct buf *b, const struct edgenode_table *t)
{
	size_t count[EDGENODE_STATES] = { 0 }, i;
	int rc;

	for (i = 0; i < t->n; i++)
		count[t->rows[i]->state]++;
	rc = add_head(b, "ote_edgenode_nodes", "gauge", "Nodes by state.");
	for (i = EDGENODE_IGNORED; rc == 0 && i < EDGENODE_STATES; i++)
		rc = buf_printf(b, "ote_edgenode_nodes{state=\"%s\"} %zu\n",
		    edgenode_state_name((enum edgenode_state)i), count[i]);
	return rc;
}

static int
add_actions(struct buf *b, const struct edgenode_writer *w)
{
	static const char name[] = "ote_edgecontroller_actions_total";
	int i, rc = add_head(b, name, "counter", "Actions written.");

	for (i = 0; rc == 0 && i < EDGENODE_WHYS; i++)
		rc = buf_printf(b, "%s{why=\"%s\"} %" PRIu64 "\n", name,
		    edgenode_why_name((enum edgenode_why)i), w->count[i]);
	return rc;
}

static int
add_feeds(struct buf *b, const struct edgenode_tree *tree)
{
	static const char *const names[EDGENODE_KINDS] = { "nodes", "leases",
		"edgenodes" };
	static const char name[] = "ote_edgecontroller_feed_up";
	int i, rc = add_head(b, name, "gauge", "Whether a feed is synced.");

	for (i = 0; rc == 0 && i < EDGENODE_KINDS; i++)
		rc = buf_printf(b, "%s{feed=\"%s\"} %d\n", name, names[i],
		    tree->feeds[i].open && tree->feeds[i].code == 0);
	return rc;
}

static int
add_all(struct buf *b, const struct edgenode_metrics *m,
    const struct edgenode_table *t, const struct edgenode_options *o,
    const struct edgenode_writer *w)
{
	if (add_nodes(b, t) == -1 || add_actions(b, w) == -1 ||
	    add_feeds(b, w->tree) == -1 ||
	    add_counter(b, "ote_edgecontroller_takeovers_total",
		"Nodes that were taken over.", m->cut_off) == -1 ||
	    add_counter(b, "ote_edgecontroller_returns_total",
		"Nodes whose kubelet came back.", m->connected) == -1 ||
	    add_counter(b, "ote_edgecontroller_releases_total",
		"Nodes that were left to the master.", m->let_go) == -1 ||
	    add_counter(b, "ote_edgecontroller_rounds_total",
		"Looks at all nodes.", m->rounds) == -1 ||
	    add_gauge(b, "ote_edgecontroller_round_seconds",
		"How long the last look took.", m->round_us) == -1 ||
	    add_gauge(b, "ote_edgecontroller_lag_seconds",
		"How long the most overdue renewal waits.",
		edgenode_metrics_lag(t, o, &w->now)) == -1)
		return -1;
	return add_gauge(b, "ote_edgecontroller_last_round_timestamp_seconds",
	    "When it looked last.", w->now.us);
}

int
edgenode_metrics_save(const struct edgenode_metrics *m,
    const struct edgenode_table *t, const struct edgenode_options *o,
    const struct edgenode_writer *w, const char *path)
{
	struct buf b = { 0 };
	int rc;

	rc = add_all(&b, m, t, o, w);
	if (rc == 0)
		rc = atomic_write(AT_FDCWD, path, b.data, b.len, 0);
	buf_free(&b);
	return rc;
}
