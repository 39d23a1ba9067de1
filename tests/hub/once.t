#!/bin/sh
# once.t: ote-watch-sync -1, with a tree that is empty, and one that is not
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
ns=/api/v1/namespaces/x

# say NAME...: the master has these maps
say() {
	for name; do
		printf '{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s","namespace":"x","uid":"u-%s","resourceVersion":"%d"}}}\n' \
			"$name" "$name" $((rv += 1))
	done >"$dir/maps"
	mark $((rv += 1)) >>"$dir/maps"
	reply maps 200 <"$dir/maps"
}
rv=10
say a b
echo '*configmaps*sendInitialEvents* maps hold' | rules
kubeconfig "http://127.0.0.1:$mock_port"
echo "$ns/configmaps" >"$dir/feeds"

once() { # OPTION...: exit code, names
	timeout 120 "$OTE_BIN/ote-watch-sync" -1 -k "$dir/kubeconfig" \
		-d "$dir/data" -c "$dir/feeds" "$@" 2>"$dir/err"
	echo $? "$("$OTE_BIN/ote-get" -d "$dir/data" -n x configmaps |
		jq -r .metadata.name | paste -sd' ')"
}
mkdir "$dir/data"
is "$(once)" '0 a b' 'into an empty tree'
say b c
is "$(once)" '0 b c' 'into one that is there: as the master has it now'
is "$(once)" '0 b c' 'unchanged'
: | reply maps 500
is "$(once -w 1)" '1 b c' 'the master does not say: told'
grep -q '1 feeds not synced yet' "$dir/err"
ok $? 'in words'
done_testing
