/*
 * Aggregated discovery, a group at a time: a cluster may have hundreds of
 * them, and one alone is small.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "discovery.h"

#define GROUP_MAX (4 * 1024 * 1024)

/* A name that can stand in a line and in a path; else NULL. */
static const char *
name_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member)), *p;

	if (s == NULL || *s == '\0' || *s == '.' ||
	    strlen(s) >= DISCOVERY_NAME_MAX)
		return NULL;
	for (p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '/' || *p == '%' ||
		    *p == '?' || *p == '#')
			return NULL;
	return s;
}

static int
is_listable(const json_t *resource)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(resource, "verbs"), i, v)
		if (strcmp(json_string_value(v) ?: "", "list") == 0)
			return 1;
	return 0;
}

static int
add_resource(struct discovery *d, const char *group, const char *version,
    const json_t *r)
{
	const char *name = name_of(r, "resource"), *scope, *kind;

	kind = name_of(json_object_get(r, "responseKind"), "kind");
	scope = json_string_value(json_object_get(r, "scope"));
	if (name == NULL || kind == NULL || scope == NULL || !is_listable(r))
		return 0;
	return buf_printf(&d->lines, "%s %s %s %s %s\n",
	    *group == '\0' ? "core" : group, version, name, kind,
	    strcmp(scope, "Cluster") == 0 ? "cluster" : "namespaced");
}

/*
 * Of a version whose server does not answer now (freshness Stale) the
 * resources may be missing: what was told of it before stays.
 */
static int
keep_old(struct discovery *d, const char *group, const char *version)
{
	char start[2 * DISCOVERY_NAME_MAX + 8];
	const char *p, *end;
	int n, rc = 0;

	n = snprintf(start, sizeof(start), "%s %s ",
	    *group == '\0' ? "core" : group, version);
	for (p = d->old; p != NULL && *p != '\0' && rc == 0; p = end) {
		end = strchrnul(p, '\n');
		end += *end == '\n';
		if (strncmp(p, start, (size_t)n) == 0)
			rc = buf_add(&d->lines, p, (size_t)(end - p));
	}
	return rc;
}

static int
take_version(struct discovery *d, const char *group, const json_t *v,
    const char *mark)
{
	const char *version = name_of(v, "version"), *fresh;
	const json_t *r;
	size_t i;

	if (version == NULL)
		return 0;
	fresh = json_string_value(json_object_get(v, "freshness"));
	if (fresh != NULL && strcmp(fresh, "Stale") == 0) {
		if (keep_old(d, group, version) == -1)
			return -1;
	} else {
		json_array_foreach(json_object_get(v, "resources"), i, r)
			if (add_resource(d, group, version, r) == -1)
				return -1;
	}
	return d->each(d->arg, group, version, mark);
}

static int
take_group(void *arg, const char *p, size_t n)
{
	struct discovery *d = arg;
	char mark[HASH_LEN];
	const json_t *meta, *v;
	const char *group = "";
	size_t i;
	json_t *o;
	int rc = 0;

	if ((o = json_loadb(p, n, 0, NULL)) == NULL) {
		errno = EBADMSG;
		return -1;
	}
	hash_name(p, n, mark);
	meta = json_object_get(o, "metadata");
	/* the core group has no name; any other must have a sound one */
	if (json_object_get(meta, "name") != NULL)
		group = name_of(meta, "name");
	if (group != NULL) {
		rc = d->each(d->arg, group, NULL, mark);
		json_array_foreach(json_object_get(o, "versions"), i, v)
			if (rc == 0)
				rc = take_version(d, group, v, mark);
	}
	json_decref(o);
	return rc;
}

void
discovery_init(struct discovery *d, const char *old,
    int (*each)(void *, const char *, const char *, const char *), void *arg)
{
	memset(d, 0, sizeof(*d));
	d->each = each;
	d->arg = arg;
	d->old = old;
	split_init(&d->split, take_group, d, GROUP_MAX);
}

int
discovery_feed(struct discovery *d, const char *p, size_t n)
{
	return split_feed(&d->split, p, n);
}

int
discovery_done(const struct discovery *d)
{
	const char *kind;
	json_t *o;
	int rc;

	if (!split_done(&d->split) || d->split.rest.len == 0)
		return 0;
	o = json_loadb(d->split.rest.data, d->split.rest.len, 0, NULL);
	kind = json_string_value(json_object_get(o, "kind"));
	rc = kind != NULL && strcmp(kind, "APIGroupDiscoveryList") == 0 &&
	    json_is_array(json_object_get(o, "items"));
	json_decref(o);
	return rc;
}

void
discovery_free(struct discovery *d)
{
	split_free(&d->split);
	buf_free(&d->lines);
}

/* --- lines --- */

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
discovery_sort(struct buf *b)
{
	struct buf out = { 0 };
	char **lines, *line, *save = NULL, *copy;
	size_t n = 0, i, max = 1;
	int rc = 0;

	if (b->len == 0)
		return 0;
	for (i = 0; i < b->len; i++)
		max += b->data[i] == '\n';
	if ((copy = strdup(b->data)) == NULL)
		return -1;
	if ((lines = calloc(max, sizeof(*lines))) == NULL) {
		free(copy);
		return -1;
	}
	for (line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		lines[n++] = line;
	qsort(lines, n, sizeof(*lines), by_bytes);
	for (i = 0; i < n && rc == 0; i++)
		if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0)
			rc = buf_printf(&out, "%s\n", lines[i]);
	free(lines);
	free(copy);
	if (rc == -1) {
		buf_free(&out);
		return -1;
	}
	buf_free(b);
	*b = out;
	return 0;
}

/* --- schemas --- */

int
discovery_schemas(const char *text, size_t n,
    int (*each)(void *, const char *, const char *), void *arg)
{
	const char *url, *key;
	char path[512], *hash;
	json_t *o, *v, *paths;
	int rc = 0;

	if ((o = json_loadb(text, n, 0, NULL)) == NULL ||
	    !json_is_object(paths = json_object_get(o, "paths"))) {
		json_decref(o);
		errno = EBADMSG;
		return -1;
	}
	json_object_foreach(paths, key, v) {
		url =
		    json_string_value(json_object_get(v, "serverRelativeURL"));
		if (rc != 0 || url == NULL ||
		    strncmp(url, "/openapi/v3/", 12) != 0 ||
		    strlen(url) >= sizeof(path))
			continue;
		strcpy(path, url);
		if ((hash = strchr(path, '?')) == NULL ||
		    strncmp(hash, "?hash=", 6) != 0)
			continue;
		*hash = '\0';
		hash += 6;
		hash[strcspn(hash, "&")] = '\0';
		rc = each(arg, path, hash);
	}
	json_decref(o);
	return rc;
}
