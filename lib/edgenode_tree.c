/*
 * The feeds of nodes, Leases and EdgeNodes in a tree. One is taken that has
 * all of them, wherever it is: of the namespace, or of all.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "edgenode_table.h"
#include "edgenode_tree.h"
#include "walk.h"

static const struct {
	const char *group, *resource, *ns;
} kinds[EDGENODE_KINDS] = {
	{ "core", "nodes", "" },
	{ "coordination.k8s.io", "leases", EDGENODE_LEASES },
	{ "ote.baidu.com", "edgenodes", EDGENODE_NAMESPACE },
};

struct opening {
	struct edgenode_feed *f;
	const char *ns;
};

static int
has_all(const struct feed_query *q, const char *ns)
{
	return q->labels != NULL && q->labels[0] == '\0' &&
	    q->fields[0] == '\0' &&
	    (q->p.ns[0] == '\0' || strcmp(q->p.ns, ns) == 0);
}

/* For walk_feeds(): 1 ends it. */
static int
try_open(void *arg, const char *dir)
{
	const struct opening *o = arg;
	struct edgenode_feed *f = o->f;
	int rc = feed_open(&f->feed, dir);

	if (rc == 0 && has_all(&f->feed.q, o->ns))
		return 1;
	if (rc == -1 && errno == EAGAIN && has_all(&f->feed.q, o->ns)) {
		f->code = f->feed.q.code;
		snprintf(f->why, sizeof(f->why), "%d %s", f->code,
		    f->feed.q.error);
		if (f->code == 0)
			snprintf(f->why, sizeof(f->why), "not synced yet");
	} else if (rc == -1)
		snprintf(f->why, sizeof(f->why), "%s", strerror(errno));
	feed_free(&f->feed);
	return 0;
}

/* What the master says of it. */
static void
take_code(struct edgenode_feed *f)
{
	f->code = f->feed.q.code;
	f->why[0] = '\0';
	if (f->code != 0)
		snprintf(f->why, sizeof(f->why), "%d %s", f->code,
		    f->feed.q.error);
}

static void
open_feed(struct edgenode_tree *t, enum edgenode_kind kind)
{
	struct edgenode_feed *f = &t->feeds[kind];
	struct opening o = { f, kinds[kind].ns };

	f->code = 0;
	snprintf(f->why, sizeof(f->why), "no such feed");
	if (walk_feeds(t->data, kinds[kind].group, "v1", kinds[kind].resource,
		try_open, &o) != 1)
		return;
	f->open = f->changed = 1;
	take_code(f);
}

static void
close_feed(struct edgenode_feed *f, const char *why)
{
	feed_free(&f->feed);
	f->open = f->code = 0;
	f->changed = 1;
	snprintf(f->why, sizeof(f->why), "%s", why);
}

static void
follow(struct edgenode_feed *f)
{
	int change = feed_follow(&f->feed);

	f->changed = change != FEED_SAME;
	if (change == -1) {
		close_feed(f, strerror(errno));
		return;
	}
	if (change == FEED_GONE) {
		close_feed(f, "removed");
		return;
	}
	if (feed_refresh(&f->feed) == 0)
		take_code(f);
}

void
edgenode_tree_follow(struct edgenode_tree *t)
{
	enum edgenode_kind kind;

	for (kind = 0; kind < EDGENODE_KINDS; kind++)
		if (t->feeds[kind].open)
			follow(&t->feeds[kind]);
		else
			open_feed(t, kind);
}

void
edgenode_tree_free(struct edgenode_tree *t)
{
	enum edgenode_kind kind;

	for (kind = 0; kind < EDGENODE_KINDS; kind++)
		if (t->feeds[kind].open)
			close_feed(&t->feeds[kind], "");
}
