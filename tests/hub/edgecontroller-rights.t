#!/bin/sh
# edgecontroller-rights.t: what the master does not let EdgeController do is told
# by verb and resource, once, and what it answers is counted
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
controller=$repo/sh/ote_edgecontroller
user='User \"system:serviceaccount:ote-edge:ote-edgecontroller\"'
see='see deploy/controller/rbac.yml'

# refusal NAME VERB RESOURCE GROUP WHERE: its message, as a kube-apiserver words it
refusal() {
	printf '%s%s is forbidden: %s cannot %s resource \\"%s\\" in API group \\"%s\\" %s' \
		"${3%/*}${4:+.$4}" "${1:+ \\\"$1\\\"}" "$user" "$2" "$3" "$4" "$5"
}

# --- results of writes ---

result() { # WHY CODE [REASON [MESSAGE]]
	printf '{"id":"1","node":"n","why":"%s","code":%s,"reason":"%s","message":"%s","ms":1,"tries":1}\n' \
		"$1" "$2" "${3-}" "${4-}"
}

results() { # AWK...: what it counts of stdin in $dir/counted
	rm -f "$dir/counted"
	"$@" -v "file=$dir/counted" -f "$repo/sh/edgecontroller-results.awk" \
		2>"$dir/awk.err"
	code=$?
}

{
	result renew 200
	result renew 200
	result renew 409 Conflict 'Operation cannot be fulfilled'
	result taint 404 NotFound 'nodes \"n\" not found'
	result renew 0 Replaced 'by 7'
} >"$dir/fine"
{
	cat "$dir/fine"
	for name in a b; do
		result taint 403 Forbidden "$(refusal $name patch nodes '' 'at the cluster scope')"
		result ready 403 Forbidden "$(refusal $name patch nodes/status '' 'at the cluster scope')"
		result renew 403 Forbidden "$(refusal $name update leases \
			coordination.k8s.io 'in the namespace \"kube-node-lease\"')"
		result event 403 Forbidden "$(refusal '' create events '' 'in the namespace \"default\"')"
		result edgenode 403 Forbidden 'no \"such\" thing here'
		result edgenode 422 Invalid 'status.phase: Unsupported value'
	done
	result renew 429 TooManyRequests
	result renew 503 ServiceUnavailable
	result renew 0 NoAnswer 'connection lost'
} >"$dir/mixed"
{
	for i in $(seq 300); do
		result edgenode 403 Forbidden "denied: $i"
	done
} >"$dir/many"

for awk in awk 'busybox awk'; do
	# shellcheck disable=SC2086
	$awk 'BEGIN { exit }' 2>/dev/null || continue
	# shellcheck disable=SC2086
	results $awk <"$dir/fine"
	is "$code $(cat "$dir/awk.err")" '0 ' "$awk: a conflict is no failure"
	# shellcheck disable=SC2086
	results $awk <"$dir/mixed"
	is "$code" 1 "$awk: a refusal is one"
	is "$(cat "$dir/awk.err")" "ote_edgecontroller: may not patch nodes at the cluster scope: $see
ote_edgecontroller: may not patch nodes/status at the cluster scope: $see
ote_edgecontroller: may not update leases of coordination.k8s.io in the namespace kube-node-lease: $see
ote_edgecontroller: may not create events in the namespace default: $see
ote_edgecontroller: the master refused edgenode of n: 403 Forbidden: no \"such\" thing here
ote_edgecontroller: edgenode of n: 422 Invalid: status.phase: Unsupported value" \
		"$awk: which verb, which resource, once"
	is "$(LC_ALL=C sort "$dir/counted")" \
		'# HELP ote_edgecontroller_results_total What the master answered.
# TYPE ote_edgecontroller_results_total counter
ote_edgecontroller_results_total{why="edgenode",code="403"} 2
ote_edgecontroller_results_total{why="edgenode",code="422"} 2
ote_edgecontroller_results_total{why="event",code="403"} 2
ote_edgecontroller_results_total{why="ready",code="403"} 2
ote_edgecontroller_results_total{why="renew",code="0"} 2
ote_edgecontroller_results_total{why="renew",code="200"} 2
ote_edgecontroller_results_total{why="renew",code="403"} 2
ote_edgecontroller_results_total{why="renew",code="409"} 1
ote_edgecontroller_results_total{why="renew",code="429"} 1
ote_edgecontroller_results_total{why="renew",code="503"} 1
ote_edgecontroller_results_total{why="taint",code="403"} 2
ote_edgecontroller_results_total{why="taint",code="404"} 1' \
		"$awk: all is counted, conflicts by their 409"
	# shellcheck disable=SC2086
	results $awk <"$dir/many"
	is "$(wc -l <"$dir/awk.err")" 100 "$awk: what differs for each node is not told for ever"
	# shellcheck disable=SC2086
	result renew 504 Timeout | results $awk
	is "$code" 1 "$awk: no answer in time is a failure"
done

# --- lists and watches ---

start_mock
kubeconfig "http://127.0.0.1:$mock_port"

# may_not NAME VERB RESOURCE GROUP WHERE: an answer of the mock
may_not() {
	printf '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"%s","reason":"Forbidden","details":{"kind":"%s"},"code":403}' \
		"$(refusal '' "$2" "$3" "$4" "$5")" "$3" | reply "$1" 403
}

nodes=/api/v1/nodes
leases=/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases
shown=/apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes
may_not nodes list nodes '' 'at the cluster scope'
may_not leases watch leases coordination.k8s.io 'in the namespace \"kube-node-lease\"'
may_not shown list edgenodes ote.baidu.com 'in the namespace \"kube-system\"'
may_not leader get leases coordination.k8s.io 'in the namespace \"kube-system\"'
may_not crd list customresourcedefinitions apiextensions.k8s.io 'at the cluster scope'
rules <<END
$nodes* nodes
$leases* leases
$shown* shown
/apis/apiextensions* crd
* leader
END
told() { # FIXED_TEXT
	grep -qF -- "$1" "$dir/told.err"
}
start_controller() { # OPTION...
	"$controller" -kubeconfig "$dir/kubeconfig" --data-path "$dir/data" \
		--metrics-address 0 --sync-timeout 1 "$@" 2>"$dir/told.err" &
	pid=$!
	pids="$pids $pid"
}
start_controller
for what in 'cannot list resource "nodes" in API group "" at the cluster scope' \
	'cannot watch resource "leases" in API group "coordination.k8s.io" in the namespace "kube-node-lease"' \
	'cannot list resource "edgenodes" in API group "ote.baidu.com" in the namespace "kube-system"' \
	'cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "kube-system"'; do
	wait_for 60 told "$what"
	ok $? "told: $what"
done
stop "$pid"
rm -r "$dir/data"
start_controller --leader-elect=false
for what in 'nodes: 403 nodes is forbidden:.*cannot list .*: nothing is done$' \
	'leases: 403 leases.coordination.k8s.io is.*cannot watch .*: nothing is done$' \
	'edgenodes: 403 edgenodes.ote.baidu.com.*cannot list .*: EdgeNodes are left out$'; do
	wait_for 60 grep -q "^ote-edge-controller: $what" "$dir/told.err"
	ok $? "told: $what"
done
stop "$pid"
is "$(grep '^ote-edge-controller' "$dir/told.err" | grep -c 403)" 3 'each once'

# --- a round of which the writes are refused ---

printf '{"kind":"Status","code":400}' | reply bad 400
jq -nc '{kind: "NodeList", apiVersion: "v1", metadata: {resourceVersion: "9"},
	items: [{metadata: {name: "n", uid: "u", resourceVersion: "8", labels:
	{"edgenode.ote.baidu.com/autonomy": "true"}}, spec: {}, status:
	{conditions: [{type: "Ready", status: "Unknown",
	reason: "NodeStatusUnknown"}]}}]}' | reply nodes 200
jq -nc '{kind: "LeaseList", apiVersion: "coordination.k8s.io/v1",
	metadata: {resourceVersion: "9"}, items: [{metadata: {name: "n",
	namespace: "kube-node-lease", uid: "l", resourceVersion: "7"},
	spec: {holderIdentity: "n", renewTime: "2026-01-01T00:00:00.000000Z"}}]}' |
	reply leases 200
may_not renew update leases coordination.k8s.io 'in the namespace \"kube-node-lease\"'
reply idle 200 </dev/null
rules <<END
*resourceVersion=9* idle hold
*watch=true* bad
$nodes?* nodes
$leases/n renew
$leases?* leases
END
round() {
	"$controller" -1 -kubeconfig "$dir/kubeconfig" --data-path "$dir/data" \
		>"$dir/out" 2>"$dir/round.err"
	code=$?
}
round
is "$code $(cat "$dir/out")" '1 ' 'a round of which writes are refused fails'
is "$(grep -c 'may not' "$dir/round.err") $(grep 'may not' "$dir/round.err")" \
	"1 ote_edgecontroller: may not update leases of coordination.k8s.io in the namespace kube-node-lease: $see" \
	'which is told'
sed 1s/403/200/ "$dir/mock/renew" >"$dir/mock/renewed"
mv "$dir/mock/renewed" "$dir/mock/renew"
round
is "$code $(cat "$dir/out")" '0 ' 'one that is done does not'
done_testing
