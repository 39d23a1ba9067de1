/*
 * What pods refer to, as kube-apiserver's VisitPodSecretNames(),
 * VisitPodConfigmapNames() and the Node authorizer's AddPod() and AddPV() go
 * through them.
 *
 * Kept as texts "resource/namespace/name", of pods with "/uid" behind; what
 * has a slash in a part is not there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node_refs.h"

#define KEY_MAX 1024

static const char *
text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s == NULL ? "" : s;
}

static const json_t *
at(const json_t *o, const char *a, const char *b)
{
	return json_object_get(json_object_get(o, a), b);
}

/* --- the set --- */

static int
make_key(char *key, const char *resource, const char *ns, const char *name,
    const char *uid)
{
	int n;

	if (strchr(resource, '/') != NULL || strchr(ns, '/') != NULL ||
	    strchr(name, '/') != NULL || (uid != NULL && strchr(uid, '/')))
		return -1;
	n = snprintf(key, KEY_MAX, "%s/%s/%s%s%s", resource, ns, name,
	    uid == NULL ? "" : "/", uid == NULL ? "" : uid);
	return n < KEY_MAX ? 0 : -1;
}

static int
add_key(struct node_refs *r, const char *key)
{
	size_t cap = r->cap == 0 ? 64 : r->cap * 2;
	char **all, *copy;

	if (r->n == NODE_REFS_MAX) {
		errno = E2BIG;
		return -1;
	}
	if (r->n == r->cap) {
		if ((all = reallocarray(r->all, cap, sizeof(*all))) == NULL)
			return -1;
		r->all = all;
		r->cap = cap;
	}
	if ((copy = strdup(key)) == NULL)
		return -1;
	r->all[r->n++] = copy;
	r->sorted = 0;
	return 0;
}

/* Nothing where there is no name. */
static int
add(struct node_refs *r, const char *resource, const char *ns, const char *name)
{
	char key[KEY_MAX];

	if (*name == '\0' || make_key(key, resource, ns, name, NULL) == -1)
		return 0;
	return add_key(r, key);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort(struct node_refs *r)
{
	size_t i, n = 0;

	if (r->sorted || r->n == 0)
		return;
	qsort(r->all, r->n, sizeof(*r->all), by_text);
	for (i = 0; i < r->n; i++) {
		if (n > 0 && strcmp(r->all[n - 1], r->all[i]) == 0)
			free(r->all[i]);
		else
			r->all[n++] = r->all[i];
	}
	r->n = n;
	r->sorted = 1;
}

/* The first one that is not before key. */
static const char *
find(struct node_refs *r, const char *key)
{
	size_t low = 0, high, mid;

	sort(r);
	for (high = r->n; low < high;) {
		mid = low + (high - low) / 2;
		if (strcmp(r->all[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low == r->n ? NULL : r->all[low];
}

int
node_refs_has(struct node_refs *r, const char *resource, const char *ns,
    const char *name)
{
	char key[KEY_MAX];
	const char *p;

	if (strcmp(resource, "pods") == 0)
		return node_refs_has_pod(r, ns, name, "");
	if (*name == '\0' || make_key(key, resource, ns, name, NULL) == -1)
		return 0;
	p = find(r, key);
	return p != NULL && strcmp(p, key) == 0;
}

int
node_refs_any(struct node_refs *r, const char *resource)
{
	char key[KEY_MAX];
	const char *p;

	if (make_key(key, resource, "", "", NULL) == -1)
		return 0;
	key[strlen(key) - 1] = '\0'; /* "resource/" */
	p = find(r, key);
	return p != NULL && strncmp(p, key, strlen(key)) == 0;
}

int
node_refs_has_pod(struct node_refs *r, const char *ns, const char *name,
    const char *uid)
{
	char key[KEY_MAX];
	const char *p;

	if (*name == '\0' || make_key(key, "pods", ns, name, uid) == -1)
		return 0;
	if ((p = find(r, key)) == NULL)
		return 0;
	return *uid == '\0' ? strncmp(p, key, strlen(key)) == 0
			    : strcmp(p, key) == 0;
}

void
node_refs_free(struct node_refs *r)
{
	while (r->n > 0)
		free(r->all[--r->n]);
	free(r->all);
	memset(r, 0, sizeof(*r));
}

/* --- pods --- */

/* Where the sources of volumes name a Secret; the first that is there counts. */
static const struct {
	const char *source, *ref, *name;
} pod_secrets[] = {
	{ "azureFile", NULL, "secretName" },
	{ "cephfs", "secretRef", "name" },
	{ "cinder", "secretRef", "name" },
	{ "flexVolume", "secretRef", "name" },
	{ "projected", NULL, NULL },
	{ "rbd", "secretRef", "name" },
	{ "secret", NULL, "secretName" },
	{ "scaleIO", "secretRef", "name" },
	{ "iscsi", "secretRef", "name" },
	{ "storageos", "secretRef", "name" },
	{ "csi", "nodePublishSecretRef", "name" },
};

/* Of all in list: what its member ref names. */
static int
add_listed(struct node_refs *r, const char *resource, const char *ns,
    const json_t *list, const char *ref)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
		if (add(r, resource, ns,
			text(ref == NULL ? o : json_object_get(o, ref),
			    "name")) == -1)
			return -1;
	return 0;
}

static int
add_volume_secret(struct node_refs *r, const char *ns, const json_t *volume)
{
	const json_t *source;
	size_t i;

	for (i = 0; i < sizeof(pod_secrets) / sizeof(*pod_secrets); i++) {
		source = json_object_get(volume, pod_secrets[i].source);
		if (!json_is_object(source))
			continue;
		if (pod_secrets[i].name == NULL)
			return add_listed(r, "secrets", ns,
			    json_object_get(source, "sources"), "secret");
		if (pod_secrets[i].ref != NULL)
			source = json_object_get(source, pod_secrets[i].ref);
		return add(r, "secrets", ns, text(source, pod_secrets[i].name));
	}
	return 0;
}

static int
add_volume(struct node_refs *r, const char *ns, const char *pod,
    const json_t *volume)
{
	const json_t *projected = json_object_get(volume, "projected");
	char name[KEY_MAX];

	if (add_volume_secret(r, ns, volume) == -1)
		return -1;
	if (json_is_object(projected)) {
		if (add_listed(r, "configmaps", ns,
			json_object_get(projected, "sources"),
			"configMap") == -1)
			return -1;
	} else if (add(r, "configmaps", ns,
		       text(json_object_get(volume, "configMap"), "name")) ==
	    -1)
		return -1;
	if (json_is_object(json_object_get(volume, "persistentVolumeClaim")))
		return add(r, "persistentvolumeclaims", ns,
		    text(json_object_get(volume, "persistentVolumeClaim"),
			"claimName"));
	if (!json_is_object(json_object_get(volume, "ephemeral")) ||
	    snprintf(name, sizeof(name), "%s-%s", pod, text(volume, "name")) >=
		(int)sizeof(name))
		return 0;
	return add(r, "persistentvolumeclaims", ns, name);
}

static int
add_container(struct node_refs *r, const char *ns, const json_t *c)
{
	const json_t *from = json_object_get(c, "envFrom"), *v, *o;
	size_t i;

	if (add_listed(r, "secrets", ns, from, "secretRef") == -1 ||
	    add_listed(r, "configmaps", ns, from, "configMapRef") == -1)
		return -1;
	json_array_foreach(json_object_get(c, "env"), i, v) {
		o = json_object_get(v, "valueFrom");
		if (add(r, "secrets", ns,
			text(json_object_get(o, "secretKeyRef"), "name")) ==
			-1 ||
		    add(r, "configmaps", ns,
			text(json_object_get(o, "configMapKeyRef"), "name")) ==
			-1)
			return -1;
	}
	return 0;
}

static int
add_containers(struct node_refs *r, const char *ns, const json_t *spec)
{
	static const char *const lists[] = { "initContainers", "containers",
		"ephemeralContainers" };
	const json_t *c;
	size_t i, j;

	for (i = 0; i < 3; i++)
		json_array_foreach(json_object_get(spec, lists[i]), j, c)
			if (add_container(r, ns, c) == -1)
				return -1;
	return 0;
}

/* The name that a claim made from a template has got, "" if none yet. */
static const char *
made_claim(const json_t *pod, const char *name)
{
	const json_t *o;
	size_t i;

	json_array_foreach(at(pod, "status", "resourceClaimStatuses"), i, o)
		if (strcmp(text(o, "name"), name) == 0)
			return text(o, "resourceClaimName");
	return "";
}

static int
add_resource_claims(struct node_refs *r, const char *ns, const json_t *pod)
{
	const json_t *o;
	const char *name;
	size_t i;

	json_array_foreach(at(pod, "spec", "resourceClaims"), i, o) {
		if (json_is_string(json_object_get(o, "resourceClaimName")))
			name = text(o, "resourceClaimName");
		else if (json_is_string(
			     json_object_get(o, "resourceClaimTemplateName")))
			name = made_claim(pod, text(o, "name"));
		else
			continue;
		if (add(r, "resourceclaims", ns, name) == -1)
			return -1;
	}
	return add(r, "resourceclaims", ns,
	    text(at(pod, "status", "extendedResourceClaimStatus"),
		"resourceClaimName"));
}

int
node_refs_pod(struct node_refs *r, const json_t *pod)
{
	const json_t *meta = json_object_get(pod, "metadata"), *v;
	const json_t *spec = json_object_get(pod, "spec");
	const char *ns = text(meta, "namespace"), *name = text(meta, "name");
	char key[KEY_MAX];
	size_t i;

	if (*name == '\0' ||
	    make_key(key, "pods", ns, name, text(meta, "uid")) == -1)
		return 0;
	if (add_key(r, key) == -1)
		return -1;
	if (at(meta, "annotations", "kubernetes.io/config.mirror") != NULL)
		return 0;
	if (add(r, "serviceaccounts", ns, text(spec, "serviceAccountName")) ==
		-1 ||
	    add_listed(r, "secrets", ns,
		json_object_get(spec, "imagePullSecrets"), NULL) == -1 ||
	    add_containers(r, ns, spec) == -1)
		return -1;
	json_array_foreach(json_object_get(spec, "volumes"), i, v)
		if (add_volume(r, ns, name, v) == -1)
			return -1;
	return add_resource_claims(r, ns, pod);
}

/* --- what pods do not tell --- */

/* Their Secrets; claimed: without a namespace that of the claim counts. */
static const struct {
	const char *source, *ref;
	int claimed;
} volume_secrets[] = {
	{ "cephfs", "secretRef", 1 },
	{ "cinder", "secretRef", 0 },
	{ "flexVolume", "secretRef", 1 },
	{ "rbd", "secretRef", 1 },
	{ "scaleIO", "secretRef", 1 },
	{ "iscsi", "secretRef", 1 },
	{ "storageos", "secretRef", 0 },
	{ "csi", "nodePublishSecretRef", 0 },
	{ "csi", "nodeStageSecretRef", 0 },
	{ "csi", "nodeExpandSecretRef", 0 },
};

static int
add_volume_secrets(struct node_refs *r, const char *ns, const json_t *spec)
{
	const json_t *o = json_object_get(spec, "azureFile");
	const char *first = NULL, *source, *given;
	size_t i;

	if (json_is_object(o)) {
		given = text(o, "secretNamespace");
		return add(r, "secrets", *given == '\0' ? ns : given,
		    text(o, "secretName"));
	}
	for (i = 0; i < sizeof(volume_secrets) / sizeof(*volume_secrets); i++) {
		source = volume_secrets[i].source;
		o = json_object_get(spec, source);
		if (!json_is_object(o) ||
		    (first != NULL && strcmp(first, source) != 0))
			continue;
		first = source;
		o = json_object_get(o, volume_secrets[i].ref);
		given = text(o, "namespace");
		if (*given == '\0' && volume_secrets[i].claimed)
			given = ns;
		if (add(r, "secrets", given, text(o, "name")) == -1)
			return -1;
	}
	return 0;
}

int
node_refs_volume(struct node_refs *r, const json_t *pv)
{
	const json_t *spec = json_object_get(pv, "spec");
	const json_t *claim = json_object_get(spec, "claimRef");
	const char *ns = text(claim, "namespace");

	if (!node_refs_has(r, "persistentvolumeclaims", ns,
		text(claim, "name")))
		return 0;
	if (add(r, "persistentvolumes", "",
		text(json_object_get(pv, "metadata"), "name")) == -1)
		return -1;
	return add_volume_secrets(r, ns, spec);
}

static int
add_if_of(struct node_refs *r, const char *resource, const char *node,
    const json_t *o)
{
	if (*node == '\0' ||
	    strcmp(text(json_object_get(o, "spec"), "nodeName"), node) != 0)
		return 0;
	return add(r, resource, "",
	    text(json_object_get(o, "metadata"), "name"));
}

int
node_refs_attachment(struct node_refs *r, const char *node, const json_t *va)
{
	return add_if_of(r, "volumeattachments", node, va);
}

int
node_refs_slice(struct node_refs *r, const char *node, const json_t *slice)
{
	return add_if_of(r, "resourceslices", node, slice);
}
