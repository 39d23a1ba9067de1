#!/bin/sh
# fsck.t: ote-fsck(8) finds and mends truncated, garbled and foreign files.
set -u
bin=${OTE_BIN:-build/bin}
dir=$(mktemp -d) || exit 1
dir=$(cd "$dir" && pwd -P)
trap 'rm -rf "$dir"' EXIT
n=0
umask 077

ok() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	echo "ok $n - $2"
	[ "$1" -eq 0 ] || sed 's/^/# /' "$dir/out" "$dir/err"
}

# fsck NAME WANT_STATUS [ARG ...]
fsck() {
	name=$1 status=$2
	shift 2
	"$bin/ote-fsck" -d "$data" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$status" ]
	ok $? "$name: exit $status"
	[ "$got" -eq "$status" ] || echo "# exit $got"
}

told() { # NAME TEXT
	grep -qF -- "$2" "$dir/out" "$dir/err"
	ok $? "$1: $2"
}

pod() { # NAME RV
	printf '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","namespace":"x","resourceVersion":"%s"}}' "$1" "$2"
}

event() { # TYPE NAME RV
	printf '{"type":"%s","object":%s}\n' "$1" "$(pod "$2" "$3")"
}

base() { # RV COUNT
	printf '{"type":"BASE","object":{"id":"00000000000000aa","continues":"","resourceVersion":"%s","count":%s,"tail":0,"kind":"Pod","apiVersion":"v1"}}\n' "$1" "$2"
}

# A clean tree: pods a and b in the journal's list, c added, b deleted.
tree() {
	data=$dir/data
	rm -rf "$data"
	feed=$data/cache/core/v1/pods/x
	j=$feed/journal
	mkdir -p "$feed/objects/x"
	echo '{"path":"/api/v1/namespaces/x/pods","labelSelector":"","fieldSelector":""}' >"$feed/feed"
	{
		base 10 2
		event ADDED a 3
		event ADDED b 4
		event ADDED c 12
		event DELETED b 13
	} >"$j"
	pod a 3 >"$feed/objects/x/a"
	pod c 12 >"$feed/objects/x/c"
	mkdir -p "$data/cache/apps/v1/deployments/all"
	echo '{"path":"/apis/apps/v1/deployments"}' \
		>"$data/cache/apps/v1/deployments/all/feed"
}

# mends NAME TEXT: TEXT is found, nothing is changed; then all is mended
mends() {
	find "$data" -type f -exec cksum {} + | sort >"$dir/before"
	fsck "$1" 1
	told 'found' "$2"
	find "$data" -type f -exec cksum {} + | sort | cmp -s - "$dir/before"
	ok $? 'and nothing was changed'
	fsck 'mending' 0 -r
	fsck 'afterwards' 0
	[ ! -s "$dir/out" ]
	ok $? 'nothing is found'
}

tree
fsck 'a clean tree' 0 -v
told 'counted' '2 feeds, 0 findings'
fsck 'a clean feed' 0 "$feed"
cksum "$j" "$feed"/objects/x/* >"$dir/clean"
fsck 'mending a clean tree' 0 -r
cksum "$j" "$feed"/objects/x/* | cmp -s - "$dir/clean"
ok $? 'changes nothing'

printf '{"type":"ADDED","obj' >>"$j"
mends 'a torn end' 'journal has a torn end of 20 bytes'
cksum "$j" "$feed"/objects/x/* | cmp -s - "$dir/clean"
ok $? 'the torn end is cut, and no more'

tree
sed '4s/ADDED/XXXXX/' "$j" >"$dir/j" && cat "$dir/j" >"$j"
mends 'a garbled line' 'journal has 1 bad lines, the first at byte'
"$bin/ote-get" -d "$data" -n x -o name pods >"$dir/out"
printf 'x/a\nx/c\n' | cmp -s - "$dir/out"
ok $? 'nothing was lost'
[ -n "$(ls "$data/quarantine")" ]
ok $? 'the journal as it was is in quarantine/'

tree
head -c 300 "$j" >"$dir/j" && cat "$dir/j" >"$j"
mends 'a truncated journal' 'journal has fewer objects than BASE says'

tree
: >"$j"
mends 'an empty journal' 'journal has no BASE line that parses'

tree
{ base 10 2 && event ADDED b 4 && event ADDED a 3; } >"$j"
pod b 4 >"$feed/objects/x/b"
rm "$feed/objects/x/c"
mends 'a list out of order' 'journal has x/a behind x/b'

tree
sed 's/"namespace":"x","resourceVersion":"12"/"namespace":"y","resourceVersion":"12"/' \
	"$j" >"$dir/j" && cat "$dir/j" >"$j"
mends 'an object of another feed' 'journal has y/c, which the query does not select'

tree
echo '{' >"$feed/feed"
mends 'a feed file that does not parse' 'feed does not parse'
[ "$(jq -r .path "$feed/feed")" = /api/v1/namespaces/x/pods ]
ok $? 'the query was made from the directory'

tree
echo '{"path":"/api/v1/pods"}' >"$feed/feed"
mends 'a feed file of another feed' 'feed is of another directory: core/v1/pods/all'

tree
rm "$feed/feed"
mends 'no feed file' 'feed is missing'

tree
rm "$feed/objects/x/a"
pod b 4 >"$feed/objects/x/b"
echo garbage >"$feed/objects/x/c"
mkdir "$feed/objects/x/d"
mends 'objects/ that differs' 'objects/x/b is not in the journal'
grep -q '"name":"a"' "$feed/objects/x/a" && grep -q '"name":"c"' \
	"$feed/objects/x/c" && [ ! -e "$feed/objects/x/b" ]
ok $? 'objects/ is what the journal has'

tree
touch "$feed/journal.new" "$feed/.tmp.1.2"
echo precious >"$feed/notes"
ln -s /etc/passwd "$data/cache/core/v1/link"
mends 'litter' 'notes does not belong here'
grep -q precious "$data/quarantine"/*notes
ok $? 'what was foreign is kept in quarantine/'
[ ! -e "$feed/journal.new" ] && [ ! -e "$feed/.tmp.1.2" ]
ok $? 'what was temporary is not'

tree
chmod 644 "$j" "$feed/objects/x/a"
chmod 755 "$feed/objects" "$feed" "$data/cache/core"
mends 'modes' 'journal has mode 0644, not 0600'
[ -z "$(find "$data/cache" -type d ! -perm 700 -o -type f ! -perm 600)" ]
ok $? 'modes are set'

tree
mkfifo "$dir/held" "$dir/go"
# shellcheck disable=SC2016 # the inner shell's
flock "$data/lock" sh -c 'echo >"$1"; read -r _ <"$2"' sh "$dir/held" \
	"$dir/go" &
read -r _ <"$dir/held"
echo garbage >>"$j"
cksum "$j" >"$dir/before"
fsck 'mending beside a hub' 111 -r
told 'refused' 'a hub is running'
cksum "$j" | cmp -s - "$dir/before"
ok $? 'nothing was changed'
fsck 'looking beside a hub' 1
echo >"$dir/go"
wait
fsck 'a bad option' 100 -x
fsck 'no such feed' 111 "$dir/none"
data=$dir/none
fsck 'no data directory' 111
echo "1..$n"
