/*
 * The built-in resources of Kubernetes 1.28 to 1.36. Sorted by group, then
 * resource, for bsearch(3). Fields: ToSelectableFields of the strategies in
 * pkg/registry, as far as the conversions in pkg/apis let a label through.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "resource.h"

/* clang-format off */
/* status.podIPs is an accepted label that the strategy sets no value for. */
static const char *const pod_fields[] = {
	"spec.host", "spec.nodeName",
	"spec.hostNetwork", "spec.hostNetwork=false",
	"spec.nodeName", "spec.nodeName",
	"spec.restartPolicy", "spec.restartPolicy",
	"spec.schedulerName", "spec.schedulerName",
	"spec.serviceAccountName", "spec.serviceAccountName",
	"status.nominatedNodeName", "status.nominatedNodeName",
	"status.phase", "status.phase",
	"status.podIP", "status.podIP",
	"status.podIPs", "",
	NULL
};
static const char *const event_fields[] = {
	"involvedObject.apiVersion", "involvedObject.apiVersion",
	"involvedObject.fieldPath", "involvedObject.fieldPath",
	"involvedObject.kind", "involvedObject.kind",
	"involvedObject.name", "involvedObject.name",
	"involvedObject.namespace", "involvedObject.namespace",
	"involvedObject.resourceVersion", "involvedObject.resourceVersion",
	"involvedObject.uid", "involvedObject.uid",
	"reason", "reason",
	"reportingComponent", "reportingComponent",
	"source", "source.component|reportingComponent",
	"type", "type",
	NULL
};
static const char *const events_fields[] = {
	"reason", "reason",
	"regarding.apiVersion", "regarding.apiVersion",
	"regarding.fieldPath", "regarding.fieldPath",
	"regarding.kind", "regarding.kind",
	"regarding.name", "regarding.name",
	"regarding.namespace", "regarding.namespace",
	"regarding.resourceVersion", "regarding.resourceVersion",
	"regarding.uid", "regarding.uid",
	"reportingController", "reportingController",
	"type", "type",
	NULL
};
static const char *const pod_certificate_request_fields[] = {
	"spec.nodeName", "spec.nodeName",
	"spec.podName", "spec.podName",
	"spec.serviceAccountName", "spec.serviceAccountName",
	"spec.signerName", "spec.signerName",
	NULL
};
static const char *const namespace_fields[] = {
	"status.phase", "status.phase",
	NULL
};
static const char *const node_fields[] = {
	"spec.unschedulable", "spec.unschedulable=false",
	NULL
};
static const char *const replicas_fields[] = {
	"status.replicas", "status.replicas=0",
	NULL
};
static const char *const job_fields[] = {
	"status.successful", "status.succeeded=0",
	NULL
};
static const char *const secret_fields[] = {
	"type", "type",
	NULL
};
static const char *const service_fields[] = {
	"spec.clusterIP", "spec.clusterIP",
	"spec.type", "spec.type",
	NULL
};
static const char *const signer_fields[] = {
	"spec.signerName", "spec.signerName",
	NULL
};
static const char *const slice_fields[] = {
	"spec.driver", "spec.driver",
	"spec.nodeName", "spec.nodeName",
	NULL
};
/* clang-format on */
static const char *const no_fields[] = { NULL };

#define ADMISSION "admissionregistration.k8s.io"
#define FLOW "flowcontrol.apiserver.k8s.io"
#define RBAC "rbac.authorization.k8s.io"

static const struct resource resources[] = {
	{ "", "bindings", "Binding", 1, no_fields },
	{ "", "componentstatuses", "ComponentStatus", 0, no_fields },
	{ "", "configmaps", "ConfigMap", 1, no_fields },
	{ "", "endpoints", "Endpoints", 1, no_fields },
	{ "", "events", "Event", 1, event_fields },
	{ "", "limitranges", "LimitRange", 1, no_fields },
	{ "", "namespaces", "Namespace", 0, namespace_fields },
	{ "", "nodes", "Node", 0, node_fields },
	{ "", "persistentvolumeclaims", "PersistentVolumeClaim", 1, no_fields },
	{ "", "persistentvolumes", "PersistentVolume", 0, no_fields },
	{ "", "pods", "Pod", 1, pod_fields },
	{ "", "podtemplates", "PodTemplate", 1, no_fields },
	{ "", "replicationcontrollers", "ReplicationController", 1,
	    replicas_fields },
	{ "", "resourcequotas", "ResourceQuota", 1, no_fields },
	{ "", "secrets", "Secret", 1, secret_fields },
	{ "", "serviceaccounts", "ServiceAccount", 1, no_fields },
	{ "", "services", "Service", 1, service_fields },
	{ ADMISSION, "mutatingadmissionpolicies", "MutatingAdmissionPolicy", 0,
	    no_fields },
	{ ADMISSION, "mutatingadmissionpolicybindings",
	    "MutatingAdmissionPolicyBinding", 0, no_fields },
	{ ADMISSION, "mutatingwebhookconfigurations",
	    "MutatingWebhookConfiguration", 0, no_fields },
	{ ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy",
	    0, no_fields },
	{ ADMISSION, "validatingadmissionpolicybindings",
	    "ValidatingAdmissionPolicyBinding", 0, no_fields },
	{ ADMISSION, "validatingwebhookconfigurations",
	    "ValidatingWebhookConfiguration", 0, no_fields },
	{ "apiextensions.k8s.io", "customresourcedefinitions",
	    "CustomResourceDefinition", 0, no_fields },
	{ "apiregistration.k8s.io", "apiservices", "APIService", 0, no_fields },
	{ "apps", "controllerrevisions", "ControllerRevision", 1, no_fields },
	{ "apps", "daemonsets", "DaemonSet", 1, no_fields },
	{ "apps", "deployments", "Deployment", 1, no_fields },
	{ "apps", "replicasets", "ReplicaSet", 1, no_fields },
	{ "apps", "statefulsets", "StatefulSet", 1, no_fields },
	{ "authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", 0,
	    no_fields },
	{ "authentication.k8s.io", "tokenreviews", "TokenReview", 0,
	    no_fields },
	{ "authorization.k8s.io", "localsubjectaccessreviews",
	    "LocalSubjectAccessReview", 1, no_fields },
	{ "authorization.k8s.io", "selfsubjectaccessreviews",
	    "SelfSubjectAccessReview", 0, no_fields },
	{ "authorization.k8s.io", "selfsubjectrulesreviews",
	    "SelfSubjectRulesReview", 0, no_fields },
	{ "authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview",
	    0, no_fields },
	{ "autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler",
	    1, no_fields },
	{ "batch", "cronjobs", "CronJob", 1, no_fields },
	{ "batch", "jobs", "Job", 1, job_fields },
	{ "certificates.k8s.io", "certificatesigningrequests",
	    "CertificateSigningRequest", 0, signer_fields },
	{ "certificates.k8s.io", "clustertrustbundles", "ClusterTrustBundle", 0,
	    signer_fields },
	{ "certificates.k8s.io", "podcertificaterequests",
	    "PodCertificateRequest", 1, pod_certificate_request_fields },
	{ "coordination.k8s.io", "leasecandidates", "LeaseCandidate", 1,
	    no_fields },
	{ "coordination.k8s.io", "leases", "Lease", 1, no_fields },
	{ "discovery.k8s.io", "endpointslices", "EndpointSlice", 1, no_fields },
	{ "events.k8s.io", "events", "Event", 1, events_fields },
	{ FLOW, "flowschemas", "FlowSchema", 0, no_fields },
	{ FLOW, "prioritylevelconfigurations", "PriorityLevelConfiguration", 0,
	    no_fields },
	{ "internal.apiserver.k8s.io", "storageversions", "StorageVersion", 0,
	    no_fields },
	{ "networking.k8s.io", "ingressclasses", "IngressClass", 0, no_fields },
	{ "networking.k8s.io", "ingresses", "Ingress", 1, no_fields },
	{ "networking.k8s.io", "ipaddresses", "IPAddress", 0, no_fields },
	{ "networking.k8s.io", "networkpolicies", "NetworkPolicy", 1,
	    no_fields },
	{ "networking.k8s.io", "servicecidrs", "ServiceCIDR", 0, no_fields },
	{ "node.k8s.io", "runtimeclasses", "RuntimeClass", 0, no_fields },
	{ "policy", "poddisruptionbudgets", "PodDisruptionBudget", 1,
	    no_fields },
	{ RBAC, "clusterrolebindings", "ClusterRoleBinding", 0, no_fields },
	{ RBAC, "clusterroles", "ClusterRole", 0, no_fields },
	{ RBAC, "rolebindings", "RoleBinding", 1, no_fields },
	{ RBAC, "roles", "Role", 1, no_fields },
	{ "resource.k8s.io", "deviceclasses", "DeviceClass", 0, no_fields },
	{ "resource.k8s.io", "devicetaintrules", "DeviceTaintRule", 0,
	    no_fields },
	{ "resource.k8s.io", "resourceclaims", "ResourceClaim", 1, no_fields },
	{ "resource.k8s.io", "resourceclaimtemplates", "ResourceClaimTemplate",
	    1, no_fields },
	{ "resource.k8s.io", "resourceslices", "ResourceSlice", 0,
	    slice_fields },
	{ "scheduling.k8s.io", "priorityclasses", "PriorityClass", 0,
	    no_fields },
	{ "storage.k8s.io", "csidrivers", "CSIDriver", 0, no_fields },
	{ "storage.k8s.io", "csinodes", "CSINode", 0, no_fields },
	{ "storage.k8s.io", "csistoragecapacities", "CSIStorageCapacity", 1,
	    no_fields },
	{ "storage.k8s.io", "storageclasses", "StorageClass", 0, no_fields },
	{ "storage.k8s.io", "volumeattachments", "VolumeAttachment", 0,
	    no_fields },
	{ "storage.k8s.io", "volumeattributesclasses", "VolumeAttributesClass",
	    0, no_fields },
	{ "storagemigration.k8s.io", "storageversionmigrations",
	    "StorageVersionMigration", 0, no_fields },
};

static int
compare(const void *va, const void *vb)
{
	const struct resource *a = va, *b = vb;
	int c;

	c = strcmp(a->group, b->group);
	return c != 0 ? c : strcmp(a->resource, b->resource);
}

const struct resource *
resource_find(const char *group, const char *resource)
{
	struct resource key = { .group = group, .resource = resource };

	return bsearch(&key, resources,
	    sizeof(resources) / sizeof(resources[0]), sizeof(resources[0]),
	    compare);
}

int
resource_group_known(const char *group)
{
	size_t i;

	for (i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		if (strcmp(resources[i].group, group) == 0)
			return 1;
	return 0;
}

int
resource_field_known(const struct resource *r, const char *label)
{
	const char *const *f;

	if (strcmp(label, "metadata.name") == 0)
		return 1;
	/* strategies with fields of their own name theirs one by one */
	if (strcmp(label, "metadata.namespace") == 0)
		return r == NULL || r->namespaced || r->fields[0] == NULL;
	if (r == NULL)
		return 0;
	for (f = r->fields; f[0] != NULL; f += 2)
		if (strcmp(f[0], label) == 0)
			return 1;
	return 0;
}
