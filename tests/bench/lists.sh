#!/bin/sh
# lists.sh: a LIST of 100 MB, to clients fast and slow, and what the hub holds
# meanwhile; a Table of 1000 pods beside the LIST of the same.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/hub.sh
. "$HERE/hub.sh"
# shellcheck source=tests/bench/objects.sh
. "$HERE/objects.sh"
: "${ROUNDS:=15}"

tool() { # NAME: its process id
	for _pid in $(tree "$(pid_of hub)"); do
		[ "$(cat "/proc/$_pid/comm")" != "$1" ] || echo "$_pid"
	done
}

peak() { # PID: the most it held since the last look, in KB
	awk '/^VmHWM/ { print $2 }' "/proc/$1/status"
}

settle() { # PID: its peak is what it holds now
	sleep 3 # ote-edge-server gives memory back every two seconds
	echo 5 >"/proc/$1/clear_refs"
	peak "$1"
}

# held WHAT PATH CURL_OPTION...: a LIST, and the growth of both processes
held() {
	_what=$1 _path=$2
	shift 2
	_server=$(tool ote-edge-server) _web=$(tool lighttpd)
	_server_kb=$(settle "$_server") _web_kb=$(settle "$_web")
	_took=$(curl -s -f -m 300 --cacert "$HUB_CA" -o /dev/null -A bench \
		-w '%{size_download} %{time_total}' "$@" "$HUB_URL$_path")
	_server_kb=$(($(peak "$_server") - _server_kb))
	_web_kb=$(($(peak "$_web") - _web_kb))
	row "$_what, $(calc "${_took% *} / 1000000" '%.1f') MB in ${_took#* } s" \
		"$_server_kb KB held" "lighttpd $_web_kb KB" "" "<= 4096 KB"
}

# pods COUNT: lines for send POST
pods() {
	jq -ncr --argjson n "$1" 'range($n) | "/api/v1/namespaces/pods/pods " + ({
		kind: "Pod", apiVersion: "v1", metadata: {name: "pod-\(.)",
		namespace: "pods", creationTimestamp: "2026-01-01T00:00:00Z",
		labels: {app: "a\(. % 7)", "pod-template-hash": "5d4f8c7b9"},
		managedFields: [{manager: "kubelet", operation: "Update",
		apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: {"f:status":
		([range(20) | {key: "f:\(.)", value: {}}] | from_entries)}}]},
		spec: {nodeName: "edge-1", restartPolicy: "Always", containers:
		[range(2) | {name: "c\(.)", image: "registry.test/app:1",
		env: [range(10) | {name: "E\(.)", value: "value \(.)"}]}]},
		status: {phase: "Running", podIP: "10.1.2.3", hostIP: "10.0.0.1",
		conditions: [("Ready", "Initialized", "ContainersReady",
		"PodScheduled") | {type: ., status: "True"}],
		containerStatuses: [range(2) | {name: "c\(.)", ready: true,
		restartCount: 1, image: "registry.test/app:1", started: true,
		state: {running: {startedAt: "2026-01-01T00:00:00Z"}}}]}} |
		tojson)'
}

# took NAME ACCEPT CURL-OPTION...: seconds of a LIST of the pods, once
took() {
	_name=$1 _accept=$2
	shift 2
	curl -s -f -m 60 --cacert "$HUB_CA" -o "$BENCH/took" -A bench \
		-H "Accept: $_accept" -w '%{time_total}\n' "$@" \
		"$HUB_URL$_pods" >>"$BENCH/$_name"
}

# beside WHAT GOAL CURL-OPTION...: the two, turn by turn
beside() {
	_what=$1 _goal=$2
	shift 2
	rm -f "$BENCH/json" "$BENCH/table"
	_i=0
	while [ "$_i" -lt "$ROUNDS" ]; do
		took json application/json "$@"
		took table "$_as" "$@"
		_i=$((_i + 1))
	done
	jq -e '.kind == "Table" and (.rows | length) == 1000' \
		"$BENCH/took" >/dev/null || die "no Table of 1000"
	_json=$(median <"$BENCH/json") _table=$(median <"$BENCH/table")
	row "Table of 1000 pods, $_what, median of $ROUNDS" "$_table s" \
		"JSON LIST $_json s" "$(calc "$_table / $_json" '%.2f')" "$_goal"
}

table_of_pods() {
	pods 1000 >"$BENCH/pods"
	send POST "$HUB_URL" "$BENCH/pods"
	_pods="/api/v1/namespaces/pods/pods?resourceVersion=0"
	_as='application/json;as=Table;v=v1;g=meta.k8s.io'
	beside "gzip as for kubectl" "<= 2" --compressed
	beside "plain; the LIST is a file" ""
}

part lists
need curl lighttpd jq || exit 0
hub_up
table_of_pods
configmaps big 400 250000 >"$BENCH/big"
send POST "$HUB_URL" "$BENCH/big"
_big="/api/v1/namespaces/big/configmaps?resourceVersion=0"
held "LIST" "$_big"
held "LIST, gzip" "$_big" -H 'Accept-Encoding: gzip'
held "LIST, 20 MB/s" "$_big" --limit-rate 20M
