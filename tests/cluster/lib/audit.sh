# shellcheck shell=sh
# audit.sh: what the hub asked of the masters, from their audit logs

# audit_logs: which masters have one, by what is in its name
audit_logs() {
	for _log in "$CLUSTER"/audit-*.log; do
		_log=${_log##*/audit-}
		echo "${_log%.log}"
	done
}

# audit_mark NAME: remembers where the logs end now
audit_mark() {
	for _n in $(audit_logs); do
		wc -c <"$CLUSTER/audit-$_n.log" >"$CLUSTER/run/mark-$1-$_n"
	done
}

# audit_since NAME [AGENT]: requests received since then, a JSON line each:
# verb, uri and whether it is a watch with a resourceVersion, by user
# agents that begin with AGENT (the hub's watcher)
audit_since() {
	for _n in $(audit_logs); do
		_at=$(cat "$CLUSTER/run/mark-$1-$_n" 2>/dev/null || echo 0)
		tail -c +"$((_at + 1))" "$CLUSTER/audit-$_n.log"
	done | jq -cR --arg agent "${2:-ote-watch-sync/}" 'fromjson? |
	    select(.stage == "RequestReceived") |
	    select(.userAgent // "" | startswith($agent)) |
	    {verb, uri: .requestURI, resumed: (.verb == "watch" and
		(.requestURI | test("[?&]resourceVersion=[1-9]") and
		(test("sendInitialEvents=(true|1)") | not)))}'
}

# audit_lists NAME: LISTs, and watches that begin with one, as JSON lines
audit_lists() {
	audit_since "$1" | jq -c 'select(.verb == "list" or
	    (.verb == "watch" and (.resumed | not)))'
}

# audit_watches NAME: watches that went on from a resourceVersion
audit_watches() {
	audit_since "$1" | jq -c 'select(.resumed)'
}
