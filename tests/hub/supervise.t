#!/bin/sh
# supervise.t: ote-supervise(8) starts, starts again, locks, leaves nothing
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
sup=$bin/ote-supervise
cd "$T" || exit 1

# run NAME PLAN: the plan under the supervisor, pid in $pid
run() {
	printf '%s\n' "$2" >"$1.plan"
	start "$1" "$sup" -v -l "$1.lock" "$1.plan"
}

lines() {
	[ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# end SIGNAL: exit code in $code
end() {
	kill "-$1" "$pid"
	wait "$pid"
	code=$?
}

# usage and plans
"$sup" >out 2>&1
is 'no plan: 100' $? 100
"$sup" -n none 2>out
is 'a missing plan: 100' $? 100
grep -q none out
ok $? 'named'
printf '# nothing\n\n' >p
"$sup" -n p 2>out
is 'an empty plan: 100' $? 100
printf 'a sleep 9\nb\n' >p
"$sup" -n p 2>out
is 'a line without command: 100' $? 100
grep -q '^ote-supervise: p:2: b' out
ok $? 'named with its line'

# start again
run again "once sh -c 'echo x >>runs'"
wait_for lines runs 4
ok $? 'what ends is started again'
grep 'once: exited with 0, again in' again.log | head -n 3 |
	sed 's/.*again in //' | tr '\n' , >got
is 'with growing pauses' "$(cat got)" '100 ms,200 ms,400 ms,'
end TERM
is 'SIGTERM: 0' "$code" 0
run lived "some sh -c 'echo x >>lives; [ \$(wc -l <lives) != 3 ] || sleep 3.1'"
wait_for lines lives 5
ok $? 'so is what has lived for a while'
grep 'some: exited with 0, again in' lived.log | head -n 4 |
	sed 's/.*again in //' | tr '\n' , >got
is 'with the first pause again' "$(cat got)" '100 ms,200 ms,100 ms,200 ms,'
end TERM

cat >told.plan <<'END'
one+ sh -c 'read x <go-on; echo >&$NOTIFY_FD; exec sleep 1000'
two sleep 1000
END
mkfifo go-on
start told "$sup" -l told.lock -o told.out told.plan
# told STATE STARTS STATE STARTS: the two processes, their pids being alive
told() {
	awk '{ print $2, $4 }' told.out | paste -sd' ' | grep -qxF "$*" &&
		[ "$(awk '$2 != "down"' told.out | wc -l)" -eq \
			"$(awk '$2 != "down" { print "/proc/" $5 }' told.out |
				xargs -r ls -d | wc -l)" ]
}
wait_for told starting 1 up 1
ok $? 'the output: one process is starting, the other up'
echo >go-on
wait_for told up 1 up 1
ok $? 'it has reported'
is 'since now' "$(awk -v now="$(date +%s)" '$3 < now - 60 || $3 > now' told.out)" ''
kill -9 "$(awk '/^two/ { print $5 }' told.out)"
wait_for told up 1 up 2
ok $? 'one was started again'
end TERM
is 'at the end all are down' "$(awk '{ print $1, $2, $4, $5 }' told.out | paste -sd' ')" 'one down 1 0 two down 2 0'

run killed "a sh -c 'echo \$\$ >>pids; exec sleep 1000'
b sleep 1000"
wait_for lines pids 1
kill -9 "$(head -n 1 pids)"
wait_for lines pids 2
ok $? 'what is killed is started again'
grep -q 'a: killed by SIGKILL, again in 100 ms' killed.log
ok $? 'and told'
child=$(tail -n 1 pids)
end INT
is '^C: 0' "$code" 0
gone "$child"
ok $? 'and no process is left'

# what cannot be configured
for code in 100 127; do
	run "bad$code" "good sleep 1000
bad sh -c 'exit $code'"
	wait "$pid"
	is "exit $code at the first start ends everything: 100" $? 100
done
run later "bad sh -c 'test -e been && exit 100; touch been; exit 1'"
wait_for grep -q 'exited with 100, again' later.log
ok $? 'but not at a later one'
end TERM
mkfifo now
run was_good "bad+ sh -c 'echo >&\$NOTIFY_FD; read -r x <now; exit 100'"
wait_for grep -q 'supervise: ready$' was_good.log
echo >now
wait_for grep -q 'exited with 100, again' was_good.log
ok $? 'nor once it was ready'
end TERM

# the stubborn and the forgotten
run stubborn "a sh -c 'trap \"\" TERM; echo \$\$ >stubborn.pid; while :; do sleep 1; done'
b sh -c 'sleep 1000 & echo \$! >orphan.pid; exec sleep 1000'"
wait_for lines orphan.pid 1 && wait_for lines stubborn.pid 1
end TERM
is 'one that ignores SIGTERM: 0' "$code" 0
gone "$(cat stubborn.pid)" && gone "$(cat orphan.pid)"
ok $? 'is killed, and so is what another one left'

# the lock
run one "a sh -c 'echo \$\$ >one.pid; exec sleep 1000'"
wait_for lines one.pid 1
"$sup" -n -l one.lock one.plan 2>out
is 'a held lock: 100' $? 100
grep -q "^ote-supervise: one.lock: process $pid holds it" out
ok $? 'with the process that holds it'
kill -9 "$pid"
wait "$pid" 2>/dev/null
"$sup" -n -l one.lock one.plan 2>out
is 'free once a killed supervisor is gone' $? 0
# it lets go of the lock just before it is gone
wait_for gone "$(cat one.pid)"
ok $? 'which takes its processes with it'

# readiness
mkfifo go
run ready "a+ sh -c 'cat go >/dev/null; echo >&\$NOTIFY_FD; exec sleep 1000'
b sleep 1000"
! grep -q 'supervise: ready$' ready.log
ok $? 'not ready before the process says so'
echo >go
wait_for grep -q 'supervise: ready$' ready.log
ok $? 'ready when it did'
end TERM
done_testing
