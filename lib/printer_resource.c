/*
 * resource.k8s.io: dynamic resource allocation.
 */
#include <string.h>

#include "printer.h"

static void
claim_state(struct row *r, const struct printer_column *c)
{
	int deleted = row_at(r, "metadata.deletionTimestamp").p != NULL;

	(void)c;
	row_puts(r, deleted ? "deleted" : "");
	if (row_at(r, "status.allocation").p == NULL) {
		row_puts(r, deleted ? "" : "pending");
		return;
	}
	row_puts(r, deleted ? ",allocated" : "allocated");
	if (span_count(row_at(r, "status.reservedFor")) > 0)
		row_puts(r, ",reserved");
}

/* The condition that ended the request, or an empty span. */
static struct span
ended(const struct row *r, int *failed)
{
	struct span at = row_at(r, "status.conditions"), cond;
	struct span type, none = { NULL, 0 };

	*failed = 0;
	while (span_next(&at, NULL, &cond) == 0) {
		type = span_at(cond, "type");
		if (!span_is(span_at(cond, "status"), "True"))
			continue;
		*failed = span_is(type, "Failed");
		if (*failed || span_is(type, "Complete"))
			return cond;
	}
	return none;
}

/* A member of the pools, added up; "-" as long as nothing is known. */
static void
pools_sum(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, "status.pools"), pool;
	long long sum = 0;
	int failed, errors = strcmp(c->path, "validationError") == 0;

	ended(r, &failed);
	if (r->status.n == 0 || failed) {
		row_puts(r, "-");
		return;
	}
	while (span_next(&at, NULL, &pool) == 0)
		if (errors)
			sum += span_at(pool, c->path).p != NULL;
		else
			sum += span_int(span_at(pool, c->path), 0);
	row_printf(r, "%lld", sum);
}

static void
request_status(struct row *r, const struct printer_column *c)
{
	long long count = span_int(row_at(r, "status.poolCount"), 0);
	long long known = (long long)span_count(row_at(r, "status.pools"));
	int failed, done = ended(r, &failed).p != NULL;

	(void)c;
	if (!done)
		row_puts(r, "Pending");
	else if (failed)
		row_puts(r, "Failed");
	else if (count > known)
		row_printf(r, "Complete (%lld/%lld pools)", known, count);
	else
		row_puts(r, "Complete");
}

static void
request_completed(struct row *r, const struct printer_column *c)
{
	int failed;
	struct span cond = ended(r, &failed);

	if (cond.p == NULL || failed)
		row_puts(r, c->absent);
	else
		row_since(r, span_at(cond, "lastTransitionTime"));
}

static const struct printer_column deviceclasses[] = { COLUMN_NAME, COLUMN_AGE,
	{ 0 } };

static const struct printer_column resourceclaims[] = { COLUMN_NAME,
	{ "State", "string", "",
	    "A summary of the current state (allocated, pending, reserved, "
	    "etc.).",
	    0, claim_state, 1, "", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column resourceclaimtemplates[] = { COLUMN_NAME,
	COLUMN_AGE, { 0 } };

static const struct printer_column resourceslices[] = { COLUMN_NAME,
	{ "Node", "string", "",
	    "NodeName identifies the node which provides the resources in this "
	    "pool. A field selector can be used to list only ResourceSlice "
	    "objects belonging to a certain node.\n\nThis field can be used to "
	    "limit access from nodes to ResourceSlices with the same node "
	    "name. It also indicates to autoscalers that adding new nodes of "
	    "the same type as some old node might also make new resources "
	    "available.\n\nExactly one of NodeName, NodeSelector, AllNodes, "
	    "and PerDeviceNodeSelection must be set. This field is immutable.",
	    0, cell_string, 1, "spec.nodeName", "" },
	{ "Driver", "string", "",
	    "Driver identifies the DRA driver providing the capacity "
	    "information. A field selector can be used to list only "
	    "ResourceSlice objects with a certain driver name.\n\nMust be a "
	    "DNS subdomain and should end with a DNS domain owned by the "
	    "vendor of the driver. It should use only lower case characters. "
	    "This field is immutable.",
	    0, cell_string, 1, "spec.driver", "" },
	{ "Pool", "string", "",
	    "Name is used to identify the pool. For node-local devices, this "
	    "is often the node name, but this is not required.\n\nIt must not "
	    "be longer than 253 characters and must consist of one or more DNS "
	    "sub-domains separated by slashes. This field is immutable.",
	    0, cell_string, 1, "spec.pool.name", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column devicetaintrules[] = { COLUMN_NAME,
	{ "Key", "string", "",
	    "The taint key to be applied to a device. Must be a label name.", 0,
	    cell_string, 1, "spec.taint.key", "" },
	{ "Value", "string", "",
	    "The taint value corresponding to the taint key. Must be a label "
	    "value.",
	    0, cell_string, 1, "spec.taint.value", "" },
	{ "Effect", "string", "",
	    "The effect of the taint on claims that do not tolerate the taint "
	    "and through such claims on the pods using them.\n\nValid effects "
	    "are None, NoSchedule and NoExecute. PreferNoSchedule as used for "
	    "nodes is not valid here. More effects may get added in the "
	    "future. Consumers must treat unknown effects like None.",
	    0, cell_string, 1, "spec.taint.effect", "" },
	{ "TimeAdded", "string", "",
	    "TimeAdded represents the time at which the taint was added or "
	    "(only in a DeviceTaintRule) the effect was modified. Added "
	    "automatically during create or update if not set.\n\nIn addition, "
	    "in a DeviceTaintRule a value provided during an update gets "
	    "replaced with the current time if the provided value is the same "
	    "as the old one and the new effect is different. Changing the key "
	    "and/or value while keeping the effect unchanged is possible and "
	    "does not update the time stamp because the eviction which uses it "
	    "is either already started (NoExecute) or not started yet "
	    "(NoEffect, NoSchedule).",
	    0, cell_age, 1, "spec.taint.timeAdded", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column resourcepoolstatusrequests[] = { COLUMN_NAME,
	{ "Driver", "string", "", "The driver to query pools for.", 0,
	    cell_string, 1, "spec.driver", "" },
	{ "Total", "string", "", "Total number of devices across all pools.", 0,
	    pools_sum, 1, "totalDevices", "" },
	{ "Available", "string", "",
	    "Number of available devices across all pools.", 0, pools_sum, 1,
	    "availableDevices", "" },
	{ "Allocated", "string", "",
	    "Number of allocated devices across all pools.", 0, pools_sum, 1,
	    "allocatedDevices", "" },
	{ "Unavailable", "string", "",
	    "Number of unavailable devices across all pools.", 0, pools_sum, 1,
	    "unavailableDevices", "" },
	{ "Errors", "string", "", "Number of pools with validation errors.", 0,
	    pools_sum, 1, "validationError", "" },
	{ "Pools", "integer", "", "Total number of matching pools.", 0,
	    cell_raw, 0, "status.poolCount", "0" },
	{ "Status", "string", "", "Processing status.", 0, request_status, 1,
	    "", "" },
	{ "Completed", "string", "", "Time since the observation completed.", 0,
	    request_completed, 1, "", "<none>" },
	{ 0 } };

const struct printer printers_resource[] = {
	{ "resource.k8s.io", "deviceclasses", deviceclasses },
	{ "resource.k8s.io", "resourceclaims", resourceclaims },
	{ "resource.k8s.io", "resourceclaimtemplates", resourceclaimtemplates },
	{ "resource.k8s.io", "resourceslices", resourceslices },
	{ "resource.k8s.io", "devicetaintrules", devicetaintrules },
	{ "resource.k8s.io", "resourcepoolstatusrequests",
	    resourcepoolstatusrequests },
	{ 0 }
};
