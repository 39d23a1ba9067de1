# shellcheck shell=sh
# cut.sh: takes the master away from the hub, and gives it back
#
# cut MODE [MASTER], heal [MASTER]; without MASTER, all of them. The test's
# own kubectl goes on reaching the master in all modes but hung and killed.
#
#	blackhole	packets vanish, both ways
#	refused		the port is closed, open connections are reset
#	killed		so, and the apiserver is killed too
#	hung		the apiserver is stopped: connects, answers nothing
#	503		a balancer answers 503; open connections fall silent
#	silent		a balancer connects and answers nothing

cut_rules() {
	iptables -t raw "$1" PREROUTING -i lo -p tcp --dport "$2" -j DROP
	iptables -t raw "$1" PREROUTING -i lo -p tcp --sport "$2" -j DROP
}

cut_one() {
	echo "$1" >"$CLUSTER/run/cut-$2"
	case $1 in
	blackhole) cut_rules -I "$((7442 + $2))" ;;
	refused) proc_kill "forwarder-$2" ;;
	killed)
		proc_kill "forwarder-$2"
		proc_kill "apiserver-$2"
		;;
	hung) proc_signal "apiserver-$2" STOP ;;
	503 | silent) echo "$1" >"$CLUSTER/run/forwarder-$2.mode" ;;
	*)
		diag "cut: no mode $1"
		return 1
		;;
	esac
}

heal_one() {
	[ -e "$CLUSTER/run/cut-$1" ] || return 0
	case $(cat "$CLUSTER/run/cut-$1") in
	blackhole) cut_rules -D "$((7442 + $1))" ;;
	refused) forwarder_start "$1" ;;
	killed) master_start "$1" ;;
	hung) proc_signal "apiserver-$1" CONT ;;
	503 | silent) rm -f "$CLUSTER/run/forwarder-$1.mode" ;;
	esac
	rm -f "$CLUSTER/run/cut-$1"
}

cut() {
	for _master in ${2:-$(masters)}; do
		cut_one "$1" "$_master"
	done
}

# heal [MASTER]: returns when the master answers where the hub asks
heal() {
	for _master in ${1:-$(masters)}; do
		heal_one "$_master"
		master_wait "$_master"
	done
}

# is_cut [MASTER]: whether the master's port does not answer readyz
is_cut() {
	! url_ok "https://127.0.0.1:$((7442 + ${1:-1}))/readyz"
}
