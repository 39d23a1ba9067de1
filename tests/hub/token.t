#!/bin/sh
# token.t: ote-token(8) over good and bad tokens, keys and hubs' directories
set -u
. "$(dirname "$0")/lib.sh"

iss=https://kubernetes.default.svc
now=1000000

b64() {
	openssl base64 -A | tr '+/' '-_' | tr -d =
}

# jwk PEM KID: an RSA key of a set
jwk() {
	n=$(openssl rsa -pubin -in "$1" -noout -modulus | sed 's/.*=//' |
		perl -ne 'chomp; print pack "H*", $_' | b64)
	jq -cn --arg n "$n" --arg kid "$2" '{use: "sig", kty: "RSA",
		kid: $kid, alg: "RS256", n: $n, e: "AQAB"}'
}

# token KEY CLAIMS [HEADER]
token() {
	set -- "$1" "$2" "${3:-{\"alg\":\"RS256\",\"kid\":\"k\"\}}"
	text=$(printf '%s' "$3" | b64).$(printf '%s' "$2" | b64)
	sig=$(printf '%s' "$text" | openssl dgst -sha256 -sign "$1" -binary |
		b64)
	printf '%s.%s' "$text" "$sig"
}

# claims FILTER: good ones, changed
claims() {
	jq -cn --arg iss "$iss" --argjson now "$now" '{iss: $iss,
		aud: [$iss], exp: ($now + 3600), nbf: $now, iat: $now,
		jti: "j-1", sub: "system:serviceaccount:default:web",
		"kubernetes.io": {namespace: "default",
		serviceaccount: {name: "web", uid: "u-1"},
		pod: {name: "web-0", uid: "p-1"},
		node: {name: "edge-1", uid: "n-1"}}} | '"$1"
}

# run STATUS NAME ARGUMENT... <token
run() {
	want=$1 name=$2
	shift 2
	"$bin/ote-token" "$@" >"$T/out" 2>"$T/err"
	is "$name" "$?" "$want"
}

# told TEXT: the last run said it on standard error, and nothing else at all
told() {
	is "  told: $1" "$(cat "$T/err"):$(cat "$T/out")" "ote-token: $1:"
}

# refused NAME CLAIMS WHY
refused() {
	token "$T/key" "$(claims "$2")" >"$T/bad"
	run 1 "$1" -t "$now" -i "$iss" -k "$T/jwks" "$T/bad"
	told "$3"
}

openssl genrsa -out "$T/key" 2048 2>/dev/null
openssl rsa -in "$T/key" -pubout -out "$T/pub" 2>/dev/null
openssl genrsa -out "$T/other" 2048 2>/dev/null
jwk "$T/pub" k | jq -c '{keys: [.]}' >"$T/jwks"
token "$T/key" "$(claims .)" >"$T/token"

run 0 'a good token on standard input' -t "$now" -i "$iss" -k "$T/jwks" \
	<"$T/token"
is 'whose it is' "$(jq -cS . "$T/out")" "$(jq -cnS '{
	username: "system:serviceaccount:default:web", uid: "u-1",
	groups: ["system:serviceaccounts", "system:serviceaccounts:default",
		"system:authenticated"],
	extra: {"authentication.kubernetes.io/credential-id": ["JTI=j-1"],
		"authentication.kubernetes.io/node-name": ["edge-1"],
		"authentication.kubernetes.io/node-uid": ["n-1"],
		"authentication.kubernetes.io/pod-name": ["web-0"],
		"authentication.kubernetes.io/pod-uid": ["p-1"]},
	expires: 1003600, pod: {name: "web-0", uid: "p-1"},
	node: {name: "edge-1", uid: "n-1"}}')"
is 'on one line' "$(wc -l <"$T/out")" 1
echo >>"$T/token"
run 0 'out of a file, with a newline behind, by PEM' -t "$now" -i "$iss" \
	-k "$T/pub" "$T/token"
run 0 'any issuer' -t "$now" -k "$T/jwks" "$T/token"
run 1 'now, long after' -i "$iss" -k "$T/jwks" "$T/token"
told 'the token has expired'
run 1 'another issuer' -t "$now" -i https://other -k "$T/jwks" "$T/token"
told 'no service account token'
run 1 'another audience' -t "$now" -a vault -k "$T/jwks" "$T/token"
told 'the token is for another audience'
run 0 'one of two audiences' -t "$now" -a "vault,$iss" -k "$T/jwks" "$T/token"
refused 'expired' '.exp = 999939' 'the token has expired'
refused 'not yet' '.nbf = 1000061' 'the token is not valid yet'
refused 'exp as a string' '.exp |= tostring' 'exp is no number'
refused 'sub of another' '.sub += "x"' 'sub is invalid'
refused 'a pod without uid' 'del(."kubernetes.io".pod.uid)' \
	'pod has no valid name and uid'
token "$T/other" "$(claims .)" >"$T/bad"
run 1 'forged' -t "$now" -k "$T/jwks" "$T/bad"
told 'wrong signature'
token "$T/key" "$(claims .)" '{"alg":"none"}' >"$T/bad"
run 1 'alg none' -t "$now" -k "$T/jwks" "$T/bad"
told 'algorithm that does not fit the key'
token "$T/key" "$(claims .)" '{"alg":"RS256","kid":"gone"}' >"$T/bad"
run 1 'another key' -t "$now" -k "$T/jwks" "$T/bad"
told 'no key of that id'
run 0 'but with PEM the id does not count' -t "$now" -k "$T/pub" "$T/bad"
run 1 'nothing' -k "$T/jwks" /dev/null
told 'no service account token'
head -c 70000 /dev/zero >"$T/bad"
run 1 '70 KB' -k "$T/jwks" "$T/bad"
told "$T/bad: more than 65536 bytes"
head -c 60000 /dev/urandom >"$T/bad"
run 1 '60 KB of noise' -k "$T/jwks" "$T/bad"
told 'no service account token'

mkdir -p "$T/data/run"
cp "$T/jwks" "$T/data/run/jwks.json"
run 111 'a hub that knows no issuer' -t "$now" -d "$T/data" "$T/token"
jq -n --arg iss "$iss" '{issuer: $iss, jwks_uri: "x"}' >"$T/data/run/issuer"
run 0 'what a hub remembers' -t "$now" -d "$T/data" "$T/token"
run 1 'its issuer counts' -t "$now" -d "$T/data" -i https://other "$T/token"
echo '{}' >"$T/data/run/issuer"
run 100 'no issuer in it' -t "$now" -d "$T/data" "$T/token"
run 0 'unless it is given' -t "$now" -d "$T/data" -i "$iss" "$T/token"

run 0 'keys checked alone' -n -k "$T/jwks"
is '  nothing is told' "$(cat "$T/out" "$T/err")" ''
run 0 'PEM, too' -n -k "$T/pub"
run 100 'no keys' -n -k "$T/token"
run 100 'a private key is none' -n -k "$T/key"
echo '{"keys":[]}' >"$T/none"
run 100 'a set of none' -n -k "$T/none"
told "$T/none: no key to verify with"
run 111 'no such file' -n -k "$T/missing"
run 111 'no such token' -k "$T/jwks" "$T/missing"
run 100 'neither keys nor data' "$T/token"
run 100 'two tokens' -k "$T/jwks" "$T/token" "$T/token"
run 100 'a time that is none' -k "$T/jwks" -t noon "$T/token"
run 100 'a bad option' -x
if [ -c /dev/full ]; then
	"$bin/ote-token" -t "$now" -k "$T/jwks" "$T/token" >/dev/full 2>&1
	is 'a full disk behind' "$?" 111
fi
done_testing
