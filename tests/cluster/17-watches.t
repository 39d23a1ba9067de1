#!/bin/sh
# 17-watches.t: 1000 watches at once of one Go client, also right after the
# hub, or a part of it, was killed; and a client that is cut off the hub
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./17-watches.t
no_hub_skip
session_need

maps=/api/v1/namespaces/default/configmaps
watched="$maps?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dcrowd"

hub_pid() {
	pgrep -f "^$CLUSTER/hub/bin/$1 |^$1 .*$CLUSTER/hub/" | head -n 1
}

fds() {
	for _tool in ote-edge-server lighttpd; do
		find "/proc/$(hub_pid "$_tool")/fd" -type l
	done | wc -l
}

# Each watch holds a connection in both; other clients, which come back when
# the hub does, are a few.
freed() {
	[ "$(fds)" -le $(($1 - 2000 + 64)) ]
}

# crowd NAME: 1000 watches, each with its first event
crowd() {
	: >"$CLUSTER/log/$1.log"
	proc_start "$1" "$OWN/watches" -count 1000 -print -seconds 900 \
	    -kubeconfig "$CLUSTER/kubectl-hub.kubeconfig" "$watched"
	wait_for 120 "1000 watches" has_line "$1" 'select(.open == 1000)' &&
	    wait_for 120 "1000 first events" all_got "$1" ADDED
}

# all_got NAME TYPE: whether all 1000 have such an event
all_got() {
	[ "$(grep -cF "\"type\":\"$2\"" "$CLUSTER/log/$1.log")" -eq 1000 ]
}

# event NAME: the next one, for all
event() {
	_stamp=$(now_ms)
	kc annotate --overwrite configmap crowd "at=$_stamp" >/dev/null
	wait_for 120 "the event at 1000 watches" all_got "$1" MODIFIED
}

# part_killed TOOL: KILL, and it is back
part_killed() {
	_old=$(hub_pid "$1")
	kill -KILL "$_old"
	wait_for 60 "another $1" part_new "$1" "$_old"
	wait_for 60 "the hub" hub_ready
}

part_new() {
	_new=$(hub_pid "$1")
	[ -n "$_new" ] && [ "$_new" != "$2" ]
}

none_failed() {
	[ -z "$(lines "$1" 'select(has("failed") or has("closed"))')" ]
}

# unheld: whether the hub has no connection to port 20123
unheld() {
	[ -z "$(ss -Htn 'sport = :8778 and dport = :20123')" ]
}

# round NAME WHAT: a crowd, its event, its end
round() {
	check "$2: 1000 watches are established" crowd "$1"
	check "$2: all get the next event" event "$1"
	check "$2: none failed or ended" none_failed "$1"
	_held=$(fds)
	proc_kill "$1"
	check "$2: killed, they are freed" wait_for 60 "free descriptors" \
	    freed "$_held"
}

kc create configmap crowd --from-literal=a=1 >/dev/null
hub_get "$maps?resourceVersion=0&fieldSelector=metadata.name%3Dcrowd" >/dev/null
round crowd "at ease"
part_killed ote-edge-server
round crowd-edge "ote-edge-server killed"
part_killed lighttpd
round crowd-web "lighttpd killed"
hub_kill
hub_up
wait_for 60 "the hub to see its master" hub_online
round crowd-hub "all of the hub killed"

# A watch whose client is unreachable: no FIN, no RST. Its port is none that
# another connection may have. Idle it ends after 20 s
# at most (lib/net.c); 15 s after what is sent just before that, a bookmark.
: >"$CLUSTER/log/lost.log"
proc_start lost curl -s -N -m 300 --cacert "$CLUSTER/pki/ca.crt" \
    --cert "$CLUSTER/pki/admin.crt" --key "$CLUSTER/pki/admin.key" \
    --local-port 20123 "$HUB_URL$watched"
wait_for 60 "its first event" grep -q ADDED "$CLUSTER/log/lost.log"
! unheld || bail "no connection"
iptables -t raw -I PREROUTING -i lo -p tcp --sport 20123 -j DROP
iptables -t raw -I PREROUTING -i lo -p tcp --dport 20123 -j DROP
check "a client that is cut off: its watch is freed" \
    wait_for 120 "the end of its connection" unheld
check "while it does not know" proc_alive lost
iptables -t raw -D PREROUTING -i lo -p tcp --sport 20123 -j DROP
iptables -t raw -D PREROUTING -i lo -p tcp --dport 20123 -j DROP
proc_kill lost
kc delete configmap crowd >/dev/null
tap_end
