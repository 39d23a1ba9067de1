/* What NodeRestriction refuses, in kube-apiserver's words. */
#include <errno.h>
#include <stdlib.h>

#include "node_restriction.h"
#include "tap.h"

#define OWNED                                                            \
	"\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Node\"," \
	"\"name\":\"n\",\"uid\":\"u\",\"controller\":true}]"
#define MIRROR_OF(node, uid)                                                  \
	"{\"metadata\":{\"name\":\"m\",\"namespace\":\"x\",\"annotations\":{" \
	"\"kubernetes.io/config.mirror\":\"1\"},\"ownerReferences\":[{"       \
	"\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n\",\"uid\":"     \
	"\"" uid "\",\"controller\":true}]},\"spec\":{\"nodeName\":\"" node   \
	"\"}}"
#define MIRROR(spec)                                                          \
	"{\"metadata\":{\"name\":\"m\",\"namespace\":\"x\",\"annotations\":{" \
	"\"kubernetes.io/config.mirror\":\"1\"}," OWNED                       \
	"},\"spec\":{\"nodeName\":\"n\"" spec "}}"
#define VOLUMES ",\"volumes\":[{\"name\":\"v\","
#define POD(node, meta, status)                                       \
	"{\"metadata\":{\"name\":\"p\",\"namespace\":\"x\",\"uid\":"  \
	"\"pu\"" meta "},\"spec\":{\"nodeName\":\"" node              \
	"\",\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":" \
	"[{\"serviceAccountToken\":{\"audience\":\"a\"}}]}}]},"       \
	"\"status\":{" status "}}"
#define TOKEN(audiences, uid)                                            \
	"{\"spec\":{\"audiences\":[" audiences "],\"boundObjectRef\":{"  \
	"\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\",\"uid\":" \
	"\"" uid "\"}}}"
#define NODE(name, labels, spec)                                   \
	"{\"metadata\":{\"name\":\"" name "\",\"labels\":{" labels \
	"}},\"spec\":{" spec "}}"
#define CLAIM(rv, capacity, phase)                                       \
	"{\"metadata\":{\"name\":\"c\",\"resourceVersion\":\"" rv        \
	"\"},\"status\":{\"capacity\":{" capacity "},\"phase\":\"" phase \
	"\"}}"
#define NAMED(name) "{\"metadata\":{\"name\":\"" name "\"}}"
#define SLICE(node) \
	"{\"metadata\":{\"name\":\"s\"},\"spec\":{\"nodeName\":\"" node "\"}}"
#define MPODS "pods \"m\" is forbidden: "
#define PPODS "pods \"p\" is forbidden: "
#define NODES "nodes \"n\" is forbidden: "
#define REFERS MPODS "node \"n\" can not create pods that reference "
#define RES "resource.k8s.io"
#define CERT "certificates.k8s.io"

struct row {
	const char *verb, *group, *resource, *sub, *ns, *name, *old, *new;
	const char *want; /* "" admitted, "-..." not found */
};

static const struct row pods[] = {
	{ "get", "", "pods", "", "x", "p", NULL, NULL, "" },
	{ "create", "", "pods", "", "x", "", NULL, MIRROR(""), "" },
	{ "create", "", "pods", "", "x", "", NULL, NULL,
	    "pods \"Unknown\" is forbidden: pod does not have "
	    "\"kubernetes.io/config.mirror\" annotation, node \"n\" can only "
	    "create mirror pods" },
	{ "create", "", "pods", "", "x", "", NULL, MIRROR_OF("o", "u"),
	    MPODS "node \"n\" can only create pods with spec.nodeName set to "
		  "itself" },
	{ "create", "", "pods", "", "x", "", NULL, MIRROR_OF("n", "v"),
	    MPODS "node n UID mismatch: expected v got u" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(",\"serviceAccountName\":\"s\""), REFERS "serviceaccounts" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(",\"serviceAccount\":\"s\""), REFERS "serviceaccounts" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(",\"imagePullSecrets\":[{\"name\":\"s\"}]"),
	    REFERS "secrets" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(",\"resourceClaims\":[{}]"), REFERS "resourceclaims" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(VOLUMES "\"csi\":{}"
			   "}]"),
	    REFERS "csidrivers (via CSI volumes)" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(VOLUMES "\"secret\":{}"
			   "}]"),
	    REFERS "secrets (via secret volumes)" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(VOLUMES "\"configMap\":{\"name\":\"c\"}"
			   "}]"),
	    REFERS "configmaps" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(VOLUMES "\"projected\":{\"sources\":[{\"downwardAPI\":{}},{"
			   "\"podCertificate\":{}}]}"
			   "}]"),
	    REFERS "podcertificates" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(VOLUMES "\"projected\":{\"sources\":[{\"new\":{}}]}"
			   "}]"),
	    MPODS "error checking mirror pod for API references: unknown "
		  "source for projected volume \"v\"" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(VOLUMES "\"new\":{}"
			   "}]"),
	    MPODS "error checking mirror pod for API references: unknown "
		  "volume type for volume  \"v\"" },
	{ "create", "", "pods", "", "x", "", NULL,
	    MIRROR(VOLUMES "\"hostPath\":{}"
			   "}]"),
	    "" },
	{ "update", "", "pods", "", "x", "p", POD("n", "", ""),
	    POD("n", "", ""),
	    PPODS "unexpected operation \"UPDATE\", node \"n\" can only create "
		  "and delete mirror pods" },
	{ "delete", "", "pods", "", "x", "p", POD("n", "", ""), NULL, "" },
	{ "delete", "", "pods", "", "x", "p", POD("o", "", ""), NULL,
	    PPODS "node \"n\" can only delete pods with spec.nodeName set to "
		  "itself" },
	{ "delete", "", "pods", "", "x", "p", NULL, NULL,
	    "-pods \"p\" not found" },
	{ "create", "", "pods", "binding", "x", "p", NULL, NULL,
	    PPODS "unexpected pod subresource \"binding\", only 'status' and "
		  "'eviction' are allowed" },
	{ "patch", "", "pods", "status", "x", "p", POD("n", "", ""),
	    POD("n", ",\"labels\":{}", "\"phase\":\"Failed\""), "" },
	{ "patch", "", "pods", "status", "x", "p", POD("n", "", ""),
	    POD("n", ",\"labels\":{\"a\":\"b\"}", ""),
	    PPODS "node \"n\" cannot update labels through pod status" },
	{ "update", "", "pods", "status", "x", "p", POD("o", "", ""),
	    POD("n", "", ""),
	    PPODS "node \"n\" can only update pod status for pods with "
		  "spec.nodeName set to itself" },
	{ "update", "", "pods", "status", "x", "p", POD("n", "", ""),
	    POD("n", "", "\"resourceClaimStatuses\":[{\"name\":\"a\"}]"),
	    PPODS "node \"n\" cannot update resource claim statues" },
	{ "update", "", "pods", "status", "x", "p", POD("n", "", ""),
	    POD("n", "", "\"extendedResourceClaimStatus\":{\"a\":1}"),
	    PPODS "node \"n\" cannot update extended resource claim status" },
	{ "create", "", "pods", "eviction", "x", "p", POD("n", "", ""),
	    NAMED("p"), "" },
	{ "create", "", "pods", "eviction", "x", "p", POD("o", "", ""),
	    NAMED("p"),
	    PPODS "node n can only evict pods with spec.nodeName set to "
		  "itself" },
	{ "create", "", "pods", "eviction", "x", "", NULL, NAMED("p"),
	    "-pod \"p\" not found" },
	{ "create", "", "serviceaccounts", "token", "x", "s", POD("n", "", ""),
	    TOKEN("\"a\"", "pu"), "" },
	{ "create", "", "serviceaccounts", "token", "x", "s", POD("n", "", ""),
	    TOKEN("", "pu"),
	    "serviceaccounts \"s\" is forbidden: audience \"\" not found in "
	    "pod spec volume, system:node:n is not authorized to request "
	    "tokens for this audience" },
	{ "create", "", "serviceaccounts", "token", "x", "s", POD("n", "", ""),
	    TOKEN("\"a\",\"b\"", "pu"),
	    "serviceaccounts \"s\" is forbidden: node may only request 0 or 1 "
	    "audiences" },
	{ "create", "", "serviceaccounts", "token", "x", "s", POD("o", "", ""),
	    TOKEN("\"a\"", "pu"),
	    "serviceaccounts \"s\" is forbidden: node requested token bound to "
	    "a pod scheduled on a different node" },
	{ "create", "", "serviceaccounts", "token", "x", "s", POD("n", "", ""),
	    TOKEN("\"a\"", ""),
	    "serviceaccounts \"s\" is forbidden: node requested token with a "
	    "pod binding without a uid" },
	{ "create", "", "serviceaccounts", "token", "x", "s", NULL,
	    TOKEN("\"a\"", "pu"), "-pod \"p\" not found" },
	{ "create", "", "serviceaccounts", "token", "x", "s", NULL, "{}",
	    "serviceaccounts \"s\" is forbidden: node requested token not "
	    "bound to a pod" },
	{ "create", "", "serviceaccounts", "token", "y", "s", POD("n", "", ""),
	    TOKEN("\"a\"", "pu"), "-pod \"p\" not found" },
};

static const struct row others[] = {
	{ "create", "", "nodes", "", "", "", NULL,
	    NODE("n", "\"kubernetes.io/os\":\"l\",\"a\":\"b\"", ""), "" },
	{ "create", "", "nodes", "", "", "", NULL, NODE("o", "", ""),
	    "nodes \"o\" is forbidden: node \"n\" is not allowed to modify "
	    "node \"o\"" },
	{ "create", "", "nodes", "", "", "", NULL,
	    NODE("n", "\"z.k8s.io/b\":\"\",\"kubernetes.io/a\":\"\"", ""),
	    NODES "node \"n\" is not allowed to set the following labels: "
		  "kubernetes.io/a, z.k8s.io/b" },
	{ "create", "", "nodes", "", "", "", NULL,
	    NODE("n", "", "\"configSource\":{}"),
	    NODES "node \"n\" is not allowed to create pods with a non-nil "
		  "configSource" },
	{ "update", "", "nodes", "status", "", "n",
	    NODE("n", "\"node-restriction.kubernetes.io/a\":\"1\"", ""),
	    NODE("n", "", ""),
	    NODES "is not allowed to modify labels: "
		  "node-restriction.kubernetes.io/a" },
	{ "update", "", "nodes", "status", "", "n",
	    NODE("n", "\"k8s.io/a\":\"1\"", ""),
	    NODE("n", "\"k8s.io/a\":\"2\"", ""),
	    NODES "is not allowed to modify labels: k8s.io/a" },
	{ "patch", "", "nodes", "", "", "n", NODE("n", "", ""),
	    NODE("n", "\"node.kubernetes.io/a\":\"\"", "\"taints\":[]"), "" },
	{ "patch", "", "nodes", "", "", "n", NODE("n", "", ""),
	    NODE("n", "", "\"taints\":[{\"key\":\"a\"}]"),
	    NODES "node \"n\" is not allowed to modify taints" },
	{ "patch", "", "nodes", "", "", "n", NODE("n", "", ""),
	    "{\"metadata\":{" OWNED "}}",
	    NODES "node \"n\" is not allowed to modify ownerReferences" },
	{ "patch", "", "nodes", "", "", "n", NODE("n", "", ""),
	    NODE("n", "", "\"configSource\":{\"a\":1}"),
	    NODES "node \"n\" is not allowed to update configSource to a new "
		  "non-nil configSource" },
	{ "update", "", "nodes", "", "", "n", NULL, NODE("n", "", ""),
	    "-nodes \"n\" not found" },
	{ "delete", "", "nodes", "", "", "o", NODE("o", "", ""), NULL,
	    "nodes \"o\" is forbidden: node \"n\" is not allowed to modify "
	    "node \"o\"" },
	{ "update", "", "persistentvolumeclaims", "status", "x", "c",
	    CLAIM("1", "", "Bound"), CLAIM("", "\"storage\":\"1\"", "Bound"),
	    "" },
	{ "update", "", "persistentvolumeclaims", "status", "x", "c",
	    CLAIM("1", "", "Bound"), CLAIM("1", "", "Lost"),
	    "persistentvolumeclaims \"c\" is forbidden: node \"n\" is not "
	    "allowed to update fields other than status.quantity and "
	    "status.conditions" },
	{ "update", "", "persistentvolumeclaims", "", "x", "c",
	    CLAIM("1", "", ""), CLAIM("1", "", ""),
	    "persistentvolumeclaims \"c\" is forbidden: may only update PVC "
	    "status" },
	{ "create", "coordination.k8s.io", "leases", "", "kube-node-lease", "",
	    NULL, NAMED("n"), "" },
	{ "update", "coordination.k8s.io", "leases", "", "kube-node-lease", "n",
	    NULL, NAMED("n"), "" },
	{ "create", "coordination.k8s.io", "leases", "", "kube-node-lease", "",
	    NULL, NAMED("o"),
	    "leases.coordination.k8s.io \"o\" is forbidden: can only access "
	    "node lease with the same name as the requesting node" },
	{ "create", "coordination.k8s.io", "leases", "", "x", "", NULL,
	    NAMED("n"),
	    "leases.coordination.k8s.io \"n\" is forbidden: can only access "
	    "leases in the \"kube-node-lease\" system namespace" },
	{ "create", "storage.k8s.io", "csinodes", "", "", "", NULL, NAMED("n"),
	    "" },
	{ "delete", "storage.k8s.io", "csinodes", "", "", "o", NAMED("o"), NULL,
	    "csinodes.storage.k8s.io \"o\" is forbidden: can only access "
	    "CSINode with the same name as the requesting node" },
	{ "create", RES, "resourceslices", "", "", "", NULL, SLICE("n"), "" },
	{ "create", RES, "resourceslices", "", "", "", NULL, SLICE("o"),
	    "resourceslices." RES " \"s\" is forbidden: can only create "
	    "ResourceSlice with the same NodeName as the requesting node" },
	{ "deletecollection", RES, "resourceslices", "", "", "s", SLICE("o"),
	    NULL,
	    "resourceslices." RES " \"s\" is forbidden: can only delete "
	    "ResourceSlice with the same NodeName as the requesting node" },
	{ "create", CERT, "certificatesigningrequests", "", "", "", NULL,
	    "{\"metadata\":{\"name\":\"c\"},\"spec\":{\"signerName\":\"x\"}}",
	    "" },
	{ "create", CERT, "certificatesigningrequests", "", "", "", NULL,
	    "{\"metadata\":{\"generateName\":\"c-\"},\"spec\":{\"signerName\":"
	    "\"kubernetes.io/kubelet-serving\",\"request\":\"eA==\"}}",
	    "certificatesigningrequests." CERT " \"c-\" is forbidden: unable "
	    "to parse csr: PEM block type must be CERTIFICATE REQUEST" },
	{ "create", CERT, "podcertificaterequests", "", "x", "", NULL,
	    NAMED("c"),
	    "podcertificaterequests." CERT " \"c\" is forbidden: "
	    "PodCertificateRequest feature gate is disabled" },
	{ "create", "", "events", "", "x", "", NULL, NAMED("e"), "" },
};

static json_t *
parse(const char *text)
{
	json_t *o;

	if (text == NULL)
		return NULL;
	if ((o = json_loads(text, 0, NULL)) == NULL)
		abort();
	return o;
}

static void
test(const struct row *r)
{
	struct node_write w = { .node = "n",
		.node_uid = "u",
		.verb = r->verb,
		.group = r->group,
		.resource = r->resource,
		.subresource = r->sub,
		.ns = r->ns,
		.name = r->name };
	struct buf why = { 0 };
	json_t *old = parse(r->old), *new = parse(r->new);
	int rc, gone = r->want[0] == '-';

	w.old = old;
	w.new = new;
	rc = node_restriction(&w, &why);
	ok(rc == (r->want[0] == '\0' ? 0 : -1) &&
		(rc == 0 || errno == (gone ? ENOENT : EPERM)),
	    "%s %s/%s", r->verb, r->resource, r->sub);
	is_str(why.data == NULL ? "" : why.data, r->want + gone, "the words");
	buf_free(&why);
	json_decref(old);
	json_decref(new);
}

int
main(void)
{
	struct node_write nothing = { 0 };
	struct buf why = { 0 };
	size_t i;

	for (i = 0; i < sizeof(pods) / sizeof(*pods); i++)
		test(&pods[i]);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		test(&others[i]);
	ok(node_restriction(&nothing, &why) == 0, "nothing");
	buf_free(&why);
	return done_testing();
}
