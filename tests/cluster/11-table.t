#!/bin/sh
# 11-table.t: every Table of the hub has the columns and cells of the master's
#
# Objects of every printed kind in many shapes; online and cut off.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./11-table.t
# a cluster of its own: nothing may change but by what the test does
cluster_up 1
hub_up

account_up() {
	kc get serviceaccount default >/dev/null 2>&1
}

definition_up() {
	kc get --raw /apis/table.example.com/v1/shapes >/dev/null 2>&1 &&
		kc get --raw /apis/table.example.com/v2/shapes >/dev/null 2>&1
}

tables() {
	python3 -B table/table.py "$1" "$CLUSTER" >"$CLUSTER/table.$1"
	_tables=$?
	tail -n 60 "$CLUSTER/table.$1" | command cut -c 1-400 | diags
	return "$_tables"
}

# What kubectl prints, but for the ages.
printed() {
	"$1" get -o wide "$2" | sed -E 's/([0-9]+[smhdy])+/T/g; s/ +/ /g'
}

# same_text KIND
same_text() {
	printed kc "$1" >"$CLUSTER/text.kc"
	printed hub_kc "$1" >"$CLUSTER/text.hub"
	[ -s "$CLUSTER/text.kc" ] || return 1
	diff "$CLUSTER/text.kc" "$CLUSTER/text.hub" >"$CLUSTER/diff" && return
	diags <"$CLUSTER/diff"
	return 1
}

wait_for 120 "the default account" account_up
proc_stop controller-manager
proc_stop scheduler
kc apply -f table/crd.yaml >/dev/null
wait_for 120 "the definition" definition_up
check "objects in every shape" python3 -B table/objects.py "$CLUSTER"
# What kubectl must know of the API, it asks the hub while that can ask.
hub_kc api-resources >/dev/null 2>&1 || :
check "the hub has all of them" tables warm
wait_for 180 "the columns of all" hub_columns
check "online the tables are those of the master" tables online
cut 503
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
check "cut off they are too" tables offline
# what 1.34 printed in another way table.py has
[ "${OTE_MASTER:-}" = older ] || since='pods nodes'
for kind in ${since:-} services deployments events jobs \
    shapes.v1.table.example.com; do
	check "kubectl get -o wide $kind" same_text "$kind"
done
heal
check "and back" wait_for 60 "the hub to notice" hub_online
tap_end
