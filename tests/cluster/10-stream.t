#!/bin/sh
# 10-stream.t: exec, attach, cp and port-forward through the hub, at length
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./10-stream.t
session_need

pod=web-0
blob=$CLUSTER/blob
head -c 50000000 /dev/urandom >"$blob"
sum=$(sha256sum <"$blob")

# by WS COMMAND...: through websockets (true) or SPDY (false)
by() {
	_ws=$1
	shift
	KUBECTL_REMOTE_COMMAND_WEBSOCKETS=$_ws "$@"
}

exit_code() {
	_code=0
	hub_kc exec "$pod" -- sh -c 'exit 3' 2>/dev/null || _code=$?
	is "$_code" 3
}

echoed() {
	is "$(hub_kc exec -i "$pod" -- cat <"$blob" | sha256sum)" "$sum"
}

copied() {
	hub_kc cp "$blob" "$pod:/tmp/blob" && rm -f "$blob.back" &&
		hub_kc cp "$pod:/tmp/blob" "$blob.back" >/dev/null &&
		is "$(sha256sum <"$blob.back")" "$sum"
}

# forward PORT: to the pod's port 80
forward() {
	proc_start forward env KUBECTL_PORT_FORWARD_WEBSOCKETS="$ws" \
	    "$BIN/kubectl" --kubeconfig "$CLUSTER/kubectl-hub.kubeconfig" \
	    port-forward "pod/$pod" "$1:80"
}

page_at() {
	curl -s -m 20 "http://127.0.0.1:$1/" | grep -q "^$pod "
}

# rss TOOL: of the hub's process of that name, in KB
rss() {
	_pid=$(pgrep -f "^$CLUSTER/hub/bin/$1 " | head -n 1)
	awk '/^VmHWM/ { print $2 }' "/proc/$_pid/status"
}

small() {
	_rss=$(rss ote-tunnel)
	diag "ote-tunnel: $_rss KB at most"
	[ "$_rss" -lt 16384 ]
}

# gigabyte: what web-0's /cgi-bin/gig says: the blob 21 times, each time with a
# line in front that counts
gigabyte() {
	for _i in $(seq 21); do
		echo "$_i" && cat "$blob"
	done
}

# shellcheck disable=SC2016
gig_make() {
	hub_kc exec "$pod" -- sh -c 'mkdir -p /www/cgi-bin
	    cat >/www/cgi-bin/gig <<-END
		#!/bin/sh
		printf "Content-Type: application/octet-stream\\r\\n\\r\\n"
		for i in \$(busybox seq 21); do
			echo "\$i" && cat /tmp/blob
		done
		END
	    busybox chmod 755 /www/cgi-bin/gig'
}

gig_came() {
	is "$(curl -sS -m 240 http://127.0.0.1:18080/cgi-bin/gig | sha256sum)" \
	    "$(gigabyte | sha256sum)"
}

# session N: an exec that says more than its client ever takes
session() {
	proc_start "session-$1" curl -s -N -m 900 --limit-rate 1000 \
	    -o /dev/null --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
	    -H 'Sec-WebSocket-Version: 13' \
	    -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
	    -H 'Sec-WebSocket-Protocol: v5.channel.k8s.io' \
	    "$HUB_URL/api/v1/namespaces/default/pods/$pod/exec?command=cat&command=/tmp/blob&stdout=true"
}

# pid_of TOOL, held TOOL...: what these hold now, in KB
pid_of() {
	pgrep -f "^$CLUSTER/hub/bin/$1 |^$1 .*$CLUSTER/hub/" | head -n 1
}

held() {
	for _tool; do
		cat "/proc/$(pid_of "$_tool")/smaps_rollup"
	done | awk '/^Pss:/ { n += $2 } END { print n }'
}

fds() {
	find "/proc/$(pid_of ote-tunnel)/fd" -type l | wc -l
}

sessions_are() {
	[ "$(fds)" -eq $((_fds + 2 * $1)) ]
}

# full: whether no more goes into the tunnel than a second ago
full() {
	_was=$(held ote-tunnel lighttpd)
	sleep 1
	[ "$(held ote-tunnel lighttpd)" = "$_was" ]
}

# at_rest: the sessions of before have ended, with their descriptors
at_rest() {
	! ss -Htnp | grep -q '"ote-tunnel"'
}

sessions() {
	wait_for 60 "the end of other sessions" at_rest || return 1
	_fds=$(fds)
	_before=$(held ote-tunnel lighttpd)
	for _n in $(seq 20); do session "$_n"; done
	wait_for 60 "20 sessions" sessions_are 20 || return 1
	wait_for 120 "full buffers" full || return 1
	_each=$((($(held ote-tunnel lighttpd) - _before) / 20))
	diag "a session that is full: $_each KB in ote-tunnel and lighttpd"
	for _n in $(seq 20); do proc_kill "session-$_n"; done
	wait_for 60 "end of the sessions" sessions_are 0 || return 1
	[ "$_each" -lt 1024 ]
}

# attached: what the pod says is there while it is said
attached() {
	: >"$CLUSTER/log/attach.log"
	proc_start attach env KUBECTL_REMOTE_COMMAND_WEBSOCKETS="$ws" \
	    "$BIN/kubectl" --kubeconfig "$CLUSTER/kubectl-hub.kubeconfig" \
	    attach "$pod"
	wait_for 60 "attach" said attach "to $ws" "to $ws" || return 1
	wait_for 60 "a line more" said attach "again $ws" "again $ws"
	_rc=$?
	proc_stop attach
	return "$_rc"
}

# said NAME WHAT TEXT: makes the pod say WHAT; whether the log has TEXT
said() {
	hub_kc exec "$pod" -- sh -c "echo '$2' >/proc/1/fd/1" &&
	    grep -q "$3" "$CLUSTER/log/$1.log"
}

# cut_midst: an exec that goes on for ever ends when the master goes
cut_midst() {
	: >"$CLUSTER/log/midst.log"
	proc_start midst "$BIN/kubectl" \
	    --kubeconfig "$CLUSTER/kubectl-hub.kubeconfig" exec "$pod" -- \
	    sh -c 'while echo tick; do sleep 1; done'
	wait_for 60 "ticks" grep -q tick "$CLUSTER/log/midst.log" || return 1
	cut 503
	wait_for 90 "its end" proc_gone midst
}

refused() {
	hub_kc --request-timeout=10s exec "$pod" -- true 2>&1 |
	    grep -q 'out of reach'
}

for ws in true false; do
	check "exec, websockets $ws" is \
	    "$(by "$ws" hub_kc exec "$pod" -- echo hello)" hello
	check "its exit code" by "$ws" exit_code
	check "50 MB there and back" by "$ws" echoed
	check "cp both ways" by "$ws" copied
	check "attach" attached
	forward 18080
	check "port-forward" wait_for 60 "the page" page_at 18080
	if "$ws"; then
		gig_make
		check "1 GB by it" gig_came
	fi
	proc_stop forward
done
check "the tunnel stays small" small
check "20 sessions at most 1 MB each" sessions
check "a plain request that offers HTTP/2 is answered as it is" is \
    "$(curl -s -m 60 -o /dev/null -w '%{http_code}' -H 'Connection: Upgrade' \
	-H 'Upgrade: h2c' --cacert "$CLUSTER/pki/ca.crt" "$HUB_URL/version")" 200
check "cut in the midst: it ends" cut_midst
check "cut off it is refused, and says why" \
    wait_for 60 "the hub to notice" refused
heal
wait_for 60 "the hub to see its master" hub_online
check "and works again" is "$(hub_kc exec "$pod" -- echo hello)" hello
tap_end
