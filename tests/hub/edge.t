#!/bin/sh
# edge.t: a hub in front of a standalone one that plays the master, cut off
# and healed.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
c=/api/v1/namespaces/x/configmaps w=/apis/example.com/v1/namespaces/x/widgets
p=/api/v1/namespaces/x/pods
start_master
kubeconfig "$master" "certificate-authority: $ca"
echo "$p" >"$dir/feeds"
start_edge
wait_for 60 master_is up
for name in a b; do write POST $c "$(configmap "$name")"; done
write POST $w '{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"w"}}'

get "$c?resourceVersion=0" && is "$code $(names)" '200 a b' 'the first LIST is answered'
wait_for 60 test -s "$dir/edge/cache/core/v1/configmaps/x/journal"
ok $? 'and made a feed'
watch cm "$c?watch=true&resourceVersion=$(jq -r .metadata.resourceVersion "$dir/body")"
watch custom "$w?watch=true"
is "$(events custom 1)" ADDED/w 'a watch of a custom resource'
wait_for 60 test -s "$dir/edge/cache/example.com/v1/widgets/x/journal"
ok $? 'made one too'
granted() { [ -z "$(ls "$dir/edge/wishes")" ]; }
wait_for 60 granted
ok $? 'no wish is left'
get "/api/v1/namespaces/x/secrets/none?resourceVersion=0" &&
	is "$code" 404 'what the master has not is 404'
at=$edge && write POST $c "$(configmap c)" && get $c
is "$code $(names)" '200 a b c' 'a change, and the most recent LIST'
is "$(events cm 1)" ADDED/c 'it came on the watch'
curl -sS --cacert "$ca" -X PUT -d "$(configmap c put)" "$edge$c/c" >"$dir/wrote"
is "$(jq -r .metadata.labels.app "$dir/wrote")" put 'a write goes through'
is "$(events cm 2)" 'ADDED/c MODIFIED/c' 'and comes back on the watch'
is "$(get $c/c && jq -r .metadata.labels.app "$dir/body")" put 'and in a GET'

i=0
while [ $i -lt 1000 ]; do
	printf 'url = "%s/api/v1/namespaces/x/pods"\ncacert = %s\noutput = /dev/null\ndata = "{\\"kind\\":\\"Pod\\",\\"apiVersion\\":\\"v1\\",\\"metadata\\":{\\"name\\":\\"p%s\\"},\\"spec\\":{\\"text\\":\\"%s\\"}}"\nnext\n' \
		"$master" "$ca" $i "$(printf %02000d $i)"
	i=$((i + 1))
done | sed '$d' >"$dir/posts"
curl -sS -K "$dir/posts"
pods() { get "$p?resourceVersion=0" && [ "$(names | wc -w)" -eq 1000 ]; }
wait_for 60 pods
ok $? '1000 objects arrive'
cp "$dir/body" "$dir/pods"

# cut
stop "$master_pid"
wait_for 60 master_is down
ok $? 'the edge knows that the master is gone'
pods && cmp -s "$dir/body" "$dir/pods"
ok $? 'the list of 1000 is served, byte for byte'
get $c && is "$code $(names)" '200 a b c' 'LIST without an RV'
get $w/w && is "$code $(jq -r .kind "$dir/body")" '200 Widget' 'GET of a custom object'
watch late "$c?watch=true&labelSelector=app%3Dput"
is "$(events late 1)" ADDED/c 'a new watch begins'
status /api/v1/namespaces/x/secrets 503 ServiceUnavailable 'an uncovered LIST'
! grep -qi '^retry-after' "$dir/head"
ok $? 'has no Retry-After'
grep -q 'master' "$dir/body"
ok $? 'and says why'
status "/api/v1/namespaces/x/secrets?watch=true" 503 ServiceUnavailable 'an uncovered WATCH'
status "/api/v1/namespaces/x/secrets/s?resourceVersion=0" 503 ServiceUnavailable 'an uncovered GET'
status $c/none 404 NotFound 'what a covered feed has not'
status $c 503 ServiceUnavailable 'a write' -X POST -d "$(configmap d)"
status $c/a 503 ServiceUnavailable 'a DELETE' -X DELETE
status /apis/certificates.k8s.io/v1/certificatesigningrequests 503 ServiceUnavailable \
	'a CSR' -X POST -d '{}'
kill -0 "$watch_pid" && is "$(wc -l <"$dir/cm" | tr -d ' ')" 2 'open watches stay open'

# heal, with changes that the edge cannot have seen before
hub master standalone "$master_port"
for name in d e f; do write POST $c "$(configmap "$name" put)"; done
write DELETE $c/a
is "$(events cm 6)" 'ADDED/c MODIFIED/c ADDED/d ADDED/e ADDED/f DELETED/a' \
	'back: every change on the old watch, once, in order'
is "$(events late 4)" 'ADDED/c ADDED/d ADDED/e ADDED/f' 'and on the one begun meanwhile'
get $c && is "$code $(names)" '200 b c d e f' 'LIST is the master'\''s again'
get /api/v1/namespaces/x/secrets && is "$code" 200 'the uncovered is there again'
! grep -qi 'sanitizer\|assert' "$dir/edge.err"
ok $? 'nothing died'
done_testing
