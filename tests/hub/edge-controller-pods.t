#!/bin/sh
# edge-controller-pods.t: pods of more nodes that were found Unknown than can be
# looked at in one go, by rounds and by a process
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
controller=$bin/ote-edge-controller
pods=$data/cache/core/v1/pods
many=250

base='{type: "BASE", object: {id: $id, continues: "", resourceVersion: "1000",
	count: $n, tail: 0, kind: $kind, apiVersion: "v1"}}'

# stood_in: so many nodes, Ready by this controller, their Leases renewed by it
stood_in() {
	jq -nc --argjson n $many --arg kind Node --arg id 0000000000000001 "$base"', (
		range($n) | "n\(1000 + .)" as $name | {type: "ADDED", object:
		{kind: "Node", apiVersion: "v1", metadata: {name: $name,
		uid: $name, resourceVersion: "9", labels: {($l): "true"}},
		spec: {taints: [{key: $t, effect: "NoSchedule"}]}, status:
		{conditions: [{type: "Ready", status: "True",
		reason: "EdgeControllerReady"}]}}})' --arg l $N/autonomy \
		--arg t $N/cut-off >"$data/$nodes/journal"
	jq -nc --argjson n $many --arg kind Lease --arg id 0000000000000002 "$base"', (
		range($n) | "n\(1000 + .)" as $name | {type: "ADDED", object:
		{kind: "Lease", apiVersion: "coordination.k8s.io/v1", metadata:
		{name: $name, namespace: "kube-node-lease",
		resourceVersion: "9", annotations: {($r): ("ote-edge-controller " + $t)}},
		spec: {holderIdentity: $name, renewTime: $t}}})' \
		--arg r $N/renewed-by --arg t "$(when 0 | sed s/Z/.000000Z/)" \
		>"$data/$leases/journal"
}

# sync READY: a feed, of one pod, for each name of a node on standard input
sync() {
	while read -r node; do
		d=$pods/fieldSelector=spec.nodeName=$node
		mkdir -p "$d"
		printf '{"path":"/api/v1/pods","fieldSelector":"spec.nodeName=%s"}\n' \
			"$node" >"$d/feed"
		printf '%s\n%s\n' '{"type":"BASE","object":{"id":"0000000000000003","continues":"","resourceVersion":"9","count":1,"tail":0,"kind":"Pod","apiVersion":"v1"}}' \
			'{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p-'"$node"'","namespace":"x","uid":"u","resourceVersion":"9"},"status":{"phase":"Running","conditions":[{"type":"ContainersReady","status":"True"},{"type":"Ready","status":"'"$1"'"}]}}}' \
			>"$d/new"
		mv "$d/new" "$d/journal"
	done
}

# round SECONDS READY: a tree made anew with what the last one wanted, and a look
round() {
	rm -rf "$pods"
	sed 's/.*nodeName=\([^ ]*\) .*/\1/' "$T/pods.conf" | sync "$2"
	"$controller" -1 -d "$data" -s "$T/seen" -t "$(when "$1")" \
		-w "$T/pods.conf" >"$T/out" 2>"$T/err"
	jq -r 'select(.why == "pod")|.node' "$T/out" >>"$T/healed"
}

healed() {
	sort -u "$T/healed" | wc -l
}

# left: how many nodes are not done with, by the state file
left() {
	awk 'NR > 1 && $15 != -1 { n++ } END { print n + 0 }' "$T/seen"
}

# --- rounds ---

stood_in
: >"$T/pods.conf"
: >"$T/healed"
round 10 False
is 'some are asked for' "$(wc -l <"$T/pods.conf")" 200
is 'nothing is done without them' "$(healed)" 0
for at in 15 20; do
	round $at False
done
is 'all nodes come to their turn' "$(healed)" $many
is 'which none has had twice' "$(sort "$T/healed" | uniq -d | grep -c . || :)" \
	"$((2 * 200 - many))"
is 'none is done with, as the master may mark more' "$(left)" $many
for at in 41 46; do
	round $at True
done
is 'all are done with when it has not' "$(left)" 0
is 'and nothing is wanted any more' "$(cat "$T/pods.conf")" ''

# --- a process ---

rm -rf "$pods" "$T/seen"
: >"$T/out"
"$controller" -1 -d "$data" -s "$T/seen" -w "$T/pods.conf" >"$T/out"
awk -v CONVFMT=%d 'NR > 1 { $14 -= 60000000; $4 = $2 } { print }' "$T/seen" \
	>"$T/seen.new" && mv "$T/seen.new" "$T/seen"
"$controller" -d "$data" -s "$T/seen" -i 0.1s >"$T/out" 2>"$T/err" &
jobs="$jobs $!"
wishes() { # are granted
	for f in "$data"/wishes/pods-*; do
		[ ! -e "$f" ] || {
			sed 's/.*nodeName=\([^"]*\)".*/\1/' "$f" && rm "$f"
		}
	done | sync True
	[ "$(left)" -eq 0 ]
}
wait_for wishes
ok $? 'a process is done with all as well'
is 'each feed is told to be used' "$(find "$pods" -name used | wc -l)" $many
done_testing
