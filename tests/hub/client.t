#!/bin/sh
# client.t: garbage from clients gets a Status or a 4xx, and the hub lives on.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_master
at=$master c=/api/v1/namespaces/x/configmaps
write POST $c "$(configmap a)"
lives() {
	get "$c/a" && [ "$code" = 200 ] && [ "$(tool "$master_pid" ote-edge-server)" = "$server" ]
}
server=$(tool "$master_pid" ote-edge-server)

# refused NAME CODE...: what raw() got is one of these, a Status if JSON, and
# the hub lives
refused() {
	what=$1
	shift
	got=$(sed -n '1s/^HTTP\/1\.[01] \([0-9]*\).*/\1/p' "$dir/out")
	case " $* " in
	*" ${got:-closed} "*) ok 0 "$what: $got" ;;
	*) is "${got:-closed}" "$*" "$what" ;;
	esac
	sed '1,/^\r$/d' "$dir/out" >"$dir/reply"
	if grep -qi '^content-type: application/json' "$dir/out" &&
		[ "${got:-0}" -ge 400 ]; then
		is "$(jq -r .kind "$dir/reply" 2>&1)" Status 'is a Status'
	fi
	lives
	ok $? 'and the hub lives on'
}
ask() { # NAME REQUEST_LINE CODE...
	what=$1
	raw "$2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" >"$dir/out"
	shift 2
	refused "$what" "$@"
}

million=$(head -c 1000000 /dev/zero | tr '\0' x)
{ printf 'GET %s HTTP/1.1\r\nHost: h\r\nX-Big: ' $c && printf '%s\r\n\r\n' "$million"; } |
	raw >"$dir/out"
refused '1 MB of header' 431 400 closed
{ printf 'GET %s?x=' $c && printf '%s HTTP/1.1\r\nHost: h\r\n\r\n' "$million"; } | raw >"$dir/out"
refused 'a query of 1 MB' 414 431 400 closed
query=$(head -c 30000 /dev/zero | tr '\0' x)
ask 'a label of 30 kB' "GET $c?labelSelector=$query" 400
ask 'a field selector of 30 kB' "GET $c?fieldSelector=metadata.name=$query" 200 400
ask 'a bad escape in the path' "GET $c/%%zz" 400
ask 'a bad escape in the query, which Go drops' "GET $c?labelSelector=%%zz" 200
ask 'half an escape' "GET $c?labelSelector=a%%4" 200
ask 'a NUL in the path' "GET $c/a%%00b" 400 404
ask 'a NUL in a selector' "GET $c?labelSelector=a%%00b" 400
ask 'dots in the path' "GET /api/v1/../../../etc/passwd" 400 404
ask 'dots as a namespace' "GET /api/v1/namespaces/../configmaps" 400 404
ask 'escaped dots' "GET /api/v1/namespaces/%%2e%%2e/configmaps" 200 400 404
ask 'an escaped slash' "GET $c/..%%2f..%%2fetc" 400 404
ask 'a resource of dots' 'GET /apis/%%2e%%2e/%%2e%%2e/%%2e%%2e' 400 404
ask 'a resource name of 5 kB' "GET /api/v1/$(printf %05000d 1)" 400 404 414
ask 'no slash' 'GET api' 400
ask 'an asterisk' 'OPTIONS *' 400 405 404 200
ask 'CONNECT' 'CONNECT h:443' 400 405 501
ask 'an unknown verb' "BREW $c" 405 501 400
ask 'PUT without a name' "PUT $c" 405 400 411
ask 'TRACE' "TRACE $c/a" 405 501 400
ask 'a limit over 64 bits' "GET $c?limit=99999999999999999999" 400
ask 'an RV over 64 bits' "GET $c?resourceVersion=99999999999999999999" 400
ask 'a watch with a bad RV' "GET $c?watch=1&resourceVersion=x" 500
ask 'a continue of nobody' "GET $c?continue=%%7B" 400 410
raw 'GET / HTTP/9.9\r\n\r\n' >"$dir/out"
refused 'HTTP/9.9' 505 400 closed
raw 'GET /api HTTP/1.1\r\n\r\n' >"$dir/out"
refused 'no Host' 400
raw "GET $c HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\nConnection: close\r\n\r\n" >"$dir/out"
refused 'a media type that is not there' 406
raw '\000\377\376\r\n\r\n' >"$dir/out"
refused 'binary' 400 closed

post() { # NAME CODE REASON BODY [CURL_ARG...]
	name=$1 want="$2 $3"
	printf %s "$4" >"$dir/post"
	shift 4
	get $c -X POST --data-binary "@$dir/post" "$@"
	is "$code $(jq -r .reason "$dir/body" 2>&1)" "$want" "$name"
}
post 'a body that is no JSON' 400 BadRequest '{'
post 'a body that is an array' 400 BadRequest '[]'
post 'an empty body' 400 BadRequest ''
post 'protobuf' 415 UnsupportedMediaType 'k8s' -H 'Content-Type: application/vnd.kubernetes.protobuf'
post 'a name with a slash' 422 Invalid "$(configmap a/b)"
post 'a body without metadata' 422 Invalid '{"kind":"ConfigMap"}'
post 'another kind' 400 BadRequest '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"}}'
jq -nc --arg x "$million$million$million$million" '{kind: "ConfigMap", metadata: {name: "x"}, x: $x}' \
	2>/dev/null >"$dir/post" || { printf '{"x":"' && printf %s%s%s%s "$million" "$million" \
	"$million" "$million" && printf '"}'; } >"$dir/post"
get $c -X POST --data-binary "@$dir/post"
is "$code $(jq -r .reason "$dir/body")" '413 RequestEntityTooLarge' 'a body of 4 MB'
status $c/a 415 UnsupportedMediaType 'a patch of an unknown kind' -X PATCH \
	-H 'Content-Type: application/x' -d '{}'
lives
ok $? 'and the hub lives on'

# slowloris: 50 that send a byte now and then, while others are served
mkfifo "$dir/slow"
exec 9<>"$dir/slow"
i=0
while [ $i -lt 50 ]; do
	(
		exec 9>&-
		{ printf 'GET %s HTTP/1.1\r\nHost: ' $c && cat <"$dir/slow"; } |
			raw >/dev/null
	) &
	watches="$watches $!" i=$((i + 1))
done
printf abcdefgh >&9
lives
ok $? 'slowloris: others are served'
exec 9>&-
done_testing
