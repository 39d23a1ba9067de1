/*
 * Services and Endpoints.
 */
#include <stdlib.h>
#include <string.h>

#include "printer.h"

static void
service_cluster_ip(struct row *r, const struct printer_column *c)
{
	struct span ips = row_at(r, "spec.clusterIPs"), ip;

	if (span_next(&ips, NULL, &ip) == 0)
		row_string(r, ip);
	else
		row_puts(r, c->absent);
}

static void
service_external_ip(struct row *r, const struct printer_column *c)
{
	struct span ips = row_at(r, "spec.externalIPs");
	struct span type = row_at(r, "spec.type");
	struct span ingress = row_at(r, "status.loadBalancer.ingress");
	size_t was = r->b->len, n = span_count(ips);

	(void)c;
	if (span_is(type, "ExternalName")) {
		row_string(r, row_at(r, "spec.externalName"));
		return;
	}
	if (!span_is(type, "ClusterIP") && !span_is(type, "NodePort") &&
	    !span_is(type, "LoadBalancer")) {
		row_puts(r, "<unknown>");
		return;
	}
	if (span_is(type, "LoadBalancer"))
		row_ingress(r, ingress);
	if (n > 0) {
		row_puts(r, r->b->len > was ? "," : "");
		row_join(r, ips, ",");
	} else if (r->b->len == was)
		row_puts(r,
		    span_is(type, "LoadBalancer") ? "<pending>" : "<none>");
}

static void
service_ports(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, c->path), port;
	const char *sep = "";
	long long node;

	if (span_count(at) == 0)
		row_puts(r, c->absent);
	for (; span_next(&at, NULL, &port) == 0; sep = ",") {
		node = span_int(span_at(port, "nodePort"), 0);
		row_printf(r, "%s%lld", sep,
		    span_int(span_at(port, "port"), 0));
		if (node > 0)
			row_printf(r, ":%lld", node);
		row_puts(r, "/");
		row_string(r, span_at(port, "protocol"));
	}
}

#define ENDPOINTS_SHOWN 3

/* The addresses of a subset, with one of its ports; how many were shown. */
static int
put_addresses(struct row *r, struct span addresses, struct span port, int shown)
{
	struct span at = addresses, value, ip;
	int v6;

	while (shown < ENDPOINTS_SHOWN && span_next(&at, NULL, &value) == 0) {
		ip = span_inner(span_at(value, "ip"));
		v6 = port.p != NULL && ip.n > 0 &&
		    memchr(ip.p, ':', ip.n) != NULL;
		row_puts(r, shown++ > 0 ? "," : "");
		row_puts(r, v6 ? "[" : "");
		row_raw(r, ip.p, ip.n);
		row_puts(r, v6 ? "]" : "");
		if (port.p != NULL)
			row_printf(r, ":%lld", span_int(port, 0));
	}
	return shown;
}

static void
endpoints_subsets(struct row *r, const struct printer_column *c)
{
	struct span subsets = row_at(r, c->path), subset, ports, port, all;
	struct span none = { NULL, 0 };
	int shown = 0;
	size_t n = 0;

	if (span_count(subsets) == 0)
		row_puts(r, c->absent);
	while (span_next(&subsets, NULL, &subset) == 0) {
		all = span_at(subset, "addresses");
		ports = span_at(subset, "ports");
		if (span_count(ports) == 0) {
			n += span_count(all);
			shown = put_addresses(r, all, none, shown);
			continue;
		}
		while (span_next(&ports, NULL, &port) == 0) {
			n += span_count(all);
			shown =
			    put_addresses(r, all, span_at(port, "port"), shown);
		}
	}
	if (n > ENDPOINTS_SHOWN)
		row_printf(r, " + %zu more...", n - ENDPOINTS_SHOWN);
}

static const struct printer_column services[] = { COLUMN_NAME,
	{ "Type", "string", "",
	    "type determines how the Service is exposed. Defaults to "
	    "ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, "
	    "and LoadBalancer. \"ClusterIP\" allocates a cluster-internal IP "
	    "address for load-balancing to endpoints. Endpoints are determined "
	    "by the selector or if that is not specified, by manual "
	    "construction of an Endpoints object or EndpointSlice objects. If "
	    "clusterIP is \"None\", no virtual IP is allocated and the "
	    "endpoints are published as a set of endpoints rather than a "
	    "virtual IP. \"NodePort\" builds on ClusterIP and allocates a port "
	    "on every node which routes to the same endpoints as the "
	    "clusterIP. \"LoadBalancer\" builds on NodePort and creates an "
	    "external load-balancer (if supported in the current cloud) which "
	    "routes to the same endpoints as the clusterIP. \"ExternalName\" "
	    "aliases this service to the specified externalName. Several other "
	    "fields do not apply to ExternalName services. More info: "
	    "https://kubernetes.io/docs/concepts/services-networking/service/"
	    "#publishing-services-service-types",
	    0, cell_string, 1, "spec.type", "" },
	{ "Cluster-IP", "string", "",
	    "clusterIP is the IP address of the service and is usually "
	    "assigned randomly. If an address is specified manually, is "
	    "in-range (as per system configuration), and is not in use, it "
	    "will be allocated to the service; otherwise creation of the "
	    "service will fail. This field may not be changed through updates "
	    "unless the type field is also being changed to ExternalName "
	    "(which requires this field to be blank) or the type field is "
	    "being changed from ExternalName (in which case this field may "
	    "optionally be specified, as describe above).  Valid values are "
	    "\"None\", empty string (\"\"), or a valid IP address. Setting "
	    "this to \"None\" makes a \"headless service\" (no virtual IP), "
	    "which is useful when direct endpoint connections are preferred "
	    "and proxying is not required.  Only applies to types ClusterIP, "
	    "NodePort, and LoadBalancer. If this field is specified when "
	    "creating a Service of type ExternalName, creation will fail. This "
	    "field will be wiped when updating a Service to type ExternalName. "
	    "More info: "
	    "https://kubernetes.io/docs/concepts/services-networking/service/"
	    "#virtual-ips-and-service-proxies",
	    0, service_cluster_ip, 1, "", "<none>" },
	{ "External-IP", "string", "",
	    "externalIPs is a list of IP addresses for which nodes in the "
	    "cluster will also accept traffic for this service.  These IPs are "
	    "not managed by Kubernetes.  The user is responsible for ensuring "
	    "that traffic arrives at a node with this IP.  A common example is "
	    "external load-balancers that are not part of the Kubernetes "
	    "system.",
	    0, service_external_ip, 1, "", "" },
	{ "Port(s)", "string", "",
	    "The list of ports that are exposed by this service. More info: "
	    "https://kubernetes.io/docs/concepts/services-networking/service/"
	    "#virtual-ips-and-service-proxies",
	    0, service_ports, 1, "spec.ports", "<none>" },
	COLUMN_AGE,
	{ "Selector", "string", "",
	    "Route service traffic to pods with label keys and values matching "
	    "this selector. If empty or not present, the service is assumed to "
	    "have an external process managing its endpoints, which Kubernetes "
	    "will not modify. Only applies to types ClusterIP, NodePort, and "
	    "LoadBalancer. Ignored if type is ExternalName. More info: "
	    "https://kubernetes.io/docs/concepts/services-networking/service/",
	    1, cell_labels, 1, "spec.selector", "" },
	{ 0 } };

static const struct printer_column endpoints[] = { COLUMN_NAME,
	{ "Endpoints", "string", "",
	    "The set of all endpoints is the union of all subsets. Addresses "
	    "are placed into subsets according to the IPs they share. A single "
	    "address with multiple ports, some of which are ready and some of "
	    "which are not (because they come from different containers) will "
	    "result in the address being displayed in different subsets for "
	    "the different ports. No address will appear in both Addresses and "
	    "NotReadyAddresses in the same subset. Sets of addresses and ports "
	    "that comprise a service.",
	    0, endpoints_subsets, 1, "subsets", "<none>" },
	COLUMN_AGE, { 0 } };

const struct printer printers_service[] = { { "", "services", services },
	{ "", "endpoints", endpoints }, { 0 } };
