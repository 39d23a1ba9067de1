#!/bin/sh
# run.sh [rate|identity|memory|watches|lists|outbox|writes|light|real|controller]...: figures, side by side, and their goals
#
# No figure fails a run: this machine may be busy, and small. "real" and
# "controller" need root and Go, as they run on the cluster of tests/cluster;
# they are left out where those are not. OTE_KEEP=1 keeps the logs in TMPDIR.
set -eu

cd -- "$(dirname -- "$0")"
: "${BUILD:?is set by make bench}" "${OTE_BIN:?is set by make bench}"
BENCH=$(mktemp -d "${TMPDIR:-/tmp}/ote-bench.XXXXXX")
export BENCH BUILD OTE_BIN

trap '[ -n "${OTE_KEEP:-}" ] || rm -rf -- "$BENCH"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck source=tests/bench/lib.sh
. ./lib.sh

printf '%s\n' "$(nproc) cores, $(uname -sr), load $(cut -d' ' -f1-3 /proc/loadavg)"
: >"$ROWS"
[ $# -gt 0 ] || set -- rate identity memory watches lists outbox writes light real controller
status=0
for _part; do
	"./$_part.sh" || status=1
done
echo
printf '%s\t%s\t%s\t%s\t%s\n' "" "the hub" "compared with" ratio goal |
	cat - "$ROWS" | table
exit "$status"
