#!/bin/sh
# 22-conflict.t: what is written through the hub while cut off, and on the
# master meanwhile changed, deleted, or deleted and created again
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1200 ./22-conflict.t
# the pods run nowhere: nobody may mind that
# shellcheck disable=SC2034
CONTROLLERS='*,-node-lifecycle-controller,-pod-garbage-collector-controller'
cluster_up 1
proc_stop scheduler
# shellcheck disable=SC2034
HUB_WRITES=$CLUSTER/writes.conf
cat ../../etc/writes.conf - >"$HUB_WRITES" <<END
configmaps create,update,patch,delete queue
END
data=$CLUSTER/hub/data
core=/api/v1/namespaces/default
maps=$core/configmaps pods=$core/pods
lease=/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/edge-1
smp=application/strategic-merge-patch+json merge=application/merge-patch+json

# --- what there is ---

configmap_json() {
	jq -n --arg n "$1" --arg v "$2" '{apiVersion: "v1", kind: "ConfigMap",
	    metadata: {name: $n}, data: {k: $v}}'
}

pod_json() {
	jq -n --arg n "$1" '{apiVersion: "v1", kind: "Pod",
	    metadata: {name: $n, labels: {of: "conflict"}},
	    spec: {nodeName: "edge-1", terminationGracePeriodSeconds: 0,
	    automountServiceAccountToken: false,
	    containers: [{name: "c", image: "none"}]}}'
}

node_json() {
	jq -n --arg n "$1" '{apiVersion: "v1", kind: "Node",
	    metadata: {name: $n}}'
}

# make: JSON objects on stdin, on the master
make() {
	kc create -f - >/dev/null
}

# remade configmap|pod|node NAME [VALUE]: deleted and created again on the master
remade() {
	kc delete "$1" "$2" --wait --grace-period=0 --force >/dev/null 2>&1
	"${1}_json" "$2" "${3:-old}" | make
}

# --- through the hub ---

# ask METHOD PATH [TYPE]: the body on stdin; $_code, the answer in
# $CLUSTER/answer; as $who
who='admin'
ask() {
	_code=$(curl -s -m 60 -A x --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/$who.crt" --key "$CLUSTER/pki/$who.key" \
	    -X "$1" -H "Content-Type: ${3:-application/json}" \
	    -o "$CLUSTER/answer" -w '%{http_code}' --data-binary @- \
	    "$HUB_URL$2")
}

# wrote METHOD PATH BODY [TYPE]: counts what was not answered with 2xx
wrote() {
	printf %s "$3" >"$CLUSTER/body"
	ask "$1" "$2" "${4:-}" <"$CLUSTER/body"
	case $_code in
	2*) ;;
	*)
		refused=$((refused + 1))
		diag "$1 $2: $_code $(jq -c .message "$CLUSTER/answer")"
		;;
	esac
}

# of PATH JQ: what the hub has of it
of() {
	hub_get "$1?resourceVersion=0" | sed '$d' | jq -c "$2"
}

# see PLURAL NAME JQ: what the master has of it
see() {
	kc get "$1" "$2" -o json 2>&1 | jq -c "$3" 2>&1
}

# alike PATH: whether hub and master have the same objects
alike() {
	_sort='.items | sort_by(.metadata.name) | map(del(.metadata.managedFields))'
	_here=$(of "$1" "$_sort")
	_there=$(kc get --raw "$1" | jq -c "$_sort")
	[ "$_here" = "$_there" ]
}

all_alike() {
	alike "$maps" && alike "$pods" && alike /api/v1/nodes
}

replayed() {
	grep -qx 'waiting 0' "$data/run/outbox" &&
		[ -z "$(find "$data/outbox/new" -name '*.json')" ] &&
		[ -z "$(find "$data/cache" -name local)" ]
}

reasons() {
	jq -r '"\(.verb) \(.name): \(.reason)"' \
	    "$data/outbox/failed"/*.json 2>/dev/null | sort
}

conflicts() {
	kc get events -o json | jq -r '[.items[] |
	    select(.reason == "OutboxConflict") | .involvedObject.name] |
	    sort | join(" ")'
}

# --- before ---

{
	for _n in edge-1 edge-2 edge-3; do
		node_json "$_n"
	done
	for _n in plain changed same deleted again \
	    gone gone-changed gone-deleted gone-again; do
		configmap_json "$_n" old
	done
	for _n in kept changed deleted again ended ended-again; do
		pod_json "p-$_n"
	done
} | make
kc patch node edge-1 --subresource=status -p '{"status":{"conditions":[
    {"type":"Ready","status":"True","reason":"KubeletReady"}]}}' >/dev/null
jq -n '{apiVersion: "coordination.k8s.io/v1", kind: "Lease",
    metadata: {name: "edge-1", namespace: "kube-node-lease"},
    spec: {holderIdentity: "edge-1"}}' | make
hub_up
wait_for 60 "the hub to see its master" hub_online
hub_kc get configmaps,pods,nodes -o name >/dev/null
wait_for 60 "the hub to follow" hub_follows "$maps" "$pods" /api/v1/nodes
wait_for 60 "the hub to have all" all_alike
informer_start told kubectl-hub default
uid_of() {
	of "$1" .metadata.uid | tr -d '"'
}
ended=$(uid_of $pods/p-ended)
ended_again=$(uid_of $pods/p-ended-again)
remade_uid=$(uid_of $pods/p-again)
hub_get $lease | sed '$d' >"$CLUSTER/lease"
cut 503
wait_for 60 "the hub to see the cut" hub_offline
refused=0

# --- here ---

run='{"status":{"phase":"Running","podIP":"10.9.8.7",
    "podIPs":[{"ip":"10.9.8.7"}],"conditions":[
    {"type":"Ready","status":"True"}]}}'
for _n in kept changed deleted; do
	wrote PATCH "$pods/p-$_n/status" "$run" $smp
done
wrote PATCH "$pods/p-again/status" "$(echo "$run" |
    jq -c --arg u "$remade_uid" '.metadata.uid = $u')" $smp
who=kubelet
wrote PATCH /api/v1/nodes/edge-1/status '{"status":{"nodeInfo":
    {"kubeletVersion":"v9"},"conditions":[{"type":"DiskPressure",
    "status":"False"}]}}' $smp
who='admin'
for _n in edge-2 edge-3; do
	wrote PATCH "/api/v1/nodes/$_n/status" \
	    '{"status":{"nodeInfo":{"kubeletVersion":"v9"}}}' $smp
done
for _n in plain changed same deleted; do
	wrote PATCH "$maps/$_n" '{"data":{"k":"ours"}}' $merge
done
# by PUT, of what was read here
of $maps/again '.data.k = "ours"' >"$CLUSTER/put"
wrote PUT $maps/again "$(cat "$CLUSTER/put")"
for _n in gone gone-changed gone-deleted gone-again; do
	wrote DELETE "$maps/$_n" ''
done
wrote DELETE $pods/p-ended "{\"gracePeriodSeconds\":0,
    \"preconditions\":{\"uid\":\"$ended\"}}"
wrote DELETE $pods/p-ended-again "{\"gracePeriodSeconds\":0,
    \"preconditions\":{\"uid\":\"$ended_again\"}}"
for _n in new twin other; do
	wrote POST $maps "$(configmap_json $_n ours)"
done
wrote PATCH $maps/other '{"data":{"more":"ours"}}' $merge
# owned NAME OWNER_UID: a ConfigMap that belongs to configmap new
owned() {
	configmap_json "$1" ours | jq -c --arg u "$2" \
	    '.metadata.ownerReferences = [{apiVersion: "v1", kind: "ConfigMap",
	    name: "new", uid: $u}]'
}
new=$(uid_of $maps/new)
wrote POST $maps "$(owned part "$new")"
jq -c '.spec.renewTime = "2026-11-24T00:00:00.000000Z"' "$CLUSTER/lease" \
    >"$CLUSTER/body"
ask PUT $lease <"$CLUSTER/body"
check "a lease is renewed" is "$_code" 200
cp "$CLUSTER/answer" "$CLUSTER/lease"
check "cut off: every write is taken" is "$refused" 0
check "and is read here" is "$(of $maps '[.items[] |
    select(.data.k == "ours") | .metadata.name] | sort | join(" ")')" \
    '"again changed deleted new other part plain same twin"'

# --- there, meanwhile ---

kc patch pod p-changed --subresource=status -p '{"status":{"phase":"Unknown",
    "reason":"NodeLost","conditions":[{"type":"Theirs","status":"True"}]}}' \
    >/dev/null
kc label pod p-changed theirs=yes >/dev/null
kc delete pod p-deleted --grace-period=0 --force >/dev/null 2>&1
remade pod p-again
remade pod p-ended-again
kc patch node edge-1 --subresource=status -p '{"status":{"conditions":[
    {"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown"}]}}' \
    >/dev/null
kc delete node edge-2 >/dev/null
remade node edge-3
kc taint node edge-1 theirs=yes:NoSchedule >/dev/null
kc patch configmap changed -p '{"data":{"k":"theirs"}}' >/dev/null
kc patch configmap same -p '{"data":{"k":"ours"}}' >/dev/null
kc patch configmap gone-changed -p '{"data":{"k":"theirs"}}' >/dev/null
kc delete configmap deleted gone-deleted >/dev/null
remade configmap again
remade configmap gone-again
configmap_json twin ours | make
configmap_json other theirs | make

heal
check "healed: all is replayed" wait_for 300 "the replay" replayed

# --- statuses: ours ---

check "the status of a pod is ours" is "$(see pods p-kept \
    '[.status.phase, .status.podIPs]')" '["Running",[{"ip":"10.9.8.7"}]]'
check "also where the master changed it; what only the master has stays" \
    is "$(see pods p-changed '[.status.phase, .status.podIP,
    .metadata.labels.theirs] + [.status.conditions[] |
    select(.type == "Ready" or .type == "Theirs") | .type, .status] | sort')" \
    '["10.9.8.7","Ready","Running","Theirs","True","True","yes"]'
check "not of a pod that is gone" is "$(kc get pod p-deleted 2>&1 |
    grep -c NotFound)" 1
check "nor of another one of its name" \
    is "$(see pods p-again '[.status.phase, .status.podIP]')" '["Pending",null]'
check "a node is Ready, as it says; taints are the master's" \
    is "$(see nodes edge-1 '[.status.nodeInfo.kubeletVersion,
    any(.spec.taints[]; .key == "theirs")] + ([.status.conditions[] |
    [.type, .status]] | sort)')" \
    '["v9",true,["DiskPressure","False"],["Ready","True"]]'
check "a node that was deleted is not made again, and a new one is itself" \
    is "$(kc get nodes -o json | jq -c '[.items[] | .metadata.name,
    .status.nodeInfo.kubeletVersion]')" '["edge-1","v9","edge-3",""]'

# --- specs: the master's ---

check "what nobody else changed is ours" \
    is "$(see configmaps plain .data.k) $(see configmaps same .data.k)" \
    '"ours" "ours"'
check "what the master changed is its" is "$(see configmaps changed .data.k) \
$(see configmaps again .data.k)" '"theirs" "old"'
check "what it deleted stays so" is "$(kc get configmaps deleted gone-deleted \
    --ignore-not-found -o name)" ''

# --- deletions: of the same object ---

check "a deletion is done, whatever was changed" is "$(kc get configmaps gone \
    gone-changed --ignore-not-found -o name)" ''
check "but not of another one" is "$(see configmaps gone-again .data.k)" '"old"'
check "so are those of pods" is "$(kc get pods p-ended p-ended-again \
    --ignore-not-found -o name)" pod/p-ended-again

# --- creations ---

check "what was created is there" is "$(see configmaps new .data)" \
    '{"k":"ours"}'
check "what exists already is the master's" \
    is "$(see configmaps twin .data) $(see configmaps other .data)" \
    '{"k":"ours"} {"k":"theirs"}'

check "what belongs to it names it as the master does" \
    is "$(see configmaps part '.metadata.ownerReferences[0].uid')" \
    "$(see configmaps new .metadata.uid)"

# --- and is told ---

check "what lost is in failed, with the reason" is "$(reasons)" \
    "create other: AlreadyExists: the master has another one of that name
patch changed: Conflict: it was changed on the master meanwhile
patch deleted: Gone: it was deleted on the master meanwhile
update again: Gone: it was deleted and created again on the master"
check "Events tell it" is "$(conflicts)" "again changed deleted other"
check "the log tells of what is void" is "$(grep -c \
    '^ote-outbox: patch .*: done: it is .* void$' "$CLUSTER/log/hub.log")" 4
check "the tree is the master's" wait_for 60 "the tree" all_alike
check "who watched knows it too" wait_for 60 "the informer" \
    informer_equals told default

# --- afterwards ---

ask PUT $maps/again <"$CLUSTER/put"
check "what was read here is stale now, as the master says" \
    is "$_code $(jq -r .reason "$CLUSTER/answer")" '409 Conflict'
proc_stop told
ask PUT $lease <"$CLUSTER/lease"
check "so is a lease" is "$_code $(jq -r .reason "$CLUSTER/answer")" \
    '409 Conflict'
hub_get $lease | sed '$d' | jq -c '.spec.renewTime =
    "2026-11-24T00:00:01.000000Z"' >"$CLUSTER/body"
ask PUT $lease <"$CLUSTER/body"
check "which is renewed when it was read again" is "$_code" 200
echo "{\"metadata\":{\"uid\":\"$new\"},\"data\":{\"k\":\"newer\"}}" \
    >"$CLUSTER/body"
ask PATCH $maps/new $merge <"$CLUSTER/body"
check "what was created is known by its old uid" \
    is "$_code $(see configmaps new .data.k)" '200 "newer"'
owned late "$new" >"$CLUSTER/body"
ask POST $maps <"$CLUSTER/body"
check "also by what is created then" is "$_code $(see configmaps late \
    '.metadata.ownerReferences[0].uid')" "201 $(see configmaps new \
    .metadata.uid)"
# the collector has looked at them when it has removed another one
owned void 00000000-0000-4000-8000-000000000000 | make
no_void() {
	[ -z "$(kc get configmap void --ignore-not-found -o name)" ]
}
check "the garbage collector removes what has no owner" \
    wait_for 180 "the collector" no_void
check "and nothing else" is "$(kc get configmaps part late -o name | xargs)" \
    "configmap/part configmap/late"
tap_end
