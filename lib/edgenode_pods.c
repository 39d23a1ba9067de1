/*
 * Pods' Ready, after their node was Unknown. What the controller of nodes does
 * to a pod is to make its Ready False and to leave all else: the
 * containers stay ready, and there is no reason. A kubelet gives one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "edgenode_pods.h"
#include "hash.h"

#define PATH "/api/v1/pods"
#define SELECTOR "spec.nodeName="
#define FIELDS "metadata.deletionTimestamp,status.phase,status.conditions"

#define AGAIN (5 * EDGENODE_SECOND)
#define WISH_AGAIN (10 * EDGENODE_SECOND)
/* the master may mark pods for a while after it was told otherwise */
#define QUIET (30 * EDGENODE_SECOND)

struct edgenode_pods_of {
	char *node;
	struct feed feed;
	int open;
	long long next_wish, next_look, done;
};

static void
drop(struct edgenode_pods *p, size_t i)
{
	struct edgenode_pods_of *of = p->of[i];

	if (of->open)
		feed_free(&of->feed);
	free(of->node);
	free(of);
	p->of[i] = p->of[--p->n];
}

void
edgenode_pods_free(struct edgenode_pods *p)
{
	while (p->n > 0)
		drop(p, p->n - 1);
}

void
edgenode_pods_want(struct edgenode_pods *p, const char *node)
{
	struct edgenode_pods_of *of;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->of[i]->node, node) == 0)
			return;
	if (p->n == EDGENODE_PODS_MAX || (of = calloc(1, sizeof(*of))) == NULL)
		return;
	if ((of->node = strdup(node)) == NULL) {
		free(of);
		return;
	}
	p->of[p->n++] = of;
}

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

/* 1: done, 0: not yet, -1 with errno. */
static int
step(const struct edgenode_pods *p, struct edgenode_pods_of *of,
    struct edgenode_writer *w)
{
	long long now = w->now.at;
	int change = FEED_GREW, n;

	if (of->open)
		change = feed_follow(&of->feed);
	else if ((n = open_feed(p, of)) == -1)
		return 1;
	if (of->open && (change == -1 || change == FEED_GONE)) {
		feed_free(&of->feed);
		of->open = 0;
	}
	if (!of->open) {
		if (now < of->next_wish || p->wanted != NULL)
			return 0;
		of->next_wish = now + WISH_AGAIN;
		return wish(p, of);
	}
	if (of->done == 0)
		of->done = now + QUIET;
	if (change == FEED_SAME && now < of->next_look)
		return 0;
	of->next_look = now + AGAIN;
	if ((n = write_pods(of, w)) == -1)
		return -1;
	return n == 0 && now >= of->done;
}

int
edgenode_pods_step(struct edgenode_pods *p, const struct edgenode_table *t,
    struct edgenode_writer *w)
{
	struct edgenode *n;
	int done, rc = 0;
	size_t i = 0;

	while (i < p->n) {
		n = edgenode_table_find(t, p->of[i]->node);
		if (n == NULL || n->state != EDGENODE_TAKEN) {
			drop(p, i);
			continue;
		}
		if ((done = step(p, p->of[i], w)) == -1)
			rc = -1;
		if (done != 1) {
			i++;
			continue;
		}
		n->pods = 1;
		drop(p, i);
	}
	if (p->wanted != NULL && write_wanted(p) == -1)
		rc = -1;
	return rc;
}
