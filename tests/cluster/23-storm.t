#!/bin/sh
# 23-storm.t: what is answered in a storm of writes has come true in the end:
# while each process of the hub is killed at random moments, and while the
# master comes and goes
#
# STORM_KILLS (200) SIGKILLs and STORM_CUTS (50) cuts of 0.5 to 5 s; the seed
# is printed, and STORM_SEED repeats it. cmd/stormcheck counts.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
: "${STORM_KILLS:=200}" "${STORM_CUTS:=50}" "${STORM_SEED:=$(date +%s)}"
cluster_enter 2400 ./23-storm.t
# a cluster of its own; no pod runs, and nobody may mind
# shellcheck disable=SC2034
CONTROLLERS='*,-node-lifecycle-controller,-pod-garbage-collector-controller'
cluster_up 1
proc_stop scheduler
diag "STORM_SEED=$STORM_SEED"
data=$CLUSTER/hub/data
outbox=$data/outbox
maps=/api/v1/namespaces/storm/configmaps
lease=/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases

# --- what there is to write to ---

objects_make() {
	for _ns in storm quiet kube-node-lease; do
		kc get namespace "$_ns" >/dev/null 2>&1 ||
			kc create namespace "$_ns" >/dev/null
	done
	wait_for 60 "the account" kc -n storm get serviceaccount default \
	    >/dev/null
	{
		jq -n '{apiVersion: "v1", kind: "Node",
		    metadata: {name: "edge-1"}}'
		jq -n '{apiVersion: "coordination.k8s.io/v1", kind: "Lease",
		    metadata: {name: "edge-1", namespace: "kube-node-lease"},
		    spec: {holderIdentity: "edge-1",
		    leaseDurationSeconds: 40}}'
		jq -n 'range(60) | {apiVersion: "v1", kind: "Pod", metadata:
		    {name: "p\(.)", namespace: "storm"}, spec: {nodeName:
		    "edge-1", containers: [{name: "c", image: "none"}]}}'
	} | kc create -f - >/dev/null
}

# pods FIRST LAST: NAME=UID,...
pods() {
	kc -n storm get pods -o json | jq -r --argjson a "$1" --argjson b "$2" \
	    '[.items[].metadata | select(.name[1:] | tonumber |
	    . >= $a and . <= $b) | "\(.name)=\(.uid)"] | join(",")'
}

# hub_make: it takes ConfigMaps, too, and its replay is no faster a thing than
# it has to be for a test
hub_make() {
	cp ../../etc/writes.conf "$CLUSTER/writes.conf"
	echo 'configmaps create,update,patch,delete queue' \
	    >>"$CLUSTER/writes.conf"
	mkdir -p "$CLUSTER/hub/real"
	cp -r "${OTE_BIN:-../../build/bin}" "$CLUSTER/hub/bin"
	mv "$CLUSTER/hub/bin/ote-outbox" "$CLUSTER/hub/real/"
	printf '#!/bin/sh\nexec "%s" -j 0 -r 400 "$@"\n' \
	    "$CLUSTER/hub/real/ote-outbox" >"$CLUSTER/hub/bin/ote-outbox"
	chmod 755 "$CLUSTER/hub/bin/ote-outbox"
}

# witness NAME KUBECONFIG PATH...
witness() {
	_name=$1 _conf=$CLUSTER/$2.kubeconfig
	shift 2
	: >"$CLUSTER/log/$_name.log"
	proc_start "$_name" "$OWN/witness" -kubeconfig "$_conf" "$@"
	for _path in "$@"; do
		wait_for 60 "list of $_path" witness_lists "$_name" "$_path"
	done
}

witness_lists() {
	has_line "$1" "select(.list == \"$2\")"
}

witness_told() {
	[ "$(grep -c '^{"store":' "$CLUSTER/log/$1.log")" -gt "$2" ]
}

# witness_dump NAME: its last line is what it has now
witness_dump() {
	_had=$(grep -c '^{"store":' "$CLUSTER/log/$1.log" || :)
	proc_signal "$1" USR1
	wait_for 60 "store of $1" witness_told "$1" "$_had"
}

# --- the storm ---

# storm_start RUN FIRST PODS
storm_start() {
	witness "master-$1" admin "$maps" /api/v1/namespaces/storm/events \
	    /api/v1/namespaces/quiet/events /api/v1/namespaces/storm/pods \
	    /api/v1/nodes "$lease"
	witness "hub-$1" kubectl-hub "$maps" /api/v1/namespaces/storm/events
	wait_for 60 "the hub to follow them" hub_follows "$maps" \
	    /api/v1/namespaces/storm/events
	proc_start "storm-$1" "$OWN/storm" -run "$1" -first "$2" -pods "$3" \
	    -seed "$STORM_SEED" -log "$CLUSTER/log/writes-$1" \
	    -kubeconfig "$CLUSTER/kubectl-hub.kubeconfig"
}

storm_end() {
	proc_signal "storm-$1" TERM
	wait_for 180 "end of the storm" proc_gone "storm-$1"
	diag "storm $1: $(tail -n 1 "$CLUSTER/log/storm-$1.log")"
}

none_waits() {
	[ -z "$(find "$outbox/new" -name '*.json')" ]
}

hub_offline() {
	grep -q ' down ' "$data/run/masters"
}

hub_online() {
	grep -q ' up ' "$data/run/masters"
}

check_storm() {
	_rc=0
	witness_dump "hub-$1"
	"$OWN/stormcheck" -log "$CLUSTER/log/writes-$1" \
	    -master "$CLUSTER/log/master-$1.log" \
	    -hub "$CLUSTER/log/hub-$1.log" -failed "$outbox/failed" \
	    -audit "$CLUSTER/audit-1.log" \
	    -kubeconfig "$CLUSTER/admin.kubeconfig" \
	    >"$CLUSTER/checked-$1" 2>&1 || _rc=$?
	diag "$(tail -n 1 "$CLUSTER/checked-$1")"
	return "$_rc"
}

# settled RUN: the checker has nothing to say; a reader may be late by a moment
settled() {
	check_storm "$1" 2>/dev/null
}

# proven RUN
proven() {
	wait_for 120 "what the checker wants" settled "$1" && check_storm "$1" &&
		return
	head -n 20 "$CLUSTER/checked-$1" | command cut -c 1-600 | diags
	return 1
}

after() {
	_healed=$(now_ms)
	wait_for 60 "the hub to see its master" hub_online
	check "$1: all that waited is done" wait_for 600 "the outbox" none_waits
	diag "$1: $(($(now_ms) - _healed)) ms after the heal"
	check "$1: the checker agrees" proven "$1"
	diag "in failed/: $(find "$outbox/failed" -type f | wc -l)"
	proc_stop "hub-$1"
	proc_stop "master-$1"
	check "$1: nothing went back within a watch" \
	    has_line "hub-$1" 'select(.backs == 0)'
	diag "hub's witness: $(tail -n 1 "$CLUSTER/log/hub-$1.log")"
}

# --- kills ---

# family PID: its children, and those of one that runs others in its place
family() {
	_when=$(pgrep -d , -P "$1" -x 'ote-(when|listen)' || :)
	ps -o pid=,comm= --ppid "$1${_when:+,$_when}"
}

# kill_one RANDOM: one of the supervisor's children, or with it all of them
kill_one() {
	_sup=$(proc_pid hub) || return 1
	[ "$(cat "/proc/$_sup/comm")" = ote-supervise ] || return 1
	# what it executes by a shell is not that yet
	_victim=$(family "$_sup" | awk -v r="$1" '
	    $2 ~ /^(lighttpd|ote-[^ls]|ote-lo)/ { v[n++] = $1 " " $2 }
	    END {
		if (n > 0 && r < .05)
			print "0 ote-supervise"
		else if (n > 0)
			print v[int((r - .05) / .95 * n)]
	    }')
	[ -n "$_victim" ] || return 1
	if [ "${_victim%% *}" = 0 ]; then
		hub_kill
		hub_start
	else
		kill -KILL "${_victim%% *}" 2>/dev/null || return 1
	fi
	echo "${_victim##* }" >>"$CLUSTER/run/kills"
}

killed() {
	wc -l <"$CLUSTER/run/kills"
}

# twice: how many of the processes were killed more than once
twice() {
	sort "$CLUSTER/run/kills" | uniq -c | awk '$1 > 1' | wc -l
}

# kills N: at random moments 0.1 to 0.5 s apart, N and until each has come to its
# turn twice; none is killed while the hub starts, which may take its time
kills() {
	: >"$CLUSTER/run/kills"
	awk -v n="$(($1 * 10))" -v seed="$STORM_SEED" 'BEGIN { srand(seed)
	    for (; n > 0; n--) printf "%.3f %f\n", .1 + rand() * .4, rand() }' \
	    >"$CLUSTER/run/moments"
	while { [ "$(killed)" -lt "$1" ] || [ "$(twice)" -lt 11 ]; } &&
	    read -r _pause _random; do
		# the moment itself is what is random
		sleep "$_pause"
		kill_one "$_random" || :
	done <"$CLUSTER/run/moments"
	diag "kills:" "$(sort "$CLUSTER/run/kills" | uniq -c | tr -s ' \n' ' ')"
}

objects_make
hub_make
# shellcheck disable=SC2034
HUB_WRITES=$CLUSTER/writes.conf
hub_up
_t0=$(now_ms)
storm_start a 1 "$(pods 0 39)"
cut 503
wait_for 60 "the hub to notice" hub_offline
kills "$STORM_KILLS"
check "$STORM_KILLS processes were killed" [ "$(killed)" -ge "$STORM_KILLS" ]
check "each of them more than once" is "$(twice)" 11
wait_for 120 "the hub" hub_ready
storm_end a
heal
after a
diag "kills: $((($(now_ms) - _t0) / 1000)) s"

# --- flaps ---

# moments: "cut gap mode", more of them short
moments() {
	awk -v n="$STORM_CUTS" -v seed="$STORM_SEED" 'BEGIN { srand(seed + 1)
	    split("503 silent refused blackhole", mode)
	    for (; n > 0; n--) printf "%.3f %.3f %s\n", .5 + 4.5 * rand() ^ 4,
	    .1 + 5 * rand() ^ 4, mode[1 + int(rand() * 4)] }'
}

_t0=$(now_ms)
storm_start b 100000 "$(pods 40 59)"
moments >"$CLUSTER/run/moments"
while read -r _seconds _gap _mode; do
	sleep "$_gap"
	cut "$_mode"
	sleep "$_seconds"
	heal_one 1
done <"$CLUSTER/run/moments"
cut 503
wait_for 60 "the hub to notice" hub_offline
storm_end b
heal
after b
diag "flaps: $((($(now_ms) - _t0) / 1000)) s"
proc_stop hub
tap_end
