# shellcheck shell=sh
# expect.sh: what several tests start, ask and compare

# no_hub_skip: the tests of the hub cannot run without one
no_hub_skip() {
	[ -n "${OTE_STRAIGHT:-}" ] || return 0
	echo "1..0 # SKIP straight to the master"
	exit 0
}

# lines NAME FILTER [ARG...]: the JSON lines of a program's log, through jq
lines() {
	_log=$CLUSTER/log/$1.log
	shift
	jq -cR "fromjson? | $1" "$_log"
}

# has_line NAME FILTER: whether the filter gives something
has_line() {
	[ -n "$(lines "$1" "$2")" ]
}

# watch_start NAME KUBECONFIG PATH...: watches that print each event, open
watch_start() {
	_watch=$1
	_conf=$CLUSTER/$2.kubeconfig
	shift 2
	: >"$CLUSTER/log/$_watch.log"
	proc_start "$_watch" "$OWN/watches" -print -seconds 7200 \
	    -kubeconfig "$_conf" "$@"
	wait_for 60 "open watches" has_line "$_watch" "select(.open == $#)"
}

# watch_held NAME: whether none was closed or refused
watch_held() {
	proc_alive "$1" || return 1
	_ends=$(lines "$1" 'select(has("closed") or has("failed"))')
	is "$_ends" ''
}

# informer_start NAME KUBECONFIG NAMESPACE: until it has synced
informer_start() {
	: >"$CLUSTER/log/$1.log"
	proc_start "$1" "$OWN/informer" -n "$3" \
	    -kubeconfig "$CLUSTER/$2.kubeconfig"
	wait_for 60 "informer $1" has_line "$1" 'select(.synced)'
}

# informer_equals NAME NAMESPACE: whether its store is what the master has
informer_equals() {
	_had=$(lines "$1" 'select(.store)' | wc -l)
	proc_signal "$1" USR1
	wait_for 30 "store of $1" informer_told "$1" "$_had"
	[ "$(lines "$1" 'select(.store) | .store | to_entries |
	    sort_by(.key)' | tail -n 1)" = "$(kc get cm -n "$2" -o json |
	    jq -c '[.items[].metadata | {key: .name,
	    value: .resourceVersion}] | sort_by(.key)')" ]
}

informer_told() {
	[ "$(lines "$1" 'select(.store)' | wc -l)" -gt "$2" ]
}

# feed PATH: the directory of what is whole of it, in the cache
feed() {
	case $1 in
	/api/*) _feed=core/${1#/api/} ;;
	*) _feed=${1#/apis/} ;;
	esac
	case $_feed in
	*/namespaces/*)
		_in=${_feed#*/namespaces/}
		echo "${_feed%%/namespaces/*}/${_in#*/}/${_in%%/*}"
		;;
	*) echo "$_feed/all" ;;
	esac
}

# hub_follows PATH...: whether the hub's watcher watches them whole and has got
# all that there is, so that what a client asked for once is in the cache
hub_follows() {
	for _path in "$@"; do
		[ -e "$CLUSTER/hub/data/cache/$(feed "$_path")/journal" ] ||
			return 1
		jq -R --arg p "$_path" 'fromjson? | select(.verb == "watch" and
		    (.userAgent // "" | startswith("ote-watch-sync/")) and
		    (.requestURI | startswith($p + "?") and
			(test("(field|label)Selector=") | not))) | "x"' \
		    "$CLUSTER"/audit-*.log | grep -q x || return 1
	done
}

# refusal PATH: "code reason" of what the hub answers
refusal() {
	hub_get "$1" >"$CLUSTER/run/refusal" || :
	printf '%s %s\n' "$(tail -n 1 "$CLUSTER/run/refusal")" \
	    "$(sed '$d' "$CLUSTER/run/refusal" | jq -r .reason 2>/dev/null)"
}

# counts COMMAND...: how many lines it prints
counts() {
	"$@" 2>/dev/null | wc -l
}

# same_containers IDS: whether what runs is what ran
same_containers() {
	container_ids >"$CLUSTER/run/containers"
	is "$(cat "$CLUSTER/run/containers")" "$1"
}
