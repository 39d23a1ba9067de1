#!/bin/sh
# 04-heal.t: what the master changed during a cut arrives on the watches
# that were open before it: all of it, once, in order, without a LIST of it
#
# The order is the one that a watch straight to the master has seen.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
: "${CUT_SECONDS:=60}"
cluster_enter $((1000 + CUT_SECONDS)) ./04-heal.t
no_hub_skip
session_need

maps=/api/v1/namespaces/heal/configmaps
services=/api/v1/namespaces/heal/services
pods=/api/v1/namespaces/default/pods
q='?watch=true&timeoutSeconds=7200'

# seen NAME: each event in heal, as one line; a watch's own in order
seen() {
	for _w in 0 1; do
		lines "$1" "select(.watch == $_w and .namespace == \"heal\" and
		    .type != \"BOOKMARK\") |
		    [.type, .kind, .name, .resourceVersion]"
	done
}

same_seen() {
	[ "$(seen through)" = "$(seen straight)" ]
}

# begun: both have seen the eight objects that there are in heal
begun() {
	[ "$(seen straight | wc -l)" = 8 ] &&
	    [ "$(seen through | sort)" = "$(seen straight | sort)" ]
}

# changes_seen NAME COUNT: events since the first, which are ADDED
changes_seen() {
	[ "$(($(seen "$1" | wc -l) - first))" = "$2" ]
}

has_lines() {
	[ -n "$("$@")" ]
}

# marked NAME: the resourceVersions of the annotated pod, as they came
marked() {
	lines "$1" 'select(.name == "web-1") |
	    (.resourceVersion | tonumber)'
}

# marked_same RV: whether the annotation came, and the same is the last. If
# kubelet wrote to a pod meanwhile, the pods are told as a difference.
marked_same() {
	[ "$(marked through | tail -n 1)" = "$(marked straight | tail -n 1)" ] &&
	    [ "$(marked through | tail -n 1)" -ge "$1" ] &&
	    [ -z "$(marked through | sort | uniq -d)" ]
}

change() {
	for _i in 1 2 3 4 5; do
		kc create configmap -n heal "new-$_i" --from-literal=v=0
		kc patch configmap -n heal "old-$_i" -p '{"data":{"v":"1"}}'
	done
	for _v in 2 3 4; do
		kc patch configmap -n heal old-1 -p "{\"data\":{\"v\":\"$_v\"}}"
	done
	kc delete configmap -n heal old-2 new-2
	kc create configmap -n heal old-2 --from-literal=v=again
	kc create service clusterip -n heal made --tcp=80
	kc patch service -n heal kept -p '{"metadata":{"labels":{"x":"y"}}}'
	kc delete service -n heal gone
	kc annotate pod web-1 ote/mark=cut --overwrite
}

follows() {
	hub_follows "$maps" && { hub_follows "$services" ||
	    hub_follows /api/v1/services; }
}

root_ca() {
	kc get configmap -n heal kube-root-ca.crt >/dev/null 2>&1
}

kc create namespace heal >/dev/null
wait_for 60 "the namespace's own ConfigMap" root_ca
for i in 1 2 3 4 5; do
	kc create configmap -n heal "old-$i" --from-literal=v=0
done >/dev/null
kc create service clusterip -n heal kept --tcp=80 >/dev/null
kc create service clusterip -n heal gone --tcp=80 >/dev/null
kc annotate pod web-1 ote/mark- >/dev/null

watch_start straight admin "$maps$q" "$services$q" "$pods$q"
watch_start through kubectl-hub "$maps$q" "$services$q" "$pods$q"
check "the hub follows what is watched" \
    wait_for 60 "the hub's watches" follows
check "before: both have seen the same objects" \
    wait_for 60 "the objects" begun
first=$(seen straight | wc -l)
ids=$(container_ids)
restarts=$(restart_counts)

cut blackhole
wait_for 60 cut is_cut
audit_mark cut
change >/dev/null
rv=$(kc get pod web-1 -o jsonpath='{.metadata.resourceVersion}')
check "cut: the straight watch has seen the changes" \
    wait_for 60 changes changes_seen straight 19
check "cut: through the hub none came" changes_seen through 0
check "cut: for $CUT_SECONDS s the watches stay open" \
    holds "$CUT_SECONDS" watch_held through

heal
check "healed: the same events, once, in order" \
    wait_for 90 "the events" same_seen
diag "$(seen through | wc -l) events"
check "healed: the pod's annotation arrived, nothing twice" \
    wait_for 90 annotation marked_same "$rv"
check "healed: the watches are the ones from before" watch_held through
check "healed: nothing comes twice" holds 3 same_seen
check "the hub watched on from its old resourceVersion" \
    has_lines audit_watches cut
# What kubelet wrote meanwhile is listed, to be the master's again.
check "the hub sent no LIST but of what was written here" \
    is "$(audit_lists cut | grep -v -e '/leases?' -e '/nodes?' \
    -e '/pods?')" ""
check "no container has restarted" same_containers "$ids"
check "no pod has restarted" is "$(restart_counts)" "$restarts"
check "the node is Ready" wait_for 120 Ready node_ready
proc_stop through
proc_stop straight
kc delete namespace heal --wait=false >/dev/null
tap_end
