#!/bin/sh
# listen.t: ote-listen(8) listens at once, and becomes its command when those
# behind it are there
# shellcheck disable=SC2016
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
listen=$bin/ote-listen
cd "$T" || exit 1
port=$(ports 1)

connects() {
	perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(
		PeerAddr => "127.0.0.1", PeerPort => shift)' "$port"
}

# serve NAME: a unix socket at which somebody listens
serve() {
	start "$1" perl -MIO::Socket::UNIX -e \
		'$s = IO::Socket::UNIX->new(Local => shift, Listen => 1);
		sleep 60' "$1"
}

"$listen" >out 2>&1
is 'no address: 100' $? 100
"$listen" 127.0.0.1:0x true 2>out
is 'no port: 100' $? 100
"$listen" "127.0.0.1:$port" ./none 2>out
is 'no command: 100' $? 100
"$listen" -n "127.0.0.1:$port" false
is 'only looking: 0' $? 0
"$listen" -w "$(printf '%0200d' 0)" "127.0.0.1:$port" true 2>out
is 'a path that is no socket address: 100' $? 100

# the command tells what is there when it begins
start early "$listen" -w a -w b "127.0.0.1:$port" sh -c \
	'ls a b; echo "$LISTEN_FDS $((LISTEN_PID == $$))"; exec sleep 60'
wait_for connects
ok $? 'clients can connect before'
serve a
wait_for test -S a
serve b
wait_for grep -q ' ' early.log
is 'the command runs when both are served' "$(paste -sd' ' early.log)" 'a b 1 1'
connects
ok $? 'and clients still connect'
done_testing
