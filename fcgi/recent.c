/*
 * Writes that the master has done, and the tree does not show yet.
 *
 * The watch may bring them later, as after an outage, when a feed has to be
 * listed anew first, or not at all, if the master is gone again. A client
 * that was told of its write writes the next one upon that state.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feeds.h"
#include "local.h"
#include "recent.h"

struct recent_write {
	TAILQ_ENTRY(recent_write) next;
	char *path;
	struct buf text;  /* of the object; empty: it is gone */
	struct meta meta; /* of that */
	uint64_t rv;	  /* the master's; of what is gone the last known */
	uint64_t tree;	  /* what the tree had then; 0: nothing */
};

/* The newest first. */
struct recents {
	TAILQ_HEAD(recent_list, recent_write) list;
	size_t n, bytes;
};

static void
drop(struct recents *all, struct recent_write *w)
{
	TAILQ_REMOVE(&all->list, w, next);
	all->n--;
	all->bytes -= w->text.len;
	buf_free(&w->text);
	meta_free(&w->meta);
	free(w->path);
	free(w);
}

/* The feed that has the object, or one that would have it; its rv there. */
static struct feed_handle *
look(struct edge *e, const struct apipath *p, const struct meta *m,
    uint64_t *rv)
{
	const struct feed_object *f;
	struct feed_handle *h = feeds_find_object(e, p, &f);

	*rv = h != NULL ? f->meta.rv : 0;
	return h == NULL && m->mem != NULL ? feeds_taking(e, p, m) : h;
}

/* Nothing of the master's watch is taken in: see ote-edge(7). */
static int
is_held(const struct feed_handle *h)
{
	return faccessat(h->feed.dirfd, "local", F_OK, 0) == 0;
}

/* Whether the tree is not as new. */
static int
is_newer(struct edge *e, const struct apipath *p, const struct recent_write *w)
{
	uint64_t rv;
	struct feed_handle *h = look(e, p, &w->meta, &rv);

	if (h == NULL)
		return 0;
	if (rv != 0 && rv == w->tree)
		return 1;
	if (rv != 0)
		return w->text.len == 0 ? rv <= w->rv : rv < w->rv;
	if (w->text.len == 0)
		return 0;
	/* it is not there: not yet, or no more */
	return is_held(h) ? w->tree == 0 : h->feed.rv < w->rv;
}

static struct recent_write *
find(const struct edge *e, const char *path)
{
	struct recent_write *w;

	if (e->recents == NULL)
		return NULL;
	TAILQ_FOREACH(w, &e->recents->list, next)
	if (strcmp(w->path, path) == 0)
		return w;
	return NULL;
}

enum recent
recent_find(struct edge *e, const struct apipath *p, json_t **o)
{
	struct recent_write *w;
	char path[APIPATH_MAX];

	if (local_path(p, p->name, path, sizeof(path)) == -1 ||
	    (w = find(e, path)) == NULL)
		return RECENT_NONE;
	if (!is_newer(e, p, w)) {
		drop(e->recents, w);
		return RECENT_NONE;
	}
	if (w->text.len == 0)
		return RECENT_GONE;
	if (o != NULL &&
	    (*o = json_loadb(w->text.data, w->text.len, 0, NULL)) == NULL)
		return RECENT_NONE;
	return RECENT_THERE;
}

void
recent_forget(struct edge *e, const char *path)
{
	struct recent_write *w = find(e, path);

	if (w != NULL)
		drop(e->recents, w);
}

/* Make room for so much; the oldest go that the tree has by now. */
static void
make_room(struct edge *e, size_t len)
{
	struct recents *all = e->recents;
	struct recent_write *w;
	struct apipath p;

	while ((w = TAILQ_LAST(&all->list, recent_list)) != NULL &&
	    (all->n >= RECENT_MAX || all->bytes + len > RECENT_ALL_BYTES ||
		apipath_parse(&p, w->path) == -1 || !is_newer(e, &p, w)))
		drop(all, w);
}

static int
init(struct edge *e)
{
	if (e->recents != NULL)
		return 0;
	if ((e->recents = calloc(1, sizeof(*e->recents))) == NULL)
		return -1;
	TAILQ_INIT(&e->recents->list);
	return 0;
}

/* text is taken; empty: it is gone. o is that, or NULL. */
static void
note(struct edge *e, const struct apipath *p, const char *path,
    struct buf *text, const json_t *o)
{
	struct recent_write *w = calloc(1, sizeof(*w)), *old = find(e, path);

	if (w == NULL || init(e) == -1 || (w->path = strdup(path)) == NULL ||
	    (o != NULL &&
		meta_load(&w->meta, o, resource_find(p->group, p->resource)) ==
		    -1)) {
		recent_forget(e, path);
		if (w != NULL)
			free(w->path);
		free(w);
		return;
	}
	w->rv = o != NULL ? w->meta.rv : old != NULL ? old->rv : 0;
	recent_forget(e, path);
	make_room(e, text->len);
	w->text = *text;
	memset(text, 0, sizeof(*text));
	TAILQ_INSERT_HEAD(&e->recents->list, w, next);
	e->recents->n++;
	e->recents->bytes += w->text.len;
	feeds_follow_all(e, p);
	/* where no feed would have it nothing is taken here */
	if (look(e, p, &w->meta, &w->tree) == NULL || !is_newer(e, p, w))
		drop(e->recents, w);
}

/* Of an answer to a deletion: it stays for a while. */
static int
is_staying(const json_t *o)
{
	const json_t *m = json_object_get(o, "metadata");

	return json_object_get(m, "deletionTimestamp") != NULL &&
	    (json_integer_value(
		 json_object_get(m, "deletionGracePeriodSeconds")) > 0 ||
		json_array_size(json_object_get(m, "finalizers")) > 0);
}

void
recent_answer(struct request *r, const char *p, size_t n)
{
	struct buf *b = &r->said;

	if (r->shadow == NULL || b->len > RECENT_BYTES)
		return;
	if (buf_add(b, p, n) == -1)
		b->len = RECENT_BYTES + 1;
}

void
recent_answered(struct request *r, int code)
{
	const char *kind, *name;
	char path[APIPATH_MAX];
	struct apipath p;
	json_t *o;

	if (r->shadow == NULL || code < 200 || code > 299 || r->shadow->dry ||
	    local_is_event(&r->p) || r->said.len > RECENT_BYTES ||
	    (o = json_loadb(r->said.data, r->said.len, 0, NULL)) == NULL)
		return;
	kind = json_string_value(json_object_get(o, "kind"));
	name = *r->p.name != '\0' ? r->p.name : object_metadata(o, "name");
	if (kind == NULL || name == NULL ||
	    (strcmp(kind, "Status") == 0 && r->shadow->verb != POLICY_DELETE) ||
	    local_path(&r->p, name, path, sizeof(path)) == -1 ||
	    apipath_parse(&p, path) == -1) {
		json_decref(o);
		return;
	}
	if (r->shadow->verb == POLICY_DELETE && !is_staying(o)) {
		buf_free(&r->said);
		note(r->edge, &p, path, &r->said, NULL);
	} else
		note(r->edge, &p, path, &r->said, o);
	json_decref(o);
}

void
recent_close(struct request *r)
{
	buf_free(&r->said);
}
