#!/bin/sh
# watches.sh: 1000 watches of one Go client on a standalone hub: memory for
# each, all processes together, and one event on its way to all of them.
# Needs Go.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/hub.sh
. "$HERE/hub.sh"
# shellcheck source=tests/bench/objects.sh
. "$HERE/objects.sh"
# shellcheck source=tests/bench/watch.sh
. "$HERE/watch.sh"
: "${WATCHES:=1000}" "${TIMES:=40}"

has_line() { # NAME KEY
	grep -q "\"$2\"" "$BENCH/$1.log"
}

# go_conf FILE: a kubeconfig of the hub
go_conf() {
	jq -n --arg s "$HUB_URL" --arg ca "$HUB_CA" '{apiVersion: "v1",
		kind: "Config", "current-context": "c", users: [],
		contexts: [{name: "c", context: {cluster: "c"}}],
		clusters: [{name: "c", cluster:
			{server: $s, "certificate-authority": $ca}}]}' >"$1"
}

written_are() {
	[ "$(grep -c delivered_ms "$BENCH/go.log")" -ge "$TIMES" ]
}

# spread KEY: median and worst of the client's lines
spread() {
	jq -r ".$1 // empty" "$BENCH/go.log" | sort -n |
		awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)], a[NR] }' |
		sed 's| | / |'
}

# cost KB-BEFORE PID: of each watch
cost() {
	calc "($(settled "$2") - $1) / $WATCHES" '%.1f'
}

part watches
need go curl lighttpd jq || exit 0
_programs=$(cd "$HERE/../cluster" && ./build.sh | sed -n 2p)
hub_up
configmaps small 1 400 >"$BENCH/small"
send POST "$HUB_URL" "$BENCH/small"
go_conf "$BENCH/kubeconfig"
_object=/api/v1/namespaces/small/configmaps
_before=$(settled "$(pid_of hub)")
start go "$_programs/watches" -kubeconfig "$BENCH/kubeconfig" \
	-count "$WATCHES" -write "$_object/c00000" -times "$TIMES" \
	"$_object?watch=true&resourceVersion=0"
until_true 60 has_line go open || die "watches: $(tail -n 3 "$BENCH/go.log")"
row "$WATCHES watches of a Go client, all open" \
	"$(jq -r '.ms // empty' "$BENCH/go.log") ms" "" "" ""
until_true 60 written_are || die "watches: $(tail -n 3 "$BENCH/go.log")"
row "KB a watch, all processes" "$(cost "$_before" "$(pid_of hub)") KB" \
	"" "" "<= 60 KB"
row "an event to all of them, median / worst" "$(spread delivered_ms) ms" \
	"first to last $(spread spread_ms)" "" "<= 50 ms"
stop go
