/*
 * Tables by themselves; all the printers stand beside a master's in
 * tests/cluster/11-table.t.
 */
#include <stdlib.h>

#include "table.h"
#include "tap.h"

/* 2020-02-03T04:05:06Z, and ten minutes. */
#define NOW ((1580702706LL + 600) * 1000000)

static void
prints(const char *path, const char *crd_text, const char *columns_text,
    const char *object, const char *want)
{
	json_t *crd = crd_text == NULL ? NULL : json_loads(crd_text, 0, NULL);
	json_t *columns =
	    columns_text == NULL ? NULL : json_loads(columns_text, 0, NULL);
	struct span o = { object, strlen(object) };
	struct buf b = { 0 };
	struct table *t;
	struct apipath p;

	apipath_parse(&p, path);
	t = table_make(&p, crd, columns);
	ok(t != NULL && table_cells(t, &b, o, NOW) == 0, "%s: cells", path);
	is_str(b.data, want, want);
	buf_free(&b);
	table_free(t);
	json_decref(crd);
	json_decref(columns);
}

static void
defines(const char *path, const char *crd_text, const char *want)
{
	json_t *crd = json_loads(crd_text, 0, NULL);
	struct buf b = { 0 };
	struct apipath p;
	struct table *t;
	const char *at;

	apipath_parse(&p, path);
	t = table_make(&p, crd, NULL);
	ok(t != NULL && table_columns(t, &b) == 0, "%s: columns", path);
	at = b.data == NULL ? NULL : strstr(b.data, want);
	ok(at != NULL, "they have %s", want);
	buf_free(&b);
	table_free(t);
	json_decref(crd);
}

static const char pod[] =
    "{\"metadata\":{\"name\":\"p\",\"creationTimestamp\":"
    "\"2020-02-03T04:05:06Z\"},\"spec\":{\"containers\":[{\"name\":\"a\"},"
    "{\"name\":\"b\"}]},\"status\":{\"phase\":\"Running\","
    "\"containerStatuses\":[{\"name\":\"a\",\"ready\":true,\"state\":"
    "{\"running\":{}},\"restartCount\":2,\"lastState\":{\"terminated\":"
    "{\"finishedAt\":\"2020-02-03T04:14:06Z\"}}}]}}";

static const char crd[] =
    "{\"spec\":{\"versions\":[{\"name\":\"v1\",\"additionalPrinterColumns\":["
    "{\"name\":\"Size\",\"type\":\"integer\",\"jsonPath\":\".spec.size\"},"
    "{\"name\":\"Bad\",\"type\":\"string\",\"jsonPath\":\".spec[\"},"
    "{\"name\":\"At\",\"type\":\"date\",\"jsonPath\":\".spec.at\","
    "\"priority\":1,\"description\":\"<d>\"}]},{\"name\":\"v2\"}]}}";

int
main(void)
{
	prints("/api/v1/pods", NULL, NULL, pod,
	    "[\"p\",\"1/2\",\"Running\",\"2 (60s ago)\",\"10m\","
	    "\"\\u003cnone\\u003e\",\"\\u003cnone\\u003e\","
	    "\"\\u003cnone\\u003e\",\"\\u003cnone\\u003e\"]");
	prints("/api/v1/pods", NULL,
	    "[{\"name\":\"Age\",\"type\":\"string\"},"
	    "{\"name\":\"New\",\"type\":\"string\"},"
	    "{\"name\":\"Newer\",\"type\":\"integer\"},"
	    "{\"name\":\"Name\",\"type\":\"string\"}]",
	    pod, "[\"10m\",\"\",null,\"p\"]");
	prints("/api/v1/limitranges", NULL, NULL, pod,
	    "[\"p\",\"2020-02-03T04:05:06Z\"]");
	prints("/apis/x.io/v1/things", crd, NULL,
	    "{\"metadata\":{\"name\":\"t\"},\"spec\":{\"size\":3,"
	    "\"at\":\"2020-02-03T04:05:06Z\"}}",
	    "[\"t\",3,null,\"10m\"]");
	prints("/apis/x.io/v1/things", crd, NULL, "{}",
	    "[\"\",null,null,null]");
	prints("/apis/x.io/v2/things", crd, NULL, pod, "[\"p\",\"10m\"]");
	defines("/apis/x.io/v1/things", crd,
	    "{\"name\":\"Size\",\"type\":\"integer\",\"format\":\"\","
	    "\"description\":\"Custom resource definition column (in JSONPath "
	    "format): .spec.size\",\"priority\":0}");
	defines("/apis/x.io/v1/things", crd,
	    "\"description\":\"\\u003cd\\u003e\",\"priority\":1}]");
	defines("/apis/x.io/v2/things", crd,
	    "{\"name\":\"Age\",\"type\":\"date\"");
	return done_testing();
}
