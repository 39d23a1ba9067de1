#!/bin/sh
# serve.t: what a standalone hub answers to GET, LIST and WATCH.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# a data path that is a link: lighttpd must find the large list all the same
mkdir "$dir/real" && ln -s real "$dir/master"
start_master
at=$master c=/api/v1/namespaces/x/configmaps

for name in a b c; do write POST $c "$(configmap "$name" "app-$name")"; done
is "$code" 201 'objects are made'
rv=$(wrote_rv)
write POST /api/v1/namespaces/y/configmaps "$(configmap d app-a)"
get $c && is "$(names)" 'a b c' 'LIST of a namespace'
is "$(jq -r '"\(.kind) \(.apiVersion)"' "$dir/body")" 'ConfigMapList v1' 'kind of the list'
is "$(jq -c '.items[0] | [has("kind"), has("apiVersion")]' "$dir/body")" \
	'[false,false]' 'built-in items lack kind and apiVersion'
get /api/v1/configmaps && is "$(names)" 'a b c d' 'LIST of all namespaces'
get "$c?resourceVersion=0&limit=1" && is "$(names)" 'a b c' 'RV=0 ignores the limit'
get "$c?resourceVersion=$rv" && is "$(names)" 'a b c' 'RV=N'
get "$c?labelSelector=app%3Dapp-a" && is "$(names)" a 'label ='
get "$c?labelSelector=app+notin+(app-a,app-b)" && is "$(names)" c 'label notin'
get "$c?labelSelector=!app" && is "$(names)" '' 'label !'
get "$c?fieldSelector=metadata.name!%3Da" && is "$(names)" 'b c' 'field !='
get "/api/v1/configmaps?fieldSelector=metadata.namespace%3Dy" && is "$(names)" d 'field namespace'
get $c/b && is "$(jq -r '"\(.kind) \(.metadata.name)"' "$dir/body")" 'ConfigMap b' 'GET'
get "$c/b?resourceVersion=0" && is "$code" 200 'GET with RV=0'

status $c/none 404 NotFound 'GET of nothing'
is "$(jq -c '[.details.name, .details.kind]' "$dir/body")" '["none","configmaps"]' 'and its details'
get /apis/none && is "$code $(cat "$dir/body")" '404 404 page not found' 'an unknown path is text'
status "$c?labelSelector=a%3D%3D%3Db" 400 BadRequest 'a bad label selector'
status "$c?labelSelector=a+in+(" 400 BadRequest 'an unfinished one'
status "$c?fieldSelector=data.k%3Dv" 400 BadRequest 'an unknown field'
status "$c?resourceVersion=abc" 400 BadRequest 'a malformed RV'
status "$c?resourceVersion=-1" 400 BadRequest 'a negative RV'
status "$c?limit=x" 400 BadRequest 'a bad limit'
status "$c?watch=1&timeoutSeconds=x" 400 BadRequest 'a bad timeout'
status "$c?resourceVersionMatch=Exact" 422 Invalid 'match without RV'
status "$c?resourceVersionMatch=Exact&resourceVersion=0" 422 Invalid 'exactly 0'
status "$c?resourceVersionMatch=Some&resourceVersion=1" 422 Invalid 'an unknown match'
status "$c?sendInitialEvents=true" 422 Invalid 'sendInitialEvents on a LIST'
status "$c?watch=true&sendInitialEvents=true" 422 Invalid 'and without NotOlderThan'
status "$c?watch=true&resourceVersionMatch=NotOlderThan" 422 Invalid 'match on a watch'
status "$c?resourceVersion=1&resourceVersionMatch=Exact" 410 Expired 'exactly an old RV'
status "$c?continue=junk" 400 BadRequest 'a continue of nobody'

start=$(date +%s%N)
status "$c?resourceVersion=99999999999999999" 504 Timeout 'an RV of the future'
is "$(jq -r '.details.causes[0].reason' "$dir/body")" ResourceVersionTooLarge 'has its cause'
took=$((($(date +%s%N) - start) / 1000000))
[ $took -ge 2900 ] && [ $took -lt 15000 ]
ok $? "after 3 s ($took ms)"
grep -qi '^retry-after: 1' "$dir/head"
ok $? 'and Retry-After: 1'
status $c 406 NotAcceptable 'only protobuf wanted' -H 'Accept: application/vnd.kubernetes.protobuf'
get $c -H 'Accept: application/vnd.kubernetes.protobuf,application/json' && is "$code" 200 'or JSON'
raw "HEAD $c/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" >"$dir/head"
is "$(sed '1,/^\r$/d' "$dir/head")$(head -c 12 "$dir/head")" 'HTTP/1.1 405' 'HEAD is no verb of the API'

write POST /apis/example.com/v1/namespaces/x/widgets \
	'{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"w"}}'
get /apis/example.com/v1/namespaces/x/widgets
is "$code $(jq -r '.kind + " " + .items[0].kind' "$dir/body")" '200 WidgetList Widget' \
	'custom resources; their items say their kind'
big=$(head -c 60000 /dev/zero | tr '\0' z)
write POST $c "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"big\"},\"data\":{\"k\":\"$big\"}}"
get $c && jq -cS '.items[]' "$dir/body" >"$dir/items"
for name in a b big c; do
	get $c/$name && jq -cS 'del(.kind, .apiVersion)' "$dir/body"
done >"$dir/objects"
cmp -s "$dir/items" "$dir/objects"
ok $? 'a large LIST is the sum of its objects'
[ -n "$(ls "$dir/master/run/lists")" ] && ! grep -qi '^x-sendfile' "$dir/head"
ok $? 'and went out as a file'
done_testing
