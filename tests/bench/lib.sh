# shellcheck shell=sh
# lib.sh: what the parts of the bench share; sourced
#
# BENCH is a private directory, in which each part makes its own; BUILD and
# OTE_BIN say where the binaries are. Every process is started by start(), kept by its pid in BENCH and
# ended by its pid. A figure is a row(): they are printed as they come and
# once more, together, at the end.

PATH=$PATH:/usr/sbin:/sbin
ROWS=$BENCH/rows

# part NAME: a directory of its own, and an end that ends all it started
part() {
	BENCH=$BENCH/$1
	mkdir "$BENCH"
	trap stop_all EXIT
	trap 'exit 1' HUP INT TERM
}

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "bench: $*"
	exit 1
}

# need TOOL...: false, and said, when one is not there
need() {
	for _tool; do
		command -v "$_tool" >/dev/null || {
			say "bench: $_tool: not found: left out what needs it"
			return 1
		}
	done
}

# start NAME COMMAND...: in the background, its output in NAME.log
start() {
	_name=$1
	shift
	"$@" >"$BENCH/$_name.log" 2>&1 </dev/null &
	echo $! >"$BENCH/$_name.pid"
}

pid_of() {
	cat "$BENCH/$1.pid"
}

lives() {
	kill -0 "$(pid_of "$1")" 2>/dev/null
}

# stop NAME: TERM, after 10 seconds KILL
stop() {
	[ -e "$BENCH/$1.pid" ] || return 0
	_pid=$(pid_of "$1")
	kill -TERM "$_pid" 2>/dev/null || :
	until_true 10 gone "$_pid" || kill -KILL "$_pid" 2>/dev/null || :
	wait "$_pid" 2>/dev/null || :
	rm -f "$BENCH/$1.pid"
}

gone() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	'' | Z*) return 0 ;;
	esac
	return 1
}

stop_all() {
	for _f in "$BENCH"/*.pid; do
		[ ! -e "$_f" ] || {
			_f=${_f##*/}
			stop "${_f%.pid}"
		}
	done
}

# until_true SECONDS COMMAND...
until_true() {
	_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$_end" ] || return 1
		sleep 0.1
	done
}

# free_port: one on which nobody listens now
free_port() {
	_port=$((20000 + $$ % 8000))
	[ ! -e "$BENCH/port" ] || _port=$(($(cat "$BENCH/port") + 1))
	until "$OTE_BIN/ote-load-balancer" -n -l "127.0.0.1:$_port" \
		>/dev/null 2>&1; do
		_port=$((_port + 1))
	done
	echo "$_port" | tee "$BENCH/port"
}

# file_conf PORT DIRECTORY CONF: a hub's lighttpd.conf, made to send files
file_conf() {
	sed -e "s|^server.port = .*|server.port = $1|" \
		-e "s|^server.document-root = .*|server.document-root = \"$2\"|" \
		-e 's|"mod_fastcgi"|"mod_staticfile"|' \
		-e '/^fastcgi.server/,$d' "$3"
}

# median: of the numbers on stdin
median() {
	sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}

# calc EXPRESSION FORMAT
calc() {
	awk "BEGIN { printf \"$2\", $1 }"
}

# row WHAT HUB COMPARED-WITH RATIO GOAL
row() {
	printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$ROWS"
	printf '%s\t%s\t%s\t%s\t%s\n' "$@" | table >&2
}

table() {
	awk -F '\t' '{ printf "%-48s %14s  %-30s %8s  %s\n", $1, $2, $3, $4, $5 }'
}

# tree PID: it and all that descend from it
tree() {
	ps -e -o pid=,ppid= | awk -v root="$1" '
	{ parent[$1] = $2 }
	END {
		for (p in parent) {
			for (q = p; q != root && q > 1; )
				q = parent[q]
			if (q == root)
				print p
		}
	}' | sort -n
}

# pss PID...: in KB, together
pss() {
	for _pid; do
		cat "/proc/$_pid/smaps_rollup" 2>/dev/null || :
	done | awk '$1 == "Pss:" { n += $2 } END { print n + 0 }'
}

# pss_each PID...: "name KB" of each, largest first
pss_each() {
	for _pid; do
		printf '%s %s\n' "$(cat "/proc/$_pid/comm")" "$(pss "$_pid")"
	done | sort -k2,2nr
}

# alone PID...: in KB, what PSS would be if no other process on the machine
# had mapped the same libraries
alone() {
	for _pid; do
		cat "/proc/$_pid/smaps" 2>/dev/null || :
	done | awk '
	/^[0-9a-f]+-[0-9a-f]+ / { key = $4 " " $5 " " $3 }
	$1 == "Rss:" { rss = $2 }
	$1 == "Anonymous:" {
		anon += $2
		if (rss - $2 > file[key])
			file[key] = rss - $2
	}
	END {
		for (key in file)
			anon += file[key]
		print anon + 0
	}'
}
