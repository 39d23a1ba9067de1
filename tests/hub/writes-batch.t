#!/bin/sh
# writes-batch.t: many writes at once while cut off, and who applies them dies
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
kubeconfig "$master" "certificate-authority: $ca"
printf '%s\n' /api/v1/namespaces/x/configmaps \
	'/api/v1/configmaps labelSelector=app=a' >"$dir/feeds"
echo 'configmaps create,update,patch,delete queue' >"$dir/writes.conf"
maps=/api/v1/namespaces/x/configmaps

curls=
at_once() { # METHOD TYPE: each `FILE PATH BODY' of $dir/list, in the background
	while read -r file path body; do
		curl -sSg -m 300 --cacert "$ca" -X "$1" -H "Content-Type: $2" \
			-A test --data-binary "$body" -o "$dir/$file.body" \
			-w '%{http_code}\n' "$edge$path" >"$dir/$file.code" 2>&1 &
		curls="$curls $!"
	done <"$dir/list"
}

collect() { # when all are answered: their codes, counted, in $codes
	# shellcheck disable=SC2086
	wait $curls
	curls=
	codes=$(cat "$dir"/*.code | sort | uniq -c |
		awk '{ print $2 "x" $1 }' | paste -sd' ')
	rm -f "$dir"/*.code
}

waiting() { # N: entries
	[ "$(find "$dir/edge/outbox/new" -type f | wc -l)" -eq "$1" ]
}

dead() { # N: entries that say so
	[ "$(grep -l '"dead"' "$dir/edge/outbox/new"/* | wc -l)" -eq "$1" ]
}

sync_pid() {
	tool "$edge_pid" ote-watch-sync
}

start_master
for i in 1 2 3 4 5 6 7 8; do write POST $maps "$(configmap "m$i")"; done
edge_args="--writes $dir/writes.conf"
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x core/v1/configmaps/labelSelector=app=a
watch maps.out "$maps?watch=1"
watch some.out "/api/v1/configmaps?labelSelector=app%3Da&watch=1"
wait_for 60 lines "$dir/maps.out" 8
wait_for 60 lines "$dir/some.out" 8
lose

# --- many at once ---
kill -STOP "$(sync_pid)"
for i in 1 2 3 4 5 6 7 8; do
	echo "p$i $maps/m$i {\"data\":{\"k\":\"once\"}}"
done >"$dir/list"
at_once PATCH $merge
wait_for 60 waiting 8
ok $? 'they wait for who applies them, and are in the outbox'
echo "again $maps/m1 {\"data\":{\"j\":\"twice\"}}" >"$dir/list"
at_once PATCH $merge
is "$(cat "$dir"/*.code | wc -l)" 0 'none is answered before'
get "$maps/m2?resourceVersion=0"
is "$code $(field .data.k)" '200 v' 'reads go on'
kill -CONT "$(sync_pid)"
collect
is "$codes" 200x9 'all are answered'
is "$(stored $maps/m1 '[.data.k,.data.j] | join(" ")')" 'once twice' 'the second one saw the first one'
is "$(jq -r .metadata.resourceVersion "$dir"/p*.body "$dir/again.body" | sort -u | wc -l)" 9 'each has a resourceVersion of its own'
wait_for 60 lines "$dir/some.out" 17
wait_for 60 lines "$dir/maps.out" 17
for f in maps some; do
	tail -n +9 "$dir/$f.out" | jq -r .object.metadata.resourceVersion | sort -n -c
	is "$? $(wc -l <"$dir/$f.out")" '0 17' "who watches sees them once, in order ($f)"
done

# --- one name ---
for i in 1 2 3 4 5 6; do
	echo "c$i $maps $(configmap new)"
done >"$dir/list"
at_once POST application/json
collect
is "$codes" '201x1 409x5' 'one of those that create the same'
wait_for 60 grep -q '"name":"new"' "$dir/maps.out"
is "$(grep -c '"name":"new"' "$dir/maps.out")" 1 'is seen once'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	echo "q$i $maps/m3 {\"data\":{\"k$i\":\"$i\"}}"
done >"$dir/list"
at_once PATCH $merge
collect
is "$codes" 200x12 'many to one object'
is "$(stored $maps/m3 '.data | length')" 13 'and none is lost'

# --- who applies them dies ---
old=$(sync_pid)
kill -STOP "$old"
for i in 4 5 6; do
	echo "d$i $maps/m$i {\"data\":{\"k\":\"dead\"}}"
done >"$dir/list"
at_once PATCH $merge
wait_for 60 dead 3
kill -KILL "$old"
collect
is "$codes" 200x3 'it is started again, and has them'
is "$(stored $maps/m4 .data.k) $(stored $maps/m5 .data.k) $(stored $maps/m6 .data.k)" 'dead dead dead' 'all of them'
done_testing
