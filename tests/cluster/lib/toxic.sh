# shellcheck shell=sh
# toxic.sh: a slow or lossy line between hub and masters, by toxiproxy
#
# Each master is on port 8442+N too, through toxiproxy:
# HUB_SERVERS=127.0.0.1:8443 hub_restart puts it into the way.

toxi() {
	curl -s -f -m 30 -o /dev/null -X "$1" "http://127.0.0.1:8474$2" \
	    ${3:+-d "$3"}
}

toxi_start() {
	proc_start toxiproxy "$BIN/toxiproxy-server" -host 127.0.0.1 -port 8474
	wait_for 60 toxiproxy toxi GET /version
	for _n in $(masters); do
		toxi POST /proxies "$(jq -nc --argjson n "$_n" '{
		    name: "master-\($n)", enabled: true,
		    listen: "127.0.0.1:\(8442 + $n)",
		    upstream: "127.0.0.1:\(7442 + $n)"}')"
	done
}

toxi_stop() {
	proc_stop toxiproxy
}

# toxic_add MASTER NAME TYPE ATTRIBUTES [STREAM]: ATTRIBUTES are JSON, STREAM
# is downstream (to the hub) or upstream
toxic_add() {
	toxi POST "/proxies/master-$1/toxics" "$(jq -nc --arg name "$2" \
	    --arg type "$3" --argjson a "$4" --arg s "${5:-downstream}" \
	    '{name: $name, type: $type, stream: $s, attributes: $a}')"
}

# toxic_remove MASTER NAME
toxic_remove() {
	toxi DELETE "/proxies/master-$1/toxics/$2"
}

# toxic_slow MASTER MS [KBPS]: late by MS, and that narrow
toxic_slow() {
	toxic_add "$1" late latency "{\"latency\":$2,\"jitter\":$(($2 / 4))}"
	[ -z "${3:-}" ] || toxic_add "$1" narrow bandwidth "{\"rate\":$3}"
}

# toxic_midbody MASTER BYTES: each connection ends after so many bytes
toxic_midbody() {
	toxic_add "$1" midbody limit_data "{\"bytes\":$2}"
}

# toxic_lossy MASTER: small slices with pauses, as retransmission makes
toxic_lossy() {
	toxic_add "$1" lossy slicer \
	    '{"average_size":700,"size_variation":600,"delay":20000}'
}
