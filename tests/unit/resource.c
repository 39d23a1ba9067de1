#include <stddef.h>

#include "resource.h"
#include "tap.h"

static void
kind(const char *group, const char *resource, const char *want, int namespaced)
{
	const struct resource *r = resource_find(group, resource);

	is_str(r != NULL ? r->kind : NULL, want, resource);
	if (r != NULL)
		is_int(r->namespaced, namespaced, "its scope");
}

int
main(void)
{
	const struct resource *pods = resource_find("", "pods");
	const struct resource *nodes = resource_find("", "nodes");
	const struct resource *drivers;

	kind("", "pods", "Pod", 1);
	kind("", "bindings", "Binding", 1);
	kind("", "services", "Service", 1);
	kind("", "nodes", "Node", 0);
	kind("", "namespaces", "Namespace", 0);
	kind("discovery.k8s.io", "endpointslices", "EndpointSlice", 1);
	kind("coordination.k8s.io", "leases", "Lease", 1);
	kind("storage.k8s.io", "csinodes", "CSINode", 0);
	kind("storagemigration.k8s.io", "storageversionmigrations",
	    "StorageVersionMigration", 0);
	kind("apps", "pods", NULL, 0);
	kind("", "edgenodes", NULL, 0);
	ok(resource_field_known(pods, "spec.nodeName"), "pods: spec.nodeName");
	ok(resource_field_known(pods, "metadata.namespace"),
	    "pods: metadata.namespace");
	ok(!resource_field_known(pods, "spec.containers"), "pods: no others");
	ok(resource_field_known(NULL, "metadata.name"), "any: metadata.name");
	ok(resource_field_known(NULL, "metadata.namespace"),
	    "any: metadata.namespace");
	ok(!resource_field_known(NULL, "spec.nodeName"), "any: no others");
	ok(!resource_field_known(nodes, "metadata.namespace"),
	    "nodes: no metadata.namespace");
	drivers = resource_find("storage.k8s.io", "csidrivers");
	ok(resource_field_known(drivers, "metadata.namespace"),
	    "csidrivers: the default conversion has metadata.namespace");
	ok(!resource_field_known(resource_find("apps", "replicasets"),
	       "status.replicas"),
	    "replicasets: apps/v1 has no status.replicas");
	return done_testing();
}
