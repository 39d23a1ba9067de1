#!/bin/sh
# real.sh: figures that need a real master and node; see tests/cluster
#
# One hub between a real control plane and a node with ten pods: memory,
# watch latency, a black hole, disk and line, reboots. Needs root and Go.
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
cd "$HERE/../cluster"
# shellcheck source=tests/cluster/lib.sh
. ./lib.sh
cluster_enter "${RUN_LIMIT:-1500}" "$HERE/real.sh"

# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/objects.sh
. "$HERE/objects.sh"
# shellcheck source=tests/bench/watch.sh
. "$HERE/watch.sh"
# shellcheck source=tests/bench/latency.sh
. "$HERE/latency.sh"
# shellcheck source=tests/bench/hole.sh
. "$HERE/hole.sh"
# shellcheck source=tests/bench/bytes.sh
. "$HERE/bytes.sh"
# shellcheck source=tests/bench/reboot.sh
. "$HERE/reboot.sh"

# options NAME: lines of curl's configuration, to be that user
options() {
	printf '%s = "%s"\n' cacert "$CLUSTER/pki/ca.crt" \
		cert "$CLUSTER/pki/$1.crt" key "$CLUSTER/pki/$1.key"
}

# hub_fetch PATH, master_fetch PATH [CURL-OPTION...]: the body
hub_fetch() {
	options admin | curl -s -f -m 30 -K - "$HUB_URL$1"
}

master_fetch() {
	_path=$1
	shift
	options admin | curl -s -f -m 30 -K - "$@" "https://127.0.0.1:6443$_path"
}

# feed_of NAMESPACE: of its ConfigMaps
feed_of() {
	echo "$CLUSTER/hub/data/cache/core/v1/configmaps/$1"
}

# cover NAMESPACE: makes it, and a feed of its ConfigMaps
cover() {
	kc get namespace "$1" >/dev/null 2>&1 || kc create namespace "$1" >&2
	hub_fetch "/api/v1/namespaces/$1/configmaps?resourceVersion=0" \
		>/dev/null
	until_true 30 test -s "$(feed_of "$1")/journal" ||
		die "no feed of the ConfigMaps of $1"
}

part real
CURL_OPTIONS=$(options admin)
session_up
for _what in ${FIGURES:-memory latency hole disk resume reboots}; do
	case $_what in
	memory)
		_path="/api/v1/pods?fieldSelector=spec.nodeName%3Dedge-1"
		_path="$_path&watch=true&resourceVersion=0"
		memory "$(proc_pid hub)" "$HUB_URL$_path" "node, $PODS pods"
		;;
	*) "$_what" ;;
	esac
done
