#ifndef NODE_REFS_H
#define NODE_REFS_H

#include <jansson.h>
#include <stddef.h>

/*
 * What the pods of a node refer to: the Node authorizer's graph
 * (plugin/pkg/auth/authorizer/node/graph.go) as far as pods alone tell it.
 * Zeroed memory is empty.
 */
struct node_refs {
	char **all; /* private: sorted */
	size_t n, cap;
	int sorted;
};

/*
 * Take in a pod: its Secrets (volumes, projected, csi, env, envFrom,
 * imagePullSecrets, ...), ConfigMaps, PersistentVolumeClaims, ResourceClaims,
 * its ServiceAccount; static pods' mirror pods refer to nothing. 0, -1 errno.
 */
int node_refs_pod(struct node_refs *r, const json_t *pod);
/* A PersistentVolumeClaim that is referred to: its volume. A volume: its Secrets. */
int node_refs_claim(struct node_refs *r, const json_t *pvc);
int node_refs_volume(struct node_refs *r, const json_t *pv);

/* resource: secrets, configmaps, ... ; 1 or 0 */
int node_refs_has(struct node_refs *r, const char *resource, const char *ns,
    const char *name);
/* A pod of this node, by name and uid ("" any): 1 or 0 */
int node_refs_has_pod(struct node_refs *r, const char *ns, const char *name,
    const char *uid);
void node_refs_free(struct node_refs *r);

#endif
