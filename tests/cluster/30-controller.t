#!/bin/sh
# 30-controller.t: nodes that are cut off, with EdgeController and a master's
# controllers as they are by default
#
# The nodes are hollow: what a kubelet says of itself, and no kubelet. Two
# controllers, of which one reaches the master by a way that can be cut.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 1800 ./30-controller.t
cluster_up 1
proc_stop scheduler # nobody would run what it places
key=edgenode.ote.baidu.com
edge='kept late limited one two three four'
# shellcheck disable=SC2086
hollow_up $edge plain
# shellcheck disable=SC2086
kc label node $edge "$key/autonomy=true" >/dev/null
kc annotate node limited "$key/max-autonomy=30s" >/dev/null
i=10
for node in kept late limited plain; do
	hollow_pod "$node" $((i += 1))
done

all_slices() {
	for _node in kept late limited plain; do
		slice_is true "$_node" || return 1
	done
}
check "pods are Ready, endpoints published" wait_for 120 slices all_slices
hollow_cut late plain

# --- what ote_install makes ---

check "ote_install" ote_install --timeout 0
check "can be run twice, with options" ote_install --timeout 0 --replicas 1 \
    -- --max-autonomy=1h
check "which the Deployment has" is "$(kc get deployment -n ote-edge \
    ote-edgecontroller -o jsonpath='{.spec.replicas} {.spec.template.spec.containers[0].args[-1:]}')" \
    '1 --max-autonomy=1h'
account_make

not_leads() {
	! controller_leads "$1"
}

as_account() {
	kc --as system:serviceaccount:ote-edge:ote-edgecontroller auth can-i "$@" \
	    2>/dev/null | sed 's/ .*//'
}
for what in 'yes patch nodes' 'yes update leases -n kube-node-lease' \
    'yes patch pods --subresource status -A' 'no delete nodes' 'no create nodes' \
    'no create leases -n kube-node-lease' 'no update leases -n kube-system' \
    'no delete pods' 'no get secrets' 'no create pods/eviction' \
    'yes create leases -n ote-edge' 'yes create events -n default' \
    'yes list nodes' 'yes watch nodes' 'no get nodes' 'no update nodes' \
    'yes patch nodes --subresource status' 'no update nodes --subresource status' \
    'no patch pods -A' 'no get pods -A' 'no update pods --subresource status -A' \
    'yes watch leases -n kube-node-lease' 'no get leases -n kube-node-lease' \
    'no patch leases -n kube-node-lease' 'no delete leases -n kube-node-lease' \
    'yes list edgenodes.ote.baidu.com -n kube-system' \
    'yes delete edgenodes.ote.baidu.com -n kube-system' \
    'no get edgenodes.ote.baidu.com -n kube-system' \
    'no update edgenodes.ote.baidu.com -n kube-system' \
    'yes patch edgenodes.ote.baidu.com --subresource status -n kube-system' \
    'no update edgenodes.ote.baidu.com --subresource status -n kube-system' \
    'no list edgenodes.ote.baidu.com -n default' \
    'no patch events -n default' 'no create events -n kube-system' \
    'yes get leases/ote-edgecontroller -n ote-edge' \
    'yes update leases/ote-edgecontroller -n ote-edge' \
    'no patch leases/ote-edgecontroller -n ote-edge' \
    'no get leases/other -n ote-edge' \
    'yes watch customresourcedefinitions/edgenodes.ote.baidu.com' \
    'no get customresourcedefinitions/edgenodes.ote.baidu.com' \
    'no list customresourcedefinitions'; do
	# shellcheck disable=SC2086
	check "its rights: $what" is "$(as_account ${what#* })" "${what%% *}"
done

# --- started late, without EdgeNodes ---

kc delete crd edgenodes.ote.baidu.com >/dev/null
check "without it, nodes that are cut off become Unknown" \
    wait_for 180 Unknown all_status Unknown late plain
check "and their pods not Ready" wait_for 60 pods pod_is False late
controller_start a 7443 9471
check "it leads" wait_for 120 leader controller_leads a
check "that there are no EdgeNodes is told" wait_for 60 edgenodes \
    controller_tells a 'edgenodes: no CustomResourceDefinition'
check "late: the node is Ready again" wait_for 90 Ready node_is True late
check "late: so is its pod" wait_for 90 Ready pod_is True late
check "late: its endpoint is published" wait_for 60 slice slice_is true late
for taint in NoSchedule NoExecute; do
	check "late: nothing is evicted: $taint" wait_for 60 taints \
	    not_tainted node.kubernetes.io/unreachable late
done
check "late: it is tainted as what it is" wait_for 60 taint \
    tainted "$key/cut-off" late
check "plain: ordinary Kubernetes" all_status Unknown plain
check "plain: its pod too" wait_for 60 pod pod_is False plain
kc apply -f ../../etc/deploy/edgenode-crd.yml >/dev/null
check "EdgeNodes, once there can be some" wait_for 180 EdgeNodes en False late
check "those of healthy nodes, too" wait_for 60 EdgeNodes en True one
check "none of what is not selected" is "$(kc get en -n kube-system -o name |
    grep -c plain)" 0

# --- in time ---

controller_start b 6443 9472
follow_start watch-nodes nodes
follow_start watch-pods pods
kc get endpointslices -l kubernetes.io/service-name=kept -o yaml >"$CLUSTER/slice"
healthy() {
	kc get en one -n kube-system -o json | jq -c '.status | del(.report)'
	kc get node one -o jsonpath='{.spec}{.metadata.annotations}'
	kc get lease one -n kube-node-lease -o jsonpath='{.metadata.annotations}'
}
was=$(healthy)
hollow_cut kept limited
t=$(now_ms)
check "kept: cut off, its EdgeNode says NotReady" wait_for 120 NotReady \
    en False kept
diag "after $(($(now_ms) - t)) ms"
check "kept: the taint" wait_for 60 taint tainted "$key/cut-off" kept
event() { # NODE
	kc get events --field-selector \
	    "involvedObject.name=$1,involvedObject.kind=Node" -o json |
	    jq -e '.items | any(.reason | startswith("EdgeNode"))' >/dev/null
}
check "kept: an Event" wait_for 60 Event event kept
kc get en -n kube-system >"$CLUSTER/table"
diag "$(cat "$CLUSTER/table")"
check "kubectl get en: columns" is "$(head -n 1 "$CLUSTER/table" | tr -s ' ')" \
    'NAME STATUS SINCE LAST-HEARTBEAT REASON AGE'
check "kubectl get en: kept" grep -Eq '^kept +NotReady +' "$CLUSTER/table"
check "kubectl get en: one" grep -Eq '^one +Ready +' "$CLUSTER/table"
diag "$(kc get en kept -n kube-system -o wide)"
kc describe en kept -n kube-system >"$CLUSTER/described"
diag "$(sed -n '/^Status/,$p' "$CLUSTER/described")"
check "kubectl describe en: why and since when" \
    grep -q 'Taken Over Since:' "$CLUSTER/described"
check "kubectl wait: one is Ready" kc wait --for=condition=Ready en/one \
    -n kube-system --timeout 60s
check "kubectl wait: kept is not" kc wait --for=condition=Ready=false en/kept \
    -n kube-system --timeout 60s

# --- what a hub reports ---

mkdir -p "$CLUSTER/reporter/run"
printf '10.0.0.%d:6443 %s 1764230400 ok\n' 1 up 2 down \
    >"$CLUSTER/reporter/run/masters"
printf 'waiting 3\nfailed 2\n' >"$CLUSTER/reporter/run/outbox"
mkdir -p "$CLUSTER/reporter/cache/core/v1/pods/all"
: >"$CLUSTER/reporter/cache/core/v1/pods/all/journal"
reports() {
	"${OTE_BIN:-../../build/bin}/ote-report" -d "$CLUSTER/reporter" "$@"
}
check "a hub's report is taken" reports -N one \
    -k "$CLUSTER/admin.kubeconfig"
check "and nothing of it is dropped" is "$(kc get en one -n kube-system \
    -o json | jq -cS '.status.report | del(.time, .cacheAge)')" \
    "$(reports -n | jq -cS 'del(.time, .cacheAge)')"
diag "$(kc get en one -n kube-system -o wide)"
check "kubectl get en -o wide has it" is "$(kc get en one -n kube-system \
    -o wide --no-headers | awk '{ print $NF, $(NF - 1) }')" '1 3'
check "beside what the controller says" en True one

# --- leaders come and go ---

cut blackhole
check "the leader is cut from the master: another leads" wait_for 120 leader \
    controller_leads b
check "and the former one does nothing any more" wait_for 30 "end" not_leads a
kc delete en kept -n kube-system >/dev/null
check "an EdgeNode that was deleted comes back" wait_for 90 EdgeNode en False kept
heal
t_healed=$(now_ms)
touch "$CLUSTER/run/healed"
hears() {
	find "$CLUSTER/controller-a/cache/coordination.k8s.io" -name journal \
	    -newer "$CLUSTER/run/healed" | grep -q .
}
check "what was cut hears the master again" wait_for 120 leases hears
diag "after $(($(now_ms) - t_healed)) ms"
# looked FILE: the first one has kept what it knows of heartbeats since
looked() {
	[ -n "$(find "$CLUSTER/controller-a/run/seen" -newer "$1")" ]
}
hollow_cut two
wait_for 60 "a look of the first one" looked "$CLUSTER/cut/two"
touch "$CLUSTER/run/looked"
wait_for 60 "another one" looked "$CLUSTER/run/looked"
t_killed=$(date +%s)
session_kill controller-b
check "the leader is killed: the first one leads again" wait_for 120 leader \
    controller_leads a
check "two: cut off just before, it is taken over" \
    wait_for 90 EdgeNode en False two
# had the first one not known how old its heartbeat was, that would be later
check "two: at its time" [ "$(kc get en two -n kube-system -o json |
    jq '.status.lastHeartbeatTime | fromdate')" -le "$t_killed" ]

# --- for longer than the master's grace ---

left=$((100 - ($(now_ms) - t) / 1000))
check "kept: Ready for the master for 100 s" holds $((left > 1 ? left : 1)) \
    node_is True kept
check "limited: past its autonomy it is let go" wait_for 180 Unknown \
    node_is Unknown limited
check "limited: its pod is not Ready" wait_for 60 pod pod_is False limited
check "limited: its EdgeNode says so" is "$(kc get en limited -n kube-system \
    -o jsonpath='{.status.conditions[?(@.type=="Autonomous")].status}')" False
check "kept: never anything but Ready" is "$(was_status watch-nodes kept)" True
check "two: never anything but Ready" is "$(was_status watch-nodes two)" True
check "kept: nor its pod" is "$(was_status watch-pods kept)" True
kc get endpointslices -l kubernetes.io/service-name=kept -o yaml \
    >"$CLUSTER/slice-now"
check "kept: its EndpointSlice is what it was" \
    cmp "$CLUSTER/slice" "$CLUSTER/slice-now"
check "one: nothing was written for a healthy node" is "$(healthy)" "$was"
# metric PATTERN: what it says is of some seconds ago
metric() {
	curl -s -m 10 http://127.0.0.1:9471/metrics | grep -q "$1"
}
check "metrics: it leads" wait_for 60 leader metric \
    '^ote_edgecontroller_leader 1$'
check "metrics: nodes by state" wait_for 60 states metric \
    '^ote_edgenode_nodes{'
check "metrics: answers" wait_for 60 answers metric \
    '^ote_edgecontroller_results_total{why="renew",code="200"} '

# --- back ---

kc delete node late >/dev/null
kc delete rolebinding -n default ote-edgecontroller-events >/dev/null
no_events() {
	[ "$(as_account create events -n default)" = no ]
}
wait_for 60 "the end of its right" no_events
hollow_heal kept
t=$(now_ms)
check "kept: it is back, its EdgeNode is Ready" wait_for 60 Ready en True kept
check "kept: the taint is gone" wait_for 60 taint not_tainted "$key/cut-off" kept
diag "after $(($(now_ms) - t)) ms"
lease_own() {
	[ -z "$(kc get lease kept -n kube-node-lease -o json |
	    jq -c '.metadata.annotations // {} | keys[]')" ]
}
check "kept: its Lease is its own" wait_for 60 annotations lease_own
check "which right is missing is told" wait_for 60 told controller_tells a \
    'may not create events in the namespace default'
hollow_heal limited
check "limited: is back as well" wait_for 60 Ready all_status True limited
no_late() {
	[ -z "$(kc get lease late -n kube-node-lease --ignore-not-found -o name)" ]
}
wait_for 120 "the garbage collector" no_late
check "late: a node that was deleted is not made again" is \
    "$(kc get node,lease -A -o name | grep -c /late || :)" 0

# --- its own line is cut, and nobody else is there ---

was=$(healthy)
cut blackhole
check "the only one is cut from the master" wait_for 90 "end" not_leads a
holds 15 node_is True one
heal
check "it leads again" wait_for 120 leader controller_leads a
check "one: is not taken for cut off" holds 8 en True one
check "nor called so" is "$(grep -c 'one: ta' "$CLUSTER/log/controller-a.log" || :)" 0
check "one: nothing was written" is "$(healthy)" "$was"
check "nor for the others" is "$(kc get nodes -o json | jq -c --arg k \
    "$key/cut-off" '[.items[] | select(any(.spec.taints[]?; .key == $k)) |
    .metadata.name]')" '["two"]'

check "--remove" ote_install --remove
check "leaves nothing" is "$(kc get namespace,crd,clusterrole,role -A -o name |
    grep -c -e ote-edge -e edgenode || :)" 0
check "nor its taint" not_tainted "$key/cut-off" two
check "nor what it wrote into Leases" is "$(kc get leases -n kube-node-lease \
    -o json | jq -c '[.items[].metadata.annotations // {} | keys[]]')" '[]'
proc_stop controller-a

# --- by hand ---

# once OPTION...: one round for the node that nobody has stood in for
once() {
	env OTE_BIN="$CLUSTER/controller-bin" ../../sh/ote_edgecontroller -1 \
	    -kubeconfig "$CLUSTER/admin.kubeconfig" --data-path "$CLUSTER/once" \
	    --node-selector kubernetes.io/hostname=plain "$@" \
	    2>>"$CLUSTER/log/once.log"
}
check "a round, dry: it would be done" is \
    "$(once --dry-run | jq -r .node | grep -x plain | sort -u)" plain
check "a round, dry: nothing is" node_is Unknown plain
rounds() {
	once && node_is True plain && pod_is True plain
}
check "rounds: the node is Ready again, and its pod" wait_for 180 rounds rounds
tap_clean || log_tail controller-a controller-b once install
tap_end
