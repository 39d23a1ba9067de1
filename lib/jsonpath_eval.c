/*
 * Following a path, a step at a time, from a set of values to the next. A
 * step that fails leaves its input, which only a filter without operator
 * looks at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jsonpath_node.h"

struct set {
	json_t **v;
	size_t n, cap;
};

static int walk_list(struct set *cur, const struct jsonpath_list *list);

static void
set_free(struct set *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		json_decref(s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

/* Takes the reference. */
static int
set_add(struct set *s, json_t *v)
{
	json_t **more;
	size_t cap;

	if (v == NULL)
		return -1;
	if (s->n == s->cap) {
		cap = s->cap == 0 ? 8 : s->cap * 2;
		if (s->n >= JSONPATH_RESULTS) {
			json_decref(v);
			errno = E2BIG;
			return -1;
		}
		if ((more = realloc(s->v, cap * sizeof(*more))) == NULL) {
			json_decref(v);
			return -1;
		}
		s->v = more;
		s->cap = cap;
	}
	s->v[s->n++] = v;
	return 0;
}

static int
bad(void)
{
	errno = EINVAL;
	return -1;
}

static int
take_field(const struct set *in, struct set *out, const json_t *name)
{
	json_t *v;
	size_t i;

	for (i = 0; i < in->n; i++) {
		v = json_object_get(in->v[i], json_string_value(name));
		if (v != NULL && set_add(out, json_incref(v)) == -1)
			return -1;
	}
	return 0;
}

/* The bounds for an array of n; 1 if it leaves nothing. */
static int
fit(const struct jsonpath_node *node, long long n, long long *from,
    long long *to)
{
	*from = node->bounds[0].known ? node->bounds[0].at : 0;
	*to = node->bounds[1].known ? node->bounds[1].at : n;
	if (*from < 0)
		*from += n;
	if (*to < 0 || (*to == 0 && node->derived))
		*to += n;
	if (*from == *to)
		return 1;
	if (*from >= n || *from < 0 || *to > n || *to < 0 || *from > *to)
		return bad();
	return 0;
}

static int
take_slice(const struct set *in, struct set *out,
    const struct jsonpath_node *node)
{
	long long from, to, step = node->bounds[2].at;
	json_t *v;
	size_t i;
	int rc;

	for (i = 0; i < in->n; i++) {
		v = in->v[i];
		if (json_is_null(v))
			continue;
		if (!json_is_array(v))
			return bad();
		rc = fit(node, (long long)json_array_size(v), &from, &to);
		if (rc != 0)
			return rc == 1 ? 0 : -1;
		if (!node->bounds[2].known)
			step = 1;
		if (step <= 0)
			return bad();
		for (; from < to; from += step)
			if (set_add(out,
				json_incref(json_array_get(v, (size_t)from))) ==
			    -1)
				return -1;
	}
	return 0;
}

/* Members, elements, bytes. */
static int
take_children(json_t *v, struct set *out)
{
	const char *key, *s;
	json_t *child;
	size_t i;

	if (json_is_object(v))
		json_object_foreach(v, key, child) {
			if (set_add(out, json_incref(child)) == -1)
				return -1;
		}
	for (i = 0; i < json_array_size(v); i++)
		if (set_add(out, json_incref(json_array_get(v, i))) == -1)
			return -1;
	s = json_string_value(v);
	for (i = 0; i < json_string_length(v); i++)
		if (set_add(out, json_integer((unsigned char)s[i])) == -1)
			return -1;
	return 0;
}

static int
take_wildcard(const struct set *in, struct set *out)
{
	size_t i;

	for (i = 0; i < in->n; i++)
		if (take_children(in->v[i], out) == -1)
			return -1;
	return 0;
}

/* Whatever has something in it, and what is in that. The depth is JSON's. */
static int
take_recursive(const struct set *in, struct set *out)
{
	struct set children = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < in->n && rc == 0; i++) {
		rc = take_children(in->v[i], &children);
		if (rc == 0 && children.n > 0)
			rc = set_add(out, json_incref(in->v[i]));
		if (rc == 0 && !json_is_string(in->v[i]))
			rc = take_recursive(&children, out);
		set_free(&children);
	}
	return rc;
}

/* --- filters --- */

static int
is_basic(const json_t *v)
{
	return json_is_boolean(v) || json_is_number(v) || json_is_string(v);
}

/* Of one kind: 0 if they are equal, less than 0 or more than 0. */
static int
order(const json_t *a, const json_t *b)
{
	double x, y;

	if (json_is_string(a))
		return strcmp(json_string_value(a), json_string_value(b));
	if (json_is_integer(a))
		return (json_integer_value(a) > json_integer_value(b)) -
		    (json_integer_value(a) < json_integer_value(b));
	if (json_is_boolean(a))
		return json_is_true(a) - json_is_true(b);
	x = json_real_value(a);
	y = json_real_value(b);
	return (x > y) - (x < y);
}

/* 1, 0, or -1 where there is no such comparison. */
static int
compare(enum jsonpath_op op, const json_t *a, const json_t *b)
{
	int same_kind = json_typeof(a) == json_typeof(b) ||
	    (json_is_boolean(a) && json_is_boolean(b));

	if (!is_basic(a) || !is_basic(b) || !same_kind)
		return bad();
	if (op == JSONPATH_EQUAL)
		return order(a, b) == 0;
	if (op == JSONPATH_NOT_EQUAL)
		return order(a, b) != 0;
	if (json_is_boolean(a) || op == JSONPATH_UNKNOWN)
		return bad();
	if (op == JSONPATH_LESS)
		return order(a, b) < 0;
	if (op == JSONPATH_GREATER)
		return order(a, b) > 0;
	return op == JSONPATH_LESS_EQUAL ? order(a, b) <= 0 : order(a, b) >= 0;
}

/* 1: it stays; 0: it goes; -1: an error. */
static int
passes(json_t *v, const struct jsonpath_node *node)
{
	struct set left = { 0 }, right = { 0 };
	int rc = -1;

	if (set_add(&left, json_incref(v)) == -1 ||
	    set_add(&right, json_incref(v)) == -1)
		goto out;
	rc = walk_list(&left, &node->lists[0]);
	if (node->op == JSONPATH_EXISTS) {
		if (rc == 0 || errno == EINVAL)
			rc = left.n > 0;
		goto out;
	}
	if (rc == -1 || left.n == 0)
		goto out;
	if (left.n > 1) {
		rc = bad();
		goto out;
	}
	rc = walk_list(&right, &node->lists[1]);
	if (rc == -1 || right.n == 0)
		goto out;
	rc = right.n > 1 ? bad() : compare(node->op, left.v[0], right.v[0]);
out:
	set_free(&left);
	set_free(&right);
	return rc;
}

static int
take_filtered(const struct set *in, struct set *out,
    const struct jsonpath_node *node)
{
	json_t *v;
	size_t i, k;
	int rc;

	for (i = 0; i < in->n; i++) {
		if (!json_is_array(in->v[i]))
			return bad();
		for (k = 0; k < json_array_size(in->v[i]); k++) {
			v = json_array_get(in->v[i], k);
			rc = passes(v, node);
			if (rc == -1 ||
			    (rc == 1 && set_add(out, json_incref(v)) == -1))
				return -1;
		}
	}
	return 0;
}

/* --- steps --- */

static int
take_union(const struct set *in, struct set *out,
    const struct jsonpath_node *node)
{
	struct set part = { 0 };
	size_t i, k;
	int rc = 0;

	for (i = 0; i < node->nlists && rc == 0; i++) {
		for (k = 0; k < in->n && rc == 0; k++)
			rc = set_add(&part, json_incref(in->v[k]));
		if (rc == 0)
			rc = walk_list(&part, &node->lists[i]);
		for (k = 0; k < part.n && rc == 0; k++)
			rc = set_add(out, json_incref(part.v[k]));
		set_free(&part);
	}
	return rc;
}

static int
take_value(const struct set *in, struct set *out, json_t *value)
{
	size_t i, n = json_is_string(value) ? 1 : in->n;

	for (i = 0; i < n; i++)
		if (set_add(out, json_incref(value)) == -1)
			return -1;
	return 0;
}

static int
step(const struct set *in, struct set *out, const struct jsonpath_node *node)
{
	switch (node->kind) {
	case JSONPATH_FIELD:
		return take_field(in, out, node->value);
	case JSONPATH_SLICE:
		return take_slice(in, out, node);
	case JSONPATH_UNION:
		return take_union(in, out, node);
	case JSONPATH_FILTER:
		return take_filtered(in, out, node);
	case JSONPATH_WILDCARD:
		return take_wildcard(in, out);
	case JSONPATH_RECURSIVE:
		return take_recursive(in, out);
	case JSONPATH_VALUE:
		return take_value(in, out, node->value);
	default:
		return bad();
	}
}

static int
walk_list(struct set *cur, const struct jsonpath_list *list)
{
	struct set next = { 0 };
	size_t i;
	int saved;

	for (i = 0; i < list->n; i++) {
		if (step(cur, &next, &list->nodes[i]) == -1) {
			saved = errno;
			set_free(&next);
			errno = saved;
			return -1;
		}
		set_free(cur);
		*cur = next;
		memset(&next, 0, sizeof(next));
	}
	return 0;
}

json_t *
jsonpath_first(const struct jsonpath *p, json_t *root)
{
	struct set cur = { 0 };
	json_t *first = NULL;
	size_t i;
	int saved, rc = 0;

	/* An error in any action is one of the whole. */
	for (i = 0; i < p->n && rc == 0; i++) {
		rc = set_add(&cur, json_incref(root));
		if (rc == 0)
			rc = walk_list(&cur, &p->actions[i]);
		if (rc == 0 && i == 0 && cur.n > 0)
			first = json_incref(cur.v[0]);
		saved = errno;
		set_free(&cur);
		errno = saved;
	}
	if (rc == 0 && first == NULL)
		errno = ENOENT;
	if (rc == -1) {
		saved = errno;
		json_decref(first);
		first = NULL;
		errno = saved;
	}
	return first;
}
