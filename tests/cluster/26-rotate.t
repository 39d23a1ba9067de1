#!/bin/sh
# 26-rotate.t: every key and certificate is renewed while watches are open; they
# stay open, new connections work, and nobody is told 401 who should not be
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./26-rotate.t
# a cluster of its own: its keys change
cluster_up 1
callers_make
pki=$CLUSTER/pki
probe=$CLUSTER/callers/probe
team=/api/v1/namespaces/team
shared="$team/configmaps/shared?resourceVersion=0"
mine='fieldSelector=spec.nodeName%3Dedge-1'
port=${HUB_URL##*:}
# shellcheck disable=SC2034
HUB_OPTIONS="--client-ca-file $CLUSTER/ssl/ca.pem"

# swap FILE: what is on stdin instead of it, whole or not at all
swap() {
	(umask 077 && cat >"$1.new") && mv "$1.new" "$1"
}

# pem NAME AS: certificate and key in one, for the prober
pem() {
	cat "$pki/$1.crt" "$pki/$1.key" | swap "$probe/$2.pem"
}

# token NAME: that one, for the prober
token() {
	swap "$probe/$1.token" <"$CLUSTER/callers/$1.token"
}

# config_token NAME: a kubeconfig with that token's file
config_token() {
	kubeconfig "$1" "$HUB_URL" bob
	sed "/client-certificate-data/d
	    s,client-key-data.*,tokenFile: $probe/$1.token," \
	    "$CLUSTER/$1.kubeconfig" | swap "$CLUSTER/$1.kubeconfig"
}

# config_hub: the hub's kubeconfig names files, as kubelet's does
config_hub() {
	sed "s,certificate-authority-data.*,certificate-authority: $CLUSTER/ssl/ca.pem,
	    s,client-certificate-data.*,client-certificate: $CLUSTER/ssl/hub.pem,
	    s,client-key-data.*,client-key: $CLUSTER/ssl/hub.pem," \
	    "$CLUSTER/hub.kubeconfig" | swap "$CLUSTER/hub.kubeconfig"
}

pem_hub() {
	cat "$pki/$1.crt" "$pki/$1.key" | swap "$CLUSTER/ssl/hub.pem"
}

watches_start() {
	kubeconfig kubelet "$HUB_URL" kubelet
	kubeconfig alice "$HUB_URL" alice
	config_token web
	_q="?watch=1&resourceVersion=0&timeoutSeconds=7200"
	watch_start by-cert alice "$team/configmaps$_q"
	watch_start by-token web "$team/configmaps$_q" "$team/secrets$_q"
	watch_start by-kubelet kubelet "/api/v1/pods$_q&$mine"
}

# tick: a change of each kind, and whether each watch sees it
tick() {
	_tick=$(now_ms)
	for _one in configmap/shared secret/shared pod/web; do
		kc annotate -n team --overwrite "$_one" "tick=$_tick" >/dev/null
	done
	for _watch in by-cert:1 by-token:2 by-kubelet:1; do
		wait_for 90 "${_watch%:*} to see it" ticked "${_watch%:*}" \
		    "${_watch#*:}" || return 1
		watch_held "${_watch%:*}" || return 1
	done
}

ticked() {
	[ "$(lines "$1" "select(.annotations.tick == \"$_tick\") | .watch" |
	    sort -u | wc -l)" -eq "$2" ]
}

# refused [CODES]: what the prober was refused since the last time, but for
# those codes
refused() {
	lines prober "select(.code) | select([.code] |
	    inside([${1:-}]) | not)" >"$CLUSTER/refused"
	: >"$CLUSTER/log/prober.log"
	head -n 5 "$CLUSTER/refused" | diags
	[ ! -s "$CLUSTER/refused" ]
}

# probed: it has asked as everybody since; the prober's log is its count
probed() {
	_asked=$(requests_of prober)
	wait_for 180 "the prober" more_than "$_asked" && proc_alive prober
}

requests_of() {
	grep -c "\"userAgent\":\"$1\"" "$CLUSTER/audit-1.log" || :
}

more_than() {
	[ "$(requests_of prober)" -gt "$(($1 + 20))" ]
}

# served NAME ISSUER: whether a new connection gets that certificate
serial_of() {
	openssl x509 -noout -serial -in "$1"
}

served() {
	[ "$(echo | openssl s_client -connect "127.0.0.1:$1" 2>/dev/null |
	    openssl x509 -noout -serial)" = "$(serial_of "$2")" ]
}

takeovers() {
	grep -c '^ote-listen: .* takes over from ' "$CLUSTER/log/hub.log" || :
}

# retired N: whether another web server has come than the N that took over, and
# none before it takes new connections any more
retired() {
	_turns=$(takeovers)
	[ "$_turns" -gt "$1" ] && [ "$(grep -c 'graceful shutdown started' \
	    "$CLUSTER/log/hub.log")" -eq "$_turns" ]
}

step() {
	check "$1: everybody is asked" probed
	check "$1: the watches go on" tick
	check "$1: all were served meanwhile" refused "${2:-}"
}

cp "$pki/ca.crt" "$pki/bundle.crt"
mkdir "$probe"
pem kubelet kubelet
pem alice alice
token web
token plain
cp "$CLUSTER/callers/web.token" "$CLUSTER/callers/old.token"
rm "$probe/plain.token"
pem_hub hub
config_hub
if [ -z "${OTE_STRAIGHT:-}" ]; then
	hub_up
	wait_for 60 "the hub to see its master" hub_online
fi
watches_start
proc_start prober python3 -B identity/prober.py "$CLUSTER" "$port"
step "before"

# --- the hub's serving certificate ---

if [ -z "${OTE_STRAIGHT:-}" ]; then
	pki_cert edge-server-2 /CN=edge-server \
	    "$(openssl x509 -noout -ext subjectAltName -in \
	    "$pki/edge-server.crt" | sed -n '2s/IP Address/IP/g; 2s/ //gp')"
	swap "$CLUSTER/ssl/edge-server-key.pem" <"$pki/edge-server-2.key"
	swap "$CLUSTER/ssl/edge-server.pem" <"$pki/edge-server-2.crt"
	check "the hub serves its new certificate" wait_for 180 "it" \
	    served "$port" "$pki/edge-server-2.crt"
	step "a new serving certificate"
fi

# --- what callers have ---

uid=$(uid pod web team)
token_get web Pod web "$uid" >"$CLUSTER/callers/web.token"
token web
check "the token is another" [ "$(cat "$CLUSTER/callers/web.token")" != \
    "$(cat "$CLUSTER/callers/old.token")" ]
step "a new token"
check "the old one is still good" answers 200 code_token "$shared" old

# clocks may differ by a minute
token_mint short '.exp = (now | floor) - 45'
check "a token that is just over is good" \
    answers 200 code_token "$shared" short
check "for a minute" wait_for 180 "a 401" \
    answers 401 code_token "$shared" short

cp "$pki/kubelet.crt" "$pki/kubelet-old.crt"
cp "$pki/kubelet.key" "$pki/kubelet-old.key"
pki_cert kubelet /O=system:nodes/CN=system:node:edge-1
pem kubelet kubelet
step "kubelet's new certificate"
check "its old one is still good" answers 200 code_cert \
    "$team/pods/web?resourceVersion=0" kubelet-old

# --- the cluster's CA; the new one has the same name ---

# signed NAME SUBJECT [SAN]: as Go signs, which names the CA's key too
signed() {
	pki_key "$1"
	{
		echo "basicConstraints=critical,CA:FALSE"
		echo "keyUsage=critical,digitalSignature"
		echo "extendedKeyUsage=serverAuth,clientAuth"
		echo "authorityKeyIdentifier=keyid"
		[ -z "${3:-}" ] || echo "subjectAltName=$3"
	} >"$pki/$1.ext"
	openssl req -new -key "$pki/$1.key" -subj "$2" |
	    openssl x509 -req -days 30 -sha256 -CA "$pki/ca-2.crt" \
	    -CAkey "$pki/ca-2.key" -CAcreateserial -extfile "$pki/$1.ext" \
	    -out "$pki/$1.crt" 2>/dev/null
}

apiserver_restart() {
	proc_kill apiserver-1
	apiserver_start 1
	master_wait 1 180
}

# watches_again: straight, the apiserver's own watches end with it, and it
# answers 403 before it knows its roles
watches_again() {
	for _watch in by-cert by-token by-kubelet; do
		proc_stop "$_watch"
	done
	watches_start
	: >"$CLUSTER/log/prober.log"
}

pki_key ca-2
openssl req -x509 -new -key "$pki/ca-2.key" -days 30 -subj /CN=ote-cluster \
    -out "$pki/ca-2.crt"
cat "$pki/ca.crt" "$pki/ca-2.crt" | swap "$pki/bundle.crt"
swap "$pki/ca.crt" <"$pki/bundle.crt"
[ -n "${OTE_STRAIGHT:-}" ] || turns=$(takeovers)
swap "$CLUSTER/ssl/ca.pem" <"$pki/bundle.crt"
kubeconfig admin https://127.0.0.1:6443 admin
signed alice-2 /O=devs/CN=alice
check "a certificate of the new CA is taken" wait_for 180 "a 200" \
    answers 200 code_cert "$shared" alice-2
# who served until now goes on for two seconds
[ -n "${OTE_STRAIGHT:-}" ] ||
	wait_for 60 "the end of the old web server" retired "$turns"
check "by whoever serves" holds 3 answers 200 code_cert "$shared" alice-2
check "and by the master" wait_for 180 "a 200" \
    answers 200 code_cert "${shared%[?]*}" alice-2
pem alice-2 alice
step "two CAs"

# --- the master's certificate, of the new CA alone ---

san=$(openssl x509 -noout -ext subjectAltName -in "$pki/apiserver.crt" |
    sed -n '2s/IP Address/IP/g; 2s/ //gp')
signed apiserver-2 /CN=kube-apiserver "$san"
swap "$pki/apiserver.key" <"$pki/apiserver-2.key"
swap "$pki/apiserver.crt" <"$pki/apiserver-2.crt"
apiserver_restart
check "the master has its new certificate" served 6443 "$pki/apiserver-2.crt"
[ -n "${OTE_STRAIGHT:-}" ] || check "the hub knows it" \
    wait_for 180 "the hub to see its master" hub_online
signed hub-2 /O=system:masters/CN=edge-hub
pem_hub hub-2
[ -z "${OTE_STRAIGHT:-}" ] || watches_again
step "a new certificate of the master" 0,500,502,503,504

# --- the keys of service accounts ---

openssl genrsa -out "$pki/sa-2.key" 2048 2>/dev/null
{
	cat "$pki/sa.pub"
	openssl rsa -in "$pki/sa-2.key" -pubout 2>/dev/null
} | swap "$pki/sa.pub"
swap "$pki/sa.key" <"$pki/sa-2.key"
apiserver_restart
[ -n "${OTE_STRAIGHT:-}" ] || check "the hub is back" \
    wait_for 180 "the hub to see its master" hub_online
cp "$CLUSTER/callers/web.token" "$CLUSTER/callers/old.token"
for name in web unseen; do
	token_get web Pod web "$uid" >"$CLUSTER/callers/$name.token"
done
token web
check "a token by the new key is good" answers 200 code_token "$shared" web
check "one by the old key too" answers 200 code_token "$shared" old
if [ -n "${OTE_STRAIGHT:-}" ]; then
	watches_again
	step "new keys of service accounts" 0
	tap_end
	exit
fi
step "new keys of service accounts" 0,500,502,503,504

# --- and all of it is good while cut off ---

# both: whether the hub has both keys
both() {
	grep -qsFe "$(token_kid web)" "$CLUSTER/hub/data/run/jwks.json" &&
	grep -qsFe "$(token_kid old)" "$CLUSTER/hub/data/run/jwks.json"
}

token_kid() {
	jq -rR 'split(".")[0] | gsub("-"; "+") | gsub("_"; "/") |
	    . + "==="[0:(4 - length % 4) % 4] | @base64d | fromjson | .kid' \
	    "$CLUSTER/callers/$1.token"
}

check "the hub has both keys" wait_for 180 "the keys" both
proc_stop prober
cut 503
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
check "the new token is good" answers 200 code_token "$shared" web
check "the old one too" answers 200 code_token "$shared" old
check "and one that nobody has seen" answers 200 code_token "$shared" unseen
check "certificates of the old CA" answers 200 code_cert "$shared" alice
check "and of the new one" answers 200 code_cert "$shared" alice-2
hub_restart
check "after a restart: a token by the new key" \
    answers 200 code_token "$shared" unseen
check "one by the old" answers 200 code_token "$shared" old
check "certificates of the old CA" answers 200 code_cert "$shared" alice
check "and of the new one" answers 200 code_cert "$shared" alice-2
tap_end
