/*
 * Strategic merge patches as kube-apiserver applies them (apimachinery's
 * util/strategicpatch): maps merge by member, lists by the rule of their
 * field, and the directives of the patch never reach the object.
 */
#include <string.h>

#include "patch_list.h"

#define MARKER "$patch"
#define RETAIN "$retainKeys"
#define ORDER "$setElementOrder"
#define DELETE "$deleteFromPrimitiveList"

static int
starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int
is_directive(const char *key)
{
	return strcmp(key, MARKER) == 0 || strcmp(key, RETAIN) == 0 ||
	    starts(key, ORDER "/") || starts(key, DELETE "/");
}

/*
 * Members that no type has, and the decoding on the master drops; labels may
 * have any name.
 */
static void
strip(json_t *v)
{
	const char *key;
	json_t *sub;
	size_t i;
	void *next;

	json_array_foreach(v, i, sub)
		strip(sub);
	json_object_foreach_safe(v, next, key, sub)
	{
		if (is_directive(key))
			json_object_del(v, key);
		else if (strcmp(key, "matchLabels") != 0)
			strip(sub);
	}
}

/* What is inserted: no nulls, and nothing that has a directive. 0 or -1. */
static int
clean(json_t *v)
{
	json_t *rest, *sub;
	const char *key;
	size_t i, n;
	void *next;
	int rc = 0;

	json_object_foreach_safe(v, next, key, sub)
	{
		if (json_is_null(sub) || is_directive(key) ||
		    json_object_get(sub, MARKER) != NULL)
			json_object_del(v, key);
		else if (clean(sub) == -1)
			return -1;
	}
	if ((n = json_array_size(v)) == 0)
		return 0;
	if ((rest = json_array()) == NULL)
		return -1;
	for (i = 0; rc == 0 && i < n; i++) {
		sub = json_array_get(v, i);
		if (json_object_get(sub, MARKER) == NULL)
			rc = clean(sub) == -1 ? -1
					      : json_array_append(rest, sub);
	}
	if (rc == 0 && json_array_size(rest) < n &&
	    (json_array_clear(v) == -1 || json_array_extend(v, rest) == -1))
		rc = -1;
	json_decref(rest);
	return rc;
}

static int
insert(json_t *to, const char *key, json_t *v)
{
	if (json_object_get(v, MARKER) != NULL) {
		json_object_del(to, key);
		return 0;
	}
	return clean(v) == -1 ? -1 : json_object_set(to, key, v);
}

static int
bad_marker(const json_t *marker, const json_t *map, struct patch_error *e)
{
	struct buf b = { 0 };
	int rc;

	if (patch_go_value(&b, map) == -1)
		rc = patch_no_memory(e);
	else if (json_is_string(marker))
		rc = patch_fail(e, 500, "", "unknown patch type: %s in map: %s",
		    json_string_value(marker), b.data);
	else
		rc = patch_fail(e, 500, "", "unknown patch type in map: %s",
		    b.data);
	buf_free(&b);
	return rc;
}

/* The key behind "/", or NULL. */
static const char *
behind(const char *key, const char *prefix)
{
	return key[strlen(prefix)] == '/' ? key + strlen(prefix) + 1 : NULL;
}

static int
listed(const json_t *positions, const char *key)
{
	json_t *name = json_string(key);
	int rc = list_position(positions, name) >= 0;

	json_decref(name);
	return rc;
}

static int
retain_keys(json_t *to, json_t *patch, struct patch_error *e)
{
	static const char bad[] = "invalid patch format of retainKeys";
	const json_t *list = json_object_get(patch, RETAIN);
	const char *key;
	json_t *at, *v;
	void *next;
	int rc = 0;

	if (list == NULL)
		return 0;
	if (!json_is_array(list))
		return patch_fail(e, 400, NULL, "%s", bad);
	if ((at = list_positions(list, "")) == NULL)
		return patch_no_memory(e);
	json_object_foreach(patch, key, v)
		if (strcmp(key, RETAIN) != 0 && !json_is_null(v) &&
		    !starts(key, DELETE) && !starts(key, ORDER) &&
		    !listed(at, key))
			rc = patch_fail(e, 400, NULL, "%s", bad);
	json_object_foreach_safe(to, next, key,
	    v) if (rc == 0 && !listed(at, key)) json_object_del(to, key);
	json_decref(at);
	return rc;
}

static int merge_map(json_t **, json_t *, const struct patch_field *,
    struct patch_error *);

/* --- lists --- */

/* What one $patch element says: of what is gone, or that all is replaced. */
static int
special_element(const json_t *item, const char *key, json_t *gone, int *replace,
    struct patch_error *e)
{
	const json_t *marker = json_object_get(item, MARKER), *v;
	const char *text = json_string_value(marker);

	if (text != NULL && strcmp(text, "replace") == 0) {
		*replace = 1;
		return 0;
	}
	if (text != NULL && strcmp(text, "merge") == 0)
		return patch_fail(e, 500, "",
		    "merging lists cannot yet be specified in the patch");
	if (text == NULL || strcmp(text, "delete") != 0)
		return bad_marker(marker, item, e);
	if ((v = json_object_get(item, key)) == NULL)
		return patch_no_key(item, key, e);
	return list_position_add(gone, v, 0) == -1 ? patch_no_memory(e) : 0;
}

/* $patch elements: acts on list and takes them out of patch. */
static int
special(json_t *list, json_t *patch, const char *key, int *replace,
    struct patch_error *e)
{
	json_t *gone = json_object(), *rest = json_array(), *item;
	int rc = gone == NULL || rest == NULL ? patch_no_memory(e) : 0;
	size_t i;

	json_array_foreach(patch, i, item) {
		if (rc == -1)
			break;
		if (json_object_get(item, MARKER) != NULL)
			rc = special_element(item, key, gone, replace, e);
		else if (json_array_append(rest, item) == -1)
			rc = patch_no_memory(e);
	}
	if (rc == 0 &&
	    (list_delete(list, key, gone) == -1 ||
		json_array_clear(patch) == -1 ||
		json_array_extend(patch, rest) == -1))
		rc = patch_no_memory(e);
	json_decref(gone);
	json_decref(rest);
	return rc;
}

static int
merge_elements(json_t *list, const json_t *patch, const struct patch_field *f,
    struct patch_error *e)
{
	json_t *at, *item, *v, *was;
	long k;
	size_t i;
	int rc = 0;

	if ((at = list_positions(list, f->key)) == NULL)
		return patch_no_memory(e);
	json_array_foreach(patch, i, item) {
		if ((v = json_object_get(item, f->key)) == NULL) {
			rc = patch_no_key(item, f->key, e);
			break;
		}
		if ((k = list_position(at, v)) >= 0) {
			was = json_incref(json_array_get(list, (size_t)k));
			rc = merge_map(&was, item, f->fields, e);
			if (rc == -1)
				json_decref(was);
			else
				rc = json_array_set_new(list, (size_t)k, was);
		} else {
			strip(item);
			k = (long)json_array_size(list);
			rc = json_array_append(list, item) == -1 ||
				list_position_add(at, v, k) == -1
			    ? patch_no_memory(e)
			    : 0;
		}
		if (rc == -1)
			break;
	}
	json_decref(at);
	return rc;
}

/*
 * Merges patch into *list, in the order that kube-apiserver gives: the
 * elements of the patch by the patch, between the others as they were.
 * live, which may be NULL, is the list that an order is made by afterwards:
 * there kube-apiserver sees the slice of before, into which the merge has
 * written where it deleted something.
 */
static int
merge_list(json_t **list, json_t *patch, const struct patch_field *f,
    int deletes, json_t **live, struct patch_error *e)
{
	size_t n = json_array_size(*list);
	enum list_kind kind;
	json_t *was;
	int rc, replace = 0;

	if (json_array_size(*list) == 0 && json_array_size(patch) == 0)
		return 0;
	if (list_kind(*list, patch, &kind, e) == -1)
		return -1;
	if (kind == LIST_SCALARS && deletes)
		return list_subtract(*list, patch) == -1 ? patch_no_memory(e)
							 : 0;
	if (kind == LIST_SCALARS) {
		if ((was = json_copy(*list)) == NULL)
			return patch_no_memory(e);
		rc = list_union(*list, patch) == -1
		    ? patch_no_memory(e)
		    : list_order(list, patch, was, "", e);
		json_decref(was);
		return rc;
	}
	if (f->key[0] == '\0')
		return patch_fail(e, 500, "",
		    "cannot merge lists without merge key for struct");
	if (special(*list, patch, f->key, &replace, e) == -1)
		return -1;
	if (replace) {
		strip(patch);
		json_decref(*list);
		*list = json_incref(patch);
		return list_order(list, patch, patch, f->key, e);
	}
	if ((was = json_copy(*list)) == NULL)
		return patch_no_memory(e);
	rc = merge_elements(*list, patch, f, e);
	if (rc == 0 && live != NULL) {
		json_decref(*live);
		if ((*live = list_head(*list, n)) == NULL)
			rc = patch_no_memory(e);
	}
	if (rc == 0)
		rc = list_order(list, patch, was, f->key, e);
	json_decref(was);
	return rc;
}

/* One $setElementOrder, with the list that it orders. */
static int
set_order(json_t *to, json_t *patch, const char *directive, json_t *order,
    const struct patch_field *fields, struct patch_error *e)
{
	const char *key = behind(directive, ORDER);
	json_t *list, *items, *was = NULL;
	const struct patch_field *f;
	int rc = -1;

	if (!json_is_array(order))
		return patch_bad_type("[]interface {}", order, e);
	if (key == NULL)
		return patch_fail(e, 400, NULL,
		    "invalid patch format of setElementOrder list");
	list = json_object_get(to, key);
	items = json_object_get(patch, key);
	if (list != NULL && !json_is_array(list))
		return patch_bad_type("[]interface {}", list, e);
	if (items != NULL && !json_is_array(items))
		return patch_bad_type("[]interface {}", items, e);
	f = patch_field(fields, key);
	if (list_check_order(items, order, f->key, e) == -1)
		return -1;
	if (list == NULL && items == NULL)
		return 0;
	/* kube-apiserver panics and hangs up */
	if (f->key[0] == '\0' &&
	    (list_has_container(list) || list_has_container(items) ||
		list_has_container(order)))
		return patch_fail(e, 500, NULL,
		    "%s: the elements have no order", directive);
	if ((was = list == NULL ? json_array() : json_copy(list)) == NULL)
		return patch_no_memory(e);
	if (json_array_size(list) == 0 && json_array_size(items) == 0) {
		rc = patch_fail(e, 500, "",
		    "no elements in any of the given slices");
		goto out;
	}
	if (list == NULL) {
		list = json_incref(items);
		rc = clean(items) == -1 ? patch_no_memory(e) : 0;
	} else if (items == NULL) {
		json_incref(list);
		rc = 0;
	} else if (f->strategy != PATCH_LIST_MERGE) {
		strip(items);
		list = json_incref(items);
		rc = 0;
	} else {
		json_incref(list);
		rc = merge_list(&list, items, f, 0, &was, e);
	}
	if (rc == 0)
		rc = list_order(&list, order, was, f->key, e);
	if (rc == 0 && json_object_set(to, key, list) == -1)
		rc = patch_no_memory(e);
	json_decref(list);
out:
	json_decref(was);
	return rc;
}

/* --- maps --- */

/* 1 if a $setElementOrder took the list key of the patch already. */
static int
is_ordered(const json_t *patch, const char *key)
{
	struct buf b = { 0 };
	int rc;

	if (!json_is_array(json_object_get(patch, key)))
		return 0;
	rc = buf_printf(&b, ORDER "/%s", key) == -1 ||
	    json_object_get(patch, b.data) != NULL;
	buf_free(&b);
	return rc;
}

/* v is neither null nor missing in to, and of the same type there. */
static int
merge_value(json_t *to, const char *key, json_t *v, const struct patch_field *f,
    int deletes, struct patch_error *e)
{
	json_t *was = json_incref(json_object_get(to, key));
	int rc = 0;

	if (f->strategy == PATCH_REPLACE ||
	    (json_is_array(v) && f->strategy != PATCH_LIST_MERGE && !deletes)) {
		strip(v);
		json_decref(was);
		was = json_incref(v);
	} else if (json_is_object(v))
		rc = merge_map(&was, v, f->fields, e);
	else
		rc = merge_list(&was, v, f, deletes, NULL, e);
	if (rc == 0 && json_object_set(to, key, was) == -1)
		rc = patch_no_memory(e);
	json_decref(was);
	return rc;
}

static int
merge_member(json_t *to, const char *name, json_t *v,
    const struct patch_field *fields, struct patch_error *e)
{
	int deletes = starts(name, DELETE);
	const char *key = deletes ? behind(name, DELETE) : name;
	const json_t *was;

	if (key == NULL)
		return patch_fail(e, 400, NULL,
		    "invalid patch format of primitive list");
	if (json_is_null(v)) {
		json_object_del(to, key);
		return 0;
	}
	was = json_object_get(to, key);
	if (was == NULL || strcmp(patch_go_type(was), patch_go_type(v)) != 0 ||
	    (!json_is_object(v) && !json_is_array(v))) {
		if (deletes)
			return 0;
		return insert(to, key, v) == -1 ? patch_no_memory(e) : 0;
	}
	return merge_value(to, key, v, patch_field(fields, key), deletes, e);
}

/* Every member but those of the directives that went before. */
static int
merge_members(json_t *to, json_t *patch, const struct patch_field *fields,
    struct patch_error *e)
{
	const char *key;
	json_t *v;

	json_object_foreach(patch, key, v)
		if (starts(key, ORDER) &&
		    set_order(to, patch, key, v, fields, e) == -1)
			return -1;
	json_object_foreach(patch, key, v) {
		if (strcmp(key, RETAIN) == 0 || starts(key, ORDER) ||
		    is_ordered(patch, key))
			continue;
		if (merge_member(to, key, v, fields, e) == -1)
			return -1;
	}
	return 0;
}

/* *to may become another object. */
static int
merge_map(json_t **to, json_t *patch, const struct patch_field *fields,
    struct patch_error *e)
{
	const json_t *marker = json_object_get(patch, MARKER);
	const char *text = json_string_value(marker);
	json_t *v = NULL;

	if (marker == NULL) {
		if (retain_keys(*to, patch, e) == -1)
			return -1;
		return merge_members(*to, patch, fields, e);
	}
	if (text != NULL && strcmp(text, "delete") == 0)
		v = json_object();
	else if (text != NULL && strcmp(text, "replace") == 0) {
		strip(patch);
		v = json_incref(patch);
	} else
		return bad_marker(marker, patch, e);
	if (v == NULL)
		return patch_no_memory(e);
	json_decref(*to);
	*to = v;
	return 0;
}

int
patch_strategic(json_t **o, json_t *patch, const struct patch_field *fields,
    struct patch_error *e)
{
	if (json_is_null(patch))
		return 0;
	if (!json_is_object(patch))
		return patch_fail(e, 400, NULL,
		    "json: cannot unmarshal %s into Go value of type "
		    "map[string]interface {}",
		    patch_go_word(patch));
	return merge_map(o, patch, fields, e);
}
