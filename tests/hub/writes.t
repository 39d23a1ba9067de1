#!/bin/sh
# writes.t: what becomes of writes while the master is away
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"

# --- the policy ---
kubeconfig "$master" "certificate-authority: $ca"
policy() { # LINE...: what -n says of them, then its exit code
	printf '%s\n' "$@" >"$dir/writes.conf"
	"$OTE_BIN/ote-edge-server" -n -k "$dir/kubeconfig" \
		-c "$dir/writes.conf" 2>&1 | sed "s,$dir/,,"
	"$OTE_BIN/ote-edge-server" -n -k "$dir/kubeconfig" \
		-c "$dir/writes.conf" >"$dir/policy" 2>/dev/null
	echo $?
}
is "$(policy '# ours' 'pods/status	patch,update   queue # so' \
	'widgets.example.com create local namespace=x')" \
	'pods/status update,patch queue
widgets.example.com create local namespace=x
0' '-n prints the policy in force'
policy "$(cat "$repo/etc/writes.conf")" >"$dir/first"
cp "$dir/policy" "$dir/again"
policy "$(cat "$dir/again")" >"$dir/second"
cmp -s "$dir/first" "$dir/second"
ok $? 'and what it prints can be read again'
for line in 'podz patch queue:podz: unknown resource' \
	'pods/exec create queue:exec: unknown subresource' \
	'pods get queue:get: unknown verb' \
	'pods patch keep:keep: unknown policy'; do
	is "$(policy '# one' "${line%%:*}")" \
		"ote-edge-server: writes.conf:2: ${line#*:}
100" "refused: ${line%%:*}"
done

# --- cut off ---
printf '%s\n' '/api/v1/nodes fieldSelector=metadata.name=node1' \
	'/api/v1/pods fieldSelector=spec.nodeName=node1' /api/v1/pods \
	/api/v1/namespaces/x/configmaps \
	/apis/coordination.k8s.io/v1/leases >"$dir/feeds"
{ cat "$repo/etc/writes.conf" && echo 'configmaps create,update,patch,delete queue'; } \
	>"$dir/writes.conf"
nodes=/api/v1/nodes pods=/api/v1/namespaces/x/pods
maps=/api/v1/namespaces/x/configmaps
lease=/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node1
start_master
write POST $nodes '{"kind":"Node","apiVersion":"v1","metadata":{"name":"node1","labels":{"a":"b"}},"spec":{"podCIDR":"10.0.0.0/24"},"status":{"phase":"old","conditions":[{"type":"Ready","status":"False"}]}}'
write POST $pods '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"nodeName":"node1"},"status":{"phase":"Pending"}}'
write POST "${lease%/*}" '{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"node1"},"spec":{"holderIdentity":"node1","renewTime":"2026-01-01T00:00:00.000000Z"}}'
write POST $maps "$(configmap one)"
edge_args="--writes $dir/writes.conf"
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/nodes/fieldSelector=metadata.name=node1 \
	core/v1/pods/fieldSelector=spec.nodeName=node1 core/v1/pods/all \
	core/v1/configmaps/x coordination.k8s.io/v1/leases/all
watch pods.out "$pods?watch=1"
watch node.out "$nodes?watch=1&fieldSelector=metadata.name=node1"
wait_for 60 lines "$dir/pods.out" 1
wait_for 60 lines "$dir/node.out" 1
was=$(field .object.metadata.resourceVersion "$dir/node.out")
lose

send PATCH $nodes/node1/status '{"status":{"conditions":[{"type":"Ready","status":"True"}]},"spec":{"podCIDR":"no"}}' $smp
is "$code $(field '[.kind,.status.conditions[0].status,.status.phase,.spec.podCIDR,.metadata.labels.a] | join(" ")')" \
	'200 Node True old 10.0.0.0/24 b' 'a status is patched, and nothing else'
[ "$(field .metadata.resourceVersion)" -gt "$was" ]
ok $? 'its resourceVersion is greater'
is "$(events node.out 2)" 'ADDED/node1 MODIFIED/node1' 'who watches sees it'
is "$(stored $nodes/node1 '.status.conditions[0].status')" True 'who reads too'
is "$(entries)" 'status patch node1' 'it waits for the master'
is "$(jq -c '[.body, .before | .spec, .status.conditions[0].status]' "$dir/edge/outbox/new"/*)" \
	'[null,"True",null,"False"]' 'with what it can have changed'
send PATCH $nodes/node1/status '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}' $smp
is "$code $(entries) $(wc -l <"$dir/node.out")" '200 status patch node1 2' 'what changes nothing is silent'

get $pods/p
rv=$(field .metadata.resourceVersion) uid=$(field .metadata.uid)
send PATCH $pods/p/status "{\"metadata\":{\"uid\":\"$uid\"},\"status\":{\"phase\":\"Running\"}}" $smp
is "$code $(field .status.phase)" '200 Running' 'a pod'
is "$(events pods.out 2)" 'ADDED/p MODIFIED/p' 'who watches sees it'
is "$(stored "/api/v1/pods/?fieldSelector=spec.nodeName=node1&" '.items[0].status.phase')" Running 'in each feed'
send PATCH $pods/p/status '{"metadata":{"labels":{"of":"status"},"ownerReferences":[{"kind":"Node","name":"n","uid":"u"}]}}' $smp
is "$code $(field '[.metadata.labels.of,.metadata.ownerReferences] | @json')" '200 ["status",null]' \
	'labels go with a status, owners do not'
status "$pods/p/status" 409 Conflict 'a stale one' -X PUT -H 'Content-Type: application/json' --data-binary \
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",\"resourceVersion\":\"$rv\"}}"
status "$pods/p/status" 422 Invalid 'the patch of another one' -X PATCH -H "Content-Type: $smp" \
	--data-binary '{"metadata":{"uid":"other"},"status":{"phase":"Failed"}}'
status "$pods/q/status" 404 NotFound 'of one that is not' -X PATCH -H "Content-Type: $smp" --data-binary '{}'
status "/api/v1/persistentvolumes/q/status" 503 ServiceUnavailable 'of one that is not known' -X PATCH \
	-H "Content-Type: $smp" --data-binary '{}'
status "$pods/p" 503 ServiceUnavailable 'what the policy refuses' -X PATCH -H "Content-Type: $smp" --data-binary '{}'
status "$pods/p/status" 415 UnsupportedMediaType 'a body in protobuf' -X PUT \
	-H 'Content-Type: application/vnd.kubernetes.protobuf' --data-binary k8s
grep -q kube-api-content-type "$dir/body"
ok $? 'names the setting'
send PATCH "$pods/p/status?dryRun=All" '{"status":{"phase":"Failed"}}' $smp
is "$code $(field .status.phase) $(stored $pods/p .status.phase)" '200 Failed Running' 'a dry run'

get $lease
sed 's/2026-01-01/2026-02-02/' "$dir/body" >"$dir/lease"
send PUT $lease "@$dir/lease"
is "$code $(field .spec.renewTime) $(stored $lease .spec.renewTime)" \
	'200 2026-02-02T00:00:00.000000Z 2026-02-02T00:00:00.000000Z' 'a lease is renewed'
is "$(entries)" 'status patch node1,status patch p' 'and that does not wait'
send PATCH $maps/one '{"data":{"k":"new"}}' $merge
is "$code $(stored $maps/one .data.k)" '200 new' 'what an operator has opened'

# --- a new process knows all that ---
stop "$(tool "$edge_pid" ote-watch-sync)" KILL
wait_for 60 test -S "$dir/edge/run/sync.sock"
is "$(stored $pods/p .status.phase)" Running 'after ote-watch-sync was killed'

# --- and the master is back ---
outbox_gets STOP "$edge_pid"
have
get $maps/one
is "$code $(field .data.k)" '200 new' 'what waits for the master is read here'
send PATCH $maps/one '{"data":{"later":"yes"}}' $merge
is "$code $(field '[.data.k,.data.later] | join(" ")') $(entries | tr , '\n' | grep -c one)" '200 new yes 1' \
	'and is changed here'
outbox_gets CONT "$edge_pid"
wait_for 60 master_has $pods/p .status.phase Running
ok $? 'the master gets it'
wait_for 60 master_has $nodes/node1 '.status.conditions[0].status' True
ok $? 'and of the node'
wait_for 60 master_has $maps/one .data.k new
ok $? 'and what the operator opened'
is "$(curl -sS --cacert "$ca" "$master$lease" | jq -r .spec.renewTime)" 2026-01-01T00:00:00.000000Z 'not the lease'
wait_for 60 follows
ok $? 'the feeds are the master'\''s again'
is "$(stored $lease .spec.renewTime)" 2026-01-01T00:00:00.000000Z 'with its lease'
write PATCH $maps/one '{"data":{"k":"later"}}'
is "$(kill -0 "$watch_pid" && echo open)" open 'the watch is still open'
write PUT $pods/p '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"nodeName":"node1"},"status":{"phase":"Succeeded"}}'
wait_for 60 grep -q Succeeded "$dir/pods.out"
ok $? 'and tells what the master says'
is "$(jq -r .object.metadata.resourceVersion "$dir/pods.out" | sort -n -c && echo order)" order 'in order'

done_testing
