#!/bin/sh
# 18-heal.t: endpoints of pods that change, by ote-endpoint-heal as by the master
#
# HEAL_SEED repeats a run; its number is in the diagnostics.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1200 ./18-heal.t
# the pods run nowhere: nobody else may mind that
# shellcheck disable=SC2034
SERVICE_RANGE=10.96.0.0/16,fd00:96::/112
# shellcheck disable=SC2034
CONTROLLERS='*,-node-lifecycle-controller,-pod-garbage-collector-controller'
cluster_up 1
proc_stop scheduler

changes=80
seed=${HEAL_SEED:-20260103}

same() {
	_rc=0
	python3 -B heal/heal.py "$CLUSTER" "$OTE_BIN/ote-endpoint-heal" \
	    "$seed" "$changes" >"$CLUSTER/heal.out" || _rc=$?
	diag "$(head -n 1 "$CLUSTER/heal.out")"
	[ "$_rc" -eq 0 ] || sed -n 2,60p "$CLUSTER/heal.out" | diags
	return "$_rc"
}

# some WHAT LEAST: whether that many were so
some() {
	_n=$(sed -n "1s/.*[ :]$1 \([0-9]*\).*/\1/p" "$CLUSTER/heal.out")
	[ "${_n:-0}" -ge "$2" ]
}

check "$changes changes of pods end as with the controllers" same
check "slices were healed" some EndpointSlice "$changes"
check "so were Endpoints" some Endpoints $((changes / 2))
tap_end
