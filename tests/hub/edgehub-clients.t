#!/bin/sh
# edgehub-clients.t: how ote_edgehub(8) is told to tell clients apart, and what
# it makes of that
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
# shellcheck disable=SC2046
set -- $(ports 2)
port=$1 lb=127.0.0.1:$2
certs tls
certs other
kubeconfig https://127.0.0.1:1 "$T/tls/ca.pem" >kc

# A plan is made and nothing started.
mkdir bin
ln -s "$bin"/* bin/
rm bin/ote-supervise
printf '#!/bin/sh\n' >bin/ote-supervise
chmod +x bin/ote-supervise
OTE_BIN=$T/bin

behind() { # ARGUMENT...: into $T/data/run
	rm -rf data
	"$hub" k8s -n edge-1 --kube-config kc -l "$lb" --server-port "$port" \
		-d data --server-ca-file tls/ca.pem \
		--server-cert-file tls/edge-server.pem \
		--server-key-file tls/edge-server-key.pem "$@" >err 2>&1
}

# good NAME ARGUMENT...
good() {
	name=$1
	shift
	behind "$@" && [ ! -s err ]
	ok $? "$name" || sed 's/^/# /' err
}

# bad WANTED ARGUMENT...: exit 100, one line with WANTED, nothing made
bad() {
	wanted=$1
	shift
	behind "$@"
	[ $? -eq 100 ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -e data ] &&
		grep -qF -e "$wanted" err
	ok $? "$wanted" || sed 's/^/# /' err
}

plan() { # NAME: that process, without the path of the tools
	sed -n "s|^$1+*	'$T/bin/||p" data/run/plan
}

conf() { # KEY: its value
	sed -n "s/^$1 = \"\(.*\)\"/\1/p" data/run/lighttpd.conf
}

# --- the default ---

good 'a master: clients are told apart'
is 'the CA of the kubeconfig' "$(conf ssl.verifyclient.ca-file)" "$T/tls/ca.pem"
is 'it is asked for, and not insisted on' \
	"$(conf ssl.verifyclient.activate) $(conf ssl.verifyclient.enforce) $(conf ssl.verifyclient.exportcert)" \
	'enable disable enable'
is 'a chain' "$(conf ssl.pemfile)" "$T/data/run/server.pem"
cat tls/edge-server.pem tls/ca.pem | cmp -s - data/run/server.pem
ok $? 'of the certificate and who issued it'
! grep -q KEY data/run/server.pem
ok $? 'no key in it'
for tool in edge tunnel outbox; do
	plan "$tool" | grep -qF -e " -a 'Webhook' -i '$T/identities'"
	ok $? "told to $tool"
done
plan edge | grep -qF -e " -N 'edge-1'"
ok $? 'the node is told'
! grep -q -e ' -[IAJK]' data/run/plan
ok $? 'nothing else is'
behind --server-address 0.0.0.0
is 'any address may be served' "$? $(cat err)" '0 '
is 'the files are for its user alone' "$(find data -perm /077)" ''

# --- the CA ---

jq --arg d "$(base64 -w 0 other/ca.pem)" 'del(.clusters[0].cluster[
	"certificate-authority"]) | .clusters[0].cluster[
	"certificate-authority-data"] = $d' kc >inline
good 'a CA inline' --kube-config inline
is 'is written down' "$(conf ssl.verifyclient.ca-file)" \
	"$T/data/run/client-ca.pem"
cmp -s other/ca.pem data/run/client-ca.pem
ok $? 'as it is'
cat >yaml <<END
apiVersion: v1
clusters:
- cluster:
    certificate-authority: tls/ca.pem
    server: https://127.0.0.1:1
  name: t
contexts:
- context: {cluster: t, user: t}
  name: t
current-context: t
kind: Config
users:
- name: t
  user: {}
END
good 'a kubeconfig of YAML, a CA beside it' --kube-config yaml
is 'is found' "$(conf ssl.verifyclient.ca-file)" "$T/tls/ca.pem"
mkdir ssl
cp other/ca.pem ssl/client-ca.pem
good 'ssl/client-ca.pem'
is 'comes before it' "$(conf ssl.verifyclient.ca-file)" "$T/ssl/client-ca.pem"
ln -s ../other/ca.pem ssl/link.pem
good 'a CA that is given' --client-ca-file=ssl/link.pem
is 'comes first, and its link stays' "$(conf ssl.verifyclient.ca-file)" \
	"$T/ssl/link.pem"
rm -r ssl
jq 'del(.clusters[0].cluster["certificate-authority"]) |
	.clusters[0].cluster.server = "http://127.0.0.1:1"' kc >none
bad '--client-ca-file: missing, and not one' --kube-config none
bad '--client-ca-file no.pem: no such file' --client-ca-file no.pem
: >empty
bad '--client-ca-file empty: not a PEM certificate' --client-ca-file empty
bad '--client-ca-file tls/edge-server.pem: not signed by itself' \
	--client-ca-file tls/edge-server.pem

# --- the rest ---

cat >crl.conf <<END
[ca]
default_ca = c
[c]
database = $T/empty
default_md = sha256
END
openssl ca -gencrl -config crl.conf -cert tls/ca.pem \
	-keyfile tls/ca-key.pem -crldays 1 -out crl.pem 2>/dev/null
good 'a revocation list' --client-crl-file crl.pem
is 'is used' "$(conf ssl.verifyclient.ca-crl-file)" "$T/crl.pem"
bad '--client-crl-file tls/ca.pem: not a PEM revocation list' \
	--client-crl-file tls/ca.pem
bad '--identities no: no such directory' --identities no
mkdir who
printf '{"keys":[]}' >jwks
good 'all of it' --identities who --impersonate \
	--api-audiences https://a,b --service-account-issuer https://c \
	--service-account-key-file jwks
for tool in edge tunnel outbox; do
	plan "$tool" | grep -qF -e "'$T/who' -I"
	ok $? "impersonation and identities: $tool"
done
plan edge | grep -qF -e " -A 'https://a,b' -J 'https://c' -K '$T/jwks'"
ok $? 'tokens' || plan edge
bad '--api-audiences a,,b: blanks or an empty word' --api-audiences a,,b
bad '--service-account-issuer a b: blanks or an' --service-account-issuer 'a b'
bad '--service-account-key-file empty: neither' --service-account-key-file empty
bad '--server-address no.invalid: does not resolve' --server-address no.invalid

# --- renewed ---

# renew: its exit code and what it says
renew() {
	sh "$top/sh/edgehub-renew.sh" "$T/now/edge-server.pem" \
		"$T/now/edge-server-key.pem" "$T/now/ca.pem" "$T/data/run" 2>&1
	echo $?
}

cp -r tls now
good 'a hub whose certificate will be renewed' --client-ca-file other/ca.pem \
	--server-ca-file now/ca.pem --server-cert-file now/edge-server.pem \
	--server-key-file now/edge-server-key.pem
plan=$(sed -n 's/^web	//p' data/run/plan)
for f in now/edge-server.pem now/edge-server-key.pem now/ca.pem other/ca.pem; do
	case $plan in *" -r '$T/$f'"*) true ;; *) false ;; esac
	ok $? "it looks for another $f"
done
cp data/run/server.pem was
cp other/edge-server.pem now/
is 'not of that key' "$(renew | cut -d' ' -f3-)" \
	"does not belong to the certificate $T/now/edge-server.pem: name the matching key
1"
cp other/edge-server-key.pem now/
is 'not of that issuer' "$(renew | tail -n 1)" 1
cmp -s was data/run/server.pem
ok $? 'nothing has changed'
cp other/ca.pem now/
is 'a good one' "$(renew)" 0
cat other/edge-server.pem other/ca.pem | cmp -s - data/run/server.pem
ok $? 'is taken'
: >empty
sed -i "s|$T/other/ca.pem|$T/empty|" data/run/lighttpd.conf
is 'an empty CA of clients' \
	"$(renew | grep -c 'ca-file is empty')" 1
cat other/edge-server.pem other/ca.pem | cmp -s - data/run/server.pem
ok $? 'nothing has changed'
is 'nothing is left' "$(find data/run -name 'renewed*')" ''

# --- nobody is told apart ---

bad '--authorization-mode RBAC: is none' --authorization-mode RBAC
bad '--server-address 0.0.0.0: is not loopback' --server-address 0.0.0.0 \
	--authorization-mode AlwaysAllow
bad 'AlwaysAllow: clients are not told apart: leave away' --impersonate \
	--authorization-mode AlwaysAllow
good 'AlwaysAllow' --authorization-mode AlwaysAllow
! grep -q 'verifyclient\|magnet' data/run/lighttpd.conf
ok $? 'nothing is asked for' || grep 'verifyclient\|magnet' data/run/lighttpd.conf
! grep -q Webhook data/run/plan
ok $? 'nothing is told to the tools'
"$hub" standalone -d data2 -n edge-1 --server-port "$port" \
	--authorization-mode Webhook >err 2>&1
is 'standalone has nobody to ask' "$? $(cut -d: -f2,3 err)" \
	'100  --authorization-mode Webhook: standalone has no master that could decide'
done_testing
