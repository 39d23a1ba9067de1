/*
 * Which columns a feed's objects have: built in, or of their definition, which
 * is an object in the tree like others.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "definition.h"
#include "table.h"

#define COLUMNS_SIZE ((size_t)1 << 20)

/*
 * The columns that the master gave, which discovery keeps in
 * tables/GROUP/VERSION/RESOURCE. The path; "" where there can be none.
 */
static void
columns_path(const struct feed_handle *h, char *out, size_t len)
{
	const struct apipath *p = &h->feed.q.p;

	*out = '\0';
	if (h->feed.r != NULL &&
	    snprintf(out, len, "tables/%s/%s/%s",
		*p->group == '\0' ? "core" : p->group, p->version,
		p->resource) >= (int)len)
		*out = '\0';
}

/* A file that cannot be read leaves the built-in columns. */
static json_t *
load_columns(struct edge *e, const char *path)
{
	struct buf b = { 0 };
	json_t *json = NULL;

	if (buf_read_file(&b, e->datafd, path, COLUMNS_SIZE) == 0)
		json = json_loadb(b.data, b.len, 0, NULL);
	buf_free(&b);
	if (json_is_array(json))
		return json;
	warnx("%s/%s: no columns", e->data, path);
	json_decref(json);
	return NULL;
}

static int
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

struct table *
feeds_table(struct request *r, struct feed_handle *h)
{
	const struct feed_object *o = NULL;
	struct feed_handle *of = NULL;
	uint64_t rv = 0;
	json_t *crd, *columns = NULL;
	struct stat st = { 0 };
	char path[512];

	if (r->media.shape != MEDIA_TABLE)
		return NULL;
	columns_path(h, path, sizeof(path));
	if (*path != '\0' && fstatat(h->edge->datafd, path, &st, 0) == -1)
		memset(&st, 0, sizeof(st));
	if (h->feed.r == NULL &&
	    (o = definition_find(h->edge, &h->feed.q.p, &of)) != NULL)
		rv = o->meta.rv;
	if (h->table != NULL && h->table_rv == rv &&
	    same_file(&h->table_stat, &st))
		return h->table;
	crd = o == NULL ? NULL : definition_load(of, o);
	feeds_table_free(h);
	if (st.st_ino != 0)
		columns = load_columns(h->edge, path);
	h->table = table_make(&h->feed.q.p, crd, columns);
	if (h->table == NULL && columns != NULL)
		h->table = table_make(&h->feed.q.p, NULL, NULL);
	h->table_rv = rv;
	h->table_stat = st;
	json_decref(crd);
	json_decref(columns);
	return h->table;
}

int
feeds_table_known(struct request *r, struct feed_handle *h)
{
	struct feed_handle *of;

	return r->media.shape != MEDIA_TABLE || h->feed.r != NULL ||
	    definition_find(h->edge, &h->feed.q.p, &of) != NULL;
}

void
feeds_table_free(struct feed_handle *h)
{
	if (h->table != NULL)
		table_free(h->table);
	h->table = NULL;
}
