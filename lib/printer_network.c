/*
 * networking.k8s.io and discovery.k8s.io.
 */
#include "printer.h"

#define SHOWN 3

static void
put_more(struct row *r, size_t n)
{
	if (n > SHOWN)
		row_printf(r, " + %zu more...", n - SHOWN);
}

/* Rules without a host count, but are not shown. */
static void
ingress_hosts(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, "spec.rules"), rule, host;
	size_t n = span_count(at), shown = 0;
	int more = 0;

	(void)c;
	while (span_next(&at, NULL, &rule) == 0) {
		host = span_at(rule, "host");
		more |= shown == SHOWN;
		if (more || span_inner(host).n == 0)
			continue;
		row_puts(r, shown++ > 0 ? "," : "");
		row_string(r, host);
	}
	if (shown == 0)
		row_puts(r, "*");
	if (more)
		row_printf(r, " + %zu more...", n - SHOWN);
}

static void
ingress_address(struct row *r, const struct printer_column *c)
{
	row_ingress(r, row_at(r, c->path));
}

static void
ingress_ports(struct row *r, const struct printer_column *c)
{
	row_puts(r, span_count(row_at(r, c->path)) > 0 ? "80, 443" : "80");
}

static void
class_parameters(struct row *r, const struct printer_column *c)
{
	struct span p = row_at(r, c->path), group = span_at(p, "apiGroup");

	if (p.p == NULL) {
		row_puts(r, c->absent);
		return;
	}
	row_string(r, span_at(p, "kind"));
	row_puts(r, group.p == NULL ? "" : ".");
	row_string(r, group);
	row_puts(r, "/");
	row_string(r, span_at(p, "name"));
}

static void
address_parent(struct row *r, const struct printer_column *c)
{
	struct span p = row_at(r, c->path), group = span_at(p, "group");
	struct span ns = span_at(p, "namespace");

	if (p.p == NULL) {
		row_puts(r, c->absent);
		return;
	}
	row_lower(r, span_at(p, "resource"));
	row_puts(r, span_inner(group).n == 0 ? "" : ".");
	row_lower(r, group);
	row_puts(r, span_inner(ns).n == 0 ? "" : "/");
	row_string(r, ns);
	row_puts(r, "/");
	row_string(r, span_at(p, "name"));
}

static void
slice_ports(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, c->path), port, number, name;
	size_t n = 0, was = r->b->len;

	for (; span_next(&at, NULL, &port) == 0; n++) {
		number = span_at(port, "port");
		name = span_at(port, "name");
		if (n >= SHOWN)
			continue;
		row_puts(r, n > 0 ? "," : "");
		if (number.p != NULL)
			row_printf(r, "%lld", span_int(number, 0));
		else if (name.p != NULL)
			row_string(r, name);
		else
			row_puts(r, "*");
	}
	put_more(r, n);
	if (r->b->len == was)
		row_puts(r, "<unset>");
}

static void
slice_endpoints(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, c->path), endpoint, all, address;
	size_t n = 0;

	while (span_next(&at, NULL, &endpoint) == 0)
		for (all = span_at(endpoint, "addresses");
		     span_next(&all, NULL, &address) == 0; n++) {
			if (n >= SHOWN)
				continue;
			row_puts(r, n > 0 ? "," : "");
			row_string(r, address);
		}
	put_more(r, n);
	if (n == 0)
		row_puts(r, "<unset>");
}

static const struct printer_column ingresses[] = { COLUMN_NAME,
	{ "Class", "string", "",
	    "The name of the IngressClass resource that should be used for "
	    "additional configuration",
	    0, cell_string, 1, "spec.ingressClassName", "<none>" },
	{ "Hosts", "string", "",
	    "Hosts that incoming requests are matched against before the "
	    "ingress rule",
	    0, ingress_hosts, 1, "", "" },
	{ "Address", "string", "",
	    "Address is a list containing ingress points for the load-balancer",
	    0, ingress_address, 1, "status.loadBalancer.ingress", "" },
	{ "Ports", "string", "", "Ports of TLS configurations that open", 0,
	    ingress_ports, 1, "spec.tls", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column ingressclasses[] = {
	{ "Name", "string", "name", DOC_NAME, 0, cell_default_name, 1,
	    "ingressclass.kubernetes.io/is-default-class", "" },
	{ "Controller", "string", "",
	    "Controller that is responsible for handling this class", 0,
	    cell_string, 1, "spec.controller", "" },
	{ "Parameters", "string", "",
	    "A reference to a resource with additional parameters", 0,
	    class_parameters, 1, "spec.parameters", "<none>" },
	COLUMN_AGE, { 0 }
};

static const struct printer_column networkpolicies[] = { COLUMN_NAME,
	{ "Pod-Selector", "string", "",
	    "podSelector selects the pods to which this NetworkPolicy object "
	    "applies. The array of rules is applied to any pods selected by "
	    "this field. An empty selector matches all pods in the policy's "
	    "namespace. Multiple network policies can select the same set of "
	    "pods. In this case, the ingress rules for each are combined "
	    "additively. This field is optional. If it is not specified, it "
	    "defaults to an empty selector.",
	    0, cell_selector, 1, "spec.podSelector", "<none>" },
	COLUMN_AGE, { 0 } };

static const struct printer_column servicecidrs[] = { COLUMN_NAME,
	{ "CIDRs", "string", "",
	    "CIDRs defines the IP blocks in CIDR notation (e.g. "
	    "\"192.168.0.0/24\" or \"2001:db8::/64\") from which to assign "
	    "service cluster IPs. Max of two CIDRs is allowed, one of each IP "
	    "family. This field is immutable.",
	    0, cell_join, 1, "spec.cidrs", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column ipaddresses[] = { COLUMN_NAME,
	{ "ParentRef", "string", "",
	    "ParentRef references the resource that an IPAddress is attached "
	    "to. An IPAddress must reference a parent object.",
	    0, address_parent, 1, "spec.parentRef", "<none>" },
	/* A cell without a column: so it is in kube-apiserver. */
	{ NULL, NULL, NULL, NULL, 0, cell_age, 1, "metadata.creationTimestamp",
	    "<unknown>" },
	{ 0 } };

static const struct printer_column endpointslices[] = { COLUMN_NAME,
	{ "AddressType", "string", "",
	    "addressType specifies the type of address carried by this "
	    "EndpointSlice. All addresses in this slice must be the same type. "
	    "This field is immutable after creation. The following address "
	    "types are currently supported: * IPv4: Represents an IPv4 "
	    "Address. * IPv6: Represents an IPv6 Address. * FQDN: Represents a "
	    "Fully Qualified Domain Name. (Deprecated) The EndpointSlice "
	    "controller only generates, and kube-proxy only processes, slices "
	    "of addressType \"IPv4\" and \"IPv6\". No semantics are defined "
	    "for the \"FQDN\" type.",
	    0, cell_string, 1, "addressType", "" },
	{ "Ports", "string", "",
	    "ports specifies the list of network ports exposed by each "
	    "endpoint in this slice. Each port must have a unique name. Each "
	    "slice may include a maximum of 100 ports. Services always have at "
	    "least 1 port, so EndpointSlices generated by the EndpointSlice "
	    "controller will likewise always have at least 1 port. "
	    "EndpointSlices used for other purposes may have an empty ports "
	    "list.",
	    0, slice_ports, 1, "ports", "" },
	{ "Endpoints", "string", "",
	    "endpoints is a list of unique endpoints in this slice. Each slice "
	    "may include a maximum of 1000 endpoints.",
	    0, slice_endpoints, 1, "endpoints", "" },
	COLUMN_AGE, { 0 } };

const struct printer printers_network[] = { { "networking.k8s.io", "ingresses",
						ingresses },
	{ "networking.k8s.io", "ingressclasses", ingressclasses },
	{ "networking.k8s.io", "networkpolicies", networkpolicies },
	{ "networking.k8s.io", "servicecidrs", servicecidrs },
	{ "networking.k8s.io", "ipaddresses", ipaddresses },
	{ "discovery.k8s.io", "endpointslices", endpointslices }, { 0 } };
