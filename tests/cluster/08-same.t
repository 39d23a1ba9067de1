#!/bin/sh
# 08-same.t: thousands of requests, answered by the hub as by the master
#
# Online side by side; cut off beside what the master said just before.
# same/differences.conf declares what may differ, and why.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./08-same.t
# a cluster of its own: nothing may change but by what the test does
if [ -n "${K3S:-}" ]; then
	# shellcheck source=lib/k3s.sh
	. ./lib/k3s.sh
	export TRUST
	# shellcheck disable=SC2034
	HUB_OPTIONS=--impersonate
	k3s_up
	k3s_hub_up
else
	cluster_up 1
	hub_up
fi

# The objects before the definition of their kind may come too early.
objects_up() {
	{
		same/objects.sh
		echo ---
		clients/objects.sh
	} | kc apply -f - >/dev/null 2>&1
}

still() {
	proc_stop controller-manager
	proc_stop scheduler
}

same() {
	python3 -B same/same.py "$1" "$CLUSTER" >"$CLUSTER/same.$1"
	_same=$?
	diag "$1: $(head -n 1 "$CLUSTER/same.$1")"
	[ "$_same" -eq 0 ] || head -n 60 "$CLUSTER/same.$1" | diags
	return "$_same"
}

wait_for 120 "the objects" objects_up
still
check "every request was made once through the hub" same warm
wait_for 180 "the columns of all" hub_columns
check "and again, beside the master" same online
check "it was at least 2000" \
    [ "$(sed -n '1s/ requests.*//p' "$CLUSTER/same.online")" -ge 2000 ]
same record
cut 503
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
check "cut off the answers are those that the master gave" same offline
heal
check "and back" wait_for 60 "the hub to notice" hub_online
tap_end
