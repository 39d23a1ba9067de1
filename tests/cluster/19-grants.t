#!/bin/sh
# 19-grants.t: tokens and access reviews of a real master, by kubelet's
# identity, and what the hub makes of them while it is cut off
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1200 ./19-grants.t
# a cluster of its own, without a kubelet, which nobody may mind; the hub asks as
# kubelet would
# shellcheck disable=SC2034
CONTROLLERS='*,-node-lifecycle-controller,-pod-garbage-collector-controller'
cluster_up 1
kubeconfig hub https://127.0.0.1:7443 kubelet
data=$CLUSTER/hub/data
authn=/apis/authentication.k8s.io/v1
authz=/apis/authorization.k8s.io/v1
accounts=/api/v1/namespaces/default/serviceaccounts
csrs=/apis/certificates.k8s.io/v1/certificatesigningrequests

jq -n '{apiVersion: "v1", kind: "Node", metadata: {name: "edge-1"}}' |
    kc create -f - >/dev/null
kc create serviceaccount web >/dev/null

# pod_made: with its uid in $_uid; the master gives kubelet tokens of the
# audiences that are in it
pod_made() {
	_uid=$(jq -n '{apiVersion: "v1", kind: "Pod", metadata: {name: "web"},
	    spec: {nodeName: "edge-1", serviceAccountName: "web",
	    terminationGracePeriodSeconds: 0, containers:
	    [{name: "c", image: "none"}], volumes: [{name: "t", projected:
	    {sources: [("a", "b") | {serviceAccountToken: {audience: .,
	    path: .}}]}}]}}' |
	    kc create -f - -o jsonpath='{.metadata.uid}')
}

# hub_pod UID: the hub knows the pod by that uid
hub_pod() {
	cat "$data"/cache/core/v1/pods/*/objects/default/web 2>/dev/null |
	    jq -r .metadata.uid | grep -qxF "$1"
}

hub_offline() {
	grep -q ' down ' "$data/run/masters"
}

hub_online() {
	grep -q ' up ' "$data/run/masters" && ! hub_offline
}

# ask PATH: the JSON on stdin, to the hub, as $who; $_code and the answer in
# $CLUSTER/answer
who=kubelet
ask() {
	_code=$(curl -s -m 60 -A x --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/$who.crt" --key "$CLUSTER/pki/$who.key" \
	    -H 'Content-Type: application/json' \
	    -o "$CLUSTER/answer" -w '%{http_code}' --data-binary @- \
	    "$HUB_URL$1")
}

# token AUDIENCE POD_UID: as kubelet asks; the answer's digest in $_said
token() {
	jq -n --arg a "$1" --arg u "$2" '{kind: "TokenRequest",
	    apiVersion: "authentication.k8s.io/v1", spec: {audiences: [$a],
	    expirationSeconds: 3607, boundObjectRef: {kind: "Pod",
	    apiVersion: "v1", name: "web", uid: $u}}}' >"$CLUSTER/question"
	ask "$accounts/web/token" <"$CLUSTER/question"
	_said="$_code $(jq -r '.reason // ([.status.token,
	    .status.expirationTimestamp] | join(" "))' "$CLUSTER/answer")"
}

# review GROUP_PATH KIND SPEC: its answer's status in $_said
review() {
	jq -n --arg k "$2" --arg v "${1#/apis/}" --argjson s "$3" '{kind: $k,
	    apiVersion: ($v | split("/")[:2] | join("/")), spec: $s}' \
	    >"$CLUSTER/question"
	ask "$1" <"$CLUSTER/question"
	_said="$_code $(jq -cS '.reason // .status' "$CLUSTER/answer")"
}

# remembered N: so many tokens, which are written when they have been handed on
remembered() {
	[ "$(find "$data/tokens" -type f -perm 600 -name 'default,web,*' |
	    wc -l)" = "$1" ]
}

forgotten() {
	[ "$(grep -rlF "$_token" "$data/tokens" | wc -l)" = 0 ]
}

# payload TOKEN JQ: of a JWT
payload() {
	echo "$1" | jq -rR "split(\".\")[1] | gsub(\"-\"; \"+\") |
	    gsub(\"_\"; \"/\") | . + \"===\"[0:(4 - length % 4) % 4] |
	    @base64d | fromjson | $2"
}

# reviews_all: what is asked, one by one; what was said
reviews_all() {
	review $authn/tokenreviews TokenReview "{\"token\": \"$_token\",
	    \"audiences\": [\"a\"]}"
	echo "$_said"
	review $authz/subjectaccessreviews SubjectAccessReview '{"user": "admin",
	    "groups": ["system:masters"],
	    "resourceAttributes": {"verb": "get", "resource": "nodes"}}'
	echo "$_said"
	review $authz/namespaces/default/localsubjectaccessreviews \
	    LocalSubjectAccessReview '{"user": "nobody", "resourceAttributes":
	    {"namespace": "default", "verb": "get", "resource": "pods"}}'
	echo "$_said"
	review $authz/selfsubjectaccessreviews SelfSubjectAccessReview \
	    '{"resourceAttributes": {"verb": "list", "resource": "services"}}'
	echo "$_said"
	review $authz/selfsubjectrulesreviews SelfSubjectRulesReview \
	    '{"namespace": "default"}'
	echo "$_said"
}

pod_made
first=$_uid
hub_up
check "the hub has the pod" wait_for 60 "the pod" hub_pod "$first"

# --- while the master is there ---

token a "$first"
_was=$_said
_token=${_was#201 }
_token=${_token% *}
check "kubelet gets a token" is "$_code" 201
check "which is the pod's" is \
    "$(payload "$_token" '[.aud[0], .["kubernetes.io"].pod.uid] | join(" ")')" \
    "a $first"
check "it is remembered" wait_for 60 "the file" remembered 1
reviews_all >"$CLUSTER/reviews.online"
check "reviews are answered" is "$(sed 's/ .*//' "$CLUSTER/reviews.online" |
    sort | uniq -c | tr -s ' ')" " 5 201"
check "the token is good" is "$(jq -R 'ltrimstr("201 ") | fromjson |
    .authenticated' "$CLUSTER/reviews.online" | head -n 1)" true

# --- cut off ---

cut 503
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
token a "$first"
check "the same token again" is "$_said" "$_was"
token b "$first"
check "none for another audience" is "$_said" "503 ServiceUnavailable"
reviews_all >"$CLUSTER/reviews.offline"
check "reviews are answered as before" \
    cmp "$CLUSTER/reviews.online" "$CLUSTER/reviews.offline"
who=proxy
review $authz/selfsubjectaccessreviews SelfSubjectAccessReview \
    '{"resourceAttributes": {"verb": "list", "resource": "services"}}'
who=kubelet
check "but not to who has not asked" is "$_said" '503 "ServiceUnavailable"'
review $csrs CertificateSigningRequest '{"request": "eA=="}'
check "a CertificateSigningRequest is refused" \
    is "$_said" '503 "ServiceUnavailable"'
hub_kill
hub_up
token a "$first"
check "a hub that was killed has the token" is "$_said" "$_was"
check "no token is in reviews/ or the log" \
    is "$(grep -rlF "$_token" "$data/reviews" "$CLUSTER/log" | wc -l)" 0

# --- another pod of the name ---

heal
check "the master is back" wait_for 60 "the hub to notice" hub_online
token b "$first"
check "a token of another audience" is "$_code" 201
kc delete pod web --force --grace-period=0 >/dev/null 2>&1
pod_made
check "another pod of that name" [ "$_uid" != "$first" ]
check "the hub has it" wait_for 60 "the pod" hub_pod "$_uid"
cut blackhole
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
token a "$first"
check "none for a pod that is gone" is "$_said" "503 ServiceUnavailable"
token a "$_uid"
check "nor for its heir" is "$_said" "503 ServiceUnavailable"
heal
check "the master is back" wait_for 60 "the hub to notice" hub_online
token a "$first"
check "the master says no" is "$_code" 403
check "and that token is forgotten" wait_for 60 "no file" forgotten
token a "$_uid"
check "the heir gets its own" \
    is "$_code $(payload "$(jq -r .status.token "$CLUSTER/answer")" \
    '.["kubernetes.io"].pod.uid')" "201 $_uid"
tap_end
