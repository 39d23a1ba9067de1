#!/bin/sh
# run.sh [TEST.t...]: the tests of this directory on one shared cluster
#
# Brings cluster, hub, node and workload up once, runs prove, and leaves
# nothing behind. With -s it gives a shell inside instead, for a look;
# OTE_STRAIGHT=1 leaves the hub out, OTE_KEEP=1 keeps the logs.
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter $((1800 + 10 * ${CUT_SECONDS:-60})) ./run.sh "$@"

_t0=$(now_ms)
session_up
diag "up after $(($(now_ms) - _t0)) ms"
unset OTE_LIMITED
if [ "${1:-}" = -s ]; then
	shift
	OTE_LIMITED=1 "${@:-sh}"
	exit
fi
# 02 stops the apiserver for a while, after which its watch caches begin anew
# and answer 410 to what was idle: what counts LISTs comes before that.
[ $# -gt 0 ] || set -- ./01-*.t ./04-*.t ./10-*.t ./16-*.t ./02-*.t \
	./03-*.t ./17-*.t ./21-*.t ./05-*.t ./06-*.t ./07-*.t
prove --timer "$@"
