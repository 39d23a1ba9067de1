#!/bin/sh
# 24-node-rules.t: a kubelet's rights as the Node authorizer has them, and
# NodeRestriction
#
# NODE_SEED repeats a run; its number is in the diagnostics.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 900 ./24-node-rules.t
cluster_up 1
# nobody runs the pods, so nobody may clean them up
proc_stop controller-manager
proc_stop scheduler

questions=800
seed=${NODE_SEED:-20260106}

same() {
	_rc=0
	python3 -B nodes/rules.py "$CLUSTER" "$OTE_BIN/ote-access" \
	    "$seed" "$questions" >"$CLUSTER/rules.out" || _rc=$?
	diag "$(head -n 1 "$CLUSTER/rules.out")"
	[ "$_rc" -eq 0 ] || sed -n 2,60p "$CLUSTER/rules.out" | diags
	return "$_rc"
}

written() {
	_rc=0
	python3 -B nodes/writes.py "$CLUSTER" "$BUILD/tests/hub/restrict" \
	    >"$CLUSTER/writes.out" || _rc=$?
	diag "$(head -n 1 "$CLUSTER/writes.out")"
	[ "$_rc" -eq 0 ] || sed -n 2,60p "$CLUSTER/writes.out" | diags
	return "$_rc"
}

# some WHAT LEAST: whether that many were so
some() {
	_n=$(sed -n "1s/.*[(, ]$1 \([0-9]*\).*/\1/p" "$CLUSTER/rules.out")
	[ "${_n:-0}" -ge "$2" ]
}

check "over $questions questions for each node are answered alike" same
check "many are allowed" some allowed 200
check "writes are admitted and refused as by NodeRestriction" written
tap_end
