#!/bin/sh
# 09-clients.t: clients of Go, Python and JavaScript, and kubectl of two ages
#
# Each asks and follows through the hub as straight at the master; goes on when
# the master is cut off, two ways; and starts while it is.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
clients_find
cluster_enter 2400 ./09-clients.t
cluster_up 1
hub_up
clients_up

objects_up() {
	{
		same/objects.sh
		echo ---
		clients/objects.sh
	} | kc apply -f - >"$CLUSTER/log/objects.log" 2>&1
}

# settled: controllers have made what follows from the objects
settled() {
	[ "$(kc get pods -o name | wc -l)" = 4 ] &&
		[ "$(kc get deployment front \
		    -o jsonpath='{.status.unavailableReplicas}')" = 2 ] &&
		[ "$(kc get events -o json | jq '[.items[] |
		    select(.reason == "FailedScheduling")] | length')" -ge 3 ]
}

no_wishes() {
	[ -z "$(ls "$CLUSTER/hub/data/wishes")" ]
}

leads() {
	[ "$(lines elector 'select(has("leading")) | .leading' |
	    tail -n 1)" = "$1" ]
}

kubectls() {
	kubectl_ask "current-$1" "$BIN/kubectl" "$2" "$3"
	kubectl_ask "debian-$1" "$DEBIAN/kubectl-debian" "$2" "$3"
}

wait_for 120 "the objects" objects_up
wait_for 120 "what follows from them" settled
proc_stop controller-manager
proc_stop scheduler

clients_ask straight admin
clients_ask first kubectl-hub
kubectls straight admin online
kubectls first kubectl-hub online
wait_for 90 "what was wished" no_wishes
clients_ask online kubectl-hub
kubectls online kubectl-hub online
for client in go python javascript; do
	check "$client asks for the first time" \
	    same_facts "$client" straight first
	check "$client asks what is cached" \
	    same_facts "$client" straight online
done
for tool in current debian; do
	check "kubectl, $tool, says the same as straight" \
	    kubectl_same "$tool-straight" "$tool-first"
	check "kubectl, $tool, says it again" \
	    kubectl_same "$tool-straight" "$tool-online"
done

followers_start online
proc_start elector "$OWN/elector" -kubeconfig "$CLUSTER/kubectl-hub.kubeconfig"
before=$(truth)
check "all who follow have it all" followers_have online "$before"
check "a candidate leads" wait_for 60 "leading" leads true
kc create configmap late --from-literal=a=b >/dev/null
check "what is new reaches all" followers_have online "$(truth)"
kc delete configmap late >/dev/null
check "what is gone leaves all" followers_have online "$before"
check "the leader leads longer than its Lease lasts" holds 14 leads true

for mode in 503 blackhole; do
	cut "$mode"
	check "$mode: the master is gone" \
	    wait_for 60 "the hub to notice" hub_offline
	check "the leader gives up" wait_for 60 "no leader" leads false
	followers_start "$mode"
	kc create configmap "new-$mode" --from-literal=a=b >/dev/null
	check "those who start now get what there was" \
	    followers_have "$mode" "$before"
	check "those who were there keep it" followers_have online "$before"
	clients_ask "$mode" kubectl-hub
	for client in go python javascript; do
		check "$client asks as before" \
		    same_facts "$client" straight "$mode"
	done
	kubectls "$mode" kubectl-hub offline
	for tool in current debian; do
		check "kubectl, $tool, says what it said" \
		    kubectl_same "$tool-straight" "$tool-$mode"
	done
	heal
	after=$(truth)
	check "back: who started while cut off gets the news" \
	    followers_have "$mode" "$after"
	check "and who was there before" followers_have online "$after"
	check "the leader leads again" wait_for 60 "leading" leads true
	kc delete configmap "new-$mode" >/dev/null
	check "and all forget it" followers_have online "$before"
	check "nobody had to begin again" followers_calm online
	check "nor one who started then" followers_calm "$mode"
	wait_for 60 "the hub to see its master" hub_online
done
tap_end
