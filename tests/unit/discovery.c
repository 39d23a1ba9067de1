/* Aggregated discovery taken apart, in pieces of any size. */
#include <stdlib.h>

#include "discovery.h"
#include "tap.h"

#define HEAD                                   \
	"{\"kind\":\"APIGroupDiscoveryList\"," \
	"\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":["
#define RESOURCE(name, kind, scope, verbs)                                     \
	"{\"resource\":\"" name "\",\"responseKind\":{\"kind\":\"" kind "\"}," \
	"\"scope\":\"" scope "\",\"verbs\":[" verbs "]}"
#define IN(v, fresh, resources)                            \
	"{\"version\":\"" v "\",\"resources\":[" resources \
	"],\"freshness\":\"" fresh "\"}"
#define GROUP(name, versions) \
	"{\"metadata\":{\"name\":\"" name "\"},\"versions\":[" versions "]}"

static char seen[1024], marks[8][HASH_LEN];
static int nmarks;

static int
each(void *arg, const char *group, const char *version, const char *mark)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "%s/%s ", group,
	    version == NULL ? "" : version);
	if (version == NULL && nmarks < 8)
		memcpy(marks[nmarks++], mark, HASH_LEN);
	return strcmp(group, "stop") == 0 ? -1 : 0;
}

/* Feed text by pieces of so many bytes. 0 if all is well and whole. */
static int
feed(struct discovery *d, const char *text, size_t piece, const char *old)
{
	size_t n = strlen(text), i;

	seen[0] = '\0';
	discovery_init(d, old, each, NULL);
	for (i = 0; i < n; i += piece)
		if (discovery_feed(d, text + i,
			n - i < piece ? n - i : piece) == -1)
			return -1;
	return discovery_done(d) ? 0 : -1;
}

static void
test_lines(void)
{
	static const char text[] =
	    HEAD "{\"metadata\":{},\"versions\":[" IN("v1", "Current",
		RESOURCE("pods", "Pod", "Namespaced",
		    "\"get\",\"list\"") "," RESOURCE("bindings", "Binding",
		    "Namespaced", "\"create\"") "," RESOURCE("nodes", "Node",
		    "Cluster", "\"list\"")) "]}," GROUP("b.io",
		IN("v2", "Stale", "")) "," GROUP("a.io",
		IN("v1", "Current",
		    RESOURCE("x y", "X", "Cluster",
			"\"list\"") "," RESOURCE("xs", "X", "Cluster",
			"\"list\",3"))) "," GROUP("../c",
		IN("v1", "Current", "")) "]}\n";
	static const char old[] =
	    "b.io v2 bs B cluster\nb.io v22 no No cluster\n"
	    "c.io v1 cs C cluster\n";
	struct discovery d;
	size_t piece;

	for (piece = 1; piece < 4000; piece *= 7) {
		is_int(feed(&d, text, piece, old), 0, "whole");
		is_int(discovery_sort(&d.lines), 0, "sorted");
		is_str(d.lines.data,
		    "a.io v1 xs X cluster\nb.io v2 bs B cluster\n"
		    "core v1 nodes Node cluster\ncore v1 pods Pod namespaced\n",
		    "what can be listed; stale is as before; odd names are "
		    "not");
		is_str(seen, "/ /v1 b.io/ b.io/v2 a.io/ a.io/v1 ",
		    "each group and version");
		discovery_free(&d);
	}
}

static void
test_marks(void)
{
	struct discovery d;

	nmarks = 0;
	is_int(feed(&d, HEAD GROUP("a", "") "," GROUP("b", "") "]}", 9, NULL),
	    0, "two groups");
	discovery_free(&d);
	is_int(feed(&d,
		   HEAD GROUP("a", "") "," GROUP("b",
		       IN("v1", "Current", "")) "]}",
		   9, NULL),
	    0, "one has changed");
	discovery_free(&d);
	is_str(marks[0], marks[2], "the mark of what is the same");
	ok(strcmp(marks[1], marks[3]) != 0, "and of what is not");
}

static void
test_bad(void)
{
	static const char *const bad[] = { "", "{}", "[]", "{\"kind\":\"X\"}",
		HEAD, HEAD "]", HEAD "{]}", HEAD "3]}",
		"{\"kind\":\"APIGroupList\",\"items\":[]}",
		HEAD GROUP("stop", "") "]}" };
	struct discovery d;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		is_int(feed(&d, bad[i], 5, NULL), -1, bad[i]);
		discovery_free(&d);
	}
}

static int
schema(void *arg, const char *path, const char *hash)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "%s=%s ", path, hash);
	return 0;
}

static void
test_schemas(void)
{
	static const char text[] =
	    "{\"paths\":{"
	    "\"a\":{\"serverRelativeURL\":\"/openapi/v3/apis/a?hash=A1\"},"
	    "\"b\":{\"serverRelativeURL\":\"/openapi/v3/b?hash=B2&x=y\"},"
	    "\"c\":{\"serverRelativeURL\":\"http://else/?hash=C\"},"
	    "\"d\":{\"serverRelativeURL\":\"/openapi/v3/d\"},\"e\":3}}";

	seen[0] = '\0';
	is_int(discovery_schemas(text, strlen(text), schema, NULL), 0, "index");
	is_str(seen, "/openapi/v3/apis/a=A1 /openapi/v3/b=B2 ", "its entries");
	is_int(discovery_schemas("{}", 2, schema, NULL), -1, "no index");
	is_int(discovery_schemas("{\"paths", 7, schema, NULL), -1,
	    "half of it");
}

int
main(void)
{
	test_lines();
	test_marks();
	test_bad();
	test_schemas();
	return done_testing();
}
