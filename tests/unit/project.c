/* What is left of objects, and how lists of fields are read. */
#include <errno.h>

#include "project.h"
#include "tap.h"

static void
text(const char *list, const char *want, const char *name)
{
	struct project p;

	if (project_parse(&p, list) == -1)
		is_str(errno == EINVAL ? "EINVAL" : "errno", want, name);
	else
		is_str(project_text(&p), want, name);
	project_free(&p);
}

static void
cut(const char *list, const char *object, const char *want, const char *name)
{
	struct project p;
	struct buf b = { 0 };

	if (project_parse(&p, list) == -1)
		ok(0, "%s: %s", name, list);
	else if (project_object(&p, object, strlen(object), &b) == -1)
		is_str(errno == EBADMSG ? "EBADMSG" : "errno", want, name);
	else
		is_str(b.data, want, name);
	project_free(&p);
	buf_free(&b);
}

#define META                                                         \
	"metadata.name,metadata.namespace,metadata.resourceVersion," \
	"metadata.uid"

static void
lists(void)
{
	char big[PROJECT_TEXT_MAX + 1];

	text("", "", "no list: all");
	text("status", "apiVersion,kind," META ",status", "always kept");
	text("b.c,a,b.a,a.x,b.a.b", "a,apiVersion,b.a,b.c,kind," META,
	    "sorted, each once");
	text("metadata", "apiVersion,kind,metadata", "what is in another");
	text("metadata.annotations.a\\.b/c\\,d,x",
	    "apiVersion,kind,metadata.annotations.a\\.b/c\\,d," META ",x",
	    "escapes");
	text("a,,b", "EINVAL", "an empty path");
	text("a,", "EINVAL", "an empty path at the end");
	text("a..b", "EINVAL", "an empty name");
	text(".a", "EINVAL", "an empty name in front");
	text("a\\", "EINVAL", "an escape of nothing");
	text("a\\\\b", "EINVAL", "a backslash");
	text("a\"b", "EINVAL", "a quote");
	text("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", "EINVAL", "too deep");
	memset(big, 'a', sizeof(big));
	big[PROJECT_TEXT_MAX] = '\0';
	text(big, "EINVAL", "too long");
}

static void
objects(void)
{
	cut("", "{ \"a\" : 1 }", "{ \"a\" : 1 }", "all of it, as it is");
	cut("s.c",
	    "{\"kind\":\"K\",\"metadata\":{\"name\":\"n\",\"labels\":{},"
	    "\"uid\":\"u\"},\"s\":{\"b\":[{}],\"c\":[{\"x\":1}],\"d\":2}}",
	    "{\"kind\":\"K\",\"metadata\":{\"name\":\"n\",\"uid\":\"u\"},"
	    "\"s\":{\"c\":[{\"x\":1}]}}",
	    "an array whole");
	cut("s.c.x", "{\"kind\":\"K\",\"s\":{\"c\":[{\"x\":1}]}}",
	    "{\"kind\":\"K\"}", "or not at all");
	cut("s.c.x,t.y", "{\"s\":{\"c\":{\"z\":1}},\"t\":{\"y\":{}}}",
	    "{\"t\":{\"y\":{}}}", "nothing without what is in it");
	cut("s.c,t.y", "{\"s\":null,\"t\":\"y\"}", "{}",
	    "null and strings have no members");
	cut("metadata.annotations.e\\.b/m",
	    "{\"metadata\":{\"annotations\":{\"e\":{\"b/m\":1},\"e.b/m\":"
	    "\"}\\\"]\",\"e.b/n\":2}}}",
	    "{\"metadata\":{\"annotations\":{\"e.b/m\":\"}\\\"]\"}}}",
	    "a name with a dot");
	cut("a,c", " {\"a\":1}", "EBADMSG", "a blank in front");
	cut("a,c",
	    "{ \"b\" : {\"x\":\"}\"} ,\n \"a\" : [ 1 , 2 ] , \"c\":[]}\n",
	    "{\"a\":[ 1 , 2 ],\"c\":[]}", "blanks");
	cut("a", "{}", "{}", "an empty one");
	cut("a", "{ }", "{}", "an empty one with a blank");
	cut("a", "{\"a\":1}}", "EBADMSG", "something behind it");
	cut("a", "{\"a\":1", "EBADMSG", "torn");
	cut("a", "{\"b\":{\"c\":1}", "EBADMSG", "torn in what is left out");
	cut("a", "{\"b\":\"x", "EBADMSG", "torn in a string");
	cut("a", "{\"a\":1,}", "EBADMSG", "a comma at the end");
	cut("a", "{\"a\"}", "EBADMSG", "no value");
	cut("a", "[1]", "EBADMSG", "an array");
	cut("a", "", "EBADMSG", "nothing");
	cut("a.b", "{\"a\":{\"b\":1]}", "EBADMSG", "closed by another");
}

int
main(void)
{
	lists();
	objects();
	return done_testing();
}
