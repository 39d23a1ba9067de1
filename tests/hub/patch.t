#!/bin/sh
# patch.t: patches of the three types, to a standalone hub and by hand
# shellcheck source=tests/hub/edge.sh disable=SC2016
. "$(dirname "$0")/edge.sh"
start_master
at=$master c=/api/v1/namespaces/x/configmaps g=/apis/example.com/v1/namespaces/x/things

# patch PATH TYPE BODY: CODE in code
patch() {
	get "$1" -X PATCH -H "Content-Type: application/$2-patch+json" -d "$3"
}

# has FILTER: of the answer
has() {
	jq -c "$1" "$dir/body"
}

write POST $c '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","finalizers":["one","two"]},"data":{"k":"v"}}'
write POST $g '{"kind":"Thing","apiVersion":"example.com/v1","metadata":{"name":"t"},"spec":{"l":[1]}}'
patch $c/a strategic-merge '{"metadata":{"finalizers":["three"],"$deleteFromPrimitiveList/finalizers":["one"]},"data":{"k":null,"l":"w"}}'
is "$code $(has '[.metadata.finalizers, .data]')" '200 [["three","two"],{"l":"w"}]' 'a strategic one'
patch $c/a json '[{"op":"replace","path":"/data/l","value":"x"}]'
is "$code $(has .data)" '200 {"l":"x"}' 'a JSON patch'
patch $c/a json '[{"op":"remove","path":"/data/none"}]'
is "$code $(has '[.reason, .details]')" '422 ["Invalid",{}]' 'one that does not apply'
patch $c/a json '{'
is "$code $(has .message)" '400 "error decoding patch: unexpected end of JSON input"' 'one that is no JSON'
patch $c/a merge '{"metadata":{"resourceVersion":"1"}}'
is "$code $(has .reason)" '409 "Conflict"' 'one of another version'
patch $c/a merge '{"metadata":{"uid":"x","name":"y"},"data":null}'
is "$code $(has '[.metadata.name, .data]')" '200 ["a",null]' 'a merge patch changes no identity'
patch $g/t strategic-merge '{}'
is "$code $(has .reason)" '415 "UnsupportedMediaType"' 'no strategic one of a custom resource'
patch $g/t merge '{"spec":{"l":[2]}}'
is "$code $(has .spec)" '200 {"l":[2]}' 'but a merge patch'
get $c/a -X PATCH -H 'Content-Type: application/apply-patch+yaml' -d '{}'
is "$code $(has .reason)" '503 "ServiceUnavailable"' 'apply needs a master'

tool=$OTE_BIN/ote-patch
cd "$dir" || exit
echo '{"apiVersion":"v1","kind":"Node","status":{"conditions":[{"type":"A"}]}}' >a
echo '{"apiVersion":"v1","kind":"Node","status":{"conditions":[{"type":"B"}]}}' >b
is "$("$tool" -d a b)" \
	'{"status":{"conditions":[{"type":"B"},{"$patch":"delete","type":"A"}],"$setElementOrder/conditions":[{"type":"B"}]}}' \
	'a difference'
"$tool" -d a b >d
is "$("$tool" a d)" "$(cat b)" 'gives the other'
is "$("$tool" -p /apis/example.com/v1/things/t -d a b)" \
	'{"status":{"conditions":[{"type":"B"}]}}' 'of a custom resource'
is "$(echo '{"status":{"conditions":[{}]}}' | "$tool" a - 2>&1; echo $?)" \
	"ote-patch: 500 map: map[] does not contain declared merge key: type
1" 'what does not apply: exit 1'
"$tool" -t odd a d 2>/dev/null
is $? 100 'another type: exit 100'
"$tool" a 2>/dev/null
is $? 100 'one file: exit 100'
"$tool" a none 2>/dev/null
is $? 111 'no such file: exit 111'
done_testing
