#ifndef NODE_REFS_H
#define NODE_REFS_H

#include <jansson.h>
#include <stddef.h>

/*
 * What the pods of a node refer to: the Node authorizer's graph
 * (plugin/pkg/auth/authorizer/node/graph.go) as far as pods alone tell it.
 * Zeroed memory is empty.
 */
#define NODE_REFS_MAX 262144 /* more are E2BIG */

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
/*
 * After the pods: a PersistentVolume, and its Secrets, where its claimRef is
 * a claim of one of them (what a claim says of its volume does not count). A
 * VolumeAttachment and a ResourceSlice of the node. Others are left out.
 */
int node_refs_volume(struct node_refs *r, const json_t *pv);
int node_refs_attachment(struct node_refs *r, const char *node,
    const json_t *va);
int node_refs_slice(struct node_refs *r, const char *node, const json_t *slice);

/* resource: secrets, configmaps, ... ; ns "" of what has none. 1 or 0 */
int node_refs_has(struct node_refs *r, const char *resource, const char *ns,
    const char *name);
/* 1 if there is any of that resource. */
int node_refs_any(struct node_refs *r, const char *resource);
/* A pod of this node, by name and uid ("" any): 1 or 0 */
int node_refs_has_pod(struct node_refs *r, const char *ns, const char *name,
    const char *uid);
void node_refs_free(struct node_refs *r);

#endif
