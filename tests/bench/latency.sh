# shellcheck shell=sh
# latency.sh: from a write to its watch event; sourced by real.sh
#
# watchlat writes and watches twice: straight, and through the hub. Both
# ways lead through the balancer in front of the master. How much later a
# second straight watch is tells what is not the hub's.

latency() {
	kc create namespace bare >&2
	cover latency
	kubeconfig balanced https://127.0.0.1:6888 hub
	latency_of bare hub "second straight watch" ""
	latency_of bare balanced "ote-load-balancer alone" ""
	latency_of bare kubectl-hub "hub, passed through" ""
	latency_of latency kubectl-hub "hub, from a feed" goal
}

# latency_of NAMESPACE KUBECONFIG WHAT GOAL
latency_of() {
	timeout 60 "$OWN/watchlat" -direct "$CLUSTER/hub.kubeconfig" \
		-hub "$CLUSTER/$2.kubeconfig" -n "$1" -rate 20 -seconds 15 \
		-grace 5s >"$BENCH/latency.json" ||
		say "bench: watchlat: $(cat "$BENCH/latency.json")"
	row "event, $3, p50 / p99" "$(of through) ms" \
		"straight $(of straight)" "" ""
	row "event, $3, later by" "$(of difference) ms" "straight" "" \
		"${4:+<= 0.5 / 2 ms}"
}

of() {
	jq -r ".$1 | \"\\(.p50_ms) / \\(.p99_ms)\"" "$BENCH/latency.json"
}
