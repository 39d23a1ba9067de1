# Sourced by ote_edgecontroller: its checks in order, and what it renders.
# shellcheck shell=sh disable=SC2154,SC2034

# Where a pod finds who it is.
account=${OTE_ACCOUNT:-/var/run/secrets/kubernetes.io/serviceaccount}

check_options() {
	check_number -v "$level" 0 10
	check_number --sync-timeout "$sync_timeout" 0 86400
	takeover_s=$(seconds --takeover-after "$takeover") || exit
	check_number --takeover-after "$takeover_s" 5 3600
	autonomy_s=$(seconds --max-autonomy "$autonomy") || exit
	[ "$autonomy_s" -le 999999999 ] || die "--max-autonomy $autonomy: over" \
		"31 years: say 0, for ever"
	[ "$takeover_s" -le 30 ] || echo "${0##*/}: --takeover-after $takeover:" \
		"masters with defaults call a node Unknown after 40 or 50 s:" \
		"leave time for the writes" >&2
	check_nodes
	check_elect
	default_data
	check_text --data-path "$data"
	data=$(absolute "$data")
	[ "$metrics" != 0 ] || metrics=
	! $once && ! $dry_run || metrics=
	[ -z "$metrics" ] || split_addr --metrics-address "$metrics"
	[ -z "$metrics" ] || need_tool lighttpd lighttpd
	! $once || need_tool flock util-linux
	[ -x "$bin/ote-edge-controller" ] ||
		die "$bin/ote-edge-controller: not there: run make"
	verbose=
	[ "$level" -lt 3 ] || verbose=-v
	# mawk would keep results until it has some thousand bytes of them
	unbuffered=
	case $(awk -W version 2>&1 </dev/null) in
	mawk*) unbuffered=' -W interactive' ;;
	esac
	said=$(decide tool_says "$data" -n 2>&1) ||
		die "$(printf '%s\n' "$said" | sed -e 's/^[^:]*: //' \
			-e 's/^-l: /--node-selector: /')"
}

check_nodes() {
	check_text --node-selector "$selector"
	case $self in
	*[!A-Za-z0-9._-]*) die "--name $self: letters, digits and . _ - only" ;;
	esac
	[ ${#self} -le 127 ] || die "--name $self: over 127 bytes: shorten it"
	if $all_nodes; then
		[ -z "$selector" ] || die "--all-nodes: with --node-selector" \
			"$selector: give one of them"
	else
		: "${selector:=edgenode.ote.baidu.com/autonomy=true}"
	fi
}

check_elect() {
	if [ -z "$elect" ]; then
		elect=true
		! $once && ! $dry_run || elect=false
	fi
	! $elect || ! $dry_run ||
		die "--dry-run: writes nothing, and a Lease neither: leave" \
			"--leader-elect away"
	! $elect || ! $once || die "-1: does not wait until it leads: leave" \
		"--leader-elect away"
	[ -n "$elect_ns" ] || [ -n "$kubeconfig" ] ||
		elect_ns=$(cat "$account/namespace" 2>/dev/null) || :
	: "${elect_ns:=kube-system}"
	case $elect_ns in
	[!a-z0-9]* | *[!a-z0-9-]*) die "--leader-elect-resource-namespace" \
		"$elect_ns: no name of a namespace" ;;
	esac
}

# Where it stays, what a former run knew of heartbeats is of use; with -1 no
# heartbeat is ever old without that.
default_data() {
	[ -z "$data" ] || return 0
	for dir in /run "${XDG_RUNTIME_DIR-}"; do
		[ -n "$dir" ] && [ -w "$dir" ] || continue
		data=$dir/ote-edgecontroller
		return
	done
	! $once || die "-1: no directory that stays from round to round (/run and" \
		"XDG_RUNTIME_DIR cannot be written): name one with --data-path"
	data=$tmp/data
	$test_only || data=$(mktemp -d) || die "--data-path: no directory to" \
		"write to found: name one"
}

check_master() {
	[ -n "$kubeconfig" ] || in_cluster
	check_file --kubeconfig "$kubeconfig"
	kubeconfig=$(readlink -f -- "$kubeconfig")
	check_text --kubeconfig "$kubeconfig"
	check_file --feeds "$feeds"
	cp -- "$feeds" "$tmp/feeds.conf"
	tool_says ote-watch-sync -n -k "$kubeconfig" -c "$tmp/feeds.conf"
}

# Without a kubeconfig, one of the service account of the pod. The token is
# read again as it is renewed.
in_cluster() {
	[ -n "${KUBERNETES_SERVICE_HOST-}" ] && [ -r "$account/token" ] ||
		die "--kubeconfig: missing, and this is no pod with a service" \
			"account: name a kubeconfig"
	server=$KUBERNETES_SERVICE_HOST
	case $server in *:*) server="[$server]" ;; esac
	kubeconfig=$tmp/kubeconfig
	cat >"$kubeconfig" <<-END
	apiVersion: v1
	kind: Config
	clusters:
	- name: c
	  cluster:
	    server: https://$server:${KUBERNETES_SERVICE_PORT:-443}
	    certificate-authority: $account/ca.crt
	users:
	- name: u
	  user:
	    tokenFile: $account/token
	contexts:
	- name: x
	  context: {cluster: c, user: u}
	current-context: x
	END
}

check_rendered() {
	if $once; then
		[ ! -e "$data/lock" ] || flock -n "$data/lock" true ||
			die "$data/lock: somebody holds it: one at a time"
		return
	fi
	tool_says ote-supervise -n -l "$data/lock" "$tmp/plan"
	[ -n "$metrics" ] || return 0
	said=$(lighttpd -tt -f "$tmp/lighttpd.conf" 2>&1) ||
		die "lighttpd: $(printf '%s\n' "$said" | head -n 1)"
	check_port "--metrics-address $metrics" "$metrics"
}

# render TO DATA: what is run, into TO, for DATA
render() {
	run=$2/run
	case $kubeconfig in
	"$tmp"/*) master=$run/kubeconfig ;;
	*) master=$kubeconfig ;;
	esac
	act "$2" >"$1/act"
	decide command_line "$2" -1 -w "$run/unwanted" >"$1/stand-by"
	round "$2" >"$1/round"
	[ -z "$metrics" ] || sed -e "s|@DATA@|$2|" -e "s|@ADDRESS@|$host|" \
		-e "s|@PORT@|$port|" "$etc/controller-metrics.conf.in" \
		>"$1/lighttpd.conf"
	plan "$2" >"$1/plan"
}

# round DATA: the tree is made anew, as it is complete and of now then, with the
# pods that the round before wanted.
round() {
	sync=$(command_line ote-watch-sync -1 -d "$1" -k "$master" \
		-c "$run/round-feeds.conf" -w "$sync_timeout")
	cat <<-END
	exec 9>'$1/lock'
	flock -n 9 || {
	    echo '${0##*/}: $1/lock: somebody holds it: one at a time' >&2
	    exit 100
	}
	code=0
	rm -rf '$1/cache' '$run/failed'
	touch '$run/pods.conf'
	cat '$run/feeds.conf' '$run/pods.conf' >'$run/round-feeds.conf'
	rm -f '$1/wishes/'*
	$sync || :
	for feed in core/v1/nodes/all coordination.k8s.io/v1/leases/kube-node-lease
	do
	    [ -e '$1/cache/'"\$feed/journal" ] || code=1
	done
	. '$run/act' || code=\$?
	[ ! -e '$run/failed' ] || code=1
	exit \$code
	END
}

# decide command_line|tool_says DATA [OPTION...]: what it has seen of heartbeats
# is for the next one
decide() {
	how=$1 at=$2
	shift 2
	[ "$autonomy_s" -eq 0 ] || set -- "$@" -M "$autonomy_s"
	! $all_nodes || set -- "$@" -A
	[ -z "$selector" ] || set -- "$@" -l "$selector"
	! $evidence || set -- "$@" -P 2
	[ -z "$self" ] || set -- "$@" -N "$self"
	"$how" ote-edge-controller -d "$at" -a "$takeover_s" \
		-s "$at/run/seen" "$@"
}

# act DATA: what whoever leads does
act() {
	if $once; then
		set -- "$1" -1 -w "$run/pods.conf"
	else
		set -- "$1" -m "$run/decided"
		printf "echo \$\$ >'%s'\n" "$run/acting"
	fi
	if $dry_run; then
		decide command_line "$@"
		return
	fi
	decide=$(decide command_line "$@")
	apply=$(command_line ote-apply -k "$master")
	if $once; then
		decide="{ $decide || : >'$run/failed'; }"
		apply="{ $apply || : >'$run/failed'; }"
	fi
	printf '%s |\n\t%s |\n\tawk%s -v "file=%s" -f "%s"\n' "$decide" "$apply" \
		"$unbuffered" "$run/applied" "$share/edgecontroller-results.awk"
}

plan() {
	# feeds of pods are dropped when they have been read
	plan_line sync+ ote-watch-sync -d "$1" -k "$master" -c "$run/feeds.conf" \
		-g 30 -w "$sync_timeout"
	if $elect; then
		plan_line lead ote-leader -k "$master" -N "$elect_ns" \
			-L ote-edgecontroller sh "$run/act"
	else
		printf "act\tsh '%s'\n" "$run/act"
	fi
	$dry_run || printf "look\tsh '%s' '%s'\n" \
		"$share/edgecontroller-look.sh" "$run"
	[ -z "$metrics" ] ||
		printf "metrics\tlighttpd -D -f '%s'\n" "$run/lighttpd.conf"
}
