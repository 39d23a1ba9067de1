#include <errno.h>
#include <stdlib.h>

#include "action_queue.h"
#include "tap.h"

#define LEASE "\"path\":\"/apis/coordination.k8s.io/v1/namespaces/n/leases/a\""
#define RV "\"body\":{\"metadata\":{\"resourceVersion\":\"7\"}}"

static struct action *
parsed(const char *text)
{
	char why[256] = "";
	struct action *a = action_parse(text, strlen(text), why, sizeof(why));

	if (a == NULL)
		abort();
	ok(!a->bad, "%.60s: %s", text, why);
	return a;
}

static void
good(void)
{
	struct action *a;

	a = parsed("{\"id\":\"7\",\"node\":\"n\",\"why\":\"renew\",\"method\":"
		   "\"PUT\"," LEASE "," RV ",\"more\":1}");
	is_str(a->id, "7", "id");
	is_str(a->node, "n", "node");
	is_str(a->type, "application/json", "contentType needs not be said");
	is_str(a->body, "{\"metadata\":{\"resourceVersion\":\"7\"}}", "body");
	is_int((long long)a->body_len, (long long)strlen(a->body), "its bytes");
	ok(a->is_renew && a->may_repeat, "a renew that may be repeated");
	action_free(a);
	a = parsed(
	    "{\"method\":\"PUT\"," LEASE ",\"why\":\"renew\",\"body\":{}}");
	ok(!a->is_renew, "a renew of no node is none");
	ok(!a->may_repeat, "a PUT without a version is not repeated");
	is_str(a->id, "", "no id");
	action_free(a);
	a = parsed("{\"method\":\"POST\",\"path\":\"/api/v1/namespaces/x/"
		   "events?fieldManager=a\",\"body\":{}}");
	ok(!a->may_repeat, "nor is a POST");
	action_free(a);
	a = parsed("{\"method\":\"PATCH\",\"path\":\"/api/v1/nodes/a/status\","
		   "\"contentType\":\"application/strategic-merge-patch+json\","
		   "\"body\":{}}");
	ok(a->may_repeat, "a PATCH is");
	action_free(a);
	a = parsed("{\"method\":\"DELETE\"," LEASE "}");
	is_str(a->body, "", "a DELETE without a body");
	action_free(a);
}

static void
bad(void)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		{ "", "no JSON: '[' or '{' expected near end of file" },
		{ "[]", "no object" },
		{ "{\"id\":1}", "id: no string" },
		{ "{\"why\":\"a b\"}", "why: no word" },
		{ "{}", "method: none of PUT, POST, PATCH, DELETE" },
		{ "{\"method\":\"GET\"," LEASE "}",
		    "method: none of PUT, POST, PATCH, DELETE" },
		{ "{\"method\":\"PUT\",\"body\":{}}",
		    "path: no resource of the API" },
		{ "{\"method\":\"PUT\",\"path\":\"/healthz\",\"body\":{}}",
		    "path: no resource of the API" },
		{ "{\"method\":\"PUT\",\"path\":\"/api/v1/nodes/%2e%2e/x\"}",
		    "path: no resource of the API" },
		{ "{\"method\":\"PUT\",\"path\":\"/api/v1/nodes/a b\"}",
		    "path: to be percent-encoded" },
		{ "{\"method\":\"PUT\",\"path\":\"/api/v1/nodes/a\\r\\nX: y\"}",
		    "path: to be percent-encoded" },
		{ "{\"method\":\"DELETE\",\"path\":\"/api/v1/nodes\"}",
		    "path: DELETE needs an object" },
		{ "{\"method\":\"PATCH\",\"path\":\"/api/v1/nodes/a\","
		  "\"body\":{}}",
		    "contentType: none of PATCH" },
		{ "{\"method\":\"PUT\"," LEASE
		  ",\"contentType\":\"text/plain\",\"body\":{}}",
		    "contentType: none of PUT" },
		{ "{\"method\":\"PUT\"," LEASE "}", "body: no object" },
		{ "{\"method\":\"PUT\"," LEASE ",\"body\":[]}",
		    "body: no object" },
	};
	char why[256];
	struct action *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		a = action_parse(t[i].text, strlen(t[i].text), why,
		    sizeof(why));
		ok(a != NULL && a->bad, "no action: %s", t[i].text);
		is_str(why, t[i].why, "because");
		action_free(a);
	}
	a = action_parse("{\"id\":\"4\",\"node\":\"n\"}", 21, why, sizeof(why));
	is_str(a->id, "4", "what could be read");
	is_str(a->node, "n", "is kept for the result");
	action_free(a);
}

static void
results(void)
{
	struct action a = { .id = "1", .node = "n\"", .why = "renew" };
	struct action_result r = { .code = 409,
		.reason = "Conflict",
		.message = "bytes \xff\x01",
		.ms = 12,
		.tries = 1 };
	struct buf b = { 0 };

	is_int(action_result_write(&b, &a, &r), 0, "a result");
	is_str(b.data,
	    "{\"id\":\"1\",\"node\":\"n\\\"\",\"why\":\"renew\",\"code\":409,"
	    "\"reason\":\"Conflict\",\"message\":\"bytes \\ufffd\\u0001\","
	    "\"ms\":12,\"tries\":1}\n",
	    "is a line of JSON");
	buf_free(&b);
}

/* --- the queue --- */

static void
add(struct action_queue *q, const char *id, const char *node, const char *why,
    const char *replaces)
{
	char text[512];
	struct action *a, *old;

	snprintf(text, sizeof(text),
	    "{\"id\":\"%s\",\"node\":\"%s\",\"why\":\"%s\","
	    "\"method\":\"DELETE\"," LEASE "}",
	    id, node, why);
	a = parsed(text);
	ok(action_queue_add(q, a, &old) == 0, "%s is added", id);
	is_str(old != NULL ? old->id : NULL, replaces, "what it replaces");
	action_free(old);
}

static struct action *
next_is(struct action_queue *q, const char *id)
{
	struct action *a = action_queue_next(q);

	is_str(a != NULL ? a->id : NULL, id, "the next");
	return a;
}

static void
order(void)
{
	struct action_queue q;
	struct action *a, *b, *c, *d;

	action_queue_init(&q, 4, 1 << 20);
	ok(!action_queue_may_go(&q), "nothing is there");
	add(&q, "a1", "a", "taint", NULL);
	add(&q, "a2", "a", "event", NULL);
	add(&q, "b1", "b", "taint", NULL);
	ok(!action_queue_is_full(&q), "room for one");
	add(&q, "c1", "c", "renew", NULL);
	ok(action_queue_is_full(&q), "no more");
	c = next_is(&q, "c1");
	a = next_is(&q, "a1");
	b = next_is(&q, "b1");
	ok(next_is(&q, NULL) == NULL, "a2 waits for a1");
	action_queue_done(&q, b);
	add(&q, "c2", "c", "renew", NULL);
	add(&q, "c3", "c", "renew", "c2");
	action_queue_done(&q, a);
	a = next_is(&q, "a2");
	d = action_queue_newer(&q, c);
	is_str(d != NULL ? d->id : NULL, "c3", "the newer takes its place");
	action_queue_done(&q, c);
	next_is(&q, NULL);
	action_queue_done(&q, d);
	action_queue_done(&q, a);
	is_int((long long)q.nodes, 0, "no node is remembered");
	is_int((long long)(q.n + q.bytes), 0, "nothing waits");
	action_queue_free(&q);
}

static void
urgent(void)
{
	struct action_queue q;
	struct action *a, *b;

	action_queue_init(&q, 100, 1 << 20);
	add(&q, "a1", "a", "taint", NULL);
	add(&q, "b1", "b", "renew", NULL);
	add(&q, "b2", "b", "taint", NULL);
	add(&q, "c1", "c", "taint", NULL);
	add(&q, "c2", "c", "renew", NULL);
	add(&q, "b3", "b", "renew", "b1");
	b = next_is(&q, "b3");
	action_queue_done(&q, next_is(&q, "c2"));
	a = next_is(&q, "a1");
	ok(action_queue_newer(&q, a) == NULL, "only a renew gives way");
	action_queue_done(&q, next_is(&q, "c1"));
	action_queue_done(&q, b);
	action_queue_done(&q, next_is(&q, "b2"));
	add(&q, "x", "", "event", NULL);
	add(&q, "y", "", "event", NULL);
	b = next_is(&q, "x");
	action_queue_done(&q, next_is(&q, "y"));
	add(&q, "z", "a", "event", NULL);
	action_queue_done(&q, b);
	action_queue_done(&q, a);
	add(&q, "w", "", "renew", NULL);
	add(&q, "v", "", "renew", NULL);
	is_int((long long)q.n, 3, "what waits");
	action_queue_free(&q);
	is_int((long long)q.n, 0, "goes with the queue");
}

/* Asked again while it waits: the queue is no longer for that. */
static void
again(void)
{
	struct action_queue q;
	struct action *a, *out;
	char id[16];
	int i;

	action_queue_init(&q, 1000, 1 << 20);
	add(&q, "a1", "a", "taint", NULL);
	out = next_is(&q, "a1");
	add(&q, "a2", "a", "taint", NULL);
	add(&q, "a3", "a", "untaint", NULL);
	add(&q, "a4", "a", "taint", "a2");
	add(&q, "b1", "b", "taint", NULL);
	add(&q, "a5", "a", "", NULL);
	add(&q, "a6", "a", "", NULL);
	add(&q, "x", "", "taint", NULL);
	add(&q, "y", "", "taint", NULL);
	a = parsed("{\"id\":\"e1\",\"node\":\"a\",\"why\":\"event\","
		   "\"method\":\"POST\",\"path\":\"/api/v1/events\","
		   "\"body\":{}}");
	ok(action_queue_add(&q, a, &a) == 0 && a == NULL, "a POST");
	a = parsed("{\"id\":\"e2\",\"node\":\"a\",\"why\":\"event\","
		   "\"method\":\"POST\",\"path\":\"/api/v1/events\","
		   "\"body\":{}}");
	ok(action_queue_add(&q, a, &a) == 0 && a == NULL, "is never replaced");
	is_int((long long)q.n, 9, "what waits");
	action_queue_done(&q, out);
	action_queue_done(&q, next_is(&q, "b1"));
	action_queue_done(&q, next_is(&q, "x"));
	action_queue_done(&q, next_is(&q, "y"));
	for (i = 3; i <= 6; i++) {
		snprintf(id, sizeof(id), "a%d", i);
		action_queue_done(&q, next_is(&q, id));
	}
	action_queue_free(&q);
}

int
main(void)
{
	good();
	bad();
	results();
	order();
	urgent();
	again();
	return done_testing();
}
