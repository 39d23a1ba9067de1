#!/bin/sh
# upgrade.t: what the web server makes of upgrades: which it takes to the
# tunnel, and that it lets them be silent
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
kubeconfig "http://127.0.0.1:$mock_port"
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello\n' >"$dir/mock/up"
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nline\n' >"$dir/mock/held"
rules <<-END
	/up* up hold
	/held* held hold
END
start_edge
wait_for 60 master_is up


# --- silence ---

# The times after which lighttpd ends what is silent: those of all the rest are
# lowered, those of tunnels stay.
sed -e 's/^server.max-read-idle = .*/server.max-read-idle = 1/' \
	-e 's/^server.max-write-idle = .*/server.max-write-idle = 1/' \
	"$dir/edge/run/lighttpd.conf" >"$dir/conf"
cp "$dir/conf" "$dir/edge/run/lighttpd.conf"
web=$(tool "$edge_pid" lighttpd)
kill "$web"
wait_for 60 gone "$web"
healthy() {
	get /readyz && [ "$code" = 200 ]
}
wait_for 60 healthy
tunnel=$(tool "$edge_pid" ote-tunnel)

fds() {
	find "/proc/$tunnel/fd" | wc -l
}

holds() { # N
	[ "$(fds)" = "$1" ]
}

first=$(fds)
watch up /up -H 'Connection: Upgrade' -H 'Upgrade: websocket'
up_pid=$watch_pid
wait_for 60 grep -q hello "$dir/up"
is "$(fds)" $((first + 2)) 'a tunnel through all of the hub'
# What is no tunnel tells the time: three times it was silent for too long.
for i in 1 2 3; do
	watch held /held
	wait_for 60 gone "$watch_pid"
	ok $? "a silent response ends ($i)"
done
! gone "$up_pid"
ok $? 'a silent tunnel does not'
echo more >>"$dir/mock/up"
wait_for 60 grep -q more "$dir/up"
ok $? 'and carries what comes then'
stop "$up_pid" KILL
wait_for 15 holds "$first"
ok $? 'its client vanishes: it ends'

# --- which are taken ---

# takes NAME WHO HEADER...: cut off, the one who answers names itself
takes() {
	name=$1 who=$2
	shift 2
	for h; do
		set -- "$@" -H "$h"
		shift
	done
	get /api/v1/namespaces/x/pods/p/exec?command=a "$@"
	case $(jq -r .message "$dir/body") in
	*'no tunnel to it') got=tunnel ;;
	*) got=edge ;;
	esac
	is "$code $got" "503 $who" "$name"
}

stop "$mock_pid" KILL
wait_for 60 master_is down
takes 'websocket' tunnel 'Connection: Upgrade' 'Upgrade: websocket'
takes 'SPDY' tunnel 'Connection: upgrade' 'Upgrade: SPDY/3.1'
takes 'in capitals, among others' tunnel 'Connection: keep-alive, UPGRADE' 'Upgrade: WebSocket'
takes 'several, one of them known' tunnel 'Connection: Upgrade' 'Upgrade: foo/2, SPDY/3.1'
takes 'several lines' tunnel 'Connection: Upgrade' 'Upgrade: websocket' 'Upgrade: SPDY/3.1'
takes 'an upgrade that Connection does not name' edge 'Connection: close' 'Upgrade: websocket'
takes 'without Connection' edge 'Upgrade: websocket'
takes 'without Upgrade' edge 'Connection: Upgrade'
takes 'an empty one' edge 'Connection: Upgrade' 'Upgrade;'
takes 'HTTP/2' edge 'Connection: Upgrade, HTTP2-Settings' 'Upgrade: h2c' 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'
takes 'an older SPDY' edge 'Connection: Upgrade' 'Upgrade: SPDY/3'
takes 'one that only looks like it' edge 'Connection: Upgrade' 'Upgrade: xwebsocket'
takes 'of garbage' edge 'Connection: Upgrade' "Upgrade: $(head -c 4000 /dev/zero | tr '\0' ,)"
is "$(tool "$edge_pid" ote-tunnel)" "$tunnel" 'nothing was restarted'
done_testing
