# shellcheck shell=sh
# k3s_see.sh: what is to be seen of an agent of k3s: at the server, in its own
# lines and files, at kubelet

# elsewhere: connections of the node's clients to the server itself
elsewhere() {
	ss -Htnp state established \
	    '( dport = :6443 or dport = :7443 or dport = :9345 )' |
	    grep -E '"(kubelet|kube-proxy|k3s-agent)"'
}

# connects: how many tunnels the node has asked the server for
connects() {
	server_says 'select(.path == "/v1-k3s/connect" and
	    .user == "system:node:edge-1")' | wc -l
}

connected_after() {
	[ "$(connects)" -gt "$1" ]
}

subject() {
	openssl x509 -in "$AGENT_DIR/$1.crt" -noout -subject -nameopt RFC2253 |
	    sed 's/^subject=//'
}

# running: how many of the node's web pods kubelet has running
running() {
	curl -s -m 2 http://127.0.0.1:10255/pods | jq '[.items[]? |
	    select(.metadata.labels.app == "web" and
		.status.phase == "Running")] | length'
}

all_run() {
	[ "$(running)" = "$PODS" ]
}

# order: what the agent has asked for until it was configured
order() {
	agent_says 'select(.step == "request" or .configured) |
	    if .configured then "-" else "\(.method) \(.path)" end' |
	    jq -r . | sed '/^-$/,$d' | sed 's,/v1-k3s/,,' | paste -sd'|'
}

# right_order: the contract's
right_order() {
	_three='GET /cacerts|GET /cacerts|GET /cacerts' _m=POST
	if [ -n "${K3S_OLD:-}" ]; then
		_three="$_three|GET /apis" _m=GET
	fi
	printf '%s|' "$_three" "$_three" 'GET config' \
	    'GET client-ca.crt' 'GET server-ca.crt'
	printf "$_m %s.crt|" serving-kubelet client-kubelet client-kube-proxy
	echo "$_m client-k3s-controller.crt"
}

# waited: what the agent had to ask for again, or in vain
waited() {
	agent_says 'select(.step == "token" or .step == "config") | .waits'
}

serial() {
	openssl x509 -in "$AGENT_DIR/$1.crt" -noout -serial
}

serials() {
	for _crt in serving-kubelet client-kubelet client-kube-proxy \
	    client-k3s-controller; do
		serial "$_crt"
	done
}

# carried: megabytes there and back by exec, through server and tunnel. One way
# at a time: remotedialer keeps "paused" of both ways in one flag, and can wait
# for ever when both are full.
carried() {
	head -c 5000000 /dev/urandom >"$CLUSTER/run/bytes"
	is "$(kc exec -i teller -- sh -c 'cat >/tmp/bytes; echo all' \
	    <"$CLUSTER/run/bytes")" all &&
	kc exec teller -- cat /tmp/bytes >"$CLUSTER/run/back" &&
		cmp "$CLUSTER/run/back" "$CLUSTER/run/bytes"
}

# shown PATH [CURL-OPTION...]: whose certificate the server saw with that
shown() {
	ask_agent "$@" >/dev/null
	server_says "select(.path == \"$1\") | .shown" | tail -n 1
}

# deleted: kubelet's certificate alone is worth nothing without its Node
deleted() {
	kc delete node edge-1 >/dev/null
	_crt=$AGENT_DIR/client-kubelet
	is "$(ask_node edge-1 "$(node_password)" /v1-k3s/client-kubelet.crt \
	    -u node:wrong --cert "$_crt.crt" --key "$_crt.key")" 401 &&
	no_certificate &&
	is "$(ask_node edge-1 "$(node_password)" \
	    /v1-k3s/client-kubelet.crt)" 200
}

# no_down: no tunnel of the agent has ended since its last start
no_down() {
	! agent_said 'select(.tunnel == "down")'
}

is_up_again() {
	is "$(agent_says 'select(.tunnel) | .tunnel' | tail -n 3 |
	    jq -r . | paste -sd' ')" "up down up" 2>/dev/null
}

# controllers WHEN: those in the agent see what they watch
controllers() {
	for _what in pods namespaces networkpolicies; do
		check "$1: the controllers see $_what" wait_for 60 "$_what" \
		    agent_said "select(.synced == \"$_what\")"
	done
	check "$1: the tunnel follows the endpoints" wait_for 60 endpoints \
	    agent_said 'select(.watched)'
	check "$1: the node is configured" wait_for 60 node agent_said \
	    'select(.node == "configured")'
}

# walked SECONDS NAME: the whole order, and how long it took
walked() {
	_from=$(now_ms)
	_gone=0
	agent_walk "$1" || _gone=1
	diag "$2: $(($(now_ms) - _from)) ms"
	[ "$_gone" = 0 ] || log_tail k3s-agent k3s-server hub
	return "$_gone"
}
