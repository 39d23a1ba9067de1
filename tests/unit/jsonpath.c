#include <errno.h>
#include <stdlib.h>

#include "jsonpath.h"
#include "tap.h"

static const char text[] =
    "{\"a\":{\"b\":1,\"c.d\":\"dot\",\"n\":null,\"s\":\"xy\"},"
    "\"l\":[{\"t\":\"A\",\"v\":1,\"o\":true},{\"t\":\"B\",\"v\":2.5},"
    "{\"t\":\"C\",\"v\":3}],\"e\":[],\"deep\":{\"x\":{\"v\":9}}}";

/* want: the first value as JSON, or NULL with errno want_errno. */
static void
finds(const char *path, const char *want, int want_errno)
{
	json_t *root = json_loads(text, 0, NULL), *v = NULL;
	struct jsonpath *p = jsonpath_parse(path);
	char *got = NULL;

	errno = p == NULL ? errno : 0;
	if (p != NULL && (v = jsonpath_first(p, root)) != NULL)
		got = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	if (want == NULL)
		ok(got == NULL && errno == want_errno, "%s: errno %d", path,
		    want_errno);
	else
		is_str(got, want, path);
	free(got);
	json_decref(v);
	json_decref(root);
	jsonpath_free(p);
}

static void
refuses(const char *path)
{
	struct jsonpath *p = jsonpath_parse(path);

	ok(p == NULL && errno == EINVAL, "%.40s: no path", path);
	jsonpath_free(p);
}

static void
test_fields(void)
{
	finds(".a.b", "1", 0);
	finds(".a['b']", "1", 0);
	finds(".a.c\\.d", "\"dot\"", 0);
	finds(".a['c\\.d']", "\"dot\"", 0);
	finds(".a['c.d']", NULL, ENOENT);
	finds(".a.n", "null", 0);
	finds(".a.none", NULL, ENOENT);
	finds(".a.b.c", NULL, ENOENT);
	finds(".", NULL, ENOENT);
	finds("$.a.b", "1", 0);
	finds(".a.*", "1", 0);
	finds(".a.s.*", "120", 0);
	finds(".a.b}{.none", "1", 0);
	finds(".a.b}{.a[0]", NULL, EINVAL);
	finds(".a range", NULL, EINVAL);
}

static void
test_brackets(void)
{
	finds(".l[0].t", "\"A\"", 0);
	finds(".l[-1].t", "\"C\"", 0);
	finds(".l[1:].t", "\"B\"", 0);
	finds(".l[:2].t", "\"A\"", 0);
	finds(".l[-2:-1].t", "\"B\"", 0);
	finds(".l[1:3:2].t", "\"B\"", 0);
	finds(".l[*].v", "1", 0);
	finds(".l[2,0].t", "\"C\"", 0);
	finds(".a['s','b']", "\"xy\"", 0);
	finds(".l[3].t", NULL, EINVAL);
	finds(".l[2:1].t", NULL, EINVAL);
	finds(".l[0:3:0].t", NULL, EINVAL);
	finds(".e[*]", NULL, ENOENT);
	finds(".e[0]", NULL, EINVAL);
	finds(".a[0]", NULL, EINVAL);
	finds(".none[0]", NULL, ENOENT);
	finds(".a.n[0]", NULL, ENOENT);
}

static void
test_filters(void)
{
	finds(".l[?(@.t==\"B\")].v", "2.5", 0);
	finds(".l[?(@.t=='B')].v", "2.5", 0);
	finds(".l[?(@.t!=\"A\")].t", "\"B\"", 0);
	finds(".l[?(@.o)].t", "\"A\"", 0);
	finds(".l[?(@.o==true)].t", "\"A\"", 0);
	finds(".l[?(@.v==3)].t", NULL, EINVAL);
	finds(".l[?(@.none==3)].t", NULL, ENOENT);
	finds(".l[?(@.t>=\"B\")].t", "\"B\"", 0);
	finds(".l[?(@.t<\"B\")].t", "\"A\"", 0);
	finds(".l[?(@.t=\"B\")].t", NULL, EINVAL);
	finds(".l[?(@.t==@.t)].t", "\"A\"", 0);
	finds(".l[?(@.v[0])].t", "\"A\"", 0);
	finds(".a[?(@.b)]", NULL, EINVAL);
	finds(".e[?(@.b==1)]", NULL, ENOENT);
}

static void
test_refused(void)
{
	char *deep = calloc(1, JSONPATH_MAX + 2);

	refuses(".a[");
	refuses(".a[0");
	refuses(".a[x]");
	refuses(".a[1:2:3:4]");
	refuses(".l[?(@.t==\"B\")");
	refuses(".l[?(@.t==\"B\"]");
	refuses(".a['b");
	refuses("....a");
	refuses(".l[0]!");
	refuses(".a\\");
	memset(deep, 'a', JSONPATH_MAX + 1);
	refuses(deep);
	free(deep);
}

int
main(void)
{
	test_fields();
	test_brackets();
	test_filters();
	finds("..v", "1", 0);
	finds(".deep..v", "9", 0);
	finds("..none", NULL, ENOENT);
	test_refused();
	return done_testing();
}
