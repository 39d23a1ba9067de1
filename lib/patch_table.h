/* Made by tests/cluster/cmd/patchkeys; do not edit. */
/* clang-format off */
static const struct patch_field ObjectMeta[] = {
	{ "finalizers", "", PATCH_LIST_MERGE, NULL },
	{ "ownerReferences", "uid", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PartialObjectMetadata[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ComponentStatus[] = {
	{ "conditions", "type", PATCH_LIST_MERGE, NULL },
	{ "metadata", "", 0, ObjectMeta },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field NamespaceStatus[] = {
	{ "conditions", "type", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Namespace[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "status", "", 0, NamespaceStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field NodeSpec[] = {
	{ "podCIDRs", "", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field NodeStatus[] = {
	{ "addresses", "type", PATCH_LIST_MERGE, NULL },
	{ "conditions", "type", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Node[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, NodeSpec },
	{ "status", "", 0, NodeStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field EphemeralVolumeSource[] = {
	{ "volumeClaimTemplate", "", 0, PartialObjectMetadata },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Volume[] = {
	{ "ephemeral", "", 0, EphemeralVolumeSource },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Container[] = {
	{ "env", "name", PATCH_LIST_MERGE, NULL },
	{ "ports", "containerPort", PATCH_LIST_MERGE, NULL },
	{ "volumeDevices", "devicePath", PATCH_LIST_MERGE, NULL },
	{ "volumeMounts", "mountPath", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodSpec[] = {
	{ "containers", "name", PATCH_LIST_MERGE, Container },
	{ "ephemeralContainers", "name", PATCH_LIST_MERGE, Container },
	{ "hostAliases", "ip", PATCH_LIST_MERGE, NULL },
	{ "imagePullSecrets", "name", PATCH_LIST_MERGE, NULL },
	{ "initContainers", "name", PATCH_LIST_MERGE, Container },
	{ "resourceClaims", "name", PATCH_LIST_MERGE, NULL },
	{ "schedulingGates", "name", PATCH_LIST_MERGE, NULL },
	{ "topologySpreadConstraints", "topologyKey", PATCH_LIST_MERGE, NULL },
	{ "volumes", "name", PATCH_LIST_MERGE, Volume },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ContainerStatus[] = {
	{ "allocatedResourcesStatus", "name", PATCH_LIST_MERGE, NULL },
	{ "volumeMounts", "mountPath", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodStatus[] = {
	{ "conditions", "type", PATCH_LIST_MERGE, NULL },
	{ "containerStatuses", "", 0, ContainerStatus },
	{ "ephemeralContainerStatuses", "", 0, ContainerStatus },
	{ "hostIPs", "ip", PATCH_LIST_MERGE, NULL },
	{ "initContainerStatuses", "", 0, ContainerStatus },
	{ "podIPs", "ip", PATCH_LIST_MERGE, NULL },
	{ "resourceClaimStatuses", "name", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Pod[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, PodSpec },
	{ "status", "", 0, PodStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodStatusResult[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "status", "", 0, PodStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodTemplateSpec[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, PodSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodTemplate[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "template", "", 0, PodTemplateSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ReplicationControllerSpec[] = {
	{ "template", "", 0, PodTemplateSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ReplicationController[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, ReplicationControllerSpec },
	{ "status", "", 0, NamespaceStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ServiceSpec[] = {
	{ "ports", "port", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Service[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, ServiceSpec },
	{ "status", "", 0, NamespaceStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ServiceAccount[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "secrets", "name", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field MutatingAdmissionPolicySpec[] = {
	{ "matchConditions", "name", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field MutatingAdmissionPolicy[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, MutatingAdmissionPolicySpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field MutatingWebhookConfiguration[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "webhooks", "name", PATCH_LIST_MERGE, MutatingAdmissionPolicySpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ValidatingAdmissionPolicySpec[] = {
	{ "matchConditions", "name", PATCH_LIST_MERGE, NULL },
	{ "variables", "name", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ValidatingAdmissionPolicy[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, ValidatingAdmissionPolicySpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field DeploymentSpec[] = {
	{ "strategy", "", 0, NULL },
	{ "template", "", 0, PodTemplateSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Deployment[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, DeploymentSpec },
	{ "status", "", 0, NamespaceStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field StatefulSetSpec[] = {
	{ "template", "", 0, PodTemplateSpec },
	{ "volumeClaimTemplates", "", 0, Namespace },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field StatefulSet[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, StatefulSetSpec },
	{ "status", "", 0, NamespaceStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field JobTemplateSpec[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, ReplicationControllerSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field CronJobSpec[] = {
	{ "jobTemplate", "", 0, JobTemplateSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field CronJob[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, CronJobSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodDisruptionBudgetSpec[] = {
	{ "selector", "", PATCH_REPLACE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodDisruptionBudget[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, PodDisruptionBudgetSpec },
	{ "status", "", 0, NamespaceStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ResourceClaimStatus[] = {
	{ "reservedFor", "uid", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ResourceClaim[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "status", "", 0, ResourceClaimStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field ResourceClaimTemplate[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, PartialObjectMetadata },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodGroupSpec[] = {
	{ "resourceClaims", "name", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodGroupStatus[] = {
	{ "conditions", "type", PATCH_LIST_MERGE, NULL },
	{ "resourceClaimStatuses", "name", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field PodGroup[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, PodGroupSpec },
	{ "status", "", 0, PodGroupStatus },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field WorkloadSpec[] = {
	{ "podGroupTemplates", "", 0, PodGroupSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field Workload[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, WorkloadSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field CSINodeSpec[] = {
	{ "drivers", "name", PATCH_LIST_MERGE, NULL },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_field CSINode[] = {
	{ "metadata", "", 0, ObjectMeta },
	{ "spec", "", 0, CSINodeSpec },
	{ NULL, NULL, 0, NULL },
};
static const struct patch_schema plain = { "", "", "", PartialObjectMetadata };
static const struct patch_schema schemas[] = {
	{ "", "v1", "ComponentStatus", ComponentStatus },
	{ "", "v1", "Namespace", Namespace },
	{ "", "v1", "Node", Node },
	{ "", "v1", "PersistentVolumeClaim", Namespace },
	{ "", "v1", "Pod", Pod },
	{ "", "v1", "PodStatusResult", PodStatusResult },
	{ "", "v1", "PodTemplate", PodTemplate },
	{ "", "v1", "ReplicationController", ReplicationController },
	{ "", "v1", "Service", Service },
	{ "", "v1", "ServiceAccount", ServiceAccount },
	{ "admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", MutatingAdmissionPolicy },
	{ "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", MutatingWebhookConfiguration },
	{ "admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", ValidatingAdmissionPolicy },
	{ "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", MutatingWebhookConfiguration },
	{ "admissionregistration.k8s.io", "v1alpha1", "MutatingAdmissionPolicy", MutatingAdmissionPolicy },
	{ "admissionregistration.k8s.io", "v1alpha1", "ValidatingAdmissionPolicy", ValidatingAdmissionPolicy },
	{ "admissionregistration.k8s.io", "v1beta1", "MutatingAdmissionPolicy", MutatingAdmissionPolicy },
	{ "admissionregistration.k8s.io", "v1beta1", "MutatingWebhookConfiguration", MutatingWebhookConfiguration },
	{ "admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicy", ValidatingAdmissionPolicy },
	{ "admissionregistration.k8s.io", "v1beta1", "ValidatingWebhookConfiguration", MutatingWebhookConfiguration },
	{ "apiregistration.k8s.io", "v1", "APIService", Namespace },
	{ "apps", "v1", "DaemonSet", ReplicationController },
	{ "apps", "v1", "Deployment", Deployment },
	{ "apps", "v1", "ReplicaSet", ReplicationController },
	{ "apps", "v1", "StatefulSet", StatefulSet },
	{ "apps", "v1beta1", "Deployment", Deployment },
	{ "apps", "v1beta1", "StatefulSet", StatefulSet },
	{ "apps", "v1beta2", "DaemonSet", ReplicationController },
	{ "apps", "v1beta2", "Deployment", Deployment },
	{ "apps", "v1beta2", "ReplicaSet", ReplicationController },
	{ "apps", "v1beta2", "StatefulSet", StatefulSet },
	{ "autoscaling", "v2", "HorizontalPodAutoscaler", Namespace },
	{ "batch", "v1", "CronJob", CronJob },
	{ "batch", "v1", "Job", ReplicationController },
	{ "batch", "v1beta1", "CronJob", CronJob },
	{ "certificates.k8s.io", "v1beta1", "PodCertificateRequest", Namespace },
	{ "extensions", "v1beta1", "DaemonSet", ReplicationController },
	{ "extensions", "v1beta1", "Deployment", Deployment },
	{ "extensions", "v1beta1", "ReplicaSet", ReplicationController },
	{ "flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", Namespace },
	{ "flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration", Namespace },
	{ "flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema", Namespace },
	{ "flowcontrol.apiserver.k8s.io", "v1beta3", "PriorityLevelConfiguration", Namespace },
	{ "networking.k8s.io", "v1", "ServiceCIDR", Namespace },
	{ "networking.k8s.io", "v1beta1", "ServiceCIDR", Namespace },
	{ "policy", "v1", "PodDisruptionBudget", PodDisruptionBudget },
	{ "policy", "v1beta1", "PodDisruptionBudget", Namespace },
	{ "resource.k8s.io", "v1", "ResourceClaim", ResourceClaim },
	{ "resource.k8s.io", "v1", "ResourceClaimTemplate", ResourceClaimTemplate },
	{ "resource.k8s.io", "v1alpha3", "DeviceTaintRule", Namespace },
	{ "resource.k8s.io", "v1alpha3", "ResourcePoolStatusRequest", Namespace },
	{ "resource.k8s.io", "v1beta1", "ResourceClaim", ResourceClaim },
	{ "resource.k8s.io", "v1beta1", "ResourceClaimTemplate", ResourceClaimTemplate },
	{ "resource.k8s.io", "v1beta2", "DeviceTaintRule", Namespace },
	{ "resource.k8s.io", "v1beta2", "ResourceClaim", ResourceClaim },
	{ "resource.k8s.io", "v1beta2", "ResourceClaimTemplate", ResourceClaimTemplate },
	{ "scheduling.k8s.io", "v1alpha2", "PodGroup", PodGroup },
	{ "scheduling.k8s.io", "v1alpha2", "Workload", Workload },
	{ "storage.k8s.io", "v1", "CSINode", CSINode },
	{ "storage.k8s.io", "v1beta1", "CSINode", CSINode },
	{ "storagemigration.k8s.io", "v1beta1", "StorageVersionMigration", Namespace },
};
/* clang-format on */
