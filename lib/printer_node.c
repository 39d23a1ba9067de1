/*
 * Nodes.
 */
#include <stdlib.h>
#include <string.h>

#include "printer.h"

#define ROLES_MAX 64

static void
node_status(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, "status.conditions"), cond, last = { 0 };

	(void)c;
	while (span_next(&at, NULL, &cond) == 0)
		if (span_is(span_at(cond, "type"), "Ready"))
			last = cond;
	if (last.p == NULL)
		row_puts(r, "Unknown");
	else if (span_is(span_at(last, "status"), "True"))
		row_puts(r, "Ready");
	else
		row_puts(r, "NotReady");
	if (span_true(row_at(r, "spec.unschedulable")))
		row_puts(r, ",SchedulingDisabled");
}

static int
compare_roles(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* A set, sorted. */
static void
node_roles(struct row *r, const struct printer_column *c)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	struct span at = row_at(r, "metadata.labels"), key, value;
	struct span roles[ROLES_MAX];
	size_t i, n = 0, len = strlen(prefix);

	while (n < ROLES_MAX && span_next(&at, &key, &value) == 0) {
		roles[n] = span_inner(key);
		if (roles[n].n > len && memcmp(roles[n].p, prefix, len) == 0) {
			roles[n].p += len;
			roles[n++].n -= len;
		} else if (span_is(key, "kubernetes.io/role") &&
		    span_inner(value).n > 0)
			roles[n++] = span_inner(value);
	}
	if (n == 0)
		row_puts(r, c->absent);
	qsort(roles, n, sizeof(*roles), compare_roles);
	for (i = 0; i < n; i++) {
		if (i > 0 && span_compare(roles[i - 1], roles[i]) == 0)
			continue;
		row_puts(r, i > 0 ? "," : "");
		row_raw(r, roles[i].p, roles[i].n);
	}
}

static void
put_address(struct row *r, const char *type)
{
	struct span a = row_condition(row_at(r, "status.addresses"), type);

	if (a.p == NULL)
		row_puts(r, "<none>");
	row_string(r, span_at(a, "address"));
}

static void
node_internal_ip(struct row *r, const struct printer_column *c)
{
	(void)c;
	put_address(r, "InternalIP");
}

static void
node_external_ip(struct row *r, const struct printer_column *c)
{
	(void)c;
	put_address(r, "ExternalIP");
}

/* What kubelet does not tell is "" on the wire. */
static void
node_info(struct row *r, const struct printer_column *c)
{
	struct span value = row_at(r, c->path);

	if (span_inner(value).n == 0)
		row_puts(r, c->absent);
	row_string(r, value);
}

static void
node_kernel(struct row *r, const struct printer_column *c)
{
	struct span arch = row_at(r, "status.nodeInfo.architecture");

	node_info(r, c);
	if (span_inner(arch).n == 0)
		return;
	row_puts(r, " (");
	row_string(r, arch);
	row_puts(r, ")");
}

static const struct printer_column nodes[] = { COLUMN_NAME,
	{ "Status", "string", "", "The status of the node", 0, node_status, 1,
	    "", "" },
	{ "Roles", "string", "", "The roles of the node", 0, node_roles, 1, "",
	    "<none>" },
	COLUMN_AGE,
	{ "Version", "string", "", "Kubelet Version reported by the node.", 0,
	    cell_string, 1, "status.nodeInfo.kubeletVersion", "" },
	{ "Internal-IP", "string", "",
	    "List of addresses reachable to the node. Queried from cloud "
	    "provider, if available. More info: "
	    "https://kubernetes.io/docs/reference/node/node-status/#addresses "
	    "Note: This field is declared as mergeable, but the merge key is "
	    "not sufficiently unique, which can cause data corruption when it "
	    "is merged. Callers should instead use a full-replacement patch. "
	    "See https://pr.k8s.io/79391 for an example. Consumers should "
	    "assume that addresses can change during the lifetime of a Node. "
	    "However, there are some exceptions where this may not be "
	    "possible, such as Pods that inherit a Node's address in its own "
	    "status or consumers of the downward API (status.hostIP).",
	    1, node_internal_ip, 1, "", "" },
	{ "External-IP", "string", "",
	    "List of addresses reachable to the node. Queried from cloud "
	    "provider, if available. More info: "
	    "https://kubernetes.io/docs/reference/node/node-status/#addresses "
	    "Note: This field is declared as mergeable, but the merge key is "
	    "not sufficiently unique, which can cause data corruption when it "
	    "is merged. Callers should instead use a full-replacement patch. "
	    "See https://pr.k8s.io/79391 for an example. Consumers should "
	    "assume that addresses can change during the lifetime of a Node. "
	    "However, there are some exceptions where this may not be "
	    "possible, such as Pods that inherit a Node's address in its own "
	    "status or consumers of the downward API (status.hostIP).",
	    1, node_external_ip, 1, "", "" },
	{ "OS-Image", "string", "",
	    "OS Image reported by the node from /etc/os-release (e.g. Debian "
	    "GNU/Linux 7 (wheezy)).",
	    1, node_info, 1, "status.nodeInfo.osImage", "<unknown>" },
	{ "Kernel-Version", "string", "",
	    "Kernel Version reported by the node from 'uname -r' (e.g. "
	    "3.16.0-0.bpo.4-amd64).",
	    1, node_kernel, 1, "status.nodeInfo.kernelVersion", "<unknown>" },
	{ "Container-Runtime", "string", "",
	    "ContainerRuntime Version reported by the node through runtime "
	    "remote API (e.g. containerd://1.4.2).",
	    1, node_info, 1, "status.nodeInfo.containerRuntimeVersion",
	    "<unknown>" },
	{ 0 } };

const struct printer printers_node[] = { { "", "nodes", nodes }, { 0 } };
