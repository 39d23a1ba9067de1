#!/bin/sh
# k3s-refused.t: whom a k3s server refuses the hub does not serve when the
# server is away, and what it does not take offline it does not take here
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
# shellcheck source=tests/hub/k3s.sh
. "$(dirname "$0")/k3s.sh"
cluster
client kubelet /O=system:nodes/CN=system:node:n1
client other /O=system:nodes/CN=system:node:n2
client proxy /CN=system:kube-proxy
client controller /CN=system:k3s-controller
client admin /O=system:masters/CN=admin
openssl req -new -key kubelet.key -subj /O=system:nodes/CN=system:node:n1 |
	openssl x509 -req -CA client-ca.crt -CAkey client-ca.key -days -1 \
		-out expired.crt 2>/dev/null
cp kubelet.key expired.key
cp kubelet.crt agent/client-kubelet.crt
cp kubelet.key agent/client-kubelet.key
start_mock
kubeconfig "http://127.0.0.1:$mock_port"

printf '{"HTTPSPort":1,"SupervisorPort":1,"IPSECPSK":"psk"}' | reply config 200
reply client-ca 200 text/plain <client-ca.crt
csr key && csr key2
signed key client-ca /O=system:nodes/CN=system:node:n1 | tee key.want |
	reply cert 200 text/plain
printf '{"kind":"Status","code":401}' | reply no 401
printf '{"kind":"Status","code":403}' | reply never 403
printf 'not yet' | reply busy 503 text/plain
says() { # CONFIG CERTIFICATE: files of the mock
	rules <<-END
		/v1-k3s/config $1
		/v1-k3s/client-ca.crt client-ca
		/v1-k3s/client-kubelet.crt $2
		/v1-k3s/client-kube-proxy.crt proxy-cert
		/v1-k3s/* busy
		/api/v1/nodes*watch=* events hold
	END
}
away() {
	stop "$mock_pid" KILL
	wait_for 60 master_is down
}
back() {
	start_mock
	wait_for 60 master_is up
}
node() { # NAME PASSWORD [CURL_ARG...]: its certificate, with the token
	as_node "$1" "$2"
	shift 2
	# shellcheck disable=SC2086
	post client-kubelet.crt key.csr $node "$@"
}
# later COMMAND...: again, until a password is looked at
later() {
	wait_for 60 looked "$@"
}
looked() {
	"$@"
	[ "$code" != 429 ]
}
by() { # NAME [CURL_ARG...]: the certificate of kubelet, by that one alone
	name=$1
	shift
	get /v1-k3s/client-kubelet.crt -H 'Content-Type:' \
		--data-binary @key.csr --cert "$name.crt" --key "$name.key" "$@"
}

node_event() { # TYPE METADATA
	printf '{"type":"%s","object":{"kind":"Node","apiVersion":"v1","metadata":{%s}}}\n' "$@"
}
{ node_event ADDED '"name":"n1","resourceVersion":"9","uid":"u"' &&
	node_event BOOKMARK '"resourceVersion":"10","annotations":{"k8s.io/initial-events-end":"true"}'; } |
	reply events 200
echo '/api/v1/nodes fieldSelector=metadata.name=n1' >feeds
says config cert
# shellcheck disable=SC2119
start_k3s
there=edge/cache/core/v1/nodes/fieldSelector=metadata.name=n1/objects/_/n1
wait_for 60 test -e "$there"
ok $? 'the node is in the tree'
ask /v1-k3s/config
ask /v1-k3s/client-ca.crt
node n1 pass
is "$code" 200 'the node is accepted'
ask /v1-k3s/p2p
is "$code $(cat body)" '503 not yet' 'what is not kept the server says itself'
ask /v1-k3s/something
is "$code $(cat body)" '503 not yet' 'so too of what nobody knows'
says busy busy
ask /v1-k3s/config
is "$code" 200 'what is kept is given'
get /v1-k3s/config -u node:wrong
is "$code $(cat body)" '503 not yet' 'but to nobody'
ask /v1-k3s/config --cert expired.crt --key expired.key
is "$code" 200 'an expired certificate beside a token'

# --- certificates, cut off ---
away
for name in proxy controller admin; do
	for path in config client-ca.crt readyz apiservers p2p connected; do
		get "/v1-k3s/$path" --cert "$name.crt" --key "$name.key"
		is "$code $(said)" '403 Forbidden' "$name alone: $path"
	done
	by "$name" -H k3s-Node-Name:n1 -H k3s-Node-Password:pass
	is "$code $(said)" '403 Forbidden' "$name alone: a certificate"
	ask /v1-k3s/config --cert "$name.crt" --key "$name.key"
	is "$code" 200 "$name beside a token"
done
get /v1-k3s/config --cert expired.crt --key expired.key
is "$code" 401 'expired, alone'
ask /v1-k3s/config --cert expired.crt --key expired.key
is "$code" 200 'beside a token'
later node n1 pass --cert expired.crt --key expired.key
is "$code" 200 'so too for a certificate'
by kubelet -H k3s-Node-Name:n1 -H k3s-Node-Password:pass
is "$code" 200 'kubelet, with the password'
later by kubelet -H k3s-Node-Name:n1 -H k3s-Node-Password:wrong
is "$code $(said)" '403 Forbidden' 'with another one'
by kubelet -H k3s-Node-Name:n1
is "$code" 400 'with none'
by other -H k3s-Node-Name:n1 -H k3s-Node-Password:pass
is "$code" 400 'the kubelet of another node'

# --- guesses ---
later node n1 wrong1
node n1 wrong1
is "$code" 403 'a guess that was looked at is known'
i=0
while [ "$i" -lt 5 ]; do
	i=$((i + 1))
	node n1 "guess$i"
	echo "$code"
done >codes
grep -q 429 codes
ok $? "others have to wait: $(paste -sd' ' codes)"
node n1 pass
is "$code" 200 'not who has the password'

# --- a token that the server refuses ---
back
says no busy
ask /v1-k3s/config
is "$code" 401 'the server refuses the token'
away
ask /v1-k3s/config
is "$code $(said)" '401 Unauthorized' 'cut off, it does not open'
node n1 pass
is "$code" 401 'not with a password either'
grep -rl secret edge/k3s
is $? 1 'it is not kept in the clear'
get /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 200 'the certificate does'
ask /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 200 'beside it, too'
stop "$edge_pid"
# shellcheck disable=SC2119
start_k3s
wait_for 60 master_is down
ask /v1-k3s/config
is "$code" 401 'nor after a restart'
echo "K10$hash::server:renewed" >ssl/token
get /v1-k3s/config -u node:renewed
is "$code" 200 'another token is another one'
echo "K10$hash::server:secret" >ssl/token
back
says config cert
ask /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 200 'the server takes the certificate'
away
ask /v1-k3s/config
is "$code" 401 'which says nothing of the token'
back
ask /v1-k3s/config
is "$code" 200 'the server takes it again'
says no cert
get /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 401 'but not the certificate'
away
ask /v1-k3s/config
is "$code" 200 'the token opens again'
get /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 401 'the certificate does not'

# --- a password that it refuses ---
back
taken() { # another one is looked at
	node n1 next && grep -q 'took another password' edge.err
}
wait_for 60 taken
is "$code" 200 'the server takes another password, which it may not have looked at'
away
grep -q 'node n1: the server took another password than before' edge.err
ok $? 'that is told'
later node n1 next
is "$code" 403 'the first counts'
later node n1 pass
is "$code" 200 'as it did'
back
says config never
later node n1 next
is "$code" 403 'the server refuses one that is not kept'
away
later node n1 pass
is "$code" 200 'that says nothing of the other one'
back
node n1 pass
is "$code" 403 'it refuses that one, too'
away
node n1 pass
is "$code" 403 'cut off, it is refused'
by kubelet -H k3s-Node-Name:n1 -H k3s-Node-Password:pass
is "$code" 401 'by a certificate that was refused, too'
back
says config cert
refuses_no_more() {
	node n1 next && ! grep -q refused edge/k3s/nodes/n1
}
wait_for 60 refuses_no_more
is "$code" 200 'a new one is taken'
away
later node n1 next
is "$code" 200 'and kept'

# --- a node that is gone ---
back
get /v1-k3s/config --cert kubelet.crt --key kubelet.key
is "$code" 200 'the server takes the certificate again'
node_event DELETED '"name":"n1","resourceVersion":"12","uid":"u"' >>mock/events
wait_for 60 test ! -e "$there"
away
by kubelet -H k3s-Node-Name:n1 -H k3s-Node-Password:next
is "$code $(jq -r .message body)" '401 the node is not there any more' \
	'by its certificate alone it is refused'
later node n1 next --cert kubelet.crt --key kubelet.key
is "$code" 200 'not by the token'

# --- another client CA ---
back
mkdir new && (cd new && make_ca client-ca)
reply client-ca 200 text/plain <new/client-ca.crt
ask /v1-k3s/client-ca.crt
is "$code" 200 'the server has a new client CA'
away
node n1 next
is "$code" 503 'a certificate of the former is not given'
jq -r .message body | grep -q 'client CA of the cluster is another one'
ok $? "and it says why: $(jq -r .message body)"

# --- many keys ---
back
reply client-ca 200 text/plain <client-ca.crt
says config cert
ask /v1-k3s/client-ca.crt
node n1 next
i=0
while [ "$i" -lt 70 ]; do
	i=$((i + 1))
	printf x >"edge/k3s/certs/client-kubelet.crt/m$i,get"
	printf x >"edge/k3s/nodes/m$i"
done
csr two && signed two client-ca /O=system:nodes/CN=system:node:n2 |
	reply cert 200 text/plain
as_node n2 theirs
# shellcheck disable=SC2086
post client-kubelet.crt two.csr $node
is "$(find edge/k3s/certs/client-kubelet.crt -name 'm*' | wc -l)" 62 \
	'others make room'
cp proxy.crt agent/client-kube-proxy.crt
cp proxy.key agent/client-kube-proxy.key
csr proxy
signed proxy client-ca /CN=system:kube-proxy | tee proxy.want |
	reply proxy-cert 200 text/plain
post client-kube-proxy.crt proxy.csr
is "$code" 200 'kube-proxy has one, too'
for i in $(seq 70); do
	printf x >"edge/k3s/certs/client-kube-proxy.crt/m$i"
done
signed two client-ca /CN=system:kube-proxy | reply proxy-cert 200 text/plain
post client-kube-proxy.crt two.csr
away
later node n1 next
cmp -s body key.want && [ "$code" = 200 ]
ok $? 'what is of this node stays'
post client-kube-proxy.crt proxy.csr
cmp -s body proxy.want && [ "$code" = 200 ]
ok $? 'so does what its agent has the key of'

# --- in doubt ---
back
health=$(tool "$edge_pid" ote-master-heal)
kill -STOP "$health" "$mock_pid"
rm -f edge/run/suspect/any
get /v1-k3s/something -u node:wrong
[ "$code" = 401 ] && [ ! -e edge/run/suspect/any ]
ok $? 'a server that is silent to nobody is not doubted'
ask /v1-k3s/config
[ "$code" = 200 ] && [ -e edge/run/suspect/any ]
ok $? 'one that is silent to an agent is'
kill -CONT "$health" "$mock_pid"
away

# --- words ---
: >ssl/token
told_of_token() { # by the server, so often; others read it now and then, too
	grep -c '^ote-edge-server: .*run/k3s/token' edge.err
}
before=$(told_of_token)
for i in 1 2 3; do
	ask /v1-k3s/config
done
is "$code $(($(told_of_token) - before))" '401 1' \
	'a token file that is none is told of once'
echo "K10$hash::server:secret" >ssl/token
ask /v1-k3s/config
is "$code" 200 'until it is good again'
done_testing
