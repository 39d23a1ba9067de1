#!/bin/sh
# 03-restart.t: while cut off, kubelet, kube-proxy and the hub are killed,
# each alone, and each is in working order again within 10 s
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1200 ./03-restart.t
no_hub_skip
session_need

# since NAME: its log, from where run/size-NAME says
since() {
	tail -c +"$(($(cat "$CLUSTER/run/size-$1") + 1))" "$CLUSTER/log/$1.log"
}

size() {
	wc -c <"$CLUSTER/log/$1.log" >"$CLUSTER/run/size-$1"
}

# synced NAME TYPE COUNT: informers of that type that have synced
synced() {
	[ "$(since "$1" | grep 'Caches populated' |
	    grep "type=\"\\*v1.$2\"" | sort -u -k7 | wc -l)" -ge "$3" ]
}

kubelet_synced() {
	url_ok http://127.0.0.1:10248/healthz &&
	synced kubelet Node 1 && synced kubelet Pod 1 &&
	synced kubelet Service 1 && synced kubelet CSIDriver 1 &&
	synced kubelet RuntimeClass 1 && synced kubelet ConfigMap "$PODS" &&
	synced kubelet Secret "$PODS" &&
	[ "$(curl -s -m 2 http://127.0.0.1:10255/pods | jq '[.items[] |
	    select(.status.phase == "Running")] | length')" = "$PODS" ]
}

proxy_synced() {
	url_ok http://127.0.0.1:10256/healthz && synced proxy Service 1 &&
	synced proxy EndpointSlice 1 && synced proxy Node 1 && vip_right
}

vip_wrong() {
	! vip_right
}

hub_pods() {
	hub_ready && [ "$(counts hub_kc get pods -l app=web -o name)" = "$PODS" ]
}

lease() {
	hub_kc get lease -n kube-node-lease edge-1 \
	    -o jsonpath='{.spec.renewTime}' 2>/dev/null
}

lease_moved() {
	_now=$(lease) || return 1
	[ -n "$_now" ] && [ "$_now" != "$1" ]
}

hub_kc get pods,configmaps -o name >/dev/null
wait_for 60 "the hub to follow what was asked" hub_follows \
    /api/v1/namespaces/default/pods /api/v1/namespaces/default/configmaps
wait_for 60 "the lease" lease_moved none
ids=$(container_ids)
cut blackhole
wait_for 60 cut is_cut

kubelet_kill
size kubelet
kubelet_start
check "kubelet: all informers synced within 10 s" \
    wait_for 10 kubelet kubelet_synced
check "kubelet: it renews its lease again" \
    wait_for 60 lease lease_moved "$(lease)"
check "kubelet: no container has restarted" same_containers "$ids"

proxy_kill
iptables -t nat -F KUBE-SERVICES
check "kube-proxy: without it and its rules nothing answers" vip_wrong
size proxy
proxy_start
check "kube-proxy: informers synced, rules back within 10 s" \
    wait_for 10 kube-proxy proxy_synced

before=$(lease)
hub_kill
size kubelet
size proxy
hub_start
check "the hub: it serves the pods again within 10 s" \
    wait_for 10 "the hub" hub_pods
check "the hub: a new informer syncs" \
    informer_start fresh kubectl-hub default
check "the hub: kubelet renews its lease through it" \
    wait_for 60 lease lease_moved "$before"
check "the hub: the service answers" vip_right 20
check "the hub: no container has restarted" same_containers "$ids"
check "still cut off" is_cut
proc_stop fresh

heal
check "healed: the node is Ready" wait_for 120 Ready node_ready
check "healed: the pods are Ready" wait_for 120 pods pods_ready "$PODS"
check "healed: no container has restarted" same_containers "$ids"
tap_end
