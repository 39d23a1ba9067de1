#!/bin/sh
# 28-rights.t: what etc/deploy/edgehub-rbac.yml gives is enough for the hub, by
# a credential of its own and by kubelet's, and no more than it says
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 900 ./28-rights.t
cluster_up 1
data=$CLUSTER/hub/data
pki_cert edgehub /O=ote-edgehub/CN=edge-1
kubeconfig edgehub https://127.0.0.1:7443 edgehub
kubeconfig node https://127.0.0.1:7443 kubelet
jq -n '{apiVersion: "v1", kind: "Node", metadata: {name: "edge-1"}}' |
    kc create -f - >/dev/null
kc create serviceaccount web >/dev/null
token=$(kc create token web)

# as KUBECONFIG KUBECTL_ARGUMENT...
as() {
	_as=$1
	shift
	HOME=$CLUSTER "$BIN/kubectl" --kubeconfig \
	    "$CLUSTER/$_as.kubeconfig" --cache-dir "$CLUSTER/kube-cache-as" "$@"
}

# may KUBECONFIG yes|no VERB RESOURCE...
may() {
	_as=$1 _want=$2
	shift 2
	_got=$(as "$_as" auth can-i "$@" 2>/dev/null || :)
	[ "${_got%% *}" = "$_want" ]
}

# review KUBECONFIG: what the master says of a token
review() {
	jq -n --arg t "$token" '{apiVersion: "authentication.k8s.io/v1",
	    kind: "TokenReview", spec: {token: $t}}' |
	    as "$1" create --validate=false -f - -o jsonpath='{.status.user.username}'
}

# asked KUBECONFIG: what it says of what somebody may
asked() {
	jq -n '{apiVersion: "authorization.k8s.io/v1",
	    kind: "SubjectAccessReview", spec: {user: "admin",
	    groups: ["system:masters"], resourceAttributes:
	    {verb: "get", resource: "secrets", namespace: "default"}}}' |
	    as "$1" create --validate=false -f - -o jsonpath='{.status.allowed}'
}

jwks() {
	as "$1" get --raw /openid/v1/jwks | jq '.keys | length > 0' |
	    grep -qx true
}

# feeds: their states and codes, each once
feeds() {
	"$OTE_BIN/ote-status" -j -d "$data" |
	    jq -r '.feeds[] | "\(.state) \(.code) \(.path)"'
}

all_synced() {
	_feeds=$(feeds)
	[ "$(echo "$_feeds" | wc -l)" -ge "$(grep -c '^/' ../../etc/feeds.conf)" ] &&
	    ! echo "$_feeds" | grep -qv '^synced '
}

synced() {
	wait_for 120 "all feeds" all_synced || {
		diag "$(feeds)"
		return 1
	}
}

# hub_as KUBECONFIG: a hub on an empty tree with that credential
hub_as() {
	rm -rf "$data"
	cp "$CLUSTER/$1.kubeconfig" "$CLUSTER/hub.kubeconfig"
	hub_up
}

check "without rights" may edgehub no list nodes
check "the node's certificate alone: not what kube-proxy reads" \
    may node no watch endpointslices.discovery.k8s.io
kc apply -f ../../etc/deploy/edgehub-rbac.yml >/dev/null
wait_for 60 "the rights" may edgehub yes list nodes
for _who in edgehub node; do
	hub_as "$_who"
	check "$_who: all of feeds.conf is synced" synced
	hub_down
	check "$_who: reviews tokens" is "$(review "$_who")" \
	    system:serviceaccount:default:web
	check "$_who: asks what others may" is "$(asked "$_who")" true
	check "$_who: reads the keys of tokens" jwks "$_who"
	check "$_who: reads no Secrets" may "$_who" no list secrets -A
	check "$_who: impersonates nobody" may "$_who" no impersonate users
done
for _what in 'create pods' 'patch nodes/status' 'update leases' 'delete pods' \
    'get configmaps' 'create serviceaccounts/token'; do
	# shellcheck disable=SC2086
	check "edgehub: may not $_what" may edgehub no $_what
done
kc create rolebinding ote-edgehub-pods -n default \
    --clusterrole ote-edgehub-pods --group ote-edgehub >/dev/null
wait_for 60 "a right" may edgehub yes watch secrets
check "bound in a namespace: not in others" \
    may edgehub no watch secrets -n kube-system
kc create clusterrolebinding ote-edgehub-impersonator \
    --clusterrole ote-edgehub-impersonator --group ote-edgehub >/dev/null
wait_for 60 "a right" may edgehub yes impersonate users/system:kube-proxy
check "impersonation of kube-proxy" is \
    "$(as edgehub --as system:kube-proxy auth whoami -o \
	jsonpath='{.status.userInfo.username}')" system:kube-proxy
check "and of nobody else" may edgehub no impersonate users/admin
check "no group of masters" may edgehub no impersonate groups/system:masters
tap_end
