#!/bin/sh
# controller.sh: EdgeController with 100, 1000 and 10 000 nodes; see tests/cluster
#
# On a real master with its controllers' defaults, as the account that
# ote_install makes. The nodes are a fleet of tests/cluster/cmd/hollow: Nodes and
# Leases, renewed every EVERY, the first API of them by the API, the others past
# it, see direct.go there. For each N of SCALE: healthy for HEALTHY seconds; all
# cut at once, and so for GRACE seconds, which is longer than the master waits,
# CUT of them measured when all is told; then BACK of them come back in one
# second. What EdgeController asks for is counted in the master's audit log.
# Needs root and Go.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
cd "$HERE/../cluster"
# shellcheck source=tests/cluster/lib.sh
. ./lib.sh
cluster_enter "${RUN_LIMIT:-1500}" "$HERE/controller.sh"

# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
: "${SCALE:=100 1000 10000}" "${BACK:=1000}" "${EVERY:=10s}" "${API:=100}"
: "${HEALTHY:=30}" "${CUT:=60}" "${GRACE:=90}"
user=system:serviceaccount:ote-edge:ote-edgecontroller

# Only what EdgeController asks for.
audit_policy() {
	jq -n --arg u "$user" '{apiVersion: "audit.k8s.io/v1", kind: "Policy",
		omitStages: ["RequestReceived"],
		rules: [{level: "Metadata", users: [$u]}, {level: "None"}]}' \
		>"$CLUSTER/audit.yaml"
}

# fleet COMMAND...: done when its line is there
fleet() {
	_had=$(wc -l <"$CLUSTER/log/hollow.log")
	echo "$*" >"$CLUSTER/run/fleet"
	until_true 300 fleet_said "$1" "$_had" || die "the fleet: $*: not done"
}

# fleet_said COMMAND LINES: behind the first so many lines; kept in "said"
fleet_said() {
	proc_alive hollow || die "the fleet: $(tail -n 1 "$CLUSTER/log/hollow.log")"
	tail -n "+$(($2 + 1))" "$CLUSTER/log/hollow.log" |
		jq -c --arg d "$1" 'select(.did == $d)' >"$BENCH/said"
	[ -s "$BENCH/said" ]
}

# seen WHAT LINES: what the fleet has seen behind so many lines; in "seen"
seen() {
	tail -n "+$(($2 + 1))" "$CLUSTER/log/hollow.log" |
		jq -c --arg s "$1" 'select(.seen == $s)' >"$BENCH/seen"
	[ -s "$BENCH/seen" ]
}

said() {
	jq -r "$1" "$BENCH/said"
}

when_seen() {
	jq -r "$1" "$BENCH/seen"
}

fleet_up() {
	mkfifo "$CLUSTER/run/fleet"
	: >"$CLUSTER/log/hollow.log"
	proc_start hollow "$OWN/hollow" -fleet "$CLUSTER/run/fleet" \
		-every "$EVERY" -etcd http://127.0.0.1:2379 -api "$API" \
		-kubeconfig "$CLUSTER/admin.kubeconfig"
	until_true 30 fleet_said start 0 || die "no fleet"
}

# spent PID...: microseconds of CPU that they, and their children that have
# ended, have had. What stat(5) has is only sampled.
spent() {
	for _pid; do
		awk '{ n += $1 } END { print n / 1000 }' \
			"/proc/$_pid"/task/*/schedstat 2>/dev/null || :
		sed 's/.*) //' "/proc/$_pid/stat" 2>/dev/null |
			awk -v hz="$(getconf CLK_TCK)" \
				'{ print ($14 + $15) * 1e6 / hz }' || :
	done | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

pipeline() {
	tree "$(proc_pid controller-a)"
}

# shares: "NAME microseconds" of each of those that share the machine
shares() {
	# shellcheck disable=SC2046
	echo edgecontroller "$(spent $(pipeline))"
	for _name in apiserver-1 etcd controller-manager hollow; do
		echo "$_name" "$(spent "$(proc_pid "$_name")")"
	done
	awk '$1 == "cpu" { print "all",
		($2 + $3 + $4 + $7 + $8) * 1e6 / hz }' \
		hz="$(getconf CLK_TCK)" /proc/stat
	for _pid in $(pipeline); do
		echo "-$(cat "/proc/$_pid/comm")" "$(spent "$_pid")"
	done
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
	_from=$(now_utc)
	shares >"$BENCH/before"
	_t=$(date +%s%N)
	sleep "$3"
	_t=$(($(date +%s%N) - _t))
	shares >"$BENCH/after"
	fleet beats
	# shellcheck disable=SC2046
	_pss=$(pss $(pipeline))
	awk -v ns="$_t" 'NR == FNR {
		t[$1] -= $2; next } { t[$1] += $2 } END { for (n in t)
		if (t[n] > 0)
			printf "%s %.1f\n", n, t[n] / ns * 1e5 }' \
		"$BENCH/before" "$BENCH/after" | sort -k2,2nr >"$BENCH/cpu"
	_cpu=$(awk '$1 == "edgecontroller" { print $2 }' "$BENCH/cpu")
	say "# $1 $2: % of a core: $(tr '\n' ' ' <"$BENCH/cpu")"
	say "# $1 $2: tree:" \
		"$(du -sm "$CLUSTER/controller-a" | awk '{ print $1 }') MB"
	# shellcheck disable=SC2046
	say "# $1 $2: KB: $(pss_each $(pipeline) | tr '\n' ' ')"
	say "# $1 $2: heartbeats: $(cat "$BENCH/said")"
	tell_requests "$1" "$2" "$_from" "$3"
	row "$1 nodes, $2: CPU, PSS" "$_cpu %, $((_pss / 1024)) MB" \
		"requests $(per_second "$3")" "" "$4"
}

# phase WHAT SECONDS LINES: until the fleet has seen it, or it is too late
phase() {
	until_true "$2" seen "$1" "$3" || {
		fleet count
		say "# $1: not in $2 s: $(cat "$BENCH/said")"
		return 1
	}
}

healthy() {
	_lines=$(wc -l <"$CLUSTER/log/hollow.log")
	_t=$(date +%s)
	fleet grow "$1"
	say "# $1 nodes made in $(said .ms) ms"
	phase shown 180 "$_lines" || return
	say "# $1 nodes have EdgeNodes after $(when_seen .ms) ms"
	measure "$1" healthy "$HEALTHY" '< 25 %, < 64 MB; no write'
}

cut_all() {
	_lines=$(wc -l <"$CLUSTER/log/hollow.log")
	_from=$(now_utc) _cut=$(date +%s)
	fleet cut
	phase taken 120 "$_lines" || :
	_taken=$(when_seen '"\(.ms / 1000) s, heartbeat \(.age_ms / 1000) s old"')
	row "$1 nodes, cut at once: the last one taken over" "$_taken" "" "" \
		'< 50 s old'
	phase told 180 "$_lines" || :
	_s=$(($(date +%s) - _cut))
	tell_requests "$1" "cut, until all is told" "$_from" "$_s"
	row "$1 nodes, cut at once: taint and EdgeNode of all" \
		"$(when_seen '"\(.ms / 1000) s"')" \
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
	_lines=$(wc -l <"$CLUSTER/log/hollow.log")
	_k=$(($1 < BACK ? $1 : BACK))
	_from=$(now_utc)
	fleet heal "$_k" 1000
	phase undone 120 "$_lines" || :
	_s=$(when_seen '.ms / 1000')
	tell_requests "$1" back "$_from" "$_s"
	row "$_k of $1 back in one second: all undone" "$_s s" \
		"requests $(per_second "$_s")" "" '< 20 s'
	_lines=$(wc -l <"$CLUSTER/log/hollow.log")
	fleet heal "$1" 10000
	phase undone 180 "$_lines" || :
	say "# all $1 back in ten seconds: undone after $(when_seen .ms) ms"
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
