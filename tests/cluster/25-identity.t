#!/bin/sh
# 25-identity.t: whoever asks what, through the hub he gets what the master gives
# him: online, cut off, and after a restart while cut off
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1500 ./25-identity.t
# a cluster of its own, without a kubelet: nothing may change by itself
cluster_up 1
callers_make

# asked PROGRAM WORD...: its first line is told, the others where it fails
asked() {
	_out=$CLUSTER/identity.$(echo "$*" | tr ' /' '--')
	_program=$1
	shift
	_rc=0
	python3 -B "identity/$_program.py" "$@" "$CLUSTER" "$_port" \
	    >"$_out" 2>&1 || _rc=$?
	diag "$*: $(head -n 1 "$_out")"
	[ "$_rc" -eq 0 ] || sed -n '2,200s/^/# /p' "$_out" >&2
	return "$_rc"
}

_port=6443
check "the master is asked everything" asked matrix master
check "and says the same again" asked matrix again
tap_end
