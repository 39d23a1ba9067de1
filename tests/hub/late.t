#!/bin/sh
# late.t: a hub that starts while the master is away syncs once it comes.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
c=/api/v1/namespaces/x/configmaps
echo $c >"$dir/feeds"
{ event ADDED a 3 && mark 20; } | reply init 200
rules <<-END
	*/configmaps*sendInitialEvents* init hold
END
kubeconfig "http://127.0.0.1:$mock_port"
stop "$mock_pid"
synced() { get "$c?resourceVersion=0" && [ "$code $(names)" = '200 a' ]; }

start_edge # the first time: nothing is there
wait_for 60 master_is down
status "$c?resourceVersion=0" 503 ServiceUnavailable 'not synced: 503'
start_mock
wait_for 60 master_is up
wait_for 60 synced
ok $? 'the master comes: synced'
stop "$edge_pid"
stop "$mock_pid"

# the feed is there, but its journal was lost; run/masters still says up
rm "$dir"/edge/cache/core/v1/configmaps/x/journal
start_edge
wait_for 60 master_is down
start_mock
wait_for 60 master_is up
wait_for 60 synced
ok $? 'a feed without a journal, run/masters stale: synced'
stop "$edge_pid"

# three times down and up again before anything could be synced
rm "$dir"/edge/cache/core/v1/configmaps/x/journal
stop "$mock_pid"
start_edge
for _ in 1 2 3; do
	wait_for 60 master_is down
	rules </dev/null
	start_mock
	wait_for 60 master_is up
	stop "$mock_pid"
done
wait_for 60 master_is down
rules <<-END
	*/configmaps*sendInitialEvents* init hold
END
start_mock
wait_for 60 synced
ok $? 'a master that comes and goes: synced'
stop "$edge_pid"

# many feeds at once: none waits for the watch of another to end
rm -r "$dir/edge/cache"
{ for r in a b c d e f; do echo /apis/g.io/v1/$r; done; } >"$dir/feeds"
rules <<-END
	*sendInitialEvents* init hold
END
start_edge
for r in a b c d e f; do
	wait_for 60 test -s "$dir/edge/cache/g.io/v1/$r/all/journal"
	ok $? "of many feeds: $r"
done
stop "$mock_pid"
wait_for 60 master_is down
rm -r "$dir"/edge/cache/g.io/v1/*/all/journal
stop "$edge_pid"
start_edge
start_mock
wait_for 60 master_is up
for r in a b c d e f; do
	wait_for 60 test -s "$dir/edge/cache/g.io/v1/$r/all/journal"
	ok $? "and after a start without a master: $r"
done
done_testing
