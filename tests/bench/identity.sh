#!/bin/sh
# identity.sh: what it costs that callers are told apart
#
# Two hubs in front of one mock master take turns: one that tells callers apart,
# and one that lets all do all. The same covered GET to both, by a bearer token
# (wrk) and by a client certificate (ab), TLS, keep-alive, 16 connections; the
# median of ROUNDS rounds of SECONDS_EACH. Then how often the master was asked.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
: "${ROUNDS:=3}" "${SECONDS_EACH:=5}"

authn=/apis/authentication.k8s.io/v1 authz=/apis/authorization.k8s.io/v1
maps=/api/v1/namespaces/x/configmaps

certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=bench -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$BENCH/ca.key" -out "$BENCH/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /O=devs/CN=alice -keyout "$BENCH/alice.key" 2>/dev/null |
		openssl x509 -req -CA "$BENCH/ca.pem" -CAkey "$BENCH/ca.key" \
			-days 2 -out "$BENCH/alice.crt" 2>/dev/null
	cat "$BENCH/alice.crt" "$BENCH/alice.key" >"$BENCH/alice.pem"
}

# reply FILE CODE: an answer of the mock, the body on stdin
reply() {
	{
		printf 'HTTP/1.1 %s X\r\nContent-Type: application/json\r\n' "$2"
		printf 'Connection: close\r\n\r\n'
		cat
	} >"$BENCH/mock/$1"
}

# object: 400 bytes, as the goal of a GET has it
object() {
	printf '{"metadata":{"name":"a","namespace":"x","resourceVersion":"10"},"data":{"pad":"%0250d"}}' 0
}

master() {
	mkdir "$BENCH/mock"
	echo ok | reply readyz 200
	{
		printf '{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1",%s}\n' \
			"$(object | cut -c2-)"
		printf '{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"10","annotations":{"k8s.io/initial-events-end":"true"}}}}\n'
	} | reply init 200
	echo '{"kind":"SubjectAccessReview","status":{"allowed":true}}' |
		reply sar 201
	echo '{"kind":"TokenReview","status":{"authenticated":true,"user":{"username":"dave"}}}' |
		reply token 201
	cat >"$BENCH/mock/rules" <<-END
		/readyz* readyz
		$authz/* sar
		$authn/* token
		$maps*watch=true* init hold
	END
	_port=$(free_port)
	start mock "$BUILD/tests/hub/mock" "$BENCH/mock" "$_port"
	cat >"$BENCH/kubeconfig" <<-END
		apiVersion: v1
		kind: Config
		current-context: c
		contexts: [{name: c, context: {cluster: m, user: u}}]
		users: [{name: u, user: {}}]
		clusters: [{name: m, cluster: {server: "http://127.0.0.1:$_port"}}]
	END
	echo "$maps" >"$BENCH/feeds"
}

# hub NAME MODE [OPTION...]
hub() {
	_name=$1 _mode=$2
	shift 2
	_p=$(free_port)
	echo "https://127.0.0.1:$_p$maps/a?resourceVersion=0" \
		>"$BENCH/$_name.url"
	start "$_name" "$HERE/../../sh/ote_edgehub" k8s -d "$BENCH/$_name" \
		-n bench --authorization-mode "$_mode" --feeds "$BENCH/feeds" \
		--kube-config "$BENCH/kubeconfig" --server-port "$_p" \
		-l "127.0.0.1:$(free_port)" --server-ca-file "$BENCH/ca.pem" \
		--server-cert-file "$BENCH/ca.pem" \
		--server-key-file "$BENCH/ca.key" "$@"
	until_true 20 served "$_name" || {
		cat "$BENCH/$_name.log" >&2
		die "$_name does not serve"
	}
}

served() {
	curl -s -f -m 5 -o /dev/null --cacert "$BENCH/ca.pem" \
		-H 'Authorization: Bearer secret' "$(cat "$BENCH/$1.url")"
}

by_token() {
	timeout $((SECONDS_EACH + 10)) wrk -t 2 -c 16 -d "${SECONDS_EACH}s" \
		-H 'Authorization: Bearer secret' "$1" >"$BENCH/out"
	! grep -E 'Non-2xx|Socket errors' "$BENCH/out" >&2 ||
		die "failed requests"
	awk '$1 == "Requests/sec:" { print $2 }' "$BENCH/out"
}

by_certificate() {
	timeout $((SECONDS_EACH + 10)) ab -q -k -c 16 -n 10000000 \
		-t "$SECONDS_EACH" -E "$BENCH/alice.pem" "$1" \
		>"$BENCH/out" 2>&1 || die "ab: $(tail -n 1 "$BENCH/out")"
	! grep -E '^Non-2xx|^Failed requests: +[1-9]' "$BENCH/out" >&2 ||
		die "failed requests"
	awk '/^Requests per second:/ { print $4 }' "$BENCH/out"
}

# compare HOW WHAT
compare() {
	_round=0
	while [ "$_round" -lt "$ROUNDS" ]; do
		for _hub in all apart; do
			"by_$1" "$(cat "$BENCH/$_hub.url")" \
				>>"$BENCH/$1-$_hub.rates"
		done
		_round=$((_round + 1))
	done
	_apart=$(median <"$BENCH/$1-apart.rates")
	_all=$(median <"$BENCH/$1-all.rates")
	row "covered GET, $2" "$(calc "$_apart" '%.0f/s')" \
		"without checks $(calc "$_all" '%.0f/s')" \
		"$(calc "$_apart / $_all" '%.2f')" ">= 0.90"
}

asked() {
	grep -c "$1" "$BENCH/mock/log" || :
}

part identity
need wrk curl lighttpd openssl || exit 0
certificates
master
hub all AlwaysAllow
hub apart Webhook --client-ca-file "$BENCH/ca.pem"
compare token 'a bearer token'
! need ab || compare certificate 'a client certificate'
row 'reviews that the master was asked meanwhile' \
	"$(asked tokenreviews), $(asked subjectaccessreviews)" \
	'callers: 2' '' 'a token each two, a caller each five minutes'
