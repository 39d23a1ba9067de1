# shellcheck shell=sh
# watch.sh: many open watches, and what they cost; sourced after lib.sh
#
# curl opens up to 300 connections a process, HTTP/1.1 and TLS, one watch
# each; CURL_OPTIONS holds lines of its configuration: CA, certificate.

# watches_open COUNT URL: returns when all have their headers
watches_open() {
	mkdir -p "$BENCH/watches"
	_left=$1
	while [ "$_left" -gt 0 ]; do
		_n=$_left
		[ "$_n" -le 300 ] || _n=300
		watches_conf "$_left" "$_n" "$2" >"$BENCH/watches.$_left"
		start "watches-$_left" curl --no-progress-meter --parallel \
			--parallel-immediate --parallel-max 300 -K "$BENCH/watches.$_left"
		_left=$((_left - _n))
	done
	until_true 60 watches_are "$1" ||
		die "only $(watches_count) of $1 watches are open"
}

# watches_conf FIRST COUNT URL
watches_conf() {
	_i=0
	while [ "$_i" -lt "$2" ]; do
		[ "$_i" = 0 ] || echo next
		printf '%s\n' "$CURL_OPTIONS" "url = \"$3\"" http1.1 silent \
			no-buffer include \
			"output = \"$BENCH/watches/$1-$_i\""
		_i=$((_i + 1))
	done
}

watches_count() {
	grep -l '^HTTP/1.1 200' -r "$BENCH/watches" | wc -l
}

watches_are() {
	[ "$(watches_count)" = "$1" ]
}

watches_close() {
	for _f in "$BENCH"/watches-*.pid; do
		_f=${_f##*/}
		stop "${_f%.pid}"
	done
	rm -rf "$BENCH/watches"
}

# settled PID: PSS of its tree, when it has not changed for a second
settled() {
	_was=-1 _tries=0
	while [ "$_tries" -lt 20 ]; do
		# shellcheck disable=SC2046
		_now=$(pss $(tree "$1"))
		[ "$_now" != "$_was" ] || break
		_was=$_now _tries=$((_tries + 1))
		sleep 1
	done
	echo "$_now"
}

# memory_row WHAT PID GOAL-MB
memory_row() {
	_kb=$(settled "$2")
	_tree=$(tree "$2")
	# shellcheck disable=SC2086
	row "PSS, $1" "$(calc "$_kb / 1024" '%.1f MB')" \
		"$(parts $_tree); alone $(calc "$(alone $_tree) / 1024" '%.1f')" \
		"" "${3:+<= $3 MB}"
}

# parts PID...: how much of it is whose
parts() {
	pss_each "$@" | awk '{
		sub(/^ote-/, "", $1)
		printf "%s%s %.1f", sep, $1, $2 / 1024
		sep = ", "
	}'
}

# memory PID URL WHAT: idle and with watches
memory() {
	memory_row "$3, idle" "$1" 16
	for _count in 300 1000; do
		watches_open "$_count" "$2"
		_goal=
		[ "$_count" = 1000 ] || _goal=32
		memory_row "$3, $_count TLS watches more" "$1" "$_goal"
		watches_close
	done
	memory_row "$3, when they are closed" "$1" ""
}
