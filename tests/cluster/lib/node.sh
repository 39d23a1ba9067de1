# shellcheck shell=sh
# node.sh: the node edge-1: containerd, runc, CNI, kubelet, kube-proxy
#
# Its address, 192.0.2.10, and the route of the service range are on a
# dummy interface; where the kernel has none, on a veth whose other end
# nobody reads. /run, /var/lib and /var/log are the namespace's own.

node_network() {
	if ! ip link add ote-node type dummy 2>/dev/null; then
		ip link add ote-node type veth peer name ote-void
		ip link set ote-void up
	fi
	ip link set ote-node up
	ip address add 192.0.2.10/32 dev ote-node
	ip route add 10.96.0.0/16 dev ote-node src 192.0.2.10
}

# cni_write: the range that addresses start from moves with each boot.
cni_write() {
	_boot=$(cat "$CLUSTER/run/boots")
	mkdir -p "$CLUSTER/cni"
	jq -n --arg start "10.244.0.$((10 + _boot * 40 % 240))" '{
		cniVersion: "0.4.0", name: "edge", plugins: [{
			type: "bridge", bridge: "cni0", isGateway: true,
			ipMasq: false, hairpinMode: true,
			ipam: {type: "host-local", ranges: [[{
				subnet: "10.244.0.0/24", rangeStart: $start}]],
				routes: [{dst: "0.0.0.0/0"}]}}]}' \
	    >"$CLUSTER/cni/10-edge.conflist"
}

containerd_write() {
	cat >"$CLUSTER/containerd.toml" <<EOF
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "ote.test/pause:1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$CLUSTER/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
EOF
}

# Static pods are files in manifests.
kubelet_write() {
	mkdir -p "$CLUSTER/manifests"
	cat >"$CLUSTER/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  x509:
    clientCAFile: $CLUSTER/pki/ca.crt
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /${CLUSTER##*/}
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
evictionHard: {}
contentType: application/json
readOnlyPort: 10255
staticPodPath: $CLUSTER/manifests
clusterDomain: cluster.local
resolvConf: ""
imageGCHighThresholdPercent: 100
EOF
}

proxy_write() {
	cat >"$CLUSTER/proxy.yaml" <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection:
  kubeconfig: $CLUSTER/proxy.kubeconfig
  contentType: application/json
hostnameOverride: edge-1
mode: iptables
clusterCIDR: 10.244.0.0/24
metricsBindAddress: 127.0.0.1:10249
healthzBindAddress: 127.0.0.1:10256
conntrack:
  maxPerCore: 0
  min: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
EOF
}

# node_cgroup: kubelet wants its root to be there, in each hierarchy.
node_cgroup() {
	_g=${CLUSTER##*/}
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		mkdir -p "/sys/fs/cgroup/$_g"
		sed 's/[^ ]*/+&/g' "/sys/fs/cgroup/$_g/cgroup.controllers" \
		    >"/sys/fs/cgroup/$_g/cgroup.subtree_control"
		return
	fi
	for _h in /sys/fs/cgroup/*/; do
		case $_h in
		*/unified/) ;;
		*) mkdir -p "$_h$_g" ;;
		esac
	done
	# cpuset copies nothing down by itself.
	for _f in cpuset.cpus cpuset.mems; do
		cat "/sys/fs/cgroup/cpuset/$_f" \
		    >"/sys/fs/cgroup/cpuset/$_g/$_f"
	done
}

containerd_start() {
	_boots=$(containerd_boots)
	proc_start containerd containerd --config "$CLUSTER/containerd.toml"
	wait_for 60 containerd containerd_ready
}

# It answers before it serves kubelet, which then ends.
containerd_ready() {
	ctr version >/dev/null 2>&1 && [ "$(containerd_boots)" -gt "$_boots" ]
}

containerd_boots() {
	touch "$CLUSTER/log/containerd.log"
	grep -c 'Start streaming server' "$CLUSTER/log/containerd.log" || :
}

kubelet_start() {
	proc_start kubelet "$BIN/kubelet" --config "$CLUSTER/kubelet.yaml" \
	    --kubeconfig "$CLUSTER/kubelet.kubeconfig" \
	    --hostname-override edge-1 --node-ip 192.0.2.10 -v 2
}

kubelet_kill() {
	proc_kill kubelet
}

proxy_start() {
	proc_start proxy "$BIN/kube-proxy" --config "$CLUSTER/proxy.yaml" -v 2
}

proxy_kill() {
	proc_kill proxy
}

# node_is STATUS NODE: of its condition Ready
node_is() {
	[ "$(kc get node "$2" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' \
	    2>/dev/null)" = "$1" ]
}

node_ready() {
	node_is True edge-1
}

# node_up URL: the whole node, its clients pointed to URL, until Ready
node_up() {
	kubeconfig kubelet "$1" kubelet
	kubeconfig proxy "$1" proxy
	echo 0 >"$CLUSTER/run/boots"
	node_network
	node_cgroup
	cni_write
	containerd_write
	kubelet_write
	proxy_write
	images_make
	containerd_start
	images_load
	kubelet_start
	proxy_start
	if ! wait_for 120 "the node to be Ready" node_ready; then
		log_tail kubelet containerd
		return 1
	fi
}
