/*
 * The index entry of an object: identity, labels and selectable fields, in
 * one allocation. Lists are key, value, key, value, "" (a key is never empty).
 * A name that is no path component is no name: it would leave the tree.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "buf.h"
#include "meta.h"
#include "span.h"

int
meta_parse_rv(const char *text, uint64_t *rv)
{
	uint64_t v = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		if (v > (UINT64_MAX - (uint64_t)(*p - '0')) / 10)
			goto bad;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (p == text || *p != '\0' || (text[0] == '0' && text[1] != '\0'))
		goto bad;
	*rv = v;
	return 0;
bad:
	errno = EINVAL;
	return -1;
}

/* The string member key: "" if it is not there, NULL if it is no string. */
static const char *
string_member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v == NULL || json_is_null(v))
		return "";
	if (!json_is_string(v) ||
	    strlen(json_string_value(v)) != json_string_length(v))
		return NULL;
	return json_string_value(v);
}

static int
is_component(const char *s)
{
	return strchr(s, '/') == NULL && strcmp(s, ".") != 0 &&
	    strcmp(s, "..") != 0;
}

/* Text with its NUL. */
static int
add(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s) + 1);
}

static int
add_labels(struct buf *b, const json_t *metadata)
{
	json_t *labels = json_object_get(metadata, "labels"), *v;
	const char *key;

	json_object_foreach(labels, key, v) {
		if (key[0] == '\0' || !json_is_string(v))
			continue;
		if (add(b, key) == -1 || add(b, json_string_value(v)) == -1)
			return -1;
	}
	return add(b, "");
}

/* The value at path, n bytes of members with dots between; NULL if none. */
static const json_t *
walk(const json_t *o, const char *path, size_t n)
{
	size_t len;

	for (; n > 0; path += len, n -= len) {
		if (*path == '.') {
			path++;
			n--;
		}
		for (len = 0; len < n && path[len] != '.'; len++)
			;
		o = json_object_getn(o, path, len);
	}
	return o;
}

/* A scalar as Go prints it, nothing for anything else. */
static int
add_scalar(struct buf *b, const json_t *v)
{
	if (json_is_string(v))
		return buf_puts(b, json_string_value(v));
	if (json_is_integer(v))
		return buf_printf(b, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(v));
	if (json_is_boolean(v))
		return buf_puts(b, json_is_true(v) ? "true" : "false");
	return 0;
}

/* What path (see struct resource) gives, without a NUL. */
static int
add_value(struct buf *b, const json_t *object, const char *path)
{
	size_t n, start = b->len;

	for (;;) {
		n = strcspn(path, "|=");
		if (n > 0 && add_scalar(b, walk(object, path, n)) == -1)
			return -1;
		if (b->len > start || path[n] == '\0')
			return 0;
		path += n + 1;
		if (path[-1] == '=')
			return buf_puts(b, path);
	}
}

/* Empty values are left out: that is what an absent one is. */
static int
add_fields(struct buf *b, const json_t *object, const struct resource *r)
{
	const char *const *f;
	size_t start, value;

	for (f = r != NULL ? r->fields : NULL; f != NULL && f[0] != NULL;
	     f += 2) {
		start = b->len;
		if (add(b, f[0]) == -1)
			return -1;
		value = b->len;
		if (add_value(b, object, f[1]) == -1)
			return -1;
		if (b->len == value)
			b->len = start;
		else if (buf_add(b, "", 1) == -1)
			return -1;
	}
	return add(b, "");
}

/* Where things are in the memory, before it has found its place. */
struct layout {
	size_t name, ns, uid, labels, fields;
};

static int
pack(struct buf *b, struct layout *at, const json_t *object,
    const struct resource *r)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *name, *ns, *uid;

	name = string_member(metadata, "name");
	ns = string_member(metadata, "namespace");
	uid = string_member(metadata, "uid");
	if (name == NULL || ns == NULL || uid == NULL || name[0] == '\0' ||
	    !is_component(name) || !is_component(ns)) {
		errno = EBADMSG;
		return -1;
	}
	if (ns[0] != '\0' && buf_printf(b, "%s/", ns) == -1)
		return -1;
	at->name = b->len;
	if (add(b, name) == -1)
		return -1;
	at->ns = b->len;
	if (add(b, ns) == -1)
		return -1;
	at->uid = b->len;
	if (add(b, uid) == -1)
		return -1;
	at->labels = b->len;
	if (add_labels(b, metadata) == -1)
		return -1;
	at->fields = b->len;
	return add_fields(b, object, r);
}

int
meta_load(struct meta *m, const json_t *object, const struct resource *r)
{
	const json_t *metadata = json_object_get(object, "metadata");
	struct layout at = { 0 };
	struct buf b = { 0 };
	const char *rv;
	char *mem;

	memset(m, 0, sizeof(*m));
	rv = string_member(metadata, "resourceVersion");
	if (rv == NULL || (rv[0] != '\0' && meta_parse_rv(rv, &m->rv) == -1)) {
		errno = EBADMSG;
		return -1;
	}
	if (pack(&b, &at, object, r) == -1) {
		buf_free(&b);
		return -1;
	}
	mem = realloc(b.data, b.len);
	if (mem == NULL)
		mem = b.data;
	m->mem = mem;
	m->key = mem;
	m->name = mem + at.name;
	m->ns = mem + at.ns;
	m->uid = mem + at.uid;
	m->labels = mem + at.labels;
	m->fields = mem + at.fields;
	return 0;
}

void
meta_free(struct meta *m)
{
	free(m->mem);
	memset(m, 0, sizeof(*m));
}

/* The value of key in a list, or NULL. */
static const char *
find(const char *list, const char *key)
{
	const char *value;

	for (; list != NULL && *list != '\0';
	     list = value + strlen(value) + 1) {
		value = list + strlen(list) + 1;
		if (strcmp(list, key) == 0)
			return value;
	}
	return NULL;
}

/* 1 if every pair of a is in b. */
static int
is_subset(const char *a, const char *b)
{
	const char *value, *other;

	for (; a != NULL && *a != '\0'; a = value + strlen(value) + 1) {
		value = a + strlen(a) + 1;
		other = find(b, a);
		if (other == NULL || strcmp(value, other) != 0)
			return 0;
	}
	return 1;
}

int
meta_same_selectables(const struct meta *a, const struct meta *b)
{
	return is_subset(a->labels, b->labels) &&
	    is_subset(b->labels, a->labels) &&
	    is_subset(a->fields, b->fields) && is_subset(b->fields, a->fields);
}

const char *
meta_label(const void *meta, const char *key)
{
	const struct meta *m = meta;

	return find(m->labels, key);
}

const char *
meta_field(const void *meta, const char *key)
{
	const struct meta *m = meta;

	if (strcmp(key, "metadata.name") == 0)
		return m->name;
	if (strcmp(key, "metadata.namespace") == 0)
		return m->ns;
	return find(m->fields, key);
}

char *
meta_renumber(const char *object, size_t len, uint64_t rv)
{
	struct span was =
	    span_at((struct span) { object, len }, "metadata.resourceVersion");
	struct buf b = { 0 };
	size_t before;

	if (was.n < 2 || *was.p != '"') {
		errno = EBADMSG;
		return NULL;
	}
	before = (size_t)(was.p - object);
	if (buf_add(&b, object, before) == 0 &&
	    buf_printf(&b, "\"%" PRIu64 "\"", rv) == 0 &&
	    buf_add(&b, was.p + was.n, len - before - was.n) == 0)
		return b.data;
	buf_free(&b);
	return NULL;
}
