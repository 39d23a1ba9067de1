#!/bin/sh
# 42-k3s-real.t: the same with a real k3s, where one is installed
#
# K3S (k3s, from PATH) is its binary. Its server is on the host's side of the
# balancer, its agent behind the hub: a cut, the agent killed, a heal.
set -eu

cd "$(dirname "$0")"
K3S=$(command -v "${K3S:-k3s}") || {
	echo "1..0 # SKIP no k3s is installed here"
	exit 0
}
export K3S
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./42-k3s-real.t
# shellcheck source=lib/k3s.sh
. ./lib/k3s.sh
K3S_DATA=$CLUSTER/k3s-server
HUB_URL=https://127.0.0.1:8778
# shellcheck disable=SC2034
FORWARD_ON='' FORWARD_TO=9345 FORWARD_AS=edge-server
: "${PODS:=5}"

kc() {
	HOME=$CLUSTER "$BIN/kubectl" --kubeconfig "$CLUSTER/k3s.yaml" \
	    --cache-dir "$CLUSTER/kube-cache" "$@"
}

server_start() {
	proc_start k3s-server "$K3S" server --disable-agent \
	    --data-dir "$K3S_DATA" --https-listen-port 9345 \
	    --advertise-address 192.0.2.1 --advertise-port 7443 \
	    --tls-san 192.0.2.1 --cluster-cidr 10.244.0.0/16 \
	    --service-cidr 10.96.0.0/16 --cluster-dns 10.96.0.10 \
	    --flannel-backend none --disable-network-policy \
	    --disable-cloud-controller --disable-helm-controller \
	    --disable coredns,local-storage,metrics-server,servicelb,traefik \
	    --write-kubeconfig "$CLUSTER/k3s.yaml"
}

real_agent_start() {
	proc_start k3s-agent "$K3S" agent --server "$HUB_URL" \
	    --token "$(cat "$CLUSTER/hub/ssl/token")" --node-name edge-1 \
	    --node-ip 192.0.2.10 \
	    --container-runtime-endpoint unix:///run/containerd/containerd.sock \
	    --kubelet-arg=kube-api-content-type=application/json \
	    --kube-proxy-arg=kube-api-content-type=application/json \
	    --kubelet-arg=cgroup-driver=cgroupfs \
	    --kubelet-arg="cgroup-root=/${CLUSTER##*/}" \
	    --kubelet-arg=fail-swap-on=false \
	    --kubelet-arg=enforce-node-allocatable=
}

server_up() {
	kc get serviceaccount default >/dev/null 2>&1
}

# The user's side of it: what a server has in its directory, and kubeconfig.
ssl_make() {
	mkdir -p "$CLUSTER/hub/ssl"
	cp "$K3S_DATA/server/tls/server-ca.crt" "$CLUSTER/hub/ssl/edge-server.pem"
	cp "$K3S_DATA/server/tls/server-ca.key" \
	    "$CLUSTER/hub/ssl/edge-server-key.pem"
	cp "$K3S_DATA/server/node-token" "$CLUSTER/hub/ssl/token"
	sed 's,server: .*,server: https://127.0.0.1:7443,' "$CLUSTER/k3s.yaml" \
	    >"$CLUSTER/hub/kubeconfig"
	cat "$K3S_DATA/server/tls/server-ca.crt" >"$TRUST"
	openssl x509 -in "$K3S_DATA/server/tls/client-admin.crt" \
	    -out "$CLUSTER/pki/admin.crt"
	cp "$K3S_DATA/server/tls/client-admin.key" "$CLUSTER/pki/admin.key"
}

server_hears() {
	kc get --raw "/api/v1/nodes/edge-1/proxy/healthz" >/dev/null 2>&1
}

echo 1 >"$CLUSTER/run/masters"
ip address add 192.0.2.1/32 dev lo
pki_make
server_start
wait_for 120 "the server" server_up || { log_tail k3s-server; bail server; }
ssl_make
forwarder_start 1
k3s_node_make
containerd_start
images_load
k3s_hub_up
wait_for 60 "the hub to see its master" hub_online
real_agent_start
check "the node is Ready" wait_for 120 node node_ready ||
	log_tail k3s-agent hub
workload_up "$PODS"
teller_up
check "$PODS pods are Ready" pods_ready "$PODS"
check "the service answers" vip_right
check "kubectl logs" wait_for 60 logs logs_work
check "kubectl exec" wait_for 60 exec exec_works

ids=$(container_ids)
cut blackhole
wait_for 60 "the hub to know" hub_offline
session_kill k3s-agent
real_agent_start
check "cut: kubelet runs again" wait_for 120 kubelet \
    url_ok http://127.0.0.1:10248/healthz
check "cut: no container has restarted" same_containers "$ids"
session_kill k3s-agent
node_off
echo 1 >"$CLUSTER/run/boots"
cni_write
k3s_hub_start
wait_for 60 "the hub" k3s_hub_ready
containerd_start
real_agent_start
check "reboot, cut: the service answers" wait_for 180 service vip_right
check "still cut off" is_cut
heal
check "healed: a real tunnel within 10 s" wait_for 10 tunnel server_hears
check "healed: kubectl logs" wait_for 60 logs logs_work
check "healed: kubectl exec" wait_for 60 exec exec_works
check "healed: the node is Ready" wait_for 120 node node_ready
tap_clean || log_tail k3s-server k3s-agent hub
tap_end
