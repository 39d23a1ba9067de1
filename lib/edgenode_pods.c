/*
 * Pods' Ready, after their node was Unknown. What the controller of nodes does
 * to a pod is to make its Ready False and to leave all else: the
 * containers stay ready, and there is no reason. A kubelet gives one.
 *
 * The master lists the pods of one node from an index. So a feed a node costs it
 * what is needed, and the memory here is that of some nodes, where a feed of all
 * pods would be a list, a watch and an index of the whole cluster for one node.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "edgenode_pods.h"
#include "hash.h"
#include "walk.h"

#define PATH "/api/v1/pods"
#define SELECTOR "spec.nodeName="
#define FIELDS "metadata.deletionTimestamp,status.phase,status.conditions"

#define AGAIN (5 * EDGENODE_SECOND)
#define WISH_AGAIN (10 * EDGENODE_SECOND)
/* the master may mark pods for a while after it was told otherwise */
#define QUIET (30 * EDGENODE_SECOND)
/* when others wait: how long a turn is; without a feed; and then a pause */
#define TURN (10 * EDGENODE_SECOND)
#define PATIENCE (60 * EDGENODE_SECOND)
#define REFUSED (3600 * EDGENODE_SECOND)

struct edgenode_pods_of {
	char *node;
	struct feed feed;
	int open, stale; /* stale: it has changed since it was looked at */
	long long begun, opened, next_wish, next_touch;
	long long after, next_look;
};

static void
of_free(struct edgenode_pods_of *of)
{
	if (of->open)
		feed_free(&of->feed);
	free(of->node);
	free(of);
}

static void
drop(struct edgenode_pods *p, size_t i)
{
	of_free(p->of[i]);
	p->of[i] = p->of[--p->n];
}

void
edgenode_pods_free(struct edgenode_pods *p)
{
	while (p->n > 0)
		drop(p, p->n - 1);
}

static struct edgenode_pods_of *
of_new(const char *node)
{
	struct edgenode_pods_of *of = calloc(1, sizeof(*of));

	if (of != NULL && (of->node = strdup(node)) == NULL) {
		free(of);
		of = NULL;
	}
	return of;
}

/* --- whose turn it is --- */

/* Its pods are to be healed, be it under way or not. */
static int
is_ill(const struct edgenode *n)
{
	return n->state == EDGENODE_TAKEN && n->seen.good_at != 0 &&
	    n->seen.pods != EDGENODE_HEALED;
}

static int
is_waiting(const struct edgenode *n, long long now)
{
	return is_ill(n) && !n->pods_turn && now >= n->pods_after;
}

/* The fewest turns that one of those had who wait; -1: nobody waits. */
static int
fewest(const struct edgenode_table *t, long long now)
{
	const struct edgenode *n;
	int least = -1;
	size_t i;

	for (i = 0; i < t->n && least != 0; i++) {
		n = t->rows[i];
		if (is_waiting(n, now) && (least == -1 || n->seen.pods < least))
			least = n->seen.pods;
	}
	return least;
}

/* Some more, of those who had the fewest turns. 0, or -1 with errno. */
static int
begin(struct edgenode_pods *p, const struct edgenode_table *t, long long now)
{
	size_t end = p->n + EDGENODE_PODS_START, i;
	struct edgenode_pods_of *of;
	struct edgenode *n;
	int turns;

	if (p->once || end > EDGENODE_PODS_MAX)
		end = EDGENODE_PODS_MAX;
	while (p->n < end && (turns = fewest(t, now)) != -1)
		for (i = 0; i < t->n && p->n < end; i++) {
			n = t->rows[i];
			if (n->seen.pods != turns || !is_waiting(n, now))
				continue;
			if ((of = of_new(n->name)) == NULL)
				return -1;
			of->begun = now;
			p->of[p->n++] = of;
			n->pods_turn = 1;
			n->seen.pods += turns < INT_MAX;
		}
	return 0;
}

/* --- feeds --- */

static int
wish(const struct edgenode_pods *p, const struct edgenode_pods_of *of)
{
	char name[HASH_LEN], path[512];
	struct buf b = { 0 };
	int rc = -1;

	hash_name(of->node, strlen(of->node), name);
	errno = ENAMETOOLONG;
	if (snprintf(path, sizeof(path), "%s/wishes", p->data) >=
		(int)sizeof(path) ||
	    atomic_mkdirs(AT_FDCWD, path) == -1)
		return -1;
	errno = ENAMETOOLONG;
	if (snprintf(path, sizeof(path), "%s/wishes/pods-%s", p->data, name) <
		(int)sizeof(path) &&
	    buf_printf(&b,
		"{\"path\":\"" PATH "\",\"fieldSelector\":\"" SELECTOR
		"%s\",\"fields\":\"" FIELDS "\"}\n",
		of->node) == 0)
		rc = atomic_write(AT_FDCWD, path, b.data, b.len, 0);
	buf_free(&b);
	return rc;
}

/* As lines of feeds.conf; no name of a node has blanks. */
static int
write_wanted(const struct edgenode_pods *p)
{
	struct buf b = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < p->n; i++)
		if (strpbrk(p->of[i]->node, " \t\n#") == NULL)
			rc = buf_printf(&b,
			    PATH " fieldSelector=" SELECTOR "%s fields=" FIELDS
				 "\n",
			    p->of[i]->node);
	if (rc == 0)
		rc = atomic_write(AT_FDCWD, p->wanted, b.data, b.len, 0);
	buf_free(&b);
	return rc;
}

/* 1 if it is open; 0 if not yet; -1 with errno: it never will be. */
static int
open_feed(const struct edgenode_pods *p, struct edgenode_pods_of *of)
{
	char selector[512], below[APIPATH_MAX], dir[512];
	struct feed_query q;
	int rc = -1;

	snprintf(selector, sizeof(selector), SELECTOR "%s", of->node);
	if (feed_query_make(&q, PATH, "", selector) == 0)
		rc = apipath_feed_dir(&q.p, "", q.fields, below, sizeof(below));
	feed_query_free(&q);
	errno = ENAMETOOLONG;
	if (rc == -1 ||
	    snprintf(dir, sizeof(dir), "%s/cache/%s", p->data, below) >=
		(int)sizeof(dir))
		return -1;
	if (feed_open(&of->feed, dir) == 0)
		return of->open = 1;
	rc = errno == EAGAIN && of->feed.q.code != 0 ? -1 : 0;
	feed_free(&of->feed);
	errno = EACCES;
	return rc;
}

static struct span
condition(struct span object, const char *type)
{
	static const struct span none = { NULL, 0 };
	struct span at = span_at(object, "status.conditions"), c;

	while (span_next(&at, NULL, &c) == 0)
		if (span_is(span_at(c, "type"), type))
			return c;
	return none;
}

int
edgenode_pods_marked(struct span object)
{
	struct span ready = condition(object, "Ready");
	struct span containers = condition(object, "ContainersReady");

	return span_is(span_at(ready, "status"), "False") &&
	    span_inner(span_at(ready, "reason")).n == 0 &&
	    span_is(span_at(containers, "status"), "True") &&
	    span_is(span_at(object, "status.phase"), "Running") &&
	    span_at(object, "metadata.deletionTimestamp").n == 0;
}

static int
write_pod(struct edgenode_writer *w, const char *node, const struct meta *m)
{
	struct edgenode_action a = { "PATCH", NULL, "strategic-merge-patch",
		EDGENODE_WHY_POD };
	char ns[APIPATH_MAX], name[APIPATH_MAX], path[3 * APIPATH_MAX];

	if (apipath_escape(m->ns, ns, sizeof(ns)) == -1 ||
	    apipath_escape(m->name, name, sizeof(name)) == -1)
		return 0;
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s/status", ns,
	    name);
	a.path = path;
	return edgenode_write_action(w, node, &a, edgenode_body_pod(w, m->uid));
}

/* How many were to be made Ready; -1 with errno. */
static int
write_pods(struct edgenode_pods_of *of, struct edgenode_writer *w)
{
	const struct feed *f = &of->feed;
	struct buf b = { 0 };
	int n = 0;
	size_t i;

	for (i = 0; n >= 0 && i < f->nobjects; i++) {
		b.len = 0;
		if (feed_read(f, f->objects[i], &b) == -1)
			n = -1;
		else if (edgenode_pods_marked((struct span) { b.data, b.len }))
			n = write_pod(w, of->node, &f->objects[i]->meta) == -1
			    ? -1
			    : n + 1;
	}
	buf_free(&b);
	return n;
}

/* 1: the node is done with, 0: not yet, -1 with errno. */
static int
look(struct edgenode_pods_of *of, struct edgenode *node,
    struct edgenode_writer *w)
{
	long long now = w->now.at;
	int n;

	if ((n = write_pods(of, w)) == -1)
		return -1;
	of->stale = 0;
	of->next_look = now + AGAIN;
	/* what was asked for is given time to be seen */
	of->after = n > 0 ? of->next_look : now;
	if (n > 0 || now - node->seen.good_at < QUIET)
		return 0;
	node->seen.pods = EDGENODE_HEALED;
	return 1;
}

/* Without a feed. 1: its turn is over, 0: not yet, -1 with errno. */
static int
wait_for(const struct edgenode_pods *p, struct edgenode_pods_of *of,
    struct edgenode *node, long long now)
{
	if (now - of->begun >= PATIENCE) {
		node->pods_after = now + PATIENCE;
		return 1;
	}
	if (now < of->next_wish || p->wanted != NULL)
		return 0;
	of->next_wish = now + WISH_AGAIN;
	return wish(p, of);
}

static void
follow(struct edgenode_pods_of *of, long long now)
{
	int change = feed_follow(&of->feed);

	of->stale |= change != FEED_SAME;
	if (change == -1 || change == FEED_GONE) {
		feed_free(&of->feed);
		of->open = 0;
		of->begun = now;
	} else if (now >= of->next_touch) {
		of->next_touch = now + AGAIN;
		(void)feed_touch(&of->feed);
	}
}

/* 1: its turn is over, 0: not yet, -1 with errno. */
static int
step(const struct edgenode_pods *p, struct edgenode_pods_of *of,
    struct edgenode *node, struct edgenode_writer *w)
{
	long long now = w->now.at;
	int rc;

	if (!of->open && (rc = open_feed(p, of)) != 0) {
		if (rc == -1) {
			node->pods_after = now + REFUSED;
			return 1;
		}
		of->opened = now;
		of->stale = 1;
	}
	if (of->open)
		follow(of, now);
	if (!of->open)
		return wait_for(p, of, node, now);
	if (now < of->next_look && (!of->stale || now < of->after))
		return 0;
	return look(of, node, w);
}

/* How many must end their turn for those who wait. */
static size_t
too_many(const struct edgenode_pods *p, const struct edgenode_table *t,
    long long now)
{
	if (p->n + EDGENODE_PODS_START <= EDGENODE_PODS_MAX ||
	    fewest(t, now) == -1)
		return 0;
	return p->n + EDGENODE_PODS_START - EDGENODE_PODS_MAX;
}

static int
step_all(struct edgenode_pods *p, const struct edgenode_table *t,
    struct edgenode_writer *w)
{
	size_t leave = too_many(p, t, w->now.at), i = 0;
	const struct edgenode_pods_of *of;
	struct edgenode *n;
	int over, rc = 0;

	while (i < p->n) {
		of = p->of[i];
		n = edgenode_table_find(t, of->node);
		over = n == NULL || !is_ill(n);
		if (!over && (over = step(p, p->of[i], n, w)) == -1)
			rc = -1;
		if (over != 1 &&
		    (leave == 0 || !of->open ||
			w->now.at < of->opened + TURN)) {
			i++;
			continue;
		}
		leave -= leave > 0;
		if (n != NULL)
			n->pods_turn = 0;
		drop(p, i);
	}
	return rc;
}

/* --- rounds that are processes --- */

struct round {
	const struct edgenode_table *t;
	struct edgenode_writer *w;
	int rc;
};

/* What was wanted before and is there now. For walk_feeds(). */
static int
look_once(void *arg, const char *dir)
{
	struct round *r = arg;
	struct edgenode_pods_of of = { 0 };
	const struct feed_query *q = &of.feed.q;
	struct edgenode *n = NULL;

	if (feed_open(&of.feed, dir) == 0 && strcmp(q->path, PATH) == 0 &&
	    q->labels[0] == '\0' &&
	    strncmp(q->fields, SELECTOR, sizeof(SELECTOR) - 1) == 0)
		n = edgenode_table_find(r->t, q->fields + sizeof(SELECTOR) - 1);
	if (n != NULL && is_ill(n)) {
		of.node = n->name; /* borrowed */
		(void)feed_touch(&of.feed);
		if (look(&of, n, r->w) == -1)
			r->rc = -1;
	}
	feed_free(&of.feed);
	return 0;
}

/* Then others are asked for, for the next one. */
static int
step_once(struct edgenode_pods *p, const struct edgenode_table *t,
    struct edgenode_writer *w)
{
	struct round r = { t, w, 0 };
	size_t i;

	if (walk_feeds(p->data, "core", "v1", "pods", look_once, &r) == -1 ||
	    begin(p, t, w->now.at) == -1)
		return -1;
	for (i = 0; p->wanted == NULL && i < p->n; i++)
		if (wish(p, p->of[i]) == -1)
			return -1;
	return r.rc;
}

int
edgenode_pods_step(struct edgenode_pods *p, const struct edgenode_table *t,
    struct edgenode_writer *w)
{
	int rc;

	if (p->once)
		rc = step_once(p, t, w);
	else if ((rc = begin(p, t, w->now.at)) == 0)
		rc = step_all(p, t, w);
	if (p->wanted != NULL && write_wanted(p) == -1)
		rc = -1;
	return rc;
}
