#!/bin/sh
# project.t: a feed keeps the fields that are named; nobody is served from it;
# other fields make it anew
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
ns=/api/v1/namespaces/x tree=$dir/edge/cache/core/v1/configmaps/x

# map NAME RV: as the master has it
map() {
	printf '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s","namespace":"x","uid":"u-%s","resourceVersion":"%s","labels":{"app":"a"},"annotations":{"e.b/m":"1h","other":"%s"},"managedFields":[{}]},"data":{"k":"v"},"immutable":false}' \
		"$1" "$1" "$2" "$2"
}
change() { # TYPE NAME RV
	printf '{"type":"%s","object":%s}\n' "$1" "$(map "$2" "$3")"
}
{ change ADDED a 3 && change ADDED b 4 && mark 20; } >"$dir/maps"
reply maps 200 <"$dir/maps"
: | reply idle 200
printf '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"20"},"items":[%s]}\n' \
	"$(map a 3)" | reply list 200
map a 3 | reply a 200
{
	echo '*configmaps*sendInitialEvents* maps hold'
	echo '*configmaps*watch=true* idle hold'
	echo '*configmaps/a* a'
	echo '*configmaps* list'
} | rules
kubeconfig "http://127.0.0.1:$mock_port"
# shellcheck disable=SC1003
one='fields=metadata.annotations.e\.b/m,data'
echo "$ns/configmaps $one" >"$dir/feeds"

kept() { # JQ_FILTER: of the state
	"$OTE_BIN/ote-get" -d "$dir/edge" -n x configmaps 2>"$dir/get.err" |
		jq -c "$1" | paste -sd' '
}
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x
is "$(kept '[keys_unsorted[], (.metadata | keys_unsorted[])]' | tr ' ' '\n' | uniq)" \
	'["kind","apiVersion","metadata","data","name","namespace","uid","resourceVersion","annotations"]' \
	'what is named is kept, and what is always'
is "$(kept .metadata.annotations)" '{"e.b/m":"1h"} {"e.b/m":"1h"}' \
	'of annotations the one'
grep -q 'has only apiVersion,data,kind,metadata.annotations' "$dir/get.err"
ok $? 'ote-get tells it'
"$OTE_BIN/ote-get" -d "$dir/edge" -n x -l app=a configmaps >"$dir/out" 2>&1
is "$? $(grep -c 'not what is selected by' "$dir/out")" '111 1' \
	'and does not select by what is not there'
is "$(jq -r .fields "$tree/feed")" \
	'apiVersion,data,kind,metadata.annotations.e\.b/m,metadata.name,metadata.namespace,metadata.resourceVersion,metadata.uid' \
	'the file feed remembers them'
is "$(head -n 1 "$tree/journal" | jq -r .object.fields)" "$(jq -r .fields "$tree/feed")" \
	"so does the journal"
{ change ADDED c 31 && change MODIFIED a 32 && change DELETED b 33; } \
	>>"$dir/mock/maps"
three() {
	[ "$(kept .metadata.resourceVersion)" = '"32" "31"' ]
}
wait_for 60 three
ok $? 'events are taken in'
is "$(grep -c 'other\|managedFields\|immutable' "$tree/journal")" 0 \
	'and nothing of the rest'
[ ! -e "$tree/objects" ]
ok $? 'there are no files of parts'
"$OTE_BIN/ote-fsck" -d "$dir/edge" "$tree" >"$dir/out"
is "$? $(cat "$dir/out")" '0 ' 'ote-fsck finds nothing'
is "$("$OTE_BIN/ote-status" -d "$dir/edge" -j | jq -r '[.feeds[] |
	select(.fields != "")] | length')" 1 'ote-status -j has them'

# cut off: nobody may take a part for the object
stop "$mock_pid"
wait_for 60 master_is down
status "$ns/configmaps?resourceVersion=0" 503 ServiceUnavailable \
	'a list from the cache: 503'
status "$ns/configmaps/a?resourceVersion=0" 503 ServiceUnavailable 'a get: 503'
status "$ns/configmaps?watch=1&resourceVersion=20" 503 ServiceUnavailable \
	'a watch: 503'
stop "$edge_pid"

# ote-fsck makes the file feed anew out of the journal
: >"$tree/feed"
"$OTE_BIN/ote-fsck" -r -d "$dir/edge" "$tree" >"$dir/out"
is "$(jq -r .fields "$tree/feed")" \
	'apiVersion,data,kind,metadata.annotations.e\.b/m,metadata.name,metadata.namespace,metadata.resourceVersion,metadata.uid' \
	'ote-fsck learns it from the journal'
is "$(kept .metadata.resourceVersion)" '"32" "31"' 'and leaves the objects'

# other fields: listed anew
{ change ADDED a 32 && change ADDED c 31 && mark 40; } >"$dir/maps"
reply maps 200 <"$dir/maps"
: | reply idle 200
: >"$dir/mock/log"
echo "$ns/configmaps fields=immutable" >"$dir/feeds"
start_mock
start_edge
other() {
	[ "$(kept '[.data, .immutable]')" = '[null,false] [null,false]' ]
}
wait_for 60 other
ok $? 'other fields: it is listed anew'
is "$(asked sendInitialEvents)" 1 'once'
stop "$edge_pid"
start_edge
wait_for 60 master_is up
is "$(asked sendInitialEvents)" 1 'not again with the same ones'

# a client wants it whole: a wish
get "$ns/configmaps?resourceVersion=0"
is "$code $(jq -r '.items[0].metadata.managedFields | length' "$dir/body")" \
	'200 1' 'a list is answered whole, by the master'
whole() {
	[ "$(kept '.metadata.labels.app')" = '"a" "a"' ] &&
		[ -e "$tree/objects/x/c" ]
}
wait_for 60 whole
ok $? 'and the feed is made whole, with its files'
stop "$mock_pid"
wait_for 60 master_is down
get "$ns/configmaps?resourceVersion=0"
is "$code $(jq -r '[.items[].data.k] | join(" ")' "$dir/body")" '200 v v' \
	'then it is served, cut off'
stop "$edge_pid"

# and in part again
{ change ADDED a 32 && mark 50; } >"$dir/maps"
reply maps 200 <"$dir/maps"
start_mock
start_edge
part() {
	[ "$(kept '[.data, .immutable]')" = '[null,false]' ] &&
		[ -z "$(find "$tree/objects" -type f)" ]
}
wait_for 60 part
ok $? 'after the next start it is a part again, without files'

# bad lines
for f in 'fields=' 'fields=a,,b' 'fields=a..b' 'field=a'; do
	echo "$ns/configmaps $f" >"$dir/bad"
	"$OTE_BIN/ote-watch-sync" -n -k "$dir/kubeconfig" -c "$dir/bad" \
		>"$dir/out" 2>&1
	is "$? $(grep -c 'bad:1: not' "$dir/out")" '100 1' "refused: $f"
done
# so does a wish
jq -nc --arg p "$ns/configmaps" '{path: $p, fields: "a..b"}' \
	>"$dir/edge/wishes/bad"
refused() {
	[ ! -e "$dir/edge/wishes/bad" ] && grep -q 'bad: no wish' "$dir/edge.err"
}
wait_for 60 refused
ok $? 'a wish for no fields is none'
done_testing
