#!/bin/sh
# writes.sh: writes that a hub takes while its master is away, over TLS
#
# The master is a standalone hub, which is ended. Beside it: a bare fsync in
# the same directory.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/hub.sh
. "$HERE/hub.sh"
# shellcheck source=tests/bench/objects.sh
. "$HERE/objects.sh"
: "${SECONDS_EACH:=5}"

# pods: lines for send POST: ten of each client, of some 4 KB
pods() {
	jq -ncr 'range(160) | "/api/v1/namespaces/bench/pods " + ({kind: "Pod",
		apiVersion: "v1", metadata: {name: "p\(. / 10 | floor)-\(. % 10)",
		namespace: "bench"}, spec: {nodeName: "bench", containers:
		[range(8) | {name: "c\(.)", image: "registry.test/app:1", env:
		[range(10) | {name: "E\(.)", value: "value \(.)"}]}]}} | tojson)'
}

# edge_up: a hub in front of the other one, with its pods
edge_up() {
	_port=$(free_port)
	EDGE_URL=https://127.0.0.1:$_port EDGE_DATA=$BENCH/edge
	jq -n --arg server "$HUB_URL" --arg ca "$HUB_CA" '{apiVersion: "v1",
		kind: "Config", "current-context": "c",
		contexts: [{name: "c", context: {cluster: "m", user: "u"}}],
		users: [{name: "u", user: {}}], clusters: [{name: "m", cluster:
		{server: $server, "certificate-authority": $ca}}]}' \
		>"$BENCH/kubeconfig"
	echo /api/v1/namespaces/bench/pods >"$BENCH/feeds"
	echo 'pods/status patch queue' >"$BENCH/writes.conf"
	start edge "$HERE/../../sh/ote_edgehub" k8s -n bench -d "$EDGE_DATA" \
		--authorization-mode AlwaysAllow \
		--kube-config "$BENCH/kubeconfig" --server-port "$_port" \
		-l "127.0.0.1:$(free_port)" --feeds "$BENCH/feeds" \
		--writes "$BENCH/writes.conf" --server-ca-file "$HUB_CA" \
		--server-cert-file "$HUB_DATA/ssl/edge-server.pem" \
		--server-key-file "$HUB_DATA/ssl/edge-server-key.pem"
	until_true 20 edge_has_all || {
		cat "$BENCH/edge.log" >&2
		die "the edge does not come up"
	}
}

edge_has_all() {
	lives edge || die "the edge ended: $(head -n 1 "$BENCH/edge.log")"
	grep -qs " up " "$EDGE_DATA/run/masters" &&
		[ "$(find "$EDGE_DATA/cache/core/v1/pods" -path '*/objects/*' \
			-type f | wc -l)" -eq 160 ]
}

# figure WHAT GOAL CLIENTS [RATE]
figure() {
	_what=$1 _goal=$2
	_got=$("$BUILD/tests/bench/writes" "$EDGE_DATA" "$HUB_CA" "$EDGE_URL" \
		bench "$3" "$SECONDS_EACH" ${4:+"$4"})
	[ "$(echo "$_got" | jq .failed)" -eq 0 ] ||
		say "bench: not answered 200: $_got"
	row "$_what, p50 / p99" \
		"$(echo "$_got" | jq -r '"\(.p50_ms) / \(.p99_ms) ms"')" \
		"bare fsync $(echo "$_got" | jq -r .bare_fsync_p50_ms) ms" \
		"$(echo "$_got" | jq -r .per_second)/s" "$_goal"
}

part writes
need curl lighttpd jq || exit 0
hub_up
pods >"$BENCH/pods"
send POST "$HUB_URL" "$BENCH/pods"
edge_up
stop hub
until_true 20 grep -qs " down " "$EDGE_DATA/run/masters" ||
	die "the master is still there"
figure "write while cut off, 1 client" "5 ms, or 2 fsyncs" 1
figure "write while cut off, 16 clients, 500/s" "5 ms" 16 500
figure "write while cut off, 16 clients, all they can" ">= 500/s" 16
