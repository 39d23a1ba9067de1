# shellcheck shell=sh
# k3s.sh: the cluster behind a k3s server (cmd/k3s-server), and the node as a
# k3s agent (cmd/k3s-agent) brings it up; sourced behind lib.sh
#
# K3S_OLD=1 makes both old ones. Without it the server's CA is an intermediate
# with its root behind it, and the ports in its configuration differ. Ports
# beside those of lib.sh:
#
#	9345 the supervisor, straight	6444 the agent's load balancer
#
# The server's address in default/kubernetes is 192.0.2.1:7443, so that what
# is cut is cut there too.

AGENT_DIR=/var/lib/rancher/k3s/agent
TRUST=${CLUSTER:-}/pki/trust.crt
K3S_PASSWORD=0123456789abcdef
K3S_BEARER=abcdef.0123456789abcdef

# k3s_pki: server-ca, apart from the cluster's CA, which is the client-ca; the
# supervisor's pair; and $CLUSTER/hub/ssl, as a user makes it
k3s_pki() {
	_p=$CLUSTER/pki
	pki_key server-ca
	if [ -n "${K3S_OLD:-}" ]; then
		openssl req -x509 -new -key "$_p/server-ca.key" -days 30 \
		    -subj /CN=k3s-server-ca -out "$_p/server-ca.crt"
		_hash=$(sha256sum <"$_p/server-ca.crt")
	else
		k3s_intermediate
		_hash=$(openssl x509 -in "$_p/root-ca.crt" -outform DER |
		    sha256sum)
	fi
	cat "$_p/ca.crt" "$_p/server-ca.crt" >"$TRUST"
	pki_cert supervisor /O=k3s/CN=k3s \
	    IP:127.0.0.1,IP:192.0.2.1,DNS:localhost,DNS:kubernetes server-ca
	mkdir -p "$CLUSTER/hub/ssl" "$CLUSTER/k3s"
	cp "$_p/server-ca.crt" "$CLUSTER/hub/ssl/edge-server.pem"
	cp "$_p/server-ca.key" "$CLUSTER/hub/ssl/edge-server-key.pem"
	echo "K10${_hash%% *}::server:$K3S_PASSWORD" >"$CLUSTER/hub/ssl/token"
}

k3s_intermediate() {
	pki_key root-ca
	openssl req -x509 -new -key "$_p/root-ca.key" -days 30 \
	    -subj /CN=k3s-root-ca -out "$_p/root-ca.crt"
	printf '%s\n' basicConstraints=critical,CA:TRUE \
	    keyUsage=critical,keyCertSign,digitalSignature \
	    subjectKeyIdentifier=hash >"$_p/server-ca.ext"
	openssl req -new -key "$_p/server-ca.key" -subj /CN=k3s-server-ca |
	openssl x509 -req -days 30 -sha256 -CA "$_p/root-ca.crt" \
	    -CAkey "$_p/root-ca.key" -CAcreateserial \
	    -extfile "$_p/server-ca.ext" -out "$_p/server-ca.crt" 2>/dev/null
	cat "$_p/root-ca.crt" >>"$_p/server-ca.crt"
}

# k3s_config: what /v1-k3s/config says
k3s_config() {
	_https=7443
	[ -n "${K3S_OLD:-}${OTE_STRAIGHT:-}" ] || _https=6443
	jq -n --argjson https "$_https" '{ClusterDNS: "10.96.0.10",
	    ClusterDomain: "cluster.local", ClusterIPRange:
	    {IP: "10.244.0.0", Mask: "//8AAA=="}, ServiceIPRange:
	    {IP: "10.96.0.0", Mask: "//8AAA=="}, DisableCCM: false,
	    DisableKubeProxy: false, DisableNPC: false,
	    EgressSelectorMode: "agent", FlannelBackend: "none",
	    HTTPSPort: $https, SupervisorPort: 7443,
	    IPSECPSK: "a secret of 48 bytes, which nobody else may see."}' \
	    >"$CLUSTER/k3s/config"
}

# k3s_egress: kube-apiserver asks the supervisor for its way to a kubelet
k3s_egress() {
	cat >"$CLUSTER/k3s/egress.yaml" <<EOF
apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      tcp:
        url: https://127.0.0.1:9345
        tlsConfig:
          caBundle: $CLUSTER/pki/server-ca.crt
          clientKey: $CLUSTER/pki/apiserver-kubelet.key
          clientCert: $CLUSTER/pki/apiserver-kubelet.crt
EOF
}

k3s_server_start() {
	proc_start k3s-server "$OWN/k3s-server" ${K3S_OLD:+-old} \
	    -pki "$CLUSTER/pki" -kubeconfig "$CLUSTER/admin.kubeconfig" \
	    -password "$K3S_PASSWORD" -bootstrap-token "$K3S_BEARER" \
	    -data "$CLUSTER/k3s" -config "$CLUSTER/k3s/config"
}

# k3s_objects: the controller's role, and where the server says it is
k3s_objects() {
	kc apply -f k3s/objects.yaml >>"$CLUSTER/log/workload.log" 2>&1
}

# k3s_up: etcd, the master, the supervisor in front of it, its balancer.
# An old agent does not tell its addresses, so its kubelet is asked by name.
# shellcheck disable=SC2034
k3s_up() {
	HUB_URL=https://127.0.0.1:8778
	[ -z "${OTE_STRAIGHT:-}" ] || HUB_URL=https://127.0.0.1:7443
	FORWARD_ON='' FORWARD_TO=9345 FORWARD_AS=supervisor
	KUBELET_ADDRESS=InternalIP
	[ -z "${K3S_OLD:-}" ] || KUBELET_ADDRESS=Hostname
	APISERVER_OPTIONS="--anonymous-auth=false
	    --egress-selector-config-file=$CLUSTER/k3s/egress.yaml
	    --kubelet-certificate-authority=$CLUSTER/pki/server-ca.crt"
	echo 1 >"$CLUSTER/run/masters"
	ip address add 192.0.2.1/32 dev lo
	pki_make
	k3s_pki
	kubeconfigs_make
	kubeconfig kubectl-hub "$HUB_URL" admin server-ca
	kubeconfig hub https://127.0.0.1:7443 hub server-ca
	cp "$CLUSTER/hub.kubeconfig" "$CLUSTER/hub/kubeconfig"
	audit_policy
	k3s_config
	k3s_egress
	etcd_start
	apiserver_start 1
	k3s_server_start
	forwarder_start 1
	if ! master_wait 1; then
		log_tail etcd apiserver-1 k3s-server
		return 1
	fi
	controllers_start
	wait_for 120 "the default service account" default_account
	k3s_objects
}

# k3s_hub_start: as a user does, in a directory with ssl/ and kubeconfig
k3s_hub_start() {
	[ -d "$CLUSTER/hub/bin" ] ||
		cp -r "${OTE_BIN:-../../build/bin}" "$CLUSTER/hub/bin"
	# shellcheck disable=SC2086
	proc_start hub env -C "$CLUSTER/hub" OTE_BIN="$CLUSTER/hub/bin" \
	    "$(cd ../../sh && pwd)/ote_edgehub" k3s -v 2 \
	    --kube-config kubeconfig --init-server 127.0.0.1:7443 \
	    -n edge-1 ${HUB_OPTIONS:-}
}

# An agent comes first, so its hub answers to nobody at all.
k3s_hub_ready() {
	[ "$(curl -s -m 2 --cacert "$TRUST" https://127.0.0.1:8778/ping)" = pong ]
}

k3s_hub_up() {
	k3s_hub_start
	if ! wait_for 60 "the hub" k3s_hub_ready; then
		log_tail hub
		return 1
	fi
}

# agent_says FILTER: of what the agent has said since its last start
agent_says() {
	tail -c +"$(($(cat "$CLUSTER/run/agent-from") + 1))" \
	    "$CLUSTER/log/k3s-agent.log" | jq -cR "fromjson? | $1"
}

agent_said() {
	[ -n "$(agent_says "$1")" ]
}

agent_start() {
	touch "$CLUSTER/log/k3s-agent.log"
	wc -c <"$CLUSTER/log/k3s-agent.log" >"$CLUSTER/run/agent-from"
	mkdir -p "$AGENT_DIR"
	proc_start k3s-agent "$OWN/k3s-agent" ${K3S_OLD:+-old} \
	    -server "$HUB_URL" -token "$(cat "$CLUSTER/hub/ssl/token")" \
	    -dir "$AGENT_DIR" -node-name edge-1 -node-ip 192.0.2.10 \
	    -password-file "$CLUSTER/k3s/node-password"
}

# agent_wait SECONDS FILTER: until it says so
agent_wait() {
	wait_for "$1" "the agent's $2" agent_said "$2" && return
	diag "$(agent_says . | tail -n 12)"
	return 1
}

seconds_to() {
	_left=$((($1 - $(now_ms)) / 1000))
	echo $((_left > 1 ? _left : 1))
}

# agent_walk SECONDS: the whole order, within that: containerd, kubelet and
# kube-proxy are started when the agent would start them
agent_walk() {
	_late=$(($(now_ms) + $1 * 1000))
	agent_start
	agent_wait "$1" 'select(.configured)' || return 1
	containerd_start
	images_load
	agent_wait "$(seconds_to "$_late")" 'select(.start == "kubelet")' ||
		return 1
	kubelet_start
	agent_wait "$(seconds_to "$_late")" 'select(.start == "kube-proxy")' ||
		return 1
	proxy_start
}

# agent_kill: all that ends with a k3s agent; pods do not
agent_kill() {
	for _proc in k3s-agent kubelet proxy containerd; do
		proc_kill "$_proc"
	done
}

# k3s_node_make: what a node is before its agent's first start
k3s_node_make() {
	echo 0 >"$CLUSTER/run/boots"
	node_network
	node_cgroup
	cni_write
	containerd_write
	kubelet_write
	cat >>"$CLUSTER/kubelet.yaml" <<EOF
tlsCertFile: $AGENT_DIR/serving-kubelet.crt
tlsPrivateKeyFile: $AGENT_DIR/serving-kubelet.key
EOF
	sed -i "s,clientCAFile: .*,clientCAFile: $AGENT_DIR/client-ca.crt," \
	    "$CLUSTER/kubelet.yaml"
	proxy_write
	ln -sf "$AGENT_DIR/kubelet.kubeconfig" "$CLUSTER/kubelet.kubeconfig"
	ln -sf "$AGENT_DIR/kubeproxy.kubeconfig" "$CLUSTER/proxy.kubeconfig"
	images_make
}

# teller_up: a pod that says something on its standard output
teller_up() {
	pod_json teller | jq '.spec.containers[0] |= (del(.readinessProbe) |
	    .command = ["sh", "-c", "echo teller is here && exec sleep 9999"])' |
	    kc apply -f - >>"$CLUSTER/log/workload.log"
	wait_for 120 "the teller" pod_runs teller
}

pod_runs() {
	[ "$(kc get pod "$1" -o jsonpath='{.status.phase}')" = Running ]
}

# logs_work, exec_works: kubectl at the master, so through server and tunnel
logs_work() {
	[ "$(kc logs --request-timeout=5s teller 2>/dev/null)" = \
	    "teller is here" ]
}

exec_works() {
	[ "$(kc exec --request-timeout=5s teller -- cat /config/line \
	    2>/dev/null)" = config-0 ]
}

# server_says FILTER: of the supervisor's lines
server_says() {
	lines k3s-server "$1"
}
