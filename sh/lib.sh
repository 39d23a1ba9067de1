# Sourced by ote_edgehub and others: checks of what the operator gave. Each ends
# with one line that names the value, the reason and the way out, and exit 100;
# none changes anything.
# shellcheck shell=sh disable=SC2154

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 100
}

# need_tool NAME PACKAGE
need_tool() {
	command -v "$1" >/dev/null ||
		die "$1: not found: install the package $2"
}

# check_number WHAT VALUE LOW HIGH
check_number() {
	case $2 in
	'' | *[!0-9]* | ????????*) ;;
	*) [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ] || return 0 ;;
	esac
	die "$1 $2: not a number from $3 to $4"
}

# What goes into configuration files must need no escapes there.
check_text() {
	case $2 in
	*[\'\"\\\`\$\&\|]* | *[[:cntrl:]]*)
		die "$1 $2: quotes, backslashes, \$ & | and control" \
			"characters cannot stand in it: choose another name" ;;
	esac
}

# check_file WHAT FILE
check_file() {
	[ -e "$2" ] || die "$1 $2: no such file: make it or name another with $1"
	[ -f "$2" ] || die "$1 $2: not a file: name another with $1"
	head -c 1 -- "$2" >/dev/null 2>&1 ||
		die "$1 $2: cannot be read by user $(id -un): change its mode or owner"
}

# absolute PATH: links in it stay, as what is renewed may be behind them
absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$(pwd)" "${1#./}" ;;
	esac
}

# split_addr WHAT ADDR: sets host and port
split_addr() {
	case $2 in
	\[*:*\]:*) host=${2#\[} host=${host%%\]*} ;;
	*:*:* | :*) host= ;;
	*:*) host=${2%:*} ;;
	*) die "$1 $2: no port in it: write host:port" ;;
	esac
	case $host in
	'' | -* | *[!A-Za-z0-9._:-]*)
		die "$1 $2: no address: write host:port or [IPv6]:port" ;;
	esac
	port=${2##*:}
	check_number "$1 $2: port" "$port" 1 65535
}

# addresses_of HOST
addresses_of() {
	getent ahosts "$1" | cut -d' ' -f1 | sort -u
}

# is_here ADDRESS
is_here() {
	case $1 in
	127.* | ::1 | 0.0.0.0 | ::) return 0 ;;
	esac
	hostname -I 2>/dev/null | tr ' ' '\n' | grep -qxF -e "$1"
}

# check_loopback WHAT HOST: where clients are not told apart, all of them act
# with the hub's own identity.
check_loopback() {
	found=$(addresses_of "$2")
	[ -n "$found" ] || die "$1 $2: does not resolve: give 127.0.0.1 or ::1"
	for ip in $found; do
		case $ip in 127.* | ::1) ;; *) die "$1 $2: is not loopback:" \
			"clients are not told apart: give 127.0.0.1 or ::1," \
			"or say --authorization-mode Webhook" ;;
		esac
	done
}

# check_masters WHAT LIST OWN_PORT...: a name that does not resolve is fatal
# only on the first start, as a node may boot without its network.
check_masters() {
	what=$1 list=$2
	shift 2
	for addr in $(printf '%s\n' "$list" | tr , ' '); do
		split_addr "$what" "$addr"
		mport=$port found=$(addresses_of "$host")
		if [ -z "$found" ] && [ -d "$data/cache" ]; then
			echo "${0##*/}: $what $addr: does not resolve now" >&2
		elif [ -z "$found" ]; then
			die "$what $addr: $host does not resolve: mend the" \
				"name or give an IP address"
		fi
		for ip in $found; do
			for own; do
				[ "$own" != "$mport" ] || ! is_here "$ip" ||
					die "$what $addr: is this hub itself:" \
						"name the master's address"
			done
		done
	done
	[ -n "${addr-}" ] || die "$what: no address: write host:port[,host:port]"
}

# check_data DIR: really write there, or where it would be made.
check_data() {
	at=$1
	while [ ! -e "$at" ] && [ ! -L "$at" ]; do
		at=$(dirname -- "$at")
	done
	[ -d "$at" ] || die "--data-path $1: $at is not a directory:" \
		"choose another --data-path"
	probe=$(mktemp "$at/.ote_edgehub.XXXXXX" 2>&1) ||
		die "--data-path $1: cannot write there (${probe##*: }): mend" \
			"that or choose another --data-path"
	why=$(dd if=/dev/zero of="$probe" bs=64k count=16 conv=fsync 2>&1) || {
		rm -f -- "$probe"
		why=$(printf '%s\n' "$why" | grep '^dd:' | head -n 1)
		die "--data-path $1: cannot write there (${why##*: }): make" \
			"room or choose another --data-path"
	}
	rm -f -- "$probe"
}

# server_of KUBECONFIG: host:port of its only server.
server_of() {
	servers=$(tr -d '"\047' <"$1" | tr , '\n' |
		sed -n 's|^.*server: *\(https*://[^]/ }]*\).*$|\1|p' | sort -u)
	case $servers in
	http*"
"* | '') die "--kube-config $1: it names several servers or none: say" \
		"which with --init-server" ;;
	esac
	addr=${servers#*://}
	case $servers in
	*]:* | *://[![]*:*) echo "$addr" ;;
	https*) echo "$addr:443" ;;
	*) echo "$addr:80" ;;
	esac
}

# Run a tool's own check; what it says is what we say.
tool_says() {
	tool=$1
	shift
	said=$("$bin/$tool" "$@" 2>&1) && return
	die "$(printf '%s\n' "$said" | sed -n "1s/^$tool: //p")"
}

# By really listening there.
check_port() {
	said=$("$bin/ote-load-balancer" -n -l "$2" 2>&1) ||
		die "$1: cannot listen on $2 (${said##*: }): end what" \
			"listens there or choose another"
}

# plan_line NAME TOOL ARGUMENT...
plan_line() {
	printf '%s\t' "$1"
	shift
	command_line "$@"
}

# command_line TOOL ARGUMENT...
command_line() {
	printf "'%s'%s" "$bin/$1" "${verbose:+ $verbose}"
	shift
	for arg; do
		case $arg in
		-?) printf ' %s' "$arg" ;;
		*) printf " '%s'" "$arg" ;;
		esac
	done
	echo
}
