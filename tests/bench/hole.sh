# shellcheck shell=sh
# hole.sh: the master behind a black hole; sourced by real.sh
#
# LIST of the node's pods ten times a second. Requests start by the clock,
# so that one which hangs hides no other.

: "${HOLE_SECONDS:=50}"
PODS_PATH='/api/v1/pods?fieldSelector=spec.nodeName%3Dedge-1'

# lists SECONDS PATH NAME: through the hub and, to see what this machine adds
# by itself, a file of the same bytes from a lighttpd: NAME-file
lists() {
	lister_on kubectl-hub "$@" &
	_hub=$!
	lister_on hole-file "$1" /body.json "$3-file"
	wait "$_hub"
}

# lister_on KUBECONFIG SECONDS PATH NAME
lister_on() {
	timeout $(($2 + 30)) "$OWN/lister" -path "$3" -rate 10 -seconds "$2" \
		-kubeconfig "$CLUSTER/$1.kubeconfig" \
		>"$BENCH/$4.json" 2>"$BENCH/$4.log" || :
}

# file_up: what the hub answers, as a file
file_up() {
	mkdir -p "$BENCH/docs"
	hub_fetch "$PODS_PATH&resourceVersion=0" >"$BENCH/docs/body.json"
	_port=$(free_port)
	file_conf "$_port" "$BENCH/docs" "$CLUSTER/hub/data/run/lighttpd.conf" \
		>"$BENCH/file.conf"
	start file lighttpd -D -f "$BENCH/file.conf"
	kubeconfig hole-file "https://127.0.0.1:$_port" admin
}

# hole_row NAME WHAT GOAL
hole_row() {
	row "$2, failed / worst" "$(worst "$1")" \
		"lighttpd, a file $(worst "$1-file")" "" "$3"
	row "$2, p50 / p99" "$(middle "$1") ms" \
		"lighttpd, a file $(middle "$1-file")" "" ""
}

worst() {
	jq -r '"\(.failed) / \(.worst_ms) ms"' "$BENCH/$1.json"
}

middle() {
	jq -r '"\(.p50_ms) / \(.p99_ms)"' "$BENCH/$1.json"
}

hole() {
	file_up
	lists 10 "$PODS_PATH&resourceVersion=0" before
	hole_row before "LIST RV=0, not cut" ""
	cut blackhole
	lists "$HOLE_SECONDS" "$PODS_PATH&resourceVersion=0" zero
	hole_row zero "LIST RV=0, cut for $HOLE_SECONDS s" "0 / < 10 ms"
	heal
	until_true 30 masters_up || say "bench: the master stays down"
	lists 10 "$PODS_PATH" before
	hole_row before "LIST RV unset, not cut" ""
	cut blackhole
	lists 3 "$PODS_PATH" unset
	hole_row unset "LIST RV unset, cut, first 3 s" "0 / <= 1200 ms"
	lists $((HOLE_SECONDS - 3)) "$PODS_PATH" later
	hole_row later "LIST RV unset, cut, then" "0 / as before"
	heal
	until_true 30 masters_up || say "bench: the master stays down"
	stop file
}

masters_up() {
	grep -q ' up ' "$CLUSTER/hub/data/run/masters"
}
