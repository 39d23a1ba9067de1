#!/bin/sh
# wycheproof.t: signed tokens and keys of Wycheproof's vectors against lib/jwt
#
# They come as a Go module of one pinned version and sum, and stay in Go's
# module cache.
set -u
module=github.com/c2sp/wycheproof
version=v0.0.0-20260902155932-3fa63dd0344a
sum=h1:pNbL2nztRsWfW/ispAwsvcDFxs9Id38uIsR2/Up5G2c=
test=${BUILD:-build}/tests/unit/jwt

# fail WHY
fail() {
	printf '1..1\nnot ok 1 - %s\n' "$1"
	exit 1
}

command -v go >/dev/null || {
	[ "${CI:-}" != true ] || fail 'needs Go'
	echo '1..0 # SKIP needs Go'
	exit 0
}
got=$(cd / && go mod download -json "$module@$version") ||
	fail "download $module"
[ "$(printf '%s' "$got" | jq -r .Sum)" = "$sum" ] || fail "sum of $module"
dir=$(printf '%s' "$got" | jq -r .Dir)/testvectors_v1
exec "$test" "$dir/json_web_signature_test.json" \
	"$dir/json_web_key_test.json" "$dir/json_web_crypto_test.json"
