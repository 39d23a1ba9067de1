#!/bin/sh
# install.t: ote_install(8) puts things where they belong, twice too, and takes
# away what it has put there, and nothing else
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
case $bin in */san/bin) export SAN=1 ;; esac
root=$T/root
echo kubeconfig >kc

# hub OPTION...: what it says in out and err
hub() {
	DESTDIR=$root "${from:-$top/sh}/ote_install" hub --prefix /usr "$@" \
		>out 2>err
}

files() {
	(cd "$root" 2>/dev/null && find . ! -type d -printf '%P %m\n' | LC_ALL=C sort)
}

# --- the hub, from a checkout ---

hub --kube-config kc -- k8s --init-server 10.0.0.1:6443
is 'the hub is installed' "$? $(cat out err)" \
	"0 installed in $root/usr; no systemd runs here"
is 'its kubeconfig' "$(cat "$root/etc/ote-edge/kubeconfig")" kubeconfig
is 'its options' "$(cat "$root/etc/ote-edge/edgehub.env")" \
	'OPTIONS="k8s --init-server 10.0.0.1:6443"'
is 'its programs' "$("$root/usr/bin/ote-supervise" -h | head -n 1)" \
	"$("$bin/ote-supervise" -h | head -n 1)"
grep -q '^ExecStart=/usr/bin/ote_edgehub ' \
	"$root/usr/lib/systemd/system/ote-edgehub.service"
ok $? 'its unit'
list=$root/usr/share/ote-edge/installed
files >was
echo former >"$root/usr/bin/ote-former"
echo /usr/bin/ote-former >>"$list"
rm "$root/usr/bin/ote-get"
hub
is 'a second time' $? 0
files >now
cmp -s was now
ok $? 'what a former one had is gone, what was missing is there' ||
	diff was now | sed 's/^/# /'

hub --remove
is 'it is removed' "$? $(cat out err)" '0 '
is 'all of it' "$(files)" ''
hub --remove
is 'twice' "$? $(cat out err)" '0 '

# --- what was not put there stays ---

hub --kube-config kc
mkdir -p "$root/etc/ote-edge/ssl" "$root/var/lib/ote-edge/outbox/new"
echo key >"$root/etc/ote-edge/ssl/key.pem"
echo 'OPTIONS="k8s -v 3"' >"$root/etc/ote-edge/edgehub.env"
echo '{}' >"$root/var/lib/ote-edge/outbox/new/1.json"
echo own >"$root/usr/bin/own"
hub --remove
is 'removed beside what is not its own' "$?" 0
is 'which is there' "$(files | cut -d' ' -f1 | paste -sd' ')" \
	'etc/ote-edge/edgehub.env etc/ote-edge/ssl/key.pem usr/bin/own var/lib/ote-edge/outbox/new/1.json'
is 'and told' "$(sort err)" \
	"$root/etc/ote-edge: kept: there are files in it
$root/var/lib/ote-edge: kept: writes in its outbox have not reached the master"
rm -r "$root"
hub --kube-config kc -- k8s -v 3
echo 'OPTIONS="k8s"' >"$root/etc/ote-edge/edgehub.env"
hub --remove
is 'what was changed since stays' "$(files | cut -d' ' -f1)" \
	etc/ote-edge/edgehub.env
rm -r "$root"

# --- the hub, after make install ---

make -s -C "$top" install PREFIX=/usr "DESTDIR=$root" >made 2>&1
ok $? 'make install' || sed 's/^/# /' made
files >was
from=$root/usr/bin
hub --kube-config kc -- k8s
is 'its ote_install' "$? $(cat out err)" \
	"0 installed in $root/usr; no systemd runs here"
is 'writes the configuration' "$(files | cut -d' ' -f1 | grep ^etc | paste -sd' ')" \
	'etc/ote-edge/edgehub.env etc/ote-edge/kubeconfig'
hub --remove
is 'removes it' "$?" 0
files >now
cmp -s was now
ok $? 'and no programs' || diff was now | sed 's/^/# /'
is 'which is told' "$(cut -d: -f1,2 err)" "$root/usr: programs kept"
DESTDIR=$T/other "$root/usr/bin/ote_install" hub --prefix /usr >out 2>err
is 'it installs nothing elsewhere' "$? $(wc -l <err) $(grep -c 'this one is in' err)" \
	'100 1 1'
from=''

# --- the controller, with a kubectl that only notes what it is asked ---

mkdir fake
cat >fake/kubectl <<'END'
#!/bin/sh
printf '%s\n' "$*" | sed 's,/[^ ]*/tmp\.[^ ]*,TMP,' >>asked
case $* in
$(cat fail)) echo 'Error from server (Forbidden)' >&2 && exit 1 ;;
'get nodes'*) cat nodes ;;
'get leases'*) cat leases ;;
'apply -k '*) cp "$3/kustomization.yaml" overlay ;;
*version*) echo '{}' ;;
esac
END
chmod +x fake/kubectl
printf none >fail
N=edgenode.ote.baidu.com
jq -n --arg k "$N/cut-off" '{items: [
	{metadata: {name: "fine"}, spec: {taints: [{key: "other"}]}},
	{metadata: {name: "cut"}, spec: {taints: [{key: $k}]}},
	{metadata: {name: "gone"}, spec: {taints: [{key: "other"}, {key: $k}]}}
	]}' >nodes
jq -n --arg n "$N" '{items: [{metadata: {name: "fine"}},
	{metadata: {name: "other", annotations: {a: "b"}}},
	{metadata: {name: "cut", annotations: {a: "b",
	($n + "/renewed-by"): "x", ($n + "/last-heartbeat"): "y"}}}]}' >leases

# controller OPTION...: kubectl was asked what is in asked
controller() {
	: >asked
	PATH=$T/fake:$PATH "$top/sh/ote_install" controller "$@" >out 2>err
}

controller --image reg:5000/x:7 --replicas 3 -- --takeover-after=15s --all-nodes
is 'the controller is installed' "$? $(cat err)" '0 '
is 'by kubectl' "$(cat asked)" 'version -o json
apply -k TMP
rollout status -n ote-edge deployment/ote-edgecontroller --timeout 120s'
is 'with its image, replicas and options' "$(jq -c '[.images[0].newName,
	.images[0].newTag, .replicas[0].count,
	(.patches[0].patch | fromjson | .[].value)]' overlay)" \
	'["reg:5000/x","7",3,"--takeover-after=15s","--all-nodes"]'
printf 'rollout*' >fail
controller
is 'one that does not run is told' "$? $(tail -n 1 err | cut -d: -f1-2)" \
	'100 ote_install: it does not run after 120 s'
printf none >fail

controller --remove
is 'it is removed' "$? $(cat err)" '0 '
is 'its rights, itself, what it has left at nodes, the rest' "$(cat asked)" \
	"version -o json
delete clusterrolebinding ote-edgecontroller --ignore-not-found
delete rolebinding -n kube-node-lease ote-edgecontroller-leases --ignore-not-found
delete deployment -n ote-edge ote-edgecontroller --ignore-not-found --wait=false
get nodes -o json
taint node cut $N/cut-off-
taint node gone $N/cut-off-
get leases -n kube-node-lease -o json
annotate lease -n kube-node-lease cut $N/last-heartbeat- $N/renewed-by-
delete -k TMP --ignore-not-found --timeout=121s"

# stays WHAT: the rest is not deleted, and that is told
stays() {
	controller --remove
	is "$1" "$? $(grep -c '^delete -k' asked) $(tail -n 1 err)" \
		'100 0 ote_install: not all of it is gone: see above, and run this again'
}
for ask in 'get nodes*' 'taint node cut*' 'taint node gone*' 'get leases*' \
	'annotate lease*' '*rolebinding*' 'delete deployment*'; do
	printf '%s' "$ask" >fail
	stays "not where this fails: $ask"
done
printf none >fail
mv nodes nodes.good
echo '{"items": ' >nodes
stays 'nor where nodes cannot be read'
mv nodes.good nodes
controller --remove
is 'and once more' "$? $(grep -c '^delete -k' asked)" '0 1'
done_testing
