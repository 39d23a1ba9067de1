#!/bin/sh
# agent.sh: what 40-k3s.t and 41-k3s-new.t do, with an old agent and server
# or with new ones (K3S_OLD). OTE_STRAIGHT=1 leaves out the hub, and what
# only a hub can do.
set -eu

cd "$(dirname "$0")/.."
: "${PODS:=5}"
# shellcheck source=tests/cluster/lib.sh
. ./lib.sh
cluster_enter 1800 ./k3s/agent.sh
# shellcheck source=tests/cluster/lib/k3s.sh
. ./lib/k3s.sh
# shellcheck source=tests/cluster/lib/k3s_ask.sh
. ./lib/k3s_ask.sh
# shellcheck source=tests/cluster/lib/k3s_see.sh
. ./lib/k3s_see.sh

turned_away() {
	case $1 in
	401 | 403) ;;
	*) is "$1" "401 or 403" ;;
	esac
}

# wrong_ones WHEN: what no server and no hub gives away, cut off or not
wrong_ones() {
	check "$1: a wrong password of the token" is "$(ask /v1-k3s/config \
	    -u node:wrong)" 401
	check "$1: no token" turned_away "$(ask /v1-k3s/config)"
	for _crt in serving-kubelet client-kubelet; do
		check "$1: $_crt by a wrong node password" \
		    is "$(ask_node edge-1 wrong "/v1-k3s/$_crt.crt")" 403
		check "$1: has no certificate" no_certificate
	done
	ask_node ../../edge-1 x /v1-k3s/client-kubelet.crt >/dev/null
	check "$1: a node that is a path has none either" no_certificate
}

# refused: what is only for servers, by a server's own password
refused() {
	for _path in /v1-k3s/server-bootstrap /v1-k3s/encrypt/config \
	    /v1-k3s/token /db/info; do
		case $(ask "$_path" -u "server:$K3S_PASSWORD") in
		403 | 503) ;;
		*) diag "$_path" && return 1 ;;
		esac
		! grep -q secret "$CLUSTER/answer" || return 1
	done
}

online() {
	check "the agent walks its whole order" walked 240 first
	check "in that order" is "$(order)" "$(right_order)"
	check "shows no certificate until it has one" is "$(server_says \
	    'select(.path == "/v1-k3s/client-kubelet.crt") | .shown')" '""'
	check "the node is Ready" wait_for 120 node node_ready ||
		log_tail kubelet hub
	workload_up "$PODS"
	teller_up
	check "$PODS pods are Ready" pods_ready "$PODS"
	check "the service answers" wait_for 30 service vip_right
	check "kubectl logs, through server and tunnel" \
	    wait_for 60 logs logs_work
	check "kubectl exec, through server and tunnel" \
	    wait_for 60 exec exec_works
	check "the tunnel carried it" \
	    [ -n "$(server_says 'select(.dial and .ok)')" ]
	check "5 MB there and back" carried
	check "kubelet is the node" is "$(subject client-kubelet)" \
	    "CN=system:node:edge-1,O=system:nodes"
	check "kube-proxy is itself" is "$(subject client-kube-proxy)" \
	    CN=system:kube-proxy
	check "the controller is itself" is "$(subject client-k3s-controller)" \
	    CN=system:k3s-controller
	controllers online
	check "/cacerts is server-ca.crt" is "$(ask /cacerts)" 200
	check "to the byte" cmp "$CLUSTER/answer" "$CLUSTER/pki/server-ca.crt"
	check "/ping" is "$(ask /ping) $(answer)" "200 pong"
	check "a bootstrap token" is "$(ask /v1-k3s/client-ca.crt \
	    -H "Authorization: Bearer $K3S_BEARER")" 200
	check "the client CA is the cluster's" cmp "$CLUSTER/answer" \
	    "$CLUSTER/pki/ca.crt"
	wrong_ones online
}

# only_hub WHEN: what is so through it, and not straight to the server
only_hub() {
	check "$1: the controller sees the hub in default/kubernetes" \
	    is "$(endpoints_for k3s-controller | sort | uniq -c |
		awk '{ print ($1 >= 4), $2 }')" "1 127.0.0.1:8778"
	check "$1: the agent's balancer knows only the hub" \
	    is "$(jq -c .ServerAddresses \
		"$AGENT_DIR/etc/k3s-agent-load-balancer.json")" \
	    '["127.0.0.1:8778"]'
	check "$1: the two ports are one" is "$(ask_agent /v1-k3s/config) $(
	    jq -r '.HTTPSPort == .SupervisorPort' "$CLUSTER/answer")" "200 true"
	check "$1: what is for servers is refused" refused
	check "$1: agent, kubelet and kube-proxy talk to no server" \
	    is "$(elsewhere)" ""
}

# names_cut: the node by another case of its name, and another node
names_cut() {
	check "cut: the node in capitals" is "$(ask_node EDGE-1 \
	    "$(node_password)" /v1-k3s/client-kubelet.crt "$@")" 200
	check "cut: has its own certificate" is \
	    "$(openssl x509 -in "$CLUSTER/answer" -noout -serial)" \
	    "$(serial client-kubelet)"
	ask_node edge-2 "$(node_password)" /v1-k3s/client-kubelet.crt "$@" \
	    >/dev/null
	check "cut: another node has none" no_certificate
}

# certificates_cut: a new key's, while cut off
certificates_cut() {
	openssl req -new -key "$AGENT_DIR/client-kubelet.key" -subj / \
	    -outform DER -out "$CLUSTER/k3s/own.csr"
	names_cut --data-binary "@$CLUSTER/k3s/own.csr"
	csr_make other
	_csr=$CLUSTER/k3s/other.csr
	check "cut: a new key of kubelet's is signed here for serving" \
	    is "$(ask_node edge-1 "$(node_password)" \
		/v1-k3s/serving-kubelet.crt --data-binary "@$_csr")" 200
	check "cut: and right" serving_right other
	check "cut: but not as a client" is "$(ask_node edge-1 \
	    "$(node_password)" /v1-k3s/client-kubelet.crt \
	    --data-binary "@$_csr")" 503
	check "cut: no certificate" no_certificate
}

cut_off() {
	ids=$(container_ids)
	cut blackhole
	wait_for 60 cut is_cut
	wait_for 60 "the hub to know" hub_offline
	check "cut: the tunnel has ended" wait_for 60 end agent_said \
	    'select(.tunnel == "down")'
	check "cut: the agent has the next one at once" wait_for 10 stub \
	    is_up_again
	agent_kill
	_had=$(serials)
	check "cut: an agent that was killed walks its whole order" \
	    walked 240 "again, cut off"
	check "cut: in the same order" is "$(order)" "$(right_order)"
	check "cut: and never in vain" is "$(waited)" ""
	check "cut: it has the certificates that it had" \
	    is "$(serials)" "$_had"
	check "cut: through the stub" agent_said \
	    'select(.tunnel == "up" and .to == "127.0.0.1:8778")'
	check "cut: kubelet runs" wait_for 60 kubelet \
	    url_ok http://127.0.0.1:10248/healthz
	check "cut: no container has restarted" same_containers "$ids"
	controllers cut
	only_hub cut
	wrong_ones cut
	if [ -n "${K3S_OLD:-}" ]; then
		names_cut
	else
		certificates_cut
	fi

	proc_kill k3s-agent
	node_off
	check "cut: the whole node is dead" is "$(node_pids)" ""
	echo 1 >"$CLUSTER/run/boots"
	cat /proc/sys/kernel/random/uuid >"$CLUSTER/sys/boot_id"
	cni_write
	k3s_hub_start
	check "reboot: the hub is there" wait_for 60 hub k3s_hub_ready
	check "reboot: the agent walks its whole order" \
	    walked 240 "after a reboot, cut off"
	controllers reboot
	check "reboot: the pods are back" wait_for 180 pods all_run
	check "reboot: the service answers" wait_for 90 service vip_right
	check "reboot: of every pod" wait_for 90 pods vip_pods "$PODS" 60
	check "reboot: the stub holds for more than a minute" \
	    holds 65 no_down
	check "reboot: still cut off" is_cut
}

# silent: the server hangs, and nobody knows it yet when an agent starts
silent() {
	agent_kill
	cut silent
	check "hung: the agent walks its whole order" walked 240 "hung server"
	check "hung: and never in vain" is "$(waited)" ""
	heal
	check "hung: the tunnel is real again" wait_for 90 logs logs_work
}

healed() {
	was=$(connects)
	heal
	t=$(now_ms)
	check "healed: a real tunnel within 10 s" \
	    wait_for 10 tunnel connected_after "$was"
	diag "tunnel after $(($(now_ms) - t)) ms"
	check "healed: kubectl logs" wait_for 60 logs logs_work
	diag "logs after $(($(now_ms) - t)) ms"
	check "healed: kubectl exec" wait_for 60 exec exec_works
	check "healed: the node is Ready" wait_for 120 node node_ready
	check "healed: $PODS pods are Ready" wait_for 120 pods pods_ready "$PODS"
	only_hub healed
	_crt=$AGENT_DIR/client-kubelet
	check "healed: who shows a certificate comes with it" is "$(shown \
	    /v1-k3s/client-ca.crt --cert "$_crt.crt" --key "$_crt.key")" \
	    '"system:node:edge-1"'
	check "healed: who shows none comes without one" \
	    is "$(shown /v1-k3s/client-ca.crt)" '""'
	proc_kill k3s-server
	k3s_server_start
	check "healed: a server that started anew has its tunnel" \
	    wait_for 90 logs logs_work
	_ids=$(container_ids)
	hub_down
	k3s_hub_start
	check "healed: a hub that started anew carries it" \
	    wait_for 90 logs logs_work
	check "healed: no container has restarted" same_containers "$_ids"
	[ -z "${K3S_OLD:-}" ] ||
		check "healed: it holds for more than a minute" tunnel_holds
}

# Idle but for its pings.
tunnel_holds() {
	_had=$(connects)
	holds 65 has_connects "$_had" &&
		wait_for 30 logs logs_work && has_connects "$_had"
}

has_connects() {
	[ "$(connects)" = "$1" ]
}

# too_early: a hub that has never heard its server
too_early() {
	hub_down
	cut blackhole
	mv "$CLUSTER/hub/data" "$CLUSTER/hub/data-was"
	_code=0
	timeout 240 env -C "$CLUSTER/hub" OTE_BIN="$CLUSTER/hub/bin" \
	    "$(cd ../../sh && pwd)/ote_edgehub" k3s -v 2 \
	    --kube-config kubeconfig --init-server 127.0.0.1:7443 \
	    -n edge-1 >"$CLUSTER/log/early.log" 2>&1 || _code=$?
	diag "$(tail -n 3 "$CLUSTER/log/early.log")"
	agent_kill
	check "an empty hub, cut off, ends" [ "$_code" -ne 0 ]
	check "by itself" [ "$_code" -ne 124 ]
	check "and says that the clients' CA is missing" \
	    grep -qi 'client.*ca\|client-ca' "$CLUSTER/log/early.log"
	heal
}

# too_late: a hub that has heard its server, and an agent that has not yet
too_late() {
	k3s_hub_up
	cut blackhole
	wait_for 60 "the hub to know" hub_offline
	mv "$AGENT_DIR" "$AGENT_DIR-was"
	agent_start
	check "an agent's first start, cut off, waits" wait_for 60 503 agent_said \
	    'select(.waits // "" | test("503"))'
	check "and has no certificate" [ ! -e "$AGENT_DIR/client-kubelet.crt" ]
	heal
	check "healed: it goes on by itself" agent_wait 120 'select(.configured)'
	check "by its way to the end" agent_wait 60 'select(.start == "kube-proxy")'
}

k3s_up
k3s_node_make
if [ -z "${OTE_STRAIGHT:-}" ]; then
	k3s_hub_up
	wait_for 60 "the hub to see its master" hub_online
fi
online
if [ -z "${OTE_STRAIGHT:-}" ]; then
	only_hub online
	cut_off
	healed
	silent
	check "a node that was deleted needs the token" deleted
	tap_clean || log_tail hub k3s-agent
	too_early
	too_late
fi
tap_end
