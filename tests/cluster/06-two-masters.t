#!/bin/sh
# 06-two-masters.t: two masters, one SIGKILLed: no request fails, and the
# hub has moved to the other within a second; then the other way round
#
# The hub asks the apiservers themselves here, without the balancers.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1200 ./06-two-masters.t
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
	    -rate 20 -seconds 12 -grace 60s
}

# load_runs: each of them has a connection to the hub
load_runs() {
	ss -Htnp state established 'dport = :8778' >"$CLUSTER/run/load"
	[ "$(grep -c '"lister"' "$CLUSTER/run/load")" -ge 2 ] &&
	    grep -q '"watchlat"' "$CLUSTER/run/load"
}

# sees MASTER: the hub knows that it is up
sees() {
	grep -q "^127.0.0.1:$((6442 + $1)) up " "$CLUSTER/hub/data/run/masters"
}

# watched_again PATH: since the hub was started anew
watched_again() {
	[ -n "$(audit_since again | jq -c --arg p "$1?" \
	    'select(.verb == "watch" and (.uri | startswith($p)))')" ]
}

load_ended() {
	proc_gone unset && proc_gone zero && proc_gone latency
}

# round VICTIM SURVIVOR'S-KUBECONFIG
round() {
	load_start "$CLUSTER/$2.kubeconfig"
	wait_for 60 "the load" load_runs
	holds 3 proc_alive hub
	proc_kill "apiserver-$1"
	wait_for 120 "end of the load" load_ended
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
	wait_for 120 "master $1" url_ok "https://127.0.0.1:$((6442 + $1))/readyz"
	wait_for 60 "the hub to see master $1" sees "$1"
}

apiserver_start 2
wait_for 120 "master 2" url_ok https://127.0.0.1:6444/readyz
export HUB_SERVERS=127.0.0.1:6443,127.0.0.1:6444
audit_mark again
hub_restart
hub_kc get configmaps -o name >/dev/null
wait_for 60 "the hub's watch" hub_follows "$path"
wait_for 60 "the hub's new watch" watched_again "$path"
for n in 1 2; do
	wait_for 60 "the hub to see master $n" sees "$n"
done

round 1 admin-2
round 2 admin

unset HUB_SERVERS
proc_stop apiserver-2
hub_restart
check "one master again: the hub is in order" wait_for 60 "the hub" hub_ready
tap_end
