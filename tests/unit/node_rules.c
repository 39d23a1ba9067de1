/* The Node authorizer: what pods refer to, and what a kubelet may then. */
#include <errno.h>
#include <stdlib.h>

#include "node_rules.h"
#include "tap.h"

static struct node_refs refs;

static const char pod[] =
    "{\"metadata\":{\"name\":\"p\",\"namespace\":\"x\",\"uid\":\"u1\"},"
    "\"spec\":{\"nodeName\":\"n\",\"serviceAccountName\":\"sa\","
    "\"imagePullSecrets\":[{\"name\":\"s-pull\"},{\"name\":\"\"},{}],"
    "\"initContainers\":[{\"envFrom\":[{\"secretRef\":{\"name\":\"s-from\"}},"
    "{\"configMapRef\":{\"name\":\"c-from\"}}]}],"
    "\"containers\":[{\"env\":[{\"name\":\"a\",\"value\":\"b\"},"
    "{\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s-env\"}}},"
    "{\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"c-env\"}}}]}],"
    "\"ephemeralContainers\":[{\"envFrom\":[{\"secretRef\":{\"name\":"
    "\"s-eph\"}}]}],\"volumes\":["
    "{\"name\":\"v\",\"secret\":{\"secretName\":\"s-vol\"}},"
    "{\"name\":\"v\",\"configMap\":{\"name\":\"c-vol\"}},"
    "{\"name\":\"v\",\"projected\":{\"sources\":[{\"secret\":{\"name\":"
    "\"s-pro\"}},{\"configMap\":{\"name\":\"c-pro\"}},{"
    "\"serviceAccountToken\":{}}]},\"configMap\":{\"name\":\"c-not\"}},"
    "{\"name\":\"v\",\"azureFile\":{\"secretName\":\"s-azure\"},\"secret\":{"
    "\"secretName\":\"s-not\"}},"
    "{\"name\":\"v\",\"cephfs\":{\"secretRef\":{\"name\":\"s-ceph\"}}},"
    "{\"name\":\"v\",\"cinder\":{\"secretRef\":{\"name\":\"s-cinder\"}}},"
    "{\"name\":\"v\",\"flexVolume\":{\"secretRef\":{\"name\":\"s-flex\"}}},"
    "{\"name\":\"v\",\"rbd\":{\"secretRef\":{\"name\":\"s-rbd\"}}},"
    "{\"name\":\"v\",\"scaleIO\":{\"secretRef\":{\"name\":\"s-scale\"}}},"
    "{\"name\":\"v\",\"iscsi\":{\"secretRef\":{\"name\":\"s-iscsi\"}}},"
    "{\"name\":\"v\",\"storageos\":{\"secretRef\":{\"name\":\"s-sos\"}}},"
    "{\"name\":\"v\",\"csi\":{\"nodePublishSecretRef\":{\"name\":\"s-csi\"}}},"
    "{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"pvc\"}},"
    "{\"name\":\"eph\",\"ephemeral\":{}}],"
    "\"resourceClaims\":[{\"name\":\"a\",\"resourceClaimName\":\"rc\"},"
    "{\"name\":\"b\",\"resourceClaimTemplateName\":\"t\"},"
    "{\"name\":\"c\",\"resourceClaimTemplateName\":\"t\"}]},"
    "\"status\":{\"resourceClaimStatuses\":[{\"name\":\"b\","
    "\"resourceClaimName\":\"rc-b\"}],\"extendedResourceClaimStatus\":{"
    "\"resourceClaimName\":\"rc-x\"}}}";
static const char mirror[] =
    "{\"metadata\":{\"name\":\"m\",\"namespace\":\"x\",\"uid\":\"u2\","
    "\"annotations\":{\"kubernetes.io/config.mirror\":\"\"}},\"spec\":{"
    "\"serviceAccountName\":\"sa-m\",\"volumes\":[{\"name\":\"v\",\"secret\":{"
    "\"secretName\":\"s-m\"}}]}}";

#define PV(name, claim, rest)                             \
	"{\"metadata\":{\"name\":\"" name                 \
	"\"},\"spec\":{\"claimRef\":{\"namespace\":\"x\"" \
	",\"name\":\"" claim "\"}," rest "}}"

static json_t *
parse(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	if (o == NULL)
		abort();
	return o;
}

static void
take(int (*f)(struct node_refs *, const json_t *), const char *text)
{
	json_t *o = parse(text);

	if (f(&refs, o) == -1)
		abort();
	json_decref(o);
}

static void
take_of(int (*f)(struct node_refs *, const char *, const json_t *),
    const char *text)
{
	json_t *o = parse(text);

	if (f(&refs, "n", o) == -1)
		abort();
	json_decref(o);
}

/* Each word of names is there, or none of them. */
static void
there(const char *resource, const char *ns, const char *names, int want)
{
	char text[512], *p = text, *name;

	snprintf(text, sizeof(text), "%s", names);
	while ((name = strsep(&p, " ")) != NULL)
		ok(node_refs_has(&refs, resource, ns, name) == want, "%s %s/%s",
		    resource, ns, name);
}

static void
test_refs(void)
{
	there("secrets", "x", "s-pull", 0);
	take(node_refs_pod, pod);
	take(node_refs_pod, mirror);
	take(node_refs_pod, "{}");
	take(node_refs_pod, "[]");
	take(node_refs_volume,
	    PV("pv", "pvc",
		"\"csi\":{\"controllerPublishSecretRef\":{\"namespace\":\"z\","
		"\"name\":\"s-ctl\"},\"nodePublishSecretRef\":{\"namespace\":"
		"\"z\","
		"\"name\":\"s-pub\"},\"nodeStageSecretRef\":{\"namespace\":"
		"\"z\","
		"\"name\":\"s-stage\"},\"nodeExpandSecretRef\":{\"namespace\":"
		"\"z\",\"name\":\"s-exp\"}}"));
	take(node_refs_volume,
	    PV("pv-eph", "p-eph",
		"\"iscsi\":{\"secretRef\":{\"name\":\"s-pv\"}}"));
	take(node_refs_volume,
	    PV("pv-az", "pvc",
		"\"azureFile\":{\"secretNamespace\":\"y\",\"secretName\":"
		"\"s-pvaz\"}"));
	take(node_refs_volume,
	    PV("pv-other", "other",
		"\"rbd\":{\"secretRef\":{\"name\":\"s-other\"}}"));
	take(node_refs_volume, "{\"metadata\":{\"name\":\"pv-free\"}}");
	there("secrets", "x",
	    "s-pull s-from s-env s-eph s-vol s-pro s-azure s-ceph s-cinder "
	    "s-flex s-rbd s-scale s-iscsi s-sos s-csi s-pv",
	    1);
	there("secrets", "z", "s-pub s-stage s-exp", 1);
	there("secrets", "y", "s-pvaz", 1);
	there("secrets", "y", "s-vol", 0);
	there("secrets", "x", "s-not s-m s-other s-pub c-vol  s-vo s-volx", 0);
	there("secrets", "z", "s-ctl", 0);
	there("configmaps", "x", "c-from c-env c-vol c-pro", 1);
	there("configmaps", "x", "c-not s-vol", 0);
	there("persistentvolumeclaims", "x", "pvc p-eph", 1);
	there("persistentvolumes", "", "pv pv-eph pv-az", 1);
	there("persistentvolumes", "", "pv-other pv-free", 0);
	there("resourceclaims", "x", "rc rc-b rc-x", 1);
	there("resourceclaims", "x", "t a c", 0);
	there("serviceaccounts", "x", "sa", 1);
	there("serviceaccounts", "x", "sa-m default", 0);
	there("pods", "x", "p m", 1);
	there("pods", "x", "p/u1 u1", 0);
	ok(node_refs_has_pod(&refs, "x", "p", "u1"), "a pod by its uid");
	ok(!node_refs_has_pod(&refs, "x", "p", "u"), "not by another");
	ok(!node_refs_has_pod(&refs, "x", "p", "u2"), "not by another's");
	ok(!node_refs_has(&refs, "secrets", "x/s-vol", ""), "no tricks");
	ok(!node_refs_has(&refs, "secrets/x", "s-vol", ""), "no tricks");
}

static void
test_others(void)
{
	take_of(node_refs_attachment,
	    "{\"metadata\":{\"name\":\"va\"},\"spec\":{\"nodeName\":\"n\"}}");
	take_of(node_refs_attachment,
	    "{\"metadata\":{\"name\":\"va2\"},\"spec\":{\"nodeName\":\"m\"}}");
	take_of(node_refs_slice,
	    "{\"metadata\":{\"name\":\"sl\"},\"spec\":{\"nodeName\":\"n\"}}");
	take_of(node_refs_slice, "{\"metadata\":{\"name\":\"sl2\"}}");
	there("volumeattachments", "", "va", 1);
	there("volumeattachments", "", "va2 sl", 0);
	there("resourceslices", "", "sl", 1);
	there("resourceslices", "", "sl2 va", 0);
}

/* group, resource/subresource, ns, name, fields: verbs; the others may not */
static const struct rule {
	const char *group, *resource, *sub, *ns, *name, *fields, *verbs;
} rules[] = {
	{ "", "secrets", "", "x", "s-vol", "", "get list watch" },
	{ "", "secrets", "", "x", "s-not", "", "" },
	{ "", "secrets", "", "", "s-vol", "", "" },
	{ "", "secrets", "", "x", "", "metadata.name=s-vol", "" },
	{ "", "secrets", "x", "x", "s-vol", "", "" },
	{ "x", "secrets", "", "x", "s-vol", "", "" },
	{ "", "configmaps", "", "x", "c-env", "", "get list watch" },
	{ "", "persistentvolumeclaims", "", "x", "pvc", "", "get" },
	{ "", "persistentvolumeclaims", "status", "x", "pvc", "",
	    "update patch" },
	{ "", "persistentvolumeclaims", "status", "x", "no", "", "" },
	{ "", "persistentvolumeclaims", "x", "x", "pvc", "", "" },
	{ "", "persistentvolumes", "", "", "pv", "", "get" },
	{ "", "persistentvolumes", "", "", "pv-free", "", "" },
	{ "resource.k8s.io", "resourceclaims", "", "x", "rc", "", "get" },
	{ "resource.k8s.io", "resourceclaims", "status", "x", "rc", "", "" },
	{ "storage.k8s.io", "volumeattachments", "", "", "va", "", "get" },
	{ "storage.k8s.io", "volumeattachments", "", "", "va2", "", "" },
	{ "", "serviceaccounts", "", "x", "sa", "", "get" },
	{ "", "serviceaccounts", "token", "x", "sa", "", "create" },
	{ "", "serviceaccounts", "token", "x", "sa-m", "", "" },
	{ "", "serviceaccounts", "token", "x", "", "", "" },
	{ "coordination.k8s.io", "leases", "", "kube-node-lease", "n", "",
	    "get create update patch delete" },
	{ "coordination.k8s.io", "leases", "", "kube-node-lease", "m", "",
	    "create" },
	{ "coordination.k8s.io", "leases", "", "x", "n", "", "" },
	{ "storage.k8s.io", "csinodes", "", "", "n", "",
	    "get create update patch delete" },
	{ "storage.k8s.io", "csinodes", "", "", "m", "", "create" },
	{ "storage.k8s.io", "csinodes", "status", "", "n", "", "" },
	{ "resource.k8s.io", "resourceslices", "", "", "sl", "",
	    "create get update patch delete" },
	{ "resource.k8s.io", "resourceslices", "", "", "", "spec.nodeName=n",
	    "create list watch deletecollection" },
	{ "resource.k8s.io", "resourceslices", "", "", "", "spec.nodeName=m",
	    "create" },
	{ "", "nodes", "", "", "n", "", "get list watch create update patch" },
	{ "", "nodes", "", "", "m", "", "create update patch" },
	{ "", "nodes", "", "", "", "metadata.name=n", "create update patch" },
	{ "", "nodes", "status", "", "n", "", "update patch" },
	{ "", "nodes", "proxy", "", "n", "", "" },
	{ "", "pods", "", "x", "p", "", "get list watch create delete" },
	{ "", "pods", "", "x", "q", "", "create delete" },
	{ "", "pods", "", "", "", "spec.nodeName=n",
	    "list watch create delete" },
	{ "", "pods", "", "", "", "spec.nodeName==n,status.phase=Running",
	    "list watch create delete" },
	{ "", "pods", "", "", "", "spec.nodeName!=n", "create delete" },
	{ "", "pods", "", "", "", "spec.nodeName=m", "create delete" },
	{ "", "pods", "", "", "", "spec.nodeName", "create delete" },
	{ "", "pods", "status", "x", "q", "", "update patch" },
	{ "", "pods", "eviction", "x", "q", "", "create" },
	{ "", "pods", "log", "x", "p", "", "" },
	{ "", "services", "", "", "", "", "get list watch" },
	{ "", "services", "status", "", "", "", "" },
	{ "", "events", "", "x", "", "", "create update patch" },
	{ "events.k8s.io", "events", "", "x", "", "", "" },
	{ "", "endpoints", "", "x", "e", "", "get" },
	{ "", "namespaces", "", "", "x", "", "" },
	{ "certificates.k8s.io", "certificatesigningrequests", "", "", "c", "",
	    "create get list watch" },
	{ "certificates.k8s.io", "podcertificaterequests", "", "x", "c", "",
	    "" },
	{ "certificates.k8s.io", "clustertrustbundles", "", "", "c", "", "" },
	{ "authentication.k8s.io", "tokenreviews", "", "", "", "", "create" },
	{ "authorization.k8s.io", "subjectaccessreviews", "", "", "", "",
	    "create" },
	{ "storage.k8s.io", "csidrivers", "", "", "", "", "get list watch" },
	{ "node.k8s.io", "runtimeclasses", "", "", "", "", "get list watch" },
	{ "rbac.authorization.k8s.io", "roles", "", "x", "", "", "" },
};

static void
test_rules(void)
{
	static const char *const verbs[] = { "get", "list", "watch", "create",
		"update", "patch", "delete", "deletecollection", "*", "e" };
	struct access_question q;
	const struct rule *r;
	char got[256], reason[256];
	size_t i, j;

	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		r = &rules[i];
		q = (struct access_question) { .group = r->group,
			.resource = r->resource,
			.subresource = r->sub,
			.ns = r->ns,
			.name = r->name,
			.fields = r->fields };
		got[0] = '\0';
		for (j = 0; j < sizeof(verbs) / sizeof(*verbs); j++) {
			q.verb = verbs[j];
			if (!node_rules_allow("n", &refs, &q, reason,
				sizeof(reason)) ||
			    (strstr(r->verbs, verbs[j]) != NULL &&
				strlen(verbs[j]) > 1))
				continue;
			strcat(strcat(got, " "), verbs[j]);
		}
		is_str(got, "", "no more than it may");
		got[0] = '\0';
		for (j = 0; j < sizeof(verbs) / sizeof(*verbs); j++) {
			q.verb = verbs[j];
			if (strlen(verbs[j]) > 1 &&
			    strstr(r->verbs, verbs[j]) != NULL &&
			    !node_rules_allow("n", &refs, &q, reason,
				sizeof(reason)) &&
			    (j != 6 || strstr(r->verbs, "deletec") == NULL))
				strcat(strcat(got, " "), verbs[j]);
		}
		ok(got[0] == '\0', "%s.%s/%s %s/%s %s may not%s", r->resource,
		    r->group, r->sub, r->ns, r->name, r->fields, got);
	}
}

static void
reason_of(struct access_question q, const char *want)
{
	char reason[128] = "x";

	ok(node_rules_allow("n", &refs, &q, reason, sizeof(reason)) == 0, "no");
	is_str(reason, want, "its reason");
}

#define Q(...) ((struct access_question) { __VA_ARGS__ })

static void
test_reasons(void)
{
	reason_of(Q(.verb = "get", .resource = "secrets", .ns = "x",
		      .name = "s"),
	    "no relationship found between node 'n' and this object");
	reason_of(Q(.verb = "list", .resource = "secrets", .ns = "x"),
	    "No Object name found");
	reason_of(Q(.verb = "get", .path = "/version"), "");
	reason_of(Q(.verb = "list", .resource = "pods"),
	    "can only list/watch pods with spec.nodeName field selector");
	reason_of(Q(.verb = "get", .resource = "nodes", .name = "m"),
	    "node 'n' cannot read 'm', only its own Node object");
	reason_of(Q(0), "");
}

static void
test_names(void)
{
	static const struct {
		const char *name, *group, *node;
	} all[] = {
		{ "system:node:n", "system:nodes", "n" },
		{ "system:node:n", "system:masters", NULL },
		{ "system:node:", "system:nodes", NULL },
		{ "system:nodes:n", "system:nodes", NULL },
		{ "n", "system:nodes", NULL },
	};
	struct user u = { 0 };
	size_t i;

	ok(node_rules_node(&u) == NULL, "nobody is no node");
	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		user_set(&u, all[i].name, NULL);
		user_add_group(&u, all[i].group);
		is_str(node_rules_node(&u), all[i].node, "the node");
		user_free(&u);
	}
}

int
main(void)
{
	test_refs();
	test_others();
	test_rules();
	test_reasons();
	test_names();
	node_refs_free(&refs);
	return done_testing();
}
