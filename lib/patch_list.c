/*
 * The lists of a strategic merge: which elements are the same, and in what
 * order they end. Positions are looked up in a hash, so that a long list
 * costs no more than its length.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patch_list.h"

int
patch_no_key(const json_t *map, const char *key, struct patch_error *e)
{
	struct buf b = { 0 };
	int rc;

	if (patch_go_value(&b, map) == -1)
		rc = patch_no_memory(e);
	else
		rc = patch_fail(e, 500, "",
		    "map: %s does not contain declared merge key: %s", b.data,
		    key);
	buf_free(&b);
	return rc;
}

int
patch_bad_type(const char *want, const json_t *v, struct patch_error *e)
{
	return patch_fail(e, 500, "", "expected a %s, but received a %s", want,
	    patch_go_type(v));
}

/* --- what they are of --- */

static int
mixed(const json_t *a, const json_t *b, struct patch_error *e)
{
	struct buf text = { 0 };
	int rc;

	if (buf_puts(&text, "[") == -1 || patch_go_value(&text, a) == -1 ||
	    buf_puts(&text, " ") == -1 || patch_go_value(&text, b) == -1)
		rc = patch_no_memory(e);
	else
		rc = patch_fail(e, 500, "",
		    "list element types are not identical: %s]", text.data);
	buf_free(&text);
	return rc;
}

int
list_kind(const json_t *a, const json_t *b, enum list_kind *kind,
    struct patch_error *e)
{
	const json_t *lists[] = { a, b }, *first = NULL, *v;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		json_array_foreach(lists[k], i, v) {
			if (first == NULL)
				first = v;
			if (json_is_array(first))
				return patch_fail(e, 422, NULL,
				    "the server rejected our request due to an "
				    "error in our request");
			if (json_is_null(first) ||
			    strcmp(patch_go_type(first), patch_go_type(v)) != 0)
				return mixed(a, b, e);
		}
	}
	*kind = json_is_object(first) ? LIST_MAPS : LIST_SCALARS;
	return 0;
}

int
list_has_container(const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_object(v) || json_is_array(v))
			return 1;
	return 0;
}

/* --- positions --- */

static json_t *
value_of(const json_t *item, const char *key)
{
	return *key == '\0' ? (json_t *)(uintptr_t)item
			    : json_object_get(item, key);
}

/* A text that only the same scalar has; NULL with errno, 0 if it is none. */
static char *
text_of(const json_t *value)
{
	char *text;

	errno = 0;
	if (value == NULL || json_is_object(value) || json_is_array(value))
		return NULL;
	text = json_dumps(value, JSON_ENCODE_ANY);
	if (text == NULL)
		errno = ENOMEM;
	return text;
}

int
list_position_add(json_t *positions, const json_t *value, long at)
{
	char *text = text_of(value);
	int rc = 0;

	if (text == NULL)
		return errno == 0 ? 0 : -1;
	if (json_object_get(positions, text) == NULL)
		rc = json_object_set_new(positions, text, json_integer(at));
	free(text);
	return rc;
}

json_t *
list_positions(const json_t *list, const char *key)
{
	json_t *out = json_object();
	const json_t *v;
	size_t i;

	if (out == NULL)
		return NULL;
	json_array_foreach(list, i, v) {
		if (list_position_add(out, value_of(v, key), (long)i) == -1) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

long
list_position(const json_t *positions, const json_t *value)
{
	char *text = text_of(value);
	const json_t *at;

	if (text == NULL)
		return -1;
	at = json_object_get(positions, text);
	free(text);
	return at == NULL ? -1 : (long)json_integer_value(at);
}

/* --- changes --- */

json_t *
list_head(const json_t *list, size_t n)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; out != NULL && i < n && i < json_array_size(list); i++)
		if (json_array_append(out, json_array_get(list, i)) == -1) {
			json_decref(out);
			return NULL;
		}
	return out;
}

/* The elements of a that are, or are not, in the positions. */
static int
keep(json_t *a, const char *key, const json_t *positions, int in)
{
	json_t *out = json_array(), *v;
	int rc = out == NULL ? -1 : 0;
	size_t i;

	json_array_foreach(a, i, v)
		if (rc == 0 &&
		    (list_position(positions, value_of(v, key)) >= 0) == in)
			rc = json_array_append(out, v);
	if (rc == 0 && (rc = json_array_clear(a)) == 0)
		rc = json_array_extend(a, out);
	json_decref(out);
	return rc;
}

int
list_delete(json_t *list, const char *key, const json_t *positions)
{
	return json_object_size(positions) == 0 ? 0
						: keep(list, key, positions, 0);
}

int
list_subtract(json_t *a, const json_t *b)
{
	json_t *at = list_positions(b, "");
	int rc;

	if (at == NULL)
		return -1;
	rc = keep(a, "", at, 0);
	json_decref(at);
	return rc;
}

int
list_union(json_t *a, const json_t *b)
{
	json_t *at = json_object(), *all = json_copy(a), *v;
	int rc = at == NULL || all == NULL ? -1 : 0;
	size_t i;

	if (rc == 0)
		rc = json_array_extend(all, (json_t *)(uintptr_t)b);
	if (rc == 0)
		rc = json_array_clear(a);
	json_array_foreach(all, i, v) {
		if (rc == -1 || list_position(at, v) >= 0)
			continue;
		rc = json_array_append(a, v);
		if (rc == 0)
			rc = list_position_add(at, v, (long)i);
	}
	json_decref(at);
	json_decref(all);
	return rc;
}

/* --- order --- */

int
list_check_keys(const json_t *list, const char *key, struct patch_error *e)
{
	const json_t *item;
	size_t i;

	if (*key == '\0')
		return 0;
	json_array_foreach(list, i, item) {
		if (!json_is_object(item))
			return patch_bad_type("map[string]interface {}", item,
			    e);
		if (json_object_get(item, key) == NULL)
			return patch_no_key(item, key, e);
	}
	return 0;
}

static int
out_of_order(const json_t *patch, const json_t *order, struct patch_error *e)
{
	struct buf b = { 0 };
	int rc;

	if (buf_puts(&b, "The order in patch list:\n") == -1 ||
	    patch_go_value(&b, patch) == -1 ||
	    buf_puts(&b, "\n doesn't match $setElementOrder list:\n") == -1 ||
	    patch_go_value(&b, order) == -1)
		rc = patch_no_memory(e);
	else
		rc = patch_fail(e, 500, "", "%s\n", b.data);
	buf_free(&b);
	return rc;
}

/* In step: *at is the first of order not looked at. 1 if found, 0, or -1. */
static int
next_in_order(const json_t *item, const json_t *order, size_t *at,
    const char *key, struct patch_error *e)
{
	const json_t *a, *b, *other;

	while ((other = json_array_get(order, *at)) != NULL) {
		if (*key != '\0' && !json_is_object(other))
			return patch_bad_type("map[string]interface {}", other,
			    e);
		if ((a = value_of(item, key)) == NULL)
			return patch_no_key(item, key, e);
		if ((b = value_of(other, key)) == NULL)
			return patch_no_key(other, key, e);
		(*at)++;
		if (json_equal(a, b))
			return 1;
	}
	return 0;
}

int
list_check_order(const json_t *patch, const json_t *order, const char *key,
    struct patch_error *e)
{
	const json_t *item, *marker;
	size_t at = 0, i;
	int found;

	if (json_array_size(patch) == 0 || json_array_size(order) == 0)
		return 0;
	json_array_foreach(patch, i, item)
		if (*key != '\0' && !json_is_object(item))
			return patch_bad_type("map[string]interface {}", item,
			    e);
	json_array_foreach(patch, i, item) {
		marker = json_object_get(item, "$patch");
		if (json_is_string(marker) &&
		    strcmp(json_string_value(marker), "delete") == 0)
			continue;
		if (marker != NULL && at < json_array_size(order))
			continue;
		found = next_in_order(item, order, &at, key, e);
		if (found == -1)
			return -1;
		if (found == 0)
			return out_of_order(patch, order, e);
	}
	return 0;
}

struct element {
	json_t *value; /* borrowed */
	long rank;     /* in the list that orders it */
	long was;
	size_t at;
};

static int
by_rank(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Both sorted; those of the patch go first where the old order tells none. */
static json_t *
interleave(const struct element *ours, size_t nours,
    const struct element *theirs, size_t ntheirs)
{
	json_t *out = json_array(), *v;
	size_t i = 0, k = 0;
	int mine;

	while (out != NULL && (i < nours || k < ntheirs)) {
		if (i == nours || k == ntheirs)
			mine = i < nours;
		else
			mine = theirs[k].was < 0 || ours[i].was < 0 ||
			    theirs[k].was >= ours[i].was;
		v = mine ? ours[i++].value : theirs[k++].value;
		if (json_array_append(out, v) == -1) {
			json_decref(out);
			out = NULL;
		}
	}
	return out;
}

int
list_order(json_t **list, const json_t *order, const json_t *was,
    const char *key, struct patch_error *e)
{
	size_t i, n = json_array_size(*list), nours = 0, ntheirs = 0;
	struct element *all, *x;
	json_t *at, *old, *out = NULL;
	long rank;

	if (list_check_keys(*list, key, e) == -1 ||
	    list_check_keys(order, key, e) == -1 ||
	    list_check_keys(was, key, e) == -1)
		return -1;
	all = calloc(2 * n + 1, sizeof(*all));
	at = list_positions(order, key);
	old = list_positions(was, key);
	if (all == NULL || at == NULL || old == NULL)
		goto out;
	for (i = 0; i < n; i++) {
		json_t *v = json_array_get(*list, i);

		rank = list_position(at, value_of(v, key));
		x = rank >= 0 ? &all[nours++] : &all[n + ntheirs++];
		x->value = v;
		x->at = i;
		x->was = list_position(old, value_of(v, key));
		x->rank = rank >= 0 ? rank : x->was;
	}
	qsort(all, nours, sizeof(*all), by_rank);
	qsort(all + n, ntheirs, sizeof(*all), by_rank);
	out = interleave(all, nours, all + n, ntheirs);
out:
	free(all);
	json_decref(at);
	json_decref(old);
	if (out == NULL)
		return patch_no_memory(e);
	json_decref(*list);
	*list = out;
	return 0;
}
