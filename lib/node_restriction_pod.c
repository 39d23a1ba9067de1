/* Of pods, and of tokens for them. */
#include "node_mirror.h"
#include "node_restriction_parts.h"

#define MIRROR "kubernetes.io/config.mirror"

static const json_t *
status(const json_t *o, const char *name)
{
	return json_object_get(json_object_get(o, "status"), name);
}

static int
admit_owner(const struct judge *j)
{
	const json_t *owners = meta(j->w.new, "ownerReferences"), *o;
	const char *node = j->w.node;

	if (json_array_size(owners) > 1)
		return node_refuse(j,
		    "node \"%s\" can only create pods with a single owner "
		    "reference set to itself",
		    node);
	o = json_array_get(owners, 0);
	if (!is(text(o, "apiVersion"), "v1") || !is(text(o, "kind"), "Node") ||
	    !is(text(o, "name"), node))
		return node_refuse(j,
		    "node \"%s\" can only create pods with an owner reference "
		    "set to itself",
		    node);
	if (!json_is_true(json_object_get(o, "controller")))
		return node_refuse(j,
		    "node \"%s\" can only create pods with a controller owner "
		    "reference set to itself",
		    node);
	if (json_is_true(json_object_get(o, "blockOwnerDeletion")))
		return node_refuse(j,
		    "node \"%s\" must not set blockOwnerDeletion on an owner "
		    "reference",
		    node);
	if (*j->w.node_uid == '\0')
		return node_not_found(j, "node", node);
	if (!is(text(o, "uid"), j->w.node_uid))
		return node_refuse(j,
		    "node %s UID mismatch: expected %s got %s", node,
		    text(o, "uid"), j->w.node_uid);
	return 0;
}

static int
admit_pod_create(const struct judge *j)
{
	char what[256];
	int rc;

	if (json_object_get(meta(j->w.new, "annotations"), MIRROR) == NULL)
		return node_refuse(j,
		    "pod does not have \"" MIRROR
		    "\" annotation, node \"%s\" can only create mirror pods",
		    j->w.node);
	if (!is(node_of(j->w.new), j->w.node))
		return node_refuse(j,
		    "node \"%s\" can only create pods with spec.nodeName set "
		    "to itself",
		    j->w.node);
	if (admit_owner(j) == -1)
		return -1;
	if ((rc = node_mirror_refers(j->w.new, what, sizeof(what))) <= 0)
		return rc;
	if (strncmp(what, "unknown ", 8) == 0)
		return node_refuse(j,
		    "error checking mirror pod for API references: %s", what);
	return node_refuse(j,
	    "node \"%s\" can not create pods that reference %s", j->w.node,
	    what);
}

static int
admit_pod(const struct judge *j)
{
	if (j->op == OP_CREATE)
		return admit_pod_create(j);
	if (j->op == OP_UPDATE)
		return node_refuse(j,
		    "unexpected operation \"UPDATE\", node \"%s\" can only "
		    "create and delete mirror pods",
		    j->w.node);
	if (j->w.old == NULL)
		return node_not_found(j, "pods", j->w.name);
	if (!is(node_of(j->w.old), j->w.node))
		return node_refuse(j,
		    "node \"%s\" can only delete pods with spec.nodeName set "
		    "to itself",
		    j->w.node);
	return 0;
}

/* What the status says of claims: name by name. */
static int
same_claims(const json_t *a, const json_t *b)
{
	const json_t *v, *w;
	size_t i;

	if (json_array_size(a) != json_array_size(b))
		return 0;
	json_array_foreach(a, i, v) {
		w = json_array_get(b, i);
		if (!is(text(v, "name"), text(w, "name")) ||
		    !node_same(json_object_get(v, "resourceClaimName"),
			json_object_get(w, "resourceClaimName")))
			return 0;
	}
	return 1;
}

static int
admit_pod_status(const struct judge *j)
{
	const json_t *old = j->w.old, *new = j->w.new;
	const char *node = j->w.node;

	if (j->op != OP_UPDATE)
		return node_refuse(j, "unexpected operation \"%s\"",
		    node_op_name(j->op));
	if (old == NULL)
		return node_not_found(j, "pods", j->w.name);
	if (!is(node_of(old), node))
		return node_refuse(j,
		    "node \"%s\" can only update pod status for pods with "
		    "spec.nodeName set to itself",
		    node);
	if (!node_same(meta(old, "labels"), meta(new, "labels")))
		return node_refuse(j,
		    "node \"%s\" cannot update labels through pod status",
		    node);
	if (!same_claims(status(old, "resourceClaimStatuses"),
		status(new, "resourceClaimStatuses")))
		return node_refuse(j,
		    "node \"%s\" cannot update resource claim statues", node);
	if (!node_same(status(old, "extendedResourceClaimStatus"),
		status(new, "extendedResourceClaimStatus")))
		return node_refuse(j,
		    "node \"%s\" cannot update extended resource claim status",
		    node);
	return 0;
}

static int
admit_eviction(const struct judge *j)
{
	const char *name = j->w.name;

	if (j->op != OP_CREATE)
		return node_refuse(j, "unexpected operation %s",
		    node_op_name(j->op));
	if (*name == '\0')
		name = text(json_object_get(j->w.new, "metadata"), "name");
	if (*name == '\0')
		return node_refuse(j,
		    "could not determine pod from request data");
	if (j->w.old == NULL)
		return node_not_found(j, "pod", name);
	if (!is(node_of(j->w.old), j->w.node))
		return node_refuse(j,
		    "node %s can only evict pods with spec.nodeName set to "
		    "itself",
		    j->w.node);
	return 0;
}

int
node_admit_pods(const struct judge *j)
{
	const char *sub = j->w.subresource;

	if (*sub == '\0')
		return admit_pod(j);
	if (is(sub, "status"))
		return admit_pod_status(j);
	if (is(sub, "eviction"))
		return admit_eviction(j);
	return node_refuse(j,
	    "unexpected pod subresource \"%s\", only 'status' and 'eviction' "
	    "are allowed",
	    sub);
}

/* --- tokens --- */

static int
has_audience(const json_t *pod, const char *audience)
{
	const json_t *v, *s, *t;
	size_t i, k;

	json_array_foreach(spec(pod, "volumes"), i, v)
		json_array_foreach(json_object_get(json_object_get(v,
						       "projected"),
				       "sources"),
		    k, s) {
			t = json_object_get(s, "serviceAccountToken");
			if (json_is_object(t) &&
			    is(text(t, "audience"), audience))
				return 1;
		}
	return 0;
}

static int
admit_audience(const struct judge *j)
{
	const json_t *audiences = spec(j->w.new, "audiences");
	const char *a = json_string_value(json_array_get(audiences, 0));

	if (json_array_size(audiences) > 1)
		return node_refuse(j, "node may only request 0 or 1 audiences");
	a = a == NULL ? "" : a;
	if (has_audience(j->w.old, a))
		return 0;
	return node_refuse(j,
	    "audience \"%s\" not found in pod spec volume, system:node:%s is "
	    "not authorized to request tokens for this audience",
	    a, j->w.node);
}

int
node_admit_token(const struct judge *j)
{
	const json_t *ref = spec(j->w.new, "boundObjectRef");
	const json_t *m = json_object_get(j->w.old, "metadata");
	const char *name = text(ref, "name"), *uid = text(ref, "uid");

	if (j->op != OP_CREATE || !is(j->w.subresource, "token"))
		return 0;
	if (!is(text(ref, "apiVersion"), "v1") ||
	    !is(text(ref, "kind"), "Pod") || *name == '\0')
		return node_refuse(j,
		    "node requested token not bound to a pod");
	if (*uid == '\0')
		return node_refuse(j,
		    "node requested token with a pod binding without a uid");
	if (j->w.old == NULL || !is(text(m, "name"), name) ||
	    !is(text(m, "namespace"), j->w.ns))
		return node_not_found(j, "pod", name);
	if (!is(uid, text(m, "uid")))
		return node_refuse(j,
		    "the UID in the bound object reference (%s) does not match "
		    "the UID in record. The object might have been deleted and "
		    "then recreated",
		    uid);
	if (!is(node_of(j->w.old), j->w.node))
		return node_refuse(j,
		    "node requested token bound to a pod scheduled on a "
		    "different node");
	return admit_audience(j);
}
