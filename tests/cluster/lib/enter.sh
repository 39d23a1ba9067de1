# shellcheck shell=sh
# enter.sh: from the host into private namespaces, and cleaning up after
#
# cluster_enter LIMIT SCRIPT ARG...: SCRIPT calls it first. On the host it
# builds, makes $CLUSTER, runs SCRIPT again inside for at most LIMIT
# seconds, cleans up and exits with its status. Inside it returns, with
# $BIN and $OWN, the programs' directories, set, and $MASTER, the one of the
# control plane: $BIN, or with OTE_MASTER=older the one two minors older.

cluster_needs() {
	[ "$(id -u)" = 0 ] || echo root
	for _tool in go cc openssl jq curl setsid unshare ip iptables \
	    conntrack containerd ctr runc busybox prove ps; do
		command -v "$_tool" >/dev/null || echo "$_tool"
	done
	[ -x /usr/lib/cni/bridge ] || echo CNI-plugins
	if ldd "$(command -v busybox)" >/dev/null 2>&1; then
		echo busybox-static
	fi
}

cluster_enter() {
	_limit=$1
	shift
	if [ -n "${OTE_INSIDE:-}" ]; then
		[ -z "${OTE_LIMITED:-}" ] || return 0
		OTE_LIMITED=1 exec timeout -k 10 "$_limit" "$@"
	fi
	_needs=$(cluster_needs | tr '\n' ' ')
	if [ -n "$_needs" ]; then
		[ "${CI:-}" != true ] || bail "missing: $_needs"
		echo "1..0 # SKIP missing: $_needs"
		exit 0
	fi
	_built=$(./build.sh) || bail "build.sh"
	BIN=$(echo "$_built" | sed -n 1p)
	OWN=$(echo "$_built" | sed -n 2p)
	MASTER=$BIN
	[ "${OTE_MASTER:-}" != older ] || MASTER=$(echo "$_built" | sed -n 3p)
	CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/ote-cluster.XXXXXX")
	export BIN OWN MASTER CLUSTER
	_ns=
	trap cluster_leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	exec 3<&0
	OTE_INSIDE=1 unshare --net --mount --pid --fork --kill-child \
	    --mount-proc ./lib/init.sh "$_limit" "$@" <&3 3<&- &
	_ns=$!
	_status=0
	wait "$_ns" || _status=$?
	exit "$_status"
}

# cgroups_gone [NAME]: this cluster's own, or those of that name below it
cgroups_gone() {
	for _g in /sys/fs/cgroup/"${CLUSTER##*/}${1:+/$1}" \
	    /sys/fs/cgroup/*/"${CLUSTER##*/}${1:+/$1}"; do
		[ -d "$_g" ] || continue
		find "$_g" -depth -type d -exec rmdir {} + 2>/dev/null || :
		[ ! -d "$_g" ] || return 1
	done
}

# Killing unshare ends the namespace's first process, so all of them.
cluster_leave() {
	trap '' INT TERM HUP
	if [ -n "$_ns" ] && kill -KILL "$_ns" 2>/dev/null; then
		wait "$_ns" 2>/dev/null || :
	fi
	wait_for 20 "end of the cgroup" cgroups_gone || :
	if [ -n "${OTE_KEEP:-}" ]; then
		diag "kept: $CLUSTER"
	else
		rm -rf "$CLUSTER"
	fi
}
