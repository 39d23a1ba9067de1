#!/bin/sh
# 02-cut.t: the master goes away in four ways; nobody on the node notices
#
# CUT_SECONDS (60) is how long each of them lasts; CUT_MODES names them.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
: "${CUT_SECONDS:=60}" "${CUT_MODES:=blackhole refused hung 503}"
cluster_enter $((1200 + 5 * CUT_SECONDS)) ./02-cut.t
no_hub_skip
session_need

api=/api/v1/namespaces/default
slices=/apis/discovery.k8s.io/v1/namespaces/default/endpointslices
table() {
	hub_kc --request-timeout=20s get "$@" --no-headers
}

# What clients have asked for before is what they may go on asking for.
prime() {
	for _what in nodes pods services configmaps endpointslices; do
		table "$_what" >/dev/null
		table "$_what" -o yaml >/dev/null
	done
}

asked() {
	prime
	hub_follows "$api/pods" "$api/configmaps" /api/v1/nodes
}

# kubectl_works: what the issue lists, each with the right answer
kubectl_works() {
	is "$(table nodes -o name)" node/edge-1 &&
	is "$(table pods | grep -c '^web-')" "$PODS" &&
	is "$(table services -o name | grep -c '^service/web$')" 1 &&
	is "$(table pods -l app=web -o name | wc -l)" "$PODS" &&
	is "$(table pods -l 'app notin (web)' -o name)" "" &&
	is "$(table -n default pods web-3 -o name)" pod/web-3 &&
	is "$(table pods -A --field-selector spec.nodeName=edge-1 -o name |
	    wc -l)" "$PODS" &&
	is "$(table pods --field-selector status.phase=Running -o name |
	    wc -l)" "$PODS" &&
	is "$(table configmap web-2 -o yaml | grep -c 'line: config-2')" 1 &&
	is "$(table pod web-1 -o yaml | grep -c '^kind: Pod$')" 1
}

# unknown_refused NAMESPACE: what was never asked for is 503, for each
# verb. Each cut has a namespace of its own, as asking leaves a wish.
unknown_refused() {
	for _path in "/api/v1/namespaces/$1/configmaps/nope" \
	    "/apis/apps/v1/namespaces/$1/deployments" \
	    "/api/v1/namespaces/$1/secrets?resourceVersion=0" \
	    "/apis/apps/v1/namespaces/$1/daemonsets?watch=true"; do
		is "$_path $(refusal "$_path")" \
		    "$_path 503 ServiceUnavailable" || return 1
	done
}

# fresh_kubectl: one that has no discovery cache of its own
fresh_kubectl() {
	_dir=$(mktemp -d "$CLUSTER/run/fresh.XXXXXX")
	is "$(table pods -o name --cache-dir "$_dir" | wc -l)" "$PODS"
}

listers_start() {
	for _rv in '' '&resourceVersion=0'; do
		_name=lister${_rv:+-0}
		: >"$CLUSTER/log/$_name.log"
		proc_start "$_name" "$OWN/lister" -rate 2 -seconds 7200 \
		    -kubeconfig "$CLUSTER/kubectl-hub.kubeconfig" \
		    -path "$api/pods?labelSelector=app%3Dweb$_rv"
	done
}

# lister_clean NAME: ends it; whether it had not one failure
lister_clean() {
	proc_signal "$1" TERM || return 1
	wait_for 60 "end of $1" proc_gone "$1" || return 1
	diag "$1: $(lines "$1" 'select(has("failed"))')"
	has_line "$1" 'select(.failed == 0)' || {
		log_tail "$1"
		return 1
	}
}

wait_for 60 "the hub to follow what was asked" asked
ids=$(container_ids)
restarts=$(restart_counts)
q='?watch=true&timeoutSeconds=7200&resourceVersion=0'
watch_start held kubectl-hub "$api/pods$q" "$api/services$q" \
    "$api/configmaps$q" "$slices$q" \
    "/api/v1/nodes$q&fieldSelector=metadata.name%3Dedge-1"

for mode in $CUT_MODES; do
	listers_start
	cut "$mode"
	t=$(now_ms)
	check "$mode: the master is away" wait_for 60 cut is_cut
	check "$mode: kubectl works at once" kubectl_works
	check "$mode: it prints the pods' columns" is \
	    "$(table pods | grep -c ' 1/1 *Running ')" "$PODS"
	check "$mode: what is not known is 503" unknown_refused "x-$mode"
	check "$mode: a kubectl without a cache works" fresh_kubectl
	left=$((CUT_SECONDS - ($(now_ms) - t) / 1000))
	check "$mode: for $CUT_SECONDS s the service answers" \
	    holds $((left > 1 ? left : 1)) vip_right 20
	check "$mode: kubectl still works" kubectl_works
	check "$mode: what is not known is still 503" unknown_refused "x-$mode"
	check "$mode: no container has restarted" same_containers "$ids"
	check "$mode: no watch was closed" watch_held held
	heal
	check "$mode: healed, the node is Ready" wait_for 120 Ready node_ready
	check "$mode: and the pods" wait_for 120 pods pods_ready "$PODS"
	check "$mode: still no container has restarted" same_containers "$ids"
	check "$mode: still no watch was closed" watch_held held
	check "$mode: no list failed" lister_clean lister
	check "$mode: nor one with resourceVersion 0" lister_clean lister-0
done
check "no pod has restarted" is "$(restart_counts)" "$restarts"
proc_stop held
tap_end
