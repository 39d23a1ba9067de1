#include <string.h>

#include "span.h"
#include "tap.h"

static void
member(const char *text, const char *name, const char *want, const char *rest)
{
	struct span value, whole, all = { text, strlen(text) };
	struct buf b = { 0 };

	if (span_member(all, name, &value, &whole) == -1) {
		ok(want == NULL, "%s is not in %s", name, text);
		return;
	}
	buf_add(&b, value.p, value.n);
	is_str(b.data == NULL ? "" : b.data, want, text);
	b.len = 0;
	buf_add(&b, text, (size_t)(whole.p - text));
	buf_puts(&b, whole.p + whole.n);
	is_str(b.data, rest, "and without it");
	buf_free(&b);
}

/* In pieces of n bytes. */
static void
indents(const char *text, size_t n, const char *want)
{
	struct indent i = { 0 };
	struct buf b = { 0 };
	size_t len = strlen(text), at;

	for (at = 0; at < len; at += n)
		indent_add(&i, &b, text + at, len - at < n ? len - at : n);
	is_str(b.data, want, text);
	buf_free(&b);
}

int
main(void)
{
	static const char nested[] =
	    "{\n  \"a\": {\n    \"b\": [\n      1,\n"
	    "      {}\n    ]\n  },\n  \"c\": \"{\\\"\"\n}";
	static const char text[] = "{\"a\":{\"b\":[1,{}]},\"c\":\"{\\\"\"}";
	size_t n;

	member("{\"a\":1,\"b\":2}", "a", "1", "{\"b\":2}");
	member("{\"a\":1,\"b\":2}", "b", "2", "{\"a\":1}");
	member("{\"a\":{\"b\":3},\"b\":[2,{}]}", "b", "[2,{}]",
	    "{\"a\":{\"b\":3}}");
	member("{\"a\":\"x,\\\"b\\\":1\",\"b\":true}", "b", "true",
	    "{\"a\":\"x,\\\"b\\\":1\"}");
	member("{\"a\":1}", "a", "1", "{}");
	member("{\"a\":{\"b\":1}}", "b", NULL, NULL);
	member("{\"aa\":1}", "a", NULL, NULL);
	member("{}", "a", NULL, NULL);
	member("[1]", "a", NULL, NULL);
	member("{\"a\":[", "b", NULL, NULL);
	member("{\"a", "a", NULL, NULL);
	member("", "a", NULL, NULL);
	for (n = 1; n < 6; n++)
		indents(text, n, nested);
	indents("{}", 1, "{}");
	indents("[]", 1, "[]");
	done_testing();
}
