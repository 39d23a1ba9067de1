#!/bin/sh
# 12-crd.t: a definition that comes and goes, and what its clients are told
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1500 ./12-crd.t
cluster_up 1
hub_up

base=/apis/shop.example.com
in=namespaces/default/gadgets
gadgets=$base/v1/$in
tmp=$CLUSTER/crd
mkdir "$tmp"
json='Accept: application/json'

# ask URL PATH [ACCEPT]: the body
ask() {
	curl -s -m 60 -A test --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    -H "${3:-$json}" "$1$2"
}

master() {
	ask https://127.0.0.1:6443 "$@"
}

hub() {
	ask "$HUB_URL" "$@"
}

# head_of NAME PATH: a header of the hub's answer
head_of() {
	curl -s -m 60 -D - -o /dev/null -A test --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    "$HUB_URL$2" | tr -d '\r' | sed -n "s/^$1: //Ip"
}

# gadget NAME COLOR SIZE
gadget() {
	printf '%s\n' '---' 'apiVersion: shop.example.com/v1' 'kind: Gadget' \
	    "metadata: {name: $1, namespace: default}" \
	    "spec: {color: $2, size: $3}"
}

some() {
	{
		gadget one red 1
		gadget two blue 2
		gadget three red 3
	} | kc apply -f - >/dev/null 2>&1
}

define() {
	kc apply -f crd/gadgets.yaml >/dev/null &&
		wait_for 120 "gadgets" some
}

# names PATH: of the objects in a list of the hub
names() {
	hub "$1" | jq -r '[.items[].metadata.name] | sort | join(" ")'
}

listed() {
	[ "$(names "$1" 2>/dev/null)" = "$2" ]
}

gone() {
	[ "$(hub "$gadgets?resourceVersion=0")" = '404 page not found' ]
}

# wrote NAME FILTER: what a raw watch wrote
wrote() {
	jq -r "$2" "$tmp/$1" 2>/dev/null
}

# follow NAME PATH: a watch whose lines go to a file, until it ends
follow() {
	proc_start "$1" curl -sN -A test --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    -o "$tmp/$1" "$HUB_URL$2"
}

deleted() {
	[ "$(wrote "$1" 'select(.type == "DELETED") | .object.metadata.name' |
	    sort | paste -sd' ' -)" = "one three two" ]
}

began() {
	[ "$(wrote "$1" 'select(.type == "ADDED") | .object.metadata.name' |
	    sort | paste -sd' ' -)" = "$2" ]
}

rising() {
	wrote "$1" 'select(.type != "ADDED") |
	    .object.metadata.resourceVersion' >"$tmp/rvs"
	sort -n "$tmp/rvs" | cmp -s - "$tmp/rvs"
}

check "before it is there it is not found" is \
    "$(hub "$gadgets?resourceVersion=0")" '404 page not found'
define
check "soon after it was made it is listed" \
    wait_for 90 "a list" listed "$gadgets?resourceVersion=0" "one three two"
check "its other version too" wait_for 60 "a list" \
    listed "$base/v1beta1/$in?resourceVersion=0" "one three two"
check "it goes with the warning that the master gives" is \
    "$(head_of Warning "$base/v1beta1/$in?resourceVersion=0")" \
    '299 - "gadgets of v1beta1 are old"'
check "a field of its own selects" is \
    "$(names "$gadgets?resourceVersion=0&fieldSelector=spec.color%3Dred")" \
    "one three"
check "another does not" is \
    "$(hub "$gadgets?fieldSelector=spec.size%3D1" | jq -r .message)" \
    'field label not supported: spec.size'
follow all "$gadgets?watch=1&resourceVersion=0"
follow red "$gadgets?watch=1&resourceVersion=0&fieldSelector=spec.color%3Dred"
check "a watch begins with all" wait_for 60 "events" began all "one three two"
check "a watch by a field with its own" wait_for 60 "events" \
    began red "one three"
kc patch gadget one --type merge -p '{"spec":{"color":"blue"}}' >/dev/null
lost() {
	[ "$(wrote red 'select(.type == "DELETED") | .object.metadata.name')" = \
	    one ]
}
check "which loses what turned blue" wait_for 60 "an event" lost

# same_list VERSION: what the master has is in the hub's cache too
same_list() {
	master "$base/$1/$in" | jq -S 'del(.metadata)' >"$tmp/list.$1"
	hub "$base/$1/$in?resourceVersion=0" | jq -S 'del(.metadata)' |
	    cmp -s "$tmp/list.$1" - && [ -s "$tmp/list.$1" ]
}

for v in v1 v1beta1; do
	wait_for 60 "the list of $v" same_list "$v"
done
cut 503
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
for v in v1 v1beta1; do
	check "cut off the list of $v is what it was" is \
	    "$(hub "$base/$v/$in" | jq -S 'del(.metadata)')" \
	    "$(cat "$tmp/list.$v")"
done
check "so is the selection by a field" \
    is "$(names "$gadgets?fieldSelector=spec.color%3Dred")" three
check "so is the refusal of another" is \
    "$(hub "$gadgets?fieldSelector=spec.size%3D1" | jq -r .message)" \
    'field label not supported: spec.size'
kc delete crd gadgets.shop.example.com >/dev/null
check "what the master deletes meanwhile stays" listed "$gadgets" \
    "one three two"
check "and the watches stay open" proc_alive all
heal
check "when it is back the watch tells that all are deleted" \
    wait_for 90 "events" deleted all
check "in order" rising all
check "and ends" wait_for 60 "the end" proc_gone all
check "then it is not found" wait_for 60 "404" gone
cut 503
wait_for 60 "the hub to notice" hub_offline
check "not found either when cut off again" gone
heal
wait_for 60 "the hub to notice" hub_online

define
check "made again it is listed again" \
    wait_for 90 "a list" listed "$gadgets?resourceVersion=0" "one three two"
follow again "$gadgets?watch=1&resourceVersion=0"
check "and watched" wait_for 60 "events" began again "one three two"
kc delete crd gadgets.shop.example.com >/dev/null
check "deleted while all look on, each is told" \
    wait_for 90 "events" deleted again
check "and the watch ends" wait_for 60 "the end" proc_gone again
check "and it is not found" wait_for 60 "404" gone
tap_end
