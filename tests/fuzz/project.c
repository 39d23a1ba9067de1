/*
 * The first line is a list of fields, the rest an object: what is left is what
 * jansson leaves of it, in the same order, and cutting it again changes nothing.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "project.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What nodes[of] keeps of o, a new reference. */
static json_t *
left(const struct project *p, size_t of, json_t *o)
{
	json_t *out = json_object(), *v, *in;
	const struct project_node *node;
	size_t at;

	for (at = p->nodes[of].child; at != 0; at = node->next) {
		node = &p->nodes[at];
		if ((v = json_object_get(o, node->name)) == NULL)
			continue;
		if (node->whole)
			json_object_set(out, node->name, v);
		else if (json_is_object(v)) {
			in = left(p, at, v);
			if (json_object_size(in) > 0)
				json_object_set(out, node->name, in);
			json_decref(in);
		}
	}
	return out;
}

static void
check_same(const struct project *p, json_t *o, const struct buf *b)
{
	json_t *want = left(p, 0, o);
	json_t *got = json_loadb(b->data, b->len, 0, NULL);

	if (got == NULL || !json_equal(want, got))
		abort();
	json_decref(want);
	json_decref(got);
}

static void
check(const struct project *p, const char *text, size_t n)
{
	struct buf b = { 0 }, again = { 0 };
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	int rc = project_object(p, text, n, &b);

	/* an escaped key is another one here */
	if (json_is_object(o) && *text == '{' &&
	    memchr(text, '\\', n) == NULL && memchr(text, '\0', n) == NULL) {
		if (rc == -1)
			abort();
		if (p->n > 0)
			check_same(p, o, &b);
	}
	if (rc == 0 &&
	    (b.len > n || project_object(p, b.data, b.len, &again) == -1 ||
		again.len != b.len || memcmp(again.data, b.data, b.len) != 0))
		abort();
	json_decref(o);
	buf_free(&b);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *nl = memchr(p, '\n', n);
	struct project one, two;
	char *list;

	if (nl == NULL)
		return 0;
	list = strndup(p, (size_t)(nl - p));
	if (project_parse(&one, list) == 0) {
		if (project_parse(&two, project_text(&one)) == -1 ||
		    strcmp(project_text(&one), project_text(&two)) != 0)
			abort();
		check(&one, nl + 1, n - (size_t)(nl + 1 - p));
		project_free(&two);
	}
	project_free(&one);
	free(list);
	return 0;
}
