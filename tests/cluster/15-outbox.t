#!/bin/sh
# 15-outbox.t: what waits in an outbox comes to a real master, whatever has
# become of it there, whatever answers are lost, whoever is killed
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
: "${BUILD:=$(cd ../.. && pwd)/build}"
export BUILD
cluster_enter 2400 ./15-outbox.t
# no kubelet runs: nobody may mind that, nor change what is looked at
# shellcheck disable=SC2034
CONTROLLERS='*,-node-lifecycle-controller,-pod-garbage-collector-controller'
# a cluster of its own, and no hub
cluster_up 1
tool=${OTE_BIN:-$BUILD/bin}/ote-outbox
data=$CLUSTER/outbox new=$CLUSTER/outbox/outbox/new
failed=$CLUSTER/outbox/outbox/failed
core=/api/v1/namespaces/default
mkdir -p "$data/run" "$CLUSTER/was"

# queue [BATCH]: writes, JSON lines, each accepted
queue() {
	"$BUILD/tests/hub/queue" "$data" "${1:-1}" | tail -n 1
}

# once [ARGUMENT...]: one pass, straight to the balancer
once() {
	timeout 600 "$tool" -1 -r 1000 -d "$data" -l 127.0.0.1:7443 \
	    -k "$CLUSTER/hub.kubeconfig" "$@" 2>>"$CLUSTER/log/once.log"
}

files() {
	find "$1" -name '*.json' | wc -l
}

# was PLURAL NAME: remembers the object as the master has it now
was() {
	kc get "$1" "$2" -o json >"$CLUSTER/was/$1-$2"
}

# write KIND VERB PLURAL NAME CHANGE: of what was, changed by a jq program
write() {
	case $3 in nodes) _at=/api/v1 ;; *) _at=$core ;; esac
	jq -c --arg kind "$1" --arg verb "$2" --arg path "$_at/$3/$4" \
	    "{kind: \$kind, verb: \$verb, path: \$path, before: .,
	    subresource: (if \$kind == \"status\" then \"status\" else \"\" end),
	    body: (if \$verb == \"delete\" then null else (. | ${5:-.}) end)} |
	    del(..|nulls)" "$CLUSTER/was/$3-$4"
}

# make_object PLURAL: its creation, of JSON that has what the hub puts into it
make_object() {
	jq -c --arg p "$core/$1/" '{kind: (if .kind == "Event" then "event"
	    else "object" end), verb: "create", path: ($p + .metadata.name),
	    body: (.metadata += {uid: "local", resourceVersion: "7",
	    creationTimestamp: "2026-11-24T00:00:00Z", generation: 1,
	    namespace: "default"})}'
}

# see PLURAL NAME JQ
see() {
	kc get "$1" "$2" -o json 2>&1 | jq -c "$3" 2>&1
}

configmap() {
	kc create configmap "$1" --from-literal=k="$2" >/dev/null
}

reasons() {
	jq -r '.name + ": " + .reason' "$failed"/*.json | sort
}

# conflicts: the names that Events of conflicts are about
conflicts() {
	kc get events -o json | jq -r '[.items[] |
	    select(.reason == "OutboxConflict") | .involvedObject.name] |
	    sort | join(" ")'
}

node() {
	jq -n --arg n "$1" '{apiVersion: "v1", kind: "Node",
	    metadata: {name: $n}}' | kc create -f - >/dev/null
}

pod_json() {
	jq -n --arg n "$1" '{apiVersion: "v1", kind: "Pod",
	    metadata: {name: $n}, spec: {nodeName: "n1",
	    terminationGracePeriodSeconds: 0, containers:
	    [{name: "c", image: "none"}]}}'
}

event_json() {
	jq -n --arg n "$1" --argjson c "$2" '{apiVersion: "v1", kind: "Event",
	    metadata: {name: $n}, type: "Normal", reason: "Test",
	    message: "m", count: $c, involvedObject: {kind: "Pod",
	    namespace: "default", name: "p1"},
	    firstTimestamp: "2026-11-24T00:00:00Z",
	    lastTimestamp: "2026-11-24T00:0\($c % 10):00Z"}'
}

# --- statuses ---

node n1
node n2
pod_json p1 | kc create -f - >/dev/null
kc patch node n1 --subresource=status -p '{"status":{"conditions":[
    {"type":"Ready","status":"True","reason":"KubeletReady"}]}}' >/dev/null
was nodes n1
was nodes n2
was pods p1
kc patch node n1 --subresource=status -p '{"status":{"conditions":[
    {"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown"},
    {"type":"Theirs","status":"True"}]}}' >/dev/null
kc label node n1 theirs=yes >/dev/null
kc delete node n2 >/dev/null
beat='.status.nodeInfo.kubeletVersion = "v9"'
run='.status.phase = "Running" | .status.podIP = "10.9.8.7" |
    .status.podIPs = [{ip: "10.9.8.7"}] | .status.conditions +=
    [{type: "Ready", status: "True"}]'
{
	write status patch nodes n1 "$beat"
	write status patch nodes n2 "$beat"
	write status patch pods p1 "$run"
} | queue >/dev/null
check "statuses are replayed" once
check "a node is Ready again, and has what it told; the master's stays" \
    is "$(see nodes n1 '[.status.nodeInfo.kubeletVersion,
    .metadata.labels.theirs] + [.status.conditions[] |
    select(.type == "Ready" or .type == "Theirs") | .type, .status]')" \
    '["v9","yes","Ready","True","Theirs","True"]'
check "a pod runs" is "$(see pods p1 '[.status.phase, .status.podIPs] +
    [.status.conditions[] | select(.type == "Ready").status]')" \
    '["Running",[{"ip":"10.9.8.7"}],"True"]'
check "a deleted node is not made again" \
    is "$(kc get node n2 2>&1 | grep -c NotFound)" 1
check "nothing failed" is "$(files "$new") $(files "$failed")" "0 0"
_rv=$(see pods p1 .metadata.resourceVersion)
write status patch pods p1 "$run" | queue >/dev/null
once
check "a status that is there already is no write" \
    is "$(see pods p1 .metadata.resourceVersion)" "$_rv"

# --- objects ---

for _n in plain changed deleted again same touched gone other; do
	configmap "$_n" old
	was configmaps "$_n"
done
pod_json p2 | kc create -f - >/dev/null
was pods p2
kc patch configmap changed -p '{"data":{"k":"theirs"}}' >/dev/null
kc patch configmap same -p '{"data":{"k":"ours"}}' >/dev/null
for _n in deleted again gone other; do
	kc delete configmap "$_n" >/dev/null
done
configmap again old
configmap other old
kc patch pod p2 --subresource=status -p '{"status":{"phase":"Running"}}' \
    >/dev/null
{
	for _n in plain changed deleted again same; do
		write object update configmaps "$_n" '.data.k = "ours"'
	done
	write object patch pods p2 '.metadata.labels.ours = "yes"'
	for _n in touched gone other; do
		write delete delete configmaps "$_n"
	done
	jq -nc '{kind: "ConfigMap", apiVersion: "v1", metadata: {name: "made"},
	    data: {k: "ours"}}' | make_object configmaps
	pod_json p3 | make_object pods
} | queue >/dev/null
# the status of a pod that the master has never seen
pod_json p3 | jq -c --arg p "$core/pods/p3" '{kind: "status", verb: "patch",
    subresource: "status", path: $p, before: (.metadata.uid = "local"),
    body: (.metadata.uid = "local" | .status = {phase: "Running"})}' |
    queue >/dev/null
check "objects are replayed" once
check "what nobody changed is ours" \
    is "$(see configmaps plain .data.k) $(see configmaps same .data.k)" \
    '"ours" "ours"'
check "a status that moved is no conflict" \
    is "$(see pods p2 .metadata.labels.ours)" '"yes"'
check "what the master changed is its" \
    is "$(see configmaps changed .data.k) $(see configmaps again .data.k)" \
    '"theirs" "old"'
check "ours is in failed, with the reason" is "$(reasons)" \
    "again: Gone: it was deleted and created again on the master
changed: Conflict: it was changed on the master meanwhile
deleted: Gone: it was deleted on the master meanwhile"
check "and Events tell it" is "$(conflicts)" "again changed deleted"
check "deletions are of the same object only" \
    is "$(kc get configmaps touched gone other --ignore-not-found -o name)" \
    configmap/other
check "what was created is there" is "$(see configmaps made .data.k) \
$(see pods p3 '[.status.phase, (.spec.volumes | length)]')" \
    '"ours" ["Running",1]'
rm -f "$failed"/*

# --- events ---

{
	event_json e1 1 | make_object events
	event_json e2 3 | make_object events
} | queue >/dev/null
once
event_json e1 5 | jq -c --arg p "$core/events/e1" '{kind: "event",
    verb: "patch", path: $p, body: .}' | queue >/dev/null
event_json e2 2 | make_object events | queue >/dev/null
event_json e3 4 | jq -c --arg p "$core/events/e3" '{kind: "event",
    verb: "patch", path: $p, body: (.metadata.namespace = "default")}' |
    queue >/dev/null
check "events are replayed" once
check "with the count and time that are later" is "$(kc get events -o json |
    jq -c '[.items[] | select(.reason == "Test") | [.metadata.name, .count,
    .firstTimestamp[14:16], .lastTimestamp[14:16]]]')" \
    '[["e1",5,"00","05"],["e2",3,"00","03"],["e3",4,"00","04"]]'
check "nothing failed" is "$(files "$new") $(files "$failed")" "0 0"

# --- a storm: lost answers, and a replay that is killed ---

# storm NAME N: N each of creations, changes, deletions, events and pods'
# creations with their status
storm() {
	for _i in $(seq "$2"); do
		jq -nc --arg n "$1-u$_i" '{kind: "ConfigMap", apiVersion: "v1",
		    metadata: {name: $n, labels: {of: "storm"}},
		    data: {k: "old"}}'
		jq -nc --arg n "$1-d$_i" '{kind: "ConfigMap", apiVersion: "v1",
		    metadata: {name: $n, labels: {of: "storm"}}}'
	done | kc create -f - >/dev/null
	kc get configmaps -l of=storm -o json | jq -c --arg p "$core/" --arg s \
	    "$1-" '.items[] | select(.metadata.name | startswith($s)) |
	    {before: ., path: "\($p)configmaps/\(.metadata.name)"} +
	    if .data then {kind: "object", verb: "update",
		body: (.data.k = "ours")}
	    else {kind: "delete", verb: "delete"} end'
	for _i in $(seq "$2"); do
		jq -nc --arg n "$1-c$_i" '{kind: "ConfigMap", apiVersion: "v1",
		    metadata: {name: $n, labels: {of: "storm"}},
		    data: {k: "ours"}}' | make_object configmaps
		event_json "$1-e$_i" 1 | make_object events
		pod_json "$1-p$_i" | make_object pods
		pod_json "$1-p$_i" | jq -c --arg p "$core/pods/" '{kind:
		    "status", verb: "patch", subresource: "status",
		    path: ($p + .metadata.name), before: (.metadata.uid =
		    "local"), body: (.metadata.uid = "local" | .status =
		    {phase: "Running", message: "ours"})}'
	done
}

# all_done NAME N: whether the master has all of it; says what is missing
all_done() {
	_got=$(kc get configmaps,pods,events -o json | jq -c --arg s "$1-" \
	    '[.items[] | select(.metadata.name | startswith($s))] |
	    [([.[] | select(.data.k == "ours")] | length),
	    ([.[] | select(.status.message == "ours")] | length),
	    ([.[] | select(.reason == "Test")] | length), length]')
	is "$_got" "[$((2 * $2)),$2,$2,$((4 * $2))]"
}

none_left() {
	[ "$(files "$new")" -eq 0 ]
}

toxi_start
storm lost 15 | queue 20 >/dev/null
_n=0
audit_mark lost
# each connection ends after some thousand bytes: many answers are lost
while ! none_left && [ "$_n" -lt 200 ]; do
	_n=$((_n + 1))
	toxic_midbody 1 $((3500 + _n * 997 % 6000))
	once -l 127.0.0.1:8443 || :
	toxic_remove 1 midbody
done
diag "$_n passes with connections that broke"
check "all of it was answered in the end" none_left
check "creations were done, and their answers lost" [ "$(grep -h ote-outbox \
    "$CLUSTER/audit-1.log" | jq -c 'select(.stage == "ResponseComplete" and
    .verb == "create" and .responseStatus.code == 409)' | wc -l)" -gt 0 ]
check "the master has all of it, once" all_done lost 15
check "and nothing failed" is "$(files "$failed")" 0

storm kill 60 | queue 50 >/dev/null
# in_midst: not before the first kill, nor when hardly anything is left to do
in_midst() {
	_left=$(files "$new")
	[ "$_left" -gt 120 ] && [ "$_n" -lt 500 ] &&
	    { [ "$_n" -lt 50 ] || [ "$_left" -gt 355 ]; }
}

_n=0
while in_midst; do
	_n=$((_n + 1))
	"$tool" -j 0 -r 20 -d "$data" -l 127.0.0.1:7443 \
	    -k "$CLUSTER/hub.kubeconfig" 2>>"$CLUSTER/log/kill.log" &
	_pid=$!
	# the moment itself is what is random
	sleep "0.$(awk -v s="$_n" 'BEGIN { srand(s); print 100 + int(rand() * 250) }')"
	kill -KILL "$_pid"
	wait "$_pid" 2>/dev/null || :
done
_left=$(files "$new")
diag "after $_n SIGKILLs $_left of 360 wait"
check "the kills were in the midst of it" \
    [ "$(((_left - 1) * (359 - _left)))" -gt 0 ]
check "the rest is replayed" once
check "the master has all of it, once" all_done kill 60
check "and nothing failed" is "$(files "$new") $(files "$failed")" "0 0"

# --- a full disk ---

mkdir "$CLUSTER/small"
mount -t tmpfs -o size=512k none "$CLUSTER/small"
mkdir "$CLUSTER/small/run"
small=$CLUSTER/small/outbox
# of 4 KB each, made durable one by one
_said=$(jq -nc --arg p "$core/configmaps/" 'range(1000) as $i | {kind:
    "object", verb: "create", path: "\($p)small-\($i)", body: {kind:
    "ConfigMap", apiVersion: "v1", metadata: {name: "small-\($i)"},
    data: {k: ("x" * 2000)}}}' |
    "$BUILD/tests/hub/queue" "$CLUSTER/small" 2>&1 | tail -n 2)
_told=$(echo "$_said" | sed -n 's/.*No space left on device$/full/p')
_took=$(find "$small/new" -name '*.json' | wc -l)
check "a full disk is told" is "$_told" full
check "and nothing is half done" \
    is "$(echo "$_said" | head -n 1) $(find "$small/tmp" -type f | wc -l)" \
    "$_took 0"
head -c 1000000 /dev/zero >"$CLUSTER/small/fill" 2>/dev/null || :
check "what is full can be replayed" once -d "$CLUSTER/small"
check "and is on the master" \
    is "$(kc get configmaps -o name | grep -c '^configmap/small-')" "$_took"
umount "$CLUSTER/small"

# --- a master that is not there, and many entries ---

# many N: that many events
many() {
	event_json many 1 | make_object events | jq -c --argjson n "$1" \
	    --arg p "$core/events/" 'range($n) as $i |
	    .body.metadata.name = "many-\($i)" |
	    .path = "\($p)many-\($i)"'
}

waiting() {
	grep -qx "waiting $1" "$data/run/outbox"
}

# held: what the daemon has for itself, in KB; the libraries that it shares with
# the rest of the hub are counted by the benchmark
held() {
	awk '/^Anonymous:/ { print $2 }' "/proc/$_pid/smaps_rollup"
}

cut 503
many 10000 | queue 250 >/dev/null
proc_start outbox "$tool" -j 0 -r 400 -d "$data" -l 127.0.0.1:7443 \
    -k "$CLUSTER/hub.kubeconfig"
_pid=$(proc_pid outbox)
check "a balancer without a backend: they wait" wait_for 60 "trouble" \
    grep -q 'trouble: the master answered 503' "$CLUSTER/log/outbox.log"
check "all of them" wait_for 60 "all" waiting 10000
_t0=$(now_ms)
heal
_peak=0
while ! waiting 0 && [ "$(($(now_ms) - _t0))" -lt 900000 ]; do
	_now=$(held)
	[ "$_now" -le "$_peak" ] || _peak=$_now
	sleep 0.2
done
_t1=$(now_ms)
diag "10000 entries in $((_t1 - _t0)) ms, $_peak KB at most"
check "10000 entries are replayed" waiting 0
check "not faster than the pace" [ "$((_t1 - _t0))" -ge 24000 ]
check "within 8 MB" [ "$_peak" -lt 8192 ]
check "the master has them" is "$(kc get events -o name |
    grep -c '^event/many-')" 10000
proc_stop outbox
tap_end
