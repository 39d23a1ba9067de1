#!/bin/sh
# idle.t: who is silent in the middle of a request is not waited for, who waits
# for an answer or for events is
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
maps=/api/v1/namespaces/x/configmaps
start_master
at=$master
conf=$dir/master/run/lighttpd.conf
is "$(sed -n 's/.*server.max-read-idle = //p' "$conf" | paste -sd' ')" \
	'30 60 65535' 'a head, a body, an upgrade'

# The same, sooner.
sed -e 's/^server.max-read-idle = 30/server.max-read-idle = 4/' \
	-e 's/^	server.max-read-idle = 60/	server.max-read-idle = 8/' \
	"$conf" >"$dir/conf"
cp "$dir/conf" "$conf"
web=$(tool "$pid" lighttpd)
kill "$web"
wait_for 60 gone "$web"
healthy() {
	get /healthz && [ "$code" = 200 ]
}
wait_for 60 healthy

# partly SECONDS BYTES: these are sent and then nothing; the connection ends
# within the time, in $took whole seconds
partly() {
	mkfifo "$dir/pipe"
	timeout "$1" openssl s_client -quiet -verify_quiet -CAfile "$ca" \
		-connect "${at#https://}" <"$dir/pipe" >"$dir/answer" \
		2>/dev/null &
	client=$! from=$(date +%s)
	exec 9>"$dir/pipe"
	# shellcheck disable=SC2059
	printf "$2" >&9
	wait "$client"
	code=$? took=$(($(date +%s) - from))
	exec 9>&-
	rm "$dir/pipe"
	[ "$code" -ne 124 ]
}

watch open "$maps?watch=1"
opened=$watch_pid
partly 25 'GET /healthz HTTP/1.1\r\nHost: a\r\nX: '
ok $? "half a head: ended after $took s"
[ ! -s "$dir/answer" ]
ok $? 'without an answer'
partly 25 ''
ok $? "nothing: ended after $took s"
partly 50 'POST /api/v1/namespaces/x/configmaps HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'
ok $? "half a body: ended after $took s"
[ "$took" -ge 8 ]
ok $? 'which is longer'
# a body that comes slowly, but comes
json=$(configmap slow)
{
	printf 'POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' \
		"$maps" "${#json}"
	for i in $(seq 20); do
		printf '%s' "$json" | cut -c "$((i * 4 - 3))-$((i * 4))" |
			tr -d '\n'
		sleep 0.5 # all together longer than a silence may last
	done
	printf '%s' "$json" | cut -c 81-
} | timeout 60 openssl s_client -quiet -verify_quiet -CAfile "$ca" \
	-connect "${at#https://}" >"$dir/answer" 2>/dev/null
is "$(head -n 1 "$dir/answer" | tr -d '\r')" 'HTTP/1.1 201 Created' 'a slow body arrives'
! gone "$opened"
ok $? 'an idle watch stays all the while'
write POST $maps "$(configmap late)"
is "$(events open 2)" 'ADDED/slow ADDED/late' 'and hears of what comes'

# what is too large
big=$(head -c 70000 /dev/zero | tr '\0' x)
raw "GET /healthz HTTP/1.1\r\nHost: a\r\nX: $big\r\n\r\n" >"$dir/answer"
is "$(head -n 1 "$dir/answer" | cut -d' ' -f2)" 431 'a head of 70 KB'
get /healthz
is "$code" 200 'others are served'
done_testing
