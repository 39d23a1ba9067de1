/*
 * Whenever a feed has changed all rows are compared with it, by
 * resourceVersion: that finds what is gone as well, and needs no places in a
 * journal that moves.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edgenode_peers.h"
#include "edgenode_table.h"

static void
row_free(struct edgenode *n)
{
	free(n->words);
	free(n->reached_by);
	free(n->name);
	free(n);
}

void
edgenode_table_free(struct edgenode_table *t)
{
	while (t->n > 0)
		row_free(t->rows[--t->n]);
	free(t->rows);
	buf_free(&t->text);
	memset(t, 0, sizeof(*t));
}

struct edgenode *
edgenode_table_find(const struct edgenode_table *t, const char *name)
{
	size_t lo = 0, hi = t->n, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((c = strcmp(t->rows[mid]->name, name)) == 0)
			return t->rows[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* The object's bytes, good until the next one is read. */
static int
read_object(struct edgenode_table *t, const struct feed *f,
    const struct feed_object *o, struct span *object)
{
	t->text.len = 0;
	if (feed_read(f, o, &t->text) == -1)
		return -1;
	object->p = t->text.data;
	object->n = t->text.len;
	return 0;
}

static struct edgenode *
row_new(const char *name)
{
	struct edgenode *n = calloc(1, sizeof(*n));

	if (n != NULL && (n->name = strdup(name)) == NULL) {
		free(n);
		n = NULL;
	}
	return n;
}

/* Begin anew, as another node of this name. */
static void
row_forget(struct edgenode *n)
{
	char *name = n->name;

	free(n->words);
	free(n->reached_by);
	memset(n, 0, sizeof(*n));
	n->name = name;
}

static int
read_node(struct edgenode_table *t, struct edgenode *n, const struct feed *f,
    const struct feed_object *o, const struct selector *selector,
    const struct edgenode_clock *now)
{
	uint64_t was = n->node.uid;
	struct span object;

	if (read_object(t, f, o, &object) == -1)
		return -1;
	edgenode_read_node(&n->node, object);
	if (was != 0 && was != n->node.uid) {
		row_forget(n);
		edgenode_read_node(&n->node, object);
		t->fresh = 1;
	}
	n->node.rv = o->meta.rv;
	n->node.selected = selector == NULL ||
	    selector_match(selector, meta_label, &o->meta) != 0;
	edgenode_stir(n, EDGENODE_TRY_TAINT, now);
	edgenode_stir(n, EDGENODE_TRY_READY, now);
	return 0;
}

/* Those before o go; its own row comes: *i is behind it. NULL with errno. */
static struct edgenode *
row_of(struct edgenode_table *t, size_t *i, const char *name)
{
	struct edgenode *n;

	while (*i < t->n && strcmp(t->rows[*i]->name, name) < 0) {
		row_free(t->rows[*i]);
		t->rows[(*i)++] = NULL;
	}
	if (*i < t->n && strcmp(t->rows[*i]->name, name) == 0) {
		n = t->rows[*i];
		t->rows[(*i)++] = NULL;
		return n;
	}
	if ((n = row_new(name)) != NULL)
		t->fresh = 1;
	return n;
}

int
edgenode_table_nodes(struct edgenode_table *t, const struct feed *f,
    const struct selector *selector, const struct edgenode_clock *now)
{
	struct edgenode **rows;
	size_t i, j = 0;
	int rc = 0;

	rows = calloc(f->nobjects + 1, sizeof(struct edgenode *));
	if (rows == NULL)
		return -1;
	for (i = 0; i < f->nobjects; i++)
		if ((rows[i] = row_of(t, &j, f->objects[i]->meta.name)) == NULL)
			break;
	if (i < f->nobjects)
		rc = -1;
	for (; j < t->n; j++)
		row_free(t->rows[j]);
	free(t->rows);
	t->rows = rows;
	t->n = i;
	for (i = 0; i < t->n; i++)
		if (rows[i]->node.rv != f->objects[i]->meta.rv &&
		    read_node(t, rows[i], f, f->objects[i], selector, now) ==
			-1)
			rc = -1;
	return rc;
}

static int
read_lease(struct edgenode_table *t, struct edgenode *n, const struct feed *f,
    const struct feed_object *o, const char *controller,
    const struct edgenode_clock *now)
{
	struct span object;
	long long proved;

	if (read_object(t, f, o, &object) == -1)
		return -1;
	edgenode_read_lease(&n->lease, object, n->name, controller);
	n->lease.rv = o->meta.rv;
	if ((proved = edgenode_see_lease(n, now)) > t->proved)
		t->proved = proved;
	edgenode_stir(n, EDGENODE_TRY_RENEW, now);
	edgenode_stir(n, EDGENODE_TRY_FORGET, now);
	return 0;
}

static void
no_lease(struct edgenode *n, const struct edgenode_clock *now)
{
	if (!n->lease.there)
		return;
	memset(&n->lease, 0, sizeof(n->lease));
	edgenode_see_lease(n, now);
}

int
edgenode_table_leases(struct edgenode_table *t, const struct feed *f,
    const struct edgenode_options *opt, const struct edgenode_clock *now)
{
	const struct feed_object *o;
	size_t i;
	int rc = 0;

	for (i = 0; i < t->n; i++) {
		o = feed_get(f, EDGENODE_LEASES, t->rows[i]->name);
		if (o == NULL)
			no_lease(t->rows[i], now);
		else if (t->rows[i]->lease.rv != o->meta.rv &&
		    read_lease(t, t->rows[i], f, o, opt->name, now) == -1)
			rc = -1;
	}
	return rc;
}

static int
read_shown(struct edgenode_table *t, struct edgenode *n, const struct feed *f,
    const struct feed_object *o, const struct edgenode_options *opt,
    const struct edgenode_clock *now)
{
	struct span object;

	if (read_object(t, f, o, &object) == -1)
		return -1;
	if (opt->peers > 0 && edgenode_peers_read(n, object) == -1)
		return -1;
	edgenode_read_shown(&n->shown, object, opt->name);
	n->shown.rv = o->meta.rv;
	edgenode_see_report(n, opt, now);
	edgenode_stir(n, EDGENODE_TRY_SHOW, now);
	return 0;
}

static void
not_shown(struct edgenode *n)
{
	if (!n->shown.there)
		return;
	memset(&n->shown, 0, sizeof(n->shown));
	free(n->words);
	n->words = NULL;
	n->due = 0;
}

int
edgenode_table_shown(struct edgenode_table *t, const struct feed *f,
    const struct edgenode_options *opt, const struct edgenode_clock *now)
{
	const struct feed_object *o;
	size_t i;
	int rc = 0;

	for (i = 0; i < t->n; i++) {
		o = f == NULL
		    ? NULL
		    : feed_get(f, EDGENODE_NAMESPACE, t->rows[i]->name);
		if (o == NULL)
			not_shown(t->rows[i]);
		else if (t->rows[i]->shown.rv != o->meta.rv &&
		    read_shown(t, t->rows[i], f, o, opt, now) == -1)
			rc = -1;
	}
	return rc;
}
