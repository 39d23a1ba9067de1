/*
 * What the pods of this node refer to, read from the tree when it is asked
 * for and they have changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "node_restriction.h"
#include "node_rules.h"
#include "nodes.h"
#include "parts.h"
#include "question.h"

struct nodes {
	struct node_refs refs;
	uint64_t rv;	 /* of the pods' feed */
	char id[17];	 /* of its journal */
	uint64_t others; /* versions() */
	int known;
};

/* The feed of all pods of this node, or NULL. */
static struct feed_handle *
pods(struct edge *e)
{
	char want[300];
	struct apipath p;
	struct feed_handle *h;

	snprintf(want, sizeof(want), "spec.nodeName=%s", e->node);
	if (apipath_parse(&p, "/api/v1/pods") == -1)
		return NULL;
	feeds_follow_all(e, &p);
	LIST_FOREACH(h, e->feeds, next)
		if (strcmp(h->feed.q.p.resource, "pods") == 0 &&
		    *h->feed.q.p.group == '\0' && *h->feed.q.p.ns == '\0' &&
		    *h->feed.q.labels == '\0' && !feeds_ended(h) &&
		    strcmp(h->feed.q.fields, want) == 0)
			return h;
	return NULL;
}

static json_t *
object(const struct feed_handle *h, size_t i)
{
	struct buf b = { 0 };
	json_t *o = NULL;

	if (feed_read(&h->feed, h->feed.objects[i], &b) == 0)
		o = json_loadb(b.data, b.len, 0, NULL);
	buf_free(&b);
	return o;
}

static int
take_volume(struct node_refs *r, const char *node, const json_t *o)
{
	(void)node;
	return node_refs_volume(r, o);
}

/* What counts besides the pods. */
static const struct other {
	const char *path;
	int (*take)(struct node_refs *, const char *, const json_t *);
} others[] = {
	{ "/api/v1/persistentvolumes", take_volume },
	{ "/apis/storage.k8s.io/v1/volumeattachments", node_refs_attachment },
	{ "/apis/resource.k8s.io/v1/resourceslices", node_refs_slice },
};
#define OTHERS (sizeof(others) / sizeof(*others))

static int
is_of(const struct feed_handle *h, const struct apipath *p)
{
	return strcmp(h->feed.q.p.resource, p->resource) == 0 &&
	    strcmp(h->feed.q.p.group, p->group) == 0 && !feeds_ended(h);
}

/* Each object of their feeds. 0, or -1. */
static int
take_others(struct edge *e, const struct other *of, struct node_refs *refs)
{
	struct feed_handle *h;
	struct apipath p;
	json_t *o;
	size_t i;
	int rc = 0;

	if (apipath_parse(&p, of->path) == -1)
		return -1;
	LIST_FOREACH(h, e->feeds, next) {
		for (i = 0; is_of(h, &p) && i < h->feed.nobjects && rc == 0;
		     i++) {
			o = object(h, i);
			rc = o == NULL ? -1 : of->take(refs, e->node, o);
			json_decref(o);
		}
	}
	return rc;
}

/* The sum of their versions: it changes with any of them. */
static uint64_t
versions(struct edge *e)
{
	const struct feed_handle *h;
	struct apipath p;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < OTHERS; i++) {
		if (apipath_parse(&p, others[i].path) == -1)
			continue;
		feeds_follow_all(e, &p);
		LIST_FOREACH(h, e->feeds, next)
			if (is_of(h, &p))
				sum += h->feed.rv + 1;
	}
	return sum;
}

static int
rebuild(struct edge *e, const struct feed_handle *h, uint64_t sum)
{
	struct node_refs refs = { 0 };
	struct nodes *n = e->nodes;
	json_t *o;
	size_t i;
	int rc = 0;

	for (i = 0; i < h->feed.nobjects && rc == 0; i++) {
		o = object(h, i);
		rc = o == NULL ? -1 : node_refs_pod(&refs, o);
		json_decref(o);
	}
	for (i = 0; i < OTHERS && rc == 0; i++)
		rc = take_others(e, &others[i], &refs);
	if (rc == -1) {
		node_refs_free(&refs);
		return -1;
	}
	node_refs_free(&n->refs);
	n->refs = refs;
	n->known = 1;
	n->rv = h->feed.rv;
	memcpy(n->id, h->feed.id, sizeof(n->id));
	n->others = sum;
	return 0;
}

static struct node_refs *
refs(struct edge *e)
{
	struct nodes *n = e->nodes;
	struct feed_handle *h;
	uint64_t sum;

	if (n == NULL && (n = e->nodes = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	if (e->node == NULL || (h = pods(e)) == NULL)
		return NULL;
	sum = versions(e);
	if (n->known && n->rv == h->feed.rv && n->others == sum &&
	    strcmp(n->id, h->feed.id) == 0)
		return &n->refs;
	return rebuild(e, h, sum) == 0 ? &n->refs : NULL;
}

int
nodes_allow(struct edge *e, const struct access_question *q, char *reason,
    size_t len)
{
	struct node_refs *r = refs(e);

	return r == NULL ? -1 : node_rules_allow(e->node, r, q, reason, len);
}

/* The uid of this node's Node, "" if it is not in the tree. */
static const char *
node_uid(struct edge *e)
{
	const struct feed_object *o;
	struct apipath p;
	char path[512];

	snprintf(path, sizeof(path), "/api/v1/nodes/%.300s", e->node);
	if (apipath_parse(&p, path) == -1)
		return "";
	feeds_follow_all(e, &p);
	return feeds_find_object(e, &p, &o) == NULL ? "" : o->meta.uid;
}

int
nodes_restrict(const struct request *r, const json_t *was, const json_t *now,
    struct buf *why)
{
	const struct node_write w = { .node = r->edge->node,
		.node_uid = node_uid(r->edge),
		.verb = question_verb(r),
		.group = r->p.group,
		.resource = r->p.resource,
		.subresource = r->p.subresource,
		.ns = r->p.ns,
		.name = r->p.name,
		.old = was,
		.new = now };

	return node_restriction(&w, why);
}
