#!/bin/sh
# writes-full.t: no room for writes while cut off, and what is refused anyway
set -u
# a disk of its own, which goes with the namespace
[ -n "${OWN_DISK-}" ] || {
	flags=-m
	[ "$(id -u)" -eq 0 ] || flags=-rm
	OWN_DISK=1 exec unshare $flags "$0" "$@"
}
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
kubeconfig "$master" "certificate-authority: $ca"
printf '%s\n' /api/v1/namespaces/x/configmaps \
	/apis/coordination.k8s.io/v1/leases >"$dir/feeds"
printf '%s\n' 'configmaps create,update,patch,delete queue' \
	'events create queue' 'leases.coordination.k8s.io update,patch local' \
	>"$dir/writes.conf"
maps=/api/v1/namespaces/x/configmaps events=/api/v1/namespaces/x/events
lease=/apis/coordination.k8s.io/v1/namespaces/x/leases/node1
mkdir "$dir/edge"
mount -t tmpfs -o size=8m,mode=700 none "$dir/edge" || exit 1
trap 'umount -l "$dir/edge"; finish' EXIT

event_of() { # NAME
	printf '{"kind":"Event","apiVersion":"v1","metadata":{"name":"%s","namespace":"x"}}' "$1"
}

sized() { # BYTES: a patch that makes the data so large
	printf '{"data":{"k":"%s"}}' "$(head -c "$1" /dev/zero | tr '\0' x)"
}

full() { # NAME: what was sent last had no room, and nothing is left of it
	is "$code $(field '[.kind,.reason,.code,(.message | test("the outbox or the disk is full"))] | join(" ")')" \
		'503 Status ServiceUnavailable 503 true' "$1"
	is "$(entries) $(find "$dir/edge/outbox/tmp" -type f | wc -l) $(lines_of)" "$before" 'nothing is left of it'
}

lines_of() { # all journals
	cat "$dir"/edge/cache/*/*/*/*/journal | wc -l
}

now() { # what there is before a write
	before="$(entries) 0 $(lines_of)"
}

# --- limits ---
limits() { # LIST: what is said of it
	"$OTE_BIN/ote-edge-server" -n -k "$dir/kubeconfig" -o "$1" 2>&1
	echo $?
}
is "$(limits entries=3,events=2,bytes=50000,event_bytes=4096)" 0 'limits'
for text in entries=0 entries= entries entries=2x bytes=100 more=1; do
	is "$(limits "$text" | tail -n 1)" 100 "$text"
done
is "$("$repo/sh/ote_edgehub" k8s -d "$dir/edge" --kube-config "$dir/kubeconfig" --server-cert-file "$ca" \
	--server-ca-file "$ca" --server-key-file "$dir/key.pem" --outbox-limits entries=x 2>&1 | cut -c-48)" \
	'ote_edgehub: --outbox-limits entries=x: not entr' 'ote_edgehub checks them'

start_master
for name in one two three; do write POST $maps "$(configmap $name)"; done
write POST "${lease%/*}" '{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"node1"},"spec":{"holderIdentity":"a"}}'
edge_args="--writes $dir/writes.conf --outbox-limits entries=2,events=2,bytes=50000"
start_edge
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x coordination.k8s.io/v1/leases/all
watch maps.out "$maps?watch=1"
wait_for 60 lines "$dir/maps.out" 3
lose

# --- the outbox is full ---
for name in one two; do send PATCH $maps/$name '{"data":{"k":"1"}}' $merge; done
is "$code $(entries)" '200 object patch one,object patch two' 'as many as may wait'
now
send PATCH $maps/three '{"data":{"k":"1"}}' $merge
full 'one more'
is "$(stored $maps/three .data.k)" v 'it is as it was'
send PATCH $maps/one '{"data":{"k":"2"}}' $merge
is "$code $(entries)" '200 object patch one,object patch two' 'what is merged needs no room'
now
send PATCH $maps/one "$(sized 60000)" $merge
full 'too many bytes'
send PATCH $lease '{"spec":{"holderIdentity":"b"}}' $merge
is "$code" 200 'a Lease does not wait'
for name in e1 e2 e3; do send POST $events "$(event_of $name)"; done
is "$code $(entries) $(cat "$dir/edge/outbox/dropped")" \
	'201 object patch one,object patch two,event create e2,event create e3 1' 'the oldest Event goes'
send DELETE $maps/one ''
is "$code $(entries)" '200 object patch two,event create e2,event create e3,delete delete one' 'a deletion takes the room of a change'
have
wait_for 60 follows
ok $? 'the master takes them'
lose

# --- the disk is full ---
now
head -c 9000000 /dev/zero >"$dir/edge/filler" 2>/dev/null
send PATCH $maps/three '{"data":{"k":"2"}}' $merge
full 'no room on the disk'
send PATCH $lease '{"spec":{"holderIdentity":"c"}}' $merge
full 'nor for a Lease'
is "$(stored $maps/three .data.k)" v 'reads are answered'
rm "$dir/edge/filler"
send PATCH $maps/three '{"data":{"k":"2"}}' $merge
is "$code $(entries)" '200 object patch three' 'there is room again'
is "$(stored $maps/three .data.k)" 2 'it is applied'
twice() { [ "$(grep -c '"name":"three"' "$dir/maps.out")" -ge 2 ]; }
wait_for 60 twice
is "$(jq -r 'select(.object.metadata.name == "three") | .object.data.k' "$dir/maps.out" | paste -sd' ')" 'v 2' \
	'who watches saw only that'

# --- what is refused in any case ---
now
patch() { # CODE REASON NAME BODY TYPE
	send PATCH $maps/three "$4" "$5"
	is "$code $(field .reason)" "$1 $2" "$3"
}
patch 415 UnsupportedMediaType 'a patch of no known type' '{}' text/plain
jq -nc '[range(10001) | {op: "test", path: "/kind", value: "ConfigMap"}]' >"$dir/many"
patch 413 RequestEntityTooLarge '10001 operations' "@$dir/many" application/json-patch+json
patch 422 Invalid 'one that does not apply' '[{"op":"remove","path":"/data/none"}]' application/json-patch+json
patch 400 BadRequest 'one that is none' '[' application/json-patch+json
head -c 3145800 /dev/zero | tr '\0' ' ' >"$dir/large"
patch 413 RequestEntityTooLarge 'over 3 MiB' "@$dir/large" $merge
is "$(entries) $(find "$dir/edge/outbox/tmp" -type f | wc -l) $(lines_of)" "$before" 'none of them has done anything'
have
wait_for 60 follows
ok $? 'the master takes what is left'
done_testing
