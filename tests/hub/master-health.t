#!/bin/sh
# master-health.t: ote-master-health(8) tells each transition, and no more, of
# masters that fail in every way, and keeps the file of masters.
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
peer=${BUILD:-$top/build}/tests/hub/peer
mh=$bin/ote-master-health
out=$T/mh.log
file=$T/run/masters
mkdir "$T/run" "$T/e"

# serve NAME ARG...: a peer in the background; its address in $addr
serve() {
	name=$1
	shift
	start "$name" "$peer" "$@"
	wait_for test -s "$T/$name.log"
	addr=127.0.0.1:$(head -n 1 "$T/$name.log")
}

# tls NAME CERT_DIR: openssl s_server that serves readyz; its address in $addr
tls() {
	start "$1" openssl s_server -accept 127.0.0.1:0 -WWW \
		-cert "$2/edge-server.pem" -key "$2/edge-server-key.pem"
	wait_for grep -q '^ACCEPT' "$T/$1.log"
	addr=$(sed -n 's/^ACCEPT //p' "$T/$1.log")
}

health() {
	: >"$out"
	rm -f "$file"
	start mh "$mh" -i 300 -t 10000 -o "$file" -s "$T/run/suspect" "$@"
	health=$pid
	wait_for test -s "$file"
}

stop() {
	kill "$health"
	wait "$health"
}

# once NAME STATUS ADDRS WANT: WANT is `up|down REASON` of the first
limit=10000
once() {
	timeout 60 "$mh" -1 -t $limit ${kc:+-k "$kc"} "$3" >"$T/out" 2>"$T/err"
	is "$1: exit $2" $? "$2"
	is "$1: told" "$(grep "^${3%%,*} " "$T/out" | cut -d ' ' -f 2,4- |
		cut -c "1-${#4}")" "$4"
}

code() { # NAME CODE
	echo "$2" >"$T/.new"
	mv "$T/.new" "$T/$1.code"
}

suspect() { # ADDR WORD
	echo "$2" >"$T/run/suspect/.new"
	mv "$T/run/suspect/.new" "$T/run/suspect/$1"
}

state() { sed -n "s/^$1 \([a-z]*\) .*/\1/p" "$file"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
lines() { wc -l <"$out"; }
lines_are() { [ "$(lines)" -eq "$1" ]; }

code a 200
serve a http "$T/a.code"
a=$addr
code b 200
serve b http "$T/b.code"
b=$addr
serve hang hang
hang=$addr
serve refuse refuse
dead=$addr
serve garbage say SSH-2.0-x
garbage=$addr

kc=''
once 200 0 "$a" 'up ok'
for c in 401 403 404; do
	code b $c
	once $c 0 "$b" 'up ok'
done
for c in 500 503 429 302; do
	code b $c
	once $c 1 "$b" "down http $c"
done
once refused 1 "$dead" 'down connect refused'
limit=500
once hang 1 "$hang" 'down timeout'
limit=10000
once garbage 1 "$garbage" 'down garbage'
once 'one of two' 0 "$dead,$a" 'down connect refused'

cd "$T" || exit 1
certs ssl
certs other
echo ok >readyz
tls tls "$T/ssl"
kc=$T/kc
kubeconfig "https://$addr" "$T/ssl/ca.pem" >"$kc"
once TLS 0 "$addr" 'up ok'
once 'TLS, garbage' 1 "$garbage" 'down tls'
limit=500
once 'TLS, hang' 1 "$hang" 'down timeout'
limit=10000
kubeconfig "https://$addr" "$T/other/ca.pem" >"$kc"
once 'another CA' 1 "$addr" 'down tls'
kubeconfig https://another.name:6443 "$T/ssl/ca.pem" >"$kc"
once 'another name' 1 "$addr" 'down tls'
jq '.clusters[0].cluster["tls-server-name"] = "localhost"' "$kc" >"$T/kc2"
kc=$T/kc2
once 'tls-server-name' 0 "$addr" 'up ok'
kc=''

code b 503
health "$a,$b"
is 'the first result decides' "$(state "$a") $(state "$b")" 'up down'
is 'a line each' "$(lines)" 2
code b 200
wait_for state_is "$b" up
ok $? 'good again: up'
code a 503
wait_for state_is "$a" down
ok $? 'bad: down'
is 'with the reason' "$(sed -n "s/^$a .* [0-9]* //p" "$file")" 'http 503'
code a 200
wait_for state_is "$a" up
is 'a line a transition' "$(tail -n 2 "$out" | cut -d ' ' -f 1,2 |
	tr '\n' ' ')" "$a down $a up "
is 'and no more' "$(lines)" 5

suspect "$a" refused
wait_for lines_are 7
is 'refused: down at once, up after two good' "$(tail -n 2 "$out" |
	cut -d ' ' -f 1,2 | tr '\n' ' ')" "$a down $a up "
wait_for test ! -e "$T/run/suspect/$a"
ok $? 'what was told is taken away'
suspect "$b" slow
wait_for test ! -e "$T/run/suspect/$b"
ok $? 'slow is taken away'
is 'and a good probe says no' "$(lines)" 7
stop
is 'ended by SIGTERM: exit 0' $? 0

# an interval of a minute: only what is told can make it probe
: >"$out"
rm -f "$file"
start mh "$mh" -i 60000 -t 10000 -o "$file" -s "$T/run/suspect" "$a"
health=$pid
wait_for test -s "$file"
code a 503
suspect "$a" slow
wait_for state_is "$a" down
ok $? 'slow: probed at once, and again at once: down'
code a 200
suspect any slow
wait_for state_is "$a" up
ok $? 'any: probed at once, and soon again: up'
stop

endpoints() { # PORT...
	jq -n '{kind: "Endpoints", apiVersion: "v1", subsets: [{
		addresses: [{ip: "127.0.0.1"}],
		ports: [$ARGS.positional[] | {name: "https", port: tonumber}]}]}' \
		--args "$@" >"$T/e/.new"
	mv "$T/e/.new" "$T/e/kubernetes"
}
here() { grep -q "^$1 " "$file"; }
not_here() { ! grep -q "^$1 " "$file"; }

health -e "$T/e/kubernetes" "$a"
is 'no endpoints yet' "$(cut -d ' ' -f 1 "$file")" "$a"
endpoints "${b##*:}"
wait_for state_is "$b" up
ok $? 'an endpoint comes'
echo '{"kind":' >"$T/e/.new"
mv "$T/e/.new" "$T/e/kubernetes"
endpoints "${hang##*:}"
wait_for not_here "$b"
ok $? 'it goes'
wait_for state_is "$hang" down
ok $? 'another one came'
here "$a"
ok $? 'the one of the command line stays'
stop

"$mh" -n "$a" 2>"$T/err"
is 'a good configuration: 0' $? 0
"$mh" -n -k "$T/none" "$a" 2>"$T/err"
is 'no such kubeconfig: 100' $? 100
is 'told in one line' "$(wc -l <"$T/err")" 1
"$mh" -n nonsense 2>"$T/err"
is 'a bad master: 100' $? 100
"$mh" -i 0 "$a" 2>"$T/err"
is 'a bad interval: 100' $? 100
"$mh" 2>"$T/err"
is 'no master: 100' $? 100
done_testing
