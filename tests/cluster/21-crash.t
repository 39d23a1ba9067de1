#!/bin/sh
# 21-crash.t: a pod that crashes again and again while cut off: its restarts,
# status and events are on the master afterwards, in order
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 900 ./21-crash.t
[ -e "$CLUSTER/session" ] || PODS=1
no_hub_skip
session_need
data=$CLUSTER/hub/data
seen=$CLUSTER/crash
restarts=3

# it exits with 3 as soon, and as often, as there is a file `now`
mkdir "$seen"
jq -n --arg d "$seen" '{apiVersion: "v1", kind: "Pod",
    metadata: {name: "crash", namespace: "default"}, spec: {
    nodeName: "edge-1", automountServiceAccountToken: false,
    dnsPolicy: "Default", terminationGracePeriodSeconds: 0,
    tolerations: [{operator: "Exists"}],
    volumes: [{name: "seen", hostPath: {path: $d}}],
    containers: [{name: "c", image: "ote.test/busybox:1",
	imagePullPolicy: "Never", volumeMounts: [{name: "seen",
	mountPath: "/seen"}], command: ["sh", "-c",
	"until [ -e /seen/now ]; do sleep 0.1; done; exit 3"]}]}}' |
    kc create -f - >/dev/null

# see JQ: of the pod, as the master has it; of JQ: as the hub has it
see() {
	kc get pod crash -o json | jq -c "$1"
}

of() {
	hub_get '/api/v1/namespaces/default/pods/crash?resourceVersion=0' |
	    sed '$d' | jq -c "$1"
}

runs() {
	[ "$(see '.status.containerStatuses[0].state.running != null')" = true ]
}

# backed_off: it has crashed so often, and each event of that waits; the back-off
# was told a second time, some seconds after the crash, behind which kubelet has
# nothing to say of the pod for another ten seconds
backed_off() {
	of '.status.containerStatuses[0] | select(.restartCount >= '$restarts' and
	    .state.waiting.reason == "CrashLoopBackOff") |
	    .lastState.terminated.finishedAt | fromdate' >"$CLUSTER/run/ended"
	[ -s "$CLUSTER/run/ended" ] && waiting_events | wanted |
	    jq -e --argjson n "$restarts" \
	    --argjson ended "$(cat "$CLUSTER/run/ended")" '
	    ([.[].reason] | unique) == ["BackOff", "Created", "Pulled",
	    "Started"] and any(.[]; .reason == "Started" and .count > $n) and
	    any(.[]; .reason == "BackOff" and
	    (.lastTimestamp | fromdate) >= $ended + 5)' >/dev/null
}

# waiting_events: entries of the pod's events, in their order
waiting_events() {
	find "$data/outbox/new" -name '*-event.json' | sort | xargs -r cat |
	    jq -c 'select(.name | startswith("crash."))'
}

# wanted: what was there, with those entries on stdin, one after the other
wanted() {
	jq -n -S --slurpfile was "$CLUSTER/run/before" '
	    reduce inputs as $e ($was[0]; .[$e.name] = ((.[$e.name] // {}) *
	    ($e.body | {reason, message, count, firstTimestamp,
	    lastTimestamp} | with_entries(select(.value != null)))))'
}

# What kubelet has told the master of the pod.
events() {
	kc get events -o json | jq -c '[.items[] |
	    select(.metadata.name | startswith("crash.")) |
	    select(.source.component == "kubelet") | {key: .metadata.name,
	    value: {reason, message, count, firstTimestamp, lastTimestamp}}] |
	    from_entries'
}

# began: all that there is to tell of its start is there
began() {
	events >"$CLUSTER/run/before"
	[ "$(jq -r '[.[].reason] | sort | join(" ")' "$CLUSTER/run/before")" = \
	    "Created Pulled Started" ]
}

replayed() {
	grep -qx 'waiting 0' "$data/run/outbox" &&
		[ -z "$(find "$data/outbox/new" -name '*.json')" ]
}

# ours_sent: events that ote-outbox has written, in their order
ours_sent() {
	jq -rR 'fromjson? | select(.stage == "ResponseComplete" and
	    (.userAgent // "" | startswith("ote-outbox")) and
	    .objectRef.resource == "events" and .verb != "get" and
	    (.objectRef.name | startswith("crash."))) |
	    "\(.verb) \(.objectRef.name)"' "$CLUSTER/audit-1.log"
}

wait_for 120 "the pod" runs
wait_for 60 "the events of its start" began
proc_start seen "$BIN/kubectl" --kubeconfig "$CLUSTER/admin.kubeconfig" \
    --cache-dir "$CLUSTER/kube-cache" get pod crash -w \
    -o 'jsonpath={.status.containerStatuses[0].restartCount}{"\n"}'
cut blackhole
wait_for 60 "the hub to see the cut" hub_offline
touch "$seen/now"
check "cut off: it crashes $restarts times" \
    wait_for 300 "$restarts restarts" backed_off

# kubelet is silent until the master has what it has said
proc_signal kubelet STOP
of .status >"$CLUSTER/run/status"
waiting_events >"$CLUSTER/run/waits"
wanted <"$CLUSTER/run/waits" >"$CLUSTER/run/want"
heal
check "healed: all is replayed" wait_for 180 "the replay" replayed

check "its status is on the master" is "$(see .status.containerStatuses)" \
    "$(jq -c .containerStatuses "$CLUSTER/run/status")"
check "with its restarts and how it ended" is "$(see \
    '.status.containerStatuses[0] | [.restartCount >= 3,
    .lastState.terminated.exitCode // .state.terminated.exitCode]')" \
    '[true,3]'
events | jq -S . >"$CLUSTER/run/have"
check "its events are, with their counts and times" \
    is "$(cat "$CLUSTER/run/have")" "$(cat "$CLUSTER/run/want")"
check "each kind" is "$(jq -r '[.[].reason] | unique | join(" ")' \
    "$CLUSTER/run/have")" "BackOff Created Pulled Started"
check "over the time of the outage" is "$(jq '[.[] | select(.reason ==
    "Started") | [.count > 3, .firstTimestamp < .lastTimestamp]] | .[]' \
    -c "$CLUSTER/run/have")" '[true,true]'
check "they came in the order in which kubelet wrote them" is "$(ours_sent)" \
    "$(jq -r '"\(.verb) \(.name)"' "$CLUSTER/run/waits")"
check "nothing failed" is \
    "$(find "$data/outbox/failed" -name '*.json' -newer "$seen/now" |
	wc -l)" 0

rm "$seen/now"
proc_signal kubelet CONT
same_status() {
	[ "$(see '.status.containerStatuses[0] |
	    [.restartCount, .state]')" = "$(of '.status.containerStatuses[0] |
	    [.restartCount, .state]')" ] && runs
}
check "it runs in the end, on the master too" wait_for 300 "it" same_status
check "its restarts never went back" sort -n -c "$CLUSTER/log/seen.log"
proc_stop seen
kc delete pod crash >/dev/null
# those that come later count containers
only_web() {
	[ "$(counts container_ids)" = $((2 * PODS)) ]
}
wait_for 120 "end of its containers" only_web
tap_end
