#!/bin/sh
# get.t: ote-get(8) over trees written by hand.
set -u
bin=${OTE_BIN:-build/bin}
dir=$(mktemp -d) || exit 1
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null; rm -rf "$dir"' EXIT
n=0

ok() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	echo "ok $n - $2"
}

# get NAME WANT_STATUS [ARG ...]: stdout must equal $dir/want
get() {
	name=$1 status=$2
	shift 2
	"$bin/ote-get" -d "$dir/data" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$status" ] && cmp -s "$dir/out" "$dir/want"
	ok $? "$name" || :
	[ "$got" -eq "$status" ] || echo "# exit $got, want $status"
	cmp -s "$dir/out" "$dir/want" || sed 's/^/# /' "$dir/out" "$dir/err"
}

told() { # NAME TEXT
	grep -qF -- "$2" "$dir/err"
	ok $? "$1"
}

# feed DIR PATH LABELS FIELDS
feed() {
	mkdir -p "$dir/data/cache/$1"
	jq -nc --arg p "$2" --arg l "$3" --arg f "$4" \
		'{path: $p, labelSelector: $l, fieldSelector: $f}' \
		>"$dir/data/cache/$1/feed"
}

# pod NAMESPACE NAME RV APP
pod() {
	jq -nc --arg ns "$1" --arg n "$2" --arg rv "$3" --arg app "$4" \
		'{kind: "Pod", apiVersion: "v1", metadata: {name: $n,
		namespace: $ns, resourceVersion: $rv, labels: {app: $app}}}'
}

# base ID CONTINUES RV COUNT TAIL
base() {
	jq -nc --arg i "$1" --arg c "$2" --arg rv "$3" \
		--argjson n "$4" --argjson t "$5" \
		'{type: "BASE", object: {id: $i, continues: $c,
		resourceVersion: $rv, count: $n, tail: $t, kind: "Pod",
		apiVersion: "v1"}}'
}

event() { # TYPE, object on stdin
	printf '{"type":"%s","object":%s}\n' "$1" "$(cat)"
}

# lines N: the next N lines of the watch, each within the deadline
lines() {
	i=0
	while [ "$i" -lt "$1" ]; do
		# shellcheck disable=SC2016 # the inner shell's
		timeout 60 sh -c 'IFS= read -r l && printf "%s\n" "$l"' \
			<&3 >>"$dir/seen" || return 1
		i=$((i + 1))
	done
}

all=core/v1/pods/all
j=$dir/data/cache/$all/journal
feed "$all" /api/v1/pods '' ''
{
	base 00000000000000aa '' 10 2 0
	pod x a 3 web | event ADDED
	pod y b 4 db | event ADDED
	pod x c 12 web | event ADDED
} >"$j"
feed core/v1/secrets/x,fieldSelector=metadata.name=s \
	/api/v1/namespaces/x/secrets '' metadata.name=s
base 00000000000000bb '' 20 0 0 >"$dir/data/cache/core/v1/secrets/x,fieldSelector=metadata.name=s/journal"
feed apps/v1/deployments/all /apis/apps/v1/deployments '' ''

printf 'x/a\nx/c\ny/b\n' >"$dir/want"
get 'all of a resource' 0 -o name pods
get 'with version' 0 -o name pods.v1
get 'by path' 0 -o name /api/v1/pods
printf 'x/a\nx/c\n' >"$dir/want"
get 'a namespace' 0 -n x -o name pods
get 'a namespace by path' 0 -o name /api/v1/namespaces/x/pods
get 'a label' 0 -l app=web -o name pods
get 'not older' 0 -r 12 -l app=web -o name pods
pod y b 4 db >"$dir/want"
get 'by name' 0 -n y pods b
get 'by path and name' 0 /api/v1/namespaces/y/pods/b
get 'as JSON' 0 -o json pods b
"$bin/ote-get" -d "$dir/data" -o json pods | jq -c '[.kind, .apiVersion,
	.metadata.resourceVersion, (.items | map(.metadata.name))]' >"$dir/got"
echo '["PodList","v1","12",["a","c","b"]]' >"$dir/want"
cmp -s "$dir/got" "$dir/want"
ok $? 'a List'

: >"$dir/want"
get 'known not to exist: 1' 1 -n y pods a
get 'of a feed of one name: 1' 1 -n x secrets s
get 'of another name: 111' 111 -n x secrets t
told 'as it may exist' 'may or may not exist'
get 'of all names: 111' 111 -n x secrets
get 'of another namespace: 111' 111 -n y secrets s
get 'not synced: 111' 111 deployments.apps
told 'as it says' 'not synced yet'
get 'no such feed: 111' 111 nodes
get 'too old: 111' 111 -r 13 pods
get 'a bad selector: 100' 100 -l 'a b' pods
get 'a bad field: 100' 100 -f spec.containers=x pods
get 'a bad path: 100' 100 /version
get 'a bad resourceVersion: 100' 100 -r 1x pods
get 'a bad output: 100' 100 -o yaml pods
get 'too much: 100' 100 pods a b
get 'too old to watch from: 111' 111 -w -r 9 pods
told 'as it says' 'too old resource version: 9 (10)'

# a watch: what is there, what happens, through a compaction, to the reset
mkfifo "$dir/watch"
"$bin/ote-get" -d "$dir/data" -w -l app=web pods >"$dir/watch" 2>"$dir/err" &
watcher=$!
exec 3<"$dir/watch"
lines 2
ok $? 'a watch begins with what is there'
{
	pod y b 4 db | event PREVIOUS
	pod y b 13 web | event MODIFIED
	pod x c 12 web | event PREVIOUS
	pod x c 14 db | event MODIFIED
} >>"$j"
lines 2
ok $? 'and goes on'
pod x a 15 web | event MODIFIED >"$dir/tail"
cat "$dir/tail" >>"$j"
{
	base 00000000000000cc 00000000000000aa 14 3 "$(wc -c <"$dir/tail")"
	pod x a 3 web | event ADDED
	pod x c 14 db | event ADDED
	pod y b 13 web | event ADDED
	cat "$dir/tail"
	pod x a 16 web | event DELETED
} >"$j.new"
mv "$j.new" "$j"
lines 2
ok $? 'through a compaction'
base 00000000000000dd '' 30 0 0 >"$j.new"
mv "$j.new" "$j"
wait "$watcher"
[ $? -eq 111 ]
ok $? 'until the feed starts anew: 111'
watcher=
jq -r '.type + " " + .object.metadata.name + " " +
	.object.metadata.resourceVersion' "$dir/seen" >"$dir/got"
cat >"$dir/want" <<'EOT'
ADDED a 3
ADDED c 12
ADDED b 13
DELETED c 14
MODIFIED a 15
DELETED a 16
EOT
cmp -s "$dir/got" "$dir/want"
ok $? 'all of it, with transitions'
diff "$dir/want" "$dir/got" | sed 's/^/# /'
jq -r 'select(.object.metadata.name == "c") | .object.metadata.labels.app' \
	"$dir/seen" | tail -n 1 >"$dir/got"
[ "$(cat "$dir/got")" = web ]
ok $? 'what stopped matching is told as it was'

echo "1..$n"
