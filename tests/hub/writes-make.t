#!/bin/sh
# writes-make.t: creations and deletions while the master is away
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
kubeconfig "$master" "certificate-authority: $ca"
printf '%s\n' '/api/v1/pods fieldSelector=spec.nodeName=node1' \
	/api/v1/namespaces/x/configmaps >"$dir/feeds"
{ cat "$repo/etc/writes.conf" && echo 'configmaps create,delete queue'; } \
	>"$dir/writes.conf"
pods=/api/v1/namespaces/x/pods maps=/api/v1/namespaces/x/configmaps
events=/api/v1/namespaces/x/events

pod() { # NAME NODE
	printf '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","resourceVersion":""},"spec":{"nodeName":"%s","terminationGracePeriodSeconds":30},"status":{"phase":"Running"}}' "$1" "$2"
}

event_of() { # NAME COUNT
	printf '{"kind":"Event","apiVersion":"v1","metadata":{"name":"%s","namespace":"x"},"reason":"R","count":%s}' "$1" "$2"
}

start_master
write POST $pods "$(pod p node1)"
write POST $maps "$(configmap one)"
uid=$(field .metadata.uid "$dir/wrote")
edge_args="--writes $dir/writes.conf"
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x core/v1/pods/fieldSelector=spec.nodeName=node1
watch maps.out "$maps?watch=1"
watch pods.out "/api/v1/pods?fieldSelector=spec.nodeName=node1&watch=1"
wait_for 60 lines "$dir/maps.out" 1
wait_for 60 lines "$dir/pods.out" 1
lose

# --- creations ---
send POST $maps "$(configmap two)"
is "$code $(field '[.metadata.name,.metadata.namespace,.data.k] | join(" ")')" '201 two x v' 'created'
field .metadata.uid | grep -qE '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-'
ok $? 'with a uid'
is "$(events maps.out 2) $(stored $maps/two .data.k)" 'ADDED/one ADDED/two v' 'who watches and who reads sees it'
status $maps 409 AlreadyExists 'again' -H 'Content-Type: application/json' --data-binary "$(configmap two)"
send POST $maps '{"metadata":{"generateName":"n-"},"data":{}}'
is "$code $(field .kind) $(field .metadata.name | grep -cE '^n-[a-z0-9]{5}$')" '201 ConfigMap 1' 'of a generated name'
status $maps 400 BadRequest 'of another namespace' -H 'Content-Type: application/json' \
	--data-binary '{"metadata":{"name":"a","namespace":"y"}}'
status $maps 400 BadRequest 'of another kind' -H 'Content-Type: application/json' --data-binary "$(pod a b)"
status $maps 400 BadRequest 'no JSON' -H 'Content-Type: application/json' --data-binary '{'
status $maps 422 Invalid 'without a name' -H 'Content-Type: application/json' --data-binary '{"metadata":{}}'
status $maps 422 Invalid 'of a name that is a path' -H 'Content-Type: application/json' \
	--data-binary '{"metadata":{"name":"a/../b"}}'
status $pods 503 ServiceUnavailable 'of another node' -H 'Content-Type: application/json' --data-binary "$(pod q node2)"
send POST $pods "$(pod mirror node1)"
is "$code $(field .status.phase) $(events pods.out 2)" '201 Pending ADDED/p ADDED/mirror' 'a pod of this node'
head -c 3145800 /dev/zero | tr '\0' ' ' >"$dir/large"
status $maps 413 RequestEntityTooLarge 'over 3 MiB' -H 'Content-Type: application/json' --data-binary "@$dir/large"
status /apis/certificates.k8s.io/v1/certificatesigningrequests 503 ServiceUnavailable 'a CSR' \
	-H 'Content-Type: application/json' --data-binary '{}'

# --- Events, which no feed has ---
send POST $events "$(event_of e 1)"
is "$code $(field .count)" '201 1' 'an Event'
send PATCH $events/e '{"count":2}' "$smp"
is "$code $(field '[.kind,.metadata.name,.count] | join(" ")')" '200 Event e 2' 'its repeat'

# --- deletions ---
status $maps/one 409 Conflict 'of another one' -X DELETE -H 'Content-Type: application/json' \
	--data-binary '{"preconditions":{"uid":"other"}}'
status "$maps/one" 503 ServiceUnavailable 'with its dependents' -X DELETE -H 'Content-Type: application/json' \
	--data-binary '{"propagationPolicy":"Foreground"}'
get $maps/one -X DELETE
is "$code $(field '[.kind,.status,.details.name,.details.kind,.details.uid] | join(" ")')" \
	"200 Status Success one configmaps $uid" 'deleted'
get $maps/one
is "$code $(events maps.out 4 | cut -d' ' -f4)" '404 DELETED/one' 'it is gone'
get $maps/two -X DELETE
is "$code $(entries | tr , '\n' | grep -c two)" '200 0' 'what the master never had leaves nothing'
get $pods/p -X DELETE
is "$code $(field '[.kind,.metadata.deletionGracePeriodSeconds] | join(" ")')" '200 Pod 30' 'a pod has time'
is "$(stored $pods/p '.metadata.deletionTimestamp | length') $(events pods.out 3 | cut -d' ' -f3)" '20 MODIFIED/p' 'until then'
get $pods/p -X DELETE
is "$code $(lines "$dir/pods.out" 4 || echo silent)" '200 silent' 'again'
puid=$(field .metadata.uid)
send DELETE $pods/p "{\"gracePeriodSeconds\":0,\"preconditions\":{\"uid\":\"$puid\"}}"
is "$code $(events pods.out 4 | cut -d' ' -f4)" '200 DELETED/p' 'kubelet has ended it'
is "$(entries)" "object create $(jq -r 'select(.object.metadata.generateName) | .object.metadata.name' "$dir/maps.out"),object create mirror,event create e,event patch e,delete delete one,delete delete p" \
	'what waits'

# --- and the master is back ---
have
wait_for 60 follows
ok $? 'the feeds are the master'\''s again'
is "$(curl -sS --cacert "$ca" "$master$maps" | jq -r '[.items[].metadata.name | sub("-.*"; "")] | join(" ")')" 'n' \
	'created and deleted there'
is "$(curl -sS --cacert "$ca" "$master$pods" | jq -r '[.items[].metadata.name] | join(" ")')" 'mirror' 'the pods'
is "$(curl -sS --cacert "$ca" "$master$events" | jq -c '[.items[] | [.metadata.name,.count]]')" '[["e",2]]' 'the Event'
is "$(stored $pods '[.items[].metadata.name] | join(" ")')" mirror 'and here'
is "$(find "$dir/edge/outbox/failed" -type f | wc -l)" 0 'none has failed'
done_testing
