#!/bin/sh
# 32-real.t: a real node behind its hub, with pods behind a Service, cut off:
# kept by EdgeController; without its label, and past its autonomy, evicted
#
# AUTONOMY_SECONDS (90) is how long it is cut off while it is kept; the pods
# tolerate an unreachable node for 20 s only.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
: "${AUTONOMY_SECONDS:=90}"
cluster_enter $((2400 + 2 * AUTONOMY_SECONDS)) ./32-real.t
key=edgenode.ote.baidu.com
# shellcheck disable=SC2034
HUB_OPTIONS=--report VIP_SECONDS=20
cluster_up 1
# Where no node is well nobody is evicted.
hollow_up spare
kc taint node spare test=hollow:NoSchedule >/dev/null
check "ote_install" ote_install --timeout 0
kc scale deployment -n ote-edge ote-edgecontroller --replicas 0 >/dev/null
account_make
hub_up
wait_for 60 "the hub to see its master" hub_online
node_up "$HUB_URL"
workload_impatient 3
kc label node edge-1 "$key/autonomy=true" >/dev/null
controller_start a 6443 9471
check "a controller leads" wait_for 120 leader controller_leads a
controller_start b 6443 9472
check "the node's EdgeNode is Ready" wait_for 120 EdgeNode en True edge-1
field() {
	kc get en edge-1 -n kube-system -o jsonpath="{.status.$1}"
}
reports() {
	[ -n "$(field report.version)" ]
}
check "the hub reports there" wait_for 200 report reports

slices() {
	kc get endpointslices -l kubernetes.io/service-name=web -o json |
	    jq -S '.items'
}
pod_uids() {
	kc get pods -l app=web -o json | jq -cS '[.items[] | {name: .metadata.name,
	    uid: .metadata.uid, going: .metadata.deletionTimestamp,
	    count: .status.containerStatuses[0].restartCount}]'
}
ids=$(container_ids)
slices >"$CLUSTER/slices"
pod_uids >"$CLUSTER/pods"
follow_start watch-nodes nodes
follow_start watch-pods pods
follow_start watch-slices endpointslices

# --- kept ---

# as_it_was: what the master has of the node's pods, and what the node has
as_it_was() {
	node_is True edge-1 && pods_ready 3 &&
	    not_tainted node.kubernetes.io/unreachable edge-1 &&
	    slices | cmp -s - "$CLUSTER/slices" &&
	    pod_uids | cmp -s - "$CLUSTER/pods" && vip_right
}
cut blackhole
t=$(now_ms)
check "cut off: its EdgeNode says NotReady" wait_for 120 NotReady en False edge-1
diag "after $(($(now_ms) - t)) ms"
check "it is tainted" wait_for 60 taint tainted "$key/cut-off" edge-1
check "it is autonomous" is "$(kc get en edge-1 -n kube-system -o \
    jsonpath='{.status.conditions[?(@.type=="Autonomous")].status}')" True
check "since when" is "$(field takenOverSince | wc -w)" 1
check "and why" is "$(kc get en edge-1 -n kube-system -o \
    jsonpath='{.status.conditions[?(@.type=="Ready")].reason}')" CutOff
pod_json new | kc create -f - >/dev/null
check "no other pod is placed there" wait_for 60 scheduler unplaced new
left=$((AUTONOMY_SECONDS - ($(now_ms) - t) / 1000))
check "for $AUTONOMY_SECONDS s nothing changes but that" \
    holds $((left > 1 ? left : 1)) as_it_was
diag "$(kc get en -n kube-system)"
diag "$(kc describe en edge-1 -n kube-system | sed -n '/^Status/,$p')"
heal
t=$(now_ms)
check "healed: its EdgeNode is Ready" wait_for 120 Ready en True edge-1
diag "after $(($(now_ms) - t)) ms"
check "the taint is gone" wait_for 60 taint not_tainted "$key/cut-off" edge-1
lease_own() {
	[ -z "$(kc get lease edge-1 -n kube-node-lease -o json |
	    jq -c '.metadata.annotations // {} | keys[]')" ]
}
check "its Lease is its own" wait_for 60 annotations lease_own
check "no longer autonomous, nor since" is "$(field takenOverSince)" ''
check "what waited for it is placed there" wait_for 90 placed placed new
kc delete pod new --grace-period=0 >/dev/null
check "no container has restarted" same_containers "$ids"
check "no pod was evicted" is "$(pod_uids)" "$(cat "$CLUSTER/pods")"
check "the node was never anything but Ready" is \
    "$(was_status watch-nodes edge-1)" True
for pod in web-0 web-1 web-2; do
	check "nor was $pod" is "$(was_status watch-pods $pod)" True
done
check "nor were endpoints ever unready" is "$(jq -c 'select(.metadata.labels
    ["kubernetes.io/service-name"] == "web") | [.endpoints[].conditions.ready]' \
    "$CLUSTER/log/watch-slices.log" | sort -u)" '[true,true,true]'
proc_stop watch-nodes
proc_stop watch-pods
proc_stop watch-slices

# --- past its autonomy ---

evicted() {
	[ "$(kc get pods -l app=web -o json | jq '[.items[] |
	    select(.metadata.deletionTimestamp | not)] | length')" = 0 ]
}
no_web() {
	[ -z "$(kc get pods -l app=web -o name)" ]
}
# let_go NAME: it is as a node that nobody keeps, and after the heal as any
let_go() {
	check "$1: the node is Unknown" wait_for 240 Unknown node_is Unknown edge-1
	check "$1: its pods are evicted" wait_for 240 evicted evicted
	check "$1: it is tainted as the master does" \
	    tainted node.kubernetes.io/unreachable edge-1
	check "$1: the pods run on there" vip_right
	heal
	check "$1: healed, the node is Ready" wait_for 120 Ready node_is True edge-1
	check "$1: what was evicted ends" wait_for 180 pods no_web
}
kc annotate node edge-1 "$key/max-autonomy=30s" >/dev/null
cut blackhole
t=$(now_ms)
check "max-autonomy: it is taken over first" wait_for 120 CutOff en False edge-1
left=$((28 - ($(now_ms) - t) / 1000))
check "max-autonomy: Ready until then" holds $((left > 1 ? left : 1)) \
    node_is True edge-1
released() {
	[ "$(kc get en edge-1 -n kube-system -o jsonpath='{.status.conditions[?(@.type=="Ready")].reason}')" = \
	    AutonomyExceeded ]
}
check "max-autonomy: then its EdgeNode says why" wait_for 90 reason released
let_go max-autonomy
check "max-autonomy: healed, its EdgeNode is Ready" wait_for 60 Ready en True edge-1

# --- without the label ---

workload_impatient 3
kc label node edge-1 "$key/autonomy-" >/dev/null
no_en() {
	! kc get en edge-1 -n kube-system >/dev/null 2>&1
}
check "unlabelled: its EdgeNode goes" wait_for 60 EdgeNode no_en
cut refused
let_go unlabelled
check "unlabelled: it still has no EdgeNode" no_en
check "unlabelled: nor our taint" not_tainted "$key/cut-off" edge-1

tap_clean || log_tail controller-a controller-b install hub kubelet
tap_end
