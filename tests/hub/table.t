#!/bin/sh
# table.t: ote-table, objects as a Table and as text
set -eu

t=${OTE_BIN:-build/bin}/ote-table
n=0

# is GOT WANT NAME
is() {
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		printf 'got %s\nwant %s\n' "$1" "$2" | sed 's/^/# /'
	fi
}

at="-s 1580703306"
cm() {
	printf '{"metadata":{"name":"%s","creationTimestamp":"2020-02-03T04:05:06Z"},"data":{"a":"1"}}' "$1"
}

# shellcheck disable=SC2086
{
is "$({ cm one; cm two; } | "$t" $at /api/v1/configmaps | jq -c '[.rows[].cells]')" \
	'[["one",1,"10m"],["two",1,"10m"]]' 'objects one behind the other'
is "$(printf '{"items":[%s,%s]}' "$(cm one)" "$(cm two)" | "$t" $at /api/v1/configmaps | jq -c '[.rows[].cells[0]]')" \
	'["one","two"]' 'and in a list'
is "$({ cm one; cm longer-name; } | "$t" $at -t /api/v1/configmaps)" \
'NAME          DATA   AGE
one           1      10m
longer-name   1      10m' 'as text'
is "$(echo '{"metadata":{"name":"p"}}' | "$t" $at -t /api/v1/pods | head -n 1)" \
	'NAME   READY   STATUS   RESTARTS   AGE' 'what is not wide'
is "$(echo '{"metadata":{"name":"p"}}' | "$t" $at -w /api/v1/pods | head -n 1)" \
	'NAME   READY   STATUS   RESTARTS   AGE         IP       NODE     NOMINATED NODE   READINESS GATES' 'what is'
}
rc=0
"$t" /api/v1/configmaps </dev/null >/dev/null || rc=$?
is "$rc" 1 'no objects'
rc=0
echo '{' | "$t" /api/v1/configmaps >/dev/null 2>&1 || rc=$?
is "$rc" 111 'no JSON'
rc=0
"$t" /version </dev/null >/dev/null 2>&1 || rc=$?
is "$rc" 100 'no resource'
echo "1..$n"
