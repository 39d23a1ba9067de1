/*
 * Members stay within the text; what is indented is the same JSON, however it
 * comes in pieces.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_indent(const char *p, size_t n)
{
	struct indent i = { 0 };
	struct buf b = { 0 };
	json_t *was = json_loadb(p, n, 0, NULL), *is;
	size_t half = n / 2;

	if (indent_add(&i, &b, p, half) == -1 ||
	    indent_add(&i, &b, p + half, n - half) == -1)
		abort();
	if (was != NULL) {
		is = json_loadb(b.data, b.len, 0, NULL);
		if (!json_equal(was, is))
			abort();
		json_decref(is);
	}
	json_decref(was);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct span all = { p, n }, value, whole;

	if (span_member(all, "metadata", &value, &whole) == 0 &&
	    (value.p < p || value.p + value.n > p + n || whole.p < p ||
		whole.p + whole.n > p + n))
		abort();
	check_indent(p, n);
	return 0;
}
