/*
 * Whatever lines come: they are actions or tell why not, each result is a line
 * of JSON, and the queue gives back all that it got, a node's in their order.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "action_queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t given, taken;

static void
result(const struct action *a, const char *why)
{
	struct action_result r = { .reason = why, .message = why };
	struct buf b = { 0 };
	json_t *o;

	if (action_result_write(&b, a, &r) == -1 ||
	    memchr(b.data, '\n', b.len) != b.data + b.len - 1)
		abort();
	if ((o = json_loadb(b.data, b.len, 0, NULL)) == NULL ||
	    strcmp(json_string_value(json_object_get(o, "id")), a->id) != 0)
		abort();
	json_decref(o);
	buf_free(&b);
}

static void
take(struct action_queue *q, struct action *a)
{
	struct action *newer = action_queue_newer(q, a);

	taken++;
	if (newer != NULL && !(a->is_renew && newer->is_renew))
		abort();
	action_queue_done(q, a);
	if (newer != NULL) {
		taken++;
		action_queue_done(q, newer);
	}
}

static void
line(struct action_queue *q, const char *p, size_t n)
{
	struct action *a, *old;
	char why[64];

	if ((a = action_parse(p, n, why, sizeof(why))) == NULL)
		abort();
	result(a, a->bad ? why : NULL);
	if (a->bad) {
		action_free(a);
		return;
	}
	if (action_queue_add(q, a, &old) == -1)
		abort();
	given++;
	if (old != NULL) {
		if (!old->is_renew || strcmp(old->node, a->node) != 0)
			abort();
		taken++;
		action_free(old);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct action *out[4] = { NULL };
	const char *p = (const char *)data, *end = p + n, *nl;
	struct action_queue q;
	size_t i = 0;

	action_queue_init(&q, 16, 1 << 16);
	given = taken = 0;
	for (; p < end; p = nl + 1, i++) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		line(&q, p, (size_t)(nl - p));
		if (i % 2 == 0)
			continue;
		if (out[i / 2 % 4] != NULL)
			take(&q, out[i / 2 % 4]);
		out[i / 2 % 4] = action_queue_next(&q);
	}
	for (i = 0; i < 4; i++)
		if (out[i] != NULL)
			take(&q, out[i]);
	while ((out[0] = action_queue_next(&q)) != NULL)
		take(&q, out[0]);
	if (given != taken || q.n != 0 || q.bytes != 0 || q.nodes != 0)
		abort();
	action_queue_free(&q);
	return 0;
}
