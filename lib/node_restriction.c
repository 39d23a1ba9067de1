/*
 * What a kubelet may not write: objects of other nodes, and members of its
 * own that would lead to more rights or more pods.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "node_restriction_parts.h"

/* --- refusals --- */

/* What the message calls it, as admission's extractResourceName() does. */
static const char *
name_of(const struct judge *j)
{
	const json_t *m = json_object_get(j->w.new, "metadata");

	if (*j->w.name != '\0')
		return j->w.name;
	if (*text(m, "name") != '\0')
		return text(m, "name");
	if (*text(m, "generateName") != '\0')
		return text(m, "generateName");
	return "Unknown";
}

int
node_refuse(const struct judge *j, const char *fmt, ...)
{
	char what[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (buf_printf(j->why, "%s%s%s \"%s\" is forbidden: %s", j->w.resource,
		*j->w.group == '\0' ? "" : ".", j->w.group, name_of(j),
		what) == 0)
		errno = EPERM;
	return -1;
}

int
node_not_found(const struct judge *j, const char *resource, const char *name)
{
	if (buf_printf(j->why, "%s \"%s\" not found", resource, name) == 0)
		errno = ENOENT;
	return -1;
}

const char *
node_op_name(enum op op)
{
	return op == OP_CREATE ? "CREATE"
	    : op == OP_UPDATE  ? "UPDATE"
			       : "DELETE";
}

/* --- comparing --- */

/* Nothing, null, {} and [] are the same to kube-apiserver. */
static int
is_empty(const json_t *v)
{
	return v == NULL || json_is_null(v) ||
	    (json_is_object(v) && json_object_size(v) == 0) ||
	    (json_is_array(v) && json_array_size(v) == 0);
}

int
node_same(const json_t *a, const json_t *b)
{
	const char *key;
	const json_t *v;
	json_t *o;
	size_t i;

	if (is_empty(a) || is_empty(b))
		return is_empty(a) && is_empty(b);
	if (json_is_array(a) && json_is_array(b)) {
		if (json_array_size(a) != json_array_size(b))
			return 0;
		json_array_foreach(a, i, v)
			if (!node_same(v, json_array_get(b, i)))
				return 0;
		return 1;
	}
	if (!json_is_object(a) || !json_is_object(b))
		return json_equal(a, b);
	o = (json_t *)(uintptr_t)a;
	json_object_foreach(o, key, v)
		if (!node_same(v, json_object_get(b, key)))
			return 0;
	o = (json_t *)(uintptr_t)b;
	json_object_foreach(o, key, v)
		if (!is_empty(v) && json_object_get(a, key) == NULL)
			return 0;
	return 1;
}

/* --- claims --- */

/* A copy without what may change; NULL on failure. */
static json_t *
strip_claim(const json_t *pvc)
{
	static const char *const stats[] = { "capacity", "conditions",
		"allocatedResourceStatuses", "allocatedResources" };
	json_t *o = json_deep_copy(pvc), *p;
	size_t i;

	p = json_object_get(o, "metadata");
	json_object_del(p, "resourceVersion");
	json_object_del(p, "managedFields");
	p = json_object_get(o, "status");
	for (i = 0; i < sizeof(stats) / sizeof(*stats); i++)
		json_object_del(p, stats[i]);
	return o;
}

static int
admit_claim(const struct judge *j)
{
	json_t *old, *new;
	int good;

	if (!is(j->w.subresource, "status"))
		return node_refuse(j, "may only update PVC status");
	if (j->op != OP_UPDATE)
		return node_refuse(j, "unexpected operation \"%s\"",
		    node_op_name(j->op));
	if (j->w.old == NULL)
		return node_not_found(j, "persistentvolumeclaims", j->w.name);
	old = strip_claim(j->w.old);
	new = strip_claim(j->w.new);
	good = old != NULL && node_same(old, new);
	json_decref(old);
	json_decref(new);
	if (good)
		return 0;
	return node_refuse(j,
	    "node \"%s\" is not allowed to update fields other than "
	    "status.quantity and status.conditions",
	    j->w.node);
}

/* --- the others --- */

static const char *
written_name(const struct judge *j)
{
	return j->op == OP_CREATE
	    ? text(json_object_get(j->w.new, "metadata"), "name")
	    : j->w.name;
}

static int
admit_lease(const struct judge *j)
{
	if (!is(j->w.ns, "kube-node-lease"))
		return node_refuse(j,
		    "can only access leases in the "
		    "\"kube-node-lease\" system namespace");
	if (!is(written_name(j), j->w.node))
		return node_refuse(j,
		    "can only access node lease with the same "
		    "name as the requesting node");
	return 0;
}

static int
admit_csi_node(const struct judge *j)
{
	if (!is(written_name(j), j->w.node))
		return node_refuse(j,
		    "can only access CSINode with the same name "
		    "as the requesting node");
	return 0;
}

static int
admit_slice(const struct judge *j)
{
	if (j->op == OP_CREATE && !is(node_of(j->w.new), j->w.node))
		return node_refuse(j,
		    "can only create ResourceSlice with the same "
		    "NodeName as the requesting node");
	if (j->op == OP_DELETE && !is(node_of(j->w.old), j->w.node))
		return node_refuse(j,
		    "can only delete ResourceSlice with the same "
		    "NodeName as the requesting node");
	return 0;
}

static int
admit_pod_certificate(const struct judge *j)
{
	return node_refuse(j, "PodCertificateRequest feature gate is disabled");
}

/* --- which function for what --- */

static const struct {
	const char *group, *resource;
	int (*admit)(const struct judge *);
} restricted[] = {
	{ "", "pods", node_admit_pods },
	{ "", "nodes", node_admit_node },
	{ "", "persistentvolumeclaims", admit_claim },
	{ "", "serviceaccounts", node_admit_token },
	{ "coordination.k8s.io", "leases", admit_lease },
	{ "storage.k8s.io", "csinodes", admit_csi_node },
	{ "resource.k8s.io", "resourceslices", admit_slice },
	{ "certificates.k8s.io", "certificatesigningrequests", node_admit_csr },
	{ "certificates.k8s.io", "podcertificaterequests",
	    admit_pod_certificate },
};

/* A PUT of what is not there makes a Lease. */
static enum op
op_of(const struct node_write *w)
{
	if (is(w->verb, "create"))
		return OP_CREATE;
	if (is(w->verb, "update") || is(w->verb, "patch"))
		return w->old == NULL && is(w->resource, "leases") ? OP_CREATE
								   : OP_UPDATE;
	if (is(w->verb, "delete") || is(w->verb, "deletecollection"))
		return OP_DELETE;
	return OP_NONE;
}

static void
fill(const char **s)
{
	if (*s == NULL)
		*s = "";
}

int
node_restriction(const struct node_write *w, struct buf *why)
{
	struct judge j = { .w = *w, .why = why };
	size_t i;

	fill(&j.w.node);
	fill(&j.w.node_uid);
	fill(&j.w.verb);
	fill(&j.w.group);
	fill(&j.w.resource);
	fill(&j.w.subresource);
	fill(&j.w.ns);
	fill(&j.w.name);
	if ((j.op = op_of(&j.w)) == OP_NONE)
		return 0;
	for (i = 0; i < sizeof(restricted) / sizeof(*restricted); i++)
		if (is(j.w.group, restricted[i].group) &&
		    is(j.w.resource, restricted[i].resource))
			return restricted[i].admit(&j);
	return 0;
}
