#ifndef NODE_RESTRICTION_H
#define NODE_RESTRICTION_H

#include <jansson.h>

#include "buf.h"

/*
 * The NodeRestriction admission plugin (plugin/pkg/admission/noderestriction
 * of Kubernetes 1.34 to 1.36): of what a kubelet may write by the Node
 * authorizer, what it may not by the objects.
 */
struct node_write {
	const char *node;     /* whose kubelet */
	const char *node_uid; /* of its Node; "" or NULL if there is none */
	const char *verb, *group, *resource, *subresource, *ns, *name;
	const json_t *old; /* as it is; of pods/eviction and
			    * serviceaccounts/token the pod; or NULL */
	const json_t *new; /* as it will be, or what is posted; or NULL */
};

/*
 * Strings may be NULL for "". 0 if it is admitted; -1 with kube-apiserver's
 * message appended to why and errno EPERM (a 403), or ENOENT where the pod or
 * the node does not exist (a 404); -1 with ENOMEM. Stricter: a token has an
 * audience of the pod's projected volumes, not one of CSI drivers.
 */
int node_restriction(const struct node_write *w, struct buf *why);

#endif
