#!/bin/sh
# mend.t: a hub starts on a damaged tree, tells, quarantines, and serves what
# is sure; what is not it asks the master for, or says 503.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
tree=$dir/edge/cache/core/v1 ns=/api/v1/namespaces/x
echo $ns/configmaps >"$dir/feeds"
kinds='ConfigMap:configmaps Secret:secrets Pod:pods Service:services Endpoints:endpoints'
: | reply idle 200
for k in $kinds; do
	{ event ADDED a 3 && event ADDED b 4 && mark 20; } |
		sed "s/ConfigMap/${k%:*}/" | reply "${k#*:}" 200
	echo "*/${k#*:}*sendInitialEvents* ${k#*:} hold"
done >"$dir/rules"
echo '*watch=true*resourceVersion=2* idle hold' >>"$dir/rules"
rules <"$dir/rules"
kubeconfig "http://127.0.0.1:$mock_port"
start_edge
wait_for 60 master_is up
for k in $kinds; do
	get "$ns/${k#*:}?resourceVersion=0"
	event ADDED c 22 | sed "s/ConfigMap/${k%:*}/" >>"$dir/mock/${k#*:}"
done
filled() {
	for r in configmaps secrets pods services endpoints; do
		[ -e "$tree/$r/x/objects/x/c" ] || return 1
	done
}
wait_for 60 filled
ok $? 'five feeds of three objects'
stop "$edge_pid"
stop "$mock_pid"

j=$tree/configmaps/x/journal # cut amid the last line
head -c -30 "$j" >"$dir/j" && cat "$dir/j" >"$j"
j=$tree/secrets/x/journal # a line amid is garbled, a foreign file
sed '2s/"kind"/"\xff\xfe/' "$j" >"$dir/j" && cat "$dir/j" >"$j"
echo precious >"$tree/secrets/x/objects/x/note.txt"
echo foreign >"$tree/secrets/x/objects/x/evil"
: >"$tree/pods/x/feed" # nothing says what it is
j=$tree/services/x/journal # BASE is corrupt
sed '1s/BASE/BA/' "$j" >"$dir/j" && cat "$dir/j" >"$j"
: >"$tree/endpoints/x/journal" # nothing at all
mkdir -p "$dir/edge/cache/foreign" "$tree/empty/x"
head -c 3000 /dev/urandom >"$dir/edge/cache/rubbish"
ln -s /etc "$tree/link"
: >"$dir/edge.err"

start_edge
ok 0 'it starts, cut off'
wait_for 60 master_is down
feed() { # RESOURCE NAMES WHAT
	get "$ns/$1?resourceVersion=0"
	is "$code $(names 2>/dev/null)" "200 $2" "$3"
}
feed configmaps 'a b' 'a torn end is cut'
feed secrets 'a b c' 'a garbled line is mended from objects/'
get "$ns/pods?resourceVersion=0"
is "$code" 503 'an empty feed file: 503'
get "$ns/services?resourceVersion=0"
case "$code $(names 2>/dev/null)" in 503* | '200 a b c') ok 0 "a corrupt BASE: $code" ;;
*) is "$code $(names)" '503' 'a corrupt BASE' ;; esac
get "$ns/endpoints?resourceVersion=0"
case "$code $(names 2>/dev/null)" in 503* | '200 a b c') ok 0 "an empty journal: $code" ;;
*) is "$code $(names)" '503' 'an empty journal' ;; esac
get "$ns/secrets/note.txt?resourceVersion=0"
is "$code" 404 'a foreign file is no object'
for what in configmaps secrets pods services endpoints; do
	grep -q "^ote-watch-sync: .*$what/x" "$dir/edge.err"
	ok $? "told: $what"
done
grep -qs precious "$dir"/edge/quarantine/*
ok $? 'the foreign file is in quarantine/'
[ "$(find "$dir/edge/quarantine" -name '*journal*' | wc -l)" -ge 2 ]
ok $? 'so are the journals as they were'
[ ! -e "$tree/secrets/x/objects/x/note.txt" ] && [ ! -e "$tree/secrets/x/objects/x/evil" ]
ok $? 'and not in objects/'
is "$(grep 'exit\|signal\|died' "$dir/edge.err")" '' 'no tool died'

: >"$dir/mock/log"
start_mock
wait_for 60 master_is up
for r in secrets pods services endpoints; do
	healed() { get "$ns/$r?resourceVersion=0" && [ "$code $(names)" = '200 a b c' ]; }
	wait_for 60 healed
	is "$code $(names)" '200 a b c' "the master is back: $r is whole"
done
wait_for 60 asked "configmaps?watch=true&allowWatchBookmarks=true"
is "$(grep -c 'configmaps.*sendInitialEvents' "$dir/mock/log")" 0 'what was sure is not listed again'
done_testing
