# shellcheck shell=sh
# master.sh: etcd, kube-apiserver (one or two), controllers, and in front
# of each apiserver a balancer that can break (see cut.sh)

: "${MASTER:=${BIN:-}}"
# A test may have services of two families, or fewer controllers.
: "${SERVICE_RANGE:=10.96.0.0/16}"
: "${CONTROLLERS:=*}"

# kc: kubectl straight to master 1. hub_kc: through the hub.
kc() {
	HOME=$CLUSTER "$BIN/kubectl" --kubeconfig "$CLUSTER/admin.kubeconfig" \
	    --cache-dir "$CLUSTER/kube-cache" "$@"
}

hub_kc() {
	HOME=$CLUSTER "$BIN/kubectl" --cache-dir "$CLUSTER/kube-cache-hub" \
	    --kubeconfig "$CLUSTER/kubectl-hub.kubeconfig" "$@"
}

# url_ok URL: whether it answers 200 now; with TRUST, its CAs, to an administrator
url_ok() {
	# shellcheck disable=SC2086
	[ "$(curl -s -m 2 -o /dev/null -w '%{http_code}' \
	    --cacert "${TRUST:-$CLUSTER/pki/ca.crt}" ${TRUST:+
	    --cert $CLUSTER/pki/admin.crt --key $CLUSTER/pki/admin.key} \
	    "$1")" = 200 ]
}

etcd_start() {
	proc_start etcd "$BIN/etcd" --name e --data-dir "$CLUSTER/etcd" \
	    --unsafe-no-fsync --log-level warn \
	    --listen-client-urls http://127.0.0.1:2379 \
	    --advertise-client-urls http://127.0.0.1:2379 \
	    --listen-peer-urls http://127.0.0.1:2380 \
	    --initial-advertise-peer-urls http://127.0.0.1:2380 \
	    --initial-cluster e=http://127.0.0.1:2380
}

audit_policy() {
	cat >"$CLUSTER/audit.yaml" <<'EOF'
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: Metadata
EOF
}

# apiserver_start N: on port 6442+N; its audit log is audit-N.log.
# KUBELET_ADDRESS is how it finds kubelets, APISERVER_OPTIONS are more words.
apiserver_start() {
	_p=$CLUSTER/pki
	# shellcheck disable=SC2086
	proc_start "apiserver-$1" "$MASTER/kube-apiserver" \
	    --etcd-servers=http://127.0.0.1:2379 \
	    --bind-address=127.0.0.1 --secure-port="$((6442 + $1))" \
	    --advertise-address=127.0.0.1 --endpoint-reconciler-type=none \
	    --service-cluster-ip-range="$SERVICE_RANGE" \
	    --tls-cert-file="$_p/apiserver.crt" \
	    --tls-private-key-file="$_p/apiserver.key" \
	    --client-ca-file="$_p/ca.crt" --authorization-mode=Node,RBAC \
	    --enable-admission-plugins=NodeRestriction \
	    --service-account-key-file="$_p/sa.pub" \
	    --service-account-signing-key-file="$_p/sa.key" \
	    --service-account-issuer=https://kubernetes.default.svc \
	    --requestheader-client-ca-file="$_p/ca.crt" \
	    --requestheader-allowed-names=front-proxy-client \
	    --requestheader-username-headers=X-Remote-User \
	    --requestheader-group-headers=X-Remote-Group \
	    --requestheader-extra-headers-prefix=X-Remote-Extra- \
	    --proxy-client-cert-file="$_p/front-proxy.crt" \
	    --proxy-client-key-file="$_p/front-proxy.key" \
	    --kubelet-client-certificate="$_p/apiserver-kubelet.crt" \
	    --kubelet-client-key="$_p/apiserver-kubelet.key" \
	    --kubelet-preferred-address-types="${KUBELET_ADDRESS:-InternalIP}" \
	    --allow-privileged=true \
	    --audit-policy-file="$CLUSTER/audit.yaml" \
	    --audit-log-path="$CLUSTER/audit-$1.log" ${APISERVER_OPTIONS:-}
}

# forwarder_start N: the balancer of master N, on port 7442+N. FORWARD_ON is its
# address, FORWARD_TO another port than the master's, FORWARD_AS whose pair it has.
forwarder_start() {
	proc_start "forwarder-$1" "$OWN/balancer" \
	    -listen "${FORWARD_ON-127.0.0.1}:$((7442 + $1))" \
	    -master "127.0.0.1:${FORWARD_TO:-$((6442 + $1))}" \
	    -control "$CLUSTER/run/forwarder-$1.mode" \
	    -cert "$CLUSTER/pki/${FORWARD_AS:-apiserver}.crt" \
	    -key "$CLUSTER/pki/${FORWARD_AS:-apiserver}.key"
}

# master_wait N [SECONDS]: until it is ready, seen as the hub sees it
master_wait() {
	wait_for "${2:-120}" "master $1" \
	    url_ok "https://127.0.0.1:$((7442 + $1))/readyz"
}

master_start() {
	apiserver_start "$1"
	forwarder_start "$1"
}

master_stop() {
	proc_stop "forwarder-$1"
	proc_stop "apiserver-$1"
}

controllers_start() {
	_c=$CLUSTER/controller-manager.kubeconfig
	proc_start controller-manager "$MASTER/kube-controller-manager" \
	    --kubeconfig="$_c" --authentication-kubeconfig="$_c" \
	    --authorization-kubeconfig="$_c" --bind-address=127.0.0.1 \
	    --use-service-account-credentials --leader-elect=false \
	    --controllers="$CONTROLLERS" \
	    --root-ca-file="$CLUSTER/pki/ca.crt" \
	    --service-account-private-key-file="$CLUSTER/pki/sa.key" \
	    --cluster-signing-cert-file="$CLUSTER/pki/ca.crt" \
	    --cluster-signing-key-file="$CLUSTER/pki/ca.key"
	_c=$CLUSTER/scheduler.kubeconfig
	proc_start scheduler "$MASTER/kube-scheduler" --kubeconfig="$_c" \
	    --authentication-kubeconfig="$_c" \
	    --authorization-kubeconfig="$_c" --bind-address=127.0.0.1 \
	    --leader-elect=false
}

default_account() {
	kc get serviceaccount default >/dev/null 2>&1
}

# cluster_up [MASTERS]: PKI, etcd, masters; then the controllers, which
# end when the masters have not made their roles yet
cluster_up() {
	: "${HUB_URL:=https://127.0.0.1:8778}"
	echo "${1:-1}" >"$CLUSTER/run/masters"
	pki_make
	kubeconfigs_make
	audit_policy
	etcd_start
	for _n in $(seq "${1:-1}"); do
		master_start "$_n"
	done
	for _n in $(seq "${1:-1}"); do
		if ! master_wait "$_n"; then
			log_tail etcd "apiserver-$_n"
			return 1
		fi
	done
	controllers_start
	wait_for 120 "the default service account" default_account
}

# masters: their numbers
masters() {
	seq "$(cat "$CLUSTER/run/masters")"
}
