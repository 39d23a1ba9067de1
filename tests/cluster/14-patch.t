#!/bin/sh
# 14-patch.t: thousands of random patches, applied by ote-patch as by the master
#
# PATCH_SEED repeats a run; its number is in the diagnostics.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1500 ./14-patch.t
cluster_up 1
# nothing may change but by what the test does
proc_stop controller-manager
proc_stop scheduler

pairs=3000
seed=${PATCH_SEED:-20260102}

gadgets() {
	kc get gadgets >/dev/null 2>&1
}

same() {
	_rc=0
	python3 -B patch/patch.py "$CLUSTER" "$OTE_BIN/ote-patch" \
	    "$seed" "$pairs" >"$CLUSTER/patch.out" || _rc=$?
	diag "$(head -n 1 "$CLUSTER/patch.out")"
	sed -n 2,60p "$CLUSTER/patch.out" | diags
	return "$_rc"
}

# some TYPE OUTCOME LEAST: whether that many ended so
some() {
	_n=$(sed -n "1s/.*[ :]$1 $2 \([0-9]*\).*/\1/p" "$CLUSTER/patch.out")
	[ "${_n:-0}" -ge "$3" ]
}

kc apply -f crd/gadgets.yaml >/dev/null
check "a custom resource is there" wait_for 120 "gadgets" gadgets
check "$pairs patches end as on the master" same
for type in json merge strategic; do
	check "many of them apply: $type" some "$type" applied $((pairs / 20))
	check "some are refused: $type" some "$type" refused 10
done
tap_end
