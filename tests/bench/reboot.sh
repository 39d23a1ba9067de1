# shellcheck shell=sh
# reboot.sh: a reboot while cut off, beside the same reboot straight to a
# master that answers; sourced by real.sh
#
# Measured from the start of the hub or, straight, of containerd: until every
# pod runs, and until whoever kubelet talks to says that all are Ready at new
# addresses. The two take turns; medians of REBOOTS each.

: "${REBOOTS:=3}"
STRAIGHT_URL=https://127.0.0.1:7443

all_run() {
	[ "$(counts container_ids)" = $((2 * PODS)) ]
}

# pods_told URL: "Ready address" of each pod
pods_told() {
	options admin | curl -s -f -m 5 -K - \
		"$1/api/v1/namespaces/default/pods?resourceVersion=0" |
		jq -r '.items[].status | "\(.conditions // [] |
		    any(.type == "Ready" and .status == "True")) \(.podIP)"' |
		sort
}

# all_new URL: all Ready, none at an address of before
all_new() {
	pods_told "$1" >"$BENCH/now"
	[ "$(grep -c '^true' "$BENCH/now")" = "$PODS" ] &&
		[ -z "$(comm -12 "$BENCH/before" "$BENCH/now")" ]
}

# caught_up: whether the hub has the pods as the master has them
caught_up() {
	[ "$(pods_told "$HUB_URL")" = "$(pods_told "$STRAIGHT_URL")" ]
}

# told: whether nothing but events waits for the master
told() {
	[ -z "$(find "$CLUSTER/hub/data/outbox/new" -name '*.json' \
		! -name '*-event.json')" ]
}

# node_to URL: whom kubelet and kube-proxy talk to when they start again
node_to() {
	kubeconfig kubelet "$1" kubelet
	kubeconfig proxy "$1" proxy
}

# boot NAME URL: a line "RUNNING READY" of milliseconds to NAME.boots
boot() {
	pods_told "$2" >"$BENCH/before"
	node_off
	_t0=$(now_ms)
	node_boot
	until_true 120 all_run || die "$1: the pods do not run"
	_t1=$(now_ms)
	until_true 120 all_new "$2" || die "$1: the pods are not Ready"
	echo "$((_t1 - _t0)) $(($(now_ms) - _t0))" >>"$BENCH/$1.boots"
	say "$1: $(tail -n 1 "$BENCH/$1.boots")"
}

boot_straight() {
	hub_down
	node_to "$STRAIGHT_URL"
	boot straight "$STRAIGHT_URL"
}

boot_cut_off() {
	node_to "$HUB_URL"
	hub_up
	until_true 30 hub_online || die "the hub sees no master"
	until_true 30 hub_follows /api/v1/namespaces/default/pods ||
		die "no feed of the pods"
	until_true 30 caught_up || die "the hub has not the pods of the master"
	cut blackhole
	until_true 30 hub_offline || die "the hub sees a master"
	boot hub "$HUB_URL"
	heal
	until_true 60 told || die "the master is not told"
	until_true 30 caught_up || die "the master has not the pods of the hub"
}

# boot_row WHAT COLUMN GOAL
boot_row() {
	_a=$(awk -v c="$2" '{ print $c }' "$BENCH/hub.boots" | median)
	_b=$(awk -v c="$2" '{ print $c }' "$BENCH/straight.boots" | median)
	row "$1" "$_a ms" "straight $_b ms" "$((_a - _b)) ms" "$3"
}

reboots() {
	hub_fetch /api/v1/namespaces/default/pods >/dev/null
	for _turn in $(seq "$REBOOTS"); do
		boot_straight
		boot_cut_off
	done
	boot_row "reboot while cut off, $PODS pods run" 1 "+1000 ms at most"
	boot_row "until they are told to be Ready" 2 ""
}
