#!/bin/sh
# 33-dead-kubelet.t: a kubelet that has stopped, while its node's hub still
# reports, is left to the master
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1500 ./33-dead-kubelet.t
key=edgenode.ote.baidu.com
# shellcheck disable=SC2034
HUB_OPTIONS=--report
cluster_up 1
check "ote_install" ote_install --timeout 0
kc scale deployment -n ote-edge ote-edgecontroller --replicas 0 >/dev/null
account_make
hub_up
wait_for 60 "the hub to see its master" hub_online
node_up "$HUB_URL"
kc label node edge-1 "$key/autonomy=true" >/dev/null
controller_start a 6443 9471
check "its EdgeNode is Ready" wait_for 120 EdgeNode en True edge-1
report() {
	kc get en edge-1 -n kube-system -o jsonpath="{.status.report.$1}"
}
reported() {
	[ -n "$(report version)" ]
}
check "the hub reports" wait_for 180 report reported
check "its version" is "$(report version)" \
    "$(sed -n 's/^VERSION = //p' ../../Makefile)"
check "its masters" is "$(report 'masters[*].up')" true
diag "$(kc get en edge-1 -n kube-system -o json | jq -c .status.report)"
kubelet_kill
t=$(now_ms)
check "killed: its node is Unknown in the end" wait_for 600 Unknown \
    node_is Unknown edge-1
diag "after $(($(now_ms) - t)) ms"
reason() {
	[ "$(kc get en edge-1 -n kube-system -o \
	    jsonpath='{.status.conditions[?(@.type=="Ready")].reason}')" = "$1" ]
}
check "killed: its EdgeNode says why" wait_for 60 reason reason KubeletStopped
check "killed: it is no longer autonomous" is "$(kc get en edge-1 -n kube-system \
    -o jsonpath='{.status.conditions[?(@.type=="Autonomous")].status}')" False
kubelet_start
check "started: the node is Ready" wait_for 120 Ready node_is True edge-1
check "started: its EdgeNode, too" wait_for 60 Ready en True edge-1
check "started: it has no taint of ours" wait_for 60 taint \
    not_tainted "$key/cut-off" edge-1
tap_clean || log_tail controller-a hub kubelet
tap_end
