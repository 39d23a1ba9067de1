#!/bin/sh
# 31-image.t: the image, as the Deployment that ote_install makes, in a real
# node's containerd, keeps another node that is cut off
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./31-image.t
cluster_up 1
key=edgenode.ote.baidu.com
../../sh/make-image -o "$CLUSTER/controller.tar" >"$CLUSTER/log/image.log" 2>&1 ||
	bail "no image: $(cat "$CLUSTER/log/image.log")"
node_up https://127.0.0.1:7443

# The master listens on loopback: pods come to it by the node's address.
proc_start forwarder-pods "$OWN/balancer" -listen 192.0.2.10:6443 \
    -master 127.0.0.1:6443 -control "$CLUSTER/run/forwarder-pods.mode" \
    -cert "$CLUSTER/pki/apiserver.crt" -key "$CLUSTER/pki/apiserver.key"
jq -n '{apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice",
    metadata: {name: "kubernetes", namespace: "default",
	labels: {"kubernetes.io/service-name": "kubernetes"}},
    addressType: "IPv4", endpoints: [{addresses: ["192.0.2.10"]}],
    ports: [{name: "https", port: 6443, protocol: "TCP"}]}' |
    kc create -f - >/dev/null

hollow_up far near
kc label node far "$key/autonomy=true" >/dev/null
kc taint node far near test=hollow:NoSchedule >/dev/null
hollow_pod far 11

check "the image is imported" ctr -n k8s.io images import "$CLUSTER/controller.tar"
check "ote_install waits until it runs" ote_install --timeout 300 ||
    kc describe pods -n ote-edge | diags
pods() {
	kc get pods -n ote-edge "$@"
}
diag "$(pods -o wide --no-headers)"
check "two of them" is "$(pods -o name | wc -l)" 2
check "nobody is root there" is "$(for pid in $(pgrep -f /usr/bin/ote-supervise); do
	awk '/^Uid:/ { print $2 }' "/proc/$pid/status"; done | sort -u)" 65532
leader() {
	kc get lease ote-edgecontroller -n ote-edge \
	    -o jsonpath='{.spec.holderIdentity}' 2>/dev/null
}
leads() {
	[ -n "$(leader)" ] && [ "$(leader)" != "${1:-}" ]
}
check "one leads" wait_for 120 leader leads
check "far: it has an EdgeNode" wait_for 120 EdgeNode en True far
wait_for 60 "an endpoint" slice_is true far
kc get endpointslices -l kubernetes.io/service-name=far -o yaml >"$CLUSTER/slice"
follow_start watch-nodes nodes
follow_start watch-pods pods

hollow_cut far
t=$(now_ms)
check "far: cut off, its EdgeNode says so" wait_for 120 EdgeNode en False far
check "far: it is tainted" wait_for 60 taint tainted "$key/cut-off" far
was=$(leader)
pod=$(pods -o name | sed 's,.*/,,' | while read -r name; do
	case $was in "$name"*) echo "$name" ;; esac; done)
check "the leader is called by its pod" is "$(echo "$pod" | wc -w)" 1
kc delete pod "$pod" -n ote-edge --force --grace-period=0 >/dev/null 2>&1
check "its pod is deleted: another leads" wait_for 120 leader leads "$was"
address() {
	pods -o jsonpath='{.items[0].status.podIP}'
}
metrics() {
	curl -s -m 5 "http://$(address):9478/metrics" |
	    grep '^ote_edgecontroller_leader '
}
check "metrics" wait_for 120 metrics metrics
leaders() {
	[ "$(pods -o jsonpath='{range .items[*]}{.status.podIP}{"\n"}{end}' |
	    while read -r ip; do
		curl -s -m 5 "http://$ip:9478/metrics" </dev/null || :
	    done | grep -cx 'ote_edgecontroller_leader 1')" = 1 ]
}
check "one of them says that it leads" wait_for 120 leaders leaders
left=$((70 - ($(now_ms) - t) / 1000))
check "far: Ready for the master for 70 s" holds $((left > 1 ? left : 1)) \
    node_is True far
check "far: never anything but Ready" is "$(was_status watch-nodes far)" True
check "far: nor its pod" is "$(was_status watch-pods far)" True
kc get endpointslices -l kubernetes.io/service-name=far -o yaml \
    >"$CLUSTER/slice-now"
check "far: its EndpointSlice is what it was" \
    cmp "$CLUSTER/slice" "$CLUSTER/slice-now"
hollow_heal far
check "far: it is back" wait_for 60 EdgeNode en True far
check "far: the taint is gone" wait_for 60 taint not_tainted "$key/cut-off" far
memory() {
	for pid in $(pgrep -f /usr/bin/ote-); do
		awk '/^Rss:/ { n += $2 } END { print n }' \
		    "/proc/$pid/smaps_rollup" 2>/dev/null
	done | awk '{ n += $1 } END { print n }'
}
diag "memory of both: $(memory) KB"
check "--remove" ote_install --remove
check "leaves nothing" is "$(kc get namespace,crd,clusterrole,role -A -o name |
    grep -c -e ote-edge -e edgenode || :)" 0
tap_clean || log_tail install kubelet
tap_end
