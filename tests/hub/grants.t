#!/bin/sh
# grants.t: tokens and access reviews while the master is away
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
pods=/api/v1/namespaces/x/pods
sa=/api/v1/namespaces/x/serviceaccounts/web/token
authn=/apis/authentication.k8s.io/v1 authz=/apis/authorization.k8s.io/v1
csr=/apis/certificates.k8s.io/v1/certificatesigningrequests
tokens=$dir/edge/tokens reviews=$dir/edge/reviews

# pod NAME RV UID
pod() {
	printf '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","namespace":"x","uid":"%s","resourceVersion":"%s"}}' "$1" "$3" "$2"
}

change() { printf '{"type":"%s","object":%s}\n' "$1" "$2"; }

# question AUDIENCES [UID]: of a token
question() {
	printf '{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{"audiences":[%s],"expirationSeconds":600%s}}' \
		"$1" "${2:+,\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\",\"uid\":\"$2\"\}}"
}

# token NAME [EXPIRES]: the master's answer
token() {
	printf '{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","metadata":{"name":"web"},"status":{"token":"%s","expirationTimestamp":"%s"}}' \
		"$1" "${2:-2100-01-01T00:00:00Z}"
}

# review KIND SPEC [STATUS]
review() {
	printf '{"kind":"%s","apiVersion":"v1","spec":%s%s}' "$1" "$2" "${3:+,\"status\":$3}"
}

post() { # PATH JSON [CURL_ARG...]
	to=$1 json=$2
	shift 2
	get "$to" -H 'Content-Type: application/json' --data-binary "$json" "$@"
}

said() { echo "$code $(jq -r '.reason // .status.token // (.status | tostring)' "$dir/body")"; }
message() { jq -r .message "$dir/body"; }
count() { find "$1" -type f | wc -l; }
has_pod() { # UID
	get "$pods/p?resourceVersion=0" && [ "$(jq -r .metadata.uid "$dir/body")" = "$1" ]
}

echo $pods >"$dir/feeds"
{
	change ADDED "$(pod p 3 u1)"
	mark 20 | sed 's/ConfigMap/Pod/'
} | reply init 200
{
	change DELETED "$(pod p 21 u1)"
	change ADDED "$(pod p 22 u2)"
} | reply more 200
rule_lines() {
	cat <<-END
		*/pods*sendInitialEvents* init hold
		*/pods*resourceVersion=20* ${more:-init} hold
		$sa* token
		$authn/tokenreviews* tokenreview
		$authz/subjectaccessreviews* sar
		$authz/selfsubjectaccessreviews[?]timeout* packed
		$authz/selfsubjectaccessreviews* self
	END
}
token T1 | reply token 201
rule_lines | rules
kubeconfig "http://127.0.0.1:$mock_port"
start_edge
wait_for 60 has_pod u1

# --- while the master is there ---
post $sa "$(question '"a","b"' u1)"
is "$(said)" '201 T1' 'the master answers'
is "$(stat -c '%a %n' "$tokens"/* | sed 's,/[^ ]*/,,; s/,[0-9a-f]*$//')" '600 x,web' 'remembered in a file of ours'
is "$(stat -c %a "$tokens")" 700 'in a directory of ours'
token T2 | reply token 201
post $sa "$(question '"b","a"' u1)"
is "$(said) $(count "$tokens")" '201 T2 1' 'the same question: the master is asked, and the file replaced'
post "$sa?dryRun=All" "$(question '"dry"' u1)"
is "$(said) $(count "$tokens")" '201 T2 1' 'a dry run is not remembered'
get $sa -H 'Content-Type: application/vnd.kubernetes.protobuf' --data-binary 'k8s'
is "$(said) $(count "$tokens")" '201 T2 1' 'protobuf passes through'
token old 2001-01-01T00:00:00Z | reply token 201
post $sa "$(question '"old"' u1)"
token named | reply token 201
post $sa '{"spec":{}}'
is "$(count "$tokens")" 3 'three questions'
head -c 70000 /dev/zero | tr '\0' ' ' >"$dir/large"
get $sa -H 'Content-Type: application/json' --data-binary "@$dir/large"
is "$(said) $(count "$tokens")" '201 named 3' 'a large body passes through'

review TokenReview '{"token":"s3cret"}' '{"authenticated":true,"user":{"username":"me"}}' | reply tokenreview 201
post $authn/tokenreviews "$(review TokenReview '{"token":"s3cret"}')"
is "$code" 201 'a TokenReview'
review SubjectAccessReview '{"user":"me"}' '{"allowed":true}' | reply sar 201
post $authz/subjectaccessreviews "$(review SubjectAccessReview '{"user":"me","groups":["g"]}')"
review SelfSubjectAccessReview '{}' '{"allowed":true}' | reply self 201
can=$(review SelfSubjectAccessReview '{"resourceAttributes":{"verb":"get","resource":"pods"}}')
post $authz/selfsubjectaccessreviews "$can" -H 'Authorization: Bearer alice'
is "$(count "$reviews")" 3 'reviews are remembered'
is "$(grep -rlE 's3cret|alice' "$reviews" "$dir"/edge.err | wc -l) $(find "$reviews" -name '*s3cret*' | wc -l)" '0 0' \
	'and no credential is in them, in their names, or in the log'

# as client-go asks by itself
printf 'k8s\0\1\2question' >"$dir/packed"
printf 'k8s\0answer\0\n' >"$dir/answer"
packed=application/vnd.kubernetes.protobuf
reply packed 201 $packed <"$dir/answer"
in_protobuf() { # FILE WHO
	file=$1 who=$2
	get "$authz/selfsubjectaccessreviews?timeout=9s" --data-binary "@$file" \
		-H "Content-Type: $packed" -H "Accept: ${takes:-$packed,application/json}" \
		-H "Authorization: Bearer $who"
}
in_protobuf "$dir/packed" alice
cmp -s "$dir/body" "$dir/answer" && [ "$code $(count "$reviews")" = '201 4' ]
ok $? 'one in protobuf, too'

# --- and the master no more ---
: >"$dir/mock/log"
stop "$mock_pid"
post $sa "$(question '"a","b"' u1)"
is "$(said)" '201 T2' 'it goes: the same token again, at once'
wait_for 60 master_is down
post "$sa?timeout=10s" "$(question '"a","b"' u1)"
is "$(said)" '201 T2' 'and while it is away'
post $sa '{"spec":{"boundObjectRef":{"uid":"u1","name":"p","kind":"Pod"},"expirationSeconds":600,"audiences":["b","a"]},"kind":"TokenRequest"}'
is "$(said)" '201 T2' 'however it is spelled'
post $sa "$(question '"old"' u1)"
is "$(said) $(jq -r .status.expirationTimestamp "$dir/body")" '201 old 2001-01-01T00:00:00Z' 'an old one is better than none, and says so'
post $sa "$(question '"c"' u1)"
is "$(said)" '503 ServiceUnavailable' 'another audience: 503'
post $sa "$(question '"a","b"' u2)"
is "$(said)" '503 ServiceUnavailable' 'another pod: 503'
post "${sa%web/token}other/token" "$(question '"a","b"' u1)"
is "$(said)" '503 ServiceUnavailable' 'another account: 503'
post "$sa?dryRun=All" "$(question '"a","b"' u1)"
is "$(said)" '503 ServiceUnavailable' 'a dry run: 503'
post $sa 'no JSON'
is "$(said)" '503 ServiceUnavailable' 'no JSON: 503'
post $authn/tokenreviews "$(review TokenReview '{"token":"s3cret"}')"
is "$(said) $(jq -r .spec.token "$dir/body")" '201 {"authenticated":true,"user":{"username":"me"}} s3cret' 'a TokenReview'
post $authn/tokenreviews "$(review TokenReview '{"token":"other"}')"
is "$(said)" '503 ServiceUnavailable' 'of another token: 503'
post $authz/subjectaccessreviews '{"spec":{"groups":["g"],"user":"me"}}'
is "$(said)" '201 {"allowed":true}' 'a SubjectAccessReview'
post $authz/subjectaccessreviews '{"spec":{"groups":["g","h"],"user":"me"}}'
is "$(said)" '503 ServiceUnavailable' 'another one: 503'
post $authz/selfsubjectaccessreviews "$can" -H 'Authorization: Bearer alice'
is "$(said)" '201 {"allowed":true}' 'who asked before may be told'
post $authz/selfsubjectaccessreviews "$can" -H 'Authorization: Bearer bob'
is "$(said)" '503 ServiceUnavailable' 'and nobody else'
in_protobuf "$dir/packed" alice
cmp -s "$dir/body" "$dir/answer" && [ "$code" = 201 ] &&
	grep -qi "^content-type: $packed" "$dir/head"
ok $? 'in protobuf as it came'
in_protobuf "$dir/packed" bob
is "$(said)" '503 ServiceUnavailable' 'of nobody else'
in_protobuf "$dir/answer" alice
is "$(said)" '503 ServiceUnavailable' 'nor of another question'
takes=application/json in_protobuf "$dir/packed" alice
is "$(said)" '503 ServiceUnavailable' 'nor for who takes JSON alone'
post $csr '{"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1"}'
is "$(said) $(grep -ci '^retry-after' "$dir/head")" '503 ServiceUnavailable 0' 'a CertificateSigningRequest: 503'
message | grep -q '^the master is out of reach since .*: writes need the master$'
ok $? 'that says so'

# --- what is damaged ---
for f in "$reviews"/*; do printf '{' >"$f"; done
post $authn/tokenreviews "$(review TokenReview '{"token":"s3cret"}')"
is "$(said) $(count "$reviews")" '503 ServiceUnavailable 3' 'a torn file is none, and goes'

# --- the hub starts anew while cut off ---
stop "$edge_pid"
find "$tokens" -type f -exec touch -d '-5 minutes' {} +
start_edge
wait_for 60 master_is down
post $sa "$(question '"a","b"' u1)"
is "$(said) $(count "$tokens")" '201 T2 3' 'a hub that starts cut off has the tokens'

# --- the pod goes, and comes again ---
token T3 | reply token 201
more='more'
rule_lines | rules
start_mock
wait_for 60 master_is up
wait_for 60 has_pod u2
stop "$mock_pid"
wait_for 60 master_is down
post $sa "$(question '"a","b"' u1)"
is "$(said)" '503 ServiceUnavailable' 'a pod that is gone gets none'
post $sa "$(question '"a","b"' u2)"
is "$(said)" '503 ServiceUnavailable' 'nor its heir'
stop "$edge_pid"
find "$tokens" -type f -exec touch -d '-5 minutes' {} +
start_edge
is "$(jq -r .answer.status.token "$tokens"/* | sort | paste -sd' ')" 'named' 'its tokens go'

# --- the master says no ---
start_mock
wait_for 60 master_is up
post $sa "$(question '"f"' u2)"
echo '{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}' | reply token 403
post $sa "$(question '"f"' u2)"
is "$(said) $(count "$tokens")" '403 Forbidden 2' 'a 403 of a pod that is there is not for ever'
stop "$mock_pid"
wait_for 60 master_is down
post $sa "$(question '"f"' u2)"
is "$(said)" '201 T3' 'its token is remembered'
post $sa '{"spec":{}}'
is "$(said)" '201 named' 'remembered'
echo '{"kind":"Status","status":"Failure","reason":"NotFound","code":404}' | reply token 404
start_mock
wait_for 60 master_is up
post $sa '{"spec":{}}'
is "$(said) $(count "$tokens")" '404 NotFound 1' 'a no is passed on, and the former answer forgotten'
echo '{"kind":"Status","status":"Failure","reason":"Unavailable","code":503}' | reply token 503
token T4 | reply token4 201
rule_lines | sed 's/ token$/ token4/' | rules
post $sa "$(question '"e"')"
rule_lines | rules
post $sa "$(question '"e"')"
is "$(said)" '201 T4' 'a 503 of what is in front of the master is not its no'
: >"$dir/mock/token"
rule_lines | sed 's/ token$/ token hold/' | rules
post $sa "$(question '"e"')"
is "$(said)" '201 T4' 'a master that does not answer is waited for, not for ever'

# --- how long a review stands ---
wait_for 60 master_is up
post $authz/subjectaccessreviews '{"spec":{"groups":["g"],"user":"me"}}'
stop "$mock_pid"
wait_for 60 master_is down
post $authz/subjectaccessreviews '{"spec":{"groups":["g"],"user":"me"}}'
is "$(said)" '201 {"allowed":true}' 'a review, for a day'
stop "$edge_pid"
edge_args='--review-age 0'
start_edge
wait_for 60 master_is down
post $authz/subjectaccessreviews '{"spec":{"groups":["g"],"user":"me"}}'
is "$(said)" '503 ServiceUnavailable' 'not with --review-age 0'
done_testing
