# shellcheck shell=sh
# session.sh: the one cluster, hub, node and workload that tests share
#
# OTE_STRAIGHT=1 leaves the hub out, to try the harness by itself: every
# client then talks to the master's balancer.

: "${PODS:=10}"
if [ -n "${OTE_STRAIGHT:-}" ]; then
	HUB_URL=https://127.0.0.1:7443
fi

session_up() {
	cluster_up 1
	[ -n "${OTE_STRAIGHT:-}" ] || hub_up
	node_up "$HUB_URL"
	workload_up "$PODS"
	echo up >"$CLUSTER/session"
}

# hub_online: whether the hub knows that a master is up
hub_online() {
	grep -q ' up ' "$CLUSTER/hub/data/run/masters"
}

# hub_offline: whether it knows that none is
hub_offline() {
	! hub_online && grep -q ' down ' "$CLUSTER/hub/data/run/masters"
}

# session_need: makes the session when the test runs alone; the test before may
# have ended with a heal that the hub's probes have not seen yet
session_need() {
	[ -e "$CLUSTER/session" ] || session_up
	[ -n "${OTE_STRAIGHT:-}" ] ||
		wait_for 60 "the hub to see its master" hub_online
}
