# shellcheck shell=sh
# hub.sh: EdgeHub on port 8778
#
# HUB_SERVERS, when set, replaces the masters' balancers as --init-server.
# HUB_WRITES, when set, is its writes.conf; HUB_MODE its authorization mode;
# HUB_ACTS how it acts as others (--impersonate); HUB_OPTIONS are more options,
# words without blanks.
# The hub's programs are copied first: what runs is of one build, also when
# the next one is made meanwhile.

: "${HUB_URL:=https://127.0.0.1:8778}"

hub_servers() {
	if [ -n "${HUB_SERVERS:-}" ]; then
		echo "$HUB_SERVERS"
		return
	fi
	masters | awk '{ print "127.0.0.1:" 7442 + $1 }' | paste -sd, -
}

hub_start() {
	mkdir -p "$CLUSTER/hub/data"
	[ -d "$CLUSTER/hub/bin" ] ||
		cp -r "${OTE_BIN:-../../build/bin}" "$CLUSTER/hub/bin"
	# shellcheck disable=SC2046,SC2086
	proc_start hub env OTE_BIN="$CLUSTER/hub/bin" \
	    ../../sh/ote_edgehub k8s -v 2 \
	    --authorization-mode "${HUB_MODE:-Webhook}" \
	    $([ "${HUB_MODE:-Webhook}" = AlwaysAllow ] ||
		echo "${HUB_ACTS---impersonate}") \
	    --kube-config "$CLUSTER/hub.kubeconfig" \
	    --init-server "$(hub_servers)" -n edge-1 \
	    -d "$CLUSTER/hub/data" --server-port 8778 -l 127.0.0.1:6888 \
	    --server-ca-file "$CLUSTER/ssl/ca.pem" \
	    --server-cert-file "$CLUSTER/ssl/edge-server.pem" \
	    --server-key-file "$CLUSTER/ssl/edge-server-key.pem" \
	    ${HUB_WRITES:+--writes "$HUB_WRITES"} ${HUB_OPTIONS:-}
}

hub_ready() {
	url_ok https://127.0.0.1:8778/readyz
}

hub_up() {
	if [ ! -x ../../sh/ote_edgehub ]; then
		diag "no ote_edgehub"
		return 1
	fi
	hub_start
	if ! wait_for 60 "the hub" hub_ready; then
		log_tail hub
		return 1
	fi
}

hub_down() {
	proc_signal hub TERM || :
	wait_for 60 "end of the hub" session_gone hub || session_kill hub
}

hub_restart() {
	hub_down
	hub_up
}

# hub_kill: every process of the hub, SIGKILL
hub_kill() {
	session_kill hub
}

# hub_get PATH: the body, then the code on a line of its own; as admin
hub_get() {
	curl -s -m 20 -w '\n%{http_code}\n' --cacert "$CLUSTER/pki/ca.crt" \
	    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
	    -H 'Accept: application/json' "$HUB_URL$1"
}

# hub_columns: whether it keeps the columns of all that it has feeds of
hub_columns() (
	cd "$CLUSTER/hub/data/cache"
	for _feed in */*/*/*/feed; do
		[ -e "../tables/${_feed%/*/*}" ] ||
			[ "$(jq .code "$_feed")" != 0 ] || exit 1
	done
)
