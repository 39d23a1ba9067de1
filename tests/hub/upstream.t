#!/bin/sh
# upstream.t: garbage from the master is dropped and told, the last good state
# stays, and what comes next is taken.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
c=/api/v1/namespaces/x/configmaps
echo "$c" >"$dir/feeds"
{ event ADDED a 3 && event ADDED b 4 && mark 20; } | reply init 200
: | reply good 200
use() { # RULE...: for watches
	rules <<-END
		*sendInitialEvents=true* init
		*watch=true* $*
		*limit=* bad
	END
}
use good hold
kubeconfig "http://127.0.0.1:$mock_port"
start_edge
wait_for 60 has_feeds core/v1/configmaps/x
get "$c?resourceVersion=0" && is "$code $(names)" '200 a b' 'a good start, by sendInitialEvents'
watch open "$c?watch=true&resourceVersion=20"
rv=20

told() { [ "$(grep -c '^ote-watch-sync: ' "$dir/edge.err")" -gt "$before" ]; }
# garbage NAME: a watch that begins is answered with $dir/mock/bad
garbage() {
	seen=$(wc -l <"$dir/open")
	before=$(grep -c '^ote-watch-sync: ' "$dir/edge.err")
	: >"$dir/mock/log"
	use bad "${how-}"
	rm "$dir/mock/good"
	wait_for 60 asked "resourceVersion=$rv" && wait_for 60 told
	ok $? "$1: told"
	get "$c?resourceVersion=0"
	is "$code $(names)" '200 a b' 'the last good state stays'
	rv=$((rv + 2))
	event MODIFIED a $rv | reply good 200
	use good hold
	wait_for 60 grep -q "\"$rv\"" "$dir/open"
	is "$(tail -n 1 "$dir/open" | jq -r .object.metadata.resourceVersion)" $rv \
		'what comes next is taken'
	is "$(wc -l <"$dir/open")" $((seen + 1)) 'and nothing else came'
}
bad() { reply bad 200 "$@"; }

{ echo '{"type":"MODIFIED","object":{"metadata":' && event ADDED z $((rv + 1)); } | bad
garbage 'a bad line'
echo '<html><body>It works!</body></html>' | bad text/html
garbage '200 with HTML'
event EXPLODED a $((rv + 1)) | bad
garbage 'an unknown type'
echo '{"type":"MODIFIED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"x"}}}' | bad
garbage 'no resourceVersion'
echo '{"type":"MODIFIED","object":[1]}' | bad
garbage 'no object'
event MODIFIED a $((rv + 1)) | sed 's/"ConfigMap"/"Secret"/' | bad
garbage 'another kind'
event ADDED z $((rv + 1)) | sed 's/"namespace":"x"/"namespace":"y"/' | bad
garbage 'another namespace'
event ADDED ../../../../evil $((rv + 1)) | bad
garbage 'a name with slashes'
[ -z "$(find "$dir" -name '*evil*')" ]
ok $? 'made no file'
event ADDED 'a\u0000b' $((rv + 1)) | bad
garbage 'a name with a NUL'
printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n' >"$dir/mock/bad"
how=endless garbage 'an endless header'
head -c 40000000 /dev/zero | tr '\0' x | bad
garbage 'an endless line'
printf 'no HTTP at all\r\n\r\n' >"$dir/mock/bad"
garbage 'no HTTP'

big=$(head -c 3000000 /dev/zero | tr '\0' z)
rv=$((rv + 1))
{
	event ADDED big $rv | sed 's/}}$/,"data":{"k":"/' | tr -d '\n'
	printf '%s"}}}\n' "$big"
} >>"$dir/mock/good"
wait_for 60 grep -q "\"$rv\".*}}}\$" "$dir/open"
is "$(tail -n 1 "$dir/open" | jq -r '.object.data.k | length')" 3000000 '3 MB go through'
get "$c/big?resourceVersion=0"
is "$code $(jq -r '.data.k | length' "$dir/body")" '200 3000000' 'and are served'
done_testing
