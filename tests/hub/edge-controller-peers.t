#!/bin/sh
# edge-controller-peers.t: what other nodes say of one that is cut off
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
feed $shown /apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes
auto='.status.conditions[]|select(.type=="Autonomous")|.status+" "+.reason+" "+.message'
since="its Lease is renewed in the kubelet's place since"

# go SECONDS [OPTION...]: a round in which evidence counts, obeyed
go() {
	step "$@" -P 2
	obey
}

# say NAME WORD...: its hub reports, +NAME or -NAME of others, by any clock
say() {
	who=$1
	shift
	beat "$who"
	change edgenodes "$who" '.status.report = {time: $t, peers: ($w |
		split(" ") | map({name: .[1:], reachable: startswith("+")}))}' \
		--arg t "$(when $((at + 7200)))" --arg w "$*"
}

for node in a b c d; do
	node $node
done
go 0
say b +a
say c +a
say d
go 10
beat a
go 11
say b +a
say c -a
say d
go 25
at=30
beat b && beat c && beat d
step 31 -P 2
did 'a node is cut off' 'renew a'
obey
go 32
has edgenodes a "$auto" "\"True TakenOver $since $(when 31); it is reached by b\""

# a word of before its last heartbeat, or an old one, counts for nothing
at=50
say b -a
say c -a
say d +a
step 51 -P 2
did 'another one reaches it now' 'edgenode a,renew a'
obey
has edgenodes a "$auto" "\"True TakenOver $since $(when 31); it is reached by d\""
at=66
say b -a
say c -a
say d
go 67
has edgenodes a "$auto" "\"True TakenOver $since $(when 31)\""
at=85
beat b && beat c && beat d
step 86 -P 2
did 'nobody reaches it: not at once' 'renew a'
obey
step 87 -P 2
did 'but after the age of a takeover' 'edgenode a,event a'
obey
has edgenodes a "$auto" '"False PeersCannotReach left to the master: no other node reaches it"'
has edgenodes a '.status.conditions[]|select(.type=="Ready")|.status+" "+.reason' '"False PeersCannotReach"'
is 'which is told' "$(grep -h 'no other node reaches it' "$o"/events/* | jq -r .reason)" EdgeNodeLetGo
at=110
beat b && beat c && beat d
step 111 -P 2
did 'it is not renewed any more' ''
at=300
beat b && beat c && beat d
go 301
step 302 -P 2
did 'and stays so when the words are old' ''
rm "$T/seen"
step 303 -P 2
obey
step 304 -P 2
did 'also for one that begins anew' ''
cp "$T/seen" "$T/seen.was"
step 305
did 'without evidence it is stood in for' 'edgenode a,event a,renew a'
cp "$T/seen.was" "$T/seen"
at=309
say b +a
beat c && beat d
step 310 -P 2
did 'who reaches it later outweighs all' 'edgenode a,event a,renew a'
obey
go 311
has edgenodes a "$auto" "\"True TakenOver $since $(when 31); it is reached by b\""

# --- who is not heard ---

at=330
for node in b c d; do
	say $node -a -a
done
change nodes b '.status.conditions[1].status = "False"'
change nodes c '.metadata.labels = {}'
go 331
at=352
beat b && beat c && beat d
go 353
at=370
beat b && beat c && beat d
step 371 -P 2
did 'not those that are not Ready, not selected, or one alone' 'renew a'
has edgenodes a "$auto" "\"True TakenOver $since $(when 31)\""
step 371 -P 1
obey
at=385
beat b && beat d
step 392 -P 1
did 'where one is enough it is let go' 'edgenode a,event a'
obey

# --- odd words ---

change edgenodes d '.status.report.peers = [7, {}, {name: 5}, {name: "a\\u0000"},
	{name: "d", reachable: false}, {name: "nobody", reachable: true}]'
beat d
at=400
step 401 -P 1
is 'odd words are none' $? 0
"$bin/ote-edge-controller" -n -P many 2>/dev/null
is 'not a number' $? 100
done_testing
