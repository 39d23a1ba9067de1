/*
 * RFC 6902 as kube-apiserver applies it (evanphx/json-patch v4): the whole
 * document cannot be added or removed, a negative index counts from the end,
 * "replace" adds a missing member, and "copy" and "test" take a missing one
 * for null.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patch_parts.h"

#define COPY_MAX (3 * 1024 * 1024)

struct document {
	json_t **root;
	size_t copied; /* bytes, by "copy" */
};

/* A place: a member of an object or an element of an array. */
struct place {
	json_t *in; /* borrowed, NULL where there is no such place */
	char *key;  /* in the memory of path */
	char *path;
};

/* ~1 and ~0, in place. */
static void
unescape(char *s)
{
	char *out = s;

	for (; *s != '\0'; s++) {
		if (s[0] == '~' && (s[1] == '0' || s[1] == '1')) {
			*out++ = s[1] == '0' ? '~' : '/';
			s++;
		} else
			*out++ = *s;
	}
	*out = '\0';
}

/* As strconv.Atoi: signs and leading zeros are numbers. 0, or -1. */
static int
parse_index(const char *s, long *n)
{
	const char *digits = s + (*s == '-' || *s == '+');
	char *end;

	if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits))
		return -1;
	errno = 0;
	*n = strtol(s, &end, 10);
	return errno != 0 ? -1 : 0;
}

/*
 * The index that key is of an array of n, where n itself is one past the
 * end: 0 <= index < n, or -1.
 */
static long
index_of(const char *key, size_t n)
{
	long i;

	if (parse_index(key, &i) == -1 || i >= (long)n || i < -(long)n)
		return -1;
	return i < 0 ? i + (long)n : i;
}

/* Borrowed; *there tells a place that is no error to read. */
static json_t *
get(const json_t *in, const char *key, int *there)
{
	long i;

	if (json_is_object(in)) {
		*there = 1;
		return json_object_get(in, key);
	}
	i = index_of(key, json_array_size(in));
	*there = i >= 0;
	return i < 0 ? NULL : json_array_get(in, (size_t)i);
}

/* What comes before the first slash does not count. */
static int
place_find(struct place *p, const struct document *d, const char *path)
{
	char *part, *slash;
	int there;

	p->in = NULL;
	p->key = NULL;
	if ((p->path = strdup(path)) == NULL)
		return -1;
	if ((part = strchr(p->path, '/')) == NULL)
		return 0;
	p->in = *d->root;
	for (part++; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
		*slash = '\0';
		unescape(part);
		p->in = get(p->in, part, &there);
		if (!json_is_object(p->in) && !json_is_array(p->in)) {
			p->in = NULL;
			return 0;
		}
	}
	unescape(part);
	p->key = part;
	return 0;
}

static void
place_free(struct place *p)
{
	free(p->path);
	p->path = NULL;
}

/* Takes the reference to v. */
static int
add(const struct place *p, json_t *v)
{
	size_t n = json_array_size(p->in);
	long i;

	if (json_is_object(p->in))
		return json_object_set_new(p->in, p->key, v);
	i = strcmp(p->key, "-") == 0 ? (long)n : index_of(p->key, n + 1);
	if (i >= 0)
		return json_array_insert_new(p->in, (size_t)i, v);
	json_decref(v);
	return -1;
}

static int
take_away(const struct place *p)
{
	long i;

	if (json_is_object(p->in))
		return json_object_del(p->in, p->key);
	i = index_of(p->key, json_array_size(p->in));
	return i < 0 ? -1 : json_array_remove(p->in, (size_t)i);
}

/* A new reference: null where there is none. */
static json_t *
value_of(const json_t *op)
{
	json_t *v = json_object_get(op, "value");

	return v == NULL ? json_null() : json_deep_copy(v);
}

static int
replace_root(struct document *d, const json_t *op)
{
	json_t *v = json_object_get(op, "value");

	if ((!json_is_object(v) && !json_is_array(v)) ||
	    (v = json_deep_copy(v)) == NULL)
		return -1;
	json_decref(*d->root);
	*d->root = v;
	return 0;
}

static int
replace(const struct place *p, const json_t *op)
{
	int there;
	long i;

	(void)get(p->in, p->key, &there);
	if (!there)
		return -1;
	if (json_is_object(p->in))
		return json_object_set_new(p->in, p->key, value_of(op));
	i = index_of(p->key, json_array_size(p->in));
	return json_array_set_new(p->in, (size_t)i, value_of(op));
}

static int
test(const json_t *now, const json_t *op)
{
	const json_t *v = json_object_get(op, "value");

	if (now == NULL || json_is_null(now))
		return v == NULL || json_is_null(v) ? 0 : -1;
	return v != NULL && json_equal(now, v) ? 0 : -1;
}

/* Both read the place before path is looked for in what is left. */
static int
copy_or_move(struct document *d, const json_t *op, int move)
{
	const char *from = json_string_value(json_object_get(op, "from"));
	const char *path = json_string_value(json_object_get(op, "path"));
	struct place a, b;
	json_t *v = NULL;
	int rc = -1, there = 0;

	if (from == NULL || path == NULL || place_find(&a, d, from) == -1)
		return -1;
	if (a.in != NULL)
		v = get(a.in, a.key, &there);
	if (there && move) {
		json_incref(v);
		there = take_away(&a) == 0;
	} else if (there) {
		v = v == NULL ? json_null() : json_deep_copy(v);
		d->copied +=
		    json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
		there = v != NULL && d->copied <= COPY_MAX;
	} else
		v = NULL;
	place_free(&a);
	if (there && place_find(&b, d, path) == 0) {
		if (b.in != NULL)
			rc = add(&b, json_incref(v));
		place_free(&b);
	}
	json_decref(v);
	return rc;
}

static int
at_path(struct document *d, const json_t *op, const char *kind)
{
	const char *path = json_string_value(json_object_get(op, "path"));
	struct place p;
	int rc = -1, there;
	json_t *now;

	if (path == NULL)
		return -1;
	if (*path == '\0' && strcmp(kind, "replace") == 0)
		return replace_root(d, op);
	if (*path == '\0' && strcmp(kind, "test") == 0)
		return test(*d->root, op);
	if (place_find(&p, d, path) == -1)
		return -1;
	if (p.in == NULL)
		;
	else if (strcmp(kind, "add") == 0)
		rc = add(&p, value_of(op));
	else if (strcmp(kind, "remove") == 0)
		rc = take_away(&p);
	else if (strcmp(kind, "replace") == 0)
		rc = replace(&p, op);
	else if (strcmp(kind, "test") == 0) {
		now = get(p.in, p.key, &there);
		rc = there ? test(now, op) : -1;
	}
	place_free(&p);
	return rc;
}

static int
operate(struct document *d, const json_t *op)
{
	const char *kind = json_string_value(json_object_get(op, "op"));

	if (kind == NULL)
		return -1;
	if (strcmp(kind, "move") == 0 || strcmp(kind, "copy") == 0)
		return copy_or_move(d, op, *kind == 'm');
	return at_path(d, op, kind);
}

/* An array of operations, in Go's words where it is not. */
static int
check(const json_t *patch, struct patch_error *e)
{
	static const char *const names[] = { "op", "path", "from" };
	static const char not [] =
	    "error decoding patch: json: cannot unmarshal ";
	const json_t *op, *v;
	const char *key;
	size_t i, k;

	if (!json_is_array(patch) && !json_is_null(patch))
		return patch_fail(e, 400, NULL,
		    "%s%s into Go value of type []handlers.jsonPatchOp", not,
		    patch_go_word(patch));
	json_array_foreach(patch, i, op) {
		if (!json_is_object(op) && !json_is_null(op))
			return patch_fail(e, 400, NULL,
			    "%s%s into Go value of type handlers.jsonPatchOp",
			    not, patch_go_word(op));
		json_object_foreach((json_t *)(uintptr_t)op, key, v)
			for (k = 0; k < 3; k++)
				if (strcmp(key, names[k]) == 0 &&
				    !json_is_string(v) && !json_is_null(v))
					return patch_fail(e, 400, NULL,
					    "%s%s into Go struct field "
					    "jsonPatchOp.%s of type string",
					    not, patch_go_word(v), key);
	}
	return 0;
}

int
patch_json(json_t **o, const json_t *patch, struct patch_error *e)
{
	struct document d = { .root = o };
	const json_t *op;
	size_t i, n = json_array_size(patch);

	if (check(patch, e) == -1)
		return -1;
	if (n > PATCH_OPERATIONS_MAX)
		return patch_fail(e, 413, NULL,
		    "Request entity too large: The allowed maximum "
		    "operations in a JSON patch is %d, got %zu",
		    PATCH_OPERATIONS_MAX, n);
	json_array_foreach(patch, i, op)
		if (operate(&d, op) == -1)
			return patch_fail(e, 422, NULL,
			    "the server rejected our request due to an error "
			    "in our request");
	return 0;
}
