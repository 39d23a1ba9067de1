#!/bin/sh
# k3s-as.t: as whom the requests of a k3s agent reach its server, which looks
# at the certificate and not whom it impersonates
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/as.sh
. "$(dirname "$0")/as.sh"
start_witness
# shellcheck source=tests/hub/k3s.sh
. "$(dirname "$0")/k3s.sh"
cluster
client kubelet /O=system:nodes/CN=system:node:n1
client other /O=system:nodes/CN=system:node:n2
client hub /O=system:masters/CN=hub
server=127.0.0.1:$witness_port
hub_kubeconfig kubeconfig 'client-certificate: hub.crt, client-key: hub.key'
start_k3s --impersonate

by() { # NAME PATH [CURL_ARG...]: $seen is what the server saw of it
	name=$1 path=$2
	shift 2
	as=$dir/$name
	get "$path" --cert "$as.crt" --key "$as.key" "$@"
	seen=$(grep -F " $path" saw | tail -n 1)
}
by other /api/v1/namespaces/x/configmaps/c
is "${seen%%|Impersonate-Group*}" \
	'hub GET /api/v1/namespaces/x/configmaps/c|Impersonate-User: system:node:n2' \
	'the hub impersonates towards the API'
for path in /v1-k3s/config /v1-k3s/something /v1-x/config /v1-k3s%2d/config \
	/v1-x/server-bootstrap /v1-/config /metrics /debug/pprof/heap /v2/; do
	by other "$path"
	is "$code $(said) $seen" '403 Forbidden ' "and nowhere else: $path"
done
by other /v1-k3s/config -u node:secret
is "$seen" "- GET /v1-k3s/config|Authorization: Basic $(printf node:secret | base64)" \
	'a word goes without it'

# --- the hub is the kubelet itself ---
stop "$edge_pid"
hub_kubeconfig kubeconfig 'client-certificate: kubelet.crt, client-key: kubelet.key'
sed -i "s|certificate-authority: .*|certificate-authority: $dir/cert.pem|" kubeconfig
start_k3s --impersonate
by kubelet /v1-k3s/p2p
is "$code $seen" '200 system:node:n1 GET /v1-k3s/p2p' \
	'its certificate is that of the caller'
by kubelet /v1-k3s/p2p -u node:secret
is "$code $seen" "200 system:node:n1 GET /v1-k3s/p2p|Authorization: Basic $(printf node:secret | base64)" \
	'beside his word, too'
by other /v1-k3s/p2p
is "$code $seen" '403 system:node:n1 GET /v1-k3s/p2p|Authorization: Basic '"$(printf node:secret | base64)" \
	'but nobody else'"'"'s'
stop "$edge_pid"
hub_kubeconfig kubeconfig 'client-certificate: kubelet.crt, client-key: kubelet.key, username: server, password: theirs'
sed -i "s|certificate-authority: .*|certificate-authority: $dir/cert.pem|" kubeconfig
start_k3s
by kubelet /v1-k3s/something
is "$code $seen" '403 ' 'nor is a password that it has beside it'
done_testing
