/*
 * The rules of kube-apiserver's registry that hold for objects of any kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "object.h"

/* schema.GroupResource's String */
static void
qualified(const struct apipath *p, char *out, size_t len)
{
	snprintf(out, len, "%s%s%s", p->resource, *p->group == '\0' ? "" : ".",
	    p->group);
}

static void
random_text(char *out, size_t n)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";

	while (n-- > 0)
		*out++ = letters[arc4random_uniform(sizeof(letters) - 1)];
	*out = '\0';
}

json_t *
object_new_uid(void)
{
	unsigned char b[16];

	arc4random_buf(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return json_sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
			    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}

json_t *
object_time(long long s)
{
	char text[CLOCK_TEXT_LEN];

	return json_string(clock_text(s, text));
}

json_t *
object_kind_first(json_t *o, const struct feed *f)
{
	json_t *out = json_object();

	if (f->r != NULL)
		json_object_set_new(out, "kind", json_string(f->kind));
	json_object_set_new(out, "apiVersion", json_string(f->api_version));
	json_object_set_new(out, "kind", json_string(f->kind));
	json_object_update_missing(out, o);
	return out;
}

const char *
object_metadata(const json_t *o, const char *name)
{
	return json_string_value(
	    json_object_get(json_object_get(o, "metadata"), name));
}

void
object_name(char *out, size_t len, const char *name, const char *prefix)
{
	char suffix[8];

	if (name != NULL && *name != '\0') {
		snprintf(out, len, "%.290s", name);
		return;
	}
	random_text(suffix, 5);
	snprintf(out, len, "%.250s%s", prefix, suffix);
}

void
object_exists(struct request *r, const char *name)
{
	char message[700], what[320];
	struct status s = { .code = 409,
		.reason = "AlreadyExists",
		.message = message,
		.name = name,
		.group = *r->p.group != '\0' ? r->p.group : NULL,
		.kind = r->p.resource };

	qualified(&r->p, what, sizeof(what));
	snprintf(message, sizeof(message), "%.300s \"%s\" already exists", what,
	    name);
	answer_status(r, &s);
}

void
object_not_found(struct request *r)
{
	char what[320];

	qualified(&r->p, what, sizeof(what));
	answer_error(r, 404, "%s \"%s\" not found", what, r->p.name);
}

/* validation.ValidateObjectMetaUpdate: an immutable field */
static void
invalid_uid(struct request *r, const json_t *was, const char *uid)
{
	char message[512], value[320];
	struct status_cause cause = { "FieldValueInvalid", value,
		"metadata.uid" };
	struct status s = { .code = 422,
		.message = message,
		.name = r->p.name,
		.group = *r->p.group != '\0' ? r->p.group : NULL,
		.kind = json_string_value(json_object_get(was, "kind")),
		.causes = &cause,
		.ncauses = 1 };

	snprintf(value, sizeof(value),
	    "Invalid value: \"%.200s\": field is immutable", uid);
	snprintf(message, sizeof(message),
	    "%.64s%s%.100s \"%.100s\" is invalid: metadata.uid: %.240s",
	    s.kind == NULL ? "" : s.kind, s.group == NULL ? "" : ".",
	    s.group == NULL ? "" : s.group, r->p.name, value);
	answer_status(r, &s);
}

int
object_is_other(struct request *r, const json_t *was, const json_t *o)
{
	const char *uid = object_metadata(o, "uid");
	const char *old = object_metadata(was, "uid");
	char what[320];

	if (uid == NULL || *uid == '\0' || old == NULL || strcmp(uid, old) == 0)
		return 0;
	if (strcmp(r->method, "PATCH") == 0) {
		invalid_uid(r, was, uid);
		return 1;
	}
	qualified(&r->p, what, sizeof(what));
	answer_error(r, 409,
	    "Operation cannot be fulfilled on %s \"%s\": Precondition failed: "
	    "UID in precondition: %.64s, UID in object meta: %.64s",
	    what, r->p.name, uid, old);
	return 1;
}

/* --- status and the rest --- */

/*
 * Whether a write of the status may change the metadata, too: not of custom
 * resources, nor where the strategy calls ResetObjectMetaForStatus.
 */
static int
status_has_metadata(const struct apipath *p)
{
	static const char *const names[] = { "validatingadmissionpolicies",
		"storageversions", "podcertificaterequests", "flowschemas",
		"prioritylevelconfigurations", "servicecidrs",
		"devicetaintrules", "resourceclaims",
		"resourcepoolstatusrequests", "podgroups", "volumeattachments",
		"storageversionmigrations" };
	size_t i;

	if (resource_find(p->group, p->resource) == NULL)
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], p->resource) == 0)
			return 0;
	return 1;
}

/* A member of o's metadata is as in was. */
static void
keep_metadata(json_t *o, const json_t *was, const char *name)
{
	json_t *m = json_object_get(o, "metadata");
	json_t *v = json_object_get(json_object_get(was, "metadata"), name);

	if (v != NULL)
		json_object_set(m, name, v);
	else
		(void)json_object_del(m, name);
}

/* All of o but its status is as in was. */
static void
only_status(json_t *o, const json_t *was, const struct apipath *p)
{
	json_t *status = json_incref(json_object_get(o, "status"));
	json_t *metadata = json_incref(json_object_get(o, "metadata"));

	json_object_clear(o);
	json_object_update(o, (json_t *)(uintptr_t)was);
	if (status_has_metadata(p))
		json_object_set(o, "metadata", metadata);
	/* registry/core/pod, registry/apps/deployment: PrepareForUpdate */
	if (strcmp(p->resource, "pods") == 0)
		keep_metadata(o, was, "ownerReferences");
	if (strcmp(p->resource, "deployments") == 0)
		keep_metadata(o, was, "labels");
	if (status != NULL)
		json_object_set(o, "status", status);
	else
		(void)json_object_del(o, "status");
	json_decref(status);
	json_decref(metadata);
}

static int
differs(const json_t *a, const json_t *b)
{
	static const char *const aside[] = { "metadata", "status", "kind",
		"apiVersion" };
	json_t *x = json_copy((json_t *)(uintptr_t)a);
	json_t *y = json_copy((json_t *)(uintptr_t)b);
	size_t i;
	int rc;

	for (i = 0; i < sizeof(aside) / sizeof(*aside); i++) {
		(void)json_object_del(x, aside[i]);
		(void)json_object_del(y, aside[i]);
	}
	rc = !json_equal(x, y);
	json_decref(x);
	json_decref(y);
	return rc;
}

void
object_separate(json_t *o, const json_t *was, const struct apipath *p)
{
	json_t *v, *m;

	if (strcmp(p->subresource, "status") == 0) {
		only_status(o, was, p);
		return;
	}
	if ((v = json_object_get(was, "status")) != NULL)
		json_object_set(o, "status", v);
	else
		(void)json_object_del(o, "status");
	m = json_object_get(o, "metadata");
	v = json_object_get(m, "generation");
	if (v != NULL && differs(o, was))
		json_object_set_new(m, "generation",
		    json_integer(json_integer_value(v) + 1));
}

/* --- what a client cannot change --- */

int
object_conflicts(struct request *r, const json_t *was, const json_t *o)
{
	const char *rv = object_metadata(o, "resourceVersion");
	char what[320];

	if (rv == NULL || *rv == '\0' ||
	    strcmp(rv, object_metadata(was, "resourceVersion")) == 0)
		return 0;
	qualified(&r->p, what, sizeof(what));
	answer_error(r, 409,
	    "Operation cannot be fulfilled on %s \"%s\": the object has been "
	    "modified; please apply your changes to the latest version and "
	    "try again",
	    what, r->p.name);
	return 1;
}

/* What a client cannot change comes from the stored object. */
void
object_keep_identity(json_t *o, const json_t *was)
{
	static const char *const names[] = { "name", "namespace", "uid",
		"creationTimestamp", "generation", "deletionTimestamp",
		"deletionGracePeriodSeconds", "managedFields", "selfLink",
		NULL };
	int i;

	if (!json_is_object(json_object_get(o, "metadata")))
		json_object_set_new(o, "metadata", json_object());
	for (i = 0; names[i] != NULL; i++)
		keep_metadata(o, was, names[i]);
}

void
object_refuse_patch(struct request *r, const struct patch_error *e)
{
	struct status s = { .code = e->code,
		.reason = e->reason,
		.message = e->message,
		.details = e->code == 422 };

	answer_status(r, &s);
}
