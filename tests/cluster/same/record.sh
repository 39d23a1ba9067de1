#!/bin/sh
# record.sh: writes recorded/CLIENT.txt, what real clients ask a master
#
# A line a request: method, path and query, Accept, by tabs; no bodies. kubelet
# and kube-proxy are those of a real node with pods. same.py replays them.
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=../lib.sh
. ./lib.sh
clients_find
cluster_enter 600 same/record.sh
cluster_up 1
clients_up
url=https://127.0.0.1:9443
proc_start recorder "$OWN/recorder" -listen 127.0.0.1:9443 \
    -master https://127.0.0.1:6443 -pki "$CLUSTER/pki"
wait_for 20 "the recorder" url_ok "$url/readyz"
kubeconfig recorded "$url" admin
kubeconfig kubectl-hub "$url" admin

node_up "$url"
workload_up 2
objects_up() {
	{
		same/objects.sh
		echo ---
		clients/objects.sh
	} | kc apply -f - >"$CLUSTER/log/objects.log" 2>&1
}
wait_for 60 "the objects" objects_up

clients_ask recorded recorded
kubectl_ask current "$BIN/kubectl" recorded online
kubectl_ask debian "$DEBIAN/kubectl-debian" recorded online
followers_start recorded
proc_start elector "$OWN/elector" -kubeconfig "$CLUSTER/recorded.kubeconfig"
wait_for 20 "a leader" has_line elector 'select(.leading)'
followers_have recorded "$(truth)"

jq -rR -f same/recorded.jq "$CLUSTER/log/recorder.log" |
    LC_ALL=C sort -u >"$CLUSTER/recorded"
rm -f same/recorded/*.txt
awk -F '\t' '{
	file = "same/recorded/" $1 ".txt"
	sub(/^[^\t]*\t/, "")
	print >file
}' "$CLUSTER/recorded"
wc -l same/recorded/*.txt
