#!/bin/sh
# edgecontroller.t: ote_edgecontroller(8) refuses what is wrong, in one line, and
# makes a plan of what is right
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
controller=$top/sh/ote_edgecontroller
certs tls
kubeconfig https://127.0.0.1:1 "$T/tls/ca.pem" >kc
unset KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT
# shellcheck disable=SC2046
set -- $(ports 2)
metrics=127.0.0.1:$1 port2=$2

# A plan is made and nothing started.
mkdir bin
ln -s "$bin"/* bin/
for tool in ote-supervise ote-edge-controller ote-apply ote-leader; do
	rm -f "bin/$tool"
	printf '#!/bin/sh\n' >"bin/$tool"
	chmod +x "bin/$tool"
done
# it checks its options, and says what it would be
cat >bin/ote-edge-controller <<END
#!/bin/sh
for arg; do [ "\$arg" != -n ] || exec '$bin/ote-edge-controller' "\$@"; done
echo decided "\$@"
END
OTE_BIN=$T/bin

listing() {
	find . ! -name err ! -name was ! -name '*.log' -printf '%p %s %m\n' | LC_ALL=C sort
}

# bad WHAT WANTED ARGUMENT...: exit 100, one line with WANTED, nothing changed
bad() {
	what=$1 wanted=$2
	shift 2
	listing >was
	"$controller" -d data --metrics-address "$metrics" -kubeconfig kc "$@" \
		>err 2>&1
	code=$?
	[ "$code" -eq 100 ] && [ "$(wc -l <err)" -eq 1 ] &&
		grep -qF -e "$wanted" err && listing | cmp -s - was
	ok $? "$what" || { echo "# exit $code" && sed 's/^/# /' err; }
}

# good NAME ARGUMENT...: into data/run, nothing said
good() {
	name=$1
	shift
	rm -rf data
	"$controller" -d data --metrics-address "$metrics" "$@" >err 2>&1 &&
		[ ! -s err ]
	ok $? "$name" || sed 's/^/# /' err
}

# has FILE TEXT
has() {
	grep -qF -e "$2" "data/run/$1"
	ok $? "$1: $2" || sed 's/^/# /' "data/run/$1"
}

hasnt() {
	! grep -qF -e "$2" "data/run/$1"
	ok $? "$1: no $2" || sed 's/^/# /' "data/run/$1"
}

# --- the documented command line ---

good 'one dash' -v 2 -kubeconfig kc
cp -r data/run one
good 'two dashes, =' --v=2 --kubeconfig=kc
diff -r one data/run >differs
ok $? 'are the same' || sed 's/^/# /' differs
has plan "sync+	'$T/bin/ote-watch-sync' -d '$T/data' -k '$T/kc'"
has plan "'$T/bin/ote-leader' -k '$T/kc'"
has plan "'sh' '$T/data/run/act'"
has act "'$T/bin/ote-edge-controller' -d '$T/data'"
has act "'$T/bin/ote-apply' -k '$T/kc'"
has act 'edgenode.ote.baidu.com/autonomy=true'
has act "-a '20'"
has lighttpd.conf "server.port = ${metrics#*:}"
[ -z "$(find data -perm /077)" ]
ok $? 'files are for its user alone'
"$bin/ote-supervise" -n data/run/plan
ok $? 'the plan is one'
sh -n data/run/act && sh -n data/run/round
ok $? 'so are the scripts'
"$controller" --help >err 2>&1 && grep -q '^usage: ote_edgecontroller' err
ok $? '--help'
"$controller" -h | awk 'length > 80' | grep . >err
is 'is not wide' $? 1

# --- options ---

good 'all options' -kubeconfig kc --takeover-after 15s --max-autonomy=72h \
	-node-selector 'edge in (a,b)' --leader-elect=false -v 3 --name west \
	--peer-evidence
has act "-a '15'"
has act "-M '259200'"
has act "'edge in (a,b)' -P '2' -N 'west'"
has act "ote-edge-controller' -v"
hasnt plan ote-leader
good 'all nodes' -kubeconfig kc --all-nodes --metrics-address 0 \
	--leader-elect-resource-namespace edge
hasnt act autonomy=true
has act ' -A'
has plan "'edge'"
hasnt plan lighttpd
good 'a dry run' -kubeconfig kc --dry-run
hasnt act ote-apply
hasnt plan ote-leader
hasnt plan lighttpd
rm bin/ote-watch-sync
printf '#!/bin/sh\nexit 0\n' >bin/ote-watch-sync
chmod +x bin/ote-watch-sync
is 'one round, dry' "$("$controller" -1 --dry-run -kubeconfig kc -d data \
	--feeds "$top/etc/controller-feeds.conf" | cut -d' ' -f1)" decided
has act "-w '$T/data/run/pods.conf'"
echo '/api/v1/pods fieldSelector=spec.nodeName=a' >data/run/pods.conf
"$controller" -1 --dry-run -kubeconfig kc -d data >/dev/null
has round-feeds.conf '/api/v1/pods fieldSelector=spec.nodeName=a'
has round-feeds.conf '/api/v1/nodes fields='
cat >bin/ote-watch-sync <<'END'
#!/bin/sh
for feed in core/v1/nodes/all coordination.k8s.io/v1/leases/kube-node-lease; do
	mkdir -p "data/cache/$feed"
	: >"data/cache/$feed/journal"
done
END
# one_round NAME WANT: its exit code
one_round() {
	"$controller" -1 -kubeconfig kc -d data >/dev/null 2>err
	is "$1" "$?" "$2"
}
cp bin/ote-edge-controller decides
sed 's/^echo.*/exit 111/' decides >bin/ote-edge-controller
one_round 'in which nothing is decided' 1
cp decides bin/ote-edge-controller
cp bin/ote-apply applies
echo 'exec cat >/dev/null' >>bin/ote-apply
one_round 'and one after that' 0
echo 'cat >/dev/null; exit 111' >>applies
mv applies bin/ote-apply
one_round 'in which nothing is done' 1
once_as() {
	"$@" "$controller" -1 -kubeconfig kc -d data 2>err
}
cp -r data/run held
is 'one at a time' "$(once_as flock data/lock; echo "$?") $(cat err)" \
	"100 ote_edgecontroller: $T/data/lock: somebody holds it: one at a time"
diff -r held data/run >differs
ok $? 'nothing of the other is changed' || sed 's/^/# /' differs

# Where nothing stays no heartbeat is ever seen to be old.
# shellcheck disable=SC2016
no_run() {
	env -u XDG_RUNTIME_DIR TMPDIR="$T/tmp" unshare -m sh -c '
		mount --bind /run /run && mount -o remount,ro,bind /run &&
		[ ! -w /run ] && exec "$@"' sh "$@"
}
mkdir tmp
if [ ! -w /run ]; then
	no_run() {
		env -u XDG_RUNTIME_DIR TMPDIR="$T/tmp" "$@"
	}
fi
if no_run true 2>/dev/null; then
	for more in '' -t --dry-run; do
		no_run "$controller" -1 $more -kubeconfig kc >err 2>&1
		is "one round${more:+, $more}, without a place to stay" \
			"$? $(wc -l <err) $(grep -c 'with --data-path' err) $(ls tmp)" \
			'100 1 1 '
	done
	no_run env XDG_RUNTIME_DIR="$T/tmp" "$controller" -1 -kubeconfig kc
	is 'with one: the round fails for want of a tree there' \
		"$? $(ls tmp)" '1 ote-edgecontroller'
else
	skip 'needs unshare(1), as root'
fi
rm bin/ote-watch-sync
ln -s "$bin/ote-watch-sync" bin/
for file in data/run/* acting stand-by decided www/metrics seen; do
	file=run/${file#data/run/}
	[ -d "data/$file" ] ||
		sed -n '/^.Ss The data directory of EdgeC/,/^.Ss A feed/p' \
			"$top/bin/ote-edge.7" | grep '^\.It Pa' |
		tr ' ' '\n' | grep -qxF "$file" || echo "$file"
done >untold
is 'all of its files are in ote-edge(7)' "$(cat untold)" ''

# --- metrics ---

good 'another address' -kubeconfig kc --metrics-address "127.0.0.1:$port2"
echo 'up 1' >data/run/www/metrics
echo secret >data/run/www/other
start lighttpd lighttpd -D -f data/run/lighttpd.conf
wait_for get -f "http://127.0.0.1:$port2/metrics"
is 'metrics are served' "$(get -i "http://127.0.0.1:$port2/metrics" |
	tr -d '\r' | grep -e '^up' -e '^Content-Type')" \
	'Content-Type: text/plain; version=0.0.4; charset=utf-8
up 1'
for path in / /other /metrics/ /metrics/../other /.; do
	is "nothing else: $path" "$(get --path-as-is -o out -w '%{http_code}' \
		"http://127.0.0.1:$port2$path")" 403
done
is 'nothing is written' "$(get -o out -w '%{http_code}' -X PUT -d x \
	"http://127.0.0.1:$port2/metrics")" 403
bad 'a port in use' "127.0.0.1:$port2: cannot listen" \
	--metrics-address "127.0.0.1:$port2"
kill "$pid"

# --- who does not lead looks on ---

mkdir look look/www fast
printf '#!/bin/sh\nexec /bin/sleep 0.05\n' >fast/sleep
chmod +x fast/sleep
echo "echo >>'$T/look/stood'" >look/stand-by
mkfifo look/fifo
echo "read -r _ <'$T/look/fifo'" >look/act
# The first one may have begun before.
leads() {
	for _ in 1 2; do
		rm -f look/www/metrics
		wait_for test -e look/www/metrics
	done
	is "$1" "$(tail -n 1 look/www/metrics)" "ote_edgecontroller_leader $2"
}
start look env PATH="$T/fast:$PATH" sh "$top/sh/edgecontroller-look.sh" "$T/look"
looks=$pid
leads 'nobody acts' 0
echo $$ >look/acting
rm -f look/stood
leads 'the process id of another is not his who acts' 0
wait_for test -e look/stood
ok $? 'so it stands by'
start act sh "$T/look/act"
wait_for grep -q look/act "/proc/$pid/cmdline"
echo "$pid" >look/acting
leads 'of who acts' 1
kill "$pid"
wait "$pid" 2>/dev/null
leads 'who has gone' 0
kill "$looks"
good 'what a former run left' -kubeconfig kc
echo $$ >data/run/acting
"$controller" -d data --metrics-address "$metrics" -kubeconfig kc
[ ! -e data/run/acting ]
ok $? 'acting is gone at the start'

# --- refusals ---

bad 'an unknown option' '--nope: no such option' --nope=1
bad 'one without value' '-kubeconfig: needs a value' -kubeconfig
bad 'a word' 'k8s: is no option' k8s
bad 'a bad level' '-v many: not a number' -v many
bad 'no duration' '--takeover-after soon: is no duration' --takeover-after soon
bad 'no unit' '--takeover-after 20: is no duration' --takeover-after 20
bad 'too soon' '--takeover-after 1: not a number from 5' --takeover-after 1s
bad 'milliseconds' '--takeover-after 20000ms: is no' --takeover-after 20000ms
bad 'a bad autonomy' '--max-autonomy 3d: is no duration' --max-autonomy 3d
bad 'a long autonomy' '--max-autonomy 277778h: over 31' --max-autonomy 277778h
bad 'a long name' 'over 127 bytes' --name "$(printf '%0200d' 0)"
for more in '' -t -1 --dry-run; do
	bad "a bad selector${more:+, $more}" '--node-selector: ' $more \
		--node-selector '((('
done
bad 'two selections' '--all-nodes: with' --all-nodes --node-selector a=b
bad 'a selector that would need quotes' "--node-selector a='b': quotes" \
	--node-selector "a='b'"
bad 'a bad name' '--name a b: letters' --name 'a b'
bad 'no bool' '--leader-elect=perhaps: say true' --leader-elect=perhaps
bad 'no namespace' 'Kube: no name of' --leader-elect-resource-namespace Kube
bad 'a dry run that leads' '--dry-run: writes nothing' --dry-run --leader-elect
bad 'no port' '--metrics-address here: no port' --metrics-address here
bad 'a missing file of feeds' '--feeds no: no such file' --feeds no
echo 'nodes' >feeds
bad 'no feeds' feeds --feeds feeds
rm feeds
bad 'a data path that would need quotes' '--data-path a"b: quotes' -d 'a"b'
: >file
bad 'a data path that is a file' 'file is not a directory' -d file/data
rm file
# --- the kubeconfig ---

bad 'a missing kubeconfig' '--kubeconfig no: no such file' -kubeconfig no
listing >was
"$controller" -d data >err 2>&1
is 'none at all' "$? $(wc -l <err) $(grep -c -e '--kubeconfig: missing' err)" \
	'100 1 1'
echo '{' >changed
bad 'a broken kubeconfig' changed -kubeconfig changed
jq 'del(."current-context")' kc >changed
bad 'no current context' changed -kubeconfig changed
jq '.users[0].user.exec = {command: "x"}' kc >changed
bad 'an exec plugin' exec -kubeconfig changed
jq '.clusters[0].cluster."certificate-authority" = "gone.pem"' kc >changed
bad 'a missing authority' gone.pem -kubeconfig changed
rm changed

# --- in a pod ---

mkdir account
cp tls/ca.pem account/ca.crt
echo token >account/token
echo ote-edge >account/namespace
OTE_ACCOUNT=$T/account KUBERNETES_SERVICE_HOST=10.96.0.1 \
	KUBERNETES_SERVICE_PORT=443
export OTE_ACCOUNT KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT
good 'the service account'
has kubeconfig 'server: https://10.96.0.1:443'
has kubeconfig "tokenFile: $T/account/token"
has plan "-k '$T/data/run/kubeconfig'"
has plan "'ote-edge'"
KUBERNETES_SERVICE_HOST=fd00::1 good 'IPv6'
has kubeconfig 'server: https://[fd00::1]:443'
unset KUBERNETES_SERVICE_HOST

# --- units ---

if command -v systemd-analyze >/dev/null; then
	mkdir units
	for unit in ote-edgecontroller.service ote-edgecontroller-round.service \
		ote-edgecontroller-round.timer; do
		sed "s,@PREFIX@/bin,$top/sh,g" "$top/etc/systemd/$unit" \
			>"units/$unit"
	done
	systemd-analyze verify --man=no --recursive-errors=no units/* >out 2>&1
	is 'units verify' "$? $(grep -c ote-edgecontroller out)" '0 0' ||
		sed 's/^/# /' out
	systemd-analyze security --offline=yes --threshold=20 --no-pager \
		units/*.service >out 2>&1
	ok $? 'their exposure is at most 2.0' || tail -n 1 out | sed 's/^/# /'
else
	skip 'needs systemd-analyze'
fi
done_testing
