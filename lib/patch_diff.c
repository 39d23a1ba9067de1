/*
 * The patch from one object to another. A list that merges is told by what
 * changed and by its order; where that would not give the list (elements of
 * before without a key, or two with the same), it is replaced as a whole. Of two
 * with the same key the second stands behind the first then, on the master too:
 * in another order they cannot be told, nor one without a key.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "patch_list.h"

static json_t *diff_map(const struct patch_field *, int, const json_t *,
    const json_t *);

static json_t *
own(const json_t *v)
{
	return (json_t *)(uintptr_t)v;
}

/* "prefix/key" to v, whose reference is taken. */
static int
set_directive(json_t *patch, const char *prefix, const char *key, json_t *v)
{
	struct buf b = { 0 };
	int rc = -1;

	if (v != NULL && buf_printf(&b, "%s/%s", prefix, key) == 0)
		rc = json_object_set(patch, b.data, v);
	json_decref(v);
	buf_free(&b);
	return rc;
}

/* Only the key of each element. */
static json_t *
keys_of(const json_t *list, const char *key)
{
	json_t *out = json_array();
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (out != NULL &&
		    json_array_append_new(out,
			*key == '\0' ? json_incref(own(v))
				     : json_pack("{s:O}", key,
					   json_object_get(v, key))) == -1) {
			json_decref(out);
			out = NULL;
		}
	return out;
}

/* The changed and new elements of b into out. 0 or -1. */
static int
add_changed(json_t *out, const struct patch_field *f, const json_t *a,
    const json_t *b, const json_t *at)
{
	json_t *d;
	const json_t *v;
	long k;
	size_t i;
	int rc = 0;

	json_array_foreach(b, i, v) {
		k = list_position(at, json_object_get(v, f->key));
		if (k < 0)
			d = json_deep_copy(v);
		else
			d = diff_map(f->fields, 1, json_array_get(a, (size_t)k),
			    v);
		if (d == NULL)
			return -1;
		if (json_object_size(d) > 0) {
			if (k >= 0)
				rc = json_object_set(d, f->key,
				    json_object_get(v, f->key));
			if (rc == 0)
				rc = json_array_append(out, d);
		}
		json_decref(d);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
add_deleted(json_t *out, const char *key, const json_t *a, const json_t *at)
{
	const json_t *v, *value;
	size_t i;

	json_array_foreach(a, i, v) {
		value = json_object_get(v, key);
		if (list_position(at, value) < 0 &&
		    json_array_append_new(out,
			json_pack("{s:s,s:O}", "$patch", "delete", key,
			    value)) == -1)
			return -1;
	}
	return 0;
}

/* The members of the patch for lists of maps. */
static int
diff_maps(json_t *patch, const struct patch_field *f, const json_t *a,
    const json_t *b)
{
	json_t *in_a = list_positions(a, f->key);
	json_t *in_b = list_positions(b, f->key);
	json_t *out = json_array();
	int rc = -1;

	if (in_a != NULL && in_b != NULL && out != NULL &&
	    add_changed(out, f, a, b, in_a) == 0 &&
	    add_deleted(out, f->key, a, in_b) == 0)
		rc = 0;
	if (rc == 0 && json_array_size(out) > 0)
		rc = json_object_set(patch, f->name, out);
	if (rc == 0)
		rc = set_directive(patch, "$setElementOrder", f->name,
		    keys_of(b, f->key));
	json_decref(in_a);
	json_decref(in_b);
	json_decref(out);
	return rc;
}

static int
diff_scalars(json_t *patch, const struct patch_field *f, const json_t *a,
    const json_t *b)
{
	json_t *added = json_copy(own(b)), *gone = json_copy(own(a));
	int rc = -1;

	if (added != NULL && gone != NULL && list_subtract(added, a) == 0 &&
	    list_subtract(gone, b) == 0)
		rc = 0;
	if (rc == 0 && json_array_size(gone) > 0)
		rc = set_directive(patch, "$deleteFromPrimitiveList", f->name,
		    json_incref(gone));
	if (rc == 0 && json_array_size(added) > 0)
		rc = json_object_set(patch, f->name, added);
	if (rc == 0)
		rc = set_directive(patch, "$setElementOrder", f->name,
		    keys_of(b, ""));
	json_decref(added);
	json_decref(gone);
	return rc;
}

/* All of b, with the element that replaces what was there. */
static json_t *
replacement(const char *key, const json_t *b)
{
	json_t *list = json_deep_copy(b);

	if (list == NULL ||
	    json_array_append_new(list,
		json_pack("{s:s}", "$patch", "replace")) == -1) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:o}", key, list);
}

/* Whether the patch gives b. */
static int
gives(const json_t *patch, const struct patch_field *f, const json_t *a,
    const json_t *b)
{
	struct patch_field fields[2] = { *f, { NULL, NULL, 0, NULL } };
	json_t *o = json_pack("{s:o}", f->name, json_deep_copy(a));
	json_t *copy = json_deep_copy(patch);
	struct patch_error e;
	int same = 0;

	if (o != NULL && copy != NULL &&
	    patch_strategic(&o, copy, fields, &e) == 0)
		same = json_equal(json_object_get(o, f->name), own(b));
	json_decref(o);
	json_decref(copy);
	return same;
}

/* Adds to patch what makes list b of list a; both have elements. */
static int
diff_list(json_t *patch, const struct patch_field *f, const json_t *a,
    const json_t *b)
{
	json_t *part = json_object();
	struct patch_error e;
	enum list_kind kind;
	int rc = -1;

	if (part == NULL)
		return -1;
	if (list_kind(a, b, &kind, &e) == 0 &&
	    (kind == LIST_MAPS) == (f->key[0] != '\0') &&
	    list_check_keys(a, f->key, &e) == 0 &&
	    list_check_keys(b, f->key, &e) == 0)
		rc = kind == LIST_MAPS ? diff_maps(part, f, a, b)
				       : diff_scalars(part, f, a, b);
	if ((rc == -1 || !gives(part, f, a, b)) && f->key[0] != '\0') {
		json_decref(part);
		part = replacement(f->name, b);
		rc = part == NULL ? -1 : 0;
		if (rc == 0 && !gives(part, f, a, b)) {
			errno = EDOM;
			rc = -1;
		}
	}
	if (rc == 0)
		rc = json_object_update(patch, part);
	json_decref(part);
	return rc;
}

static int
diff_value(json_t *patch, const struct patch_field *f, int strategic,
    const char *key, const json_t *was, const json_t *v)
{
	json_t *d;
	int rc;

	if (json_equal(own(was), own(v)))
		return 0;
	if (strategic && f->strategy == PATCH_LIST_MERGE &&
	    json_array_size(was) > 0 && json_array_size(v) > 0)
		return diff_list(patch, f, was, v);
	if (strategic && f->strategy == PATCH_LIST_MERGE &&
	    json_array_size(was) > 0 && json_is_array(v) && f->key[0] != '\0') {
		d = replacement(key, v);
		rc = d == NULL ? -1 : json_object_update(patch, d);
		json_decref(d);
		return rc;
	}
	if (json_is_object(was) && json_is_object(v) &&
	    f->strategy != PATCH_REPLACE) {
		if ((d = diff_map(f->fields, strategic, was, v)) == NULL)
			return -1;
		rc = json_object_size(d) == 0 ? 0
					      : json_object_set(patch, key, d);
		json_decref(d);
		return rc;
	}
	return json_object_set_new(patch, key, json_deep_copy(v));
}

static json_t *
diff_map(const struct patch_field *fields, int strategic, const json_t *a,
    const json_t *b)
{
	json_t *patch = json_object(), *v;
	const char *key;
	int rc = patch == NULL ? -1 : 0;

	json_object_foreach(own(b), key, v)
		if (rc == 0 && !json_is_null(v))
			rc = diff_value(patch, patch_field(fields, key),
			    strategic, key, json_object_get(a, key), v);
	json_object_foreach(own(a), key, v)
		if (rc == 0 && !json_is_null(v) &&
		    (json_object_get(b, key) == NULL ||
			json_is_null(json_object_get(b, key))))
			rc = json_object_set_new(patch, key, json_null());
	if (rc == -1) {
		json_decref(patch);
		if (errno != EDOM)
			errno = ENOMEM;
		return NULL;
	}
	return patch;
}

json_t *
patch_diff(const struct patch_schema *schema, const json_t *a, const json_t *b)
{
	errno = 0;
	return diff_map(schema == NULL ? NULL : schema->fields, schema != NULL,
	    a, b);
}
