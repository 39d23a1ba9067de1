#!/bin/sh
# identity.t: who a client is and what he may, by a mock master: asked once,
# remembered, as it was while cut off
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
authorization=Webhook
authn=/apis/authentication.k8s.io/v1 authz=/apis/authorization.k8s.io/v1
maps=/api/v1/namespaces/x/configmaps

# --- certificates ---
cd "$dir" || exit 1
client() { # NAME ISSUER SUBJECT [DAYS]
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "$3" -keyout "$1.key" 2>/dev/null |
		openssl x509 -req -CA "$2.crt" -CAkey "$2.key" -days "${4:-2}" \
			-out "$1.crt" 2>/dev/null
}
for i in clients foreign; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$i" -keyout "$i.key" -out "$i.crt" 2>/dev/null
done
client alice clients /O=devs/CN=alice
client bob clients /CN=bob
client carol clients /CN=carol
client root clients /O=system:masters/CN=root
client stranger foreign /CN=alice

as() { # NAME PATH [CURL_ARG...]
	name=$1 path=$2
	shift 2
	get "$path" --cert "$dir/$name.crt" --key "$dir/$name.key" "$@"
}
said() {
	jq -r '.reason // .metadata.name // .kind' "$dir/body"
}
review() { # KIND STATUS
	printf '{"kind":"%s","apiVersion":"v1","metadata":{},"spec":{},"status":%s}\n' "$1" "$2"
}
reviews() {
	asked subjectaccessreviews
}
yes() {
	review SubjectAccessReview '{"allowed":true,"reason":"by role"}' |
		reply sar 201
}
no() {
	review SubjectAccessReview '{"allowed":false,"reason":"no role"}' |
		reply sar 201
}

mkdir pairs
start_mock
echo "$maps" >feeds
list 10 '' "$(item a 10)" | reply list 200
event BOOKMARK a 10 | reply init 200
{ event ADDED a 10 && mark 10; } | reply init 200
list 10 '' "$(item a 10)" | reply straight 200
review TokenReview '{"authenticated":true,"user":{"username":"dave","groups":["system:authenticated"]}}' |
	reply token 201
echo '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}' |
	reply forbidden 403
no
rules <<END
$authz/subjectaccessreviews* sar
$authn/tokenreviews* token
*sendInitialEvents* init hold
*watch=true* init hold
$maps* straight
/api/v1/namespaces/x/secrets* forbidden
END
kubeconfig "http://127.0.0.1:$mock_port"
edge_args="--client-ca-file $dir/clients.crt --impersonate --identities $dir/pairs"
start_edge
wait_for 60 test -e edge/cache/core/v1/configmaps/x/journal
wait_for 60 grep -q jwks mock/log # what the hub asks by itself

# --- while the master is there ---
yes
as alice "$maps?resourceVersion=0"
is "$code $(names)" '200 a' 'who may is answered from the cache'
n1=$(reviews)
as alice "$maps?resourceVersion=0"
is "$code $n1 $(reviews)" '200 1 1' 'the master is asked once'
is "$(sed '1,/^.$/d' mock/last | jq -cS '.spec | {user, groups, r: .resourceAttributes}')" \
	'{"groups":["devs","system:authenticated"],"r":{"namespace":"x","resource":"configmaps","verb":"list","version":"v1"},"user":"alice"}' \
	'whether he may do just that'
no
as bob "$maps?resourceVersion=0"
is "$code $(said)" '403 Forbidden' 'who may not is not'
is "$(jq -r .message body)" \
	'configmaps is forbidden: User "bob" cannot list resource "configmaps" in API group "" in the namespace "x": no role' \
	'in the words of the master'
get "$maps?resourceVersion=0"
is "$code $(jq -r .message body | cut -d'"' -f2)" '403 system:anonymous' \
	'nobody is system:anonymous'
as stranger "$maps?resourceVersion=0"
is "$code $(said)" '401 Unauthorized' 'a certificate of a foreign CA'
as stranger "$maps" -X POST -H 'Content-Type: application/json' -d '{"kind":"ConfigMap"}'
is "$code $(said)" '401 Unauthorized' 'so too with a body'
: >mock/log
as root "$maps?resourceVersion=0"
is "$code $(reviews)" '200 0' 'system:masters is asked nothing about'
as alice "$maps"
is "$code $(asked "GET $maps")" '200 1' 'the most recent comes from the master'
is "$(grep -iE '^(impersonate|authorization)' mock/last | tr -d '\r' | sort | paste -sd' ')" \
	'Impersonate-Extra-authentication.kubernetes.io%2Fcredential-id: '"$(
		grep -o 'X509SHA256=[0-9a-f]*' mock/last) Impersonate-Group: devs Impersonate-Group: system:authenticated Impersonate-User: alice" \
	'as alice'
as alice "$maps" -H 'Impersonate-User: root'
is "$code $(said)" '403 Forbidden' 'who is impersonated impersonates nobody'
yes
get "$maps?resourceVersion=0" -H 'Authorization: Bearer opaque'
is "$code" 200 'a token that the master knows'
get "$maps?resourceVersion=0" -H 'Authorization: Bearer opaque'
is "$code $(asked tokenreviews)" '200 1' 'is looked at once'
get "$maps" -H 'Authorization: Bearer opaque'
is "$(grep -iE '^(impersonate|authorization)' mock/last | tr -d '\r')" \
	'Authorization: Bearer opaque' 'and goes upstream itself'
review TokenReview '{"error":"no"}' | reply token 201
get "$maps?resourceVersion=0" -H 'Authorization: Bearer forged'
is "$code $(said)" '401 Unauthorized' 'a token that the master does not know'
review TokenReview '{"authenticated":true,"user":{"username":"system:bootstrap:abcdef"}}' | reply token 201
get "$maps?resourceVersion=0" -H 'Authorization: Bearer abcdef.0123'
is "$code" 200 'a bootstrap token'
get "$maps?resourceVersion=0" -H 'Authorization: Basic YTpi'
is "$code" 403 'another scheme is nobody'
get /version
is "$code" 404 'the version is anybody'"'"'s to ask for'
as alice '/api/v1/namespaces/x/secrets/s'
is "$(find edge/wishes -name '*.json' | wc -l)" 0 \
	'what was refused leaves no wish'

# --- and no more ---
offline() { # WHEN
	as alice "$maps?resourceVersion=0"
	is "$code $(names)" '200 a' "$1: who might may"
	as alice "$maps"
	is "$code $(names)" '200 a' "$1: the most recent there is"
	as bob "$maps?resourceVersion=0"
	is "$code $(said)" '403 Forbidden' "$1: who might not may not"
	as carol "$maps?resourceVersion=0"
	is "$code $(said)" '503 ServiceUnavailable' "$1: who never asked"
	as alice "$maps?resourceVersion=0&labelSelector=app%3Da"
	is "$code $(said)" '503 ServiceUnavailable' "$1: nor is it wider"
	as stranger "$maps?resourceVersion=0"
	is "$code $(said)" '401 Unauthorized' "$1: a foreign certificate"
	get "$maps?resourceVersion=0"
	is "$code $(said)" '403 Forbidden' "$1: nobody"
	get "$maps?resourceVersion=0" -H 'Authorization: Bearer opaque'
	is "$code $(said)" '200 ConfigMapList' "$1: a token that was known"
	get "$maps?resourceVersion=0" -H 'Authorization: Bearer other'
	is "$code $(said)" '503 ServiceUnavailable' "$1: one that was not"
	get "$maps?resourceVersion=0" -H 'Authorization: Bearer abcdef.0123'
	is "$code $(said)" '503 ServiceUnavailable' "$1: a bootstrap token"
	get /healthz
	is "$code" 200 "$1: health is everybody's"
}
stop "$mock_pid"
wait_for 60 master_is down
offline 'cut off'
stop "$edge_pid"
start_edge
wait_for 60 master_is down
offline 'after a restart'
is "$(find edge/access -type f ! -perm 600 | wc -l)$(stat -c %a edge/access)" \
	0700 'decisions are nobody else'"'"'s to read'
is "$(grep -rlE 'opaque|forged' edge/access edge/reviews ./*.err | wc -l)" 0 \
	'no token is kept, or told'
done_testing
