# shellcheck shell=sh
# clients.sh: real clients, what they ask, and what they say
#
# Every client is named: go, python, javascript ask and print facts; watchlist,
# list, python, javascript follow the ConfigMaps of the default namespace.

# clients_find: $CLIENTS and $DEBIAN, their directories, brought if they are
# missing; on the host, before cluster_enter
clients_find() {
	[ -z "${OTE_INSIDE:-}" ] || return 0
	if [ "$(id -u)" != 0 ] || ! _got=$(clients/build.sh); then
		[ "${CI:-}" != true ] || bail "no clients"
		echo "1..0 # SKIP no clients"
		exit 0
	fi
	CLIENTS=$(echo "$_got" | sed -n 1p)
	DEBIAN=$(echo "$_got" | sed -n 2p)
	export CLIENTS DEBIAN
}

# clients_up: lets the scripts find their libraries
clients_up() {
	mkdir -p "$CLUSTER/javascript" "$CLUSTER/facts" "$CLUSTER/tmp"
	cp clients/javascript/*.mjs "$CLUSTER/javascript"
	ln -sfn "$CLIENTS/node_modules" "$CLUSTER/javascript/node_modules"
	export PYTHONPATH="$CLIENTS/python" PYTHONDONTWRITEBYTECODE=1
}

# client_ask CLIENT KUBECONFIG: the facts, a JSON line each
client_ask() {
	_conf=$CLUSTER/$2.kubeconfig
	case $1 in
	go) "$OWN/asks" -kubeconfig "$_conf" ;;
	python)
		TMPDIR=$CLUSTER/tmp timeout 180 python3 \
		    clients/python/asks.py "$_conf"
		;;
	javascript)
		timeout 180 node "$CLUSTER/javascript/asks.mjs" "$_conf"
		;;
	esac
}

# clients_ask NAME KUBECONFIG: what each says, in facts/CLIENT.NAME
clients_ask() {
	for _client in go python javascript; do
		client_ask "$_client" "$2" >"$CLUSTER/facts/$_client.$1" ||
			diag "$_client: exit $?"
	done
}

# same_facts CLIENT A B: whether it said the same then, without an error
same_facts() {
	_a=$CLUSTER/facts/$1.$2 _b=$CLUSTER/facts/$1.$3
	if grep '"error"' "$_a" || ! [ -s "$_a" ]; then
		diag "$1: no facts"
		return 1
	fi >&2
	cmp -s "$_a" "$_b" && return
	diff "$_a" "$_b" | command cut -c 1-400 | diags
	return 1
}

# follow NAME CLIENT: starts a follower through the hub
follow() {
	_conf=$CLUSTER/kubectl-hub.kubeconfig
	: >"$CLUSTER/log/$1.log"
	case $2 in
	watchlist)
		proc_start "$1" "$OWN/followers" -kubeconfig "$_conf"
		;;
	list)
		proc_start "$1" "$OWN/followers" -watchlist=false \
		    -kubeconfig "$_conf"
		;;
	python)
		proc_start "$1" env TMPDIR="$CLUSTER/tmp" python3 \
		    clients/python/follow.py "$_conf"
		;;
	javascript)
		proc_start "$1" node "$CLUSTER/javascript/follow.mjs" "$_conf"
		;;
	esac
}

followers_start() {
	for _client in watchlist list python javascript; do
		follow "$_client-$1" "$_client"
	done
}

# stores NAME: the last that each client of a follower had, by client
stores() {
	lines "$1" 'if .stores then .stores | to_entries[] else
	    select(.store) | {key: .client, value: .store} end' |
	    jq -cS -s 'map({(.key): .value}) | add // {}'
}

truth() {
	kc get configmaps -o json | jq -cS '[.items[].metadata |
	    {(.name): .resourceVersion}] | add'
}

# stores_are NAME COUNT TRUTH: whether all its clients have just this. Before
# its first line one of Go may not be up, and would end by the signal.
stores_are() {
	[ -s "$CLUSTER/log/$1.log" ] || return 1
	case $1 in
	*list-*) proc_signal "$1" USR1 || return 1 ;;
	esac
	stores "$1" | jq --argjson n "$2" --argjson t "$3" \
	    'length == $n and all(.[]; . == $t)' | grep -qx true
}

# followers_have SET TRUTH: whether all of them get there; says who does not
followers_have() {
	_bad=0
	for _one in watchlist:5 list:5 python:2 javascript:1; do
		_name=${_one%:*}-$1
		wait_for 120 "$_name" stores_are "$_name" "${_one#*:}" "$2" &&
			continue
		diag "$(stores "$_name" | jq -c 'map_values(length)')"
		log_tail "$_name"
		_bad=1
	done
	return "$_bad"
}

# followers_calm SET: whether none had to begin again
followers_calm() {
	_bad=
	for _client in watchlist list python javascript; do
		_bad=$_bad$(lines "$_client-$1" 'select(.error)')
	done
	is "$_bad" ''
}

# kubectl_ask NAME TOOL KUBECONFIG WHEN: every line of clients/kubectl.txt,
# starting from no cache; WHEN is online or offline. What each said and its
# exit code are in facts/kubectl.NAME/LINE.
kubectl_ask() {
	_dir=$CLUSTER/facts/kubectl.$1
	rm -rf "$_dir"
	mkdir -p "$_dir/home"
	_n=0
	while IFS= read -r _line; do
		_n=$((_n + 1))
		case $_line in
		'#'*) continue ;;
		online*)
			[ "$4" = online ] || continue
			_line=${_line#online}
			;;
		esac
		_code=0
		eval "HOME=\$_dir/home timeout 120 \"\$2\" --kubeconfig \
		    \"\$CLUSTER/\$3.kubeconfig\" --cache-dir \
		    \"\$_dir/home/cache\" $_line" \
		    >"$_dir/$_n" 2>&1 </dev/null || _code=$?
		echo "exit $_code" >>"$_dir/$_n"
	done <clients/kubectl.txt
	rm -rf "${_dir:?}/home"
}

# ages FILE: what was said, without ages, the columns that they
# widen, and the revision of a list
ages() {
	sed -E -e 's/(^|[[:space:](])([0-9]+[smhdy]){1,2}\>/\1AGE/g' \
	    -e 's/  +/ /g' -e 's/ +$//' \
	    -e 's/^(\{.*"metadata":\{"resourceVersion":)"[0-9]+"/\1/' "$1"
}

# kubectl_same A B: whether it said the same, byte for byte but for ages, to
# every line that was asked in B
kubectl_same() {
	_a=$CLUSTER/facts/kubectl.$1 _b=$CLUSTER/facts/kubectl.$2
	_bad=0 _asked=0
	for _file in "$_b"/*; do
		_n=${_file##*/} _asked=$((_asked + 1))
		cmp -s "$_a/$_n" "$_file" && continue
		ages "$_a/$_n" >"$CLUSTER/tmp/a"
		ages "$_file" >"$CLUSTER/tmp/b"
		cmp -s "$CLUSTER/tmp/a" "$CLUSTER/tmp/b" && continue
		_bad=$((_bad + 1))
		diag "kubectl $(sed -n "${_n}p" clients/kubectl.txt)"
		diff "$CLUSTER/tmp/a" "$CLUSTER/tmp/b" | head -n 6 |
		    command cut -c 1-200 | diags
	done
	diag "kubectl $2: $_asked commands, $_bad differ"
	[ "$_bad" -eq 0 ] && [ "$_asked" -ge 40 ]
}
