/*
 * The Node authorizer: what a kubelet may, by plugin/pkg/auth/authorizer/node
 * and bootstrappolicy.NodeRules() with the default feature gates. Where 1.34
 * to 1.36 differ, what all of them allow (no events.k8s.io events).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "access_question.h"
#include "node_rules.h"
#include "selector.h"

#define USER_PREFIX "system:node:"

/* A question, with "" for NULL, and where the answer goes. */
struct ask {
	const char *node;
	struct node_refs *refs;
	struct access_question q;
	char *reason;
	size_t len;
};

/* --- helpers --- */

static int
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* verb is one of the words. */
static int
one_of(const char *verb, const char *words)
{
	size_t n = strlen(verb);
	const char *p = words;

	if (n == 0 || strchr(verb, ' ') != NULL)
		return 0;
	for (; (p = strstr(p, verb)) != NULL; p += n)
		if ((p == words || p[-1] == ' ') &&
		    (p[n] == '\0' || p[n] == ' '))
			return 1;
	return 0;
}

static int deny(struct ask *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static int
deny(struct ask *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (a->len > 0)
		vsnprintf(a->reason, a->len, fmt, ap);
	va_end(ap);
	return 0;
}

static int
deny_silently(struct ask *a)
{
	if (a->len > 0)
		a->reason[0] = '\0';
	return 0;
}

/* 1 if a selector asks for spec.nodeName of this node, whatever else. */
static int
selects_node(const struct ask *a)
{
	const struct selector_req *r;
	struct selector s = { 0 };
	char why[256];
	size_t i;
	int yes = 0;

	if (selector_parse_fields(&s, a->q.fields, why, sizeof(why)) == -1)
		return 0;
	for (i = 0; i < s.nreqs && !yes; i++) {
		r = &s.reqs[i];
		yes = is(r->key, "spec.nodeName") && r->op == SELECTOR_IN &&
		    r->nvalues == 1 && is(r->values[0], a->node);
	}
	selector_free(&s);
	return yes;
}

static int
is_related(struct ask *a, const char *resource)
{
	if (node_refs_has(a->refs, resource, a->q.ns, a->q.name))
		return 1;
	return deny(a,
	    "no relationship found between node '%s' and this object", a->node);
}

static int
by_relation(struct ask *a, const char *resource)
{
	if (*a->q.name == '\0')
		return deny(a, "No Object name found");
	return is_related(a, resource);
}

/* --- one function for each kind of rule --- */

static int
may_get(struct ask *a)
{
	if (!is(a->q.verb, "get"))
		return deny(a,
		    "can only get individual resources of this type");
	if (*a->q.subresource != '\0')
		return deny(a, "cannot get subresource");
	return by_relation(a, a->q.resource);
}

static int
may_read(struct ask *a)
{
	if (!one_of(a->q.verb, "get list watch"))
		return deny(a, "can only read resources of this type");
	if (*a->q.subresource != '\0')
		return deny(a, "cannot read subresource");
	if (*a->q.ns == '\0')
		return deny(a, "can only read namespaced object of this type");
	return by_relation(a, a->q.resource);
}

static int
may_claim(struct ask *a)
{
	if (!is(a->q.subresource, "status"))
		return may_get(a);
	if (!one_of(a->q.verb, "update patch"))
		return deny(a, "can only get/update/patch this type");
	return by_relation(a, a->q.resource);
}

static int
may_account(struct ask *a)
{
	if (is(a->q.verb, "get") && *a->q.subresource == '\0')
		return may_read(a);
	if (!is(a->q.verb, "create") || *a->q.name == '\0')
		return deny(a,
		    "can only create tokens for individual service accounts");
	if (!is(a->q.subresource, "token"))
		return deny(a,
		    "can only create token subresource of serviceaccount");
	return is_related(a, "serviceaccounts");
}

static int
may_lease(struct ask *a)
{
	if (!one_of(a->q.verb, "get create update patch delete"))
		return deny(a,
		    "can only get, create, update, patch, or delete "
		    "a node lease");
	if (!is(a->q.ns, "kube-node-lease"))
		return deny(a,
		    "can only access leases in the "
		    "\"kube-node-lease\" system namespace");
	if (!is(a->q.verb, "create") && !is(a->q.name, a->node))
		return deny(a,
		    "can only access node lease with the same name "
		    "as the requesting node");
	return 1;
}

static int
may_csi_node(struct ask *a)
{
	if (!one_of(a->q.verb, "get create update patch delete"))
		return deny(a,
		    "can only get, create, update, patch, or delete "
		    "a CSINode");
	if (*a->q.subresource != '\0')
		return deny(a, "cannot authorize CSINode subresources");
	if (!is(a->q.verb, "create") && !is(a->q.name, a->node))
		return deny(a,
		    "can only access CSINode with the same name as "
		    "the requesting node");
	return 1;
}

static int
may_slice(struct ask *a)
{
	if (*a->q.subresource != '\0')
		return deny(a, "cannot authorize ResourceSlice subresources");
	if (is(a->q.verb, "create"))
		return 1;
	if (one_of(a->q.verb, "get update patch delete"))
		return by_relation(a, a->q.resource);
	if (!one_of(a->q.verb, "watch list deletecollection"))
		return deny(a,
		    "only the following verbs are allowed for a ResourceSlice: "
		    "get, watch, list, create, update, patch, delete, "
		    "deletecollection");
	if (selects_node(a))
		return 1;
	return deny(a,
	    "can only list/watch/deletecollection resourceslices "
	    "with nodeName field selector");
}

static int
may_node(struct ask *a)
{
	const char *sub = a->q.subresource;

	if (is(sub, "status") && one_of(a->q.verb, "update patch"))
		return 1;
	if (*sub != '\0')
		return deny_silently(a);
	if (one_of(a->q.verb, "create update patch"))
		return 1;
	if (!one_of(a->q.verb, "get list watch"))
		return deny_silently(a);
	if (is(a->q.name, a->node))
		return 1;
	if (*a->q.name == '\0')
		return deny(a,
		    "node '%s' cannot read all nodes, only its own Node object",
		    a->node);
	return deny(a, "node '%s' cannot read '%s', only its own Node object",
	    a->node, a->q.name);
}

static int
may_list_pods(struct ask *a)
{
	if (selects_node(a))
		return 1;
	if (*a->q.name != '\0')
		return by_relation(a, "pods");
	return deny(a,
	    "can only list/watch pods with spec.nodeName field selector");
}

static int
may_pod(struct ask *a)
{
	const char *sub = a->q.subresource, *verb = a->q.verb;

	if (*sub == '\0') {
		if (is(verb, "get"))
			return may_get(a);
		if (one_of(verb, "list watch"))
			return may_list_pods(a);
		if (one_of(verb, "create delete"))
			return 1;
	} else if (is(sub, "status")
		? one_of(verb, "update patch")
		: is(sub, "eviction") && is(verb, "create"))
		return 1;
	return deny_silently(a);
}

/* --- which function for what --- */

static const struct {
	const char *group, *resource;
	int (*may)(struct ask *);
} divided[] = {
	{ "", "secrets", may_read },
	{ "", "configmaps", may_read },
	{ "", "persistentvolumeclaims", may_claim },
	{ "", "persistentvolumes", may_get },
	{ "resource.k8s.io", "resourceclaims", may_get },
	{ "storage.k8s.io", "volumeattachments", may_get },
	{ "", "serviceaccounts", may_account },
	{ "coordination.k8s.io", "leases", may_lease },
	{ "storage.k8s.io", "csinodes", may_csi_node },
	{ "resource.k8s.io", "resourceslices", may_slice },
	{ "", "nodes", may_node },
	{ "", "pods", may_pod },
};

/* What all nodes may alike. */
static const struct {
	const char *group, *resource, *verbs;
} alike[] = {
	{ "authentication.k8s.io", "tokenreviews", "create" },
	{ "authorization.k8s.io", "subjectaccessreviews", "create" },
	{ "authorization.k8s.io", "localsubjectaccessreviews", "create" },
	{ "", "services", "get list watch" },
	{ "", "events", "create update patch" },
	{ "", "endpoints", "get" },
	{ "certificates.k8s.io", "certificatesigningrequests",
	    "create get list watch" },
	{ "storage.k8s.io", "csidrivers", "get list watch" },
	{ "node.k8s.io", "runtimeclasses", "get list watch" },
};

static int
may_as_all(struct ask *a)
{
	size_t i;

	for (i = 0; i < sizeof(alike) / sizeof(*alike); i++)
		if (*a->q.subresource == '\0' &&
		    is(a->q.group, alike[i].group) &&
		    is(a->q.resource, alike[i].resource) &&
		    one_of(a->q.verb, alike[i].verbs))
			return 1;
	return deny_silently(a);
}

int
node_rules_allow(const char *node, struct node_refs *refs,
    const struct access_question *q, char *reason, size_t len)
{
	struct ask a = { .node = node,
		.refs = refs,
		.reason = reason,
		.len = len };
	const char *t[ACCESS_TEXTS];
	size_t i;

	access_question_texts(q, t);
	access_question_set(&a.q, t);
	deny_silently(&a);
	if (*node == '\0' || *a.q.path != '\0')
		return 0;
	for (i = 0; i < sizeof(divided) / sizeof(*divided); i++)
		if (is(a.q.group, divided[i].group) &&
		    is(a.q.resource, divided[i].resource))
			return divided[i].may(&a);
	return may_as_all(&a);
}

const char *
node_rules_node(const struct user *u)
{
	size_t n = strlen(USER_PREFIX);

	if (u->name == NULL || strncmp(u->name, USER_PREFIX, n) != 0 ||
	    u->name[n] == '\0' || !user_in_group(u, "system:nodes"))
		return NULL;
	return u->name + n;
}
