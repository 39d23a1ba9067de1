#!/bin/sh
# edge-controller-run.t: rounds of a process that follows its feeds
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
controller=$bin/ote-edge-controller

run() {
	mkfifo "$T/pipe" 2>/dev/null
	cat "$T/pipe" >>"$T/out" &
	"$controller" -v -d "$data" -i 0.1s -a 2s -s "$T/seen" -m "$T/metrics" \
		>"$T/pipe" 2>>"$T/log" &
	pid=$!
	jobs="$jobs $pid"
}

# append NAME: its Lease as it is now, behind the journal
append() {
	printf '{"type":"MODIFIED","object":%s}\n' "$(cat "$o/leases/$1")" \
		>>"$data/$leases/journal"
}

renew() { # the last renewal that was asked for
	jq -c 'select(.why == "renew")|.body' "$T/out" | tail -n 1 | put leases a
	append a
}

asked() {
	jq -r .why "$T/out" | grep -qx "$1"
}

timeout 5 "$controller" -1 -d "$data" 2>"$T/err"
is 'without feeds nothing is done' $? 111
"$controller" -n -a soon 2>/dev/null
is 'no duration' $? 100
"$controller" -n -l 'a in' 2>/dev/null
is 'no selector' $? 100
"$controller" -n -t 2026-11-27T08:00:00Z 2>/dev/null
is 'a clock that stands still is for one round' $? 100
"$controller" -n -a 20s -M 1h30m -i 2
is 'good options' $? 0

: >"$T/out"
run
wait_for grep -q 'leases: .*nothing is done' "$T/log"
ok $? 'it waits for feeds'
feed $shown /apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes
node a
tree
wait_for asked edgenode
ok $? 'and finds them'
wait_for asked renew
ok $? 'a node that is silent'
renew
wait_for asked taint
ok $? 'is taken over'
wait_for grep -q '^ote_edgenode_nodes{state="taken"} 1' "$T/metrics"
ok $? 'and counted'
kill -9 "$pid"
wait "$pid" 2>/dev/null
: >"$T/out"
run
wait_for asked taint
ok $? 'killed, it goes on'
change nodes a '.spec.taints = [{key: $k, effect: "NoSchedule"}]' --arg k $N/cut-off
beat a
tree
wait_for asked untaint
ok $? 'with a journal that began anew as well'
printf '{"path":"/x","code":404,"error":"404 page not found"}\n' |
	sed "s,/x,/apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes," >"$data/$shown/feed"
wait_for grep -q 'no CustomResourceDefinition' "$T/log"
ok $? 'a definition that goes is told'
kill "$pid"
wait "$pid"
is 'it ends when it is told to' $? 0
grep -q ' a$' "$T/seen"
ok $? 'and keeps what it has seen'
timeout 10 "$controller" -d "$data" -i 0.1s 2>"$T/err" | head -n 1 >/dev/null
wait_for grep -q 'nobody reads\|Broken pipe' "$T/err"
ok $? 'nobody reads: it ends'
done_testing
