#!/bin/sh
# outbox.sh: accepted writes, synced, beside a bare fsync on the same disk; the
# replay of many
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/hub.sh
. "$HERE/hub.sh"
: "${MANY:=10000}" "${PACE:=1000}"

part outbox
# figure WHAT GOAL ARGUMENT...: of the clients, seconds and rate
figure() {
	_what=$1 _goal=$2
	shift 2
	rm -rf "$BENCH/box"
	mkdir "$BENCH/box"
	_got=$("$BUILD/tests/bench/outbox" "$BENCH/box" "$@")
	row "$_what" "$(echo "$_got" | jq -r '"\(.p50_ms) ms"')" \
		"$(echo "$_got" | jq -r '"fsync \(.bare_fsync_p50_ms) ms"')" \
		"$(echo "$_got" | jq -r '"\(.per_second)/s"')" "$_goal"
}
figure "queued write, 1 client, p50" "5 ms, or 2 fsyncs" 1 5
figure "queued write, 16 clients, 500/s, p50" "5 ms" 16 5 500
figure "queued write, 16 clients, as fast as it goes" "500/s" 16 5

# waiting: lines for tests/hub/queue, of ConfigMaps of 1 KB
waiting() {
	jq -ncr --argjson n "$MANY" 'range($n) | {kind: "object",
		verb: "create", path: "/api/v1/namespaces/x/configmaps/c\(.)",
		body: {kind: "ConfigMap", apiVersion: "v1", metadata:
		{name: "c\(.)", namespace: "x", uid: "u\(.)",
		resourceVersion: "1"}, data: {k: ("x" * 1000)}}}'
}

# replay: to a standalone hub, which may be slower than the pace
replay() {
	mkdir "$BENCH/replay"
	waiting | "$BUILD/tests/hub/queue" "$BENCH/replay" 250 >/dev/null
	jq -n --arg server "$HUB_URL" --arg ca "$HUB_CA" '{apiVersion: "v1",
		kind: "Config", "current-context": "c",
		contexts: [{name: "c", context: {cluster: "m", user: "u"}}],
		users: [{name: "u", user: {}}], clusters: [{name: "m", cluster:
		{server: $server, "certificate-authority": $ca}}]}' \
		>"$BENCH/kubeconfig"
	_from=$(date +%s)
	start replay "$OTE_BIN/ote-outbox" -1 -r "$PACE" -d "$BENCH/replay" \
		-k "$BENCH/kubeconfig"
	_pid=$(pid_of replay) _peak=0
	until gone "$_pid"; do
		_now=$(pss "$_pid")
		[ "$_now" -le "$_peak" ] || _peak=$_now
		sleep 0.2
	done
	_left=$(find "$BENCH/replay/outbox/new" -type f | wc -l)
	row "replay of $MANY, at most $PACE/s" \
		"$(($(date +%s) - _from)) s, PSS $_peak KB" \
		"$_left left" "" "8192 KB"
}

need curl lighttpd jq || exit 0
hub_up
replay
