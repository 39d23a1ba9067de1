/*
 * storage.k8s.io, the versions of what is stored, and their migration.
 */
#include "printer.h"

static void
driver_tokens(struct row *r, const struct printer_column *c)
{
	struct span requests = row_at(r, c->path);

	if (requests.p == NULL)
		row_puts(r, c->absent);
	else
		row_join_member(r, requests, "audience");
}

static void
version_list(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, c->path), v;
	size_t n = 0;

	for (; span_next(&at, NULL, &v) == 0; n++) {
		if (n >= 3)
			continue;
		row_puts(r, n > 0 ? "," : "");
		row_string(r, span_at(v, "apiServerID"));
		row_puts(r, "=");
		row_string(r, span_at(v, "encodingVersion"));
	}
	if (n > 3)
		row_printf(r, " + %zu more...", n - 3);
	if (n == 0)
		row_puts(r, c->absent);
}

static void
migration_resource(struct row *r, const struct printer_column *c)
{
	struct span gr = row_at(r, c->path), group = span_at(gr, "group");

	row_string(r, span_at(gr, "resource"));
	row_puts(r, span_inner(group).n == 0 ? "" : ".");
	row_string(r, group);
}

static void
migration_status(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, c->path), cond, type, last = { 0 };

	while (span_next(&at, NULL, &cond) == 0) {
		type = span_at(cond, "type");
		if (span_is(span_at(cond, "status"), "True") &&
		    (span_is(type, "Running") || span_is(type, "Failed") ||
			span_is(type, "Succeeded")))
			last = type;
	}
	if (last.p == NULL)
		row_puts(r, "Unknown");
	row_string(r, last);
}

static const struct printer_column storageclasses[] = {
	{ "Name", "string", "name", DOC_NAME, 0, cell_default_name, 1,
	    "storageclass.kubernetes.io/is-default-class",
	    "storageclass.beta.kubernetes.io/is-default-class" },
	{ "Provisioner", "string", "",
	    "provisioner indicates the type of the provisioner.", 0,
	    cell_string, 1, "provisioner", "" },
	{ "ReclaimPolicy", "string", "",
	    "reclaimPolicy controls the reclaimPolicy for dynamically "
	    "provisioned PersistentVolumes of this storage class. Defaults to "
	    "Delete.",
	    0, cell_string, 1, "reclaimPolicy", "Delete" },
	{ "VolumeBindingMode", "string", "",
	    "volumeBindingMode indicates how PersistentVolumeClaims should be "
	    "provisioned and bound.  When unset, VolumeBindingImmediate is "
	    "used. This field is only honored by servers that enable the "
	    "VolumeScheduling feature.",
	    0, cell_string, 1, "volumeBindingMode", "Immediate" },
	{ "AllowVolumeExpansion", "string", "",
	    "allowVolumeExpansion shows whether the storage class allow volume "
	    "expand.",
	    0, cell_raw, 0, "allowVolumeExpansion", "false" },
	COLUMN_AGE, { 0 }
};

static const struct printer_column volumeattributesclasses[] = { COLUMN_NAME,
	{ "DriverName", "string", "",
	    "Name of the CSI driver This field is immutable.", 0, cell_string,
	    1, "driverName", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column volumeattachments[] = { COLUMN_NAME,
	{ "Attacher", "string", "name",
	    "attacher indicates the name of the volume driver that MUST handle "
	    "this request. This is the name returned by GetPluginName().",
	    0, cell_string, 1, "spec.attacher", "" },
	{ "PV", "string", "",
	    "persistentVolumeName represents the name of the persistent volume "
	    "to attach.",
	    0, cell_string, 1, "spec.source.persistentVolumeName", "" },
	{ "Node", "string", "",
	    "nodeName represents the node that the volume should be attached "
	    "to.",
	    0, cell_string, 1, "spec.nodeName", "" },
	{ "Attached", "boolean", "",
	    "attached indicates the volume is successfully attached. This "
	    "field must only be set by the entity completing the attach "
	    "operation, i.e. the external-attacher.",
	    0, cell_raw, 0, "status.attached", "false" },
	COLUMN_AGE, { 0 } };

static const struct printer_column csinodes[] = { COLUMN_NAME,
	{ "Drivers", "integer", "",
	    "Drivers indicates the number of CSI drivers registered on the "
	    "node",
	    0, cell_count, 0, "spec.drivers", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column csidrivers[] = { COLUMN_NAME,
	{ "AttachRequired", "boolean", "",
	    "attachRequired indicates this CSI volume driver requires an "
	    "attach operation (because it implements the CSI "
	    "ControllerPublishVolume() method), and that the Kubernetes attach "
	    "detach controller should call the attach volume interface which "
	    "checks the volumeattachment status and waits until the volume is "
	    "attached before proceeding to mounting. The CSI external-attacher "
	    "coordinates with CSI volume driver and updates the "
	    "volumeattachment status when the attach operation is complete. If "
	    "the value is specified to false, the attach operation will be "
	    "skipped. Otherwise the attach operation will be called.\n\nThis "
	    "field is immutable.",
	    0, cell_raw, 0, "spec.attachRequired", "true" },
	{ "PodInfoOnMount", "boolean", "",
	    "podInfoOnMount indicates this CSI volume driver requires "
	    "additional pod information (like podName, podUID, etc.) during "
	    "mount operations, if set to true. If set to false, pod "
	    "information will not be passed on mount. Default is false.\n\nThe "
	    "CSI driver specifies podInfoOnMount as part of driver deployment. "
	    "If true, Kubelet will pass pod information as VolumeContext in "
	    "the CSI NodePublishVolume() calls. The CSI driver is responsible "
	    "for parsing and validating the information passed in as "
	    "VolumeContext.\n\nThe following VolumeContext will be passed if "
	    "podInfoOnMount is set to true. This list might grow, but the "
	    "prefix will be used. \"csi.storage.k8s.io/pod.name\": pod.Name "
	    "\"csi.storage.k8s.io/pod.namespace\": pod.Namespace "
	    "\"csi.storage.k8s.io/pod.uid\": string(pod.UID) "
	    "\"csi.storage.k8s.io/ephemeral\": \"true\" if the volume is an "
	    "ephemeral inline volume\n                                defined "
	    "by a CSIVolumeSource, otherwise "
	    "\"false\"\n\n\"csi.storage.k8s.io/ephemeral\" is a new feature in "
	    "Kubernetes 1.16. It is only required for drivers which support "
	    "both the \"Persistent\" and \"Ephemeral\" VolumeLifecycleMode. "
	    "Other drivers can leave pod info disabled and/or ignore this "
	    "field. As Kubernetes 1.15 doesn't support this field, drivers can "
	    "only support one mode when deployed on such a cluster and the "
	    "deployment determines which mode that is, for example via a "
	    "command line parameter of the driver.\n\nThis field was immutable "
	    "in Kubernetes < 1.29 and now is mutable.",
	    0, cell_raw, 0, "spec.podInfoOnMount", "false" },
	{ "StorageCapacity", "boolean", "",
	    "storageCapacity indicates that the CSI volume driver wants pod "
	    "scheduling to consider the storage capacity that the driver "
	    "deployment will report by creating CSIStorageCapacity objects "
	    "with capacity information, if set to true.\n\nThe check can be "
	    "enabled immediately when deploying a driver. In that case, "
	    "provisioning new volumes with late binding will pause until the "
	    "driver deployment has published some suitable CSIStorageCapacity "
	    "object.\n\nAlternatively, the driver can be deployed with the "
	    "field unset or false and it can be flipped later when storage "
	    "capacity information has been published.\n\nThis field was "
	    "immutable in Kubernetes <= 1.22 and now is mutable.",
	    0, cell_raw, 0, "spec.storageCapacity", "false" },
	{ "TokenRequests", "string", "",
	    "tokenRequests indicates the CSI driver needs pods' service "
	    "account tokens it is mounting volume for to do necessary "
	    "authentication. Kubelet will pass the tokens in VolumeContext in "
	    "the CSI NodePublishVolume calls. The CSI driver should parse and "
	    "validate the following VolumeContext: "
	    "\"csi.storage.k8s.io/serviceAccount.tokens\": {\n  "
	    "\"<audience>\": {\n    \"token\": <token>,\n    "
	    "\"expirationTimestamp\": <expiration timestamp in RFC3339>,\n  "
	    "},\n  ...\n}\n\nNote: Audience in each TokenRequest should be "
	    "different and at most one token is empty string. To receive a new "
	    "token after expiry, RequiresRepublish can be used to trigger "
	    "NodePublishVolume periodically.",
	    0, driver_tokens, 1, "spec.tokenRequests", "<unset>" },
	{ "RequiresRepublish", "boolean", "",
	    "requiresRepublish indicates the CSI driver wants "
	    "`NodePublishVolume` being periodically called to reflect any "
	    "possible change in the mounted volume. This field defaults to "
	    "false.\n\nNote: After a successful initial NodePublishVolume "
	    "call, subsequent calls to NodePublishVolume should only update "
	    "the contents of the volume. New mount points will not be seen by "
	    "a running container.",
	    0, cell_raw, 0, "spec.requiresRepublish", "false" },
	{ "Modes", "string", "",
	    "volumeLifecycleModes defines what kind of volumes this CSI volume "
	    "driver supports. The default if the list is empty is "
	    "\"Persistent\", which is the usage defined by the CSI "
	    "specification and implemented in Kubernetes via the usual PV/PVC "
	    "mechanism.\n\nThe other mode is \"Ephemeral\". In this mode, "
	    "volumes are defined inline inside the pod spec with "
	    "CSIVolumeSource and their lifecycle is tied to the lifecycle of "
	    "that pod. A driver has to be aware of this because it is only "
	    "going to get a NodePublishVolume call for such a volume.\n\nFor "
	    "more information about implementing this mode, see "
	    "https://kubernetes-csi.github.io/docs/"
	    "ephemeral-local-volumes.html A driver can support one or more of "
	    "these modes and more modes may be added in the future.\n\nThis "
	    "field is beta. This field is immutable.",
	    0, cell_join, 1, "spec.volumeLifecycleModes", "<none>" },
	COLUMN_AGE, { 0 } };

static const struct printer_column storageversions[] = { COLUMN_NAME,
	{ "CommonEncodingVersion", "string", "",
	    "commonEncodingVersion is set to an encoding storage version if "
	    "all API server instances share that same version. If they don't "
	    "share one storage version, this field is left empty. API servers "
	    "should finish updating its storageVersionStatus entry before "
	    "serving write operations, so that this field will be in sync with "
	    "the reality.",
	    0, cell_string, 1, "status.commonEncodingVersion", "<unset>" },
	{ "StorageVersions", "string", "",
	    "storageVersions lists the reported versions per API server "
	    "instance.",
	    0, version_list, 1, "status.storageVersions", "<unset>" },
	COLUMN_AGE, { 0 } };

static const struct printer_column storageversionmigrations[] = {
	{ "Name", "string", "", DOC_NAME, 0, cell_string, 1, "metadata.name",
	    "" },
	{ "Resource", "string", "", "GroupResource to migrate", 0,
	    migration_resource, 1, "spec.resource", "" },
	{ "Status", "string", "", "Status of the migration", 0,
	    migration_status, 1, "status.conditions", "" },
	{ 0 }
};

const struct printer printers_storage[] = {
	{ "storage.k8s.io", "storageclasses", storageclasses },
	{ "storage.k8s.io", "volumeattributesclasses",
	    volumeattributesclasses },
	{ "storage.k8s.io", "volumeattachments", volumeattachments },
	{ "storage.k8s.io", "csinodes", csinodes },
	{ "storage.k8s.io", "csidrivers", csidrivers },
	{ "internal.apiserver.k8s.io", "storageversions", storageversions },
	{ "storagemigration.k8s.io", "storageversionmigrations",
	    storageversionmigrations },
	{ 0 }
};
