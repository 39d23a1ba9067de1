#!/bin/sh
# pass.t: what goes through to the master goes byte for byte, both ways.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
p=/api/v1/namespaces/x/pods
pb=application/vnd.kubernetes.protobuf
head -c 300000 /dev/urandom >"$dir/bytes"
{ printf 'k8s\0' && cat "$dir/bytes"; } >"$dir/pb"
reply pb 201 $pb <"$dir/pb"
printf '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":200}' \
	>"$dir/json"
gzip -c "$dir/json" >"$dir/json.gz"
{
	printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
	printf 'Content-Encoding: gzip\r\nX-Kubernetes-Pf-Flowschema-Uid: u\r\n'
	printf 'Warning: 299 - "old"\r\nConnection: close\r\nContent-Length: %s\r\n\r\n' \
		"$(wc -c <"$dir/json.gz")"
	cat "$dir/json.gz"
} >"$dir/mock/gz"
echo nobody | reply teapot 418 text/plain
echo line 1 | reply stream 200 text/plain
reply version 200 <"$dir/json"
rules <<-END
	*/pods/p/log* stream hold
	*/pods/gz/status gz
	*/pods/tea* teapot
	/version* version
	*/pods pb
END
kubeconfig "http://127.0.0.1:$mock_port"
start_edge
wait_for 60 master_is up

get $p -X POST -H "Content-Type: $pb" -H "Accept: $pb" --data-binary "@$dir/pb" \
	-H 'X-Mine: yes' -H 'Impersonate-User: root' -H 'Authorization: Bearer mine'
is "$code" 201 'a protobuf POST'
cmp -s "$dir/body" "$dir/pb"
ok $? 'its answer is untouched'
tail -c "$(wc -c <"$dir/pb")" "$dir/mock/last" | cmp -s - "$dir/pb"
ok $? 'its body is untouched'
grep -qai "^content-type: $pb" "$dir/mock/last" && grep -qai '^x-mine: yes' "$dir/mock/last" &&
	grep -qai "^accept: $pb" "$dir/mock/last"
ok $? 'its headers are there'
! grep -qai '^impersonate\|^authorization' "$dir/mock/last"
ok $? 'but no identity of its own'
get $p -H "Accept: $pb"
is "$code $(cmp "$dir/body" "$dir/pb" 2>&1)" '201 ' 'a protobuf LIST goes through'

get $p/gz/status -H 'Accept-Encoding: gzip'
is "$code" 200 'a gzipped answer'
cmp -s "$dir/body" "$dir/json.gz"
ok $? 'stays gzipped'
grep -qi '^content-encoding: gzip' "$dir/head" && grep -qi '^warning: 299' "$dir/head" &&
	grep -qi '^x-kubernetes-pf' "$dir/head"
ok $? 'with its headers'
grep -qai '^accept-encoding: gzip' "$dir/mock/last"
ok $? 'as it was asked for'
get $p/tea && is "$code $(cat "$dir/body")" '418 nobody' 'an odd code passes'
get $p/x/y/z && is "$code" 404 'an odd path passes'
get "$p/tea?a=%2F+b&c" && grep -Fxq "GET $p/tea?a=%2F+b&c" "$dir/mock/log"
ok $? 'a query passes as it is'
watch log "$p/p/log?follow=true"
wait_for 60 lines "$dir/log" 1
ok $? 'a stream comes as it goes'
echo line 2 >>"$dir/mock/stream"
wait_for 60 lines "$dir/log" 2
ok $? 'and goes on'
mv "$dir/mock/stream" "$dir/was" && rm "$dir/was"
wait "$watch_pid" && is "$(cat "$dir/log")" 'line 1
line 2' 'and ends'

get /version && is "$code" 200 'discovery'
stop "$mock_pid"
wait_for 60 master_is down
get /version && cmp -s "$dir/body" "$dir/json"
ok $? 'is remembered while the master is away'
status /api 503 ServiceUnavailable 'what was not asked for is not'
status $p 415 UnsupportedMediaType 'a protobuf POST is told' -X POST -H "Content-Type: $pb" \
	--data-binary "@$dir/pb"
done_testing
