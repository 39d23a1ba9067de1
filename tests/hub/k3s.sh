# Sourced by the tests of k3s, behind edge.sh: a cluster's CAs and token, the
# mock as its server, a hub and agents' requests.
# shellcheck shell=sh disable=SC2034,SC2154

new_key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
# make_ca NAME [DAYS]: NAME.crt, NAME.key
make_ca() {
	# shellcheck disable=SC2086
	openssl req -x509 $new_key -days "${2:-3650}" -subj "/CN=k3s-$1" \
		-addext keyUsage=critical,keyCertSign,cRLSign \
		-keyout "$1.key" -out "$1.crt" 2>/dev/null
}

# client NAME SUBJECT: NAME.crt by client-ca, NAME.key
client() {
	# shellcheck disable=SC2086
	openssl req $new_key -subj "$2" -keyout "$1.key" 2>/dev/null |
		openssl x509 -req -CA client-ca.crt -CAkey client-ca.key \
			-days 365 -out "$1.crt" 2>/dev/null
}

# csr NAME [ARG...]: NAME.csr, DER, of NAME.key
csr() {
	name=$1
	shift
	[ -e "$name.key" ] || openssl genpkey -algorithm EC \
		-pkeyopt ec_paramgen_curve:P-256 -out "$name.key" 2>/dev/null
	openssl req -new -key "$name.key" -subj / -outform DER -out "$name.csr" \
		"$@" 2>/dev/null
}

# signed NAME CA SUBJECT: a server's answer to NAME.csr
signed() {
	openssl x509 -req -in "$1.csr" -inform DER -CA "$2.crt" -CAkey "$2.key" \
		-days 365 -subj "$3" 2>/dev/null
	cat "$2.crt"
}

cluster() {
	cd "$dir" || exit 1
	make_ca server-ca
	make_ca client-ca
	mkdir -p ssl agent edge/k3s
	cp server-ca.crt ssl/edge-server.pem
	cp server-ca.key ssl/edge-server-key.pem
	hash=$(sha256sum <server-ca.crt | cut -d' ' -f1)
	echo "K10$hash::server:secret" >ssl/token
	cp client-ca.crt edge/k3s/
}

# start_k3s [ARG...]: the hub on $dir/edge
start_k3s() {
	: >>feeds
	"$repo/sh/ote_edgehub" k3s -d "$dir/edge" -n n1 \
		--kube-config kubeconfig -l "127.0.0.1:$lb_port" --feeds feeds \
		--server-port "$edge_port" --sync-timeout 5 \
		--init-server "${server:-127.0.0.1:$mock_port}" \
		--k3s-agent-dir "$dir/agent" "$@" >>edge.out 2>>edge.err &
	edge_pid=$!
	pids="$pids $edge_pid"
	ca=$dir/server-ca.crt
	wait_for 60 curl -sf -m 60 --cacert "$ca" "$edge/ping" ||
		{ bad=1 && echo "Bail out! the hub does not start" && exit 1; }
}

# ask PATH [CURL_ARG...]: as an agent with its token
ask() {
	path=$1
	shift
	get "$path" -u node:secret "$@"
}

# post NAME CSR [CURL_ARG...]: for the certificate NAME
post() {
	name=$1 request=$2
	shift 2
	ask "/v1-k3s/$name" -H 'Content-Type:' --data-binary "@$request" "$@"
}

# as_node NAME PASSWORD: headers for curl, into $node
as_node() {
	node="-H k3s-Node-Name:$1 -H k3s-Node-Password:$2 -H k3s-Node-IP:10.1.2.3"
}

said() {
	jq -r '.reason // empty' body
}
