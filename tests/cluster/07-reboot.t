#!/bin/sh
# 07-reboot.t: the node, hub and all, is rebooted twice while cut off; its pods
# come back from what the hub has on disk, and the master hears the truth
#
# Besides the workload there are static pods, a DaemonSet's pod, and pods that
# are deleted meanwhile: on the master, and here.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./07-reboot.t
no_hub_skip
session_need

run=$CLUSTER/run
data=$CLUSTER/hub/data

# all_ready KUBECTL N: whether N pods are Ready, and there are no others
all_ready() {
	"$1" get pods -o json >"$run/pods" 2>/dev/null &&
		jq --argjson n "$2" '[.items[].status.conditions // [] |
		    any(.type == "Ready" and .status == "True")] |
		    all and length == $n' "$run/pods" | grep -qx true
}

# ended KUBECTL POD: whether there is no such pod any more
ended() {
	"$1" get pods -o name >"$run/names" 2>/dev/null &&
		! grep -qx "pod/$2" "$run/names"
}

# running N: whether N pods run, each a sandbox and a container
running() {
	[ "$(counts container_ids)" = $((2 * $1)) ]
}

none_left() {
	container_ids >"$run/ids-now"
	[ -z "$(comm -12 "$run/ids" "$run/ids-now")" ]
}

# said EXTRA...: what the workload has to say, and others
said() {
	{
		for _i in $(seq 0 $((PODS - 1))); do
			echo "web-$_i: web-$_i config-$_i secret-$_i"
		done
		printf '%s\n' "$@"
	} | sort
}

# all_answer KUBECTL: at the addresses that it has
all_answer() {
	pods_say "$1" >"$run/say"
	cmp -s "$run/say" "$run/said"
}

# own_tokens KUBECTL: whether each web pod has its own token
own_tokens() {
	is "$(pods_token "$1")" "$("$1" get pods -l app=web -o json |
	    jq -r '.items[].metadata | "\(.name) \(.uid)"' | sort)"
}

# right KUBECTL N EXTRA...: the pods, as that kubectl sees them
right() {
	_kc=$1 _n=$2
	shift 2
	said "$@" >"$run/said"
	wait_for 90 "each pod to answer" all_answer "$_kc" &&
	wait_for 90 "$_n pods to be Ready" all_ready "$_kc" "$_n" &&
	own_tokens "$_kc" &&
	wait_for 90 "endpoints" endpoints_right "$_kc" &&
	wait_for 120 "the service" vip_pods "$PODS" 60
}

endpoints_right() {
	[ "$(addresses "$1")" = "$("$1" get pods -l app=web \
	    -o jsonpath='{.items[*].status.podIP}' | tr ' ' '\n' | sort)" ]
}

# manifests: "NAME HASH" of each static pod that kubelet runs
manifests() {
	curl -s -m 5 http://127.0.0.1:10255/pods | jq -r '.items[].metadata |
	    select(.annotations["kubernetes.io/config.source"] == "file") |
	    "\(.name) \(.annotations["kubernetes.io/config.hash"])"' | sort
}

# mirrors KUBECTL: the same, as its pods say of themselves
mirrors() {
	"$1" get pods -o json | jq -r '.items[].metadata |
	    select(.annotations["kubernetes.io/config.mirror"]) |
	    "\(.name) \(.annotations["kubernetes.io/config.mirror"])"' | sort
}

# state NAME KUBECTL: name, uid and restarts of each pod, in run/NAME
state() {
	"$2" get pods -o json | jq -r '.items[] |
	    "\(.metadata.name) \(.metadata.uid) " +
	    "\(.status.containerStatuses[0].restartCount)"' |
	    sort >"$run/$1"
}

# The two reboots, and nothing else, has become of what was there before.
state_right() {
	is "$(grep -Ev '^(coming|turning)' "$run/after")" \
	    "$(grep -Ev '^(going|leaving|ending|turning)' "$run/before" |
		awk '{ print $1, $2, $3 + 2 }')"
}

# What the master does not have yet, but for events, of which many wait.
waiting() {
	find "$data/outbox/new" -name '*.json' ! -name '*-event.json'
}

sent() {
	[ -z "$(waiting)" ]
}

mirrored() {
	[ "$(mirrors kc)" = "$(manifests)" ]
}

# token_is TOKEN: whether web-0 has it
token_is() {
	[ "$(curl -s -m 2 "http://$(hub_kc get pod web-0 \
	    -o jsonpath='{.status.podIP}')/token")" = "$1" ]
}

# reboot TIME N: with N pods
reboot() {
	container_ids >"$run/ids"
	ips >"$run/ips"
	t=$(now_ms)
	node_reboot
	check "$1: every pod runs again" wait_for 90 containers running "$2"
	diag "$1: after $(($(now_ms) - t)) ms"
	check "$1: in new containers" none_left
}

# ips: as kubectl prints them
ips() {
	hub_kc get pods -l app=web -o wide --no-headers |
	    awk '{ print $(NF - 3) }' | sort
}

new_addresses() {
	ips >"$run/ips-now"
	is "$(wc -l <"$run/ips-now")" "$PODS" &&
	is "$(comm -12 "$run/ips" "$run/ips-now")" ''
}

# --- while the master is there ---

{
	pod_json going
	pod_json leaving
	daemon_json each
} | kc apply -f - >>"$CLUSTER/log/workload.log"
for pod in steady turning ending; do
	static_write $pod "$pod once"
done
n=$((PODS + 6))
check "$n pods are Ready" wait_for 120 Ready all_ready kc "$n"
each='each: each config-0 secret-0'
going='going: going config-0 secret-0'
leaving='leaving: leaving config-0 secret-0'
steady='steady-edge-1: steady once'
check "and all is well" right kc "$n" "$each" "$going" "$leaving" "$steady" \
    'turning-edge-1: turning once' 'ending-edge-1: ending once'
hub_kc get pods -o name >/dev/null
wait_for 60 "the hub to follow the pods" \
    hub_follows /api/v1/namespaces/default/pods
state before kc

# --- cut off ---

cut blackhole
check "the master is away" wait_for 60 cut hub_offline
kc delete pod going --wait=false >/dev/null
hub_kc delete pod leaving --wait=false >/dev/null
n=$((n - 1))
check "a pod that is deleted here ends" \
    wait_for 60 "its end" ended hub_kc leaving
check "on the node as well" wait_for 60 "its end" running "$n"

# kubelet asks for another token when a fifth of this one's time is left
uid=$(hub_kc get pod web-0 -o jsonpath='{.metadata.uid}')
token_change "$uid" '.answer.status.expirationTimestamp = (now + 600 | todate)'

reboot once "$n"
check "once: all is well" right hub_kc "$n" "$each" "$going" "$steady" \
    'turning-edge-1: turning once' 'ending-edge-1: ending once'
check "once: at new addresses" new_addresses

token=$(kc create token default --bound-object-kind Pod \
    --bound-object-name web-0 --bound-object-uid "$uid" --duration 3607s)
token_change "$uid" ".answer.status.token = \"$token\""
in_pod web-0 busybox mv /www/index.html /www/away
check "kubelet looks after the pod, and takes a new token" \
    wait_for 120 "the token" token_is "$token"
in_pod web-0 busybox mv /www/away /www/index.html

static_remove ending
static_write turning "turning twice"
static_write coming "coming late"
turned() {
	running "$n" &&
	pods_say hub_kc | grep -q 'turning twice' &&
	pods_say hub_kc | grep -q 'coming late' &&
	ended hub_kc ending-edge-1
}
check "static pods come, change and go" wait_for 120 "the static pods" turned

reboot twice "$n"
check "twice: all is well" right hub_kc "$n" "$each" "$going" "$steady" \
    'turning-edge-1: turning twice' 'coming-edge-1: coming late'
check "twice: at new addresses" new_addresses

# --- healed ---

heal
n=$((n - 1))
check "healed: the pod that the master deleted ends" \
    wait_for 90 "its end" ended kc going
check "healed: on the node as well" wait_for 60 "its end" running "$n"
check "healed: the master has the truth" right kc "$n" "$each" "$steady" \
    'turning-edge-1: turning twice' 'coming-edge-1: coming late'
check "healed: kubelet's static pods are there" \
    wait_for 60 "the mirror pods" mirrored
state after kc
check "healed: no pod is another, or was started but by the reboots" state_right
check "healed: nor was what came meanwhile" is \
    "$(grep -E '^(coming|turning)' "$run/after" | awk '{ print $1, $3 }')" \
    "coming-edge-1 1
turning-edge-1 1"
check "healed: the node is Ready" wait_for 120 Ready node_ready
check "healed: all that was written has been sent, but events" \
    wait_for 60 "what waits" sent
check "healed: nothing was refused" is "$(ls "$data/outbox/failed")" ''
tap_end
