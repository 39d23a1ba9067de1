/*
 * What of ours the master shall have, beside what others changed there.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "difference.h"
#include "patch.h"

static int
set(json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

/* --- three ways --- */

static const json_t *
by_type(const json_t *list, const json_t *type)
{
	const json_t *e;
	size_t i;

	json_array_foreach(list, i, e) {
		if (type != NULL &&
		    json_equal(json_object_get(e, "type"), type))
			return e;
	}
	return NULL;
}

static int
same(const json_t *a, const json_t *b)
{
	return a == b || (a != NULL && b != NULL && json_equal(a, b));
}

/* One condition: what it shall be, NULL for none. Borrowed. */
static const json_t *
choose(const json_t *before, const json_t *ours, const json_t *master,
    int ours_wins)
{
	if (ours_wins && ours != NULL)
		return ours;
	return same(before, ours) ? master : ours;
}

static int
add_copy(json_t *list, const json_t *v)
{
	return v == NULL ? 0 : json_array_append_new(list, json_deep_copy(v));
}

static json_t *
conditions(const json_t *before, const json_t *ours, const json_t *master,
    int ours_wins)
{
	json_t *out = json_array();
	const json_t *e, *type;
	size_t i;
	int bad = out == NULL;

	json_array_foreach(master, i, e) {
		type = json_object_get(e, "type");
		bad |= add_copy(out,
		    choose(by_type(before, type), by_type(ours, type), e,
			ours_wins));
	}
	json_array_foreach(ours, i, e) {
		type = json_object_get(e, "type");
		if (by_type(master, type) == NULL)
			bad |= add_copy(out,
			    choose(by_type(before, type), e, NULL, ours_wins));
	}
	if (!bad)
		return out;
	json_decref(out);
	return NULL;
}

/* One member: 0, or -1. */
static int
member(json_t *out, const char *key, const json_t *before, const json_t *ours,
    const json_t *master, int ours_wins)
{
	if (strcmp(key, "conditions") == 0 && json_is_array(ours) &&
	    json_is_array(master))
		return set(out, key,
		    conditions(before, ours, master, ours_wins));
	if (json_is_object(ours) && json_is_object(master))
		return set(out, key,
		    difference_target(before, ours, master, ours_wins));
	if (same(before, ours))
		return 0;
	if (ours != NULL)
		return set(out, key, json_deep_copy(ours));
	(void)json_object_del(out, key);
	return 0;
}

json_t *
difference_target(const json_t *before, const json_t *ours,
    const json_t *master, int ours_wins)
{
	json_t *out, *v;
	const char *key;
	int rc = 0;

	out = master == NULL ? json_object() : json_deep_copy(master);
	if (out == NULL)
		return NULL;
	json_object_foreach((json_t *)(uintptr_t)ours, key, v) {
		if (rc == 0)
			rc = member(out, key, json_object_get(before, key), v,
			    json_object_get(master, key), ours_wins);
	}
	json_object_foreach((json_t *)(uintptr_t)before, key, v) {
		if (rc == 0 && json_object_get(ours, key) == NULL)
			rc = member(out, key, v, NULL,
			    json_object_get(master, key), ours_wins);
	}
	if (rc == 0)
		return out;
	json_decref(out);
	return NULL;
}

/* --- what is ours of an object --- */

json_t *
difference_bare(const json_t *object)
{
	static const char *const set_by_server[] = { "uid", "resourceVersion",
		"creationTimestamp", "generation", "managedFields", "selfLink",
		"deletionTimestamp", "deletionGracePeriodSeconds" };
	json_t *copy = json_deep_copy(object), *m;
	size_t i;

	m = json_object_get(copy, "metadata");
	for (i = 0; i < sizeof(set_by_server) / sizeof(*set_by_server); i++)
		(void)json_object_del(m, set_by_server[i]);
	return copy;
}

static int
is_exact(const char *key)
{
	return strcmp(key, "data") == 0 || strcmp(key, "binaryData") == 0 ||
	    strcmp(key, "labels") == 0;
}

int
difference_covers(const json_t *whole, const json_t *part)
{
	const json_t *e;
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_array(part) && json_is_array(whole)) {
		json_array_foreach(part, i, e) {
			if (!difference_covers(json_array_get(whole, i), e))
				return 0;
		}
		return 1;
	}
	if (!json_is_object(part) || !json_is_object(whole))
		return whole == NULL ? json_is_null(part)
				     : json_equal(whole, part);
	json_object_foreach((json_t *)(uintptr_t)part, key, v) {
		e = json_object_get(whole, key);
		if (is_exact(key) && json_object_size(v) > 0) {
			if (!same(e, v))
				return 0;
		} else if (json_is_object(v) && json_object_size(v) == 0 &&
		    e == NULL)
			continue; /* omitted when empty */
		else if (json_is_array(v) && json_array_size(v) == 0 &&
		    e == NULL)
			continue;
		else if (!difference_covers(e, v))
			return 0;
	}
	return 1;
}

int
difference_patch(const json_t *from, const json_t *to, json_t **patch)
{
	if ((*patch = patch_diff(NULL, from, to)) == NULL)
		return -1;
	if (json_object_size(*patch) == 0) {
		json_decref(*patch);
		*patch = NULL;
	}
	return 0;
}
