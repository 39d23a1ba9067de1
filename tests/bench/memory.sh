#!/bin/sh
# memory.sh: PSS of all processes of a standalone hub, lighttpd included
set -eu

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=tests/bench/lib.sh
. "$HERE/lib.sh"
# shellcheck source=tests/bench/hub.sh
. "$HERE/hub.sh"
# shellcheck source=tests/bench/objects.sh
. "$HERE/objects.sh"
# shellcheck source=tests/bench/watch.sh
. "$HERE/watch.sh"

part memory
need curl lighttpd || exit 0
hub_up
configmaps small 10 400 >"$BENCH/small"
send POST "$HUB_URL" "$BENCH/small"
_path=/api/v1/namespaces/small/configmaps
memory "$(pid_of hub)" "$HUB_URL$_path?watch=true&resourceVersion=0" \
	standalone
