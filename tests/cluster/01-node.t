#!/bin/sh
# 01-node.t: a real node and its workload come up through the hub alone
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 300 ./01-node.t
session_need

# elsewhere: connections of kubelet and kube-proxy to a master
elsewhere() {
	ss -Htnp state established '( dport = :6443 or dport = :7443 )' |
	    grep -E '"(kubelet|kube-proxy)"'
}

# same_table: through the hub, which the master is ahead of for a moment
same_table() {
	[ "$(hub_kc get pods -l app=web --no-headers |
	    awk '{ print $1, $2, $3 }')" = \
	    "$(kc get pods -l app=web --no-headers |
	    awk '{ print $1, $2, $3 }')" ]
}

check "the node is Ready" wait_for 60 "the node" node_ready
check "$PODS pods with a ConfigMap and a Secret are Ready" \
    wait_for 60 "the pods" pods_ready "$PODS"
check "the service answers with a pod's own words" vip_right 20
check "every pod answers behind the service" \
    wait_for 120 "all pods" vip_pods "$PODS" 60
check "each pod has the address that the master knows" is \
    "$(kc get pods -l app=web -o json | jq -r '.items[].status.podIP' |
	while read -r _ip; do curl -s -m 20 "http://$_ip/"; done | sort)" \
    "$(for _i in $(seq 0 $((PODS - 1))); do
	echo "web-$_i config-$_i secret-$_i"; done | sort)"
if [ -z "${OTE_STRAIGHT:-}" ]; then
	check "kubelet and kube-proxy talk to no master" is "$(elsewhere)" ""
fi
check "kubectl through the hub sees the node" is \
    "$(hub_kc get nodes -o name)" node/edge-1
check "and prints the pods as a table" wait_for 60 "the same" same_table
tap_end
