#include <errno.h>
#include <stdlib.h>

#include "meta.h"
#include "selector.h"
#include "tap.h"

static int
load(struct meta *m, const char *text, const struct resource *r)
{
	json_t *o = json_loads(text, 0, NULL);
	int rc, saved;

	errno = 0;
	rc = meta_load(m, o, r);
	saved = errno;
	json_decref(o);
	errno = saved;
	return rc;
}

static void
test_rv(void)
{
	uint64_t rv = 7;

	ok(meta_parse_rv("0", &rv) == 0 && rv == 0, "0");
	ok(meta_parse_rv("18446744073709551615", &rv) == 0 && rv == UINT64_MAX,
	    "the largest");
	errno = 0;
	ok(meta_parse_rv("18446744073709551616", &rv) == -1 && errno == EINVAL,
	    "one more");
	ok(meta_parse_rv("", &rv) == -1, "empty");
	ok(meta_parse_rv("007", &rv) == -1, "leading zero");
	ok(meta_parse_rv("00", &rv) == -1, "two zeros");
	ok(meta_parse_rv("-1", &rv) == -1, "negative");
	ok(meta_parse_rv("+1", &rv) == -1, "plus");
	ok(meta_parse_rv(" 1", &rv) == -1, "blank before");
	ok(meta_parse_rv("1 ", &rv) == -1, "blank behind");
	ok(meta_parse_rv("1a", &rv) == -1, "letter");
}

static const char pod[] =
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\","
    "\"namespace\":\"x\",\"uid\":\"u-1\",\"resourceVersion\":\"42\","
    "\"labels\":{\"app\":\"web\",\"empty\":\"\"}},"
    "\"spec\":{\"nodeName\":\"edge-1\",\"hostNetwork\":true},"
    "\"status\":{\"phase\":\"Running\",\"podIP\":\"10.1.1.1\","
    "\"podIPs\":[{\"ip\":\"10.1.1.1\"}]}}";

static void
test_pod(void)
{
	struct meta m;

	is_int(load(&m, pod, resource_find("", "pods")), 0, "a pod");
	is_str(m.key, "x/a", "key");
	is_str(m.ns, "x", "ns");
	is_str(m.name, "a", "name");
	is_str(m.uid, "u-1", "uid");
	is_int((long long)m.rv, 42, "rv");
	is_str(meta_label(&m, "app"), "web", "a label");
	is_str(meta_label(&m, "empty"), "", "an empty label is there");
	is_str(meta_label(&m, "web"), NULL, "a value is no key");
	is_str(meta_field(&m, "metadata.name"), "a", "metadata.name");
	is_str(meta_field(&m, "metadata.namespace"), "x", "metadata.namespace");
	is_str(meta_field(&m, "spec.nodeName"), "edge-1", "spec.nodeName");
	is_str(meta_field(&m, "spec.host"), "edge-1", "spec.host, the old one");
	is_str(meta_field(&m, "spec.hostNetwork"), "true", "spec.hostNetwork");
	is_str(meta_field(&m, "status.podIP"), "10.1.1.1", "status.podIP");
	is_str(meta_field(&m, "status.podIPs"), NULL,
	    "status.podIPs never has a value, as the strategy has it");
	is_str(meta_field(&m, "status.nominatedNodeName"), NULL, "absent");
	meta_free(&m);
	ok(m.mem == NULL && m.key == NULL, "free empties");
	is_int(load(&m, pod, NULL), 0, "without a resource");
	is_str(meta_field(&m, "spec.nodeName"), NULL, "no fields");
	is_str(meta_field(&m, "metadata.name"), "a", "but metadata.name");
	meta_free(&m);
}

/* One field of an object of a resource. */
static void
field(const char *group, const char *resource, const char *text,
    const char *label, const char *want)
{
	struct meta m;

	ok(load(&m, text, resource_find(group, resource)) == 0, "%s", resource);
	is_str(meta_field(&m, label), want, label);
	meta_free(&m);
}

#define NAMED "{\"metadata\":{\"name\":\"a\"}"

static void
test_fields(void)
{
	field("", "pods", NAMED "}", "spec.hostNetwork", "false");
	field("", "nodes", NAMED "}", "spec.unschedulable", "false");
	field("", "nodes", NAMED ",\"spec\":{\"unschedulable\":true}}",
	    "spec.unschedulable", "true");
	field("", "nodes", NAMED ",\"spec\":{\"unschedulable\":null}}",
	    "spec.unschedulable", "false");
	field("batch", "jobs", NAMED "}", "status.successful", "0");
	field("batch", "jobs", NAMED ",\"status\":{\"succeeded\":3}}",
	    "status.successful", "3");
	field("", "replicationcontrollers",
	    NAMED ",\"status\":{\"replicas\":-1}}", "status.replicas", "-1");
	field("", "secrets", NAMED ",\"type\":\"Opaque\"}", "type", "Opaque");
	field("", "services", NAMED ",\"spec\":{\"clusterIP\":\"None\"}}",
	    "spec.clusterIP", "None");
	field("", "events",
	    NAMED ",\"source\":{\"component\":\"kubelet\"},"
		  "\"reportingComponent\":\"k\"}",
	    "source", "kubelet");
	field("", "events",
	    NAMED ",\"source\":{},\"reportingComponent\":\"k\"}", "source",
	    "k");
	field("", "events", NAMED ",\"source\":{\"component\":\"\"}}", "source",
	    NULL);
	field("", "events", NAMED ",\"involvedObject\":{\"uid\":\"u\"}}",
	    "involvedObject.uid", "u");
	field("events.k8s.io", "events",
	    NAMED ",\"regarding\":{\"kind\":\"Pod\"}}", "regarding.kind",
	    "Pod");
	field("", "pods", NAMED ",\"spec\":{\"nodeName\":{\"a\":1}}}",
	    "spec.nodeName", NULL);
	field("", "pods", NAMED ",\"spec\":[1]}", "spec.nodeName", NULL);
}

static void
bad(const char *text, const char *name)
{
	struct meta m;

	ok(load(&m, text, NULL) == -1 && errno == EBADMSG && m.mem == NULL,
	    "refused: %s", name);
}

static void
test_bad(void)
{
	bad("{}", "no metadata");
	bad("[]", "no object");
	bad("{\"metadata\":{}}", "no name");
	bad("{\"metadata\":{\"name\":\"\"}}", "an empty name");
	bad("{\"metadata\":{\"name\":1}}", "a number for a name");
	bad("{\"metadata\":{\"name\":\"..\"}}", "dots");
	bad("{\"metadata\":{\"name\":\"a/b\"}}", "a slash");
	bad("{\"metadata\":{\"name\":\"a\",\"namespace\":\"../x\"}}",
	    "a namespace out of the tree");
	bad("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"x\"}}",
	    "a bad rv");
	bad("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":5}}",
	    "a number for an rv");
}

static int
same(const char *a, const char *b)
{
	const struct resource *pods = resource_find("", "pods");
	struct meta x, y;
	int rc;

	load(&x, a, pods);
	load(&y, b, pods);
	rc = meta_same_selectables(&x, &y);
	meta_free(&x);
	meta_free(&y);
	return rc;
}

#define LABELS "{\"metadata\":{\"name\":\"a\",\"labels\":"

static void
test_same(void)
{
	ok(same(pod, pod), "the same");
	ok(same(LABELS "{\"a\":\"1\",\"b\":\"2\"}}}",
	       LABELS "{\"b\":\"2\",\"a\":\"1\"}}}"),
	    "another order");
	ok(!same(LABELS "{\"a\":\"1\"}}}", LABELS "{\"a\":\"1\",\"b\":\"\"}}}"),
	    "one more");
	ok(!same(LABELS "{\"a\":\"1\",\"b\":\"\"}}}", LABELS "{\"a\":\"1\"}}}"),
	    "one less");
	ok(!same(LABELS "{\"a\":\"1\"}}}", LABELS "{\"a\":\"2\"}}}"),
	    "another value");
	ok(!same(NAMED "}", NAMED ",\"spec\":{\"nodeName\":\"n\"}}"),
	    "a field comes");
	ok(same(NAMED "}", NAMED ",\"spec\":{\"nodeName\":\"\"}}"),
	    "empty is absent");
	ok(same(LABELS "null}}", NAMED "}"), "null labels");
}

int
main(void)
{
	test_rv();
	test_pod();
	test_fields();
	test_bad();
	test_same();
	return done_testing();
}
