#!/bin/sh
# load-balancer.t: ote-load-balancer(8) finds a master within the connection,
# leaves one that goes down, and owns no more than its bound.
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
peer=${BUILD:-$top/build}/tests/hub/peer
lb=$bin/ote-load-balancer
mkdir "$T/run" "$T/run/suspect"

# serve NAME ARG...: a peer in the background; its port in $port
serve() {
	name=$1
	shift
	start "$name" "$peer" "$@"
	wait_for test -s "$T/$name.log"
	port=$(head -n 1 "$T/$name.log")
}

# balance ARG...: in the background at $at, ready when it returns
balance() {
	at=$(ports 1)
	: >"$T/ready"
	start lb env NOTIFY_FD=7 "$lb" -l "127.0.0.1:$at" -m "$T/run/masters" \
		-s "$T/run/suspect" "$@" 7>"$T/ready"
	balancer=$pid
	wait_for test -s "$T/ready"
}

stop() {
	kill "$balancer"
	wait "$balancer"
}

# masters "PORT up|down"...
masters() {
	for m; do
		echo "127.0.0.1:${m% *} ${m#* } 1 because"
	done >"$T/run/.new"
	mv "$T/run/.new" "$T/run/masters"
}

first() { timeout 60 "$peer" first "$at"; }
first_is() { [ "$(first)" = "$1" ]; }
word() { cat "$T/run/suspect/127.0.0.1:$1" 2>/dev/null; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$balancer/status"; }
# a sanitizer keeps what was freed
sanitized() { grep -q __asan_init "$lb"; }

serve a name alpha
a=$port
serve b name beta
b=$port
serve refuse refuse
dead=$port
serve full full
full=$port

balance "127.0.0.1:$dead,127.0.0.1:$b"
is 'refused: the next one, within the connection' "$(first)" beta
is 'and it is told' "$(word "$dead")" refused
stop
is 'ended by SIGTERM: exit 0' $? 0

balance "127.0.0.1:$full,127.0.0.1:$b"
is 'no answer: the next one, within the connection' "$(first)" beta
is 'and it is told' "$(word "$full")" slow
stop

balance "127.0.0.1:$dead"
is 'no master takes it: reset' "$(first)" reset
stop

balance "127.0.0.1:$a,127.0.0.1:$b"
is 'no file: the first of the command line' "$(first)" alpha
is 'half-close is passed on, both ways' "$(timeout 60 "$peer" half "$at")" \
	"$(printf 'alpha\nline\nend\nclosed')"

timeout 120 "$peer" hold 300 "$at" >"$T/held" &
holder=$!
wait_for grep -q held "$T/held"
is '300 connections' "$(head -n 1 "$T/held")" 'held 300'
kb=$(rss)
sanitized || [ "$kb" -lt 8192 ]
ok $? "in less than 8 MB ($kb KB)"
masters "$a down" "$b up"
wait "$holder"
is 'their master goes down: all reset at once' "$(tail -n 1 "$T/held")" \
	'reset 300 closed 0 left 0'
is 'new ones go to the other' "$(first)" beta

masters "$a down" "$b down"
wait_for first_is reset
ok $? 'all down: reset at once'
masters "$a up" "$b down"
wait_for first_is alpha
ok $? 'up again: taken again'
echo garbage >"$T/run/.new"
mv "$T/run/.new" "$T/run/masters"
is 'a file that does not parse: goes on' "$(first)" alpha
masters "$a down" "$b up"
wait_for first_is beta
echo garbage >"$T/run/.new"
mv "$T/run/.new" "$T/run/masters"
is 'with what it knew, not with all' "$(first)" beta
masters "$at up" "$b down"
wait_for first_is reset
ok $? 'a file that names the balancer itself: no loop'
stop

rm "$T/run/masters"
serve flood flood 33554432 "$T/blocked"
balance "127.0.0.1:$port"
before=$(rss)
timeout 120 "$peer" slow 33554432 "$at" "$T/blocked" >"$T/slow" 2>&1 &
reader=$!
wait_for test -e "$T/blocked"
ok $? 'a reader that stalls holds the sender back'
after=$(rss)
sanitized || [ $((after - before)) -lt 1024 ]
ok $? "and costs less than 1 MB ($((after - before)) KB)"
wait "$reader"
is 'and gets every byte' "$(cat "$T/slow")" 'closed whole'

"$lb" -n -l "127.0.0.1:$at" 127.0.0.1:1 2>"$T/err"
is 'an address in use: 100' $? 100
is 'told in one line' "$(wc -l <"$T/err")" 1
"$lb" -l "127.0.0.1:$at" "127.0.0.1:$at" 2>"$T/err"
is 'the balancer itself as master: 100' $? 100
stop
"$lb" -n -l "127.0.0.1:$at" 127.0.0.1:1 2>"$T/err"
is 'a good configuration: 0' $? 0
"$lb" -n nonsense 2>"$T/err"
is 'a bad master: 100' $? 100
"$lb" -x 2>"$T/err"
is 'a bad option: 100' $? 100
done_testing
