/*
 * The shapes of answers: apiserver pkg/endpoints/handlers/response.go.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "k3s.h"
#include "k3s_rewrite.h"
#include "partial.h"
#include "render.h"
#include "table.h"

/* What kube-apiserver's Go calls the type, and that it is the wrong one. */
static int
refuse_shape(struct request *r, const struct feed *feed)
{
	int list = *r->p.name == '\0';
	const char *group = *r->p.group == '\0' ? "core" : r->p.group;
	char message[320], type[200];
	struct status s = { .code = 406, .message = message };

	if (feed->r == NULL)
		snprintf(type, sizeof(type), "*unstructured.Unstructured%s",
		    list ? "List" : "");
	else
		snprintf(type, sizeof(type), "*%.*s.%.100s%s",
		    (int)strcspn(group, "."), group, feed->kind,
		    list ? "List" : "");
	if (list)
		snprintf(message, sizeof(message),
		    "you requested PartialObjectMetadata, but the requested "
		    "object is a list (%s)",
		    type);
	else if (feed->r == NULL) {
		snprintf(message, sizeof(message), "content is not a list");
		s.code = 500;
		s.reason = "";
	} else
		snprintf(message, sizeof(message),
		    "you requested PartialObjectMetadataList, but the "
		    "requested object is not a list (%s)",
		    type);
	answer_status(r, &s);
	return -1;
}

static int
take_include(struct render *d, struct request *r)
{
	const char *include = r->q.include;
	char message[200];
	struct status s = { .code = 400, .message = message };

	if (include == NULL || *include == '\0' ||
	    strcmp(include, "Metadata") == 0)
		d->include = INCLUDE_METADATA;
	else if (strcmp(include, "None") == 0)
		d->include = INCLUDE_NONE;
	else if (strcmp(include, "Object") == 0)
		d->include = INCLUDE_OBJECT;
	else {
		snprintf(message, sizeof(message),
		    "Unable to convert to Table as requested: includeObject: "
		    "Invalid value: \"%.64s\": must be 'Metadata', 'Object', "
		    "'None', or empty",
		    include);
		answer_status(r, &s);
		return -1;
	}
	return 0;
}

int
render_init(struct render *d, struct request *r, const struct feed *feed,
    struct table *table)
{
	int list = *r->p.name == '\0';

	memset(d, 0, sizeof(*d));
	d->media = r->media;
	d->feed = feed;
	if (!r->q.watch &&
	    r->media.shape == (list ? MEDIA_PARTIAL : MEDIA_PARTIAL_LIST))
		return refuse_shape(r, feed);
	if (r->media.shape == MEDIA_TABLE && take_include(d, r) == -1)
		return -1;
	if (r->media.shape == MEDIA_TABLE && table == NULL) {
		answer_error(r, 500, "no memory for a table");
		return -1;
	}
	if (buf_printf(&d->prefix, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",",
		feed->kind, feed->api_version) == -1) {
		answer_error(r, 500, "no memory for an answer");
		return -1;
	}
	d->table = table_ref(table);
	d->lead = k3s_leads(r) ? r->edge->k3s : NULL;
	return 0;
}

void
render_free(struct render *d)
{
	table_free(d->table);
	d->table = NULL;
	buf_free(&d->prefix);
	buf_free(&d->tail);
	buf_free(&d->held);
	buf_free(&d->led);
	free(d->ends);
}

/* --- pieces --- */

/* The object that leads to the master leads here: borrowed of d. 0, or -1. */
static int
lead(struct render *d, struct span *object)
{
	int rc;

	if (d->lead == NULL)
		return 0;
	d->led.len = 0;
	rc =
	    k3s_rewrite_endpoints(&d->led, *object, d->lead->ip, d->lead->port);
	if (rc == 1)
		*object = (struct span) { d->led.data, d->led.len };
	return rc == -1 ? -1 : 0;
}

static int
add_metadata(struct buf *b, const struct render_list *l)
{
	if (buf_printf(b, "\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"",
		l->rv) == -1)
		return -1;
	if (l->cont != NULL &&
	    buf_printf(b, ",\"continue\":\"%s\"", l->cont) == -1)
		return -1;
	if (l->cont != NULL && l->remaining >= 0 &&
	    buf_printf(b, ",\"remainingItemCount\":%lld", l->remaining) == -1)
		return -1;
	return buf_puts(b, "}");
}

static int
add_partial(const struct render *d, struct buf *b, struct span object)
{
	struct span meta;

	if (span_member(object, "metadata", &meta, NULL) == -1) {
		errno = EBADMSG;
		return -1;
	}
	if (buf_printf(b,
		"{\"kind\":\"PartialObjectMetadata\","
		"\"apiVersion\":\"meta.k8s.io/%s\",\"metadata\":",
		media_version(&d->media)) == -1 ||
	    partial_metadata(b, d->feed, meta) == -1)
		return -1;
	return buf_puts(b, "}");
}

/*
 * kube-apiserver leaves kind and apiVersion out of the items of a built-in
 * list; it writes them first where they are, kind before apiVersion, which
 * custom objects do not have in this order.
 */
static int
add_bare(const struct render *d, struct buf *b, struct span object)
{
	size_t n = d->prefix.len;

	if (object.n <= n || memcmp(object.p, d->prefix.data, n) != 0)
		return buf_add(b, object.p, object.n);
	if (buf_puts(b, "{") == -1)
		return -1;
	return buf_add(b, object.p + n, object.n - n);
}

static int
add_row(struct render *d, struct buf *b, struct span object)
{
	int rc;

	if (buf_puts(b, "{\"cells\":") == -1 ||
	    table_cells(d->table, b, object, wall_us()) == -1 ||
	    buf_puts(b, ",\"object\":") == -1)
		return -1;
	if (d->include == INCLUDE_NONE)
		rc = buf_puts(b, "null");
	else if (d->include == INCLUDE_OBJECT)
		rc = buf_add(b, object.p, object.n);
	else
		rc = add_partial(d, b, object);
	return rc == -1 ? -1 : buf_puts(b, "}");
}

/* Up to where the rows begin. */
static int
add_table_head(struct render *d, struct buf *b, const struct render_list *l)
{
	if (buf_printf(b,
		"{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/%s\",",
		media_version(&d->media)) == -1 ||
	    add_metadata(b, l) == -1 ||
	    buf_puts(b, ",\"columnDefinitions\":") == -1)
		return -1;
	if ((d->headed ? buf_puts(b, "null") : table_columns(d->table, b)) ==
	    -1)
		return -1;
	d->headed = 1;
	return buf_puts(b, ",\"rows\":");
}

/* --- lists --- */

/*
 * Custom resources are written as a map, by its sorted keys, and an empty
 * continue is one of them.
 */
static int
add_custom_head(struct render *d, struct buf *b, const struct render_list *l)
{
	const struct feed *f = d->feed;

	if (buf_printf(b,
		"{\"apiVersion\":\"%s\",\"items\":", f->api_version) == -1 ||
	    buf_printf(&d->tail,
		",\"kind\":\"%sList\",\"metadata\":{\"continue\":\"%s\"",
		f->kind, l->cont == NULL ? "" : l->cont) == -1)
		return -1;
	if (l->cont != NULL && l->remaining >= 0 &&
	    buf_printf(&d->tail, ",\"remainingItemCount\":%lld",
		l->remaining) == -1)
		return -1;
	return buf_printf(&d->tail, ",\"resourceVersion\":\"%" PRIu64 "\"}}",
	    l->rv);
}

int
render_head(struct render *d, struct buf *b, const struct render_list *l)
{
	const struct feed *f = d->feed;
	int rc;

	d->tail.len = 0;
	if (d->media.shape == MEDIA_OBJECT && f->r == NULL)
		return add_custom_head(d, b, l);
	if (buf_puts(&d->tail, "}") == -1)
		return -1;
	if (d->media.shape == MEDIA_TABLE)
		return add_table_head(d, b, l);
	if (d->media.shape == MEDIA_OBJECT)
		rc =
		    buf_printf(b, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\",",
			f->kind, f->api_version);
	else
		rc = buf_printf(b,
		    "{\"kind\":\"PartialObjectMetadataList\","
		    "\"apiVersion\":\"meta.k8s.io/%s\",",
		    media_version(&d->media));
	if (rc == -1 || add_metadata(b, l) == -1)
		return -1;
	return buf_puts(b, ",\"items\":");
}

/* Rows with an order of their own wait for the last one. */
static int
hold(struct render *d, struct span object)
{
	size_t *more = reallocarray(d->ends, d->nheld + 1, sizeof(*more));

	if (more == NULL)
		return -1;
	d->ends = more;
	if (buf_add(&d->held, object.p, object.n) == -1)
		return -1;
	d->ends[d->nheld++] = d->held.len;
	return 0;
}

static int
compare_held(const void *a, const void *b, void *table)
{
	const struct span *x = a, *y = b;
	int c = table_compare(table, *x, *y);

	return c != 0 ? c : (x->p > y->p) - (x->p < y->p);
}

static int
add_held(struct render *d, struct buf *b)
{
	struct span *objects = calloc(d->nheld + 1, sizeof(*objects));
	size_t i, from = 0;
	int rc = 0;

	if (objects == NULL)
		return -1;
	for (i = 0; i < d->nheld; from = d->ends[i++]) {
		objects[i].p = d->held.data + from;
		objects[i].n = d->ends[i] - from;
	}
	qsort_r(objects, d->nheld, sizeof(*objects), compare_held, d->table);
	for (i = 0; i < d->nheld && rc == 0; i++)
		if ((rc = buf_puts(b, i == 0 ? "[" : ",")) == 0)
			rc = add_row(d, b, objects[i]);
	free(objects);
	return rc;
}

int
render_item(struct render *d, struct buf *b, struct span object, int first)
{
	if (lead(d, &object) == -1)
		return -1;
	if (d->media.shape == MEDIA_TABLE && table_is_sorted(d->table))
		return hold(d, object);
	if (buf_puts(b, first ? "[" : ",") == -1)
		return -1;
	switch (d->media.shape) {
	case MEDIA_OBJECT:
		return add_bare(d, b, object);
	case MEDIA_TABLE:
		return add_row(d, b, object);
	default:
		return add_partial(d, b, object);
	}
}

int
render_tail(struct render *d, struct buf *b, int empty)
{
	const char *none = "null";

	if (d->media.shape == MEDIA_OBJECT)
		none = "[]";
	else if (d->media.shape == MEDIA_TABLE)
		none = table_no_rows(d->table);
	if (d->nheld > 0 && add_held(d, b) == -1)
		return -1;
	if (buf_puts(b, empty ? none : "]") == -1)
		return -1;
	return buf_add(b, d->tail.data, d->tail.len);
}

/* --- single objects --- */

static uint64_t
rv_of(struct span object)
{
	struct span meta, rv;

	if (span_member(object, "metadata", &meta, NULL) == -1 ||
	    span_member(meta, "resourceVersion", &rv, NULL) == -1 || rv.n < 3)
		return 0;
	return strtoull(rv.p + 1, NULL, 10);
}

int
render_object(struct render *d, struct buf *b, struct span object)
{
	struct render_list l = { .remaining = -1 };

	if (lead(d, &object) == -1)
		return -1;
	switch (d->media.shape) {
	case MEDIA_OBJECT:
		return buf_add(b, object.p, object.n);
	case MEDIA_TABLE:
		l.rv = rv_of(object);
		if (add_table_head(d, b, &l) == -1 || buf_puts(b, "[") == -1 ||
		    add_row(d, b, object) == -1)
			return -1;
		return buf_puts(b, "]}");
	default:
		return add_partial(d, b, object);
	}
}
