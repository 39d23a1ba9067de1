#!/bin/sh
# vanish.t: clients that go away without a word: their watches end at once
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_master
at=$master c=/api/v1/namespaces/x/configmaps
write POST $c "$(configmap a)"
server=$(tool "$master_pid" ote-edge-server)
web=$(tool "$master_pid" lighttpd)

fds() { # that both hold
	find "/proc/$server/fd" "/proc/$web/fd" -type l | wc -l
}

holds() { # N: they hold N now
	[ "$(fds)" = "$1" ]
}

# vanished NAME SIGNAL: of a watch; all of it is freed, with no event to tell
vanished() {
	: >"$dir/gone"
	before=$(fds)
	watch gone "$c?watch=true&resourceVersion=0"
	wait_for 60 lines "$dir/gone" 1
	[ "$(fds)" -ge "$((before + 3))" ]
	ok $? "$1: descriptors of a watch"
	stop "$watch_pid" "$2"
	wait_for 15 holds "$before"
	ok $? "$1: they are freed"
}

get $c # the feed is open
wait_for 60 nobody "$master_port" "$dir/master"
vanished killed KILL
vanished ended TERM

# reset: the client has not read what came, so the kernel sends a RST
: >"$dir/reset"
before=$(fds)
watch reset "$c?watch=true&resourceVersion=0"
wait_for 60 lines "$dir/reset" 1
kill -STOP "$watch_pid"
write PUT $c/a "$(configmap a z)"
kill -KILL "$watch_pid"
wait_for 15 holds "$before"
ok $? 'reset: they are freed'

# One of which nothing is heard any more is found by keepalive: its timer runs
# (02) on the connection of a silent watch; 15-watches.t of the cluster waits.
: >"$dir/silent"
watch silent "$c?watch=true&resourceVersion=0"
wait_for 60 lines "$dir/silent" 1
port=$(printf ':%04X' "$master_port")
timers() {
	[ "$(awk -v p="$port$" '$2 ~ p && $4 == "01" { print substr($6, 1, 2) }' \
		/proc/net/tcp | sort -u)" = 02 ]
}
wait_for 60 timers
ok $? 'keepalive on all connections of clients'
stop "$watch_pid" KILL
wait_for 15 holds "$before"

# a crowd
printf 'cacert = "%s"\nurl = "%s%s?watch=true&resourceVersion=0"\noutput = "%s/crowd-#1"\nno-buffer\n' \
	"$ca" "$master" "$c" "$dir" >"$dir/one"
i=0
while [ $i -lt 100 ]; do
	[ $i = 0 ] || echo next
	sed "s/#1/$i/" "$dir/one"
	i=$((i + 1))
done >"$dir/crowd"
curl --no-progress-meter --parallel --parallel-immediate --parallel-max 100 -K "$dir/crowd" \
	2>>"$dir/curl.err" &
crowd_pid=$!
watches="$watches $crowd_pid"
many() {
	[ "$(cat "$dir"/crowd-* 2>/dev/null | grep -c ADDED)" = 100 ]
}
wait_for 60 many
ok $? 'a hundred watches of one client'
stop "$crowd_pid" KILL
wait_for 15 holds "$before"
ok $? 'it is killed: all are freed'
is "$(tool "$master_pid" ote-edge-server) $(tool "$master_pid" lighttpd)" "$server $web" 'nothing was restarted'
is "$(grep -c 'unexpected end-of-file' "$dir/master.err")" 0 'lighttpd has nothing to complain of'
done_testing
