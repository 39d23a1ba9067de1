#!/bin/sh
# 07-reboot.t: the node, hub and all, is rebooted while cut off, and its
# pods come back from what the hub has on disk
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 300 ./07-reboot.t
no_hub_skip
session_need

# Each pod is two containers: its sandbox and web.
all_run() {
	[ "$(counts container_ids)" = $((2 * PODS)) ]
}

none_left() {
	[ -z "$(comm -12 "$CLUSTER/run/ids" "$CLUSTER/run/ids-now")" ]
}

hub_kc get pods -o name >/dev/null
wait_for 20 "the hub to follow the pods" \
    hub_follows /api/v1/namespaces/default/pods
container_ids >"$CLUSTER/run/ids"
cut blackhole
wait_for 10 cut is_cut
t=$(now_ms)
node_reboot
check "cut off: every pod runs again" wait_for 30 containers all_run
diag "after $(($(now_ms) - t)) ms"
container_ids >"$CLUSTER/run/ids-now"
check "they are new containers" none_left
check "the hub serves the pods" is \
    "$(counts hub_kc get pods -l app=web -o name)" "$PODS"
todo "the service answers at the new addresses" \
    wait_for 5 "the service" vip_right
heal
check "healed: the pods are Ready" wait_for 60 pods pods_ready "$PODS"
check "healed: every pod answers behind the service" \
    wait_for 60 "all pods" vip_pods "$PODS" 60
check "healed: the node is Ready" wait_for 60 Ready node_ready
tap_end
