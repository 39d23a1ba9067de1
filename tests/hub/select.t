#!/bin/sh
# select.t: ote-select(8) over objects, events and bad lines.
set -u
bin=${OTE_BIN:-build/bin}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

# is NAME WANT_STATUS [ARG ...] <in: stdout must equal $dir/want
is() {
	name=$1 status=$2
	shift 2
	"$bin/ote-select" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	n=$((n + 1))
	if [ "$got" -eq "$status" ] && cmp -s "$dir/out" "$dir/want"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# exit $got, want $status"
		sed 's/^/# /' "$dir/out" "$dir/err"
	fi
}

# told NAME TEXT: the last run said it on stderr
told() {
	n=$((n + 1))
	if grep -qF -- "$2" "$dir/err"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$dir/err"
	fi
}

cat >"$dir/in" <<'JSON'
{"kind":"Pod","metadata":{"name":"a","namespace":"x","labels":{"app":"web"}},"spec":{"nodeName":"n1"}}
{ "kind":"Pod", "metadata": {"name":"b","namespace":"x","labels":{"app":"db"}},"spec":{"nodeName":"n2"},"status":{"phase":"Running"} }

{"type":"MODIFIED","object":{"metadata":{"name":"c","namespace":"y","labels":{"app":"web"}}}}
{"type":"BASE","object":{"id":"0000000000000000"}}
{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}
JSON

grep -v BASE "$dir/in" | grep . >"$dir/want"
is 'no selector: everything but BASE' 0 "$dir/in"
is 'standard input' 0 <"$dir/in"
is 'dash is standard input' 0 - <"$dir/in"
sed -n '1p;4p;6p' "$dir/in" >"$dir/want"
is 'a label, in objects and events' 0 -l app=web "$dir/in"
sed -n '2p;6p' "$dir/in" >"$dir/want"
is 'a field of the resource' 0 -r pods -f spec.nodeName=n2 "$dir/in"
is 'the core group named' 0 -r core/pods -f status.phase=Running "$dir/in"
is 'both selectors' 0 -v -l app -r pods -f 'spec.nodeName!=n1,metadata.namespace=x' "$dir/in"
told '-v counts' '5 read, 1 matched'
sed -n '6p' "$dir/in" >"$dir/want"
is 'nothing matches: exit 1' 1 -l app=none "$dir/in"
printf '%s' '{"metadata":{"name":"a"}}' | tee "$dir/last" >"$dir/want"
is 'a last line without newline comes out so' 0 "$dir/last"
: >"$dir/want"
is 'an empty file' 1 /dev/null
is 'a bad label selector' 100 -l 'a b' "$dir/in"
told 'as kube-apiserver words it' "found 'b', expected: in, notin"
is 'a bad field selector' 100 -f a "$dir/in"
is 'an unknown field' 100 -f spec.nodeName=n1 "$dir/in"
told 'is named' 'field label not supported: spec.nodeName'
is 'an unknown resource' 100 -r x/y "$dir/in"
is 'a bad option' 100 -x
is 'no such file' 111 "$dir/none"
is 'a directory' 111 "$dir"
printf '%s\n' '{"metadata":{"name":"a"}}' '{"torn' '{"metadata":{}}' \
	'{"metadata":{"name":"b"}}' >"$dir/torn"
sed -n '1p;4p' "$dir/torn" >"$dir/want"
is 'what does not parse is skipped: exit 111' 111 "$dir/torn"
told 'and told, with its line' "$dir/torn:2: "
told 'so is what is no object' "$dir/torn:3: no object"
if [ -c /dev/full ]; then
	"$bin/ote-select" "$dir/in" >/dev/full 2>"$dir/err"
	got=$?
	n=$((n + 1))
	[ "$got" -eq 111 ] || printf 'not '
	echo "ok $n - a full disk behind: exit 111"
fi
echo "1..$n"
