#!/bin/sh
# controller.sh: EdgeController with 100, 1000 and, given 8 cores, 10 000 nodes
# on the cluster of tests/cluster
#
# On a real master with its controllers' defaults, as the account that
# ote_install makes. The nodes are a fleet of tests/cluster/cmd/hollow: Nodes and
# Leases, renewed every EVERY, the first API of them by the API, the others past
# it, see direct.go there. For each N of SCALE: healthy for HEALTHY seconds; all
# cut at once, and so for GRACE seconds, which is longer than the master waits,
# CUT of them measured when all is told; then BACK of them come back in one
# second. What EdgeController asks for is counted in the master's audit log.
# Needs root and Go. See light.sh for its own needs where the machine is small.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
cd "$HERE/../cluster"
# shellcheck source=tests/cluster/lib.sh
. ./lib.sh
cluster_enter "${RUN_LIMIT:-1500}" "$HERE/controller.sh"

# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/pipeline.sh
. "$HERE/pipeline.sh"
# 10 000 heartbeats in 10 s alone are more than two cores can do
_all="100 1000 10000"
[ "$(nproc)" -ge 8 ] || _all="100 1000"
: "${SCALE:=$_all}" "${BACK:=1000}" "${EVERY:=10s}" "${API:=100}"
: "${HEALTHY:=30}" "${CUT:=60}" "${GRACE:=90}"
user=system:serviceaccount:ote-edge:ote-edgecontroller

# Only what EdgeController asks for.
audit_policy() {
	jq -n --arg u "$user" '{apiVersion: "audit.k8s.io/v1", kind: "Policy",
		omitStages: ["RequestReceived"],
		rules: [{level: "Metadata", users: [$u]}, {level: "None"}]}' \
		>"$CLUSTER/audit.yaml"
}

FLEET_LOG=$CLUSTER/log/hollow.log FLEET_PIPE=$CLUSTER/run/fleet

fleet_lives() {
	proc_alive hollow
}

pipeline() {
	tree "$(proc_pid controller-a)"
}

others() {
	for _name in apiserver-1 etcd controller-manager hollow; do
		echo "$_name" "$(proc_pid "$_name")"
	done
}

fleet_up() {
	mkfifo "$FLEET_PIPE"
	: >"$FLEET_LOG"
	proc_start hollow "$OWN/hollow" -fleet "$FLEET_PIPE" \
		-every "$EVERY" -etcd http://127.0.0.1:2379 -api "$API" \
		-kubeconfig "$CLUSTER/admin.kubeconfig"
	until_true 30 fleet_said start 0 || die "no fleet"
}

now_utc() {
	date -u +%Y-%m-%dT%H:%M:%S
}

# requests FROM TO: "N VERB RESOURCE" of what EdgeController asked, watches aside
requests() {
	cat "$CLUSTER"/audit-1*.log | awk -v from="$1" -v to="$2" '
	function field(name,	s) {
		if (!match($0, "\"" name "\":\"[^\"]*\""))
			return ""
		s = substr($0, RSTART + length(name) + 4)
		return substr(s, 1, index(s, "\"") - 1)
	}
	{
		at = substr(field("requestReceivedTimestamp"), 1, 19)
		verb = field("verb")
		if (at < from || at >= to || verb == "watch")
			next
		what = field("resource")
		part = field("subresource")
		if (what == "leases" && field("namespace") == "ote-edge")
			what = "leader"
		what = verb " " what (part == "" ? "" : "/" part)
		if (match($0, /"code":[45][0-9][0-9]/))
			what = what ":" substr($0, RSTART + 7, 3)
		n[what]++
	}
	END {
		for (what in n)
			print n[what], what
	}' | sort -rn
}

# per_second SECONDS: all of "requests"
per_second() {
	awk -v s="$1" '{ n += $1 } END { printf "%.1f/s", n / s }' \
		"$BENCH/requests"
}

# tell N PHASE FROM SECONDS: requests since, by what they were
tell_requests() {
	requests "$3" "$(now_utc)" >"$BENCH/requests"
	say "# $1 $2: requests in $4 s:" \
		"$(awk '{ printf "%s%s", n++ ? ", " : "", $0 }' "$BENCH/requests")"
}

# measure N PHASE SECONDS GOAL: what the pipeline takes
measure() {
	fleet beats
	sleep 1 # what was asked before is of another second
	_from=$(now_utc)
	usage "$1 $2" "$3" "$CLUSTER/controller-a"
	fleet beats
	say "# $1 $2: heartbeats: $(cat "$BENCH/said")"
	tell_requests "$1" "$2" "$_from" "$3"
	row "$1 nodes, $2: CPU, PSS" "$CPU %, $PSS MB" \
		"requests $(per_second "$3")" "" "$4"
}

healthy() {
	_lines=$(wc -l <"$FLEET_LOG")
	fleet grow "$1"
	say "# $1 nodes made in $(said .ms) ms"
	phase shown 180 "$_lines" || return
	say "# $1 nodes have EdgeNodes after $(when_seen)"
	measure "$1" healthy "$HEALTHY" '< 25 %, < 64 MB; no write'
}

cut_all() {
	_lines=$(wc -l <"$FLEET_LOG")
	_from=$(now_utc) _cut=$(date +%s)
	fleet cut
	phase taken 120 "$_lines" || :
	_taken=$(jq -r '"heartbeat \(.age_ms / 1000) s old"' "$BENCH/seen")
	row "$1 nodes, cut at once: the last one taken over" "$(when_seen)" \
		"$_taken" "" \
		'< 50 s old'
	phase told 180 "$_lines" || :
	_s=$(($(date +%s) - _cut))
	tell_requests "$1" "cut, until all is told" "$_from" "$_s"
	row "$1 nodes, cut at once: taint and EdgeNode of all" \
		"$(when_seen)" \
		"requests $(per_second "$_s")" "" ""
	measure "$1" "stood in for" "$CUT" '< 25 %, < 64 MB'
	until_true "$GRACE" passed $((_cut + GRACE))
	fleet count
	say "# $1 stood in for: $(cat "$BENCH/said")"
	row "$1 nodes, cut at once: ever not Ready" \
		"$(said .seen.everNotReady)" \
		"after $(($(date +%s) - _cut)) s" "" 0
}

passed() {
	[ "$(date +%s)" -ge "$1" ]
}

back() {
	_lines=$(wc -l <"$FLEET_LOG")
	_k=$(($1 < BACK ? $1 : BACK))
	_from=$(now_utc) _t=$(date +%s)
	fleet heal "$_k" 1000
	phase undone 120 "$_lines" || :
	_s=$(($(date +%s) - _t))
	tell_requests "$1" back "$_from" "$_s"
	row "$_k of $1 back in one second: all undone" "$(when_seen)" \
		"requests $(per_second "$_s")" "" '< 20 s'
	_lines=$(wc -l <"$FLEET_LOG")
	fleet heal "$1" 10000
	phase undone 180 "$_lines" || :
	say "# all $1 back in ten seconds: undone after $(when_seen)"
}

part controller
export GOGC=400 # memory is not what is short here
for _dir in etcd controller-a; do
	mkdir -p "$CLUSTER/$_dir"
	mount -t tmpfs -o mode=700 tmpfs "$CLUSTER/$_dir"
done
cluster_up 1
proc_stop scheduler
PATH=$BIN:$PATH
ote_install --timeout 0
account_make
fleet_up
controller_start a 6443 9471 -v 2
until_true 60 controller_leads a || die "the controller does not lead"
for _n in $SCALE; do
	healthy "$_n" && cut_all "$_n" && back "$_n"
done
kc get --raw /metrics | grep '^apiserver_flowcontrol_rejected' >&2 || :
say "$(tail -n 20 "$CLUSTER/log/controller-a.log" | sed 's/^/#  /')"
