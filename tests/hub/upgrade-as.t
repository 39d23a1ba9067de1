#!/bin/sh
# upgrade-as.t: an upgrade through a whole hub that tells clients apart: what
# lighttpd says of them is what the master sees
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/as.sh
. "$(dirname "$0")/as.sh"
start_witness
user hub hub hubs
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=clients -keyout "$dir/clients.key" -out "$dir/clients.crt" 2>/dev/null

# client NAME CN O: of the CA of clients
client() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$2/O=$3" -keyout "$dir/$1.key" 2>/dev/null |
		openssl x509 -req -CA "$dir/clients.crt" -CAkey "$dir/clients.key" \
			-days 2 -out "$dir/$1.crt" 2>/dev/null
	cat "$dir/$1.crt" "$dir/$1.key" >"$dir/$1.pem"
}

mkdir -p "$dir/ids"
client node system:node:n1 system:nodes
client alice alice staff
user stranger alice staff
cp "$dir/node.pem" "$dir/ids/system%3Anode%3An1.pem"
hub_kubeconfig "$dir/kubeconfig" "client-certificate: hub.crt, client-key: hub.key"
authorization=Webhook
edge_args="--client-ca-file $dir/clients.crt --identities $dir/ids"
start_edge
wait_for 60 master_is up

# ask [CURL_ARG...]: $code; $saw is what the master saw
ask() {
	: >"$dir/saw"
	code=$(curl -sSg -m 60 --http1.1 --cacert "$ca" -o "$dir/body" -w '%{http_code}' \
		-H 'Connection: Upgrade' -H 'Upgrade: SPDY/3.1' "$@" \
		"$edge/api/v1/namespaces/x/pods/p/exec?command=id" 2>>"$dir/curl.err")
	saw=$(sed -n 's| GET /api/v1/namespaces/x/pods/p/exec?command=id|:|p' "$dir/saw")
}

as() { # NAME: the arguments of curl
	echo "--cert $dir/$1.crt --key $dir/$1.key"
}

# shellcheck disable=SC2046
{
	ask $(as node)
	is "$saw" 'system:node:n1:' 'a client with a pair among the identities'
	ask $(as node) -H 'X-Ote-Client-Verify: NONE' -H 'X-Remote-User: root'
	is "$saw" 'system:node:n1:' 'whatever it says of itself'
	ask $(as alice)
	is "$code $saw" '403 ' 'one without'
	is "$(jq -r .message "$dir/body")" \
		"the hub cannot speak for user \"alice\": put its key pair at $dir/ids/alice.pem, or let the hub impersonate" \
		'is told how'
	ask $(as alice) -H "X-Ote-Client-Cert: $(openssl x509 -in "$dir/node.crt" -outform DER | base64 -w 0)" \
		-H 'X-Ote-Client-Verify: SUCCESS'
	is "$code $saw" '403 ' 'and is not somebody else by a header'
	ask -H "X-Ote-Client-Cert: $(openssl x509 -in "$dir/node.crt" -outform DER | base64 -w 0)" \
		-H 'X-Ote-Client-Verify: SUCCESS'
	is "$saw" '-:' 'nor is nobody'
	ask $(as stranger)
	is "$code $saw" '401 ' 'a certificate of another CA'
	ask -H 'Authorization: Bearer theirs'
	is "$saw" '-:|Authorization: Bearer theirs' 'a token'
	ask -H 'Authorization: Bearer a' -H 'Authorization: Bearer b'
	is "$saw" '-:|Authorization: Bearer a,' \
		'of two that lighttpd joins the first word, which is no token'
}
done_testing
