/*
 * apps, and its revisions.
 */
#include <string.h>

#include "printer.h"

/* The owner that controls it: kind.group/name. */
static void
revision_controller(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, "metadata.ownerReferences"), o, group;
	const char *slash;

	while (span_next(&at, NULL, &o) == 0) {
		if (!span_true(span_at(o, "controller")))
			continue;
		group = span_inner(span_at(o, "apiVersion"));
		slash = group.n == 0 ? NULL : memchr(group.p, '/', group.n);
		row_lower(r, span_at(o, "kind"));
		if (slash != NULL) {
			group.n = (size_t)(slash - group.p);
			row_puts(r, ".");
			row_lower(r, group);
		}
		row_puts(r, "/");
		row_string(r, span_at(o, "name"));
		return;
	}
	row_puts(r, c->absent);
}

static const struct printer_column deployments[] = { COLUMN_NAME,
	{ "Ready", "string", "", "Number of the pod with ready state", 0,
	    cell_ratio, 1, "status.readyReplicas", "spec.replicas" },
	{ "Up-to-date", "string", "",
	    "Total number of non-terminating pods targeted by this deployment "
	    "that have the desired template spec.",
	    0, cell_raw, 0, "status.updatedReplicas", "0" },
	{ "Available", "string", "",
	    "Total number of available non-terminating pods (ready for at "
	    "least minReadySeconds) targeted by this deployment.",
	    0, cell_raw, 0, "status.availableReplicas", "0" },
	COLUMN_AGE,
	{ "Containers", "string", "", DOC_CONTAINERS, 1, cell_container_names,
	    1, "spec.template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 1, cell_container_images, 1,
	    "spec.template.spec.containers", "" },
	{ "Selector", "string", "",
	    "Label selector for pods. Existing ReplicaSets whose pods are "
	    "selected by this will be the ones affected by this deployment. It "
	    "must match the pod template's labels.",
	    1, cell_selector, 1, "spec.selector", "" },
	{ 0 } };

static const struct printer_column replicasets[] = { COLUMN_NAME,
	{ "Desired", "integer", "",
	    "Replicas is the number of desired pods. This is a pointer to "
	    "distinguish between explicit zero and unspecified. Defaults to 1. "
	    "More info: "
	    "https://kubernetes.io/docs/concepts/workloads/controllers/"
	    "replicaset",
	    0, cell_raw, 0, "spec.replicas", "0" },
	{ "Current", "integer", "",
	    "Replicas is the most recently observed number of non-terminating "
	    "pods. More info: "
	    "https://kubernetes.io/docs/concepts/workloads/controllers/"
	    "replicaset",
	    0, cell_raw, 0, "status.replicas", "0" },
	{ "Ready", "integer", "",
	    "The number of non-terminating pods targeted by this ReplicaSet "
	    "with a Ready Condition.",
	    0, cell_raw, 0, "status.readyReplicas", "0" },
	COLUMN_AGE,
	{ "Containers", "string", "", DOC_CONTAINERS, 1, cell_container_names,
	    1, "spec.template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 1, cell_container_images, 1,
	    "spec.template.spec.containers", "" },
	{ "Selector", "string", "",
	    "Selector is a label query over pods that should match the replica "
	    "count. Label keys and values that must match in order to be "
	    "controlled by this replica set. It must match the pod template's "
	    "labels. More info: "
	    "https://kubernetes.io/docs/concepts/overview/working-with-objects/"
	    "labels/#label-selectors",
	    1, cell_selector, 1, "spec.selector", "<none>" },
	{ 0 } };

static const struct printer_column daemonsets[] = { COLUMN_NAME,
	{ "Desired", "integer", "",
	    "The total number of nodes that should be running the daemon pod "
	    "(including nodes correctly running the daemon pod). More info: "
	    "https://kubernetes.io/docs/concepts/workloads/controllers/"
	    "daemonset/",
	    0, cell_raw, 0, "status.desiredNumberScheduled", "0" },
	{ "Current", "integer", "",
	    "The number of nodes that are running at least 1 daemon pod and "
	    "are supposed to run the daemon pod. More info: "
	    "https://kubernetes.io/docs/concepts/workloads/controllers/"
	    "daemonset/",
	    0, cell_raw, 0, "status.currentNumberScheduled", "0" },
	{ "Ready", "integer", "",
	    "numberReady is the number of nodes that should be running the "
	    "daemon pod and have one or more of the daemon pod running with a "
	    "Ready Condition.",
	    0, cell_raw, 0, "status.numberReady", "0" },
	{ "Up-to-date", "integer", "",
	    "The total number of nodes that are running updated daemon pod", 0,
	    cell_raw, 0, "status.updatedNumberScheduled", "0" },
	{ "Available", "integer", "",
	    "The number of nodes that should be running the daemon pod and "
	    "have one or more of the daemon pod running and available (ready "
	    "for at least spec.minReadySeconds)",
	    0, cell_raw, 0, "status.numberAvailable", "0" },
	{ "Node Selector", "string", "",
	    "NodeSelector is a selector which must be true for the pod to fit "
	    "on a node. Selector which must match a node's labels for the pod "
	    "to be scheduled on that node. More info: "
	    "https://kubernetes.io/docs/concepts/configuration/"
	    "assign-pod-node/",
	    0, cell_labels, 1, "spec.template.spec.nodeSelector", "" },
	COLUMN_AGE,
	{ "Containers", "string", "", DOC_CONTAINERS, 1, cell_container_names,
	    1, "spec.template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 1, cell_container_images, 1,
	    "spec.template.spec.containers", "" },
	{ "Selector", "string", "",
	    "A label query over pods that are managed by the daemon set. Must "
	    "match in order to be controlled. It must match the pod template's "
	    "labels. More info: "
	    "https://kubernetes.io/docs/concepts/overview/working-with-objects/"
	    "labels/#label-selectors",
	    1, cell_selector, 1, "spec.selector", "<none>" },
	{ 0 } };

static const struct printer_column statefulsets[] = { COLUMN_NAME,
	{ "Ready", "string", "", "Number of the pod with ready state", 0,
	    cell_ratio, 1, "status.readyReplicas", "spec.replicas" },
	COLUMN_AGE,
	{ "Containers", "string", "", DOC_CONTAINERS, 1, cell_container_names,
	    1, "spec.template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 1, cell_container_images, 1,
	    "spec.template.spec.containers", "" },
	{ 0 } };

static const struct printer_column controllerrevisions[] = { COLUMN_NAME,
	{ "Controller", "string", "", "Controller of the object", 0,
	    revision_controller, 1, "", "<none>" },
	{ "Revision", "string", "",
	    "Revision indicates the revision of the state represented by Data.",
	    0, cell_raw, 0, "revision", "0" },
	COLUMN_AGE, { 0 } };

const struct printer printers_apps[] = { { "apps", "deployments", deployments },
	{ "apps", "replicasets", replicasets },
	{ "apps", "daemonsets", daemonsets },
	{ "apps", "statefulsets", statefulsets },
	{ "apps", "controllerrevisions", controllerrevisions }, { 0 } };
