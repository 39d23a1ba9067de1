#!/bin/sh
# 06-two-masters.t: two masters, one SIGKILLed: no request fails, and the
# hub has moved to the other within a second; then the other way round
#
# The hub asks the apiservers themselves here, without the balancers.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 400 ./06-two-masters.t
no_hub_skip
session_need

path=/api/v1/namespaces/default/configmaps

load_start() {
	_conf=$CLUSTER/kubectl-hub.kubeconfig
	for _name in unset zero latency; do
		: >"$CLUSTER/log/$_name.log"
	done
	proc_start unset "$OWN/lister" -kubeconfig "$_conf" -rate 20 \
	    -seconds 12 -path "$path"
	proc_start zero "$OWN/lister" -kubeconfig "$_conf" -rate 20 \
	    -seconds 12 -path "$path?resourceVersion=0"
	proc_start latency "$OWN/watchlat" -hub "$_conf" -direct "$1" \
	    -rate 20 -seconds 12
}

load_ended() {
	proc_gone unset && proc_gone zero && proc_gone latency
}

# round VICTIM SURVIVOR'S-KUBECONFIG
round() {
	load_start "$CLUSTER/$2.kubeconfig"
	holds 3 hub_ready
	proc_kill "apiserver-$1"
	wait_for 40 "end of the load" load_ended
	diag "unset: $(lines unset .)"
	diag "zero: $(lines zero .)"
	diag "watch: $(lines latency .)"
	check "master $1 killed: no request has failed" \
	    has_line unset 'select(.failed == 0)'
	check "master $1 killed: nor with resourceVersion 0" \
	    has_line zero 'select(.failed == 0)'
	check "master $1 killed: no event is missing" \
	    has_line latency 'select(.missed.through == 0)'
	apiserver_start "$1"
	wait_for 30 "master $1" url_ok "https://127.0.0.1:$((6442 + $1))/readyz"
}

apiserver_start 2
wait_for 60 "master 2" url_ok https://127.0.0.1:6444/readyz
export HUB_SERVERS=127.0.0.1:6443,127.0.0.1:6444
hub_restart
hub_kc get configmaps -o name >/dev/null
wait_for 20 "the hub's watch" hub_follows "$path"

round 1 admin-2
round 2 admin

unset HUB_SERVERS
proc_stop apiserver-2
hub_restart
check "one master again: the hub is in order" hub_ready
tap_end
