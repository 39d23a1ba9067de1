/*
 * A list that jansson takes apart is taken apart here into as many items, and
 * the pieces it comes in make no difference.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "split.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	size_t n, bytes;
};

static int
item(void *arg, const char *p, size_t n)
{
	struct seen *seen = arg;

	if (n < 2 || p[0] != '{')
		abort();
	seen->n++;
	seen->bytes += n;
	return 0;
}

/* 1 whole, 0 not yet, -1 broken */
static int
run(const char *p, size_t n, size_t piece, struct seen *seen, struct buf *rest)
{
	struct split s;
	size_t i, m;
	int rc = 0;

	memset(seen, 0, sizeof(*seen));
	split_init(&s, item, seen, 1 << 20);
	for (i = 0; i < n && rc == 0; i += m) {
		m = n - i < piece ? n - i : piece;
		rc = split_feed(&s, p + i, m);
	}
	if (rc == 0)
		rc = split_done(&s);
	buf_add(rest, s.rest.len > 0 ? s.rest.data : "", s.rest.len);
	split_free(&s);
	return rc;
}

/* A document of unique keys with an array of objects (or no) items. */
static int
is_list(const json_t *o)
{
	const json_t *items = json_object_get(o, "items");
	size_t i;

	if (!json_is_object(o) ||
	    (items != NULL && !json_is_array(items) && !json_is_null(items)))
		return 0;
	for (i = 0; i < json_array_size(items); i++)
		if (!json_is_object(json_array_get(items, i)))
			return 0;
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct buf one = { 0 }, two = { 0 };
	struct seen a, b;
	json_t *o;
	int x, y;

	x = run(p, n, n + 1, &a, &one);
	y = run(p, n, 1, &b, &two);
	if (x != y ||
	    (x == 1 &&
		(a.n != b.n || a.bytes != b.bytes || one.len != two.len ||
		    memcmp(one.data, two.data, one.len) != 0)))
		abort();
	o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	/* an escaped key is another one here, and jansson may pass a NUL by */
	if (o != NULL && is_list(o) && memchr(p, '\\', n) == NULL &&
	    memchr(p, '\0', n) == NULL &&
	    (x != 1 || a.n != json_array_size(json_object_get(o, "items"))))
		abort();
	json_decref(o);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
