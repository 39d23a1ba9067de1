#!/bin/sh
# k3s.t: what an agent of k3s asks of its server, by a mock of that, and again
# while it is away
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/k3s.sh
. "$(dirname "$0")/k3s.sh"
cluster
client kubelet /O=system:nodes/CN=system:node:n1
client other /O=system:nodes/CN=system:node:n2
start_mock
kubeconfig "http://127.0.0.1:$mock_port"

# --- what the server says ---
config='{"A":1.50,"HTTPSPort":6443,"IPSECPSK":"a\u0041/","SupervisorPort":9345,"Z":[ ]}'
printf '%s\n' "$config" | reply config 200
reply client-ca 200 text/plain <client-ca.crt
reply server-ca 200 text/plain <server-ca.crt
printf 'peers' | reply p2p 200 text/plain
printf 'ok' | reply ready 200 text/plain
printf '["10.0.0.1:6443"]\n' | reply apiservers 200
printf '{"kind":"APIGroupList","groups":[]}' | reply apis 200
csr kubelet-key && csr serving-key && csr serving2 && csr proxy && csr fresh
signed kubelet-key client-ca /O=system:nodes/CN=system:node:n1 |
	tee kubelet-key.want | reply kubelet-cert 200 text/plain
signed serving-key server-ca /CN=n1 | tee serving-key.want |
	reply serving-cert 200 text/plain
signed proxy client-ca /CN=system:kube-proxy | tee proxy.want |
	reply proxy-cert 200 text/plain
{ signed proxy client-ca /CN=system:kube-proxy && cat proxy.key; } |
	tee old.want | reply proxy-old 200 text/plain
printf '{"kind":"Status","code":401}' | reply no 401
rules <<END
/v1-k3s/config config
/v1-k3s/client-ca.crt client-ca
/v1-k3s/server-ca.crt server-ca
/v1-k3s/p2p p2p
/v1-k3s/readyz ready
/v1-k3s/apiservers apiservers
/v1-k3s/client-kubelet.crt kubelet-cert
/v1-k3s/serving-kubelet.crt serving-cert
/v1-k3s/client-kube-proxy.crt proxy-cert
/v1-k3s/* no
/apis apis
END
# shellcheck disable=SC2119
start_k3s
lead=127.0.0.1:$edge_port
wait_for 60 master_is up
# what the hub asks for by itself, before what clients ask is looked at
wait_for 60 asked /openid/v1/jwks

# --- without a token ---
get /cacerts
cmp -s body server-ca.crt && [ "$code" = 200 ]
ok $? '/cacerts is the file, byte for byte'
get /cacerts -k --cacert "$dir/client-ca.crt"
is "$code" 200 'so too for whoever does not verify'
openssl s_client -connect "$lead" </dev/null 2>/dev/null |
	openssl x509 -noout -ext subjectAltName,extendedKeyUsage >names 2>&1
grep -q 'IP Address:127.0.0.1' names && grep -q DNS:localhost names &&
	grep -q DNS:n1 names && grep -q 'TLS Web Server' names
ok $? 'the certificate is of the node, and of loopback'
is "$(stat -c %a edge/run/serving-key.pem edge/run/serving.pem | paste -sd' ')" \
	'600 600' 'its files are nobody else'"'"'s'
get /ping
is "$code $(cat body)" '200 pong' '/ping'

# --- by the server ---
ask /v1-k3s/config
is "$code $(cat body)" "200 $(printf '%s' "$config" |
	sed "s/6443/$edge_port/; s/9345/$edge_port/")" \
	'the ports of the configuration are the hub'"'"'s, all else as it was'
is "$(tr -d '\r' <mock/last | grep -i '^authorization')" \
	"Authorization: Basic $(printf node:secret | base64)" 'the token goes along'
is "$(stat -c %a edge/k3s/config edge/k3s | paste -sd' ')" '600 700' \
	'it is kept for nobody else'
for f in client-ca.crt server-ca.crt p2p readyz; do
	ask "/v1-k3s/$f"
	is "$code" 200 "$f"
done
ask /v1-k3s/apiservers
is "$code $(cat body)" "200 [\"$lead\"]" 'the hub is the server'
ask /apis
is "$code $(jq -r .kind body)" '200 APIGroupList' '/apis with Basic'
ask /v1-k3s/something
is "$code" 401 'a 401 passes'

as_node n1 pass
# shellcheck disable=SC2086
post client-kubelet.crt kubelet-key.csr $node
cmp -s body kubelet-key.want && [ "$code" = 200 ]
ok $? 'a certificate for a key'
is "$(tr -d '\r' <mock/last | grep -ai '^k3s-' | sort | paste -sd' ')" \
	'k3s-Node-IP: 10.1.2.3 k3s-Node-Name: n1 k3s-Node-Password: pass' \
	'the headers of the node pass'
tail -c "$(wc -c <kubelet-key.csr)" mock/last | cmp -s - kubelet-key.csr
ok $? 'so does the request, byte for byte'
grep -qai '^content-type' mock/last
is $? 1 'without a type that it did not have'
# shellcheck disable=SC2086
post serving-kubelet.crt serving-key.csr $node
is "$code" 200 'one for kubelet to serve with'
post client-kube-proxy.crt proxy.csr
is "$code" 200 'one for kube-proxy'
post client-kube-proxy.crt fresh.csr
is "$code" 200 'an answer that is of another key passes'
is "$(find edge/k3s/certs -type f | wc -l)" 3 'but is not kept'
is "$(grep -rl pass edge/k3s edge/run edge/audit ./*.err | wc -l)" 0 \
	'the password of the node is nowhere'
rules <<END
/v1-k3s/client-kube-proxy.crt proxy-old
/v1-k3s/readyz no
/v1-k3s/* no
END
ask /v1-k3s/client-kube-proxy.crt
cmp -s body old.want && [ "$code" = 200 ]
ok $? 'an old agent: with the key'
ask /v1-k3s/config
is "$code" 401 'what the server refuses is refused'

printf 'no certificate\n' | reply client-ca 200 text/plain
printf '{' | reply config 200
rules <<END
/v1-k3s/client-ca.crt client-ca
/v1-k3s/config config
/v1-k3s/* no
END
ask /v1-k3s/client-ca.crt
is "$code $(cat body)" '200 no certificate' 'an odd answer passes'
cmp -s edge/k3s/client-ca.crt client-ca.crt
ok $? 'and is not kept'
ask /v1-k3s/config
is "$code $(said)" '502 Unknown' 'a configuration that is none does not'
rules <<END
/v1-k3s/* no
END

# --- with a certificate ---
pair() { # NAME: as the agent keeps it
	cp "$1.crt" agent/client-kubelet.crt
	cp "$1.key" agent/client-kubelet.key
}
get /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code $(said)" '403 Forbidden' 'no token, and no key pair to go by'
pair kubelet
get /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 401 'by the key pair of the agent'
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout odd.key -out odd.crt \
	-subj /O=system:nodes/CN=system:node:n1 2>/dev/null
get /v1-k3s/config --cert odd.crt --key odd.key
is "$code $(said)" '401 Unauthorized' 'a certificate of a foreign CA'
printf '%s\n' "$config" | reply config 200
rules <<END
/v1-k3s/config config
/v1-k3s/* no
END
ask /v1-k3s/config --cert odd.crt --key odd.key
is "$code" 200 'beside a token it is none, as the server has it'
get /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 200 'the server takes the key pair'

# --- bad input ---
bad() { # CODE NAME FILE [ARG...]
	want=$1 what=$2 file=$3
	shift 3
	as_node n1 pass
	# shellcheck disable=SC2086
	post client-kubelet.crt "$file" $node "$@"
	is "$code $(jq -r .kind body)" "$want Status" "$what"
}
before=$(wc -l <mock/log)
bad 400 'no request at all' server-ca.crt
: >empty
bad 400 'an empty one' empty
head -c 60 kubelet-key.csr >torn
bad 400 'a torn one' torn
{ cat kubelet-key.csr && echo; } >longer
bad 400 'one with more behind it' longer
sed 's/\(.*\)./\1x/' kubelet-key.csr >forged
printf '\0' | dd of=forged bs=1 seek=$(($(wc -c <kubelet-key.csr) - 1)) \
	conv=notrunc 2>/dev/null
bad 400 'one that its key has not signed' forged
openssl genpkey -algorithm ED448 -out ed448.key 2>/dev/null && csr ed448
bad 400 'a key of a foreign type' ed448.csr
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 \
	-out small.key 2>/dev/null && csr small
bad 400 'a key that is too small' small.csr
printf '[req]\ndistinguished_name=d\nprompt=no\n[d]\n' >long.conf
for i in $(seq 260); do
	printf '%s.OU=%060d\n' "$i" "$i"
done >>long.conf
openssl req -new -key kubelet-key.key -config long.conf -outform DER -out long.csr
[ "$(wc -c <long.csr)" -gt 16384 ]
ok $? 'a subject of 16 KB'
bad 413 'is refused' long.csr
bad 415 'another type' kubelet-key.csr -H 'Content-Type: text/plain'
for name in ../x A/b . '' "a'b" a_b -x "$(printf %0260d 1)"; do
	ask /v1-k3s/client-kubelet.crt -H "k3s-Node-Name: $name"
	is "$code" 400 "a node's name that is none: $name"
done
ask /v1-k3s/serving-kubelet.crt -H k3s-Node-Name:n1 -H 'k3s-Node-IP: 1.2.3'
is "$code" 400 'addresses that are none'
get /v1-k3s/config -u node:secret -X PUT -d x
is "$code" 405 'another method'
is "$(wc -l <mock/log)" "$before" 'the server has heard nothing of all that'

# --- between servers ---
printf '%s\n' "$config" | reply config 200
rules <<END
* config
END
for path in /db/info /v1-k3s/server-bootstrap /v1-k3s/encrypt/status \
	/v1-k3s/token /v1-k3s/cert/cacerts; do
	get "$path" -u server:secret
	is "$code" 403 "$path is refused"
done
before=$(wc -l <mock/log)
for path in /v1-k3s/../db/info /v1-k3s/%2e%2e/db/info /v1-k3s/.. /v1-k3s/a/b \
	/v1-k3s/config/../token /v1-k3s/config%2f..%2ftoken /v1-k3s/ /db \
	/v1-k3s/x%00; do
	get "$path" -u server:secret
	is "$code" 403 "$path is refused"
done
get /v1-k3s/config -u server:secret -X CONNECT
[ "$code" -ge 400 ]
ok $? "CONNECT is refused: $code"
is "$(wc -l <mock/log)" "$before" 'and the server has not heard of it'
get /v1-k3s/connect --cert kubelet.crt --key kubelet.key
is "$code" 400 '/v1-k3s/connect is for a websocket'

# --- cut off ---
takes() { # ARG...: post, until a password is looked at
	post "$@"
	[ "$code" != 429 ]
}

offline() { # WHEN
	ask /v1-k3s/config
	is "$code $(jq -r .SupervisorPort body)" "200 $edge_port" "$1: config"
	for f in client-ca.crt server-ca.crt; do
		ask "/v1-k3s/$f"
		is "$code" 200 "$1: $f"
	done
	ask /v1-k3s/readyz
	is "$code $(cat body)" '200 ok' "$1: readyz"
	ask /v1-k3s/p2p
	is "$code $(cat body)" '200 peers' "$1: p2p"
	ask /v1-k3s/apiservers
	is "$code $(cat body)" "200 [\"$lead\"]" "$1: apiservers"
	ask /apis
	is "$code" 200 "$1: /apis"
	get /v1-k3s/config -u server:secret
	is "$code" 200 "$1: the server's own name"
	get /v1-k3s/config -H 'Authorization: Bearer secret'
	is "$code $(said)" '401 Unauthorized' "$1: no bootstrap token"
	for u in node:secre node:secrets node: root:secret; do
		get /v1-k3s/config -u "$u"
		is "$code $(said)" '401 Unauthorized' "$1: $u"
	done
	get /v1-k3s/config
	is "$code" 401 "$1: nobody"
	get /v1-k3s/config --cert kubelet.crt --key kubelet.key
	is "$code" 200 "$1: kubelet"
	get /v1-k3s/something -u node:secret
	is "$code $(said)" '503 ServiceUnavailable' "$1: what is not kept"
	as_node n1 pass
	# shellcheck disable=SC2086
	post client-kubelet.crt kubelet-key.csr $node
	cmp -s body kubelet-key.want && [ "$code" = 200 ]
	ok $? "$1: the certificate for its key"
	as_node N1 pass
	# shellcheck disable=SC2086
	post client-kubelet.crt kubelet-key.csr $node
	cmp -s body kubelet-key.want && [ "$code" = 200 ]
	ok $? "$1: of the node in capitals, too"
	as_node n1 pass
	# shellcheck disable=SC2086
	post client-kubelet.crt fresh.csr $node
	is "$code $(said)" '503 ServiceUnavailable' "$1: none for another key"
	ask /v1-k3s/client-kube-proxy.crt
	cmp -s body old.want && [ "$code" = 200 ]
	ok $? "$1: that of an old agent, with its key"
	# shellcheck disable=SC2086
	post serving-kubelet.crt serving2.csr $node
	is "$code" 200 "$1: what kubelet serves with is signed here"
	openssl verify -CAfile server-ca.crt -verify_ip 10.1.2.3 \
		-verify_hostname n1 -purpose sslserver body >/dev/null 2>err
	ok $? "$1: for the node and its address"
	is "$(openssl x509 -in body -noout -pubkey)" \
		"$(openssl pkey -in serving2.key -pubout)" "$1: and its key"
	cp body again
	# shellcheck disable=SC2086
	post serving-kubelet.crt serving2.csr $node
	cmp -s body again
	ok $? "$1: once"
	# shellcheck disable=SC2086
	ask /v1-k3s/serving-kubelet.crt $node
	openssl pkey -in body -pubout >of-key 2>/dev/null
	is "$code $(openssl x509 -in body -noout -pubkey)" "200 $(cat of-key)" \
		"$1: of an old agent with a key"
	as_node n1 wrong
	for f in client-kubelet.crt serving-kubelet.crt; do
		# shellcheck disable=SC2086
		wait_for 60 takes "$f" kubelet-key.csr $node
		is "$code $(said)" '403 Forbidden' "$1: a wrong password: $f"
		! grep -q BEGIN body
		ok $? "$1: no certificate"
	done
	post client-kubelet.crt kubelet-key.csr -H k3s-Node-Name:n1
	is "$code" 400 "$1: no password"
	as_node n7 pass
	# shellcheck disable=SC2086
	post serving-kubelet.crt kubelet-key.csr $node
	is "$code $(said)" '503 ServiceUnavailable' \
		"$1: a node that never was accepted"
	get /cacerts
	cmp -s body server-ca.crt
	ok $? "$1: /cacerts"
	get /v1-k3s/server-bootstrap -u server:secret
	is "$code" 503 "$1: nothing between servers"
}
kill -STOP "$mock_pid"
wait_for 60 grep -q '^State:.T' "/proc/$mock_pid/status"
began=$(date +%s%3N)
ask /v1-k3s/config
took=$(($(date +%s%3N) - began))
[ "$code" = 200 ] && [ "$took" -lt 10000 ]
ok $? "a server that hangs is not waited for: $took ms" || echo "# $code"
kill -KILL "$mock_pid"
wait_for 60 master_is down
offline 'cut off'
stop "$edge_pid"
# shellcheck disable=SC2119
start_k3s
wait_for 60 master_is down
offline 'after a restart'
echo "K10$hash::node:secret" >ssl/token
get /v1-k3s/config -u server:secret
is "$code" 401 'a token of agents is none of servers'
echo abcdef.0123456789abcdef >ssl/token
get /v1-k3s/config -H 'Authorization: Bearer abcdef.0123456789abcdef'
is "$code" 200 'a bootstrap token'
get /v1-k3s/config -u node:abcdef.0123456789abcdef
is "$code" 401 'is no password'
done_testing
