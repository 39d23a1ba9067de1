#!/bin/sh
# report.t: ote-every(8) runs a command every so often and when a file is
# replaced; ote-report(8) tells the master how the hub is, and each refusal once
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
every=$OTE_BIN/ote-every d=$dir/data
mkdir -p "$d/run" "$d/outbox/new"
cd "$dir" || exit 1

# --- ote-every ---

for args in '' '1' '0 true' 'x true' '-j -1 1 true' '-w none/f 1 true'; do
	# shellcheck disable=SC2086
	"$every" $args 2>/dev/null
	is $? 100 "refused: $args"
done
"$every" -n -j 0.5 -w "$d/run/masters" 60 true
is $? 0 'a good one'
start() { # ARG...
	"$every" "$@" 2>>"$dir/every.err" &
	pid=$!
	pids="$pids $pid"
}
cat >tick <<'END'
#!/bin/sh
echo "${NOTIFY_FD-none}" >>ticks
[ ! -e code ] || exit "$(cat code)"
END
chmod +x tick
: >ticks
NOTIFY_FD=3
export NOTIFY_FD
mkfifo ready
"$every" 0.05 ./tick 3>ready 2>>"$dir/every.err" &
pid=$!
pids="$pids $pid"
unset NOTIFY_FD
is "$(head -c 1 ready | wc -l)" 1 'it tells that it is ready'
wait_for 60 lines ticks 4
ok $? 'again and again'
is "$(sort -u ticks)" none 'the command has no descriptor of readiness'
stop "$pid"
is $? 0 'SIGTERM: 0'
: >ticks
echo 1 >code
start 0.05 ./tick
wait_for 60 lines ticks 3
ok $? 'whatever it exits with'
echo 100 >code
wait "$pid"
is $? 100 'but 100'
rm code
: >ticks
start -w "$d/run/masters" 3600 ./tick
wait_for 60 lines ticks 1
: >"$d/run/other.new" && mv "$d/run/other.new" "$d/run/other"
: >"$d/run/masters.new" && mv "$d/run/masters.new" "$d/run/masters"
wait_for 60 lines ticks 2
ok $? 'and when the file was replaced'
is "$(wc -l <ticks)" 2 'that one, not another'
stop "$pid"
start 60 sleep 60
child() {
	cat "/proc/$pid/task/$pid/children"
}
slept() {
	grep -q sleep "/proc/$(child | tr -d ' ')/comm"
}
wait_for 60 slept
c=$(child)
stop "$pid" KILL
wait_for 60 gone "${c% }"
ok $? 'a SIGKILL leaves no command behind'
start 60 ./nothing
wait "$pid"
is $? 127 'a command that is not there: 127'

# --- ote-report ---

start_mock
nodes=/apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes
echo '{"kind":"EdgeNode"}' | reply ok 200
echo '{"kind":"Status","code":404,"message":"edgenodes.ote.baidu.com \"node1\" not found"}' |
	reply none 404
echo '{"kind":"Status","code":403,"message":"User cannot patch"}' | reply no 403
echo 'oops' | reply bad 500 text/plain
says() { # FILE: what the master answers to a report
	echo "$nodes* $1" | rules
}
kubeconfig "http://127.0.0.1:$mock_port"
report() {
	"$OTE_BIN/ote-report" -d "$d" -k "$dir/kubeconfig" -N node1 "$@" \
		>"$dir/out" 2>"$dir/report.err"
}
again() { # forget what the master said, but not that it was told
	sed -i 's/^\([0-9]* [0-9]*\) [0-9]*/\1 0/' "$d/run/report"
}
now=$(date +%s)
printf '10.0.0.1:6443 up %d ok\n10.0.0.2:6443 down %d refused\n' "$now" "$now" \
	>"$d/run/masters"
printf 'waiting 3\nfailed 2\ndropped 1\noldest 5\n' >"$d/run/outbox"
for r in pods nodes; do
	mkdir -p "$d/cache/core/v1/$r/all"
	: >"$d/cache/core/v1/$r/all/journal"
done
touch -d '-90 seconds' "$d/cache/core/v1/nodes/all/journal"
"$OTE_BIN/ote-report" -n -d "$d" >"$dir/out"
is "$? $(jq -c '[.cacheAge - 90 < 60 and .cacheAge >= 90, .outboxLength,
	.failedLength, .masters, .mastersUp, (.time | fromdate | . - now | fabs < 60),
	(.version | length > 0)]' "$dir/out")" \
	'0 [true,3,2,[{"address":"10.0.0.1:6443","up":true},{"address":"10.0.0.2:6443","up":false}],1,true,true]' \
	'the report'
[ ! -e "$dir/mock/log" ] || ! grep -q PATCH "$dir/mock/log"
ok $? '-n writes nothing'
says ok
report
is "$? $(cat "$dir/report.err")" '0 ' 'it is written'
grep -q "^PATCH $nodes/node1/status" "$dir/mock/log"
ok $? 'to the status of the EdgeNode'
grep -qi '^content-type: application/merge-patch+json' "$dir/mock/last"
ok $? 'as a merge patch'
is "$(tail -n 1 "$dir/mock/last" | jq -c '[keys, (.status | keys), .status.report.outboxLength]')" \
	'[["status"],["report"],3]' 'of the report alone'
is "$(cut -d' ' -f1,3- "$d/run/report")" '200 0 OK' 'run/report has it'

asks() { # so often was a report sent
	asked "PATCH $nodes"
}
before=$(asks)
says none
report
is "$? $(cat "$dir/report.err")" '1 ote-report: node node1 has no EdgeNode, tried again now and then: edgenodes.ote.baidu.com "node1" not found' \
	'no EdgeNode: told'
report
is "$? $(cat "$dir/report.err") $(asks)" "1  $((before + 1))" \
	'once, and not asked again'
report -v
grep -q 'tried again in .* s: 404' "$dir/report.err"
ok $? 'but with -v'
again
report
is "$? $(cat "$dir/report.err") $(asks)" "1  $((before + 2))" \
	'later it is, silently'
soon() { # FROM TO: whether it is asked again so many seconds from now
	awk -v now="$(date +%s)" -v from="$1" -v to="$2" \
		'{ exit !($3 > now + from && $3 < now + to) }' "$d/run/report"
}
soon 20 40
ok $? 'soon at first'
awk -v now="$(date +%s)" '{ print $1, now - 700, 0 }' "$d/run/report" >"$d/run/r"
mv "$d/run/r" "$d/run/report"
report
soon 590 910
ok $? 'then rarely'
awk '{ print $1, $2, $3 + 100000 }' "$d/run/report" >"$d/run/r"
mv "$d/run/r" "$d/run/report"
report
is "$(asks)" $((before + 4)) 'a time of another clock counts for nothing'
again
says no
report
is "$? $(cat "$dir/report.err")" '1 ote-report: not allowed, tried again now and then: User cannot patch' \
	'403: told'
again
says bad
report
is "$? $(cat "$dir/report.err")" '1 ote-report: not reported: 500 Internal Server Error' \
	'500: told'
report
is "$? $(cat "$dir/report.err") $(asks)" "1  $((before + 7))" \
	'once, and asked again each time'
says ok
report
is "$? $(cat "$dir/report.err")" '0 ote-report: reported again' 'it works again'
echo rubbish >"$d/run/report"
report
is "$? $(cut -d' ' -f1 "$d/run/report")" '0 200' 'a run/report that is none'
before=$(asks)
printf '10.0.0.1:6443 down %d refused\n' "$now" >"$d/run/masters"
report
is "$? $(cat "$dir/report.err") $(asks)" "1  $before" 'no master up: nothing'
printf '10.0.0.1:6443 up %d ok\n' "$now" >"$d/run/masters"
stop "$mock_pid"
report
is "$? $(grep -c 'not reported: 0 ' "$dir/report.err")" '1 1' 'no answer: told'
report
is "$? $(cat "$dir/report.err")" '1 ' 'once'
for args in '-N No' '-N ../x' '-N a -k none' '-N a -d none' ''; do
	# shellcheck disable=SC2086
	"$OTE_BIN/ote-report" -k "$dir/kubeconfig" -d "$d" $args >/dev/null 2>&1
	is $? 100 "refused: $args"
done

# --- peers ---

start_mock
says ok
"$BUILD/tests/hub/peer" refuse >"$dir/shut.port" 2>"$dir/shut.err" &
pids="$pids $!"
wait_for 60 lines "$dir/shut.port" 1
shut=$(cat "$dir/shut.port")
peers="up=127.0.0.1:$mock_port,shut=127.0.0.1:$shut,node1=127.0.0.1:$shut"
found() {
	jq -c '[.status.report.peers[]|.name,.reachable]'
}
report -P "$peers"
is "$? $(tail -n 1 "$dir/mock/last" | found)" '0 ["up",true,"shut",false]' \
	'which other nodes are reached'
is "$(cut -d' ' -f1,2 "$d/run/peers" | paste -sd,)" 'up yes,shut no' 'in run/peers, too'
sed -i 's/[0-9]*$/1764230400/' "$d/run/peers"
report -P "$peers"
is "$(tail -n 1 "$dir/mock/last" | jq -c '[.status.report.peers[].since]|unique')" \
	'["2025-11-27T08:00:00Z"]' 'since when'
echo "up=127.0.0.1:$shut # gone" >"$dir/peers"
report -P "$dir/peers"
is "$(tail -n 1 "$dir/mock/last" | jq -c '.status.report.peers[] |
	[.name, .reachable, .since > "2025-11-27T08:00:00Z"]')" \
	'["up",false,true]' 'a file of them, and what has changed'
was=$(date +%s%3N)
"$OTE_BIN/ote-report" -n -d "$d" -P 'far=192.0.2.1:9,[=1' 2>/dev/null
is $? 100 'refused: no name'
"$OTE_BIN/ote-report" -n -d "$d" -P far=192.0.2.1:9 >"$dir/out"
[ $(($(date +%s%3N) - was)) -lt 60000 ]
is "$? $(jq -c '[.peers[]|.reachable]' "$dir/out")" '0 [false]' \
	'one that does not answer is given up'
report -P "$dir/none"
is "$? $(cat "$dir/report.err")" \
	"0 ote-report: -P, left out: $dir/none: No such file or directory" \
	'a file that went: told'
report -P "$dir/none"
is "$? $(cat "$dir/report.err")" '0 ' 'once'
is "$(tail -n 1 "$dir/mock/last" | jq -c '.status.report|has("peers"),.peers')" \
	"true
null" 'and no old words are left'
for odd in a a= =1.2.3.4:5 a=b:1 a=1.2.3.4 'A=1.2.3.4:5' 'a=1.2.3.4:5,a=1.2.3.4:6' \
	a=1.2.3.4:x "$(seq -s, -f 'n%g=127.0.0.1:9' 17)"; do
	"$OTE_BIN/ote-report" -n -d "$d" -P "$odd" >/dev/null 2>&1
	is $? 100 "refused: -P $odd"
done
for odd in a ''; do
	report -P "$odd"
	is $? 100 "refused: -P '$odd', also without -n"
done
stop "$mock_pid"

# --- in a hub ---

start_mock
says ok
edge_args=--report
start_edge
wait_for 60 grep -q "^PATCH $nodes/node1/status" "$dir/mock/log"
ok $? 'ote_edgehub --report: it is written'
before=$(asks)
stop "$mock_pid"
wait_for 60 master_is down
start_mock
wait_for 60 master_is up
more() {
	[ "$(asks)" -gt "$before" ]
}
wait_for 60 more
ok $? 'and when the master is back'
loop=$(tool "$edge_pid" ote-every)
none() {
	[ -z "$(cat "/proc/$loop/task/$loop/children")" ]
}
wait_for 60 none
ok $? 'in between there is no ote-report'
echo "# ote-every: $(grep ^Pss: "/proc/$loop/smaps_rollup")"
edge_args=
stop "$edge_pid"
start_edge
is "$(tool "$edge_pid" ote-every)" '' 'without --report there is none'
done_testing
