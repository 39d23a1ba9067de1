# shellcheck shell=sh
# pki.sh: one CA, P-256 certificates and kubeconfigs; openssl only

pki_key() {
	openssl ecparam -genkey -name prime256v1 -noout \
	    -out "$CLUSTER/pki/$1.key" 2>/dev/null
}

# pki_cert NAME SUBJECT [SAN [CA]]: pki/NAME.crt and .key, for both sides of TLS
pki_cert() {
	pki_key "$1"
	{
		echo "basicConstraints=critical,CA:FALSE"
		echo "keyUsage=critical,digitalSignature"
		echo "extendedKeyUsage=serverAuth,clientAuth"
		[ -z "${3:-}" ] || echo "subjectAltName=$3"
	} >"$CLUSTER/pki/$1.ext"
	openssl req -new -key "$CLUSTER/pki/$1.key" -subj "$2" |
	openssl x509 -req -days 30 -sha256 -CA "$CLUSTER/pki/${4:-ca}.crt" \
	    -CAkey "$CLUSTER/pki/${4:-ca}.key" -CAcreateserial \
	    -extfile "$CLUSTER/pki/$1.ext" \
	    -out "$CLUSTER/pki/$1.crt" 2>/dev/null
}

pki_make() {
	mkdir -p "$CLUSTER/pki" "$CLUSTER/ssl"
	pki_key ca
	openssl req -x509 -new -key "$CLUSTER/pki/ca.key" -days 30 \
	    -subj /CN=ote-cluster -out "$CLUSTER/pki/ca.crt"
	openssl genrsa -out "$CLUSTER/pki/sa.key" 2048 2>/dev/null
	openssl rsa -in "$CLUSTER/pki/sa.key" -pubout \
	    -out "$CLUSTER/pki/sa.pub" 2>/dev/null

	_k=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
	_san=IP:127.0.0.1,DNS:localhost,IP:10.96.0.1,$_k
	_san=$_san,DNS:kubernetes.default.svc.cluster.local
	pki_cert apiserver /CN=kube-apiserver "$_san"
	pki_cert edge-server /CN=edge-server "$_san"
	pki_cert apiserver-kubelet /O=system:masters/CN=apiserver-kubelet
	pki_cert front-proxy /CN=front-proxy-client
	pki_cert admin /O=system:masters/CN=admin
	pki_cert hub /O=system:masters/CN=edge-hub
	pki_cert controller-manager /CN=system:kube-controller-manager
	pki_cert scheduler /CN=system:kube-scheduler
	pki_cert kubelet /O=system:nodes/CN=system:node:edge-1
	pki_cert proxy /CN=system:kube-proxy

	cp "$CLUSTER/pki/ca.crt" "$CLUSTER/ssl/ca.pem"
	cp "$CLUSTER/pki/edge-server.crt" "$CLUSTER/ssl/edge-server.pem"
	cp "$CLUSTER/pki/edge-server.key" "$CLUSTER/ssl/edge-server-key.pem"
}

pki_data() {
	base64 -w0 "$CLUSTER/pki/$1"
}

# kubeconfig NAME SERVER CERTIFICATE [CA]: $CLUSTER/NAME.kubeconfig
kubeconfig() {
	(umask 077 && cat >"$CLUSTER/$1.kubeconfig.new") <<EOF
apiVersion: v1
kind: Config
clusters:
- name: edge
  cluster:
    server: $2
    certificate-authority-data: $(pki_data "${4:-ca}.crt")
users:
- name: $3
  user:
    client-certificate-data: $(pki_data "$3.crt")
    client-key-data: $(pki_data "$3.key")
contexts:
- name: edge
  context:
    cluster: edge
    user: $3
current-context: edge
EOF
	mv "$CLUSTER/$1.kubeconfig.new" "$CLUSTER/$1.kubeconfig"
}

kubeconfigs_make() {
	_master=https://127.0.0.1:6443
	kubeconfig admin "$_master" admin
	kubeconfig admin-2 https://127.0.0.1:6444 admin
	kubeconfig controller-manager "$_master" controller-manager
	kubeconfig scheduler "$_master" scheduler
	kubeconfig hub https://127.0.0.1:7443 hub
	kubeconfig kubelet-direct "$_master" kubelet
	kubeconfig kubelet "$HUB_URL" kubelet
	kubeconfig proxy "$HUB_URL" proxy
	kubeconfig kubectl-hub "$HUB_URL" admin
}
