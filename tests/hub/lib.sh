# lib.sh: sourced by the tests of this directory: TAP, a private directory in
# $T, waiting, certificates, hubs. What was started is ended at exit.
# shellcheck shell=sh disable=SC2034,SC2154

top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${OTE_BIN:-$top/build/bin}
hub=$top/sh/ote_edgehub
OTE_BIN=$bin
export OTE_BIN
T=$(mktemp -d /tmp/ote-hub.XXXXXX) || exit 1
tests=0
jobs=''

cleanup() {
	trap - EXIT HUP INT TERM
	for job in $jobs; do
		# the number of one that has ended may be another's by now
		! grep -q "^PPid:.$$\$" "/proc/$job/status" 2>/dev/null ||
			kill "$job"
	done
	wait
	chmod -R u+rwx "$T"
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' HUP INT PIPE TERM

# ok STATUS NAME
ok() {
	tests=$((tests + 1))
	[ "$1" -eq 0 ] || printf 'not '
	echo "ok $tests - $2"
	return "$1"
}

# is NAME GOT WANTED
is() {
	[ "$2" = "$3" ]
	ok $? "$1" || printf "# ${0##*/}: %s\n" "$1" \
	    "got:    $2" "wanted: $3" >&2
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests # SKIP $1"
}

done_testing() {
	echo "1..$tests"
}

# wait_for COMMAND...: until it succeeds, at most a minute
wait_for() {
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ "$i" -lt 1200 ] || return 1
		sleep 0.05
	done
}

gone() {
	! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null
}

# ports N: free ones, that the kernel gives to nobody who connects
ports() {
	"${BUILD:-$top/build}/tests/hub/mock" -p "$1"
}

# start NAME COMMAND...: output to $T/NAME.log, process id to $pid
start() {
	log=$T/$1.log
	shift
	"$@" >"$log" 2>&1 &
	pid=$!
	jobs="$jobs $pid"
}

# certs DIR [DAYS]: ca.pem and edge-server.pem with their keys, for 127.0.0.1
certs() {
	mkdir -p "$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 3 -subj "/CN=test $1" -keyout "$1/ca-key.pem" \
		-out "$1/ca.pem" 2>/dev/null &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -subj /CN=edge -keyout "$1/edge-server-key.pem" \
			2>/dev/null |
		openssl x509 -req -CA "$1/ca.pem" -CAkey "$1/ca-key.pem" \
			-days "${2:-3}" -extfile "$top/tests/hub/cert.ext" \
			-out "$1/edge-server.pem" 2>/dev/null
}

# kubeconfig SERVER CA >FILE
kubeconfig() {
	jq -n --arg s "$1" --arg ca "$2" '{apiVersion: "v1", kind: "Config",
		"current-context": "t",
		contexts: [{name: "t", context: {cluster: "t", user: "t"}}],
		clusters: [{name: "t", cluster:
			{server: $s, "certificate-authority": $ca}}],
		users: [{name: "t", user: {}}]}'
}

# get CURL_ARGUMENT...
get() {
	curl -s --max-time 60 --cacert "${ca:-$T/ssl/ca.pem}" "$@"
}
