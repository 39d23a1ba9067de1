#!/bin/sh
# tunnel.t: what ote-tunnel does with a head, before and after the master's say
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/tunnel.sh
. "$(dirname "$0")/tunnel.sh"
export ASAN_OPTIONS=quarantine_size_mb=1 # what is freed is not held
start_mock
kubeconfig "http://127.0.0.1:$mock_port"
mkdir -p "$dir/data/run"
"$OTE_BIN/ote-tunnel" -d "$dir/data" -k "$dir/kubeconfig" 2>>"$dir/tunnel.err" &
tunnel_pid=$!
pids="$pids $tunnel_pid"
sock=$dir/data/run/tunnel.sock
wait_for 60 listens "$sock"
ok $? 'it listens'

first=$(fds "$tunnel_pid")

# ask PATH [CURL_ARG...]: through the tunnel; sets $code
ask() {
	path=$1
	shift
	code=$(curl -sSg -m 60 --unix-socket "$sock" -o "$dir/body" \
		-w '%{http_code}' -H 'Connection: Upgrade' -H 'Upgrade: SPDY/3.1' \
		"$@" "http://h$path" 2>>"$dir/curl.err")
}

{ printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!\n'; } >"$dir/mock/no"
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\nhello' >"$dir/mock/yes"
rules <<-END
	/no* no
	/yes* yes
END
ask /no -H 'Authorization: Bearer theirs' -H 'Impersonate-User: root'
is "$code $(cat "$dir/body")" '403 no!' 'the refusal of the master comes whole'
is "$(asked 'Bearer theirs') $(asked 'root')" '0 0' 'no identity of the client went there'
is "$(curl -sS -m 3 --unix-socket "$sock" -H 'Connection: Upgrade' -H 'Upgrade: SPDY/3.1' \
	http://h/yes -o - -i 2>/dev/null | tr -d '\r' | sed -n '1p;$p' | paste -sd' ')" \
	'HTTP/1.1 101 Switching Protocols hello' 'an upgrade comes through, with what follows'
ask /no -H "X-Long: $(head -c 60000 /dev/zero | tr '\0' x)"
is "$code" 403 'a head of 60 kB'
ask /no -H "X-A: $(head -c 40000 /dev/zero | tr '\0' x)" -H "X-B: $(head -c 40000 /dev/zero | tr '\0' x)"
is "$code $(jq -r .kind "$dir/body")" '431 Status' 'one of 80 kB is refused'
# --- what is said after that ---

head_of() { # PATH
	printf 'GET %s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n' "$1"
}

# An echo that answers 101 first, and says "end" at the end of our side.
"$BUILD/tests/hub/peer" name "$(printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')" \
	>"$dir/echo.port" 2>>"$dir/echo.err" &
pids="$pids $!"
wait_for 60 lines "$dir/echo.port" 1
kubeconfig "http://127.0.0.1:$(cat "$dir/echo.port")"
mkdir -p "$dir/echo/run"
"$OTE_BIN/ote-tunnel" -d "$dir/echo" -k "$dir/kubeconfig" 2>>"$dir/tunnel.err" &
echo_pid=$!
pids="$pids $echo_pid"
mock_sock=$sock
sock=$dir/echo/run/tunnel.sock
wait_for 60 listens "$sock"

idle=$(fds "$echo_pid")
{ head_of /echo && echo hello; } >"$dir/say"
talk half <"$dir/say" >"$dir/said"
is "$(tr -d '\r' <"$dir/said" | tail -n 3 | paste -sd,)" ',hello,end' \
	'half-closed: what was said is heard, the end too, and the answer comes'
wait_for 15 holds "$echo_pid" "$idle"
ok $? 'both ends are closed'

# The time for a head is over long since when somebody types again.
{ head_of /echo && sleep 1 && echo one && sleep 11 && echo two; } | talk half >"$dir/said"
is "$(tr -d '\r' <"$dir/said" | tail -n 4 | paste -sd,)" ',one,two,end' \
	'a silent client is waited for'
# frames: of 2^63-1 bytes, of 65535 with none, reserved bits, no mask, a long ping
{
	head_of /echo
	printf '\202\177\177\377\377\377\377\377\377\377abc\202\176\377\377\377\377\211\175x'
} >"$dir/lies"
talk half <"$dir/lies" >"$dir/said"
tail -c +"$(($(head_of /echo | wc -c) + 1))" "$dir/lies" >"$dir/frames"
tail -c "$(($(wc -c <"$dir/frames") + 4))" "$dir/said" | head -c -4 | cmp -s - "$dir/frames"
ok $? 'frames that lie about their length are passed as they are'
wait_for 15 holds "$echo_pid" "$idle"
ok $? 'and end with their connection'

# 100 MB there and back
peak() {
	awk '/^VmHWM/ { print $2 }' "/proc/$echo_pid/status"
}
before=$(peak)
{ head_of /echo && head -c 104857600 /dev/urandom; } >"$dir/say"
tail -c 104857600 "$dir/say" | sha256sum >"$dir/want"
talk half <"$dir/say" | tail -c 104857604 | head -c 104857600 | sha256sum | cmp -s - "$dir/want"
ok $? '100 MB there and back'
rm -f "$dir/say"
grown=$(($(peak) - before))
echo "# ote-tunnel: $grown KB more at most"
[ "$grown" -lt 4096 ]
ok $? 'without holding them'
sock=$mock_sock

# vanished: killed in the midst, the master's connection goes, too
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\nhello\n' >"$dir/mock/held"
rules <<-END
	/no* no
	/held* held hold
END
wait_for 15 holds "$tunnel_pid" "$first"
ok $? 'no tunnel is left of what came before'
curl -sSN -m 900 --unix-socket "$sock" -H 'Connection: Upgrade' -H 'Upgrade: SPDY/3.1' \
	-o "$dir/held" http://h/held 2>>"$dir/curl.err" &
client=$!
watches="$watches $client"
wait_for 60 grep -q hello "$dir/held"
is "$(fds "$tunnel_pid")" $((first + 2)) 'a tunnel: two descriptors'
stop "$client" KILL
wait_for 15 holds "$tunnel_pid" "$first"
ok $? 'its client vanishes: both are closed'

echo "127.0.0.1:$mock_port down 1700000000 refused" >"$dir/data/run/masters"
ask /no
is "$code $(jq -r '"\(.kind) \(.reason)"' "$dir/body")" '503 Status ServiceUnavailable' 'cut off: a Status'
is "$(jq -r .message "$dir/body")" \
	'the master is out of reach since 2023-11-14T22:13:20Z: no tunnel to it' 'that says since when'
rm "$dir/data/run/masters"
stop "$mock_pid" KILL
ask /no
is "$code" 503 'a master that refuses'
! gone "$tunnel_pid"
ok $? 'it lives'
is "$("$OTE_BIN/ote-tunnel" -h)" "$(mandoc -T ascii "$repo/bin/ote-tunnel.8" 2>/dev/null | sed 's/.\x08//g' |
	awk '/^SYNOPSIS/ { on = 1; next } /^[A-Z]/ { on = 0 } on && NF' | tr -s ' \n' ' ' |
	sed 's/^ /usage: /; s/ $//')" 'the synopsis of the page'
done_testing
