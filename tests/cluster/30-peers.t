#!/bin/sh
# 30-peers.t: what other nodes' hubs report of two that are cut off: one is
# reached, one is not
#
# The nodes are hollow; b and c have a hub's report each.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1200 ./30-peers.t
cluster_up 1
proc_stop scheduler # nobody would run what it places
key=edgenode.ote.baidu.com
bin=${OTE_BIN:-../../build/bin}
hollow_up alive dead b c
kc label node alive dead b c "$key/autonomy=true" >/dev/null
kc apply -f ../../etc/deploy/edgenode-crd.yml >/dev/null

# The first is the master's own port, on the second nobody listens.
peers=alive=127.0.0.1:6443,dead=127.0.0.1:1
reports() { # NODE OPTION...
	_node=$1
	shift
	"$bin/ote-report" -d "$CLUSTER/hub-$_node" -N "$_node" -P "$peers" "$@"
}
reports_often() { # NODE
	proc_start "report-$1" "$bin/ote-every" 5 "$bin/ote-report" \
	    -d "$CLUSTER/hub-$1" -N "$1" -P "$peers" \
	    -k "$CLUSTER/admin.kubeconfig"
}
for node in b c; do
	mkdir -p "$CLUSTER/hub-$node/run"
	echo '127.0.0.1:6443 up 1764230400 ok' >"$CLUSTER/hub-$node/run/masters"
done
proc_start controller env OTE_BIN="$bin" ../../sh/ote_edgecontroller -v 3 \
    -kubeconfig "$CLUSTER/admin.kubeconfig" --leader-elect=false \
    --data-path "$CLUSTER/controller" --metrics-address 0 --peer-evidence
check "EdgeNodes" wait_for 120 EdgeNodes en True b
check "and of c" wait_for 60 EdgeNode en True c
check "a hub's report is taken" reports b -k "$CLUSTER/admin.kubeconfig"
check "and nothing of it is dropped" is "$(kc get en b -n kube-system -o json |
    jq -cS '.status.report | del(.time)')" "$(reports b -n | jq -cS 'del(.time)')"
reports_often b
reports_often c

hollow_cut alive dead
message() { # NODE TEXT: of the condition Autonomous
	kc get en "$1" -n kube-system -o jsonpath='{.status.conditions[?(@.type=="Autonomous")].message}' |
	    grep -q "$2"
}
check "alive: stood in for" wait_for 120 NotReady en False alive
check "alive: who reaches it stands in its EdgeNode" wait_for 90 message \
    message alive 'it is reached by [bc]'
check "dead: let go" wait_for 180 message message dead 'no other node reaches it'
check "dead: why" is "$(kc get en dead -n kube-system -o jsonpath='{.status.phase} {.status.conditions[?(@.type=="Ready")].reason}')" \
    'NotReady PeersCannotReach'
let_go_event() {
	kc get events --field-selector reason=EdgeNodeLetGo,involvedObject.name="$1" \
	    -o name | grep -q .
}
check "dead: an Event" wait_for 60 Event let_go_event dead
check "dead: ordinary Kubernetes" wait_for 180 Unknown node_is Unknown dead
check "alive: Ready for the master" node_is True alive
diag "$(kc get en -n kube-system -o wide)"
hollow_heal dead
check "dead: is back" wait_for 90 Ready en True dead
check "dead: the taint is gone" wait_for 60 taint not_tainted "$key/cut-off" dead

# --- who said it goes ---

proc_stop report-b
proc_stop report-c
hollow_cut b c
check "those who said it are cut off as well" wait_for 120 NotReady en False c
check "alive: nobody speaks of it, it is stood in for" wait_for 60 message \
    message alive 'place since [^;]*$'
check "b: nobody speaks of it either" node_is True b
tap_clean || log_tail controller report-b report-c
tap_end
