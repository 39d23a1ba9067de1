# shellcheck shell=sh
# pipeline.sh: a fleet that takes commands, and what EdgeController takes; sourced
# after lib.sh
#
# FLEET_LOG and FLEET_PIPE are those of the fleet, fleet_lives() whether it
# does; pipeline() tells the processes of EdgeController, others() "NAME PID" of
# what it shares the machine with.

# answers MEMBER VALUE LINES: of the fleet, behind the first so many lines
answers() {
	tail -n "+$(($3 + 1))" "$FLEET_LOG" | grep '^{' |
		jq -c --arg m "$1" --arg v "$2" 'select(.[$m] == $v)'
}

# fleet COMMAND...: done when its line is there; kept in "said"
fleet() {
	_had=$(wc -l <"$FLEET_LOG")
	echo "$*" >"$FLEET_PIPE"
	until_true 300 fleet_said "$1" "$_had" || die "the fleet: $*: not done"
}

fleet_said() {
	fleet_lives || die "the fleet: $(tail -n 1 "$FLEET_LOG")"
	answers did "$1" "$2" >"$BENCH/said"
	[ -s "$BENCH/said" ]
}

said() {
	jq -r "$@" "$BENCH/said"
}

# phase WHAT SECONDS LINES: until the fleet has seen it behind so many lines, kept
# in "seen"; or it is too late
phase() {
	until_true "$2" phase_seen "$1" "$3" || {
		fleet count
		say "# $1: not in $2 s: $(cat "$BENCH/said")"
		return 1
	}
}

phase_seen() {
	answers seen "$1" "$2" >"$BENCH/seen"
	[ -s "$BENCH/seen" ]
}

# when_seen: in seconds; "never" if it was not
when_seen() {
	if [ -s "$BENCH/seen" ]; then
		jq -r '"\(.ms / 1000) s"' "$BENCH/seen"
	else
		echo never
	fi
}

# spent PID...: microseconds of CPU that they, and their children that have
# ended, have had. What stat(5) has is only sampled.
spent() {
	for _pid; do
		awk '{ n += $1 } END { print n / 1000 }' \
			"/proc/$_pid"/task/*/schedstat 2>/dev/null || :
		sed 's/.*) //' "/proc/$_pid/stat" 2>/dev/null |
			awk -v hz="$(getconf CLK_TCK)" \
				'{ print ($14 + $15) * 1e6 / hz }' || :
	done | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# shares: "NAME microseconds" of each of those that share the machine
shares() {
	# shellcheck disable=SC2046
	echo edgecontroller "$(spent $(pipeline))"
	others | while read -r _name _pid; do
		echo "$_name" "$(spent "$_pid")"
	done
	awk -v hz="$(getconf CLK_TCK)" '$1 == "cpu" { print "all",
		($2 + $3 + $4 + $7 + $8) * 1e6 / hz }' /proc/stat
	for _pid in $(pipeline); do
		[ ! -e "/proc/$_pid" ] ||
			echo "-$(cat "/proc/$_pid/comm")" "$(spent "$_pid")"
	done
}

# usage WHAT SECONDS DATA: sets CPU, percents of a core, and PSS, MB, of the
# pipeline, and tells those of all
usage() {
	shares >"$BENCH/before"
	_t=$(date +%s%N)
	sleep "$2"
	_t=$(($(date +%s%N) - _t))
	shares >"$BENCH/after"
	# shellcheck disable=SC2046
	PSS=$(($(pss $(pipeline)) / 1024))
	awk -v ns="$_t" '
	NR == FNR { t[$1] -= $2; next }
	{ t[$1] += $2 }
	END {
		for (name in t)
			if (t[name] > 0)
				printf "%s %.1f\n", name, t[name] / ns * 1e5
	}' "$BENCH/before" "$BENCH/after" | sort -k2,2nr >"$BENCH/cpu"
	CPU=$(awk '$1 == "edgecontroller" { print $2 }' "$BENCH/cpu")
	say "# $1: % of a core: $(tr '\n' ' ' <"$BENCH/cpu")"
	# shellcheck disable=SC2046
	say "# $1: KB: $(pss_each $(pipeline) | tr '\n' ' ')"
	say "# $1: its tree: $(du -sm "$3" | awk '{ print $1 }') MB"
}
