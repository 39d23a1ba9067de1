/*
 * scheduling.k8s.io, policy, leases and RuntimeClasses.
 */
#include "printer.h"

static void
group_policy(struct row *r, const struct printer_column *c)
{
	row_puts(r, row_at(r, c->path).p != NULL ? "Gang" : "Basic");
}

/* Of conditions of one type the last counts. */
static struct span
last_condition(struct span conditions, const char *type)
{
	struct span cond, last = { NULL, 0 };

	while (span_next(&conditions, NULL, &cond) == 0)
		if (span_is(span_at(cond, "type"), type))
			last = cond;
	return last;
}

static void
group_status(struct row *r, const struct printer_column *c)
{
	struct span conditions = row_at(r, c->path);
	struct span placed = last_condition(conditions, "PodGroupScheduled");
	struct span target = last_condition(conditions, "DisruptionTarget");

	if (target.p != NULL)
		row_string(r, span_at(target, "reason"));
	else if (placed.p == NULL)
		row_puts(r, "Pending");
	else if (span_is(span_at(placed, "status"), "True"))
		row_puts(r, "Scheduled");
	else
		row_puts(r, "Unschedulable");
}

static const struct printer_column priorityclasses[] = { COLUMN_NAME,
	{ "Value", "integer", "",
	    "value represents the integer value of this priority class. This "
	    "is the actual priority that pods receive when they have the name "
	    "of this class in their pod spec.",
	    0, cell_raw, 0, "value", "0" },
	{ "Global-Default", "boolean", "",
	    "globalDefault specifies whether this PriorityClass should be "
	    "considered as the default priority for pods that do not have any "
	    "priority class. Only one PriorityClass can be marked as "
	    "`globalDefault`. However, if more than one PriorityClasses exists "
	    "with their `globalDefault` field set to true, the smallest value "
	    "of such global default PriorityClasses will be used as the "
	    "default priority.",
	    0, cell_raw, 0, "globalDefault", "false" },
	COLUMN_AGE,
	{ "PreemptionPolicy", "string", "",
	    "preemptionPolicy is the Policy for preempting pods with lower "
	    "priority. One of Never, PreemptLowerPriority. Defaults to "
	    "PreemptLowerPriority if unset.",
	    0, cell_string, 1, "preemptionPolicy", "" },
	{ 0 } };

static const struct printer_column workloads[] = { COLUMN_NAME, COLUMN_AGE,
	{ 0 } };

static const struct printer_column podgroups[] = { COLUMN_NAME,
	{ "Policy", "string", "",
	    "SchedulingPolicy defines the scheduling policy for this instance "
	    "of the PodGroup. Controllers are expected to fill this field by "
	    "copying it from a PodGroupTemplate. This field is immutable.",
	    0, group_policy, 1, "spec.schedulingPolicy.gang", "" },
	{ "Workload", "string", "", "Name of the referenced Workload object", 0,
	    cell_string, 1, "spec.podGroupTemplateRef.workload.workloadName",
	    "<none>" },
	{ "Status", "string", "", "Status of the PodGroup", 0, group_status, 1,
	    "status.conditions", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column poddisruptionbudgets[] = { COLUMN_NAME,
	{ "Min Available", "string", "",
	    "The minimum number of pods that must be available.", 0,
	    cell_string, 1, "spec.minAvailable", "N/A" },
	{ "Max Unavailable", "string", "",
	    "The maximum number of pods that may be unavailable.", 0,
	    cell_string, 1, "spec.maxUnavailable", "N/A" },
	{ "Allowed Disruptions", "integer", "",
	    "Calculated number of pods that may be disrupted at this time.", 0,
	    cell_raw, 0, "status.disruptionsAllowed", "0" },
	COLUMN_AGE, { 0 } };

static const struct printer_column leases[] = { COLUMN_NAME,
	{ "Holder", "string", "",
	    "holderIdentity contains the identity of the holder of a current "
	    "lease. If Coordinated Leader Election is used, the holder "
	    "identity must be equal to the elected "
	    "LeaseCandidate.metadata.name field.",
	    0, cell_string, 1, "spec.holderIdentity", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column leasecandidates[] = { COLUMN_NAME,
	{ "LeaseName", "string", "",
	    "LeaseName is the name of the lease for which this candidate is "
	    "contending. This field is immutable.",
	    0, cell_string, 1, "spec.leaseName", "" },
	{ "BinaryVersion", "string", "", "", 0, cell_string, 1,
	    "spec.binaryVersion", "" },
	{ "EmulationVersion", "string", "", "", 0, cell_string, 1,
	    "spec.emulationVersion", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column runtimeclasses[] = { COLUMN_NAME,
	{ "Handler", "string", "", "", 0, cell_string, 1, "handler", "" },
	COLUMN_AGE, { 0 } };

const struct printer printers_scheduling[] = {
	{ "scheduling.k8s.io", "priorityclasses", priorityclasses },
	{ "scheduling.k8s.io", "workloads", workloads },
	{ "scheduling.k8s.io", "podgroups", podgroups },
	{ "policy", "poddisruptionbudgets", poddisruptionbudgets },
	{ "coordination.k8s.io", "leases", leases },
	{ "coordination.k8s.io", "leasecandidates", leasecandidates },
	{ "node.k8s.io", "runtimeclasses", runtimeclasses }, { 0 }
};
