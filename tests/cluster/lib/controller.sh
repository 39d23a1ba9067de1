# shellcheck shell=sh
# controller.sh: EdgeController as its pods run it, and nodes without kubelet
#
# A controller NAME has its data in $CLUSTER/controller-NAME, and who it is from
# the service account that ote_install made.

# hollow_up NODE...: with Leases and heartbeats, until all are Ready
hollow_up() {
	mkdir -p "$CLUSTER/cut"
	: >"$CLUSTER/log/hollow.log"
	proc_start hollow "$OWN/hollow" -cut "$CLUSTER/cut" \
	    -kubeconfig "$CLUSTER/admin.kubeconfig" "$@"
	wait_for 120 "hollow nodes" all_status True "$@"
}

# hollow_cut NODE...: no heartbeat comes from them any more
hollow_cut() {
	for _node in "$@"; do
		: >"$CLUSTER/cut/$_node"
	done
}

hollow_heal() {
	for _node in "$@"; do
		rm -f "$CLUSTER/cut/$_node"
	done
}

all_status() {
	_status=$1
	shift
	for _node in "$@"; do
		node_is "$_status" "$_node" || return 1
	done
}

# hollow_pod NODE: a pod there with a Service, both of its name, as its kubelet
# would have it; not evicted after five minutes, however long a test takes
hollow_pod() {
	jq -n --arg n "$1" '{apiVersion: "v1", kind: "Pod",
	    metadata: {name: $n, namespace: "default", labels: {app: $n}},
	    spec: {nodeName: $n, enableServiceLinks: false, tolerations:
		[{key: "node.kubernetes.io/unreachable", operator: "Exists"}],
		containers: [{name: "web", image: "ote.test/none:1"}]}},
	    {apiVersion: "v1", kind: "Service",
	    metadata: {name: $n, namespace: "default"},
	    spec: {selector: {app: $n}, ports: [{port: 80}]}}' |
	    kc create -f - >/dev/null
	jq -n --arg ip "10.244.1.$2" '(now | todate) as $t | {status: {
	    phase: "Running", podIP: $ip, podIPs: [{ip: $ip}],
	    startTime: $t, conditions: ["Initialized", "Ready",
	    "ContainersReady", "PodScheduled" | {type: ., status: "True",
	    lastTransitionTime: $t}], containerStatuses: [{name: "web",
	    image: "ote.test/none:1", imageID: "", ready: true,
	    started: true, restartCount: 0,
	    state: {running: {startedAt: $t}}}]}}' >"$CLUSTER/run/pod.json"
	kc patch pod "$1" --subresource=status --type=merge \
	    --patch-file "$CLUSTER/run/pod.json" >/dev/null
}

# pod_is STATUS NAME: of its condition Ready
pod_is() {
	[ "$(kc get pod "$2" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' \
	    2>/dev/null)" = "$1" ]
}

# slice_is true|false SERVICE: whether its only endpoint is ready
slice_is() {
	[ "$(kc get endpointslices -l "kubernetes.io/service-name=$2" -o \
	    jsonpath='{.items[*].endpoints[*].conditions.ready}')" = "$1" ]
}

# tainted KEY NODE
tainted() {
	kc get node "$2" -o jsonpath='{.spec.taints[*].key}' |
	    tr ' ' '\n' | grep -qxF "$1"
}

not_tainted() {
	! tainted "$@"
}

# ote_install ARGUMENT...: ote_install
ote_install() {
	PATH=$BIN:$PATH HOME=$CLUSTER ../../sh/ote_install controller \
	    --kubeconfig "$CLUSTER/admin.kubeconfig" "$@" \
	    >>"$CLUSTER/log/install.log" 2>&1
}

# account_make: what a pod of the controller finds
account_make() {
	mkdir -p "$CLUSTER/account"
	cp "$CLUSTER/pki/ca.crt" "$CLUSTER/account/"
	kc create token ote-edgecontroller -n ote-edge --duration 2h \
	    >"$CLUSTER/account/token"
	printf ote-edge >"$CLUSTER/account/namespace"
}

# controller_start NAME MASTER_PORT METRICS_PORT [OPTION...]
controller_start() {
	_name=$1 _port=$2 _metrics=$3
	shift 3
	[ -d "$CLUSTER/controller-bin" ] ||
		cp -r "${OTE_BIN:-../../build/bin}" "$CLUSTER/controller-bin"
	: >"$CLUSTER/log/controller-$_name.log"
	proc_start "controller-$_name" env OTE_BIN="$CLUSTER/controller-bin" \
	    OTE_ACCOUNT="$CLUSTER/account" KUBERNETES_SERVICE_HOST=127.0.0.1 \
	    KUBERNETES_SERVICE_PORT="$_port" ../../sh/ote_edgecontroller -v 3 \
	    --data-path "$CLUSTER/controller-$_name" \
	    --metrics-address "127.0.0.1:$_metrics" "$@"
}

# controller_leads NAME: whether its pipeline runs
controller_leads() {
	_pid=$(cat "$CLUSTER/controller-$1/run/acting" 2>/dev/null) &&
	    tr '\0' ' ' 2>/dev/null <"/proc/$_pid/cmdline" |
	    grep -qxF "sh $CLUSTER/controller-$1/run/act "
}

# controller_tells NAME TEXT
controller_tells() {
	grep -qF -e "$2" "$CLUSTER/log/controller-$1.log"
}

# en STATUS NODE: whether its EdgeNode's condition Ready is that
en() {
	[ "$(kc get en "$2" -n kube-system -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' \
	    2>/dev/null)" = "$1" ]
}

# follow_start NAME RESOURCE...: log/NAME.log has each state that they go through
follow_start() {
	_follower=$1
	shift
	proc_start "$_follower" env HOME="$CLUSTER" "$BIN/kubectl" \
	    --kubeconfig "$CLUSTER/admin.kubeconfig" get "$@" -w -o json
}

# was_status NAME OBJECT: each status of the condition Ready, once
was_status() {
	jq -r --arg n "$2" 'select(.metadata.name == $n) | .status.conditions[]? |
	    select(.type == "Ready") | .status' "$CLUSTER/log/$1.log" | sort -u
}

# workload_impatient N: the workload, whose pods leave a node that is
# unreachable for 20 s
workload_impatient() {
	workload_json "$1" | jq '(.. | .tolerations? // empty)[] |= (. +
	    {effect: "NoExecute", tolerationSeconds: 20})' |
	    kc apply -f - >>"$CLUSTER/log/workload.log"
	wait_for 180 "$1 pods to be Ready" pods_ready "$1" ||
		bail "no workload"
	wait_for 60 "the service" vip_right || bail "no service"
}

# placed NAME: whether the pod has a node
placed() {
	[ -n "$(kc get pod "$1" -o jsonpath='{.spec.nodeName}')" ]
}

# unplaced NAME: whether the scheduler says that no node takes the pod, for its
# taints
unplaced() {
	kc get pod "$1" -o jsonpath='{.status.conditions[?(@.reason=="Unschedulable")].message}' |
	    grep -qF 'untolerated taint'
}
