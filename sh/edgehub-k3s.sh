# Sourced by ote_edgehub: in front of a k3s server. What its agents are served
# with is signed by the server's own CA, who they are its client CA says.
# shellcheck shell=sh disable=SC2154,SC2034

# check_k3s: the CA, its key and the token belong together; the certificate of
# the hub is issued into $tmp
check_k3s() {
	[ -n "$token" ] || token=./ssl/token
	check_file --server-cert-file "$cert"
	check_file --server-key-file "$key_file"
	check_file --node-token-file "$token"
	server_ca=$(absolute "$cert") server_key=$(absolute "$key_file")
	token=$(absolute "$token")
	agent_dir=$(absolute "$agent_dir")
	for f in "$server_ca" "$server_key" "$token" "$agent_dir"; do
		check_text "k3s" "$f"
	done
	link_k3s "$tmp"
	k3s_says 100 ote-k3s-cert -n -d "$tmp" -N "$node"
	for f in serving.pem serving-key.pem; do
		[ ! -f "$data/run/$f" ] || cp -- "$data/run/$f" "$tmp/run/$f"
	done
	hub_ip
	k3s_says 111 ote-k3s-cert -d "$tmp" -N "$node" "$ip"
	cert=$tmp/run/serving.pem key_file=$tmp/run/serving-key.pem ca=$server_ca
	given=1
	tunnel_k3s=-K
}

# hub_ip: by which agents reach the hub, into $ip
hub_ip() {
	case $address in
	0.0.0.0) ip=127.0.0.1 ;;
	::) ip=::1 ;;
	*) ip=$(addresses_of "$address" | head -n 1) ;;
	esac
	case $ip in
	*:*) lead="[$ip]:$server_port" ;;
	*) lead=$ip:$server_port ;;
	esac
}

# link_k3s DATA: the files of the cluster, and the key pairs of the agent by
# the names that are in them
link_k3s() {
	mkdir -p -- "$1/run/k3s" "$1/identities" || die "$1: cannot write there"
	ln -sfn -- "$server_ca" "$1/run/k3s/server-ca.crt"
	ln -sfn -- "$server_key" "$1/run/k3s/server-ca.key"
	ln -sfn -- "$token" "$1/run/k3s/token"
	for f in crt key; do
		ln -sfn -- "$agent_dir/client-kubelet.$f" \
			"$1/identities/system%3Anode%3A$node.$f"
		ln -sfn -- "$agent_dir/client-kube-proxy.$f" \
			"$1/identities/system%3Akube-proxy.$f"
		ln -sfn -- "$agent_dir/client-k3s-controller.$f" \
			"$1/identities/system%3Ak3s-controller.$f"
	done
}

# k3s_says CODE TOOL ARGUMENT...: what is wrong, in the operator's words
k3s_says() {
	code=$1 tool=$2
	shift 2
	said=$("$bin/$tool" "$@" 2>&1) && return
	rc=$?
	[ -n "$said" ] || said="$bin/$tool: ended with $rc and no word"
	printf '%s: %s\n' "${0##*/}" "$(printf '%s\n' "$said" | sed -n \
		-e "s|$tmp/run/k3s/server-ca.crt|--server-cert-file $cert|" \
		-e "s|$tmp/run/k3s/server-ca.key|--server-key-file $key_file|" \
		-e "s|^$tool: token|$tool: --node-token-file $token|" \
		-e "1s/^$tool: //" -e 1p)" >&2
	exit "$code"
}

# not_taken FILE OPTION: what is a default elsewhere is none here
not_taken() {
	[ ! -e "$1" ] || echo "${0##*/}: $1: is not looked at with k3s: the" \
		"server and its agent have their own: give it with $2, or" \
		"remove it" >&2
}

# join_k3s: who issues the clients' certificates, from the server, or as it was
# when it was there last
join_k3s() {
	[ -n "$client_ca" ] || not_taken ./ssl/client-ca.pem --client-ca-file
	[ -n "$identities" ] || not_taken ./identities --identities
	if [ -n "$client_ca" ]; then
		:
	elif [ -f "$data/k3s/client-ca.crt" ]; then
		client_ca=$data/k3s/client-ca.crt
	else
		said=$("$bin/ote-k3s-join" -d "$tmp" "$masters" 2>&1) || {
			code=$?
			echo "${0##*/}: the server's client-ca.crt is not in" \
				"$data/k3s, and cannot be had" \
				"(${said#ote-k3s-join: }): let the hub reach" \
				"its server once, then it starts without it" >&2
			[ "$code" -eq 111 ] || exit 100
			exit 111
		}
		client_ca=$tmp/k3s/client-ca.crt
	fi
	[ -n "$identities" ] || identities=$tmp/identities
}

# keep_k3s: what was made in $tmp gets its place
keep_k3s() {
	link_k3s "$data"
	case $client_ca in
	"$tmp"/*)
		mkdir -p -- "$data/k3s"
		mv -f -- "$client_ca" "$data/k3s/" ||
			die "$data/k3s: cannot write there"
		client_ca=$data/k3s/client-ca.crt ;;
	esac
	case $identities in "$tmp"/*) identities=$data/identities ;; esac
	cert=$data/run/serving.pem key_file=$data/run/serving-key.pem
}

# plan_k3s DATA: what keeps that so
plan_k3s() {
	# soon if its key came behind the CA
	plan_line serving+ ote-every -w "$server_ca" 300 "$bin/ote-k3s-cert" \
		-d "$1" -N "$node" "$ip"
	plan_line join+ ote-every -j 10 -w "$run/masters" 3600 \
		"$bin/ote-k3s-join" -d "$1" -l "$lb" "$masters"
}
