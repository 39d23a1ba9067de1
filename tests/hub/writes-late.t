#!/bin/sh
# writes-late.t: the master goes away with a write under way
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
kubeconfig "$master" "certificate-authority: $ca"
echo /api/v1/namespaces/x/configmaps >"$dir/feeds"
echo 'configmaps create,patch,delete queue' >"$dir/writes.conf"
maps=/api/v1/namespaces/x/configmaps

edge_args="--writes $dir/writes.conf"
start_master
for name in one two; do write POST $maps "$(configmap $name)"; done
start_edge
wait_for 60 master_is up
wait_for 60 test -e "$dir/edge/cache/core/v1/configmaps/x/journal"
send PATCH $maps/one '{"data":{"k":"up"}}' "$merge"
is "$code $(field .data.k) $(entries)" '200 up ' 'the master does it'

server=$(tool "$master_pid" ote-edge-server)
kill -STOP "$server"
send PATCH $maps/one '{"data":{"k":"late"}}' "$merge"
is "$code $(field .data.k)" '200 late' 'one that does not answer: it is taken here'
is "$(jq -r '[.kind,.verb,.name,.maybeDone] | join(" ")' "$dir/edge/outbox/new"/*)" 'object patch one true' \
	'and may be done already'
get "$maps/two" -X DELETE
is "$code $(field .status)" '200 Success' 'without a body'
kill -CONT "$server"
wait_for 60 follows
ok $? 'it goes to the master, again'
is "$(curl -sS --cacert "$ca" "$master$maps" | jq -r '[.items[] | .metadata.name, .data.k] | join(" ")')" 'one late' \
	'twice does no harm'
is "$(find "$dir/edge/outbox/failed" -type f | wc -l)" 0 'none has failed'

kill -STOP "$server"
status $maps 504 Timeout 'of a name that the master makes: it may have made one' -H 'Content-Type: application/json' \
	--data-binary '{"metadata":{"generateName":"made-"}}'
is "$(entries)" '' 'and nothing waits'
kill -CONT "$server"
done_testing
