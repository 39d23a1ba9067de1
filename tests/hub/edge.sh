# Sourced by the tests of whole hubs: TAP, a directory of its own, hubs and
# mock masters on ports of their own, all ended at the end.
# shellcheck shell=sh disable=SC2034
set -u
umask 077
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
BUILD=${BUILD:-$repo/build}
OTE_BIN=${OTE_BIN:-$BUILD/bin}
export OTE_BIN
PATH=$PATH:/usr/sbin:/sbin
dir=$(mktemp -d "${TMPDIR:-/tmp}/edge.XXXXXX") || exit 1
dir=$(cd "$dir" && pwd -P)
n=0 bad=0 own='' pids='' watches='' code=''

finish() {
	for p in $own $watches $pids; do # an id may be that of somebody else by now
		! grep -q "^PPid:.$$\$" "/proc/$p/status" || kill "$p"
	done 2>/dev/null
	wait
	if [ "$bad" -gt 0 ]; then
		for f in "$dir"/*.err; do
			tail -n 12 "$f" | sed "s|^|# ${0##*/}: ${f##*/}: |"
		done >&2
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

ok() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || { bad=$((bad + 1)) && printf 'not '; }
	echo "ok $n - $2"
}

is() { # GOT WANT NAME
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || printf '%s\ngot:  %.400s\nwant: %.400s\n' "$3" "$1" "$2" |
		sed "s/^/# ${0##*/}: /" >&2
}

gone() { # PID
	! kill -0 "$1" 2>/dev/null
}

done_testing() {
	! grep -q "runtime error\|Sanitizer" "$dir"/*.err
	ok $? "no sanitizer spoke"
	echo "1..$n"
}

wait_for() { # SECONDS COMMAND...: until it succeeds
	until=$(($(date +%s) + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$until" ] || return 1
		sleep 0.05
	done
}

lines() { # FILE N: it has N lines at least
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# --- hubs ---

# One certificate for all, its own CA.
ca=$dir/cert.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=test -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$dir/key.pem" -out "$ca" 2>/dev/null || exit 1
# Ports that are free, and are no other test's that does not listen there now.
mkfifo "$dir/own"
for _ in 1 2 3 4 5 6 7 8 9; do
	# shellcheck disable=SC2046
	set -- $("$BUILD/tests/hub/mock" -p 4)
	"$BUILD/tests/hub/peer" own "$@" >"$dir/own" 2>/dev/null &
	own=$!
	! read -r _ <"$dir/own" || break
done
rm "$dir/own"
master_port=$1 edge_port=$2 lb_port=$3 mock_port=$4
master=https://127.0.0.1:$master_port edge=https://127.0.0.1:$edge_port

kubeconfig() { # URL [MORE]: of the master, for the edge
	cat >"$dir/kubeconfig" <<-END
		apiVersion: v1
		kind: Config
		current-context: c
		contexts: [{name: c, context: {cluster: m, user: u}}]
		users: [{name: u, user: {}}]
		clusters:
		- name: m
		  cluster:
		    server: $1
		    ${2-}
	END
}

# hub_answers PID PORT: the hub whose ote-supervise is that process, and not one
# that was killed a moment ago
hub_answers() {
	[ "$(cat "/proc/$1/comm")" = ote-supervise ] &&
		curl -sf --cacert "$ca" "https://127.0.0.1:$2/readyz"
}

# hub NAME MODE PORT [ARG...]: start one on the data in $dir/NAME
hub() {
	name=$1 mode=$2 port=$3
	shift 3
	"$repo/sh/ote_edgehub" "$mode" -d "$dir/$name" -n node1 \
		--authorization-mode "${authorization:-AlwaysAllow}" \
		--server-port "$port" --server-ca-file "$ca" \
		--server-cert-file "$ca" --server-key-file "$dir/key.pem" "$@" \
		>>"$dir/$name.out" 2>>"$dir/$name.err" &
	pid=$!
	pids="$pids $pid"
	wait_for 60 hub_answers "$pid" "$port" ||
		{ bad=1 && echo "Bail out! $name does not start" && exit 1; }
}

start_master() { # a standalone hub that plays the master
	hub master standalone "$master_port"
	master_pid=$pid
}

edge_args=
start_edge() { # a hub in front of what kubeconfig() named, with $edge_args
	[ -e "$dir/feeds" ] || : >"$dir/feeds"
	# shellcheck disable=SC2086
	hub edge k8s "$edge_port" --kube-config "$dir/kubeconfig" \
		-l "127.0.0.1:$lb_port" --feeds "$dir/feeds" \
		--sync-timeout 5 $edge_args
	edge_pid=$pid
}

stop() { # PID [SIGNAL]
	{ kill "-${2:-TERM}" "$1" && wait "$1"; } 2>/dev/null
}

# nobody PORT DATA: has a connection to that web server, nor that one to its hub
nobody() {
	awk -v p="$(printf ':%04X$' "$1")" '$2 ~ p && $4 != "0A" && $10 != 0 {
		n = 1 } END { exit n }' /proc/net/tcp &&
		[ "$(grep -c " $2/run/edge.sock\$" /proc/net/unix)" = 1 ]
}

# tool PID NAME: the process id of that tool of a hub, of lighttpd the newest
tool() {
	tr " " "\n" <"/proc/$1/task/$1/children" | while read -r p; do
		[ "$(cat "/proc/$p/comm")" != "$2" ] || echo "$p"
		[ "$2 $(cat "/proc/$p/comm")" != 'lighttpd ote-listen' ] ||
			tool "$p" "$2" | tail -n 1
	done
}

has_tool() { # PID NAME: it runs, and is no shell any more
	[ -n "$(tool "$1" "$2")" ]
}

# outbox_gets SIGNAL PID: what replays for that hub, whether it runs now or not
outbox_gets() {
	wait_for 60 has_tool "$2" ote-when
	kill -s "$1" -- "-$(tool "$2" ote-when)"
}

has_feeds() { # GROUP/VERSION/RESOURCE/SCOPE...: the edge has these feeds
	for f; do
		[ -e "$dir/edge/cache/$f/journal" ] || return 1
	done
}

master_is() { # up|down, as the edge sees it
	grep -q " $1 " "$dir/edge/run/masters"
}

# --- the mock master ---

start_mock() {
	mkdir -p "$dir/mock"
	: >"$dir/mock.port" # not that of the one before
	"$BUILD/tests/hub/mock" "$dir/mock" "$mock_port" \
		>"$dir/mock.port" 2>>"$dir/mock.err" &
	mock_pid=$!
	pids="$pids $mock_pid"
	wait_for 60 lines "$dir/mock.port" 1
}

# reply FILE CODE [TYPE]: an answer of the mock with the body on stdin
reply() {
	{
		printf 'HTTP/1.1 %s X\r\nContent-Type: %s\r\n' "$2" \
			"${3:-application/json}"
		printf 'Connection: close\r\n\r\n'
		cat
	} >"$dir/mock/$1.new"
	mv "$dir/mock/$1.new" "$dir/mock/$1"
}

rules() { # on stdin: GLOB FILE [hold|endless]; /readyz is there
	echo ok | reply readyz 200 text/plain
	{ echo '/readyz* readyz' && cat; } >"$dir/mock/rules.new"
	mv "$dir/mock/rules.new" "$dir/mock/rules"
}

asked() { # FIXED_TEXT: so often was a request with it made
	grep -cF -- "$1" "$dir/mock/log"
}

# --- clients ---

# get PATH [CURL_ARG...]: sets $code; $dir/body and $dir/head, from $at
at=$edge
get() {
	path=$1
	shift
	: >"$dir/body"
	code=$(curl -sSg -A test --path-as-is -m 60 --cacert "$ca" -D "$dir/head" \
		-o "$dir/body" -w '%{http_code}' "$@" "$at$path" \
		2>"$dir/curl.err")
}

# status PATH CODE REASON NAME [CURL_ARG...]: a Status is answered
status() {
	path=$1 want="$2 Status $2 $3" name=$4
	shift 4
	get "$path" "$@"
	is "$code $(jq -r '"\(.kind) \(.code) \(.reason)"' "$dir/body" 2>&1)" \
		"$want" "$name"
}

names() { # of the list in body
	jq -r '[.items[].metadata.name] | join(" ")' "$dir/body"
}

watch() { # FILE PATH [CURL_ARG...]: into $dir/FILE, in the background
	out=$dir/$1 path=$2
	shift 2
	: >"$out"
	curl -sSgN -A test -m 900 --cacert "$ca" "$@" "$at$path" >"$out" \
		2>>"$dir/curl.err" &
	watch_pid=$!
	watches="$watches $watch_pid"
}

# events FILE N: TYPE/NAME of its events, once there are N, bookmarks aside
events() {
	wait_for 60 lines "$dir/$1" "$2"
	jq -r 'select(.type != "BOOKMARK") |
		"\(.type)/\(.object.metadata.name // .object.reason)"' \
		"$dir/$1" | paste -sd' '
}

# write METHOD PATH [JSON]: on the master
write() {
	code=$(curl -sSg -m 60 --cacert "$ca" -X "$1" -o "$dir/wrote" \
		-H "Content-Type: ${type:-application/json}" \
		${3:+--data-binary "$3"} -w '%{http_code}' "$master$2")
}

configmap() { # NAME [LABEL]: a JSON body
	printf '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s","labels":{"app":"%s"}},"data":{"k":"v"}}' \
		"$1" "${2:-a}"
}

wrote_rv() {
	jq -r .metadata.resourceVersion "$dir/wrote"
}

# raw [BYTES_AS_FOR_PRINTF]: them, or stdin, over TLS as they are; what comes
# back, for 20 s at most
raw() {
	# shellcheck disable=SC2059
	if [ $# -gt 0 ]; then printf "$1"; else cat; fi |
		timeout 20 openssl s_client -quiet -verify_quiet \
			-CAfile "$ca" -connect "${at#https://}" 2>/dev/null
}

# item NAME RV [LABEL], event TYPE NAME RV [LABEL], mark RV: for the mock
item() {
	printf '{"metadata":{"name":"%s","namespace":"x","resourceVersion":"%s","labels":{"app":"%s"}}}' \
		"$1" "$2" "${3:-a}"
}

event() {
	type=$1
	shift
	printf '{"type":"%s","object":{"kind":"ConfigMap","apiVersion":"v1",%s}\n' \
		"$type" "$(item "$@" | cut -c2-)"
}

mark() {
	printf '{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"%s","annotations":{"k8s.io/initial-events-end":"true"}}}}\n' "$1"
}

# list RV CONTINUE ITEM...
list() {
	printf '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"%s","continue":"%s"},"items":[' "$1" "$2"
	shift 2
	comma=
	for i; do
		printf "%s%s" "$comma" "$i"
		comma=,
	done
	printf ']}\n'
}
