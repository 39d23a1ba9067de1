#!/bin/sh
# edgehub.t: ote_edgehub(8) refuses what is wrong, in one line, and runs
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
# shellcheck disable=SC2046
set -- $(ports 4)
port=$1 lb=127.0.0.1:$2 master=127.0.0.1:$3 port2=$4
certs tls
certs other
kubeconfig "https://$master" "$T/tls/ca.pem" >kc

listing() {
	find . ! -name '*.log' ! -name err ! -name was -printf '%p %s %m\n' |
		LC_ALL=C sort
}

# bad WHAT WANTED ARGUMENT...: exit 100, one line with WANTED, nothing changed
bad() {
	what=$1 wanted=$2
	shift 2
	listing >was
	"$@" >err 2>&1
	code=$?
	[ "$code" -eq 100 ] && [ "$(wc -l <err)" -eq 1 ] &&
		grep -qF -e "$wanted" err && listing | cmp -s - was
	ok $? "$what" || { echo "# exit $code" && sed 's/^/# /' err; }
}

# alone, behind: good command lines, to be spoilt by what follows
alone() {
	what=$1 wanted=$2
	shift 2
	bad "$what" "$wanted" "$hub" standalone --server-port "$port" \
		-n edge-1 "$@"
}

behind() {
	what=$1 wanted=$2
	shift 2
	bad "$what" "$wanted" "$hub" k8s --server-port "$port" -l "$lb" \
		-n edge-1 --kube-config kc --server-ca-file tls/ca.pem \
		--server-cert-file tls/edge-server.pem \
		--server-key-file tls/edge-server-key.pem "$@"
}

# changed COMMAND FILE: a copy of FILE, edited, in $T/changed
changed() {
	jq "$1" kc >changed
}

# good
tls="--server-ca-file tls/ca.pem --server-cert-file tls/edge-server.pem
	--server-key-file tls/edge-server-key.pem"
for mode in 'standalone' "k8s --kube-config kc -l $lb $tls" \
	"k8s --kube-config=kc -l $lb --init-server $master,127.0.0.1:1 -v 4 $tls"; do
	listing >was
	# shellcheck disable=SC2086
	"$hub" $mode -t --server-port "$port" >err 2>&1
	code=$?
	[ "$code" -eq 0 ] && [ ! -s err ] && listing | cmp -s - was
	ok $? "good: ${mode%%--server*}" || sed 's/^/# /' err
done
"$hub" --help >err 2>&1 && grep -q '^usage: ote_edgehub k8s|k3s|standalone' err
ok $? '--help'

# options
bad 'no mode' 'no mode' "$hub"
bad 'another mode' 'k9s: is no mode' "$hub" k9s
bad 'two modes' 'one mode only' "$hub" k8s standalone
bad 'k3s without files' '--server-cert-file ./ssl/edge-server.pem: no such' \
	"$hub" k3s --kube-config kc -n edge-1
alone 'an unknown option' '--nope: no such option' --nope 1
alone 'an option without value' '--lb-address: needs a value' --lb-address
alone 'a bad port' '--server-port 99999: not a number from 1' --server-port 99999
alone 'a port that is none' '--server-port x: not a number' --server-port x
alone 'a bad timeout' '--sync-timeout 1m: not a number' --sync-timeout 1m
alone 'a bad age' '--review-age 1d: not a number from 0 to 2592000' \
	--review-age 1d
alone 'a bad node name' '--node-name Edge_1: not a node' -n Edge_1
alone 'another address than loopback' '--server-address 10.0.0.1: is not loop' \
	--server-address 10.0.0.1
alone 'a data path that would need quotes' '--data-path /tmp/a"b: quotes' \
	-d '/tmp/a"b'

# certificates; root reads everything unless it cannot
plain=
[ "$(id -u)" -ne 0 ] ||
	plain='setpriv --bounding-set=-dac_override,-dac_read_search'
mkdir bad && : >bad/empty
behind 'a missing certificate' '--server-cert-file no.pem: no such file' \
	--server-cert-file no.pem
behind 'a missing key' '--server-key-file no.pem: no such file' \
	--server-key-file no.pem
behind 'a missing CA' '--server-ca-file no.pem: no such file' \
	--server-ca-file no.pem
behind 'a missing token' '--node-token-file no: no such file' \
	--node-token-file no
behind 'a directory' '--server-cert-file tls: not a file' \
	--server-cert-file tls
behind 'an empty certificate' 'bad/empty: not a PEM certificate' \
	--server-cert-file bad/empty
behind 'an empty key' 'bad/empty: not a PEM private key' \
	--server-key-file bad/empty
cp tls/edge-server-key.pem bad/shut && chmod 0 bad/shut
# shellcheck disable=SC2086
bad 'an unreadable key' "bad/shut: cannot be read by user $(id -un)" $plain \
	"$hub" standalone --server-cert-file tls/edge-server.pem \
	--server-ca-file tls/ca.pem --server-key-file bad/shut
openssl pkey -in tls/edge-server-key.pem -aes128 -passout pass:abcd -out bad/locked
behind 'a key with a passphrase' 'bad/locked: not a PEM private key without' \
	--server-key-file bad/locked
behind 'a key of another certificate' \
	'other/edge-server-key.pem: does not belong' \
	--server-key-file other/edge-server-key.pem
behind 'a CA of another certificate' 'not issued by other/ca.pem' \
	--server-ca-file other/ca.pem
certs old -1
behind 'an expired certificate that is not of this CA either' \
	'old/edge-server.pem: not issued by tls/ca.pem' \
	--server-cert-file old/edge-server.pem \
	--server-key-file old/edge-server-key.pem

# the kubeconfig
behind 'a missing kubeconfig' '--kube-config no: no such file' --kube-config no
# shellcheck disable=SC2086
bad 'no kubeconfig' '--kube-config: missing' "$hub" k8s --server-port "$port" $tls
echo '{' >changed
behind 'a broken kubeconfig' changed --kube-config changed
changed 'del(."current-context")'
behind 'no current context' changed --kube-config changed
changed '.users[0].user.exec = {command: "x"}'
behind 'an exec plugin' exec --kube-config changed
changed '.clusters += [.clusters[0] | .name = "u" |
	.cluster.server = "https://127.0.0.1:9"]'
behind 'several servers' 'several servers' --kube-config changed
rm changed
behind 'a missing list of feeds' '--feeds no: no such file' --feeds no
behind 'a missing policy' '--writes no: no such file' --writes no

# peers
behind 'peers without a report' '--peers a=10.0.0.1:1: is told in the report' \
	--peers a=10.0.0.1:1
behind 'a peer without a name' '--peers 10.0.0.1:1: write name=IP:port' \
	--report --peers 10.0.0.1:1
behind 'a peer without a port' '--peers 10.0.0.1: no port in it' --report --peers a=10.0.0.1:1,a=10.0.0.1
behind 'a peer by name' '--peers b=b.example:1: write' --report --peers 'a=[fd00::1]:1,b=b.example:1'
behind 'a missing file of peers' '--peers ./no: no such file' --report --peers ./no
printf 'a=10.0.0.1:10250 # one\n\nb\n' >peers
behind 'a bad file of peers' '--peers b: ' --report --peers ./peers
printf 'a=10.0.0.1:10250 # one\n\n' >peers
# shellcheck disable=SC2086
"$hub" k8s -t --kube-config kc --init-server "$master" --server-port "$port" -l "$lb" \
	-n edge-1 $tls --report --peers ./peers 2>err
is 'a good one' "$? $(cat err)" '0 '
rm peers

# the masters
behind 'no port' '--init-server master: no port' --init-server master
behind 'a bad port' '--init-server 127.0.0.1:0: port 0' --init-server 127.0.0.1:0
behind 'no address' '--init-server a/b:1: no address' --init-server a/b:1
behind 'no name' 'no-such-host.invalid does not resolve' \
	--init-server "$master,no-such-host.invalid:1"
behind 'the hub itself' "--init-server localhost:$port: is this hub itself" \
	--init-server "localhost:$port"
behind 'its own balancer' "$lb: is this hub itself" --init-server "$lb"
behind 'one port for both' 'is the server' -l "127.0.0.1:$port"

# the data path
: >file
alone 'a data path that is a file' '/file: ' -d file
alone 'one below a file' 'file is not a directory' -d file/data
rm file
# shellcheck disable=SC2016
mounts() { # MOUNT_OPTIONS: a directory of its own at m, then the hub
	bad "$1" "$2" unshare -m -r sh -c 'mount -t tmpfs -o "$1" none m &&
		shift && exec "$@"' - "$3" "$hub" standalone --server-port \
		"$port" -n edge-1 -d m/data
}
mkdir m
if unshare -m -r mount -t tmpfs none m 2>/dev/null; then
	mounts 'a full disk' 'No space left on device' size=64k
	mounts 'a read-only disk' 'Read-only file system' ro
	bad 'no lighttpd' 'lighttpd: not found: install' unshare -m -r sh -c \
		'mount --bind /dev/null /usr/sbin/lighttpd && exec "$@"' - \
		"$hub" standalone -t --server-port "$port"
else
	skip 'needs mount namespaces'
fi
rmdir m

# cut off, a node starts with the certificate that it has
start old "$hub" standalone --server-port "$port" -d data-old -n edge-1 \
	--server-ca-file old/ca.pem --server-cert-file old/edge-server.pem \
	--server-key-file old/edge-server-key.pem
wait_for get -kf "https://127.0.0.1:$port/readyz"
ok $? 'an expired certificate: the hub serves' || sed 's/^/# /' old.log
is 'and it is told' "$(grep -c '^ote_edgehub: --server-cert-file old/edge-server.pem: certificate has expired: ' old.log)" 1
kill "$pid" && wait_for gone "$pid"

# a run
start run "$hub" standalone --server-port "$port" -d data -n edge-1
run=$pid
ca=data/ssl/ca.pem
wait_for get -f "https://127.0.0.1:$port/readyz"
ok $? 'a hub with certificates of its own' || sed 's/^/# /' "$T/run.log"
wait_for grep -q 'supervise: ready$' run.log
ok $? 'tells that it is ready'
[ -S data/run/edge.sock ] && [ -z "$(find data -perm /077)" ]
ok $? 'files are for its user alone'
listing() { :; }
alone 'a data path in use' "data/lock: process $run holds it" -d data
alone 'a port in use' "--server-port $port: cannot listen on" -d data2
behind 'a balancer port in use' "--lb-address 127.0.0.1:$port: cannot listen" \
	--server-port "$port2" -l "127.0.0.1:$port" -d data2

children() {
	cat "/proc/$run/task/$run/children"
}
two() {
	# shellcheck disable=SC2046
	set -- $(children)
	[ $# -eq 2 ] && [ "$* " != "$old" ]
}
old=$(children)
# shellcheck disable=SC2046
kill -9 $(children)
wait_for two
ok $? 'what is killed is started again'
wait_for get -f "https://127.0.0.1:$port/readyz"
ok $? 'and serves'
old=$(children)
cp data/ssl/edge-server.pem was
kill -INT "$run"
wait "$run"
is '^C: 0' $? 0
left=
for p in $old; do
	gone "$p" || left="$left $p"
done
is 'no process is left' "$left" ''
is 'no socket is left' "$(find data -type s)" ''
start run "$hub" standalone --server-port "$port" -d data -n edge-1
wait_for get -f "https://127.0.0.1:$port/readyz"
cmp -s was data/ssl/edge-server.pem
ok $? 'certificates are made only once'
done_testing
