#!/bin/sh
# 27-pairs.t: a hub with the least rights acts by the key pairs of identities/,
# those that are good; what is wrong with the others it tells
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 900 ./27-pairs.t
no_hub_skip
cluster_up 1
callers_make
pki=$CLUSTER/pki
ids=$CLUSTER/identities
team=/api/v1/namespaces/team
whoami=/apis/authentication.k8s.io/v1/selfsubjectreviews

# both NAME: certificate and key in one
both() {
	cat "$pki/$1.crt" "$pki/$1.key"
}

pairs_make() {
	mkdir "$ids"
	cp "$pki/proxy.crt" "$ids/system%3Akube-proxy.crt"
	cp "$pki/proxy.key" "$ids/system%3Akube-proxy.key"
	both kubelet >"$CLUSTER/kubelet-1.pem"
	ln -s "$CLUSTER/kubelet-1.pem" "$CLUSTER/kubelet-current.pem"
	ln -s "$CLUSTER/kubelet-current.pem" "$ids/system%3Anode%3Aedge-1.pem"
	cp "$pki/alice.crt" "$ids/alice.crt"
	cp "$pki/dave.crt" "$ids/dave.crt"
	cp "$pki/bob.key" "$ids/dave.key"
	both expired >"$ids/admin.pem"
	both bob >"$ids/front-proxy-client.pem"
	echo nothing >"$ids/Admin.pem"
}

# acts NAME: whom the master takes the caller of that certificate for
acts() {
	code_cert "$whoami" "$1" -H 'Content-Type: application/json' \
	    -d '{"kind":"SelfSubjectReview","apiVersion":
	    "authentication.k8s.io/v1"}' >/dev/null
	jq -r '.status.userInfo.username // .message' "$CLUSTER/answer"
}

# credential: by which certificate it was
credential() {
	jq -r '.status.userInfo.extra["authentication.kubernetes.io/" +
	    "credential-id"][0]' "$CLUSTER/answer"
}

# print NAME: how kube-apiserver calls that certificate
print() {
	echo "X509SHA256=$(openssl x509 -in "$pki/$1.crt" -outform DER |
	    sha256sum | sed 's/ .*//')"
}

# refused NAME WORDS: 403, and why
refused() {
	is "$(code_cert "$team/configmaps/shared" "$1")" 403 &&
	grep -q "$2" "$CLUSTER/answer" && return
	diag "$(cat "$CLUSTER/answer")"
	return 1
}

log_has() {
	grep -qe "$1" "$CLUSTER/log/hub.log"
}

# log_tells WORDS: the tunnel does, which may start after what answers us
log_tells() {
	wait_for 60 "$1" log_has "$1" && return
	log_tail hub
	return 1
}

pki_cert edgehub /O=ote-edgehub/CN=edge-1
kubeconfig hub https://127.0.0.1:7443 edgehub
kc apply -f ../../etc/deploy/edgehub-rbac.yml >/dev/null
pairs_make
# shellcheck disable=SC2034
HUB_ACTS="--identities $ids"
hub_up
wait_for 60 "the hub to see its master" hub_online

check "told at start: half of a pair" log_tells "identities/alice"
check "halves of two" log_tells "identities/dave"
check "one that is over" log_tells "identities/admin"
check "another's name" log_tells "identities/front-proxy-client"
check "what is no pair" log_tells "identities/Admin"

check "kube-proxy is kube-proxy" is "$(acts proxy)" system:kube-proxy
check "and reads Services" \
    is "$(code_cert '/api/v1/services?resourceVersion=0' proxy)" 200
check "the kubelet is the kubelet" is "$(acts kubelet)" system:node:edge-1
acts kubelet >/dev/null
check "by its certificate" is "$(credential)" "$(print kubelet)"
check "it reads its own pod's ConfigMap" \
    is "$(code_cert "$team/configmaps/web" kubelet)" 200
check "and no other's" is "$(code_cert "$team/configmaps/far" kubelet)" 403
check "a token needs no pair" \
    is "$(code_token "$team/configmaps/shared" web)" 200
check "nobody is nobody" is "$(code_of "$team/configmaps/shared")" 403

check "no pair: 403 says how to allow it" refused bob "$ids/bob.pem"
check "half of a pair: 403" refused alice alice
check "halves of two: 403" refused dave dave
check "one that is over: 403" refused admin admin
check "another's: 403" refused front-proxy front-proxy-client
check "what is no pair: 403" refused like Admin

cp "$pki/alice.key" "$ids/alice.key.new"
mv "$ids/alice.key.new" "$ids/alice.key"
check "the other half comes" wait_for 60 "a 200" \
    answers 200 code_cert "$team/configmaps/shared" alice
check "and goes" rm "$ids/alice.key"
check "with what it gave" wait_for 60 "a 403" \
    answers 403 code_cert "$team/configmaps/shared" alice

cp "$pki/kubelet.crt" "$pki/kubelet-old.crt"
cp "$pki/kubelet.key" "$pki/kubelet-old.key"
pki_cert kubelet /O=system:nodes/CN=system:node:edge-1
both kubelet >"$CLUSTER/kubelet-2.pem"
ln -s "$CLUSTER/kubelet-2.pem" "$CLUSTER/kubelet-new.pem"
mv "$CLUSTER/kubelet-new.pem" "$CLUSTER/kubelet-current.pem"

renewed() {
	acts kubelet >/dev/null
	[ "$(credential)" = "$(print kubelet)" ]
}
check "kubelet's pair is renewed" wait_for 60 "the new one" renewed
check "by it the hub acts for the old certificate too" \
    is "$(acts kubelet-old)" system:node:edge-1
tap_end
