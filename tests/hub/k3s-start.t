#!/bin/sh
# k3s-start.t: what ote_edgehub k3s needs, what it says where that is wrong, and
# a first start that meets no server
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/k3s.sh
. "$(dirname "$0")/k3s.sh"
cluster
mkdir other && (cd other && make_ca server-ca)
kubeconfig "https://127.0.0.1:$mock_port" "certificate-authority: $dir/server-ca.crt"
new="-n n1 --kube-config kubeconfig -l 127.0.0.1:$lb_port
	--server-port $edge_port --init-server 127.0.0.1:$mock_port"

try() { # ARG...: sets $code and what is in err
	# shellcheck disable=SC2086
	timeout 60 "$repo/sh/ote_edgehub" k3s -d "$dir/edge" $new "$@" \
		>out 2>err
	code=$?
}

bad() { # NAME WANT [ARG...]: exit 100 and one line
	what=$1 want=$2
	shift 2
	try "$@"
	[ "$code $(wc -l <err)" = '100 1' ] && grep -qF -e "$want" err
	ok $? "$what" || { echo "# exit $code" && sed 's/^/# /' err; } >&2
}

try -t
is "$code $(cat err)" '0 ' 'all is good'
is "$(ls edge)" k3s 'and nothing was made'

# --- bad input ---
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=x -addext basicConstraints=critical,CA:FALSE \
	-keyout leaf.key -out leaf.crt 2>/dev/null
bad 'a certificate that is no CA' \
	'--server-cert-file leaf.crt: its first certificate is no CA' \
	--server-cert-file leaf.crt --server-key-file leaf.key
bad 'a key of another CA' \
	'--server-key-file other/server-ca.key: it is not the key of the CA' \
	--server-key-file other/server-ca.key
: >nothing
bad 'a file with no certificate' \
	'--server-cert-file nothing: there is no PEM certificate' \
	--server-cert-file nothing
bad 'a file with no key' \
	'--server-key-file nothing: it is no PEM private key' \
	--server-key-file nothing
printf 'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n' >ca.ext
openssl req -new -key server-ca.key -subj /CN=old 2>/dev/null |
	openssl x509 -req -signkey server-ca.key -days -1 -extfile ca.ext \
		-out old.crt 2>/dev/null
bad 'a CA that has expired' '--server-cert-file old.crt: it has expired at' \
	--server-cert-file old.crt
bad 'no CA' '--server-cert-file no.crt: no such file' --server-cert-file no.crt
bad 'no token' '--node-token-file no: no such file' --node-token-file no
bad 'an empty token' "--node-token-file $dir/nothing: it is empty" \
	--node-token-file nothing
printf 'K10%s::server:secret\r\n' "$hash" >token
bad 'a token with CR LF' "--node-token-file $dir/token: it ends in a carriage" \
	--node-token-file token
printf 'K10%s::node:\n' "$hash" >token
bad 'a token without a password' 'the password in it is empty' \
	--node-token-file token
printf 'K10%064d::node:secret\n' 7 >token
bad 'a token of another cluster' \
	"it is of another cluster: the CA hash in it is $(printf %064d 7), that of the server CA $hash" \
	--node-token-file token
bad 'nobody told apart' 'a k3s agent is several clients' \
	--authorization-mode AlwaysAllow

mkdir identities && : >ssl/client-ca.pem
try -t
is "$code $(grep -c 'not looked at with k3s' err) $(wc -l <err)" '0 2 2' \
	'what is a default elsewhere is none here, and that is said'
try -t --identities identities --client-ca-file client-ca.crt
is "$code $(cat err)" '0 ' 'but not of what is given'
rmdir identities && rm ssl/client-ca.pem
mkdir tools && for f in "$OTE_BIN"/*; do ln -s "$f" tools/; done
OTE_BIN=$dir/tools
rm tools/ote-k3s-cert
bad 'a tool that is missing' 'ote-k3s-cert: not found' -t
printf '#!/bin/sh\nexit 3\n' >tools/ote-k3s-cert
chmod +x tools/ote-k3s-cert
bad 'a tool that dies' 'ote-k3s-cert: ended with 3 and no word' -t
OTE_BIN=$BUILD/bin

# --- a bundle, whose root the token names ---
make_ca root
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out sub.key \
	2>/dev/null
openssl req -new -key sub.key -subj /CN=sub 2>/dev/null |
	openssl x509 -req -CA root.crt -CAkey root.key -days 9 \
		-extfile ca.ext -out sub.crt 2>/dev/null
cat sub.crt root.crt >bundle.crt
root=$(openssl x509 -in root.crt -outform DER | sha256sum | cut -d' ' -f1)
echo "K10$root::server:secret" >token
try -t --server-cert-file bundle.crt --server-key-file sub.key \
	--node-token-file token
is "$code $(cat err)" '0 ' 'the hash of the root in a bundle'
echo "K10$(sha256sum <bundle.crt | cut -d' ' -f1)::server:secret" >token
try -t --server-cert-file bundle.crt --server-key-file sub.key \
	--node-token-file token
is "$code $(cat err)" '0 ' 'that of its bytes, of old'

# --- the first start ---
rm -r edge/k3s
try
is "$code $(wc -l <err)" '111 1' 'cut off: nothing starts'
grep -q "client-ca.crt is not in .*reach its server once" err
ok $? 'and it says what is missing'
is "$(ls edge)" '' 'nothing was made'

# A server by openssl: it gives files of a directory.
mkdir -p www/v1-k3s && cp client-ca.crt www/v1-k3s/
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=s \
	-keyout s.key 2>/dev/null | openssl x509 -req -CA server-ca.crt \
	-CAkey server-ca.key -days 9 -extfile "$repo/tests/hub/cert.ext" \
	-out s.crt 2>/dev/null
serve() { # DIRECTORY FORM
	(cd "$1" && exec openssl s_server -accept "$mock_port" -cert ../s.crt \
		-key ../s.key "$2" -quiet >>../server.out 2>&1) &
	server_pid=$!
	pids="$pids $server_pid"
	wait_for 60 curl -sk "https://127.0.0.1:$mock_port/x"
}
mkdir no && mkdir no/v1-k3s && printf 'HTTP/1.0 401 no\r\n\r\n' >no/v1-k3s/client-ca.crt
serve no -HTTP
try
is "$code" 100 'a token that the server refuses'
grep -q 'does not take the token (401)' err
ok $? 'and it says so'
stop "$server_pid"
serve www -WWW
rm -rf edge
# shellcheck disable=SC2119
start_k3s
cmp -s edge/k3s/client-ca.crt client-ca.crt
ok $? 'from the server comes who issues the certificates of clients'
stop "$server_pid"
stop "$edge_pid"
before=$(sha256sum <edge/run/serving.pem)
# shellcheck disable=SC2119
start_k3s
get /cacerts
is "$code" 200 'a later start needs no server'
is "$(sha256sum <edge/run/serving.pem)" "$before" \
	'the certificate that is good stays'

# --- renewal ---
serial() {
	openssl s_client -connect "127.0.0.1:$edge_port" </dev/null 2>/dev/null |
		openssl x509 -noout -serial
}
was=$(serial)
"$OTE_BIN/ote-k3s-cert" -d edge -N n1 && is "$(serial)" "$was" 'good as it is'
"$OTE_BIN/ote-k3s-cert" -d edge -N n1 other.example
by_other_name() {
	[ "$(curl -s --cacert server-ca.crt --connect-to "::127.0.0.1:" \
		"https://other.example:$edge_port/ping")" = pong ]
}
wait_for 60 by_other_name
ok $? 'a certificate with another name is served without a restart'
gone "$edge_pid"
is $? 1 'the hub has gone on'

# --- another CA of the same cluster ---
mkdir renewed && (cd renewed && make_ca server-ca)
cp renewed/server-ca.key ssl/new && mv ssl/new ssl/edge-server-key.pem
cp renewed/server-ca.crt ssl/new && mv ssl/new ssl/edge-server.pem
by_other_ca() {
	[ "$(curl -s --cacert renewed/server-ca.crt "$edge/ping")" = pong ]
}
wait_for 60 by_other_ca
ok $? 'a server CA that was replaced is taken without a restart'

# --- a server that is not the cluster's ---
# -k: the former lighttpd may still answer
printf 'HTTP/1.0 200 ok\r\nContent-Type: text/plain\r\n\r\n' >top
printf 'HTTP/1.0 200 ok\r\n\r\nok' >no/readyz
{ cat top && echo '{"HTTPSPort":1,"SupervisorPort":1}'; } >no/v1-k3s/config
{ cat top && cat server-ca.crt; } >no/v1-k3s/server-ca.crt
serve no -HTTP
wait_for 60 master_is up
ask /v1-k3s/config -k
is "$code" 200 'it is the server'
differs=$(grep -c "server-ca.crt is another one now" edge.err)
ask /v1-k3s/server-ca.crt -k
ask /v1-k3s/server-ca.crt -k
get /cacerts -k
is "$code $(($(grep -c "server-ca.crt is another one now" edge.err) - differs))" \
	'200 1' 'a CA of it that is another one than here is told of once'
# that it is away for a moment is not to be seen
kill -STOP "$(tool "$edge_pid" ote-master-heal)"
stop "$server_pid"
openssl req -x509 -new -key s.key -subj /CN=s -days 9 \
	-addext subjectAltName=IP:127.0.0.1 -out s.crt
serve no -HTTP
for i in 1 2; do
	ask /v1-k3s/config -k
done
is "$code $(jq -r .message body)" "502 the server's certificate is not good" \
	'one with another certificate is not, and nothing kept is given'
is "$(grep -c "certificate is not good" edge.err)" 1 'which is told of once'
kill -CONT "$(tool "$edge_pid" ote-master-heal)"
done_testing
