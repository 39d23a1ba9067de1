#!/bin/sh
# Pages, moments of the past, tables, metadata, gzip and pretty from the cache
. "$(dirname "$0")/edge.sh"
start_master
at=$master
c=/api/v1/namespaces/x/configmaps
meta='v=v1;g=meta.k8s.io'
table="Accept: application/json;as=Table;$meta"
partial="Accept: application/json;as=PartialObjectMetadataList;$meta"

for name in a b c d e f g; do
	write POST $c "$(configmap $name "$name")"
done
first=$(jq -r .metadata.resourceVersion "$dir/wrote")

# pages
token() { jq -r '.metadata.continue // "none"' "$dir/body"; }
get "$c?limit=3"
is "$code $(names) $(jq .metadata.remainingItemCount "$dir/body")" '200 a b c 4' 'a page, and how many are left'
t=$(token)
write POST $c "$(configmap bb bb)"
write PUT $c/e "$(configmap e new)"
write DELETE $c/f
get "$c?limit=3&continue=$t"
is "$code $(names)" '200 d e f' 'the next one is of the same moment'
is "$(jq -r .items[1].metadata.labels.app "$dir/body")" e 'before it was changed'
is "$(jq -r .metadata.resourceVersion "$dir/body")" "$first" 'and says so'
get "$c?limit=3&continue=$(token)"
is "$code $(names) $(token)" '200 g none' 'the last one has no token'
get "$c?limit=2&labelSelector=app!=a"
is "$(names) $(jq .metadata.remainingItemCount "$dir/body")" 'b bb null' 'with a selector nothing is counted'
get "$c?limit=7"
is "$(names | wc -w) $(token)" '7 none' 'as many as there are: no token'
get "$c?limit=3&resourceVersion=0"
is "$(names | wc -w) $(token)" '7 none' 'any version: whole'
get "$c?resourceVersion=$first&resourceVersionMatch=Exact"
is "$code $(names)" '200 a b c d e f g' 'exactly as it was'
get "$c?resourceVersion=$first&limit=2"
is "$code $(names)" '200 a b' 'so is a page of a version'
status "$c?continue=$(printf '{"v":"meta.k8s.io/v1","rv":1,"start":"c\\u0000"}' | base64 -w0 | tr -d =)" \
	410 Expired 'a page of long ago'
get "$c?limit=2&continue=$(jq -r .metadata.continue "$dir/body")"
is "$code $(names)" '200 d e' 'goes on with what there is by the token in it'
status "$c?continue=$(printf '{"v":"meta.k8s.io/v1","rv":1,"start":"../c"}' | base64 -w0 | tr -d =)" \
	400 BadRequest 'a page of elsewhere'

# shapes
get $c -H "$partial"
is "$code $(jq -r '[.kind, .apiVersion, .items[0].kind] | join(" ")' "$dir/body")" \
	'200 PartialObjectMetadataList meta.k8s.io/v1 PartialObjectMetadata' 'metadata of a list'
is "$(jq -c '[.items[] | keys | join(" ")] | unique' "$dir/body")" \
	'["apiVersion kind metadata"]' 'and nothing else'
get "$c?labelSelector=app=none" -H "$partial" && is "$(jq -c .items "$dir/body")" null 'of none'
get $c/a -H "Accept: application/json;as=PartialObjectMetadata;$meta"
is "$code $(jq -r '"\(.kind) \(.metadata.name) \(.data)"' "$dir/body")" \
	'200 PartialObjectMetadata a null' 'metadata of an object'
status $c 406 NotAcceptable 'of a list as an object' -H "Accept: application/json;as=PartialObjectMetadata;$meta"
get $c -H "$table"
is "$code $(jq -r '"\(.kind) \(.rows | length) \(.rows[0].object.kind)"' "$dir/body")" \
	'200 Table 7 PartialObjectMetadata' 'a table'
is "$(jq '[.rows[].cells | length] == [.rows[] | 0] | not' "$dir/body") $(jq -r '.rows[0].cells[0]' "$dir/body")" \
	'true a' 'with cells'
is "$(jq '(.columnDefinitions | length) == (.rows[0].cells | length)' "$dir/body")" true 'a cell for each column'
get "$c?includeObject=None" -H "$table" && is "$(jq -c '[.rows[].object] | unique' "$dir/body")" '[null]' 'without objects'
get "$c?includeObject=Object" -H "$table" && is "$(jq -r '.rows[0].object.data.k' "$dir/body")" v 'with whole objects'
status "$c?includeObject=All" 400 BadRequest 'with what there is not' -H "$table"
get "$c?labelSelector=app=none" -H "$table" && is "$(jq -c .rows "$dir/body")" '[]' 'a table of none'
get $c/a -H "$table" && is "$(jq -r '.rows[].cells[0]' "$dir/body")" a 'a table of one'
mkdir -p "$dir/master/tables/core/v1"
echo '[{"name":"Data","type":"string"},{"name":"Later","type":"string"},{"name":"Name","type":"string"}]' >"$dir/master/tables/core/v1/configmaps"
get $c/a -H "$table" && is "$(jq -c '[.columnDefinitions[].name] + .rows[0].cells' "$dir/body")" \
	'["Data","Later","Name",1,"","a"]' 'columns that the master gave'
watch tables "$c?watch=1&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&allowWatchBookmarks=true&labelSelector=app%3Da" -H "$table"
wait_for 60 lines "$dir/tables" 2
rm "$dir/master/tables/core/v1/configmaps"
get $c/a -H "$table" && is "$(jq -r '.columnDefinitions[2].name' "$dir/body")" Age 'and the built-in ones again'
write PUT $c/a "$(configmap a a2)"
wait_for 60 lines "$dir/tables" 3
is "$(jq -r '"\(.type) \(.object.kind) \(.object.columnDefinitions | length > 0)"' "$dir/tables" | paste -sd,)" \
	'ADDED Table true,BOOKMARK Table false,DELETED Table false' 'a watch of tables: the columns come once'
is "$(sed -n 2p "$dir/tables" | jq -r '.object.rows[0].object.metadata.annotations[]')" true 'its bookmark tells the end of the beginning'

# what people see
get $c/a && compact=$(cat "$dir/body")
get $c/a -A curl/7 && pretty=$(cat "$dir/body")
is "$(printf %s "$pretty" | jq -c .)" "$compact" 'pretty for curl: the same object'
is "$pretty" "$(printf %s "$compact" | jq --indent 2 .)" 'indented by two'
get "$c/a?pretty=0" -A curl/7 && is "$(cat "$dir/body")" "$compact" 'unless it says not'
get "$c/none?pretty=1" && is "$(wc -l <"$dir/body")" 12 'errors too'

# gzip
i=0
while [ $i -lt 40 ]; do
	printf 'url = "%s%s"\ncacert = %s\noutput = /dev/null\ndata = "{\\"kind\\":\\"ConfigMap\\",\\"apiVersion\\":\\"v1\\",\\"metadata\\":{\\"name\\":\\"z%s\\"},\\"data\\":{\\"k\\":\\"%s\\"}}"\nnext\n' \
		"$master" $c "$ca" $i "$(printf %05000d $i)"
	i=$((i + 1))
done | sed '$d' >"$dir/posts"
curl -sS -K "$dir/posts"
get "$c?resourceVersion=0" && cp "$dir/body" "$dir/plain"
get "$c?resourceVersion=0" -H 'Accept-Encoding: gzip'
is "$(grep -ci '^content-encoding: gzip' "$dir/head")" 1 'a large list is compressed for who takes that'
gzip -dc <"$dir/body" | cmp -s - "$dir/plain"
ok $? 'and is the same'
[ "$(wc -c <"$dir/body")" -lt 40000 ]
ok $? 'and small'
get "$c?resourceVersion=0" -H 'Accept-Encoding: gzip' --compressed -A curl/7 && is "$(jq '.items | length' "$dir/body")" 47 'pretty and compressed'
get $c/a -H 'Accept-Encoding: gzip' && is "$(grep -ci '^content-encoding' "$dir/head")" 0 'a small object is not'
watch zipped "$c?watch=1&resourceVersion=0" -H 'Accept-Encoding: gzip'
is "$(events zipped 47 | wc -w)" 47 'nor is a watch'

status $c 405 MethodNotAllowed 'OPTIONS' -X OPTIONS
done_testing
