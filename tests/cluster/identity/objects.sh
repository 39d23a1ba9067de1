#!/bin/sh
# objects.sh: two nodes, pods on each, who may what in namespace team; JSON
#
# Of team: alice and web's account may read Secrets, group devs and web's
# ConfigMaps. MARK stands in each Secret.
set -eu

jq -n '
def object($v; $kind; $name; $more): {apiVersion: $v, kind: $kind,
    metadata: ({name: $name} + if $kind | IN("Namespace", "Node",
    "ClusterRole", "ClusterRoleBinding") then {} else {namespace: "team"} end)}
    * $more;
def core($kind; $name; $more): object("v1"; $kind; $name; $more);
def rbac($kind; $name; $more):
    object("rbac.authorization.k8s.io/v1"; $kind; $name; $more);
def role($name; $resources; $verbs; $subjects):
    rbac("Role"; $name; {rules: [{apiGroups: [""], resources: $resources,
	verbs: $verbs}]}),
    rbac("RoleBinding"; $name; {roleRef: {kind: "Role", name: $name,
	apiGroup: "rbac.authorization.k8s.io"}, subjects: $subjects});
def user($n): {kind: "User", name: $n, apiGroup: "rbac.authorization.k8s.io"};
def group($n): user($n) + {kind: "Group"};
def account($n): {kind: "ServiceAccount", name: $n, namespace: "team"};
def read: ["get", "list", "watch"];
def kept($name): core("ConfigMap"; $name; {data: {line: "config-\($name)"}}),
    core("Secret"; $name; {metadata: {annotations: {mark: "MARK-\($name)"}},
	stringData: {line: "MARK-\($name)"}});
def pod($name; $node): core("Pod"; $name; {spec: {nodeName: $node,
    serviceAccountName: $name, terminationGracePeriodSeconds: 0,
    tolerations: [{operator: "Exists"}],
    containers: [{name: "c", image: "none"}], volumes: [
	{name: "c", configMap: {name: $name, optional: true}},
	{name: "s", secret: {secretName: $name, optional: true}}]}});
core("Namespace"; "team"; {}),
core("Node"; "edge-1"; {}), core("Node"; "edge-2"; {}),
core("ServiceAccount"; ("web", "plain", "far", "gone", "late", "lost",
    "made-brief", "soon"); {}),
kept("web", "far", "shared"),
core("Secret"; "legacy"; {type: "kubernetes.io/service-account-token",
    metadata: {annotations: {"kubernetes.io/service-account.name": "plain"}}}),
pod(("web", "plain", "gone", "late", "made-brief"); "edge-1"),
pod("far"; "edge-2"),
core("Service"; "web"; {spec: {selector: {app: "web"}, ports: [{port: 80}]}}),
object("discovery.k8s.io/v1"; "EndpointSlice"; "web"; {addressType: "IPv4",
    metadata: {labels: {"kubernetes.io/service-name": "web"}}, endpoints: []}),
object("coordination.k8s.io/v1"; "Lease"; ("edge-1", "edge-2");
    {metadata: {namespace: "kube-node-lease"},
    spec: {holderIdentity: "x", leaseDurationSeconds: 40}}),
role("secrets"; ["secrets"]; read; [user("alice"), account("web")]),
role("configmaps"; ["configmaps"]; read; [group("devs"), account("web")]),
role("late"; ["configmaps"]; read; [account("late"), account("made-brief")]),
role("soon"; ["configmaps"]; read; [account("soon")]),
role("pods"; ["pods", "pods/log", "services"]; read; [user("alice")]),
role("events"; ["events"]; ["create"]; [user("alice"), account("web")])
'
