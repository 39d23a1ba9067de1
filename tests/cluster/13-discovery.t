#!/bin/sh
# 13-discovery.t: a hub that nobody has asked knows what the master says of
# itself, follows it, and tells kubectl the same while cut off
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1200 ./13-discovery.t
# a cluster of its own: no client may have asked before
cluster_up 1
hub_up
data=$CLUSTER/hub/data

hub_offline() {
	grep -q ' down ' "$data/run/masters"
}

listed() {
	grep -q '^shop.example.com v1 gadgets Gadget namespaced$' \
	    "$data/run/discovery" 2>/dev/null
}

unlisted() {
	! grep -q '^shop' "$data/run/discovery"
}

# document PATH TYPE: what is remembered; names as those of files
document() {
	_file=$data/replies/$1/$2
	if head -n 1 "$_file" | grep -q '"gzip":true'; then
		tail -n +2 "$_file" | gzip -dc
	else
		tail -n +2 "$_file"
	fi
}

# current: whether the schemas are those that the master has now
current() {
	document openapi,v3 any >"$CLUSTER/index" 2>/dev/null &&
	document openapi,v2 application,json >"$CLUSTER/v2" 2>/dev/null || return
	kc get --raw /openapi/v3 | cmp -s - "$CLUSTER/index" &&
	kc get --raw /openapi/v2 | cmp -s - "$CLUSTER/v2" &&
	[ "$(find "$data/replies" -path '*/openapi,v3,*' -type f | wc -l)" = \
	    "$(jq '.paths | length' "$CLUSTER/index")" ]
}

# commands: one a line
commands() {
	cat <<-'END'
	api-resources
	api-resources -o wide --sort-by=name
	api-resources --api-group=shop.example.com
	api-versions
	explain pod.spec
	explain pod --recursive
	explain deployment.spec.strategy --output=plaintext-openapiv2
	explain gadget.spec
	explain gadget --api-version=shop.example.com/v1beta1
	__complete get po
	__complete get gad
	__complete explain deploy
	version -o json
	get --raw /
	get --raw /api
	get --raw /apis
	get --raw /api/v1
	get --raw /apis/shop.example.com
	get --raw /apis/shop.example.com/v1
	get --raw /version
	get --raw /openapi/v2
	get --raw /openapi/v3
	get --raw /openapi/v3/apis/apps/v1
	get --raw /openapi/v3/apis/shop.example.com/v1
	get --raw /.well-known/openid-configuration
	get --raw /openid/v1/jwks
	END
}

# say KUBECONFIG WORD...: kubectl with an empty cache; completion must come first
say() {
	_config=$CLUSTER/$1.kubeconfig _first=
	shift
	if [ "$1" = __complete ]; then
		_first=$1
		shift
	fi
	rm -rf "$CLUSTER/empty"
	HOME=$CLUSTER "$BIN/kubectl" ${_first:+"$_first"} \
	    --kubeconfig "$_config" --cache-dir "$CLUSTER/empty" "$@"
}

# say_all DIR KUBECONFIG: what they print
say_all() {
	mkdir -p "$CLUSTER/$1"
	commands | while read -r _line; do
		# shellcheck disable=SC2086
		say "$2" $_line >"$CLUSTER/$1/$(echo "$_line" |
		    tr ' /' '_,')" 2>&1 </dev/null ||
			diag "$1: kubectl $_line: exit $?"
	done
}

# same_all: whether hub and master said the same
same_all() {
	diff -rq "$CLUSTER/said-master" "$CLUSTER/said-hub" >"$CLUSTER/diff" && return
	diags <"$CLUSTER/diff"
	return 1
}

# peak PROCESS: its VmHWM in KB; the namespace has no other hub
peak() {
	awk '/^VmHWM/ { print $2 }' "/proc/$(pgrep -x "$1")/status"
}

# columns: of nodes, as the master has them now
columns() {
	curl -s -m 60 --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    -H 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io' \
	    https://127.0.0.1:6443/api/v1/nodes | jq -c .columnDefinitions
}

check "the schemas are there, and nobody has asked" \
    wait_for 180 "the schemas" current
check "the resources are listed" \
    grep -qx 'core v1 pods Pod namespaced' "$data/run/discovery"
check "and the columns of what has a feed" \
    wait_for 120 "columns" test -s "$data/tables/core/v1/nodes"
check "which are those of the master" \
    is "$(cat "$data/tables/core/v1/nodes")" "$(columns)"

kc apply -f crd/gadgets.yaml >/dev/null
# it looks 30 s after the end of the last look, at most
check "a definition is noticed by the next look" \
    wait_for 90 "gadgets" listed
check "its schema follows" wait_for 180 "its schema" current

say_all said-master admin
cut 503
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
say_all said-hub kubectl-hub
check "completion completes" grep -q '^pods' \
    "$CLUSTER/said-master/__complete_get_po"
check "kubectl prints the same: $(commands | wc -l) commands" same_all

hub_down
hub_start
check "the hub restarts while cut off" wait_for 60 "the hub" hub_ready
rm -rf "$CLUSTER/said-hub"
say_all said-hub kubectl-hub
check "and prints the same again" same_all

heal
check "the hub sees its master" wait_for 60 "the hub" hub_online
kc delete -f crd/gadgets.yaml >/dev/null
check "a definition that goes is noticed by the next look" \
    wait_for 90 "no gadgets" unlisted
check "its documents go" wait_for 180 "the schemas" current
check "and its group" test ! -e "$data/replies/apis,shop.example.com,v1"

# with a feed of definitions nobody waits for the next look
hub_kc get customresourcedefinitions >/dev/null 2>&1
check "a feed that is new has its columns" wait_for 120 "columns" test -s \
    "$data/tables/apiextensions.k8s.io/v1/customresourcedefinitions"
kc apply -f crd/gadgets.yaml >/dev/null
check "a definition in the tree is followed at once" \
    wait_for 20 "gadgets" listed
_kb=$(peak ote-discovery)
# a tool with the same libraries that asks for /readyz and nothing else
_base=$(peak ote-master-heal)
diag "ote-discovery: $_kb KB at most, ote-master-health: $_base KB"
check "it stays within 4 MB of what its libraries take" \
    [ "$((_kb - _base))" -lt 4096 ]
tap_end
