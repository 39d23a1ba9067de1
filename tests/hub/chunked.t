#!/bin/sh
# chunked.t: bodies whose length is not told
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_master
at=$master c=/api/v1/namespaces/x/configmaps

# post BYTES NAME [CURL_ARG...]: an object of about that size, in chunks
post() {
	pad=$(head -c "$1" /dev/zero | tr '\0' x)
	printf '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s"},"data":{"k":"%s"}}' \
		"$2" "$pad" >"$dir/object"
	shift 2
	get $c -X POST -H 'Content-Type: application/json' \
		-H 'Transfer-Encoding: chunked' --data-binary "@$dir/object" "$@"
}

post 10 a
is "$code $(jq -r .data.k "$dir/body")" '201 xxxxxxxxxx' 'a small one'
post 900000 b
is "$code $(jq -r '.data.k | length' "$dir/body")" '201 900000' 'a large one'
post 10 c -H 'Expect: 100-continue'
is "$code" 201 'with Expect'
get "$c/b"
is "$code $(jq -r '.data.k | length' "$dir/body")" '200 900000' 'it is there'
is "$(ls "$dir/master/run/uploads")" '' 'no file is left of it'
raw "POST $c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n" >"$dir/out"
is "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$dir/out")" 400 'chunks that are none'
raw "POST $c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nfffffffffffffff0\r\n" >"$dir/out"
case $(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$dir/out") in
400 | 413) ok 0 'a chunk that lies about its length' ;;
*) ok 1 'a chunk that lies about its length' ;;
esac
get "$c/b"
is "$code" 200 'the hub lives'
done_testing
