# shellcheck shell=sh
# k3s_ask.sh: one request at a time, as an agent or as nobody makes it; each
# prints the code, and the body is in $CLUSTER/answer

# ask PATH [CURL-OPTION...]
ask() {
	_path=$1
	shift
	: >"$CLUSTER/answer"
	curl -s -m 15 -o "$CLUSTER/answer" -w '%{http_code}' \
	    --cacert "$CLUSTER/pki/server-ca.crt" "$@" "$HUB_URL$_path" || :
}

answer() {
	cat "$CLUSTER/answer"
}

# ask_as NAME PATH: by a certificate that the agent has
ask_as() {
	_as=$AGENT_DIR/client-$1
	shift
	ask "$@" --cert "$_as.crt" --key "$_as.key"
}

# ask_agent PATH [CURL-OPTION...]: by the token, unless -u says another
ask_agent() {
	_path=$1
	shift
	ask "$_path" -u "node:$K3S_PASSWORD" "$@"
}

# ask_node NAME PASSWORD PATH [CURL-OPTION...]: a certificate for that node; Go
# sends a CSR without a type
ask_node() {
	_name=$1 _pass=$2
	shift 2
	ask_agent "$@" -H "k3s-Node-Name: $_name" \
	    -H "k3s-Node-Password: $_pass" -H "k3s-Node-IP: 192.0.2.10" \
	    -H Content-Type:
}

node_password() {
	cat "$CLUSTER/k3s/node-password"
}

# csr_make NAME: k3s/NAME.key and .csr, as an agent makes them
csr_make() {
	openssl ecparam -genkey -name prime256v1 -noout \
	    -out "$CLUSTER/k3s/$1.key" 2>/dev/null
	openssl req -new -key "$CLUSTER/k3s/$1.key" -subj / -outform DER \
	    -out "$CLUSTER/k3s/$1.csr"
}

# no_certificate: in the answer
no_certificate() {
	! grep -q -e CERTIFICATE -e 'PRIVATE KEY' "$CLUSTER/answer"
}

# serving_right KEY: the answer is a kubelet's serving certificate for that key
serving_right() {
	openssl verify -CAfile "$CLUSTER/pki/server-ca.crt" \
	    -purpose sslserver "$CLUSTER/answer" >/dev/null 2>&1 &&
	is "$(openssl x509 -in "$CLUSTER/answer" -noout -pubkey)" \
	    "$(openssl pkey -in "$CLUSTER/k3s/$1.key" -pubout)" &&
	is "$(openssl x509 -in "$CLUSTER/answer" -noout -ext subjectAltName |
	    sed 1d | tr -d ' ' | tr ',' '\n' | sort | paste -sd,)" \
	    DNS:edge-1,DNS:localhost,IPAddress:127.0.0.1,IPAddress:192.0.2.10
}

# at_endpoints: the addresses in the Endpoints that are in the answer
at_endpoints() {
	jq -r '(.items // [.object // .])[] |
	    select(.metadata.name == "kubernetes") | .subsets[] |
	    .ports[0].port as $p | .addresses[] | "\(.ip):\($p)"' \
	    "$CLUSTER/answer"
}

# endpoints_for NAME: as that client gets them, lists them and watches them
endpoints_for() {
	_all=/api/v1/namespaces/default/endpoints
	for _what in "/kubernetes" "?resourceVersion=0" \
	    "?fieldSelector=metadata.name%3Dkubernetes"; do
		ask_as "$1" "$_all$_what" >/dev/null
		at_endpoints
	done
	_as=$AGENT_DIR/client-$1
	: >"$CLUSTER/log/endpoints.log"
	proc_start endpoints curl -s -N --cacert "$CLUSTER/pki/server-ca.crt" \
	    --cert "$_as.crt" --key "$_as.key" \
	    "$HUB_URL$_all?watch=1&fieldSelector=metadata.name%3Dkubernetes"
	wait_for 60 "an event of the watch" has_line endpoints 'select(.type)' || :
	proc_stop endpoints
	jq -cR 'fromjson?' "$CLUSTER/log/endpoints.log" >"$CLUSTER/answer"
	at_endpoints
}
