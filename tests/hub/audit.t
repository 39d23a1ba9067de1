#!/bin/sh
# audit.t: writes and refusals are in data/audit/log, and nothing secret is
set -u
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
kubeconfig "$master" "certificate-authority: $ca"
maps=/api/v1/namespaces/x/configmaps log=$dir/edge/audit/log
echo $maps >"$dir/feeds"
echo 'configmaps create,update,patch,delete queue' >"$dir/writes.conf"
edge_args="--writes $dir/writes.conf"
start_master
start_edge
wait_for 60 master_is up

said() { # JQ: of the last line
	tail -n 1 "$log" | jq -r "$1"
}

# line NAME WANT: verb, resource, name, code, decision, online of the last line
line() {
	is "$(said '[.verb,.resource,.name,.code,.decision,.online] | join(" ")')" "$2" "$1"
}

[ ! -e "$log" ]
ok $? 'there is none before there is something in it'
send POST "$maps?fieldManager=s3cret" "$(configmap a)"
line 'a creation' 'create configmaps  201 allow true'
is "$(said '[.path,.namespace,.sourceIP] | join(" ")')" "$maps x 127.0.0.1" \
	'its path, without a query'
is "$(stat -c %a "$dir/edge/audit" "$log" | paste -sd' ')" '700 600' 'its modes'
said .time | grep -Eq '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z$'
ok $? 'the time'
send PUT $maps/a "$(configmap a b)"
line 'an update' 'update configmaps a 200 allow true'
send PATCH $maps/a '{"data":{"k":"w"}}' $merge
line 'a patch' 'patch configmaps a 200 allow true'
send PUT $maps/none "$(configmap none)"
line 'one that fails' 'update configmaps none 404 allow true'
send DELETE $maps ''
line 'of all there are' 'deletecollection configmaps  405 allow true'
get $maps
get "$maps?watch=1&timeoutSeconds=1"
send POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews '{}'
line 'reads and reviews are not told' 'deletecollection configmaps  405 allow true'
send POST "/api/v1/namespaces/x/services/s/proxy/s3cret?s3cret" s3cret
is "$(said '[.path,.subresource] | join(" ")')" \
	'/api/v1/namespaces/x/services/s/proxy proxy' 'what is behind a proxy is not told'
send PUT "/api/v1/namespaces/x/configmaps/a%0a%22%ffb" '{}'
is "$(said .verb)" put 'a path of odd bytes'
send POST /nothing '{}' text/plain -H 'Authorization: Bearer s3cret'
is "$(said '[.verb,.path] | join(" ")')" 'post /nothing' 'what is no resource'

lose
send PATCH $maps/a '{"data":{"k":"s3cret"}}' $merge
line 'taken while cut off' 'patch configmaps a 200 allow false'
send POST /api/v1/namespaces/x/secrets '{"data":{"k":"s3cret"}}'
line 'refused while cut off' 'create secrets  503 refuse false'
said .reason | grep -q 'writes need the master'
ok $? 'and why'
! grep -q s3cret "$log"
ok $? 'no query, no body and no token is in it'
is "$(jq -es 'all(.latency_ms >= 0 and .lost == null)' "$log")" true 'every line is JSON'

# --- who stands in the way ---
mv "$dir/edge/audit" "$dir/edge/kept"
: >"$dir/edge/audit"
for v in 1 2 3; do
	send PATCH $maps/a "{\"data\":{\"k\":\"$v\"}}" $merge
	is "$code" 200 'what cannot be logged is done'
done
is "$(grep -c 'audit/log: cannot be written' "$dir/edge.err")" 1 'it is told once'
rm "$dir/edge/audit"
send PATCH $maps/a '{"data":{"k":"4"}}' $merge
is "$(said '[.verb,.lost] | join(" ")')" 'patch 3' 'the next line tells of it'
done_testing
