/* References of mirror pods, which may have none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node_mirror.h"
#include "node_refs.h"

/* Volumes that need no object. */
static const char *const harmless[] = { "awsElasticBlockStore", "azureDisk",
	"cephfs", "cinder", "downwardAPI", "emptyDir", "fc", "flexVolume",
	"flocker", "gcePersistentDisk", "gitRepo", "hostPath", "image", "iscsi",
	"nfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd",
	"scaleIO", "storageos", "vsphereVolume", NULL };

struct word {
	const char *member, *what;
};

static const struct word volumes[] = {
	{ "configMap", "configmaps (via configmap volumes)" },
	{ "secret", "secrets (via secret volumes)" },
	{ "csi", "csidrivers (via CSI volumes)" },
	{ "glusterfs", "endpoints (via glusterFS volumes)" },
	{ "persistentVolumeClaim", "persistentvolumeclaims" },
	{ "ephemeral", "persistentvolumeclaims (via ephemeral volumes)" },
	{ "azureFile", "secrets (via azureFile volumes)" },
	{ NULL, NULL },
};

static const struct word sources[] = {
	{ "configMap", "configmaps (via projected volumes)" },
	{ "secret", "secrets (via projected volumes)" },
	{ "serviceAccountToken", "serviceaccounts (via projected volumes)" },
	{ "clusterTrustBundle", "clustertrustbundles" },
	{ "podCertificate", "podcertificates" },
	{ NULL, NULL },
};

static int
has(const json_t *o, const char *name)
{
	return json_is_object(json_object_get(o, name));
}

static int
say(char *what, size_t len, const char *s)
{
	snprintf(what, len, "%s", s);
	return 1;
}

/* The word for the first member that is there, or NULL. */
static const char *
look_up(const struct word *w, const json_t *o)
{
	for (; w->member != NULL; w++)
		if (has(o, w->member))
			return w->what;
	return NULL;
}

static const char *
name(const json_t *volume)
{
	const char *s = json_string_value(json_object_get(volume, "name"));

	return s == NULL ? "" : s;
}

static int
look_at_projected(const json_t *volume, char *what, size_t len)
{
	const json_t *s;
	const char *word;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(volume, "projected"),
			       "sources"),
	    i, s) {
		if ((word = look_up(sources, s)) != NULL)
			return say(what, len, word);
		if (!has(s, "downwardAPI")) {
			snprintf(what, len,
			    "unknown source for projected volume \"%s\"",
			    name(volume));
			return 1;
		}
	}
	return 0;
}

static int
look_at_volume(const json_t *volume, char *what, size_t len)
{
	const char *word = look_up(volumes, volume);
	size_t i;

	if (word != NULL)
		return say(what, len, word);
	if (has(volume, "projected"))
		return look_at_projected(volume, what, len);
	for (i = 0; harmless[i] != NULL; i++)
		if (has(volume, harmless[i]))
			return 0;
	/* without a source it is an emptyDir, by default */
	if (json_object_size(volume) <= 1)
		return 0;
	snprintf(what, len, "unknown volume type for volume  \"%s\"",
	    name(volume));
	return 1;
}

/* What any pod of that spec would refer to. 0, or -1 with errno. */
static int
take_refs(struct node_refs *r, const json_t *spec)
{
	json_t *pod = json_object(), *meta = json_object();
	int rc = -1;

	errno = ENOMEM;
	if (json_object_set_new(meta, "name", json_string("x")) == 0 &&
	    json_object_set(pod, "metadata", meta) == 0 &&
	    json_object_set_new(pod, "spec", json_deep_copy(spec)) == 0)
		rc = node_refs_pod(r, pod);
	json_decref(meta);
	json_decref(pod);
	return rc;
}

static const char *
refers_by_name(struct node_refs *r, const json_t *spec)
{
	const char *old =
	    json_string_value(json_object_get(spec, "serviceAccount"));

	if (node_refs_any(r, "serviceaccounts") ||
	    (old != NULL && *old != '\0'))
		return "serviceaccounts";
	if (node_refs_any(r, "secrets"))
		return "secrets";
	if (node_refs_any(r, "configmaps"))
		return "configmaps";
	if (json_array_size(json_object_get(spec, "resourceClaims")) > 0)
		return "resourceclaims";
	return NULL;
}

int
node_mirror_refers(const json_t *pod, char *what, size_t len)
{
	const json_t *spec = json_object_get(pod, "spec"), *v;
	struct node_refs r = { 0 };
	const char *word;
	size_t i;
	int rc = 0;

	if (spec == NULL)
		return 0;
	if (take_refs(&r, spec) == -1) {
		node_refs_free(&r);
		return -1;
	}
	if ((word = refers_by_name(&r, spec)) != NULL)
		rc = say(what, len, word);
	node_refs_free(&r);
	if (rc == 1)
		return 1;
	json_array_foreach(json_object_get(spec, "volumes"), i, v)
		if (look_at_volume(v, what, len) == 1)
			return 1;
	return 0;
}
