# shellcheck shell=sh
# proc.sh: named processes
#
# run/NAME.pid holds the pid and the start time, so that a pid that was
# given to another process since is never signalled. Each process leads a
# session of its own; its log is log/NAME.log.

proc_birth() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ print $20 }'
}

# proc_start NAME COMMAND...
proc_start() {
	_name=$1
	shift
	setsid "$@" >>"$CLUSTER/log/$_name.log" 2>&1 </dev/null &
	echo "$! $(proc_birth $!)" >"$CLUSTER/run/$_name.pid"
}

# proc_pid NAME: its pid while it lives. A zombie does not, unless other
# threads of it still end: they hold its sockets.
proc_pid() {
	[ -s "$CLUSTER/run/$1.pid" ] || return 1
	read -r _pid _birth <"$CLUSTER/run/$1.pid"
	[ "$(proc_birth "$_pid")" = "$_birth" ] || return 1
	case $(sed 's/.*) //' "/proc/$_pid/stat" 2>/dev/null) in
	'') return 1 ;;
	Z*) threads_left "$_pid" || return 1 ;;
	esac
	echo "$_pid"
}

threads_left() {
	[ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 2>/dev/null |
	    wc -l)" -gt 1 ]
}

proc_alive() {
	proc_pid "$1" >/dev/null
}

proc_gone() {
	! proc_alive "$1"
}

# proc_signal NAME SIGNAL
proc_signal() {
	_pid=$(proc_pid "$1") && kill -"$2" "$_pid"
}

proc_kill() {
	proc_signal "$1" KILL || return 0
	wait_for 60 "end of $1" proc_gone "$1"
}

proc_stop() {
	proc_signal "$1" TERM || return 0
	wait_for 20 "end of $1" proc_gone "$1" || proc_kill "$1"
}

# proc_session NAME: the pids of its session, its leader dead or not.
proc_session() {
	[ -s "$CLUSTER/run/$1.pid" ] || return 0
	read -r _pid _birth <"$CLUSTER/run/$1.pid"
	ps -s "$_pid" -o pid=,stat= | awk '$2 !~ /^Z/ { print $1 }'
}

session_gone() {
	[ -z "$(proc_session "$1")" ]
}

# session_signal NAME SIGNAL: each process of the session, by its pid.
session_signal() {
	for _pid in $(proc_session "$1"); do
		kill -"$2" "$_pid" 2>/dev/null || :
	done
}

# session_kill NAME: until none is left that was being born meanwhile.
session_kill() {
	session_signal "$1" KILL
	wait_for 60 "end of all of $1" session_killed "$1"
}

session_killed() {
	session_gone "$1" && return
	session_signal "$1" KILL
	return 1
}

log_tail() {
	for _name in "$@"; do
		diag "--- log/$_name.log"
		diag "$(tail -n 15 "$CLUSTER/log/$_name.log" | awk '{ print substr($0, 1, 300) }')"
	done
}
