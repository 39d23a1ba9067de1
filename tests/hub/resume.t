#!/bin/sh
# resume.t: no relist after any death of a tool; after a 410 only the
# difference; lists of pages only when whole.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
c=/api/v1/namespaces/x/configmaps
echo "$c" >"$dir/feeds"
expired='{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old","reason":"Expired","code":410}'

# 422 to sendInitialEvents: two pages, then a watch
echo '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}' |
	reply invalid 422
list 20 more "$(item a 3)" "$(item b 4)" | reply page1 200
list 20 '' "$(item c 5)" | reply page2 200
: | reply w20 200
rules <<-END
	*sendInitialEvents=true* invalid
	*continue=more* page2
	*limit=* page1
	*watch=true*resourceVersion=20* w20 hold
	*watch=true*resourceVersion=2[1-9]* w20 hold
END
kubeconfig "http://127.0.0.1:$mock_port"
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x
get "$c?resourceVersion=0" && is "$code $(names)" '200 a b c' 'refused sendInitialEvents: pages'
is "$(jq -r .metadata.resourceVersion "$dir/body")" 20 'at their resourceVersion'
wait_for 60 asked 'resourceVersion=20'
ok $? 'and a watch from there'
watch open "$c?watch=true&resourceVersion=20"
{ event MODIFIED a 21 && event ADDED d 22; } >>"$dir/mock/w20"
is "$(events open 2)" 'MODIFIED/a ADDED/d' 'events come'
: | reply w22 200
mv "$dir/mock/w22" "$dir/mock/w20" # ends the held one
wait_for 60 asked 'resourceVersion=22'
ok $? 'the watch ended: again from the last event'

resumes() { # WHAT: nothing is listed, a watch begins at 22
	wait_for 60 asked resourceVersion=22
	ok $? "$1: a watch from 22"
	is "$(asked limit= || :) $(asked sendInitialEvents || :)" '0 0' 'and no list'
}
kill_tool() { # NAME
	: >"$dir/mock/log"
	was=$(tool "$edge_pid" "$1")
	kill -9 "$was"
	wait_for 60 another "$1"
}
another() {
	now=$(tool "$edge_pid" "$1")
	[ -n "$now" ] && [ "$now" != "$was" ]
}
kill_tool ote-watch-sync
resumes 'ote-watch-sync killed'
{ event MODIFIED b 22 && event MODIFIED b 23; } >>"$dir/mock/w20"
is "$(events open 3)" 'MODIFIED/a ADDED/d MODIFIED/b' 'what is old is dropped, the watch goes on'
: | reply w23 200 && mv "$dir/mock/w23" "$dir/mock/w20"

: >"$dir/mock/log"
stop "$edge_pid" KILL
start_edge
wait_for 60 asked resourceVersion=23
is "$? $(asked limit= || :)" '0 0' 'the whole hub killed: a watch from 23, no list'
watch open "$c?watch=true&resourceVersion=22"
is "$(events open 1)" 'MODIFIED/b' 'clients resume too'
: >"$dir/mock/log"
kill_tool ote-edge-server
wait_for 60 gone "$watch_pid"
ok $? 'ote-edge-server killed: watches end'
served() { get "$c?resourceVersion=0" && [ "$code" = 200 ]; }
wait_for 60 served && is "$(names) $(asked limit= || :)" 'a b c d 0' 'and it serves again, no list'

# 410: the difference alone
watch open "$c?watch=true&resourceVersion=23" -D "$dir/open.head"
wait_for 60 grep -q ' 200' "$dir/open.head"
list 40 more "$(item a 21)" "$(item b 31)" | reply page1 200
printf '{"type":"ERROR","object":%s}\n' "$expired" | reply w23 200
rules <<-END
	*sendInitialEvents=true* invalid
	*continue=more* cut
	*limit=* page1
	*watch=true*resourceVersion=23* w23
	*watch=true*resourceVersion=4* w40 hold
END
: | reply w40 200
{
	printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n'
	list 40 '' "$(item d 22)" "$(item e 39)" | head -c 150
} >"$dir/mock/cut"
: >"$dir/mock/log"
rm "$dir/mock/w20" # the watch ends, the next one is told 410
wait_for 60 asked continue=more
ok $? '410: listed again'
asked_more() { [ "$(asked continue=more)" -ge 2 ]; }
wait_for 60 asked_more
get "$c?resourceVersion=0" && is "$(names)" 'a b c d' 'page 2 cut: the old state stays'
is "$(cat "$dir/open")" '' 'watches see nothing of it'
list 40 '' "$(item d 22)" "$(item e 39)" | reply cut 200
is "$(events open 3 | tr ' ' '\n' | sort | paste -sd' ')" 'ADDED/e DELETED/c MODIFIED/b' \
	'whole: the difference, and only that'
kill -0 "$watch_pid"
ok $? 'on the watch that was open'
get "$c?resourceVersion=0" && is "$(names)" 'a b d e' 'and in the list'
jq -r .object.metadata.resourceVersion "$dir/open" | sort -nuc 2>/dev/null
ok $? 'resourceVersions only go up'
wait_for 60 asked resourceVersion=40
ok $? 'then a watch from the list'
done_testing
