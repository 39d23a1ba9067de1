#!/bin/sh
# discovery.t: what ote-discovery keeps, and what the hub makes of it when cut off
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
json=application/json
aggregated="$json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
proto=application/com.github.proto-openapi.spec.v2.v1.0+protobuf

# resource NAME KIND SCOPE VERBS
resource() {
	printf '{"resource":"%s","responseKind":{"group":"","version":"","kind":"%s"},"scope":"%s","verbs":[%s]}' "$@"
}

# groups NAME VERSION RESOURCES FRESHNESS...: an aggregated document
groups() {
	printf '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":['
	comma=
	while [ $# -gt 0 ]; do
		printf '%s{"metadata":{%s},"versions":[{"version":"%s","resources":[%s],"freshness":"%s"}]}' \
			"$comma" "${1:+\"name\":\"$1\"}" "$2" "$3" "$4"
		comma=,
		shift 4
	done
	printf ']}\n'
}

# document FILE TYPE ETAG [HEADER...]: an answer of the mock, body on stdin
document() {
	file=$1 type=$2 etag=$3
	shift 3
	{
		printf 'HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n' "$type"
		[ -z "$etag" ] || printf 'Etag: "%s"\r\n' "$etag"
		printf 'Audit-Id: mock\r\n'
		[ $# -eq 0 ] || printf '%s\r\n' "$@"
		printf '\r\n'
		cat
	} >"$dir/mock/$file.new"
	mv "$dir/mock/$file.new" "$dir/mock/$file"
}

pods=$(resource pods Pod Namespaced '"get","list"'),$(resource bindings Binding Namespaced '"create"')
things=$(resource things Thing Cluster '"list"')
core() { groups '' v1 "$pods" Current | document api "$aggregated" e1 'Cache-Control: public' 'Vary: Accept'; }
apis() { document apis "$aggregated" "$1" 'Cache-Control: public' 'Vary: Accept'; }
schemas() { # GROUP HASH...
	printf '{"paths":{'
	comma=
	while [ $# -gt 0 ]; do
		printf '%s"apis/%s/v1":{"serverRelativeURL":"/openapi/v3/apis/%s/v1?hash=%s"}' "$comma" "$1" "$1" "$2"
		comma=,
		shift 2
	done
	printf '}}\n'
}

core
groups apps v1 "$(resource sets Set Namespaced '"list"')" Current x.io v1 "$things" Current | apis e2
echo '{"kind":"APIResourceList"}' | document group $json ''
printf '{\n  "major": "1"\n}' | document version $json '' 'Cache-Control: no-cache, private'
{ printf '{"swagger":"2.0","x":"' && head -c 300000 /dev/zero | tr '\0' x && echo '"}'; } >"$dir/v2"
document v2 $json v2 'Last-Modified: Tue, 24 Nov 2026 20:00:00 GMT' 'Accept-Ranges: bytes' \
	'Vary: Accept-Encoding' 'Vary: Accept' <"$dir/v2"
schemas apps A x.io B | document v3 'text/plain; charset=utf-8' ''
echo '{"openapi":"3.0.0","of":"apps"}' | document v3apps $json A 'Vary: Accept' 'Cache-Control: no-cache, private'
echo '{"openapi":"3.0.0","of":"x.io"}' | document v3x $json B 'Vary: Accept'
echo 'not here' | reply none 404 text/plain
rule_lines() {
	cat <<-END
		/version version
		/openapi/v2 v2
		/openapi/v3 v3
		/openapi/v3/apis/apps/v1* v3apps
		/openapi/v3/apis/x.io/v1* v3x
		/api api
		/apis apis
		/livez* live
		/api/v1 group
		/apis/apps group
		/apis/apps/v1 group
		/apis/x.io group
		/apis/x.io/v1 group
	END
}
rule_lines | rules
kubeconfig "http://127.0.0.1:$mock_port"
mkdir -m 700 "$dir/edge" "$dir/edge/run"

once() { # one pass; its exit code
	: >"$dir/mock/log.discovery"
	"$OTE_BIN/ote-discovery" -1 -d "$dir/edge" -k "$dir/kubeconfig" 2>>"$dir/once.err"
	echo $?
}
lines_now() { cat "$dir/edge/run/discovery"; }
fetched() { grep -c "^GET $1\$" "$dir/mock/log.discovery"; }

"$OTE_BIN/ote-discovery" -n -k "$dir/kubeconfig"
is $? 0 'the configuration is checked'
"$OTE_BIN/ote-discovery" -n -k "$dir/nothing" 2>/dev/null
is $? 100 'a bad one is told'
is "$(once)" 0 'a pass'
is "$(lines_now)" 'apps v1 sets Set namespaced
core v1 pods Pod namespaced
x.io v1 things Thing cluster' 'the resources that can be listed'
is "$(cd "$dir/edge/replies" && find . -type f | wc -l)" 12 'so many documents'
is "$(fetched '/openapi/v3/apis/.*')" 2 'the schemas are fetched'
is "$(stat -c %a "$dir/edge/replies/version/application,json")" 600 'for us alone'
is "$(tail -n +2 "$dir/edge/replies/version/application,json")" '{
  "major": "1"
}' 'a document is to be read'

# a daemon that starts looks at all that has no ETag, but fetches no schema twice
: >"$dir/edge.mark"
is "$(once)" 0 'another pass'
is "$(fetched '/openapi/v3/apis/.*')" 0 'no schema is fetched twice'
is "$(find "$dir/edge/replies" "$dir/edge/run/discovery" -type f -newer "$dir/edge.mark" | wc -l)" 0 \
	'what is the same is not written'
: | reply v2 304
is "$(once)" 0 'the master says that a document is the same'
is "$(fetched /openapi/v2)" 2 'and was asked for both of its types'
ok "$([ -s "$dir/edge/replies/openapi,v2/application,json" ]; echo $?)" 'it stays'

# a group is stale: what was known stays; another goes; one is new
groups x.io v1 '' Stale y.io v1 "$(resource ys Y Cluster '"list"')" Current | apis e3
schemas x.io C | document v3 'text/plain; charset=utf-8' ''
echo '{"openapi":"3.0.0","of":"x.io","new":1}' | document v3x $json C
{ rule_lines && echo '/apis/y.io* group'; } | rules
is "$(once)" 0 'a pass after a change'
is "$(lines_now)" 'core v1 pods Pod namespaced
x.io v1 things Thing cluster
y.io v1 ys Y cluster' 'gone, stale and new'
is "$(ls -d "$dir/edge/replies/apis,apps"* "$dir/edge/replies/openapi,v3,apis,apps,v1" 2>/dev/null)" '' \
	'what is gone is forgotten'
is "$(fetched /openapi/v3/apis/x.io/v1)" 1 'a schema with another hash is fetched'
is "$(fetched '/openapi/v3/apis/apps/v1')" 0 'one that is gone is not'

# half a document is none
groups x.io v1 "$things" Current | head -c 100 | apis e4
is "$(once)" 1 'half a document: not all is there'
is "$(lines_now | wc -l)" 3 'the lines stay'
groups x.io v1 "$things" Current | apis e5
is "$(once)" 0 'and whole again'

# the hub, on what is there
: >"$dir/mock/log.discovery"
start_edge
wait_for 60 master_is up
echo alive | reply live 200 text/plain
get /livez && is "$(cat "$dir/body")" alive 'health is the word of the master'
wait_for 60 test -s "$dir/mock/log.discovery"
ok $? 'the daemon asks by itself'
stop "$mock_pid"
wait_for 60 master_is down

header() { sed -n "s/\r\$//; s/^$1: //Ip" "$dir/head" | paste -sd'|'; }
get /apis -H "Accept: $aggregated,$json"
is "$code $(jq -r '.items[0].metadata.name' "$dir/body")" '200 x.io' 'aggregated discovery, never asked for'
is "$(header content-type) $(header etag) $(header cache-control) $(header vary)" \
	"$aggregated \"e5\" public Accept" 'with the headers of the master'
get /apis -H "Accept: $aggregated" -H 'If-None-Match: "e5"'
is "$code $(header etag) $(header cache-control) $(header content-type)" '304 "e5" public ' 'unchanged'
get /apis -H "Accept: $aggregated" -H 'If-None-Match: W/"e5"' && is "$code" 200 'but only as it stands'
get /apis -H "Accept: $aggregated" -I && is "$code $(header etag)" '200 "e5"' 'HEAD'
get '/version?timeout=32s' && is "$code $(cat "$dir/body")" '200 {
  "major": "1"
}' 'a timeout makes no difference'
status /version 405 MethodNotAllowed 'OPTIONS of what is GET alone' -X OPTIONS
status /version 406 NotAcceptable 'a type that there is not' -H 'Accept: text/html'
get /openapi/v2 -H "Accept: ${proto%.v1*}@v1.0+protobuf"
is "$code $(header content-type)" "503 $json" 'a type that was not there is not known'
get /openapi/v2 -H "Accept: $json"
cmp -s "$dir/body" "$dir/v2"
ok $? 'a packed document'
is "$(header vary) $(header last-modified) $(header content-length)" \
	"Accept-Encoding|Accept Tue, 24 Nov 2026 20:00:00 GMT $(wc -c <"$dir/v2")" 'and its headers'
get /openapi/v2 -H 'Accept-Encoding: gzip'
is "$code $(header content-encoding)" '200 gzip' 'it goes out packed'
gzip -dc <"$dir/body" | cmp -s - "$dir/v2"
ok $? 'and is the same'
get /openapi/v2 -H 'If-None-Match: "x", W/"v2"' && is "$code" 304 'a list of ETags'
get /openapi/v2 -H 'Accept: text/html' && is "$code $(cat "$dir/body")" '406 ' 'no such schema'
get '/openapi/v3/apis/x.io/v1?hash=C'
is "$code $(header cache-control)" '200 public, immutable' 'a schema by its hash'
get '/openapi/v3/apis/x.io/v1?hash=B'
is "$code $(header location)" '301 /openapi/v3/apis/x.io/v1?hash=C' 'an old hash'
get '/apis/x.io/v1?pretty=1' && is "$(cat "$dir/body")" '{
  "kind": "APIResourceList"
}' 'indented'
status /apis/apps/v1 503 ServiceUnavailable 'what the master had no longer is not told'
get '/readyz?verbose&exclude=cache&exclude=z'
is "$code $(cat "$dir/body")" '200 [+]ping ok
[+]cache excluded: ok
warn: some health checks cannot be excluded: no matches for "z"
readyz check passed' 'health is the own word of the hub'
is "$(header x-content-type-options)" nosniff 'as text'
get /livez/ping && is "$code $(cat "$dir/body")" '200 ok' 'one check'
get /livez/etcd && is "$code" 500 'one that is not known'
get /livez/ && is "$code $(cat "$dir/body")" '404 404 page not found' 'no check'
get /healthz -I && is "$code $(header content-length)" '200 2' 'HEAD of health'

stop "$edge_pid"
start_edge
get /apis -H "Accept: $aggregated" && is "$code" 200 'after a restart'
done_testing
