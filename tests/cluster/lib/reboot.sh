# shellcheck shell=sh
# reboot.sh: the node loses all that a reboot takes, and comes back

# node_pids: every shim, and what runs in the pods' cgroups
node_pids() {
	ps -e -o pid=,comm=,stat= |
	    awk '$2 ~ /^containerd-shim/ && $3 !~ /^Z/ { print $1 }'
	find /sys/fs/cgroup -path "*/${CLUSTER##*/}/*" -name cgroup.procs \
	    -exec cat {} + 2>/dev/null | sort -un || :
}

node_dead() {
	[ -z "$(node_pids)" ] && return
	for _pid in $(node_pids); do
		kill -KILL "$_pid" 2>/dev/null || :
	done
	return 1
}

# unmount_below DIRECTORY: the deepest mounts first
unmount_below() {
	awk -v d="$1/" 'index($5, d) == 1 { print $5 }' \
	    /proc/self/mountinfo | sort -r | while read -r _at; do
		umount -l "$_at" 2>/dev/null || :
	done
}

# node_down: SIGKILL for all of it, and nothing left but its disk
node_down() {
	for _proc in kubelet proxy containerd; do
		proc_kill "$_proc"
	done
	wait_for 60 "end of the containers" node_dead
	wait_for 60 "end of the pods' cgroups" cgroups_gone kubepods
	unmount_below /var/lib/kubelet
	unmount_below /run
	rm -rf /run/containerd /run/runc /run/netns
	rm -rf /var/lib/cni/networks /var/lib/cni/results
	for _table in nat mangle filter; do
		iptables -t "$_table" -F
		iptables -t "$_table" -X
	done
	conntrack -F 2>/dev/null || :
	ip link delete cni0 2>/dev/null || :
}

# node_off: with the hub, when it runs here
node_off() {
	_hub=false
	if proc_alive hub; then
		_hub=true
		hub_kill
	fi
	node_down
}

# node_boot: what node_off has ended, in the order of a boot
node_boot() {
	echo "$(($(cat "$CLUSTER/run/boots") + 1))" >"$CLUSTER/run/boots"
	cat /proc/sys/kernel/random/uuid >"$CLUSTER/sys/boot_id"
	cni_write
	if "$_hub"; then
		hub_start
	fi
	containerd_start
	kubelet_start
	proxy_start
}

node_reboot() {
	node_off
	node_boot
}
