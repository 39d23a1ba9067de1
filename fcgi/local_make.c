/*
 * Creations and deletions while the master is away.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "local.h"
#include "recent.h"

#define GRACE_MAX 1000000000

/* --- creations --- */

/* 0; -1 answered. kind and apiVersion are those of the path. */
static int
check_kind(struct request *r, json_t *o)
{
	const struct resource *known = resource_find(r->p.group, r->p.resource);
	const char *kind = json_string_value(json_object_get(o, "kind"));
	char version[320], text[512];

	if (kind == NULL && known == NULL) {
		answer_bad(r, "Object 'Kind' is missing");
		return -1;
	}
	if (kind != NULL && known != NULL && strcmp(kind, known->kind) != 0) {
		snprintf(text, sizeof(text),
		    "%.64s in version \"%.64s\" cannot be handled as a %s",
		    kind, r->p.version, known->kind);
		answer_bad(r, text);
		return -1;
	}
	if (kind == NULL)
		json_object_set_new(o, "kind", json_string(known->kind));
	snprintf(version, sizeof(version), "%s%s%s", r->p.group,
	    *r->p.group == '\0' ? "" : "/", r->p.version);
	json_object_set_new(o, "apiVersion", json_string(version));
	return 0;
}

static int
has_name(const json_t *o)
{
	const char *name = object_metadata(o, "name");

	return name != NULL && *name != '\0';
}

/* 0; -1 answered. */
static int
check_metadata(struct request *r, const json_t *o)
{
	const char *prefix = object_metadata(o, "generateName");
	const char *ns = object_metadata(o, "namespace");
	const char *rv = object_metadata(o, "resourceVersion");

	if (!has_name(o) && (prefix == NULL || *prefix == '\0'))
		answer_error(r, 422,
		    "metadata.name: Required value: name or generateName is "
		    "required");
	else if (ns != NULL && *ns != '\0' && strcmp(ns, r->p.ns) != 0)
		answer_bad(r,
		    "the namespace of the provided object does not match the "
		    "namespace sent on the request");
	else if (rv != NULL && *rv != '\0')
		answer_bad(r,
		    "resourceVersion should not be set on objects to be "
		    "created");
	else
		return 0;
	return -1;
}

/* What the server sets, in the order in which it writes. */
static void
fill_metadata(struct request *r, json_t *o, const char *name)
{
	static const char *const aside[] = { "deletionTimestamp",
		"deletionGracePeriodSeconds", "selfLink", "generation", "name",
		"namespace", "uid", "resourceVersion", "creationTimestamp" };
	json_t *old = json_object_get(o, "metadata"), *m = json_object();
	json_t *prefix = json_object_get(old, "generateName");
	size_t i;

	json_object_set_new(m, "name", json_string(name));
	if (prefix != NULL)
		json_object_set(m, "generateName", prefix);
	if (*r->p.ns != '\0')
		json_object_set_new(m, "namespace", json_string(r->p.ns));
	json_object_set_new(m, "uid", object_new_uid());
	json_object_set_new(m, "resourceVersion", json_string("1"));
	json_object_set_new(m, "creationTimestamp", object_time(wall_s()));
	for (i = 0; i < sizeof(aside) / sizeof(*aside); i++)
		(void)json_object_del(old, aside[i]);
	json_object_update_missing(m, old);
	json_object_set_new(o, "metadata", m);
}

/* What a new one cannot have: registry/core/pod, PrepareForCreate. */
static void
fill_status(const struct apipath *p, json_t *o)
{
	if (*p->group == '\0' && strcmp(p->resource, "pods") == 0)
		json_object_set_new(o, "status",
		    json_pack("{s:s}", "phase", "Pending"));
}

/* 1 if a feed of ours has the object, or shall have it. */
static int
has_place(struct local *l, const json_t *o)
{
	const struct apipath *p = &l->r->p;
	struct meta m = { 0 };
	int yes;

	if (meta_load(&m, o, resource_find(p->group, p->resource)) == -1)
		return 0;
	yes = feeds_taking(l->r->edge, p, &m) != NULL;
	meta_free(&m);
	return yes;
}

/* 1, answered, if there is one of that name. */
static int
is_there(struct local *l, const char *path, const char *name)
{
	const struct feed_object *f;
	enum recent newer;
	struct apipath p;

	if (apipath_parse(&p, path) == -1 || strcmp(p.name, name) != 0) {
		answer_error(l->r, 422, "metadata.name: Invalid value");
		return 1;
	}
	feeds_follow_all(l->r->edge, &p);
	newer = recent_find(l->r->edge, &p, NULL);
	if (newer == RECENT_GONE ||
	    (newer == RECENT_NONE &&
		feeds_find_object(l->r->edge, &p, &f) == NULL))
		return 0;
	object_exists(l->r, name);
	return 1;
}

void
local_create(struct local *l, json_t *o)
{
	char name[300], path[APIPATH_MAX];
	struct local_change c = { .type = FEED_ADDED,
		.path = path,
		.now = o,
		.code = 201 };
	struct request *r = l->r;

	if (!json_is_object(json_object_get(o, "metadata")))
		json_object_set_new(o, "metadata", json_object());
	if (check_kind(r, o) == -1 || check_metadata(r, o) == -1)
		return;
	if (l->late && !has_name(o)) {
		/* another name, and the master would have two */
		answer_error(r, 504,
		    "the master did not answer, and may have made one of a "
		    "name of its own");
		return;
	}
	object_name(name, sizeof(name), object_metadata(o, "name"),
	    object_metadata(o, "generateName"));
	if (local_path(&r->p, name, path, sizeof(path)) == -1) {
		answer_bad(r, "the name is too long");
		return;
	}
	if (is_there(l, path, name))
		return;
	fill_metadata(r, o, name);
	fill_status(&r->p, o);
	if (local_admit(l, NULL, o) == -1)
		return;
	c.treeless = !has_place(l, o);
	if (c.treeless && !local_is_event(&r->p))
		answer_cut_off(r, "what you create is not cached here");
	else
		local_keep(l, &c);
}

/* --- deletions --- */

/* How long a pod may take (registry/core/pod, CheckGracefulDelete), else 0. */
static long long
grace(const struct apipath *p, const json_t *o, const json_t *asked)
{
	const json_t *spec = json_object_get(o, "spec"), *v;
	const char *phase, *node;
	long long s;

	if (*p->group != '\0' || strcmp(p->resource, "pods") != 0)
		return 0;
	v = asked != NULL
	    ? asked
	    : json_object_get(spec, "terminationGracePeriodSeconds");
	s = json_integer_value(v);
	node = json_string_value(json_object_get(spec, "nodeName"));
	phase = json_string_value(
	    json_object_get(json_object_get(o, "status"), "phase"));
	if (node == NULL || *node == '\0' ||
	    (phase != NULL &&
		(strcmp(phase, "Failed") == 0 ||
		    strcmp(phase, "Succeeded") == 0)))
		return 0;
	if (s < 0)
		return 1;
	return s > GRACE_MAX ? GRACE_MAX : s;
}

/* 0; -1 answered: the preconditions of DeleteOptions. */
static int
check_preconditions(struct request *r, const json_t *was, const json_t *options)
{
	static const char *const names[][3] = {
		{ "uid", "UID", "UID" },
		{ "resourceVersion", "ResourceVersion", "ResourceVersion" },
	};
	const json_t *p = json_object_get(options, "preconditions");
	const char *want, *have;
	size_t i;

	for (i = 0; i < 2; i++) {
		want = json_string_value(json_object_get(p, names[i][0]));
		have = object_metadata(was, names[i][0]);
		if (want == NULL || (have != NULL && strcmp(want, have) == 0))
			continue;
		answer_error(r, 409,
		    "Operation cannot be fulfilled on %s \"%s\": Precondition "
		    "failed: %s in precondition: %.64s, %s in object meta: "
		    "%.64s",
		    r->p.resource, r->p.name, names[i][1], want, names[i][2],
		    have == NULL ? "" : have);
		return -1;
	}
	return 0;
}

/* The deletion is to wait for s seconds or finalizers. 0 if it did already. */
static int
mark_deleted(json_t *o, long long s, int timed)
{
	json_t *m = json_object_get(o, "metadata");
	const json_t *old = json_object_get(m, "deletionGracePeriodSeconds");

	if (json_object_get(m, "deletionTimestamp") != NULL &&
	    (!timed || (old != NULL && json_integer_value(old) <= s)))
		return 0;
	json_object_set_new(m, "deletionTimestamp", object_time(wall_s() + s));
	json_object_set_new(m, "deletionGracePeriodSeconds", json_integer(s));
	return 1;
}

/* Stores whose ReturnDeletedObject is set, as far as nodes delete of them. */
static int
returns_object(const struct apipath *p)
{
	static const char *const names[] = { "/pods", "/services",
		"/persistentvolumes", "/persistentvolumeclaims",
		"/serviceaccounts", "/podtemplates", "/resourcequotas",
		"storage.k8s.io/csinodes", "storage.k8s.io/csidrivers",
		"storage.k8s.io/storageclasses",
		"storage.k8s.io/volumeattachments",
		"storage.k8s.io/volumeattributesclasses",
		"resource.k8s.io/resourceclaims",
		"resource.k8s.io/resourceclaimtemplates",
		"resource.k8s.io/resourceslices",
		"resource.k8s.io/deviceclasses" };
	char text[320];
	size_t i;

	snprintf(text, sizeof(text), "%s/%s", p->group, p->resource);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], text) == 0)
			return 1;
	return 0;
}

/* metav1.Status of a deletion that is done: a new reference. */
static json_t *
success(const struct apipath *p, const json_t *o)
{
	const char *uid = object_metadata(o, "uid");
	json_t *d = json_pack("{s:s}", "name", p->name);

	if (*p->group != '\0')
		json_object_set_new(d, "group", json_string(p->group));
	json_object_set_new(d, "kind", json_string(p->resource));
	if (uid != NULL)
		json_object_set_new(d, "uid", json_string(uid));
	return json_pack("{s:s,s:s,s:{},s:s,s:o}", "kind", "Status",
	    "apiVersion", "v1", "metadata", "status", "Success", "details", d);
}

/* gracePeriodSeconds of the query, where the options have none. */
static void
take_query(const struct request *r, json_t *options)
{
	static const char key[] = "gracePeriodSeconds=";
	const char *p = strchrnul(r->uri, '?');

	if (json_object_get(options, "gracePeriodSeconds") == NULL &&
	    (p = strstr(p, key)) != NULL)
		json_object_set_new(options, "gracePeriodSeconds",
		    json_integer(strtoll(p + sizeof(key) - 1, NULL, 10)));
}

static void
delete_object(struct local *l, const json_t *was, const json_t *options)
{
	struct request *r = l->r;
	const json_t *asked = json_object_get(options, "gracePeriodSeconds");
	json_t *now = json_deep_copy(was), *done = NULL;
	char path[APIPATH_MAX];
	struct local_change c = { .type = FEED_DELETED,
		.path = path,
		.was = was,
		.now = now,
		.options = options,
		.code = 200 };
	long long s = grace(&r->p, was, asked);
	int waits;

	waits = s > 0 ||
	    json_array_size(json_object_get(json_object_get(was, "metadata"),
		"finalizers")) > 0;
	if (local_path(&r->p, r->p.name, path, sizeof(path)) == -1) {
		answer_bad(r, "the name is too long");
	} else if (waits && !mark_deleted(now, s, s > 0)) {
		local_answer(l, 200, was);
	} else {
		if (waits)
			c.type = FEED_MODIFIED;
		else if (!returns_object(&r->p))
			c.answer = done = success(&r->p, was);
		local_keep(l, &c);
	}
	json_decref(done);
	json_decref(now);
}

void
local_delete(struct local *l, json_t *options)
{
	const char *policy =
	    json_string_value(json_object_get(options, "propagationPolicy"));
	json_t *was, *all = options == NULL ? json_object() : options;

	if (json_is_object(all))
		take_query(l->r, all);
	if (!json_is_object(all))
		answer_bad(l->r, "the body is no JSON object");
	else if (policy != NULL && strcmp(policy, "Background") != 0)
		answer_cut_off(l->r,
		    "a deletion of dependents or orphans needs it");
	else if ((was = local_stored(l)) != NULL) {
		if (check_preconditions(l->r, was, all) == 0 &&
		    local_admit(l, was, NULL) == 0)
			delete_object(l, was, all);
		json_decref(was);
	}
	if (options == NULL)
		json_decref(all);
}
