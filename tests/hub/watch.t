#!/bin/sh
# watch.t: watches of a standalone hub: start, selectors, bookmarks, ends.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_master
at=$master c=/api/v1/namespaces/x/configmaps
for name in a b; do write POST $c "$(configmap "$name" "$name")"; done
rv=$(wrote_rv)
initial='sendInitialEvents=true&resourceVersionMatch=NotOlderThan'

watch unset "$c?watch=true"
watch zero "$c?watch=1&resourceVersion=0"
watch from "$c?watch=true&resourceVersion=$rv"
watch some "$c?watch=true&labelSelector=app%3Da"
watch one "$c?watch=true&fieldSelector=metadata.name%3Db"
watch init "$c?watch=true&allowWatchBookmarks=true&$initial"
watch nomark "$c?watch=true&$initial"
watch now "$c?watch=true&sendInitialEvents=false&resourceVersion=0&resourceVersionMatch=NotOlderThan" -D "$dir/now.head"
watch other "/api/v1/namespaces/y/configmaps?watch=true"
is "$(events unset 2)" 'ADDED/a ADDED/b' 'no RV: what there is'
is "$(events zero 2)" 'ADDED/a ADDED/b' 'RV=0: what there is'
is "$(events some 1)" 'ADDED/a' 'with a label selector'
wait_for 60 lines "$dir/init" 3
# and the others have begun, before anything changes
wait_for 60 lines "$dir/one" 1
wait_for 60 lines "$dir/nomark" 2
wait_for 60 grep -q ' 200' "$dir/now.head"
is "$(tail -n 1 "$dir/init" | jq -c '[.type, .object.kind, .object.apiVersion,
	.object.metadata.annotations["k8s.io/initial-events-end"]]')" \
	'["BOOKMARK","ConfigMap","v1","true"]' 'sendInitialEvents ends with its bookmark'

type=application/merge-patch+json
write PATCH $c/a '{"metadata":{"labels":{"app":"z"}}}'
changed=$(wrote_rv)
write PATCH $c/a '{"data":{"k":"w"}}'
write PATCH $c/b '{"metadata":{"labels":{"app":"a"}}}'
type=application/json
write DELETE $c/b
write POST $c "$(configmap c a)"
all='MODIFIED/a MODIFIED/a MODIFIED/b DELETED/b ADDED/c'
is "$(events unset 7)" "ADDED/a ADDED/b $all" 'then every change, in order'
is "$(events from 5)" "$all" 'RV=N: what came after'
is "$(events now 5)" "$all" 'sendInitialEvents=false: from now on'
is "$(events init 8)" "ADDED/a ADDED/b $all" 'sendInitialEvents goes on'
is "$(events nomark 7)" "ADDED/a ADDED/b $all" 'and without bookmarks'
! grep -q BOOKMARK "$dir/nomark" && ! grep -q BOOKMARK "$dir/unset"
ok $? 'no bookmark unasked'
is "$(events some 5)" 'ADDED/a DELETED/a ADDED/b DELETED/b ADDED/c' \
	'a change of labels is ADDED and DELETED'
is "$(sed -n 2p "$dir/some" | jq -c '.object.metadata | [.labels.app, .resourceVersion]')" \
	"[\"a\",\"$changed\"]" 'DELETED is the object before, at the new RV'
is "$(events one 3)" 'ADDED/b MODIFIED/b DELETED/b' 'one name'
is "$(cat "$dir/other")" '' 'another namespace sees nothing'

for f in unset zero from some one init; do
	jq -r '.object.metadata.resourceVersion' "$dir/$f" | tail -n +4
done >"$dir/rvs"
is "$(grep -cv '^[1-9][0-9]*$' "$dir/rvs")" 0 'resourceVersions are decimal'
watch again "$c?watch=true&resourceVersion=$changed"
is "$(events again 4)" 'MODIFIED/a MODIFIED/b DELETED/b ADDED/c' 'from an RV amid'

watch old "$c?watch=true&resourceVersion=1" -D "$dir/old.head"
wait_for 60 lines "$dir/old" 1
is "$(jq -c '[.type, .object.kind, .object.code, .object.reason]' "$dir/old")" \
	'["ERROR","Status",410,"Expired"]' 'from before the base: ERROR 410'
wait_for 60 grep -q ' 200' "$dir/old.head"
ok $? 'in a 200'
get "$c?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=$rv"
is "$code $?" '200 0' 'timeoutSeconds ends it cleanly'
is "$(tail -n 1 "$dir/body" | jq -r .type)" BOOKMARK 'with a bookmark before'
get "$c?watch=true&timeoutSeconds=1&resourceVersion=99999999999999999"
is "$code $(cat "$dir/body")" '200 ' 'a future RV: silence'
get "$c?watch=true&timeoutSeconds=1" -N
grep -qi '^content-type: application/json' "$dir/head" &&
	grep -qi '^transfer-encoding: chunked' "$dir/head"
ok $? 'JSON, chunked'
watch idle "$c?watch=true&labelSelector=none" -D "$dir/idle.head"
wait_for 60 grep -q ' 200' "$dir/idle.head"
ok $? 'headers come before any event'

i=0
while [ $i -lt 300 ]; do
	printf 'url = "%s%s"\nrequest = PUT\ndata = "%s"\noutput = /dev/null\nnext\ncacert = %s\n' \
		"$master" "$c/c" "$(configmap c "v$i" | sed 's/"/\\"/g')" "$ca"
	i=$((i + 1))
done | sed '$d' | sed '$d' >"$dir/puts"
curl -sS --cacert "$ca" -K "$dir/puts"
is "$(events from 305 | tr ' ' '\n' | grep -c MODIFIED/c)" 300 '300 changes, none lost'
jq -r .object.metadata.resourceVersion "$dir/from" >"$dir/rvs"
sort -nu "$dir/rvs" | cmp -s - "$dir/rvs"
ok $? 'once and in order'
done_testing
