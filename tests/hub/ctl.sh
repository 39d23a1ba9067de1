# ctl.sh: sourced by the tests of ote-edge-controller: a tree written by hand, a
# clock that stands still, and a master that does what an action says.
# shellcheck shell=sh disable=SC2016,SC2034,SC2094,SC2120,SC2154
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"

data=$T/data
o=$T/objects
at=0
N=edgenode.ote.baidu.com
nodes=cache/core/v1/nodes/all
leases=cache/coordination.k8s.io/v1/leases/kube-node-lease
shown=cache/ote.baidu.com/v1/edgenodes/kube-system
echo 100 >"$T/rv"
mkdir -p "$o/nodes" "$o/leases" "$o/edgenodes" "$o/events" "$data"

# feed DIR PATH
feed() {
	mkdir -p "$data/$1"
	printf '{"path":"%s"}\n' "$2" >"$data/$1/feed"
}

# render DIR KIND NAME: the journal of a feed, whole
render() {
	set -- "$data/$1" "$2" "$o/$3"
	rv=$(cat "$T/rv")
	{
		printf '{"type":"BASE","object":{"id":"%016d","continues":"","resourceVersion":"%d","count":%d,"tail":0,"kind":"%s","apiVersion":"v1"}}\n' \
			"$rv" "$rv" "$(find "$3" -type f | wc -l)" "$2"
		for f in "$3"/*; do
			[ ! -e "$f" ] ||
				printf '{"type":"ADDED","object":%s}\n' "$(cat "$f")"
		done
	} >"$1/journal.new"
	mv "$1/journal.new" "$1/journal"
}

tree() {
	render $nodes Node nodes
	render $leases Lease leases
	[ ! -d "$data/$shown" ] || render $shown EdgeNode edgenodes
}

# put KIND NAME: an object on standard input gets a resourceVersion
put() {
	rv=$(($(cat "$T/rv") + 1))
	echo $rv >"$T/rv"
	jq -c --arg rv $rv '.metadata.resourceVersion = $rv' >"$T/put" &&
		mv "$T/put" "$o/$1/$2"
}

# change KIND NAME FILTER [JQ_ARGUMENT...]
change() {
	put "$1" "$2" <<-EOT
		$(kind=$1 name=$2 filter=$3 && shift 3 && jq -c "$@" "$filter" "$o/$kind/$name")
	EOT
}

when() { # SECONDS: a time
	date -u -d "@$((1764230400 + $1))" +%Y-%m-%dT%H:%M:%SZ
}

# node NAME [LABEL]: and its Lease, renewed now
node() {
	jq -nc --arg n "$1" --arg l "${2-$N/autonomy}" '{kind: "Node",
		apiVersion: "v1", metadata: {name: $n, uid: ("uid-" + $n),
		labels: {($l): "true"}}, spec: {}, status: {conditions:
		[{type: "MemoryPressure", status: "False"},
		{type: "Ready", status: "True", reason: "KubeletReady"}]}}' |
		put nodes "$1"
	jq -nc --arg n "$1" --arg t "$(when $at)" '{kind: "Lease",
		apiVersion: "coordination.k8s.io/v1", metadata: {name: $n,
		namespace: "kube-node-lease", uid: ("lease-" + $n)},
		spec: {holderIdentity: $n, leaseDurationSeconds: 40,
		renewTime: $t}}' | put leases "$1"
}

# beat NAME: as its kubelet does, by a clock an hour late
beat() {
	change leases "$1" '.spec.renewTime = $t' --arg t "$(when $((at - 3600)))"
}

# step SECONDS [OPTION...]: a round at that time; actions in $T/out
step() {
	at=$1
	shift
	tree
	"$bin/ote-edge-controller" -1 -d "$data" -s "$T/seen" -t "$(when "$at")" \
		"$@" >"$T/out" 2>"$T/err"
}

# obey [WHY]: the master does it
obey() {
	while read -r action; do
		printf '%s\n' "$action" >"$T/action"
		jq -c .body "$T/action" >"$T/body"
		path=$(jq -r .path "$T/action") why=$(jq -r .why "$T/action")
		[ "${1:-$why}" = "$why" ] || continue
		item=${path%/status}
		kind=$(echo "$item" | sed 's,.*/\([a-z]*\)/[^/]*$,\1,')
		case $(jq -r .method "$T/action") in
		PUT) put "$kind" "${item##*/}" <"$T/body" ;;
		POST) put "${path##*/}" "$(jq -r .metadata.name "$T/body")" <"$T/body" ;;
		DELETE) rm "$o/$kind/${item##*/}" ;;
		PATCH)
			type=merge
			! grep -q '+json' "$T/action" ||
				type=$(sed 's,.*application/\([a-z]*\).*,\1,' "$T/action")
			"$bin/ote-patch" -t "$type" "$o/$kind/${item##*/}" "$T/body" >"$T/new" &&
				put "$kind" "${item##*/}" <"$T/new"
			;;
		esac
	done <"$T/out"
}

# did NAME WANT: what there was to do, "WHY NODE" each
did() {
	is "$1" "$(jq -r '.why + " " + .node' "$T/out" | sort | paste -sd,)" "$2"
}

# has KIND NAME FILTER WANT
has() {
	is "$1 $2: $3" "$(jq -c "$3" "$o/$1/$2" 2>&1)" "$4"
}

feed $nodes /api/v1/nodes
feed $leases /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases
