#!/bin/sh
# 05-flap.t: random cuts while the master changes 100 objects: an informer
# behind the hub ends equal to the master each time
#
# FLAP_CUTS (20) cuts of 1 to FLAP_MAX seconds (5; 20 in a soak, which is
# when CUT_SECONDS is 600); the seed is printed, and FLAP_SEED repeats it.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
: "${FLAP_CUTS:=20}" "${FLAP_SEED:=$(date +%s)}"
: "${FLAP_MAX:=$((${CUT_SECONDS:-60} >= 600 ? 20 : 5))}"
cluster_enter $((900 + FLAP_CUTS * (FLAP_MAX + 60))) ./05-flap.t
no_hub_skip
session_need
diag "FLAP_SEED=$FLAP_SEED"

# plan: "seconds mode" of each cut
plan() {
	awk -v n="$FLAP_CUTS" -v max="$FLAP_MAX" -v seed="$FLAP_SEED" 'BEGIN {
		srand(seed)
		split("blackhole refused 503 silent", mode)
		for (; n > 0; n--)
			print 1 + int(rand() * max), mode[1 + int(rand() * 4)]
	}'
}

# write_start, write_end: the writer writes until it is told to end
write_start() {
	: >"$CLUSTER/log/writer.log"
	_seen=$(wc -l <"$CLUSTER/log/flap.log")
	proc_start writer "$OWN/writer" -churn -n flap -rate 50 \
	    -seconds 7200 -kubeconfig "$CLUSTER/admin.kubeconfig"
	wait_for 60 "the first writes" moves "$_seen"
}

write_end() {
	proc_signal writer TERM
	wait_for 60 "end of the writer" proc_gone writer
}

# moves LINES: more has come to the informer than these
moves() {
	[ "$(wc -l <"$CLUSTER/log/flap.log")" -gt "$1" ]
}

rv_back() {
	lines flap 'select(.error)'
}

kc create namespace flap >/dev/null
"$OWN/writer" -n flap -rate 100 -seconds 2 -count 100 \
    -kubeconfig "$CLUSTER/admin.kubeconfig" >/dev/null
informer_start flap kubectl-hub flap
check "before: the informer equals the master" \
    wait_for 60 equality informer_equals flap flap
check "the hub follows the ConfigMaps" wait_for 60 "the hub's watch" \
    hub_follows /api/v1/namespaces/flap/configmaps
ids=$(container_ids)

plan >"$CLUSTER/run/plan"
while read -r seconds mode; do
	write_start
	cut "$mode"
	holds "$seconds" proc_alive writer
	heal
	write_end
	t=$(now_ms)
	check "$mode for $seconds s: equal to the master" \
	    wait_for 90 equality informer_equals flap flap
	diag "equal $(($(now_ms) - t)) ms after the last write"
	tap_clean || break
done <"$CLUSTER/run/plan"

check "no resourceVersion went back" is "$(rv_back)" ""
check "the writer's writes all succeeded" has_line writer 'select(.failed == 0)'
check "no container has restarted" same_containers "$ids"
proc_stop flap
kc delete namespace flap --wait=false >/dev/null
tap_end
