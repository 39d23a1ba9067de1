# shellcheck shell=sh
# lib.sh: a real cluster in shell functions; sourced by the tests
#
# Everything runs in private namespaces (network, mounts, processes), made
# by cluster_enter: no address leads out of them, and when they end nothing
# is left of processes, mounts, rules and interfaces. What is on the host
# is one directory, $CLUSTER, and one cgroup. Ports are fixed in there:
#
#	2379 etcd	6443, 6444 the masters, straight; never cut
#	8778 hub	7443, 7444 the masters as the hub reaches them
#	6888 its load balancer	8443, 8444 the same through toxiproxy
#
# The caller has cd'ed to this directory.

for _part in tap proc enter pki master hub image node reboot workload \
    cut toxic audit expect clients outage callers controller session; do
	# shellcheck source=/dev/null
	. "./lib/$_part.sh"
done
