#!/bin/sh
# outbox.t: ote-outbox against masters that answer all sorts of things
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
kubeconfig "http://127.0.0.1:$mock_port"
data=$dir/data
mkdir -p "$data/run"
maps=/api/v1/namespaces/x/configmaps
new=$data/outbox/new failed=$data/outbox/failed

queue() { # JSON...: each accepted
	printf '%s\n' "$@" | "$BUILD/tests/hub/queue" "$data" >"$dir/queue.out" 2>>"$dir/queue.err"
}

once() { # a pass; its exit code, the requests in $dir/mock/log
	: >"$dir/mock/log"
	"$OTE_BIN/ote-outbox" -1 -r 1000 -d "$data" -k "$dir/kubeconfig" 2>"$dir/once.err"
	echo $?
}

both() { # as once, where GET is held until two have asked for it
	: >"$dir/mock/log"
	"$OTE_BIN/ote-outbox" -1 -r 1000 -d "$data" -k "$dir/kubeconfig" 2>"$dir/once.err" &
	held=$!
	wait_for 60 answered get 2
	rm "$dir/mock/get"
	wait "$held"
	echo $?
}

asks() { # what the master was asked, on one line
	sed "s,$maps,M,; s,/api/v1/namespaces/x,X," "$dir/mock/log" | paste -sd,
}

sorted() { asks | tr ',' '\n' | sort | paste -sd,; }

answered() { # FILE [N]: the mock has begun to send it, so often
	[ "$(find /proc/[0-9]*/fd -lname "$dir/mock/$1" 2>/dev/null | wc -l)" -eq "${2:-1}" ]
}

count() { find "$1" -type f | wc -l; }
body() { sed '1,/^\r$/d' "$dir/mock/last"; }
reason() { jq -r .reason "$failed"/*.json 2>&1; }
fresh() { rm -rf "$data/outbox" && mkdir -p "$data/run"; }

object() { # NAME UID RV VALUE
	printf '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s","namespace":"x","uid":"%s","resourceVersion":"%s"},"data":{"k":"%s"},"status":{"s":"%s"}}' "$1" "$2" "$3" "$4" "$4"
}

answer() { # CODE REASON
	printf '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"%s","message":"because %s","code":%s}' "$2" "$2" "$1"
}

write() { # KIND VERB NAME [BODY [BEFORE]]
	printf '{"kind":"%s","verb":"%s","path":"%s/%s","subresource":"%s"%s%s}' "$1" "$2" "$maps" "$3" \
		"$([ "$1" != status ] || echo status)" "${4:+,\"body\":$4}" "${5:+,\"before\":$5}"
}

update() { write object update a "$(object a u 5 new)" "$(object a u 5 old)"; }
create() { write object create a "$(object a local 1 new)"; }
stat() { write status patch a "$(object a u 5 new)" "$(object a u 5 old)"; }
removal() { write delete delete a '' "$(object a u 5 old)"; }

# --- usage ---
"$OTE_BIN/ote-outbox" 2>/dev/null
is $? 100 'no kubeconfig'
"$OTE_BIN/ote-outbox" -k "$dir/kubeconfig" -r 0 2>/dev/null
is $? 100 'no rate'
"$OTE_BIN/ote-outbox" -n -d "$dir/nowhere" 2>/dev/null
is $? 100 'no outbox'

# --- an update ---
queue "$(update)"
is "$(find "$new" -name '*-object.json' -perm 600 | wc -l)" 1 'an entry is a file, for us alone'
is "$(jq -r '[.version,.kind,.verb,.path,.apiVersion,.resource,.namespace,.name,.uid,.attempts,.body.data.k,.before.data.k] | join(" ")' "$new"/*)" \
	"1 object update $maps/a v1 configmaps x a u 0 new old" 'which tells all'
is "$("$OTE_BIN/ote-outbox" -n -d "$data" | cut -d' ' -f2-)" "object $maps/a: patch if unchanged there" '-n'
object a u 7 old | reply get 200
echo "$maps/a get" | rules
is "$(once)" 0 'replayed'
is "$(asks)" 'GET M/a,PATCH M/a' 'the master is asked first'
is "$(body)" '{"data":{"k":"new"},"status":{"s":"new"},"metadata":{"uid":"u","resourceVersion":"7"}}' \
	'what differs is patched, if it is still so'
is "$(count "$new") $(count "$failed")" '0 0' 'gone'
is "$(cat "$data/run/outbox")" 'waiting 0
failed 0
dropped 0
oldest 0' 'the status file'

# --- done already ---
queue "$(update)"
object a u 8 new | reply get 200
is "$(once) $(asks)" '0 GET M/a' 'what was done already is not done again'

# --- conflicts ---
queue "$(update)"
object a u 9 theirs | reply get 200
object e x 1 x | reply event 201
printf '%s\n' "$maps/a get" "/api/v1/namespaces/x/events event" | rules
is "$(once) $(asks)" "0 GET M/a,POST X/events" 'changed meanwhile: an Event tells it'
is "$(reason)" 'Conflict: it was changed on the master meanwhile' 'and the reason is in failed'
is "$(body | jq -r '[.kind,.reason,.type,.involvedObject.name,.involvedObject.kind,.source.component] | join(" ")')" \
	'Event OutboxConflict Warning a ConfigMap ote-outbox' 'the Event'
grep -q "^ote-outbox: update $maps/a: failed: Conflict" "$dir/once.err"
ok $? 'a line tells it'
fresh
queue "$(update)"
object a other 9 old | reply get 200
is "$(once) $(reason)" '0 Gone: it was deleted and created again on the master' 'another one'
fresh
queue "$(update)" "$(stat)"
answer 404 NotFound | reply get 404
is "$(once) $(reason)" '0 Gone: it was deleted on the master meanwhile' 'deleted'
is "$(count "$new")" 0 'its status is void'
grep -q 'void' "$dir/once.err"
ok $? 'as a line tells'

# --- statuses ---
fresh
queue "$(stat)"
object a u 9 theirs | reply get 200
printf '%s\n' "$maps/a* get" | rules
is "$(once) $(asks)" '0 GET M/a,PATCH M/a/status' 'a status is ours'
is "$(body)" '{"status":{"s":"new"},"metadata":{"uid":"u","resourceVersion":"9"}}' 'as a fresh difference'
queue "$(stat)"
object a other 9 x | reply get 200
is "$(once) $(asks) $(count "$failed")" '0 GET M/a 0' 'the status of another one is void'

# --- creations ---
fresh
queue "$(create)"
object a u 9 new | reply post 201
printf '%s\n' "$maps post" | rules
is "$(once) $(asks)" '0 POST M' 'created'
is "$(body | jq -c .metadata)" '{"name":"a","namespace":"x"}' 'without what is of here'
queue "$(create)" "$(stat)"
is "$(jq -r '[.verb,.uid,.created] | @csv' "$new"/*-status.json)" '"patch","",true' 'a status of what is only here'
answer 409 AlreadyExists | reply post 409
object a m 9 new | reply get 200
printf '%s\n' "$maps post" "$maps/a* get" | rules
is "$(once) $(asks)" '0 POST M,GET M/a,GET M/a' 'created before'
is "$(count "$new")" 0 'done'
queue "$(create)"
object a m 9 new | jq -c '.metadata.deletionTimestamp = "2026-11-24T00:00:00Z"' | reply get 200
is "$(once) $(asks)" '1 POST M,GET M/a' 'one that is being deleted: later'
is "$(jq -r .attempts "$new"/*)" 1 'so many times'
object a u 9 new | reply post 201
is "$(once) $(asks)" '0 POST M' 'when it has gone'
answer 409 AlreadyExists | reply post 409
queue "$(create)" "$(stat)"
object a m 9 theirs | reply get 200
printf '%s\n' "$maps post" "$maps/a* get" "/api/v1/namespaces/x/events event" | rules
is "$(once) $(count "$failed")" '0 2' 'another one of that name: both fail'
is "$(reason | sort)" 'AlreadyExists: the master has another one of that name
its creation failed' 'the reasons'

# --- deletions ---
fresh
queue "$(removal)"
object a u 9 x | reply get 200
printf '%s\n' "$maps/a get" | rules
is "$(once) $(asks) $(body | jq -c .preconditions)" '0 DELETE M/a {"uid":"u"}' 'with the uid'
queue "$(removal)"
answer 404 NotFound | reply get 404
is "$(once) $(count "$new") $(count "$failed")" '0 0 0' 'gone already'

# --- refused, and no answer ---
queue "$(update)"
answer 403 Forbidden | reply get 403
printf '%s\n' "$maps* get" "/api/v1/namespaces/x/events event" | rules
is "$(once) $(reason)" '0 because Forbidden' 'what is refused is in failed with the message'
fresh
queue "$(update)" "$(write object create b "$(object b l 1 x)")"
printf '%s\n' "$maps* get hold" "/api/v1/namespaces/x/events event" | rules
for code in 429 503 401; do
	answer $code X | reply get $code
	is "$(both) $(count "$new")" '1 2' "$code: later"
	ok "$([ "$(grep -c . "$dir/mock/log")" -le 2 ]; echo $?)" 'and nothing more is asked'
done
echo '<html>404 page not found</html>' | reply get 404 text/html
is "$(both) $(count "$new") $(count "$failed")" '1 2 0' 'a 404 that is no Status says nothing'
answer 500 InternalError | reply get 500
is "$(both) $(count "$new") $(count "$failed")" '1 2 0' '500: later'
is "$(jq -r .attempts "$new"/* | paste -sd' ')" '2 2' 'attempts are counted'
is "$(find "$new" -perm 400 | wc -l)" 2 'what may be on the master is marked'
echo "127.0.0.1:1 down 1 refused" >"$data/run/masters"
is "$(once) $(asks)" '1 ' 'no master is up: nothing is asked'
rm "$data/run/masters"

# --- foreign and torn files ---
fresh
queue "$(update)" "$(write object create b "$(object b l 1 x)")"
for f in "$new"/*; do torn=$f; done
head -c 100 "$torn" >"$dir/torn" && cp "$dir/torn" "$torn"
echo hello >"$new/hello"
object a u 5 new | reply get 200
printf '%s\n' "$maps/a get" | rules
is "$(once) $(asks)" '0 GET M/a' 'what is whole is replayed'
is "$(count "$failed") $(cat "$failed/hello.reason")" '4 no entry of the outbox' 'the others are in failed'
grep -q '^no whole JSON' "$failed/${torn##*/}.reason"
ok $? 'with the reason'

# --- what a crash left beside its replacement ---
fresh
queue "$(stat)"
old=$(echo "$new"/*)
jq '.body.status.s = "newer"' "$old" >"${old%-000001-*}-000002-${old#*-000001-}"
object a u 5 old | reply get 200
printf '%s\n' "$maps/a* get" | rules
is "$(once) $(asks) $(body | jq -r .status.s)" '0 GET M/a,PATCH M/a/status newer' 'the replacement is replayed'
is "$(count "$new")" 0 'and what it replaced has gone'

# --- what belongs to an object that was made here ---
ours=00000000-aaaa-4000-8000-000000000001 theirs=00000000-bbbb-4000-8000-000000000002
owner() {
	printf '{"kind":"object","verb":"create","path":"/api/v1/namespaces/x/secrets/o","body":{"kind":"Secret","metadata":{"name":"o","uid":"%s"}}}' $ours
}
owned() {
	write object create a "$(object a l 1 new | jq -c --arg u $ours '.metadata.ownerReferences = [{uid: $u}]')"
}
queue "$(owner)" "$(owned)" "$(write object create z "$(object z l 1 new)")"
printf '{"kind":"Secret","metadata":{"name":"o","uid":"%s"}}' $theirs | reply owner 201
object a m 9 new | reply post 201
printf '%s\n' '/api/v1/namespaces/x/secrets owner hold' "$maps post" | rules
: >"$dir/mock/log"
"$OTE_BIN/ote-outbox" -1 -r 1000 -d "$data" -k "$dir/kubeconfig" 2>"$dir/held.err" &
held=$!
wait_for 60 asked "POST $maps"
wait_for 60 answered owner
is "$(sorted)" 'POST M,POST X/secrets' 'its owner is under way: others are sent'
rm "$dir/mock/owner"
wait "$held"
is "$? $(sorted)" '0 POST M,POST M,POST X/secrets' 'it is created after its owner'
is "$(body | jq -r '.metadata.ownerReferences[0].uid')" $theirs 'and names it as the master does'
is "$(cat "$data/outbox/uids")" "$ours $theirs" 'which is noted'
fresh
queue "$(owner)" "$(owned)"
object e x 1 x | reply event 201
answer 403 Forbidden | reply owner 403
printf '%s\n' '/api/v1/namespaces/x/secrets owner' "$maps post" "/api/v1/namespaces/x/events event" | rules
is "$(once) $(reason | sort | paste -sd,)" '0 because Forbidden,the creation of its owner failed' \
	'if that fails, so does it'

# --- what waits for what ---
fresh
event() {
	printf '{"kind":"event","verb":"create","path":"/api/v1/namespaces/x/events/%s","body":{"kind":"Event","metadata":{"name":"%s"}}}' "$1" "$1"
}
queue "$(event e1)" "$(event e2)" "$(stat)" "$(removal)" \
	"$(write status patch b "$(object b u 5 new)" "$(object b u 5 old)")"
object e x 1 x | reply event 201
object a u 5 old | reply get 200
printf '%s\n' '/api/v1/namespaces/x/events event hold' "$maps/* get" | rules
: >"$dir/mock/log"
"$OTE_BIN/ote-outbox" -1 -r 1000 -d "$data" -k "$dir/kubeconfig" 2>"$dir/held.err" &
held=$!
under_way() { asked "PATCH $maps/b/status" && asked "DELETE $maps/a" && asked 'POST /api/v1/namespaces/x/events'; }
wait_for 60 under_way
wait_for 60 answered event
is "$(sorted)" 'DELETE M/a,GET M/b,PATCH M/b/status,POST X/events' 'an event is under way: others are sent, no event'
object e x 1 x | reply event2 201
printf '%s\n' '/api/v1/namespaces/x/events event2' "$maps/* get" | rules
rm "$dir/mock/event"
wait "$held"
is "$? $(sorted)" '0 DELETE M/a,GET M/b,PATCH M/b/status,POST X/events,POST X/events' 'the next one when it is done'

# four are under way at once, so of nine the last begins when five are done
fresh
printf '%s\n' '/api/v1/namespaces/x/events event2' "$maps/* get" | rules
queue "$(event e1)"
for i in 1 2 3 4 5 6 7 8; do queue "$(write delete delete "r$i" '' "$(object "r$i" u 5 old)")"; done
is "$(once) $(asks | cut -d, -f1-5 | grep -c POST)" '0 0' 'events are sent last'
is "$(asked DELETE) $(asked POST)" '8 1' 'all have been sent'

# --- the daemon ---
fresh
echo "127.0.0.1:1 down 1 refused" >"$data/run/masters"
queue "$(update)"
"$OTE_BIN/ote-outbox" -j 0 -d "$data" -k "$dir/kubeconfig" 2>"$dir/daemon.err" &
daemon=$!
pids="$pids $daemon"
waiting() { grep -qx "waiting $1" "$data/run/outbox"; }
wait_for 60 waiting 1
ok $? 'the daemon waits for a master'
"$OTE_BIN/ote-outbox" -1 -d "$data" -k "$dir/kubeconfig" 2>/dev/null
is $? 111 'another one is not let in'
echo "127.0.0.1:1 up 1 ok" >"$data/run/masters.new"
mv "$data/run/masters.new" "$data/run/masters"
wait_for 60 waiting 0
ok $? 'and replays when it is up'
: >"$dir/mock/log"
queue "$(removal)"
wait_for 60 asked "DELETE $maps/a"
ok $? 'what comes later too'

object e x 1 x | reply event 201
printf '%s\n' '/api/v1/namespaces/x/events event hold' "$maps/* get" | rules
: >"$dir/mock/log"
queue "$(event e1)" "$(event e2)"
wait_for 60 asked 'POST /api/v1/namespaces/x/events'
wait_for 60 answered event
queue "$(stat)"
wait_for 60 waiting 3
object e x 1 x | reply event2 201
printf '%s\n' '/api/v1/namespaces/x/events event2' "$maps/* get" | rules
rm "$dir/mock/event"
wait_for 60 waiting 0
# the next event begins while the status is under way, or after it
is "$(asks | sed 's|,PATCH M/a/status||')" 'POST X/events,GET M/a,POST X/events' 'a status goes before the events that are left'
is "$(asked "PATCH $maps/a/status")" 1 'and is brought there'
stop "$daemon"
is $? 0 'it ends'

# --- only when it is needed ---
fresh
mkdir -p "$new"
echo "127.0.0.1:1 up 1 ok" >"$data/run/masters"
: >"$dir/mock/log"
"$OTE_BIN/ote-when" "$new" "$OTE_BIN/ote-outbox" -e -j 3600 -d "$data" \
	-k "$dir/kubeconfig" 2>"$dir/when.err" &
when=$!
pids="$pids $when"
queue "$(removal)"
wait_for 60 asked "DELETE $maps/a"
ok $? 'what has just been queued starts it, and does not wait as after an outage'
runs() { [ -n "$(cat "/proc/$when/task/$when/children")" ]; }
runs_not() { ! runs; }
wait_for 60 runs_not
ok $? 'it ends when nothing waits'
is "$(cat "$data/run/outbox")" 'waiting 0
failed 0
dropped 0
oldest 0' 'and has said so'
queue "$(removal)"
wait_for 60 runs
ok $? 'it is started again'
stop "$when"
is $? 0 'both end'
fresh
queue "$(removal)"
touch -d '-1 hour' "$new"/*
old=$(ls "$new")
mv "$new/$old" "$new/0000${old#????}"
: >"$dir/mock/log"
echo "127.0.0.1:1 up 1 ok" >"$data/run/masters"
"$OTE_BIN/ote-outbox" -e -j 3600 -d "$data" -k "$dir/kubeconfig" 2>"$dir/old.err" &
daemon=$!
pids="$pids $daemon"
wait_for 60 waiting 1
! wait_for 1 asked "DELETE $maps/a"
ok $? 'what is older waits its time'
stop "$daemon"
done_testing
