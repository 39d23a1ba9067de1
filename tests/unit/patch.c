/*
 * patch.jsonl has a vector a line: the examples of RFC 6902 and RFC 7396 (IETF
 * Trust, Revised BSD licence, for code components), and what kube-apiserver
 * was seen to do. Each that applies is tried backwards too: the difference of
 * the two objects, applied, gives the second.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patch.h"
#include "tap.h"

#define VECTORS "tests/unit/patch.jsonl"

static const struct patch_schema *
schema_at(const char *path)
{
	struct apipath p;

	if (path == NULL || apipath_parse(&p, path) == -1)
		return NULL;
	return patch_schema_path(&p);
}

static void
there_and_back(const struct patch_schema *schema, const json_t *a,
    const json_t *b, const char *name)
{
	json_t *d = patch_diff(schema, a, b), *got;
	struct patch_error e = { 0 };
	char *text = json_dumps(d, JSON_COMPACT);

	got = patch_apply(schema == NULL ? PATCH_MERGE : PATCH_STRATEGIC,
	    schema, a, text, strlen(text), &e);
	if (!ok(json_equal(got, (json_t *)(uintptr_t)b), "by difference: %s",
		name))
		printf("# %s\n# %s\n", text, e.message);
	free(text);
	json_decref(got);
	json_decref(d);
}

static void
vector(const json_t *v)
{
	static const char *const types[] = { "json", "merge", "strategic" };
	const char *name = json_string_value(json_object_get(v, "name"));
	const char *type = json_string_value(json_object_get(v, "type"));
	const struct patch_schema *schema =
	    schema_at(json_string_value(json_object_get(v, "path")));
	const json_t *doc = json_object_get(v, "doc");
	json_t *want = json_object_get(v, "want");
	const json_t *message = json_object_get(v, "message");
	struct patch_error e = { 0 };
	char *text;
	json_t *got;
	int t;

	for (t = 0; t < 2 && strcmp(types[t], type) != 0; t++)
		;
	text = json_dumps(json_object_get(v, "patch"),
	    JSON_ENCODE_ANY | JSON_COMPACT);
	got = patch_apply((enum patch_type)t, schema, doc, text, strlen(text),
	    &e);
	free(text);
	if (want == NULL) {
		is_int(got == NULL ? e.code : 200,
		    json_integer_value(json_object_get(v, "code")), name);
		if (message != NULL)
			is_str(e.message, json_string_value(message), name);
	} else if (!ok(json_equal(got, want), "%s", name)) {
		text = json_dumps(got, JSON_COMPACT);
		printf("# %d %s\n# %s\n", e.code, e.message,
		    text != NULL ? text : "");
		free(text);
	} else if (t != 0) {
		there_and_back(schema, doc, want, name);
		there_and_back(schema, want, want, name);
	}
	json_decref(got);
}

static void
vectors(void)
{
	char line[4096];
	FILE *f = fopen(VECTORS, "r");
	json_t *v;

	if (!ok(f != NULL, "%s", VECTORS))
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		v = json_loads(line, 0, NULL);
		if (ok(v != NULL, "a vector"))
			vector(v);
		json_decref(v);
	}
	fclose(f);
}

static void
differs(const char *from, const char *to, const char *want)
{
	json_t *a = json_loads(from, 0, NULL), *b = json_loads(to, 0, NULL);
	const struct patch_schema *s = patch_schema_find("", "v1", "Node");
	json_t *d = patch_diff(s, a, b);
	char *text = json_dumps(d, JSON_COMPACT);

	is_str(text, want, to);
	there_and_back(s, a, b, to);
	free(text);
	json_decref(d);
	json_decref(b);
	json_decref(a);
}

static void
test_merge_diff(void)
{
	static const char *const all[][3] = {
		{ "{\"a\":1}", "{\"a\":1}", "{}" },
		{ "{\"a\":1}", "{\"a\":2}", "{\"a\":2}" },
		{ "{\"a\":1}", "{}", "{\"a\":null}" },
		{ "{}", "{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[1]}}" },
		{ "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1,\"c\":3}}",
		    "{\"a\":{\"c\":3}}" },
		{ "{\"a\":[1,2]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "{\"a\":null}", "{}", "{}" },
		{ "{}", "{\"a\":null}", "{}" },
		{ "{\"a\":{\"b\":1}}", "{\"a\":5}", "{\"a\":5}" },
	};
	json_t *a, *b, *d;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		a = json_loads(all[i][0], 0, NULL);
		b = json_loads(all[i][1], 0, NULL);
		d = patch_diff(NULL, a, b);
		text = json_dumps(d, JSON_COMPACT);
		is_str(text, all[i][2], all[i][1]);
		free(text);
		json_decref(d);
		json_decref(a);
		json_decref(b);
	}
}

static void
test_diff(void)
{
	differs("{\"status\":{\"conditions\":[{\"type\":\"A\",\"status\":"
		"\"1\"},{\"type\":\"B\"}]}}",
	    "{\"status\":{\"conditions\":[{\"type\":\"A\",\"status\":\"2\"},"
	    "{\"type\":\"C\"}]}}",
	    "{\"status\":{\"conditions\":[{\"status\":\"2\",\"type\":\"A\"},"
	    "{\"type\":\"C\"},{\"$patch\":\"delete\",\"type\":\"B\"}],"
	    "\"$setElementOrder/conditions\":[{\"type\":\"A\"},"
	    "{\"type\":\"C\"}]}}");
	differs("{\"status\":{\"conditions\":[{\"type\":\"A\"}]}}",
	    "{\"status\":{\"conditions\":[{\"type\":\"A\",\"x\":1},"
	    "{\"type\":\"A\",\"x\":2}]}}",
	    "{\"status\":{\"conditions\":[{\"type\":\"A\",\"x\":1},"
	    "{\"type\":\"A\",\"x\":2},{\"$patch\":\"replace\"}]}}");
	differs("{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}",
	    "{\"metadata\":{\"finalizers\":[\"c\",\"b\"]}}",
	    "{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"a\"],"
	    "\"finalizers\":[\"c\"],\"$setElementOrder/finalizers\":[\"c\","
	    "\"b\"]}}");
	differs("{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"x\":1}",
	    "{\"metadata\":{\"labels\":{\"c\":\"d\"}}}",
	    "{\"metadata\":{\"labels\":{\"c\":\"d\",\"a\":null}},\"x\":null}");
	differs("{\"a\":1}", "{\"a\":1}", "{}");
}

/* Two ports of one number: in their order, or not at all. */
static void
test_same_key(void)
{
	const struct patch_schema *s = schema_at("/api/v1/nodes/x");
	json_t *a, *b, *d;

	a = json_loads("{\"status\":{\"conditions\":[{\"type\":\"A\"}]}}", 0,
	    NULL);
	b = json_loads("{\"status\":{\"conditions\":[{\"type\":\"A\"},"
		       "{\"type\":\"B\"},{\"type\":\"A\"}]}}",
	    0, NULL);
	d = patch_diff(s, a, b);
	ok(d == NULL && errno == EDOM, "no strategic patch gives A, B, A");
	json_decref(d);
	there_and_back(NULL, a, b, "a merge patch does");
	json_decref(b);
	json_decref(a);
}

static void
words(const char *text, const char *want)
{
	const struct patch_schema *s = patch_schema_find("", "v1", "Node");
	json_t *o = json_object();
	struct patch_error e = { 0 };

	is_int(patch_apply(PATCH_STRATEGIC, s, o, text, strlen(text), &e) ==
		NULL,
	    1, "refused");
	is_str(e.message, want, "in Go's words");
	json_decref(o);
}

/* As seen of kube-apiserver. */
static void
test_words(void)
{
	words("", "unexpected end of JSON input");
	words("{", "unexpected end of JSON input");
	words("tru", "invalid character ' ' in literal true (expecting 'e')");
	words("{\"a\":1}x", "invalid character 'x' after top-level value");
	words("{a:1}",
	    "invalid character 'a' looking for beginning of object key string");
	words("{\"a\":\"\n\"}", "invalid character '\\n' in string literal");
	words("-", "invalid character ' ' in numeric literal");
	words("\"\\x\"", "invalid character 'x' in string escape code");
	words("[1 2]", "invalid character '2' after array element");
	words("[1]",
	    "json: cannot unmarshal array into Go value of type "
	    "map[string]interface {}");
}

static void
test_types(void)
{
	const struct patch_schema *s = patch_schema_find("", "v1", "Node");
	struct patch_error e = { 0 };
	enum patch_type t;

	is_int(patch_type_parse(&t,
		   "application/strategic-merge-patch+json; charset=utf-8", s,
		   &e),
	    0, "parameters are left out");
	is_int(t, PATCH_STRATEGIC, "a strategic one");
	is_int(patch_type_parse(&t, "application/json", s, &e), -1,
	    "no patch type");
	is_int(e.code, 415, "is 415");
	is_int(patch_type_parse(&t, "application/apply-patch+yaml", s, &e), -1,
	    "apply");
	is_int(e.code, 503, "is 503");
	ok(patch_schema_find("example.com", "v1", "Node") == NULL,
	    "a custom kind has no schema");
}

/* n operations: the code, 200 where they apply. */
static int
operations(int n, struct patch_error *e)
{
	json_t *ops = json_array(), *o = json_object(), *got;
	char *text;
	int i, code;

	for (i = 0; i < n; i++)
		json_array_append_new(ops,
		    json_pack("{ssss}", "op", "test", "path", "/a"));
	text = json_dumps(ops, 0);
	got = patch_apply(PATCH_JSON, NULL, o, text, strlen(text), e);
	code = got == NULL ? e->code : 200;
	free(text);
	json_decref(got);
	json_decref(ops);
	json_decref(o);
	return code;
}

static void
test_operations(void)
{
	struct patch_error e = { 0 };

	is_int(operations(PATCH_OPERATIONS_MAX, &e), 200, "10000 operations");
	is_int(operations(PATCH_OPERATIONS_MAX + 1, &e), 413,
	    "10001 are too many");
	is_str(e.message,
	    "Request entity too large: The allowed maximum operations in a "
	    "JSON patch is 10000, got 10001",
	    "in its words");
}

int
main(void)
{
	vectors();
	test_merge_diff();
	test_diff();
	test_same_key();
	test_words();
	test_types();
	test_operations();
	return done_testing();
}
