/*
 * PersistentVolumes and their claims.
 */
#include "printer.h"

/* Each mode once, in this order. */
static void
access_modes(struct row *r, struct span modes)
{
	static const char *const names[][2] = { { "ReadWriteOnce", "RWO" },
		{ "ReadOnlyMany", "ROX" }, { "ReadWriteMany", "RWX" },
		{ "ReadWriteOncePod", "RWOP" } };
	const char *sep = "";
	struct span at, mode;
	int i;

	for (i = 0; i < 4; i++)
		for (at = modes; span_next(&at, NULL, &mode) == 0;) {
			if (!span_is(mode, names[i][0]))
				continue;
			row_printf(r, "%s%s", sep, names[i][1]);
			sep = ",";
			break;
		}
}

static void
volume_modes(struct row *r, const struct printer_column *c)
{
	access_modes(r, row_at(r, c->path));
}

static void
phase(struct row *r, const struct printer_column *c)
{
	if (row_at(r, "metadata.deletionTimestamp").p != NULL)
		row_puts(r, "Terminating");
	else
		row_string(r, row_at(r, c->path));
}

static void
volume_claim(struct row *r, const struct printer_column *c)
{
	struct span claim = row_at(r, c->path);

	if (claim.p == NULL)
		return;
	row_string(r, span_at(claim, "namespace"));
	row_puts(r, "/");
	row_string(r, span_at(claim, "name"));
}

static void
storage_class(struct row *r, const struct printer_column *c)
{
	struct span class;

	if (span_member(row_at(r, "metadata.annotations"),
		"volume.beta.kubernetes.io/storage-class", &class, NULL) == -1)
		class = row_at(r, c->path);
	row_string(r, class);
}

/* What a claim got stands in its status once it has a volume. */
static int
is_bound(const struct row *r)
{
	return span_inner(row_at(r, "spec.volumeName")).n > 0;
}

static void
claim_capacity(struct row *r, const struct printer_column *c)
{
	if (is_bound(r))
		cell_string(r, c);
}

static void
claim_modes(struct row *r, const struct printer_column *c)
{
	if (is_bound(r))
		access_modes(r, row_at(r, c->path));
}

static const struct printer_column persistentvolumes[] = { COLUMN_NAME,
	{ "Capacity", "string", "",
	    "capacity is the description of the persistent volume's resources "
	    "and capacity. More info: "
	    "https://kubernetes.io/docs/concepts/storage/"
	    "persistent-volumes#capacity",
	    0, cell_string, 1, "spec.capacity.storage", "0" },
	{ "Access Modes", "string", "",
	    "accessModes contains all ways the volume can be mounted. More "
	    "info: "
	    "https://kubernetes.io/docs/concepts/storage/"
	    "persistent-volumes#access-modes",
	    0, volume_modes, 1, "spec.accessModes", "" },
	{ "Reclaim Policy", "string", "",
	    "persistentVolumeReclaimPolicy defines what happens to a "
	    "persistent volume when released from its claim. Valid options are "
	    "Retain (default for manually created PersistentVolumes), Delete "
	    "(default for dynamically provisioned PersistentVolumes), and "
	    "Recycle (deprecated). Recycle must be supported by the volume "
	    "plugin underlying this PersistentVolume. More info: "
	    "https://kubernetes.io/docs/concepts/storage/"
	    "persistent-volumes#reclaiming",
	    0, cell_string, 1, "spec.persistentVolumeReclaimPolicy", "" },
	{ "Status", "string", "",
	    "phase indicates if a volume is available, bound to a claim, or "
	    "released by a claim. More info: "
	    "https://kubernetes.io/docs/concepts/storage/"
	    "persistent-volumes#phase",
	    0, phase, 1, "status.phase", "" },
	{ "Claim", "string", "",
	    "claimRef is part of a bi-directional binding between "
	    "PersistentVolume and PersistentVolumeClaim. Expected to be "
	    "non-nil when bound. claim.VolumeName is the authoritative bind "
	    "between PV and PVC. More info: "
	    "https://kubernetes.io/docs/concepts/storage/"
	    "persistent-volumes#binding",
	    0, volume_claim, 1, "spec.claimRef", "" },
	{ "StorageClass", "string", "", "StorageClass of the pv", 0,
	    storage_class, 1, "spec.storageClassName", "" },
	{ "VolumeAttributesClass", "string", "",
	    "VolumeAttributesClass of the pv", 0, cell_string, 1,
	    "spec.volumeAttributesClassName", "<unset>" },
	{ "Reason", "string", "",
	    "reason is a brief CamelCase string that describes any failure and "
	    "is meant for machine parsing and tidy display in the CLI.",
	    0, cell_string, 1, "status.reason", "" },
	COLUMN_AGE,
	{ "VolumeMode", "string", "",
	    "volumeMode defines if a volume is intended to be used with a "
	    "formatted filesystem or to remain in raw block state. Value of "
	    "Filesystem is implied when not included in spec.",
	    1, cell_string, 1, "spec.volumeMode", "<unset>" },
	{ 0 } };

static const struct printer_column persistentvolumeclaims[] = { COLUMN_NAME,
	{ "Status", "string", "",
	    "phase represents the current phase of PersistentVolumeClaim.", 0,
	    phase, 1, "status.phase", "" },
	{ "Volume", "string", "",
	    "volumeName is the binding reference to the PersistentVolume "
	    "backing this claim.",
	    0, cell_string, 1, "spec.volumeName", "" },
	{ "Capacity", "string", "",
	    "capacity represents the actual resources of the underlying "
	    "volume.",
	    0, claim_capacity, 1, "status.capacity.storage", "0" },
	{ "Access Modes", "string", "",
	    "accessModes contains the actual access modes the volume backing "
	    "the PVC has. More info: "
	    "https://kubernetes.io/docs/concepts/storage/"
	    "persistent-volumes#access-modes-1",
	    0, claim_modes, 1, "status.accessModes", "" },
	{ "StorageClass", "string", "", "StorageClass of the pvc", 0,
	    storage_class, 1, "spec.storageClassName", "" },
	{ "VolumeAttributesClass", "string", "",
	    "VolumeAttributesClass of the pvc", 0, cell_string, 1,
	    "spec.volumeAttributesClassName", "<unset>" },
	COLUMN_AGE,
	{ "VolumeMode", "string", "",
	    "volumeMode defines what type of volume is required by the claim. "
	    "Value of Filesystem is implied when not included in claim spec.",
	    1, cell_string, 1, "spec.volumeMode", "<unset>" },
	{ 0 } };

const struct printer printers_volume[] = { { "", "persistentvolumes",
					       persistentvolumes },
	{ "", "persistentvolumeclaims", persistentvolumeclaims }, { 0 } };
