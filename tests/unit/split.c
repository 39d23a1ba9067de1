#include <errno.h>
#include <string.h>

#include "split.h"
#include "tap.h"

static int
collect(void *arg, const char *p, size_t n)
{
	struct buf *b = arg;

	if (n == 6 && memcmp(p, "{\"x\":0", 6) == 0)
		return 1;
	if (n == 10 && memcmp(p, "{\"stop\":1}", 10) == 0) {
		errno = ENOSPC;
		return 1;
	}
	return buf_add(b, p, n) == -1 || buf_add(b, "|", 1) == -1;
}

struct result {
	int rc, error, done;
	struct buf items, rest;
};

/* Split doc, fed in pieces of so many bytes. */
static void
run(struct result *r, const char *doc, size_t piece, size_t max)
{
	size_t i, n, len = strlen(doc);
	struct split s;

	memset(r, 0, sizeof(*r));
	split_init(&s, collect, &r->items, max);
	for (i = 0; i < len && r->rc == 0; i += n) {
		n = len - i < piece ? len - i : piece;
		errno = 0;
		r->rc = split_feed(&s, doc + i, n);
		r->error = errno;
	}
	r->done = split_done(&s);
	if (r->rc == -1 && split_feed(&s, "{}", 2) != -1)
		r->rc = -2;
	if (s.rest.len > 0)
		buf_add(&r->rest, s.rest.data, s.rest.len);
	split_free(&s);
}

static void
result_free(struct result *r)
{
	buf_free(&r->items);
	buf_free(&r->rest);
}

static void
good(const char *doc, const char *items, const char *rest, const char *name)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 4096 };
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		run(&r, doc, pieces[i], 1000);
		ok(r.rc == 0 && r.done, "%s: whole, by %zu", name, pieces[i]);
		is_str(r.items.data, items, "its items");
		is_str(r.rest.data, rest, "its rest");
		result_free(&r);
	}
}

static void
broken(const char *doc)
{
	struct result r;

	run(&r, doc, 1, 1000);
	ok(r.rc == -1 && r.error == EBADMSG && !r.done, "broken: %s", doc);
	result_free(&r);
}

static void
partial(const char *doc)
{
	struct result r;

	run(&r, doc, 3, 1000);
	ok(r.rc == 0 && !r.done, "not whole: %s", doc);
	result_free(&r);
}

static void
test_limits(void)
{
	struct result r;

	run(&r, "{\"items\":[{\"a\":\"0123456789\"}]}", 4, 16);
	ok(r.rc == -1 && r.error == EMSGSIZE, "an item over the limit");
	result_free(&r);
	run(&r, "{\"items\":[{\"a\":\"0123456789\"}]}", 4096, 16);
	ok(r.rc == -1 && r.error == EMSGSIZE, "the same in one piece");
	result_free(&r);
	run(&r, "{\"kind\":\"0123456789abcdef\"}", 4, 16);
	ok(r.rc == -1 && r.error == EMSGSIZE, "the rest over the limit");
	result_free(&r);
	run(&r, "{\"items\":[{\"a\":1},{\"stop\":1},{\"b\":1}]}", 4096, 100);
	ok(r.rc == -1 && r.error == ENOSPC, "errno of item comes back");
	is_str(r.items.data, "{\"a\":1}|", "and nothing more was taken");
	result_free(&r);
}

int
main(void)
{
	good("{\"kind\":\"PodList\",\"metadata\":{\"items\":[1]},"
	     "\"items\":[{\"a\":{\"items\":[{}]}},{ \"b\" : \"]}\\\"\" }]}",
	    "{\"a\":{\"items\":[{}]}}|{ \"b\" : \"]}\\\"\" }|",
	    "{\"kind\":\"PodList\",\"metadata\":{\"items\":[1]},"
	    "\"items\":[]}",
	    "items in items");
	good(" {\"items\" : [ ] , \"n\" : -1.5e3 , \"t\":true}\r\n", NULL,
	    "{\"items\":[],\"n\":-1.5e3,\"t\":true}", "white space");
	good("{\"items\":null,\"s\":\"a\\\\\"}", NULL,
	    "{\"items\":null,\"s\":\"a\\\\\"}", "null");
	good("{}", NULL, "{}", "nothing");
	good("{\"items\":[{}\n,\t{}]}", "{}|{}|", "{\"items\":[]}",
	    "empty items");
	broken("[]");
	broken("{]");
	broken("{,}");
	broken("{\"a\"}");
	broken("{\"a\":}");
	broken("{\"a\":1,}");
	broken("{\"a\":1 2}");
	broken("{\"a\":1}x");
	broken("{\"a\":1{}}");
	broken("{\"items\":{}}");
	broken("{\"items\":[1]}");
	broken("{\"items\":[{},]}");
	broken("{\"items\":[,{}]}");
	broken("{\"items\":[{}{}]}");
	broken("{\"items\":[],\"items\":[]}");
	partial("");
	partial("{\"items\":[{}");
	partial("{\"items\":[{}]");
	partial("{\"a\":\"");
	partial("{\"a\":tru");
	test_limits();
	return done_testing();
}
