#!/bin/sh
# edge-controller-run.t: rounds of a process that follows its feeds
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
controller=$bin/ote-edge-controller

run() { # [TAKEOVER_AFTER]
	mkfifo "$T/pipe" 2>/dev/null
	cat "$T/pipe" >>"$T/out" &
	reader=$!
	"$controller" -v -d "$data" -i 0.1s -a "${1:-2s}" -s "$T/seen" \
		-m "$T/metrics" >"$T/pipe" 2>>"$T/log" &
	pid=$!
	jobs="$jobs $pid"
}

# end [SIGNAL]: it has, and all that it has said is in $T/out; its exit code
end() {
	kill "-${1:-TERM}" "$pid"
	wait "$pid" 2>/dev/null
	code=$?
	wait "$reader"
	return "$code"
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

timeout 60 "$controller" -1 -d "$data" 2>"$T/err"
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
end KILL
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
end
is 'it ends when it is told to' $? 0
grep -q ' a$' "$T/seen"
ok $? 'and keeps what it has seen'

# --- is it they, or we ---

rm "$o/nodes/a"
i=10
while [ $i -lt 30 ]; do
	node n$i
	i=$((i + 1))
done
: >"$T/out"
: >"$T/log"
tree
run
all_late() {
	[ "$(grep -c ': n[0-9]*: late, was healthy' "$T/log")" -eq 20 ]
}
wait_for all_late
ok $? 'nothing is heard of any node'
tried() { # before the first ones can be tried again, 5 seconds later
	jq -s '[.[] | select(.why == "renew" and (.node | startswith("n"))) |
		.body.spec.renewTime | (.[:19] + "Z" | fromdate) +
		(.[19:26] | tonumber)] | min as $first |
		map(select(. < $first + 4.9)) | length' "$T/out"
}
some() {
	[ "$(tried)" -ge 16 ]
}
wait_for some
is 'some are tried' "$(tried)" 16
! grep 'n[0-9]*: ta' "$T/log"
ok $? 'and none is said to be cut off'
is 'nothing else is done' "$(jq -r 'select(.why != "renew")|.node' "$T/out" |
	grep -c '^n')" 0
jq -c 'select(.node == "n10" and .why == "renew")|.body' "$T/out" | tail -n 1 |
	put leases n10
append n10
wait_for grep -q 'n29: taking, was late' "$T/log"
ok $? 'until one of them has proved it'
wait_for grep -q '^ote_edgenode_nodes{state="taking"} 19' "$T/metrics"
ok $? 'for all'
end
timeout 60 "$controller" -d "$data" -i 0.1s 2>"$T/err" | head -n 1 >/dev/null
wait_for grep -q 'nobody reads\|Broken pipe' "$T/err"
ok $? 'nobody reads: it ends'

# --- written by hand ---

rm "$o"/*/* "$T/seen"
feed $shown /apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes
node a
step 0
obey
turned='.status.conditions[]|select(.type=="Ready").lastTransitionTime'
tree
rm "$T/seen" "$T/metrics"
: >"$T/out"
run 1h
wait_for [ -e "$T/metrics" ]
is 'an EdgeNode that is as it should be is left alone' "$(cat "$T/out")" ''
change edgenodes a "($turned) = \"2001-01-01T00:00:00Z\""
render $shown EdgeNode edgenodes
wait_for asked edgenode
is 'a time that was edited is restored' "$(jq -r "select(.why == \"edgenode\").body|$turned" \
	"$T/out" | head -n 1)" "$(when 0)"
end

# --- a clock that is set ---

rm "$o"/*/*
rm -rf "${data:?}/$shown" "$T/seen"
node a
tree
round() {
	"$controller" -1 -d "$data" -s "$T/seen" -a 1h >"$T/out" 2>"$T/err"
}
earlier() { # FIELD LINE: two hours, in the lines behind that
	awk -v CONVFMT=%d -v f="$1" -v l="$2" 'NR > l { $f -= 7200000000 }
		{ print }' "$T/seen" >"$T/seen.new"
	mv "$T/seen.new" "$T/seen"
}
round
set -- "$(cut -d' ' -f1 "$T/seen" | head -n 1)"
is 'what was seen is of a boot' "$1" "$(cat /proc/sys/kernel/random/boot_id)"
earlier 3 0
round
did 'two hours by a clock that was set: nobody is late' ''
earlier 2 1
round
did 'two hours that have passed' 'renew a'
done_testing
