# Sourced by ote_edgecontroller: its options, with one dash or two.
# shellcheck shell=sh disable=SC2034,SC2154

usage() {
	cat <<-'END'
	usage: ote_edgecontroller [-1ht] [-kubeconfig FILE] [-v LEVEL] [options]
	  --kubeconfig FILE      how to reach the master, and as whom (in a pod:
	                         its service account)
	  --takeover-after TIME  how old a heartbeat may be before it is given in
	                         the node's place (20s)
	  --max-autonomy TIME    how long at most, then the master evicts; 0: for
	                         ever (0); a node may say so by an annotation
	  --node-selector LIST   which nodes (edgenode.ote.baidu.com/autonomy=true)
	  --all-nodes            all of them
	  --peer-evidence        let go of a node that other nodes do not reach either
	  --name NAME            who it is, in EdgeNodes and Leases (by the selector)
	  --leader-elect=BOOL    act only while holding a Lease (true; with -1 and
	                         --dry-run false)
	  --leader-elect-resource-namespace NAME   where that is (in a pod: the
	                         pod's; kube-system)
	  --data-path DIR        the tree; best on a tmpfs (a directory below /run,
	                         $XDG_RUNTIME_DIR or $TMPDIR)
	  --feeds FILE           what is kept in it
	  --sync-timeout SECONDS for the first sync, then start anyway (60)
	  --metrics-address ADDR for Prometheus, host:port; 0: none
	                         (127.0.0.1:9478)
	  --dry-run              print what would be done, a JSON line each
	  -1                     one round, then exit
	  -v LEVEL               3: tell more
	  -t                     check everything, start nothing
	  -h, --help             this
	END
}

kubeconfig='' takeover=20s autonomy=0 selector='' self='' evidence=false all_nodes=false dry_run=false
elect='' elect_ns='' data='' feeds=$etc/controller-feeds.conf sync_timeout=60
metrics=127.0.0.1:9478 level=2 once=false test_only=false

take_options() {
	while [ $# -gt 0 ]; do
		opt=$1
		shift
		case $opt in
		-) die "-: is no option: see --help" ;;
		--*) name=${opt#--} ;;
		-*) name=${opt#-} ;;
		*) die "$opt: is no option: see --help" ;;
		esac
		case $name in
		*=*) value=${name#*=} name=${name%%=*} ;;
		1 | t | h | help | all-nodes | dry-run | leader-elect | peer-evidence)
			value=true ;;
		*)
			[ $# -gt 0 ] || die "$opt: needs a value, or is not known:" \
				"see --help"
			value=$1 && shift ;;
		esac
		take_option "$name" "$value"
	done
}

take_option() {
	case $1 in
	h | help) usage && exit 0 ;;
	t) test_only=$(bool -t "$2") || exit ;;
	1) once=$(bool -1 "$2") || exit ;;
	peer-evidence) evidence=$(bool "--$1" "$2") || exit ;;
	all-nodes) all_nodes=$(bool "--$1" "$2") || exit ;;
	dry-run) dry_run=$(bool "--$1" "$2") || exit ;;
	leader-elect) elect=$(bool "--$1" "$2") || exit ;;
	leader-elect-resource-namespace) elect_ns=$2 ;;
	kubeconfig | kube-config) kubeconfig=$2 ;;
	takeover-after) takeover=$2 ;;
	max-autonomy) autonomy=$2 ;;
	node-selector) selector=$2 ;;
	name) self=$2 ;;
	data-path | d) data=$2 ;;
	feeds) feeds=$2 ;;
	sync-timeout) sync_timeout=$2 ;;
	metrics-address) metrics=$2 ;;
	v) level=$2 ;;
	*) die "--$1: no such option: see --help" ;;
	esac
}

# bool WHAT VALUE: Go's words for it
bool() {
	case $2 in
	1 | t | T | true | TRUE | True) echo true ;;
	0 | f | F | false | FALSE | False) echo false ;;
	*) die "$1=$2: say true or false" ;;
	esac
}

# seconds WHAT DURATION: whole ones, of Go's 1h30m, 20s or 0
seconds() {
	left=$2 total=0
	[ "$left" != 0 ] || left=0s
	while :; do
		number=${left%%[hms]*}
		left=${left#"$number"}
		case $number:$left in
		*[!0-9]*:* | :* | ????????*:* | *:ms*) left='' ;;
		esac
		number=$(printf '%s\n' "$number" | sed 's/^0*\(.\)/\1/')
		case $left in
		h*) total=$((total + number * 3600)) ;;
		m*) total=$((total + number * 60)) ;;
		s*) total=$((total + number)) ;;
		*) die "$1 $2: is no duration: write 90s, 5m or 1h30m" ;;
		esac
		left=${left#?}
		[ -n "$left" ] || break
	done
	echo "$total"
}
