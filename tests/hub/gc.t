#!/bin/sh
# gc.t: feeds on demand that nobody uses are dropped, but not while the master
# is away; those of feeds.conf stay.
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
tree=$dir/data/cache/core/v1
{ event ADDED a 3 && mark 20; } | reply init 200
: | reply w 200
rules <<-END
	*sendInitialEvents=true* init hold
END
kubeconfig "http://127.0.0.1:$mock_port"
echo /api/v1/namespaces/x/configmaps >"$dir/feeds"
mkdir -p "$dir/data/wishes" "$dir/data/run"

sync_start() {
	"$OTE_BIN/ote-watch-sync" -v -g 50 -d "$dir/data" -k "$dir/kubeconfig" \
		-c "$dir/feeds" 2>>"$dir/sync.err" &
	sync_pid=$!
	pids="$pids $sync_pid"
}
masters() { # up|down
	echo "127.0.0.1:$mock_port $1 1 $1" >"$dir/data/run/.new"
	mv "$dir/data/run/.new" "$dir/data/run/masters"
}
wish() { # RESOURCE
	echo "{\"path\":\"/api/v1/namespaces/x/$1\"}" >"$dir/data/wishes/.$1"
	mv "$dir/data/wishes/.$1" "$dir/data/wishes/$1"
	wait_for 60 test -s "$tree/$1/x/journal"
}
old() { # RESOURCE: last used long ago
	touch -d '1 hour ago' "$tree/$1/x/feed"
	[ ! -e "$tree/$1/x/used" ] || touch -d '1 hour ago' "$tree/$1/x/used"
}

masters up
sync_start
wait_for 60 test -s "$tree/configmaps/x/journal"
ok $? 'a feed of feeds.conf'
wish secrets
ok $? 'and one on demand'
wait_for 60 test ! -e "$dir/data/wishes/secrets"
ok $? 'the wish is gone'
touch "$tree/secrets/x/used"
masters down
old configmaps
old secrets
wish_waits() { wait_for 3 grep -q never "$dir/sync.err"; }
wish_waits
[ -s "$tree/secrets/x/journal" ]
ok $? 'cut off, nothing is dropped'
masters up
wait_for 60 test ! -e "$tree/secrets/x"
ok $? 'the unused one is dropped'
wait_for 60 grep -q 'secrets/x: unused, dropped' "$dir/sync.err"
ok $? 'and told'
[ -s "$tree/configmaps/x/journal" ]
ok $? 'the one of feeds.conf stays'
[ -z "$(ls -A "$dir/data/wishes")" ] && [ ! -e "$tree/secrets/x.old" ]
ok $? 'nothing is left behind'

wish services
wait_for 60 test ! -e "$dir/data/wishes/services"
touch "$tree/services/x/used"
touch -d '1 hour ago' "$tree/services/x/feed"
wish_waits
[ -s "$tree/services/x/journal" ]
ok $? 'one that is in use stays'
old services
wait_for 60 test ! -e "$tree/services/x"
ok $? 'until it is not'
wish secrets
ok $? 'one that was dropped can be wished for again'

# a feed in use by a watch of the hub
stop "$sync_pid"
is $? 0 'it ends cleanly'
: >"$dir/feeds"
touch "$tree/configmaps/x/used"
old configmaps
sync_start
wait_for 60 test ! -e "$tree/configmaps/x"
ok $? 'no more in feeds.conf: dropped when unused'
done_testing
