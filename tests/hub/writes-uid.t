#!/bin/sh
# writes-uid.t: what was created while cut off has another uid on the master
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
kubeconfig "$master" "certificate-authority: $ca"
echo /api/v1/namespaces/x/configmaps >"$dir/feeds"
echo 'configmaps create,update,patch,delete queue' >"$dir/writes.conf"
maps=/api/v1/namespaces/x/configmaps

owned() { # NAME UID
	configmap "$1" | jq -c --arg u "$2" '.metadata.ownerReferences = [{apiVersion: "v1",
		kind: "ConfigMap", name: "owner", uid: $u}]'
}

owner_of() { # NAME: as the master has it
	curl -sS --cacert "$ca" "$master$maps/$1" | jq -r '.metadata.ownerReferences[0].uid'
}

edge_args="--writes $dir/writes.conf"
start_master
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x
lose
send POST $maps "$(configmap owner)"
ours=$(field .metadata.uid)
send POST $maps "$(owned before "$ours")"
is "$code $(field '.metadata.ownerReferences[0].uid')" "201 $ours" 'cut off: what belongs to an object of here'
have
wait_for 60 follows
ok $? 'it is replayed'
theirs=$(curl -sS --cacert "$ca" "$master$maps/owner" | jq -r .metadata.uid)
is "$(sed -n 1p "$dir/edge/outbox/uids")" "$ours $theirs" 'the master'\''s uid is known'
is "$(owner_of before)" "$theirs" 'and named to it'

# --- who knows it by the old one ---
send POST $maps "$(owned after "$ours")"
is "$code $(owner_of after)" "201 $theirs" 'a creation that names it'
send PATCH $maps/owner "{\"metadata\":{\"uid\":\"$ours\"},\"data\":{\"k\":\"new\"}}" $merge
is "$code $(field '[.data.k,.metadata.uid] | join(" ")')" "200 new $theirs" 'a patch'
# its bytes come in parts, and the uid in two of them
{ head -c 70000 /dev/zero | tr '\0' ' ' && owned parts "$ours"; } >"$dir/parts"
at_uid=$(grep -abo "$ours" "$dir/parts" | cut -d: -f1)
{ head -c $((65536 * 2 - at_uid - 18)) /dev/zero | tr '\0' ' ' && cat "$dir/parts"; } >"$dir/more"
send POST $maps "@$dir/more"
is "$code $(owner_of parts)" "201 $theirs" 'a uid that comes in two parts'
lose
send PATCH $maps/owner "{\"metadata\":{\"uid\":\"$ours\"},\"data\":{\"k\":\"newer\"}}" $merge
is "$code $(field .data.k)" '200 newer' 'cut off again: a patch'
status $maps/owner 409 Conflict 'of a state of before' -X PUT -H 'Content-Type: application/json' --data-binary \
	"{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"owner\",\"uid\":\"$ours\",\"resourceVersion\":\"1\"}}"
send DELETE $maps/owner "{\"preconditions\":{\"uid\":\"$ours\"}}"
is "$code" 200 'a deletion'
have
wait_for 60 follows
is "$(curl -sS --cacert "$ca" "$master$maps" | jq -r '[.items[].metadata.name] | join(" ")')" 'after before parts' 'it is gone there'
is "$(find "$dir/edge/outbox/failed" -type f | wc -l)" 0 'none has failed'
done_testing
