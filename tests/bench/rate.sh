#!/bin/sh
# rate.sh: requests a second, against a responder that only writes bytes
#
# Three servers take turns: the hub; fcgi-bytes, a libfcgi responder with
# the hub's own answer in memory, behind a lighttpd of the same
# configuration; and that lighttpd with the answer as a file. wrk, TLS,
# keep-alive; the median of ROUNDS rounds of SECONDS_EACH.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/hub.sh
. "$HERE/hub.sh"
# shellcheck source=tests/bench/objects.sh
. "$HERE/objects.sh"
: "${ROUNDS:=3}" "${SECONDS_EACH:=5}"

# peer NAME PATH: fcgi-bytes and the file, with what the hub answers there;
# sets NAME's url in NAME.url and NAME-file.url
peer() {
	fetch "$2" >"$BENCH/$1.json"
	mkdir -p "$BENCH/$1-docs"
	cp "$BENCH/$1.json" "$BENCH/$1-docs/body.json"
	start "$1-fcgi" "$BUILD/tests/bench/fcgi-bytes" "$BENCH/$1.sock" \
		"$BENCH/$1.json"
	_p=$(free_port)
	sed -e "s|^server.port = .*|server.port = $_p|" \
		-e "s|\"socket\" => .*|\"socket\" => \"$BENCH/$1.sock\",|" \
		"$HUB_DATA/run/lighttpd.conf" >"$BENCH/$1.conf"
	start "$1-web" lighttpd -D -f "$BENCH/$1.conf"
	echo "https://127.0.0.1:$_p$2" >"$BENCH/$1.url"
	_p=$(free_port)
	file_conf "$_p" "$BENCH/$1-docs" "$HUB_DATA/run/lighttpd.conf" \
		>"$BENCH/$1-file.conf"
	start "$1-file" lighttpd -D -f "$BENCH/$1-file.conf"
	echo "https://127.0.0.1:$_p/body.json" >"$BENCH/$1-file.url"
	for _u in "$1" "$1-file"; do
		until_true 10 same "$_u" "$1" || die "$_u: wrong answer"
	done
}

same() {
	curl -s -f --cacert "$HUB_CA" "$(cat "$BENCH/$1.url")" |
		cmp -s - "$BENCH/$2.json"
}

# once NAME CONNECTIONS URL: adds a figure to NAME.rates
once() {
	timeout $((SECONDS_EACH + 10)) wrk -t 2 -c "$2" \
		-d "${SECONDS_EACH}s" --timeout 10s "$3" >"$BENCH/wrk.out"
	if grep -E 'Non-2xx|Socket errors' "$BENCH/wrk.out" >&2; then
		die "$1: failed requests"
	fi
	awk '$1 == "Requests/sec:" { print $2 }' "$BENCH/wrk.out" \
		>>"$BENCH/$1.rates"
}

# compare NAME CONNECTIONS PATH WHAT
compare() {
	peer "$1" "$3"
	_round=0
	while [ "$_round" -lt "$ROUNDS" ]; do
		once "$1-hub" "$2" "$HUB_URL$3"
		once "$1-fcgi" "$2" "$(cat "$BENCH/$1.url")"
		once "$1-file" "$2" "$(cat "$BENCH/$1-file.url")"
		_round=$((_round + 1))
	done
	_hub=$(median <"$BENCH/$1-hub.rates")
	_fcgi=$(median <"$BENCH/$1-fcgi.rates")
	_file=$(median <"$BENCH/$1-file.rates")
	_size=$(wc -c <"$BENCH/$1.json")
	row "$4, $_size B, $2 conn." "$(calc "$_hub" '%.0f/s')" \
		"libfcgi responder $(calc "$_fcgi" '%.0f/s')" \
		"$(calc "$_hub / $_fcgi" '%.2f')" ">= 0.95"
	row "" "$(calc "$_hub" '%.0f/s')" \
		"lighttpd, a file $(calc "$_file" '%.0f/s')" \
		"$(calc "$_hub / $_file" '%.2f')" ""
	for _p in fcgi web file; do
		stop "$1-$_p"
	done
}

part rate
need wrk curl lighttpd || exit 0
hub_up
configmaps small 1 165 >"$BENCH/small"
configmaps large 1000 2700 >"$BENCH/large"
send POST "$HUB_URL" "$BENCH/small"
send POST "$HUB_URL" "$BENCH/large"
compare get 16 \
	"/api/v1/namespaces/small/configmaps/c00000?resourceVersion=0" \
	"GET of an object, RV=0"
compare list 4 \
	"/api/v1/namespaces/large/configmaps?resourceVersion=0" \
	"LIST of 1000, RV=0"
