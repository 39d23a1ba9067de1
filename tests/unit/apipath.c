#include <errno.h>
#include <string.h>

#include "apipath.h"
#include "tap.h"

/* want: group version ns resource name subresource, "|" between. */
static void
parses(const char *path, const char *want)
{
	char got[2 * APIPATH_MAX];
	struct apipath p;

	if (apipath_parse(&p, path) == -1)
		snprintf(got, sizeof(got), "errno %d", errno);
	else
		snprintf(got, sizeof(got), "%s|%s|%s|%s|%s|%s", p.group,
		    p.version, p.ns, p.resource, p.name, p.subresource);
	is_str(got, want, path);
}

static void
refused(const char *path, const char *name)
{
	struct apipath p;

	errno = 0;
	ok(apipath_parse(&p, path) == -1 && errno == EINVAL, "refused: %s",
	    name);
	ok(p.resource[0] == '\0' && p.ns[0] == '\0', "and nothing is there");
}

static void
test_parse(void)
{
	parses("/api/v1/pods", "|v1||pods||");
	parses("/api/v1/pods/", "|v1||pods||");
	parses("/api/v1/namespaces/x/pods", "|v1|x|pods||");
	parses("/api/v1/namespaces/x/pods/a", "|v1|x|pods|a|");
	parses("/api/v1/namespaces/x/pods/a/log", "|v1|x|pods|a|log");
	parses("/api/v1/namespaces/x/services/a/proxy/b//c/",
	    "|v1|x|services|a|proxy/b//c/");
	parses("/api/v1/nodes/a/proxy//b", "|v1||nodes|a|proxy//b");
	parses("/api/v1/namespaces", "|v1||namespaces||");
	parses("/api/v1/namespaces/x", "|v1|x|namespaces|x|");
	parses("/api/v1/namespaces/x/", "|v1|x|namespaces|x|");
	parses("/api/v1/namespaces/x/status", "|v1|x|namespaces|x|status");
	parses("/api/v1/namespaces/x/finalize", "|v1|x|namespaces|x|finalize");
	parses("/api/v1/namespaces/x/statuses", "|v1|x|statuses||");
	parses("/apis/apps/v1/deployments", "apps|v1||deployments||");
	parses("/apis/apps/v1/namespaces/x/deployments/d/scale",
	    "apps|v1|x|deployments|d|scale");
	parses("/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
	    "rbac.authorization.k8s.io|v1||clusterroles|system:node|");
	parses("/", "|||||");
	parses("/api", "|||||");
	parses("/api/", "|||||");
	parses("/api/v1", "|||||");
	parses("/api/v1/", "|||||");
	parses("/apis/apps/v1", "|||||");
	parses("/apis/apps/v1/", "|||||");
	parses("/version", "|||||");
	parses("/healthz/", "|||||");
	parses("/apix/v1/pods", "|||||");
	parses("/api/v1/watch/pods", "|||||");
	parses("/api/v1/watches/pods", "|v1||watches|pods|");
}

static void
test_refusals(void)
{
	char longpath[APIPATH_MAX + 8];
	struct apipath p;

	refused("", "nothing");
	refused("api/v1/pods", "no slash first");
	refused("//api/v1/pods", "two slashes first");
	refused("/api//v1/pods", "no version");
	refused("/api/v1//pods", "no resource");
	refused("/apis//v1/pods", "no group");
	refused("/api/v1/namespaces//pods", "no namespace");
	refused("/api/v1/namespaces/x//pods", "nothing behind the namespace");
	refused("/api/v1/pods//x", "no name");
	refused("/api/v1/../pods", "two dots");
	refused("/api/v1/namespaces/../pods", "two dots for a namespace");
	refused("/api/v1/pods/.", "a dot for a name");
	refused("/api/v1/namespaces/x/pods/a/proxy/../..", "dots behind");
	refused("/api/v1/pods/a\nb", "a newline");
	refused("/api/v1/pods/a\x7f", "DEL");
	memset(longpath, 'a', sizeof(longpath));
	longpath[0] = '/';
	longpath[APIPATH_MAX] = '\0';
	ok(apipath_parse(&p, longpath) == -1 && errno == ENAMETOOLONG,
	    "too long");
	longpath[APIPATH_MAX - 1] = '\0';
	is_int(apipath_parse(&p, longpath), 0, "just not too long");
}

static void
decodes(const char *in, int plus, const char *want)
{
	char s[64];

	snprintf(s, sizeof(s), "%s", in);
	if (want == NULL)
		ok(apipath_decode(s, plus) == -1, "bad escape: %s", in);
	else if (ok(apipath_decode(s, plus) == 0, "escape: %s", in))
		is_str(s, want, "decoded");
}

static void
test_decode(void)
{
	decodes("a%2Fb%2fc%41", 0, "a/b/cA");
	decodes("a+b", 0, "a+b");
	decodes("a+b%2B", 1, "a b+");
	decodes("%ff", 0, "\xff");
	decodes("%25%", 0, NULL);
	decodes("%4", 0, NULL);
	decodes("%4g", 0, NULL);
	decodes("%00", 0, NULL);
	decodes("", 0, "");
}

static void
collection(const char *path, const char *want)
{
	char out[APIPATH_MAX];
	struct apipath p;

	ok(apipath_parse(&p, path) == 0 &&
		apipath_collection(&p, out, sizeof(out)) == 0,
	    "collection of %s", path);
	is_str(out, want, "is");
	ok(apipath_collection(&p, out, strlen(want)) == -1 &&
		errno == ENAMETOOLONG,
	    "no room for its NUL");
}

static void
dir(const char *path, const char *labels, const char *fields, const char *want)
{
	char out[APIPATH_MAX];
	struct apipath p;

	ok(apipath_parse(&p, path) == 0 &&
		apipath_feed_dir(&p, labels, fields, out, sizeof(out)) == 0,
	    "directory of %s [%s] [%s]", path, labels, fields);
	is_str(out, want, "is");
}

static void
test_dirs(void)
{
	char out[APIPATH_MAX];
	struct apipath p;

	dir("/api/v1/pods", "", "", "core/v1/pods/all");
	dir("/api/v1/pods", "", "spec.nodeName=edge-1",
	    "core/v1/pods/fieldSelector=spec.nodeName=edge-1");
	dir("/api/v1/namespaces/default/configmaps/web", "",
	    "metadata.name=web-config",
	    "core/v1/configmaps/default,fieldSelector=metadata.name="
	    "web-config");
	dir("/api/v1/services", "!a.io/b,c in (d,e)", "",
	    "core/v1/services/labelSelector=!a.io%2Fb%2Cc%20in%20%28d%2Ce%29");
	dir("/apis/apps/v1/namespaces/x/deployments", "a=b",
	    "metadata.name!=\\=",
	    "apps/v1/deployments/x,labelSelector=a=b,"
	    "fieldSelector=metadata.name!=%5C=");
	dir("/api/v1/namespaces/x", "", "", "core/v1/namespaces/all");
	dir("/api/v1/namespaces/all/pods", "", "", "core/v1/pods/%61ll");
	dir("/apis/core/v1/pods", "", "", "%63ore/v1/pods/all");
	dir("/api/v1/namespaces/fieldSelector=a/pods", "", "",
	    "core/v1/pods/fieldSelector%3Da");
	dir("/apis/.a/.b/namespaces/...c/.d", "", "", "%2Ea/%2Eb/%2Ed/%2E..c");
	apipath_parse(&p, "/version");
	ok(apipath_feed_dir(&p, "", "", out, sizeof(out)) == -1 &&
		errno == EINVAL,
	    "no resource, no directory");
}

static void
test_long_dir(void)
{
	char out[APIPATH_MAX], labels[300];
	struct apipath p;

	apipath_parse(&p, "/api/v1/pods");
	memset(labels, 'a', sizeof(labels));
	labels[255 - strlen("labelSelector=")] = '\0';
	ok(apipath_feed_dir(&p, labels, "", out, sizeof(out)) == 0,
	    "a component of 255 bytes");
	labels[255 - strlen("labelSelector=")] = 'a';
	labels[256 - strlen("labelSelector=")] = '\0';
	ok(apipath_feed_dir(&p, labels, "", out, sizeof(out)) == -1 &&
		errno == ENAMETOOLONG,
	    "of 256: refused");
}

int
main(void)
{
	test_parse();
	test_refusals();
	test_decode();
	collection("/api/v1/namespaces/x/pods/a", "/api/v1/namespaces/x/pods");
	collection("/api/v1/namespaces/x", "/api/v1/namespaces");
	collection("/apis/g/v1/namespaces/x/r", "/apis/g/v1/namespaces/x/r");
	collection("/apis/g/v1/r/n/status", "/apis/g/v1/r");
	test_dirs();
	test_long_dir();
	return done_testing();
}
