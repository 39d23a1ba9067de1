#!/bin/sh
# ended.t: a 404 is believed when the master's discovery says so, and only then
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
c=/apis/g.io/v1/namespaces/x/things
echo "$c" >"$dir/feeds"
{ event ADDED a 3 && event ADDED b 4 && mark 20; } | reply init 200
: | reply open 200
groups() { # VERSION...: of g.io, as /apis has them
	printf '{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"g.io","versions":['
	printf '{"groupVersion":"g.io/%s","version":"%s"}' "$@" "$@"
	echo ']}]}'
}
resources() { # NAME: of g.io/v1
	echo "{\"kind\":\"APIResourceList\",\"groupVersion\":\"g.io/v1\",\"resources\":[{\"name\":\"$1\"}]}"
}
echo '404 page not found' | reply none 404 text/plain
groups v1 | reply groups 200
resources things | reply resources 200
rules <<-END
	*/things*sendInitialEvents* init hold
	*/things*watch=true* open hold
END
kubeconfig "http://127.0.0.1:$mock_port"
start_edge
synced() { get "$c?resourceVersion=0" && [ "$code $(names)" = '200 a b' ]; }
wait_for 60 synced
ok $? 'a feed is synced'
watch told "$c?watch=true&resourceVersion=20"
told=$watch_pid

# again END: the held watch ends, and what is asked next is answered by rules
again() {
	: >"$dir/mock/log"
	rules
	: | reply other 200
	mv "$dir/mock/other" "$dir/mock/$1"
}

# 1. whatever stands in front of the master knows nothing at all
again init <<-END
	* none
END
wait_for 60 asked '/apis'
ok $? 'a 404 makes the hub ask for the groups'
# as ote-discovery(8) does when resources came or went
changed() { : >"$dir/edge/run/new" && mv "$dir/edge/run/new" "$dir/edge/run/discovery"; }
# 2. the master knows the group, and of its version the resource
again open <<-END
	/apis groups
	/apis/g.io/v1 resources
	* none
END
wait_for 60 asked '/apis/g.io/v1'
ok $? 'a known group makes it ask for the resources'
twice() { [ "$(grep -c 'GET /apis$' "$dir/mock/log")" -ge 2 ]; }
wait_for 60 twice
ok $? 'a known resource is asked for again'
# 3. what is no list of groups says nothing
echo '{"kind":"Status","code":200}' | reply odd 200
again open <<-END
	/apis odd
	* none
END
wait_for 60 twice
ok $? 'no list of groups: asked for again'
is "$(jq -r .code "$dir/edge/cache/g.io/v1/things/x/feed")" 0 \
	'after all that nothing is refused'
is "$(wc -l <"$dir/told")" 0 'and the watch was told nothing'
stop "$mock_pid"
wait_for 60 master_is down
get "$c" && is "$code $(names)" '200 a b' 'cut off all is there'
start_mock
# 4. the version is gone from its group
groups v2 | reply groups 200
again open <<-END
	/apis groups
	* none
END
wait_for 60 gone "$told"
ok $? 'a version that is gone ends the watch'
is "$(jq -r '.type + "/" + .object.metadata.name' "$dir/told" | paste -sd' ' -)" \
	'DELETED/a DELETED/b' 'which told that all is deleted'
is "$(jq -r .object.metadata.resourceVersion "$dir/told" | paste -sd' ' -)" \
	'21 22' 'one after the other'
get "$c?resourceVersion=0"
is "$code $(cat "$dir/body")" '404 404 page not found' 'the master is asked again'
stop "$mock_pid"
wait_for 60 master_is down
get "$c?resourceVersion=0"
is "$code $(cat "$dir/body")" '404 404 page not found' 'and cut off its word stands'
stop "$edge_pid"
start_edge
get "$c?resourceVersion=0"
is "$code $(cat "$dir/body")" '404 404 page not found' 'so after a restart'
# 5. it is back
{ event ADDED n 31 && mark 40; } | reply init 200
groups v1 | reply groups 200
rules <<-END
	/apis groups
	*/things*sendInitialEvents* init hold
	*/things*watch=true* open hold
END
: | reply open 200
start_mock
back() { get "$c?resourceVersion=0" && [ "$code $(names)" = '200 n' ]; }
wait_for 60 master_is up
changed
wait_for 60 back
ok $? 'and when it is back it is listed'
done_testing
