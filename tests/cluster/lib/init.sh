#!/bin/sh
# init.sh LIMIT COMMAND...: the first process of the namespaces
#
# Gives them their own /run, /var/lib and /var/log, and kubelet its own
# copy of the kernel settings that it wants to change, so that nothing
# on the host changes. Then runs COMMAND for at most LIMIT seconds; its
# end ends every process in here.
set -eu

limit=$1
shift

mkdir -p "$CLUSTER/log" "$CLUSTER/run" "$CLUSTER/var-lib" \
    "$CLUSTER/var-log" "$CLUSTER/sys"
mount --make-rshared /
mount -t tmpfs tmpfs /run
mount --bind "$CLUSTER/var-lib" /var/lib
mount --bind "$CLUSTER/var-log" /var/log

# setting NAME VALUE: what kubelet finds and may write to.
setting() {
	echo "$2" >"$CLUSTER/sys/${1##*/}"
	mount --bind "$CLUSTER/sys/${1##*/}" "/proc/sys/$1"
}

setting vm/overcommit_memory 1
setting vm/panic_on_oom 0
setting kernel/panic 10
setting kernel/panic_on_oops 1
setting kernel/keys/root_maxkeys 1000000
setting kernel/keys/root_maxbytes 25000000
setting kernel/random/boot_id "$(cat /proc/sys/kernel/random/uuid)"

ip link set lo up
trap 'exit 143' TERM INT HUP
status=0
OTE_LIMITED=1 timeout -k 10 "$limit" "$@" || status=$?
[ "$status" -ne 124 ] || echo "Bail out! not done after $limit s"
exit "$status"
