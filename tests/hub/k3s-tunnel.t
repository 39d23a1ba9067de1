#!/bin/sh
# k3s-tunnel.t: an agent's tunnel, /v1-k3s/connect: carried to the server in
# the name of its kubelet, or ended here
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/as.sh
. "$(dirname "$0")/as.sh"
# shellcheck source=tests/hub/tunnel.sh
. "$(dirname "$0")/tunnel.sh"
export ASAN_OPTIONS=quarantine_size_mb=1 # what is freed is not held
start_witness
mkdir -p "$dir/data/run" "$dir/ids"
user hub hub hubs
user node system:node:n1 system:nodes
user other system:node:n2 system:nodes
user alice alice staff
cp "$dir/node.pem" "$dir/ids/system%3Anode%3An1.pem"
hub_kubeconfig "$dir/kc" "client-certificate: hub.crt, client-key: hub.key"
sock=$dir/t.sock upgrade=websocket
key=dGhlIHNhbXBsZSBub25jZQ== # of RFC 6455, 1.3

masters() { # up|down
	echo "127.0.0.1:1 $1 1700000000 test" >"$dir/data/run/masters.new"
	mv "$dir/data/run/masters.new" "$dir/data/run/masters"
}

connect() { # [CURL_ARG...]
	ask /v1-k3s/connect -H "Sec-WebSocket-Key: $key" \
		-H 'Sec-WebSocket-Version: 13' "$@"
}

# --- who may, and as whom it goes ---

tunnel -k "$dir/kc" -a Webhook -i "$dir/ids" -K
verify SUCCESS node
connect -H 'Authorization: Basic bm9kZTp4' -H 'X-Remote-User: root'
is "$saw" 'system:node:n1 GET /v1-k3s/connect' 'it goes by the key pair of the agent, without Authorization'
ask '/v1-k3s/connect?/no' -H "Sec-WebSocket-Key: $key" -H 'Sec-WebSocket-Version: 13'
is "$code $(jq -r .message "$dir/body")" '403 not you' "the server's refusal comes whole"
verify SUCCESS other
connect
refused 403 "$dir/ids/system%3Anode%3An2.pem" 'a node without a key pair here'
verify SUCCESS alice
connect
refused 403 'only system:nodes may connect: user "alice"' 'a certificate of another group'
verify NONE
connect
refused 401 'client-kubelet.crt' 'no certificate'
connect -H 'Authorization: Bearer theirs'
refused 401 'client-kubelet.crt' 'a token instead'
connect -H 'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.dGhlaXJz'
refused 401 'client-kubelet.crt' 'one of a websocket'
verify FAILED:'certificate has expired'
connect
refused 401 'certificate has expired' 'a certificate that failed'
verify SUCCESS node
ask /v1-k3s/connect -H "Sec-WebSocket-Key: $key" -H 'Sec-WebSocket-Version: 8'
refused 426 'must be 13' 'another version'
grep -q '^Sec-WebSocket-Version: 13' "$dir/head"
ok $? 'and which one it is'
ask /v1-k3s/connect -H 'Sec-WebSocket-Key: AAAA' -H 'Sec-WebSocket-Version: 13'
refused 400 'base64 of 16 bytes' 'a key that is none'
for path in /v1-k3s/server-bootstrap /v1-k3s/connect/x /v1-k3s/connectx /db/info /apiserver /; do
	ask "$path" -H "Sec-WebSocket-Key: $key" -H 'Sec-WebSocket-Version: 13'
	refused 403 'no tunnel goes to that path' "$path"
done
ask /api/v1/namespaces/x/pods/p/exec
is "$saw" 'system:node:n1 GET /api/v1/namespaces/x/pods/p/exec' 'exec goes as ever'

# --- with -I: the server itself does not look whom the hub acts for ---

tunnel -k "$dir/kc" -a Webhook -i "$dir/ids" -K -I
verify SUCCESS other
connect
refused 403 'looks at the certificate alone' 'a node without a key pair is nobody for the hub to act for'
ask /api/v1/namespaces/x/pods/p/exec
is "${saw%%|Impersonate-Group*}" 'hub GET /api/v1/namespaces/x/pods/p/exec|Impersonate-User: system:node:n2' 'but for exec'
verify SUCCESS node
connect
is "$saw" 'system:node:n1 GET /v1-k3s/connect' 'with one it goes by that'
rm -r "$dir/ids"
hub_kubeconfig "$dir/kn" "client-certificate: node.crt, client-key: node.key"
tunnel -k "$dir/kn" -a Webhook -i "$dir/ids" -K -I
connect
is "$saw" 'system:node:n1 GET /v1-k3s/connect' 'or by the credential of the hub, where that is its own'
verify SUCCESS other
connect
refused 403 'looks at the certificate alone' 'but of nobody else'
mkdir "$dir/ids"
cp "$dir/node.pem" "$dir/ids/system%3Anode%3An1.pem"
tunnel -k "$dir/kc" -a Webhook -i "$dir/ids" -K

# --- cut off: it ends here ---

masters down
verify SUCCESS alice
connect
refused 403 'only system:nodes' 'cut off, others may not either'
ask /api/v1/namespaces/x/pods/p/exec
refused 403 'cannot speak for user "alice"' 'nor exec'
verify SUCCESS node
ask /api/v1/namespaces/x/pods/p/exec
refused 503 'out of reach since 2023-11-14T22:13:20Z' 'exec is refused'

head_of() { # NAME [PATH]
	verify SUCCESS "$1"
	printf 'GET %s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\nX-Ote-Client-Cert: %s\r\n\r\n' \
		"${2:-/v1-k3s/connect}" "$key" "$who" "$der"
}

frames() { # FILE: what came behind the head, in hex
	sed '1,/^\r$/d' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# websocket FRAMES_AS_FOR_PRINTF: what comes back, to its end
websocket() {
	# shellcheck disable=SC2059
	{ head_of node && printf "$1"; } | talk open >"$dir/said"
	frames "$dir/said"
}

# A mask of zeroes leaves what it masks as it is.
m='\0\0\0\0'
close="\210\202$m\003\350"
is "$(websocket "$close")" 880203e8 'a Close is answered by its code, and it ends'
is "$(sed '/^\r$/q' "$dir/said" | tr -d '\r')" "HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" 'the head of RFC 6455'
is "$(websocket "\211\205\067\372\041\075\177\237\115\121\130\211\200$m$close")" \
	8a0548656c6c6f8a00880203e8 'Pings have their Pongs'
is "$(websocket "\202\203${m}abc\001\201${m}a\211\201${m}p\200\201${m}b\212\200$m$close")" \
	8a0170880203e8 'data, fragments and a Pong are passed over'
is "$(websocket "\210\200$m")" 8800 'a Close without a code'
is "$(websocket "$close\211\201${m}x")" 880203e8 'nothing is said behind it'
is "$(websocket "\211\005Hello\211\200$m")" 880203ea 'a frame without a mask'
is "$(websocket "\211\200$m\302\200$m")" 8a00880203ea 'a reserved bit'
is "$(websocket "\211\376\000\176$m$(printf '%0126d' 0)")" 880203ea 'a Ping of 126 bytes'
is "$(websocket "\210\202$m\003\355")" 880203ea 'a Close with 1005'
wait_for 60 holds "$tunnel_pid" "$first"
ok $? 'all of them are closed'
verify SUCCESS other
{ head_of other && printf '\210\200\0\0\0\0'; } | talk open >"$dir/said"
is "$(frames "$dir/said")" 8800 'it needs no key pair of the agent'

peak() {
	awk '/^VmHWM/ { print $2 }' "/proc/$tunnel_pid/status"
}
before=$(peak)
{
	head_of node
	printf '\202\377\0\0\0\0\006\100\0\0\0\0\0\0'
	head -c 104857600 /dev/zero
	printf '\211\200\0\0\0\0\210\200\0\0\0\0'
} | talk open >"$dir/said"
is "$(frames "$dir/said")" 8a008800 'a frame of 100 MB'
{
	head_of node
	head -c 12000000 /dev/zero | perl -pe 'BEGIN { $/ = \6 } $_ = "\211\200\0\0\0\0"'
	printf '\210\200\0\0\0\0'
} | talk open | tail -c 4000002 >"$dir/said"
is "$(wc -c <"$dir/said") $(tail -c 6 "$dir/said" | od -An -tx1)" '4000002  8a 00 8a 00 88 00' \
	'two million Pings'
grown=$(($(peak) - before))
echo "# ote-tunnel: $grown KB more at most"
[ "$grown" -lt 4096 ]
ok $? 'without holding them'

# --- until the master is back ---

# agent: connected, its frames are what is written to 3, what came is $dir/said
agent() {
	rm -f "$dir/in"
	mkfifo "$dir/in"
	: >"$dir/said"
	talk open <"$dir/in" >"$dir/said" 2>>"$dir/talk.err" &
	agent=$!
	watches="$watches $agent"
	exec 3>"$dir/in"
	head_of node >&3
}

said() { # HEX
	[ "$(frames "$dir/said")" = "$1" ]
}

agent
printf '\211\201\0\0\0\0a' >&3
wait_for 60 said 8a0161
ok $? 'an agent, while cut off'
masters down
printf '\211\201\0\0\0\0b' >&3
wait_for 60 said 8a01618a0162
ok $? 'it goes on while there is no master'
masters up
wait_for 60 said 8a01618a0162880203e9
ok $? 'a master is back: it is closed with 1001'
printf '\210\202\0\0\0\0\003\351' >&3
wait_for 40 gone "$agent"
ok $? 'and ends with the Close of the agent'
exec 3>&-
masters down
agent
wait_for 60 grep -q Accept "$dir/said"
rm "$dir/data/run/masters"
wait_for 40 gone "$agent"
is "$? $(frames "$dir/said")" '0 880203e9' 'one that does not answer the Close: it ends all the same'
exec 3>&-
wait_for 60 holds "$tunnel_pid" "$first"
ok $? 'nothing is left of them'

# --- a master that counts as up ---

tunnel -k "$dir/kc" -l "127.0.0.1:$mock_port" -a Webhook -i "$dir/ids" -K
masters up
agent
wait_for 60 said 880203e9
ok $? 'it cannot be reached: the tunnel ends here, and not for long'
grep -q '101 Switching' "$dir/said"
ok $? 'answered as if it were there'
printf '\210\202\0\0\0\0\003\351' >&3
wait_for 40 gone "$agent"
exec 3>&-
agent
wait_for 60 grep -q Accept "$dir/said"
masters down
printf '\211\200\0\0\0\0' >&3
wait_for 60 said 8a00
mkfifo "$dir/never"
timeout 7 cat <>"$dir/never" # for longer than it would be doubted
printf '\211\200\0\0\0\0' >&3
wait_for 60 said 8a008a00
ok $? 'once it is known to be down, the tunnel stays'
masters up
wait_for 60 said 8a008a00880203e9
ok $? 'until it is back'
exec 3>&-
stop "$agent"

"$BUILD/tests/hub/peer" hang >"$dir/hang.port" 2>>"$dir/peer.err" &
pids="$pids $!"
wait_for 60 lines "$dir/hang.port" 1
kubeconfig "http://127.0.0.1:$(cat "$dir/hang.port")"
tunnel -k "$dir/kubeconfig" -a Webhook -i "$dir/ids" -K
agent
printf '\211\201\0\0\0\0a' >&3
wait_for 60 said 8a0161
ok $? 'it says nothing: the tunnel ends here, what came before is heard'
exec 3>&-
stop "$agent"

# --- a server that answers ---

start_mock
kubeconfig "http://127.0.0.1:$mock_port"
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\202\001a' >"$dir/mock/up"
printf 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nstart' >"$dir/mock/starting"
rules <<-END
	/v1-k3s/connect?starting starting
	/v1-k3s/connect up hold
END
tunnel -k "$dir/kubeconfig" -a Webhook -i "$dir/ids" -K
agent
wait_for 60 said 820161
ok $? "the server's tunnel"
printf b >>"$dir/mock/up"
wait_for 60 said 82016162
ok $? 'byte by byte'
is "$(fds "$tunnel_pid")" $((first + 2)) 'two descriptors'
stop "$mock_pid" KILL
wait_for 40 gone "$agent"
is "$? $(frames "$dir/said")" '0 82016162' 'it ends when the server does'
exec 3>&-
wait_for 60 holds "$tunnel_pid" "$first"
ok $? 'both are closed'
start_mock
verify SUCCESS node
ask '/v1-k3s/connect?starting' -H "Sec-WebSocket-Key: $key" -H 'Sec-WebSocket-Version: 13'
is "$code $(cat "$dir/body")" '503 start' 'a 503 of the server is its own'

"$BUILD/tests/hub/peer" name "$(printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')" \
	>"$dir/echo.port" 2>>"$dir/peer.err" &
pids="$pids $!"
wait_for 60 lines "$dir/echo.port" 1
kubeconfig "http://127.0.0.1:$(cat "$dir/echo.port")"
tunnel -k "$dir/kubeconfig" -a Webhook -i "$dir/ids" -K
{ head_of node && echo hello; } | talk half >"$dir/said"
is "$(tr -d '\r' <"$dir/said" | tail -n 3 | paste -sd,)" ',hello,end' \
	'half-closed: what was said is heard, and the answer comes'

# --- elsewhere ---

tunnel -k "$dir/kubeconfig" -a Webhook -i "$dir/ids"
masters down
connect
refused 503 'out of reach' 'without -K it is a path like any other'
tunnel -k "$dir/kubeconfig" -K
who='X-A: b' der=
head_of() {
	printf 'GET /v1-k3s/connect HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n' "$key"
}
is "$(websocket "$close")" 880203e8 'AlwaysAllow: whoever asks'
! gone "$tunnel_pid"
ok $? 'it lives'
done_testing
