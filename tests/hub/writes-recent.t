#!/bin/sh
# writes-recent.t: what the master answered to a write is known at once, also
# when it goes before its watch tells of it
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
kubeconfig "$master" "certificate-authority: $ca"
echo /api/v1/namespaces/x/configmaps >"$dir/feeds"
echo 'configmaps create,update,patch,delete queue' >"$dir/writes.conf"
maps=/api/v1/namespaces/x/configmaps

edge_args="--writes $dir/writes.conf"
start_master
for name in one two three; do write POST $maps "$(configmap $name)"; done
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x

sync=$(tool "$edge_pid" ote-watch-sync)
kill -STOP "$sync"
send PATCH $maps/one '{"data":{"k":"up"}}' "$merge"
is "$code $(field .data.k)" '200 up' 'the master changes one'
send POST $maps "$(configmap four)"
is "$code" 201 'makes one'
uid=$(field .metadata.uid)
get "$maps/two" -X DELETE
is "$code" 200 'deletes one'
get "$maps/three" -X DELETE
send POST $maps "$(configmap three)"
is "$code" 201 'and makes one again'
again=$(field .metadata.uid)
stop "$master_pid"
kill -KILL "$sync" # with what has come for it
wait_for 60 master_is down

send PATCH $maps/one '{"data":{"l":"down"}}' "$merge"
is "$code $(field '[.data.k, .data.l] | join(" ")')" '200 up down' 'the next change is upon that'
is "$(stored $maps/one '[.data.k, .data.l] | join(" ")')" 'up down' 'for readers too'
send PATCH $maps/four '{"data":{"l":"down"}}' "$merge"
is "$code $(field .metadata.uid)" "200 $uid" 'what was made can be changed'
is "$(stored $maps/four .data.l)" down 'and is there'
send PATCH $maps/two '{"data":{"l":"down"}}' "$merge"
is "$code" 404 'what was deleted cannot'
send POST $maps "$(configmap two)"
is "$code" 201 'but be made anew'
get "$maps/three" -X DELETE
is "$code $(jq -r 'select(.name == "three").uid' "$dir/edge/outbox/new"/*)" "200 $again" \
	'a deletion is of the one that is there'

have
wait_for 60 follows
ok $? 'it goes to the master'
is "$(curl -sS --cacert "$ca" "$master$maps" | jq -r '[.items[] | .metadata.name, .data.l] | join(" ")')" \
	'four down one down two ' 'which has all of it'
is "$(find "$dir/edge/outbox/failed" -type f | wc -l)" 0 'and refused nothing'

# --- a creation whose name waits ---
lose
get "$maps/one" -X DELETE
is "$code" 200 'a deletion waits'
outbox_gets STOP "$edge_pid"
have
send POST $maps "$(configmap five)"
is "$code $(entries)" '201 delete delete one' 'what is created then is the master'"'"'s'
is "$(curl -sS --cacert "$ca" "$master$maps/five" | jq -r .metadata.name)" five 'at once'
send POST $maps "$(configmap one new)"
is "$code $(entries)" '201 delete delete one,object create one' 'but not what is deleted first'
outbox_gets CONT "$edge_pid"
wait_for 60 follows
is "$(curl -sS --cacert "$ca" "$master$maps/one" | jq -r .metadata.labels.app)" new 'which is made after it'
is "$(find "$dir/edge/outbox/failed" -type f | wc -l)" 0 'and nothing is refused'
done_testing
