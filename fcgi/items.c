/*
 * What a LIST or the beginning of a watch consists of: 16 bytes an object,
 * the rest stays in the journal until it is sent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feeds.h"
#include "items.h"

/* 1 if the object is in the path's namespace, whatever the selectors say. */
static int
in_range(const struct request *r, const struct feed_object *o)
{
	return *r->p.ns == '\0' || strcmp(o->meta.ns, r->p.ns) == 0;
}

static void
count_behind(struct items *it, const struct request *r, const struct feed *f,
    size_t i)
{
	for (; i < f->nobjects; i++)
		if (in_range(r, f->objects[i]))
			it->behind++;
}

int
items_collect(struct items *it, const struct request *r, const struct feed *f,
    const char *from, long limit)
{
	size_t i = feed_lower_bound(f, from), room = f->nobjects - i + 1;
	const struct feed_object *o;

	memset(it, 0, sizeof(*it));
	if (limit > 0 && room > (size_t)limit)
		room = (size_t)limit;
	/* never NULL while objects are owed */
	if ((it->at = malloc(room * sizeof(*it->at))) == NULL)
		return -1;
	it->file = feed_file_ref(f->file);
	it->rv = f->rv;
	for (; i < f->nobjects; i++) {
		o = f->objects[i];
		if (!feeds_match(r, &o->meta))
			continue;
		if (it->n == room)
			break;
		it->at[it->n].off = o->off;
		it->at[it->n++].len = o->len;
		it->bytes += o->len;
		if (limit > 0 && it->n == (size_t)limit) {
			snprintf(it->last, sizeof(it->last), "%s", o->meta.key);
			count_behind(it, r, f, i + 1);
			break;
		}
	}
	return 0;
}

int
items_next(struct items *it, struct buf *b)
{
	struct feed_object o = { 0 };
	struct feed f = { 0 };

	if (it->next >= it->n)
		return 0;
	f.file = it->file;
	o.off = it->at[it->next].off;
	o.len = it->at[it->next++].len;
	return feed_read(&f, &o, b) == -1 ? -1 : 1;
}

void
items_free(struct items *it)
{
	feed_file_unref(it->file);
	free(it->at);
	memset(it, 0, sizeof(*it));
}
