#!/bin/sh
# client-tls.t: what is told behind lighttpd of who a client is, with the
# configuration of --authorization-mode Webhook: good, bad and no certificates
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
PATH=$PATH:/usr/sbin:/sbin
BUILD=${BUILD:-$top/build}
# shellcheck disable=SC2046
set -- $(ports 1)
port=$1
url=https://127.0.0.1:$port

# --- certificates ---

certs ssl
certs clients
certs foreign
cat >ca.conf <<END
[ca]
default_ca = c
[c]
new_certs_dir = $T
database = $T/index
serial = $T/serial
default_md = sha256
policy = p
unique_subject = no
crlnumber = $T/crlnumber
[p]
organizationName = optional
commonName = optional
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
[server]
extendedKeyUsage = serverAuth
[sub]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign
[none]
basicConstraints = critical,CA:FALSE
END
: >index
echo 01 >serial
echo 01 >crlnumber

at_days() { date -u -d "$1 days" +%Y%m%d%H%M%SZ; }

# client NAME CA SUBJECT [FROM [UNTIL [EXTENSIONS]]], in days: NAME.pem with its key
client() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "$3" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	openssl ca -batch -config ca.conf -cert "$2" \
		-keyfile "${2%.pem}-key.pem" -in "$1.csr" -notext -preserveDN \
		-startdate "$(at_days "${4:--1}")" -enddate "$(at_days "${5:-1}")" \
		-extensions "${6:-client}" -out "$1.crt" >>ca.log 2>&1
	cat "$1.crt" "$1.key" >"$1.pem"
}

client good clients/ca.pem /O=system:nodes/CN=system:node:edge-1
client plain clients/ca.pem /CN=plain -1 1 none
client expired clients/ca.pem /CN=expired -3 -1
client early clients/ca.pem /CN=early 1 3
client usage clients/ca.pem /CN=usage -1 1 server
client foreign foreign/ca.pem /O=system:masters/CN=admin
client revoked clients/ca.pem /CN=revoked
openssl ca -config ca.conf -cert clients/ca.pem -keyfile clients/ca-key.pem \
	-revoke revoked.crt >>ca.log 2>&1
openssl ca -config ca.conf -cert clients/ca.pem -keyfile clients/ca-key.pem \
	-gencrl -crldays 1 -out crl.pem >>ca.log 2>&1
client sub clients/ca.pem /CN=sub -1 1 sub
cp sub.crt sub-ca.pem
cp sub.key sub-ca-key.pem
client below sub-ca.pem /CN=below
cat below.pem sub.crt >chained.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
	-subj /CN=self -keyout self.key -out self.crt 2>/dev/null
cat self.crt self.key >self.pem

# --- lighttpd, as it is rendered ---

# config [CRL]
config() {
	mkdir -p run/lists run/uploads
	cat ssl/edge-server.pem ssl/ca.pem >run/server.pem
	sed -e "s|@DATA@|$T|" -e "s|@ETC@|$top/etc|" -e 's|@ADDRESS@|127.0.0.1|' \
		-e "s|@PORT@|$port|" -e "s|@CERT@|$T/run/server.pem|" \
		-e "s|@KEY@|$T/ssl/edge-server-key.pem|" -e 's|@FDS@|256|' \
		-e 's|@CONNECTIONS@|64|' -e "s|@CLIENT_CA@|$T/ca.pem|" \
		"$top/etc/lighttpd.conf.in" "$top/etc/lighttpd-clients.conf.in"
	[ -z "${1-}" ] || echo "ssl.verifyclient.ca-crl-file = \"$1\""
}

answers() { # of those behind it
	get -f "$url/" && get -f -H 'Connection: Upgrade' \
		-H 'Upgrade: websocket' "$url/exec"
}

serve() { # [CRL]
	config "$@" >lighttpd.conf
	start web "$OTE_BIN/ote-listen" -r ca.pem ${1:+-r "$1"} \
		"127.0.0.1:$port" lighttpd -D -f "$T/lighttpd.conf"
	web=$pid
	wait_for answers
}

end() {
	kill "$web"
	wait_for gone "$web"
}

# told [CURL_ARGUMENT...]: VERIFY CN, as the responder sees it
told() {
	get "$@" "$url/" >params
	verify=$(sed -n 's/^SSL_CLIENT_VERIFY=//p' params)
	sed -n 's/^SSL_CLIENT_CERT=//p' params | pem >seen.crt
	cn=$(openssl x509 -in seen.crt -noout -subject -nameopt multiline \
		2>/dev/null | sed -n 's/^ *commonName *= //p')
	echo "${verify%%:*} ${cn:--}"
}

# what stands between blanks, as lines again
pem() {
	sed -e 's/ CERTIFICATE/_CERTIFICATE/g' | tr ' ' '\n' |
		sed -e 's/_CERTIFICATE/ CERTIFICATE/'
}

upgrade() {
	get -H 'Connection: Upgrade' -H 'Upgrade: websocket' "$@" \
		"$url/exec" | tr -d '\r'
}

# passed [CURL_ARGUMENT...]: the same, as the tunnel sees it
passed() {
	upgrade "$@" >headers
	verify=$(sed -n 's/^X-Ote-Client-Verify: //Ip' headers)
	cn=$(sed -n 's/^X-Ote-Client-Cert: //Ip' headers | base64 -d 2>/dev/null |
		openssl x509 -inform der -noout -subject -nameopt multiline \
			2>/dev/null | sed -n 's/^ *commonName *= //p')
	echo "${verify%%:*} ${cn:--}"
}

# both NAME WANTED [CURL_ARGUMENT...]
both() {
	what=$1 wanted=$2
	shift 2
	is "$what: to the responder" "$(told "$@")" "$wanted"
	is "$what: to the tunnel" "$(passed "$@")" "$wanted"
}

mkdir -p run
cp clients/ca.pem ca.pem
start fcgi "$BUILD/tests/hub/params" fcgi run/edge.sock
start http "$BUILD/tests/hub/params" http run/tunnel.sock
serve

for tls in '--tls-max 1.2' '--tlsv1.3'; do
	# shellcheck disable=SC2086
	{
		both "$tls: no certificate" 'NONE -' $tls
		both "$tls: a good one" 'SUCCESS system:node:edge-1' $tls -E good.pem
		both "$tls: one that names no usage" 'SUCCESS plain' $tls -E plain.pem
		both "$tls: below another CA" 'SUCCESS below' $tls -E chained.pem
		both "$tls: expired" 'FAILED -' $tls -E expired.pem
		both "$tls: not good yet" 'FAILED -' $tls -E early.pem
		both "$tls: for servers" 'FAILED -' $tls -E usage.pem
		both "$tls: of a foreign CA" 'FAILED -' $tls -E foreign.pem
		both "$tls: of nobody" 'FAILED -' $tls -E self.pem
		both "$tls: with a gap in the chain" 'FAILED -' $tls -E below.pem
		both "$tls: revoked, but nobody tells" 'SUCCESS revoked' \
			$tls -E revoked.pem
	}
done

# what a client says of itself
lies='-H X-Ote-Client-Verify:SUCCESS -H x-ote-client-verify:SUCCESS
	-H X-Ote-Client-Cert:AAAA -H SSL_CLIENT_VERIFY:SUCCESS
	-H SSL-Client-Verify:SUCCESS'
# shellcheck disable=SC2086
{
	both 'a lie, no certificate' 'NONE -' $lies
	is 'no other header of that name' \
		"$(grep -ci '^x-ote-client' headers)" 1
	both 'a lie, a bad one' 'FAILED -' $lies -E foreign.pem
	both 'a lie, a good one' 'SUCCESS plain' $lies -E plain.pem
	is 'no other headers of that name' \
		"$(grep -ci '^x-ote-client' headers)" 2
}

# resumption: there is no session to take up again, or it is not taken
visit() { # s_client ARGUMENT...
	printf 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' |
		timeout 60 openssl s_client -connect "127.0.0.1:$port" \
			-cert good.crt -key good.key -ign_eof "$@" 2>&1
}

for tls in tls1_2 tls1_3; do
	rm -f session
	visit "-$tls" -sess_out session >first
	was=''
	[ ! -s session ] || was='-sess_in session'
	# shellcheck disable=SC2086
	visit "-$tls" $was >second
	is "$tls: no session is taken up again" \
		"$(grep -c '^SSL_CLIENT_VERIFY=SUCCESS' second) $(grep -c '^New, ' second) $(grep -c '^Reused' second)" \
		'1 1 0'
done
for tls in tls1 tls1_1; do
	timeout 60 openssl s_client -$tls -cipher DEFAULT:@SECLEVEL=0 \
		-connect "127.0.0.1:$port" </dev/null >first 2>&1
	ok $((! $?)) "no $tls"
done
printf 'R\n' | timeout 60 openssl s_client -tls1_2 \
	-connect "127.0.0.1:$port" >first 2>&1
grep -q RENEGOTIATING first && grep -q 'no renegotiation' first
ok $? 'no renegotiation'
timeout 60 openssl s_client -tls1_2 -cipher AES128-SHA -connect \
	"127.0.0.1:$port" </dev/null >first 2>&1
ok $((! $?)) 'no cipher without forward secrecy'
end

# a revocation list
serve "$T/crl.pem"
for tls in '--tls-max 1.2' '--tlsv1.3'; do
	# shellcheck disable=SC2086
	{
		both "$tls: revoked" 'FAILED -' $tls -E revoked.pem
		both "$tls: not revoked" 'SUCCESS plain' $tls -E plain.pem
		both "$tls: below a CA without a list" 'FAILED -' $tls -E chained.pem
	}
done

# another revocation list, then another CA beside the first
sees() { # WANTED CURL_ARGUMENT...
	wanted=$1
	shift
	[ "$(told "$@")" = "$wanted" ]
}

openssl ca -config ca.conf -cert clients/ca.pem -keyfile clients/ca-key.pem \
	-revoke plain.crt >>ca.log 2>&1
openssl ca -config ca.conf -cert clients/ca.pem -keyfile clients/ca-key.pem \
	-gencrl -crldays 1 -out crl.new >>ca.log 2>&1
mv crl.new crl.pem
wait_for sees 'FAILED -' -E plain.pem
ok $? 'revoked meanwhile'
is 'others are not' "$(told -E good.pem)" 'SUCCESS system:node:edge-1'
end
serve
is 'a foreign CA' "$(told -E foreign.pem)" 'FAILED -'
cat clients/ca.pem foreign/ca.pem >ca.new
mv ca.new ca.pem
wait_for sees 'SUCCESS admin' -E foreign.pem
ok $? 'is taken with the first one beside it'
is 'as that is' "$(told -E good.pem)" 'SUCCESS system:node:edge-1'
cp foreign/ca.pem ca.new
mv ca.new ca.pem
wait_for sees 'FAILED -' -E good.pem
ok $? 'and then alone'
end
grep -q 'Sanitizer\|runtime error' ./*.log
ok $((! $?)) 'no sanitizer spoke'
done_testing
