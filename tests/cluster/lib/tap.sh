# shellcheck shell=sh
# tap.sh: TAP, and waiting for a condition with a deadline

_tests=0 _failures=0

# diags: its input as diagnostics, with the test's name, by which sh/check
# finds them again where several run side by side.
diags() {
	sed "s/^/# ${0##*/}: /" >&2
}

diag() {
	printf '%s\n' "$*" | diags
}

bail() {
	printf 'Bail out! %s\n' "$*"
	exit 1
}

# check DESCRIPTION COMMAND...: one test; the command's success decides.
check() {
	_tests=$((_tests + 1))
	_what=$1
	shift
	if "$@"; then
		printf 'ok %d - %s\n' "$_tests" "$_what"
	else
		printf 'not ok %d - %s\n' "$_tests" "$_what"
		_failures=$((_failures + 1))
	fi
}

# is GOT EXPECTED: for check; says what differs.
is() {
	[ "$1" = "$2" ] && return
	diag "got      $1"
	diag "expected $2"
	return 1
}

# tap_end: the plan; the exit code says whether all went well.
tap_end() {
	printf '1..%d\n' "$_tests"
	tap_clean
}

tap_clean() {
	[ "$_failures" -eq 0 ]
}

now_ms() {
	date +%s%3N
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; 1 when it is late,
# which it is only once it has failed after that time.
wait_for() (
	end=$(($(now_ms) + $1 * 1000))
	what=$2
	shift 2
	while now=$(now_ms) && ! "$@"; do
		if [ "$now" -ge "$end" ]; then
			diag "timed out: $what"
			exit 1
		fi
		sleep 0.1
	done
)

# holds SECONDS COMMAND...: whether it goes on succeeding for so long.
holds() (
	end=$(($(now_ms) + $1 * 1000))
	shift
	while [ "$(now_ms)" -lt "$end" ]; do
		"$@" || exit 1
		sleep 0.5
	done
)
