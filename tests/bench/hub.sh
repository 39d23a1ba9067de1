# shellcheck shell=sh
# hub.sh: a standalone hub; sourced after lib.sh

# hub_up: sets HUB_URL, HUB_DATA, HUB_CA, CURL_OPTIONS; the process is "hub"
hub_up() {
	HUB_PORT=$(free_port)
	HUB_URL=https://127.0.0.1:$HUB_PORT
	HUB_DATA=$BENCH/data HUB_CA=$BENCH/data/ssl/ca.pem
	# shellcheck disable=SC2034
	CURL_OPTIONS="cacert = \"$HUB_CA\""
	start hub "$HERE/../../sh/ote_edgehub" standalone -n bench \
		-d "$HUB_DATA" --server-port "$HUB_PORT"
	until_true 20 hub_ready || {
		cat "$BENCH/hub.log" >&2
		die "the hub does not come up"
	}
}

hub_ready() {
	lives hub || die "the hub ended: $(head -n 1 "$BENCH/hub.log")"
	curl -s -f -o /dev/null --cacert "$HUB_CA" "$HUB_URL/readyz"
}

# fetch PATH: the body
fetch() {
	curl -s -f -m 20 --cacert "$HUB_CA" "$HUB_URL$1"
}
