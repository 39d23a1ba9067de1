# Sourced by ote_edgehub: its options.
# shellcheck shell=sh disable=SC2034

usage() {
	cat <<-'END'
	usage: ote_edgehub k8s|k3s|standalone [-ht] [-v level] [options]
	  --kube-config FILE       how to reach the master, and as whom
	  --init-server LIST       the masters, host:port[,host:port...]
	                           (default: the kubeconfig's server)
	  -n, --node-name NAME     this node's name (default: the host's)
	  -d, --data-path DIR      the cache tree (./data)
	  --sync-timeout SECONDS   for the first sync, then start anyway (60)
	  -l, --lb-address ADDR    of the load balancer (127.0.0.1:6888)
	  --follow-endpoints       further masters from endpoints default/kubernetes
	  --report                 tell the master how the hub is, in its EdgeNode
	  --peers LIST             with --report, whether it reaches other nodes,
	                           name=IP:port[,...], or a file of these
	  --feeds FILE             what is cached from the start on
	  --writes FILE            which writes are taken while cut off
	  --review-age SECONDS     how long answers to access reviews stand (86400)
	  --outbox-limits LIST     how many may wait, entries=N,bytes=N,...
	  --authorization-mode MODE  Webhook: clients are told apart, the master
	                           says what each may; AlwaysAllow: all are the
	                           hub itself, on loopback only
	                           (Webhook; standalone: AlwaysAllow)
	  --client-ca-file FILE    who issues certificates of clients
	                           (./ssl/client-ca.pem, else the kubeconfig's)
	  --client-crl-file FILE   which of those have been taken back
	  --identities DIR         key pairs to act as clients by (./identities)
	  --impersonate            try to act as clients by impersonation
	  --api-audiences LIST     whom tokens must be meant for
	  --service-account-issuer LIST    who issues them
	  --service-account-key-file FILE  their keys, where the master does not
	                           tell them
	  --server-address ADDR    where clients connect to (127.0.0.1)
	  --server-port PORT       (8778)
	  --server-ca-file FILE    (./ssl/ca.pem)
	  --server-cert-file FILE  (./ssl/edge-server.pem)
	  --server-key-file FILE   (./ssl/edge-server-key.pem)
	  --node-token-file FILE   (./ssl/token)
	  --k3s-agent-dir DIR      of the k3s agent (/var/lib/rancher/k3s/agent)
	  -v LEVEL                 3: tell more, 4: also each request
	  -t                       check everything, start nothing
	  -h, --help               this
	END
}

mode='' kubeconfig='' masters='' node='' data=./data sync_timeout=60
lb=127.0.0.1:6888 follow='' feeds=$etc/feeds.conf writes=$etc/writes.conf
address=127.0.0.1 server_port=8778 ca=./ssl/ca.pem cert=./ssl/edge-server.pem
key_file=./ssl/edge-server-key.pem token='' level=2 test_only='' given=''
review_age=86400 limits='' report='' peers=''
authorization='' client_ca='' client_crl='' identities='' impersonate=''
audiences='' issuers='' account_keys=''
agent_dir=/var/lib/rancher/k3s/agent lead='' tunnel_k3s=''

take_options() {
	while [ $# -gt 0 ]; do
		opt=$1
		shift
		case $opt in
		--help | -h) usage && exit 0 ;;
		-t) test_only=1 && continue ;;
		--follow-endpoints) follow=1 && continue ;;
		--impersonate) impersonate=1 && continue ;;
		--report) report=1 && continue ;;
		k8s | k3s | standalone)
			[ -z "$mode" ] || die "$opt: one mode only, there is $mode already"
			mode=$opt && continue ;;
		--*=*) value=${opt#*=} opt=${opt%%=*} ;;
		-*)
			[ $# -gt 0 ] || die "$opt: needs a value, or is not known: see --help"
			value=$1 && shift ;;
		*) die "$opt: is no mode: say k8s, k3s or standalone" ;;
		esac
		take_option "$opt" "$value"
	done
	[ -n "$mode" ] || die "no mode: say k8s, k3s or standalone (--help tells more)"
}

take_option() {
	case $1 in
	--kube-config) kubeconfig=$2 ;;
	--init-server) masters=$2 ;;
	--node-name | -n) node=$2 ;;
	--data-path | -d) data=$2 ;;
	--sync-timeout) sync_timeout=$2 ;;
	--lb-address | -l) lb=$2 ;;
	--feeds) feeds=$2 ;;
	--peers) peers=$2 ;;
	--writes) writes=$2 ;;
	--review-age) review_age=$2 ;;
	--outbox-limits) limits=$2 ;;
	--authorization-mode) authorization=$2 ;;
	--client-ca-file) client_ca=$2 ;;
	--client-crl-file) client_crl=$2 ;;
	--identities) identities=$2 ;;
	--api-audiences) audiences=$2 ;;
	--service-account-issuer) issuers=$2 ;;
	--service-account-key-file) account_keys=$2 ;;
	--server-address) address=$2 ;;
	--server-port) server_port=$2 ;;
	--server-ca-file) ca=$2 given=1 ;;
	--server-cert-file) cert=$2 given=1 ;;
	--server-key-file) key_file=$2 given=1 ;;
	--node-token-file) token=$2 ;;
	--k3s-agent-dir) agent_dir=$2 ;;
	-v) level=$2 ;;
	*) die "$1: no such option: see --help" ;;
	esac
}
