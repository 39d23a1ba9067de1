#!/bin/sh
# slow.t: a client that takes nothing costs little, holds nobody back, and its
# watch is ended; where it goes on it has missed nothing
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
export ASAN_OPTIONS=quarantine_size_mb=1 # what is freed is not held
start_master
at=$master c=/api/v1/namespaces/x/configmaps
write POST $c "$(configmap first)"
server=$(tool "$master_pid" ote-edge-server)
web=$(tool "$master_pid" lighttpd)
many=120

peak() { # PID: the most it ever held, in KB
	awk '/^VmHWM/ { print $2 }' "/proc/$1/status"
}

fds() {
	find "/proc/$server/fd" -type l | wc -l
}

holds() { # N
	[ "$(fds)" = "$1" ]
}

# rvs FILE: the resourceVersions in it, its last line if that is whole
rvs() {
	sed -n 's/^{"type":"[A-Z]*","object":{.*"resourceVersion":"\([0-9]*\)".*}}$/\1/p' "$1"
}

get $c # the feed is open
wait_for 60 nobody "$master_port" "$dir/master"
before=$(fds)
watch slow "$c?watch=true&resourceVersion=0"
slow_pid=$watch_pid
wait_for 60 lines "$dir/slow" 1
slow_fds=$(($(fds) - before))
watch fast "$c?watch=true&resourceVersion=0"
watch other "$c?watch=true&labelSelector=app%3Db"
wait_for 60 lines "$dir/fast" 1
all=$((before + 3 * slow_fds)) # the last one has no event to begin with
wait_for 60 holds $all
kill -STOP "$slow_pid"
server_kb=$(peak "$server") web_kb=$(peak "$web")

head -c 100000 /dev/zero | tr '\0' x >"$dir/pad"
i=0
while [ $i -lt $many ]; do
	[ $i = 0 ] || echo next
	printf '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c%s","labels":{"app":"b"}},"data":{"k":"%s"}}' \
		$i "$(cat "$dir/pad")" >"$dir/post.$i"
	printf 'cacert = "%s"\nurl = "%s%s"\ndata = "@%s"\nheader = "Content-Type: application/json"\noutput = /dev/null\n' \
		"$ca" "$master" "$c" "$dir/post.$i"
	i=$((i + 1))
done >"$dir/posts"
curl -sSf -K "$dir/posts"
ok $? '12 MB of events'
wait_for 60 lines "$dir/fast" $((many + 1)) && wait_for 60 lines "$dir/other" $many
is "$(rvs "$dir/fast" | wc -l) $(rvs "$dir/other" | wc -l)" "$((many + 1)) $many" \
	'others have them all meanwhile'
server_more=$(($(peak "$server") - server_kb)) web_more=$(($(peak "$web") - web_kb))
echo "# ote-edge-server $server_more KB more at most, lighttpd $web_more KB"
[ "$server_more" -lt 6144 ] && [ "$web_more" -lt 2048 ]
ok $? 'memory does not grow with what a client does not take'
wait_for 60 holds $((all - slow_fds))
ok $? 'the watch of the slow one is dropped'
! gone "$slow_pid"
ok $? 'while it still takes nothing'

kill -CONT "$slow_pid"
! wait "$slow_pid"
ok $? 'it gets what was on the way, and learns of the end'
got=$(rvs "$dir/slow" | wc -l)
[ "$got" -gt 1 ] && [ "$got" -lt $many ]
ok $? "some of the events ($got)"
at_rv=$(rvs "$dir/slow" | tail -n 1)
watch again "$c?watch=true&resourceVersion=$at_rv"
wait_for 60 lines "$dir/again" $((many + 1 - got))
{ rvs "$dir/slow" && rvs "$dir/again"; } >"$dir/rvs"
rvs "$dir/fast" | cmp -s - "$dir/rvs"
ok $? 'from where it was it goes on, and has missed nothing'
write POST $c "$(configmap last b)"
wait_for 60 lines "$dir/fast" $((many + 2)) && wait_for 60 lines "$dir/again" $((many + 2 - got))
ok $? 'all are current'
done_testing
