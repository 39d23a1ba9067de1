/*
 * Standalone: the tree is the authority. Objects are made, replaced, patched
 * and deleted in it, each on disk before it is answered.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "journal.h"
#include "object.h"
#include "parts.h"
#include "patch.h"

#define BODY_MAX (3 * 1024 * 1024)
#define FEEDS_OPEN_MAX 256

struct authority {
	LIST_ENTRY(authority) next;
	struct journal j;
};

struct write {
	struct buf body;
};

/* One process, one authority: the feeds that it has open for writing. */
static LIST_HEAD(authority_list, authority) authorities = LIST_HEAD_INITIALIZER(
    authorities);
static size_t nauthorities;
static uint64_t last_rv;

static void
told(void *arg, const char *text)
{
	(void)arg;
	warnx("%s", text);
}

/* Greater than every one before, and than those of an earlier life. */
static uint64_t
next_rv(void)
{
	uint64_t t = (uint64_t)wall_us();

	last_rv = t > last_rv ? t : last_rv + 1;
	return last_rv;
}

/* --- feeds --- */

static int
begin_empty(struct journal *j, const char *kind, const char *api_version)
{
	if (journal_list_begin(j) == -1)
		return -1;
	return journal_list_commit(j, next_rv(), kind, api_version, 0);
}

static struct authority *
find_authority(const struct apipath *p)
{
	struct authority *a;

	LIST_FOREACH(a, &authorities, next)
		if (strcmp(a->j.feed.q.p.resource, p->resource) == 0 &&
		    strcmp(a->j.feed.q.p.group, p->group) == 0 &&
		    strcmp(a->j.feed.q.p.version, p->version) == 0)
			return a;
	return NULL;
}

/* The feed of all objects of the resource; kind may be NULL if it is known. */
static struct authority *
authority(struct request *r, const char *kind)
{
	const struct resource *known;
	struct feed_query q = { 0 };
	struct authority *a;
	char version[256], empty[] = "";
	const struct apipath *p = &r->p;

	if ((a = find_authority(p)) != NULL)
		return a;
	known = resource_find(p->group, p->resource);
	if (kind == NULL && known != NULL)
		kind = known->kind;
	snprintf(version, sizeof(version), "%s%s%s", p->group,
	    *p->group == '\0' ? "" : "/", p->version);
	snprintf(q.path, sizeof(q.path), "/%s%s/%s",
	    *p->group == '\0' ? "api/" : "apis/", version, p->resource);
	q.labels = q.fields = empty;
	if (nauthorities >= FEEDS_OPEN_MAX ||
	    apipath_parse(&q.p, q.path) == -1 ||
	    (a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	if (journal_open(&a->j, r->edge->datafd, r->edge->data, &q, told,
		NULL) == -1) {
		warn("%s", q.path);
		free(a);
		return NULL;
	}
	if (a->j.synced && a->j.feed.rv > last_rv)
		last_rv = a->j.feed.rv;
	if (!a->j.synced &&
	    (kind == NULL || begin_empty(&a->j, kind, version) == -1)) {
		journal_remove(&a->j);
		journal_free(&a->j);
		free(a);
		return NULL;
	}
	LIST_INSERT_HEAD(&authorities, a, next);
	nauthorities++;
	return a;
}

int
write_make_feed(struct request *r)
{
	return authority(r, NULL) == NULL ? -1 : 0;
}

/* --- objects --- */

/* Write o, on disk, and answer it with code. */
static void
keep(struct request *r, struct authority *a, enum feed_type type, json_t *o,
    int code)
{
	struct feed_handle *h;
	json_t *out;
	char rv[24], *text;

	snprintf(rv, sizeof(rv), "%" PRIu64, next_rv());
	json_object_set_new(json_object_get(o, "metadata"), "resourceVersion",
	    json_string(rv));
	out = object_kind_first(o, &a->j.feed);
	text = json_dumps(out, JSON_COMPACT);
	json_decref(out);
	if (text == NULL ||
	    journal_event(&a->j, type, text, strlen(text)) != 1 ||
	    journal_sync(&a->j) == -1) {
		answer_error(r, errno == ENOSPC ? 507 : 500, "not written: %s",
		    strerror(errno));
		free(text);
		return;
	}
	(void)journal_compact(&a->j, 0);
	if ((h = feeds_find(r)) != NULL)
		feeds_follow(h);
	answer(r, code, "application/json", text, strlen(text));
	free(text);
}

static void
create(struct request *r, json_t *o)
{
	const char *kind, *name, *prefix;
	const struct resource *known;
	struct authority *a;
	char made[300];
	json_t *m;

	kind = json_string_value(json_object_get(o, "kind"));
	known = resource_find(r->p.group, r->p.resource);
	if (kind != NULL && known != NULL && strcmp(kind, known->kind) != 0) {
		answer_error(r, 400,
		    "%.64s in version \"%s\" cannot be handled as a %s", kind,
		    r->p.version, known->kind);
		return;
	}
	m = json_object_get(o, "metadata");
	name = object_metadata(o, "name");
	prefix = object_metadata(o, "generateName");
	if (kind == NULL || !json_is_object(m) ||
	    (name == NULL && prefix == NULL)) {
		answer_error(r, 422,
		    "kind and metadata.name or generateName are required");
		return;
	}
	object_name(made, sizeof(made), name, prefix);
	if (strchr(made, '/') != NULL || strcmp(made, ".") == 0 ||
	    strcmp(made, "..") == 0 || *made == '\0') {
		answer_error(r, 422, "metadata.name: Invalid value");
		return;
	}
	if ((a = authority(r, kind)) == NULL) {
		answer_error(r, 500, "no feed: %s", strerror(errno));
		return;
	}
	if (feed_get(&a->j.feed, r->p.ns, made) != NULL) {
		object_exists(r, made);
		return;
	}
	json_object_set_new(m, "name", json_string(made));
	if (*r->p.ns != '\0')
		json_object_set_new(m, "namespace", json_string(r->p.ns));
	json_object_set_new(m, "uid", object_new_uid());
	json_object_set_new(m, "creationTimestamp", object_time(wall_s()));
	keep(r, a, FEED_ADDED, o, 201);
}

/* The stored object that the request names: a new reference, or NULL. */
static json_t *
stored(struct request *r, struct authority **a)
{
	const struct feed_object *f;
	struct buf b = { 0 };
	json_t *o = NULL;

	if ((*a = authority(r, NULL)) != NULL &&
	    (f = feed_get(&(*a)->j.feed, r->p.ns, r->p.name)) != NULL &&
	    feed_read(&(*a)->j.feed, f, &b) == 0)
		o = json_loadb(b.data, b.len, 0, NULL);
	buf_free(&b);
	if (o == NULL)
		answer_error(r, 404, "%s \"%s\" not found", r->p.resource,
		    r->p.name);
	return o;
}

static void
replace(struct request *r, json_t *o)
{
	struct authority *a;
	json_t *was;

	if ((was = stored(r, &a)) == NULL)
		return;
	if (!object_conflicts(r, was, o)) {
		object_keep_identity(o, was);
		if (*r->p.subresource != '\0')
			object_separate(o, was, &r->p);
		keep(r, a, FEED_MODIFIED, o, 200);
	}
	json_decref(was);
}

static void
patch(struct request *r, const struct buf *body)
{
	const struct patch_schema *schema = patch_schema_path(&r->p);
	const char *content_type = fcgi_param(r->c, "CONTENT_TYPE");
	struct patch_error e;
	enum patch_type type;
	struct authority *a;
	json_t *was, *now;

	if (patch_type_parse(&type, content_type == NULL ? "" : content_type,
		schema, &e) == -1) {
		object_refuse_patch(r, &e);
		return;
	}
	if ((was = stored(r, &a)) == NULL)
		return;
	now = patch_apply(type, schema, was, body->len > 0 ? body->data : "",
	    body->len, &e);
	if (now == NULL)
		object_refuse_patch(r, &e);
	else if (!json_is_object(now))
		answer_error(r, 422, "the patched object is no object");
	else if (!object_conflicts(r, was, now)) {
		object_keep_identity(now, was);
		if (*r->p.subresource != '\0')
			object_separate(now, was, &r->p);
		keep(r, a, FEED_MODIFIED, now, 200);
	}
	json_decref(now);
	json_decref(was);
}

static void delete (struct request *r)
{
	struct authority *a;
	json_t *was;

	if ((was = stored(r, &a)) == NULL)
		return;
	keep(r, a, FEED_DELETED, was, 200);
	json_decref(was);
}

/* --- requests --- */

static void
act(struct request *r, const struct buf *body)
{
	json_t *o = NULL;

	if (strcmp(r->method, "DELETE") == 0) {
		delete (r);
		return;
	}
	if (strcmp(r->method, "PATCH") == 0) {
		patch(r, body);
		return;
	}
	if (body->len > 0)
		o = json_loadb(body->data, body->len, 0, NULL);
	if (!json_is_object(o))
		answer_error(r, 400, "the body is no JSON object");
	else if (strcmp(r->method, "POST") == 0)
		create(r, o);
	else
		replace(r, o);
	json_decref(o);
}

void
write_start(struct request *r)
{
	int named = *r->p.name != '\0';
	const char *type;
	struct write *w;

	if (*r->p.resource == '\0' ||
	    (*r->p.subresource != '\0' &&
		(strcmp(r->p.subresource, "status") != 0 ||
		    strcmp(r->method, "DELETE") == 0))) {
		answer(r, 404, "text/plain; charset=utf-8",
		    "404 page not found\n", 19);
		return;
	}
	if (!(strcmp(r->method, "POST") == 0 && !named) &&
	    !(named &&
		(strcmp(r->method, "PUT") == 0 ||
		    strcmp(r->method, "PATCH") == 0 ||
		    strcmp(r->method, "DELETE") == 0))) {
		answer_error(r, 405,
		    "the server does not allow this method on the requested "
		    "resource");
		return;
	}
	type = fcgi_param(r->c, "CONTENT_TYPE");
	if (strcmp(r->method, "PATCH") != 0 && type != NULL && *type != '\0' &&
	    strstr(type, "json") == NULL &&
	    strncmp(type, "application/x-www-form", 22) != 0) {
		answer_error(r, 415,
		    "the body of the request was in an unknown format - "
		    "accepted media types include: application/json");
		return;
	}
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		answer_error(r, 500, "no memory for a request");
		return;
	}
	r->own = w;
	r->owner = OWNER_WRITE;
}

void
write_body(struct request *r, const char *p, size_t n)
{
	struct write *w = r->own;

	if (n > 0) {
		if (w->body.len + n > BODY_MAX)
			answer_error(r, 413, "the object is over 3 MiB");
		else if (buf_add(&w->body, p, n) == -1)
			answer_error(r, 500, "no memory for an object");
		else
			return;
		write_close(r);
		return;
	}
	r->own = NULL;
	r->owner = OWNER_NONE;
	act(r, &w->body);
	buf_free(&w->body);
	free(w);
}

void
write_close(struct request *r)
{
	struct write *w = r->own;

	buf_free(&w->body);
	free(w);
	r->own = NULL;
	r->owner = OWNER_NONE;
}
