#!/bin/sh
# light.sh: what EdgeController itself takes for 100, 1000 and 10 000 nodes
#
# In front of a master that is no load (tests/cluster/cmd/light), as a real one
# with 10 000 nodes needs a larger machine than this may be: see controller.sh.
# For each N of SCALE: healthy for HEALTHY seconds; all cut at once; CUT seconds
# when all is told; BACK come back in one second. Needs Go.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/pipeline.sh
. "$HERE/pipeline.sh"
: "${SCALE:=100 1000 10000}" "${BACK:=1000}" "${HEALTHY:=20}" "${CUT:=60}"

fleet_lives() {
	lives fleet
}

pipeline() {
	tree "$(pid_of controller)"
}

others() {
	echo master "$(pid_of fleet)"
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=bench -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$BENCH/ca.key" -out "$BENCH/ca.pem" 2>/dev/null
}

# up N: the master with its fleet, and EdgeController on a tmpfs
up() {
	_port=$(free_port)
	FLEET_LOG=$BENCH/fleet.log FLEET_PIPE=$BENCH/fleet.pipe
	rm -f "$FLEET_PIPE"
	mkfifo "$FLEET_PIPE"
	start fleet "$OWN/light" -nodes "$1" -listen "127.0.0.1:$_port" \
		-cert "$BENCH/ca.pem" -key "$BENCH/ca.key" -pipe "$FLEET_PIPE"
	until_true 60 fleet_said start 0 || die "no fleet"
	cat >"$BENCH/kubeconfig" <<-END
		apiVersion: v1
		kind: Config
		current-context: c
		contexts: [{name: c, context: {cluster: m, user: u}}]
		users: [{name: u, user: {token: secret}}]
		clusters:
		- name: m
		  cluster: {server: "https://127.0.0.1:$_port",
		    certificate-authority: "$BENCH/ca.pem"}
	END
	DATA=$(mktemp -d /dev/shm/ote-bench.XXXXXX)
	start controller "$HERE/../../sh/ote_edgecontroller" -v 2 \
		--kubeconfig "$BENCH/kubeconfig" --data-path "$DATA" \
		--metrics-address "127.0.0.1:$(free_port)"
	until_true 120 told "$1" || die "not all have EdgeNodes:" \
		"$(cat "$BENCH/said" "$BENCH/controller.log")"
}

told() {
	fleet count
	[ "$(said '.seen.EdgeNodeTrue')" = "$1" ]
}

down() {
	stop controller
	stop fleet
	rm -rf -- "$DATA"
}

requests() {
	fleet requests
	say "# $1: requests: $(said -c .requests)"
	_n=$(said '[.requests[]] | add // 0')
}

# measure N PHASE SECONDS GOAL
measure() {
	fleet requests
	usage "$1 $2" "$3" "$DATA"
	requests "$1 $2"
	row "$1 nodes, $2: CPU, PSS" "$CPU %, $PSS MB" \
		"requests $(calc "$_n / $3" '%.1f/s')" "" "$4"
}

cut_all() {
	_lines=$(wc -l <"$FLEET_LOG")
	fleet cut
	phase taken 120 "$_lines" || :
	row "$1 nodes, cut at once: the last one taken over" "$(when_seen)" \
		"" "" ""
	phase told 240 "$_lines" || :
	row "$1 nodes, cut at once: taint and EdgeNode of all" \
		"$(when_seen)" "" "" ""
	measure "$1" "stood in for" "$CUT" '< 25 %, < 64 MB'
	fleet count
	row "$1 nodes, cut at once: the oldest Lease ever" \
		"$(said '"\(.seen.oldest_ms / 1000) s"')" "" "" '< 40 s'
}

back() {
	_lines=$(wc -l <"$FLEET_LOG")
	_k=$(($1 < BACK ? $1 : BACK))
	fleet requests
	fleet heal "$_k" 1000
	phase undone 120 "$_lines" || :
	requests "$1 back"
	row "$_k of $1 back in one second: all undone" "$(when_seen)" \
		"" "" '< 20 s'
}

part light
need go openssl jq lighttpd || exit 0
OWN=$("$HERE/../cluster/build.sh" | sed -n 2p)
trap 'stop_all; rm -rf -- "${DATA:-}"' EXIT
certificate
for _nodes in $SCALE; do
	up "$_nodes"
	measure "$_nodes" healthy "$HEALTHY" '< 25 %, < 64 MB; no write'
	cut_all "$_nodes"
	back "$_nodes"
	down
done
