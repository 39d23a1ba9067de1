# Sourced by ote_edgehub: its checks in order, and what it renders.
# shellcheck shell=sh disable=SC2154,SC2034

check_options() {
	check_number -v "$level" 0 10
	check_number --sync-timeout "$sync_timeout" 0 86400
	check_number --server-port "$server_port" 1 65535
	check_number --review-age "$review_age" 0 2592000
	[ -n "$node" ] || node=$(hostname | tr '[:upper:]' '[:lower:]')
	case $node in
	'' | [!a-z0-9]* | *[!a-z0-9.-]*)
		die "--node-name $node: not a node's name: lower case," \
			"digits, - and ." ;;
	esac
	# without links and dots, as lighttpd compares paths by their bytes
	data=$(realpath -m -- "$data") ||
		die "--data-path $data: is no path: choose another"
	check_text --data-path "$data"
	[ ${#data} -le 90 ] || die "--data-path $data: too long for the" \
		"sockets in it: choose one of at most 90 bytes"
	case $address in
	*:*) web="[$address]:$server_port" ;;
	*) web=$address:$server_port ;;
	esac
	split_addr --server-address "$web"
	check_mode
	need_tool lighttpd lighttpd
	need_tool openssl openssl
	[ -x "$bin/ote-supervise" ] || die "$bin/ote-supervise: not there: run make"
	verbose=
	[ "$level" -lt 3 ] || verbose=-v
	# shellcheck disable=SC3045
	fds=$(ulimit -H -n)
	case $fds in unlimited | ?????*) fds=8192 ;; esac
	[ "$fds" -ge 256 ] || die "ulimit -n $fds: too few descriptors: raise it"
}

check_upstream() {
	[ -n "$kubeconfig" ] ||
		die "--kube-config: missing: name the kubeconfig of this node"
	check_file --kube-config "$kubeconfig"
	kubeconfig=$(realpath -- "$kubeconfig")
	check_text --kube-config "$kubeconfig"
	check_file --feeds "$feeds"
	# shellcheck disable=SC2016
	sed 's/\$NODE/'"$node/g" "$feeds" >"$tmp/feeds.conf"
	tool_says ote-watch-sync -n -k "$kubeconfig" -c "$tmp/feeds.conf"
	check_file --writes "$writes"
	cp -- "$writes" "$tmp/writes.conf"
	tool_says ote-edge-server -n -k "$kubeconfig" -c "$writes"
	check_text --outbox-limits "$limits"
	"$bin/ote-edge-server" -n -k "$kubeconfig" -o "$limits" >/dev/null 2>&1 ||
		die "--outbox-limits $limits: not entries=N,bytes=N," \
			"events=N,event_bytes=N: 1 to 500000 each, of bytes 4096 to 2^40"
	split_addr --lb-address "$lb"
	[ "$lb" != "$web" ] || die "--lb-address $lb: is the server's own:" \
		"choose another port"
	from=--init-server
	[ -n "$masters" ] || {
		masters=$(server_of "$kubeconfig") || exit
		from="--kube-config $kubeconfig: server"
	}
	check_masters "$from" "$masters" "$server_port" "$port"
	[ -z "$peers" ] || check_peers
}

# A list or, with a slash in it, a file of name=IP:port
check_peers() {
	[ -n "$report" ] || die "--peers $peers: is told in the report: give" \
		"--report too"
	check_text --peers "$peers"
	case $peers in
	*/*) check_file --peers "$peers" && peers=$(absolute "$peers")
		list=$(sed 's/#.*//' "$peers") ;;
	*) list=$(printf '%s\n' "$peers" | tr , ' ') ;;
	esac
	for peer in $list; do
		split_addr --peers "${peer#*=}"
		case $peer in
		[!a-z0-9]* | *[!a-z0-9.-]*=* | *=*[!]0-9A-Fa-f.:[]*) ;;
		*=*) continue ;;
		esac
		die "--peers $peer: write name=IP:port, the name of a node"
	done
}

check_rendered() {
	tool_says ote-supervise -n -l "$data/lock" "$tmp/plan"
	said=$(lighttpd -tt -f "$tmp/lighttpd.conf" 2>&1) ||
		die "lighttpd: $(printf '%s\n' "$said" | head -n 1)"
	check_port "--server-port $server_port" "$web"
	[ "$mode" = standalone ] || check_port "--lb-address $lb" "$lb"
}

# render TO DATA: lighttpd.conf and plan, into TO, for a hub in DATA
render() {
	pemfile=$cert
	[ -z "$told_apart" ] || pemfile=$2/run/server.pem
	{
		sed -e "s|@DATA@|$2|" -e "s|@ETC@|$etc|" \
			-e "s|@ADDRESS@|$address|" -e "s|@PORT@|$server_port|" \
			-e "s|@CERT@|$pemfile|" -e "s|@KEY@|$key_file|" \
			-e "s|@FDS@|$fds|" -e "s|@CONNECTIONS@|$((fds / 2 - 64))|" \
			"$etc/lighttpd.conf.in"
		[ -z "$told_apart" ] || render_clients "$2"
		[ "$level" -lt 4 ] || printf '%s\n' \
			'server.modules += ( "mod_accesslog" )' \
			"accesslog.filename = \"$2/run/access.log\""
	} >"$1/lighttpd.conf"
	run=$2/run
	{
		if [ "$mode" = standalone ]; then
			plan_line edge+ ote-edge-server -S -d "$2" -s "$run/edge.sock"
		else
			plan_upstream "$2"
		fi
		# nobody is answered 503 because the hub is just starting
		behind="-w '$run/edge.sock'"
		[ "$mode" = standalone ] ||
			behind="$behind -w '$run/sync.sock'"
		# large blocks go back to the system at once: 34 KB a TLS
		# connection instead of 47
		printf "web\t'%s' %s%s '%s' env %s lighttpd -D -f '%s'\n" \
			"$bin/ote-listen" "$behind" "$(renewed "$2")" "$web" \
			MALLOC_MMAP_THRESHOLD_=8192 "$run/lighttpd.conf"
	} >"$1/plan"
}

# renewed DATA: options of ote-listen by which renewed files are taken
renewed() {
	for f in "$cert" "$key_file" "$ca" "$client_ca" "$client_crl"; do
		case $f in
		'' | "$tmp"/*) ;;
		*) printf " -r '%s'" "$f" ;;
		esac
	done
	printf " -t \"sh '%s' '%s' '%s' '%s' '%s'\"" "$share/edgehub-renew.sh" \
		"$cert" "$key_file" "$ca" "$1/run"
}

# in_run DATA FILE: where that one is kept, for a hub in DATA
in_run() {
	case $2 in
	"$tmp"/*) echo "$1${2#"$tmp"}" ;;
	*) echo "$2" ;;
	esac
}

# render_clients DATA: what lighttpd needs to tell clients apart
render_clients() {
	sed -e "s|@ETC@|$etc|" -e "s|@CLIENT_CA@|$(in_run "$1" "$client_ca")|" \
		"$etc/lighttpd-clients.conf.in"
	[ -z "$client_crl" ] || printf '%s\n' \
		"ssl.verifyclient.ca-crl-file = \"$client_crl\""
}

# The object in the tree that names the masters.
endpoints=cache/core/v1/endpoints/default,fieldSelector=metadata.name=kubernetes
endpoints=$endpoints/objects/default/kubernetes

plan_upstream() {
	plan_line health+ ote-master-health -k "$kubeconfig" -o "$run/masters" \
		-s "$run/suspect" ${follow:+-e "$1/$endpoints"} "$masters"
	plan_line lb+ ote-load-balancer -l "$lb" -m "$run/masters" \
		-s "$run/suspect" "$masters"
	plan_line sync+ ote-watch-sync -d "$1" -k "$kubeconfig" -l "$lb" \
		-c "$run/feeds.conf" -w "$sync_timeout"
	plan_line edge+ ote-edge-server -d "$1" -k "$kubeconfig" -l "$lb" \
		-c "$run/writes.conf" -r "$review_age" -s "$run/edge.sock" \
		${limits:+-o "$limits"} \
		${told_apart:+-a "$authorization" -i "$identities"} \
		${impersonate:+-I} ${told_apart:+-N "$node"} ${audiences:+-A "$audiences"} \
		${issuers:+-J "$issuers"} ${account_keys:+-K "$account_keys"} \
		${lead:+-X "$lead"}
	plan_line outbox+ ote-when "$1/outbox/new" "$bin/ote-outbox" \
		${verbose:+"$verbose"} -e -d "$1" -k "$kubeconfig" -l "$lb" \
		${told_apart:+-a "$authorization" -i "$identities"} \
		${impersonate:+-I}
	plan_line heal+ ote-endpoint-heal -d "$1" -N "$node"
	[ -z "$report" ] || plan_line report+ ote-every -j 10 -w "$run/masters" \
		60 "$bin/ote-report" -d "$1" -k "$kubeconfig" -l "$lb" -N "$node" \
		${peers:+-P "$peers"}
	plan_line discovery+ ote-discovery -d "$1" -k "$kubeconfig" -l "$lb"
	plan_line tunnel+ ote-tunnel -d "$1" -k "$kubeconfig" -l "$lb" \
		-s "$run/tunnel.sock" \
		${told_apart:+-a "$authorization" -i "$identities"} \
		${impersonate:+-I} $tunnel_k3s
	[ "$mode" != k3s ] || plan_k3s "$1"
}
