# Sourced by the tests of who acts as whom, behind edge.sh: certificates of
# users, a witness for a master.
# shellcheck shell=sh disable=SC2034,SC2154

# user NAME CN [O]: $dir/NAME.pem, certificate and key, for $days if set
user() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -utf8 -subj "/CN=$2${3:+/O=$3}" \
		-keyout "$dir/$1.key" -out "$dir/$1.crt" 2>/dev/null &&
		{ [ -z "${days-}" ] || openssl x509 -in "$dir/$1.crt" -signkey "$dir/$1.key" \
			-days "$days" -out "$dir/$1.crt" 2>/dev/null; } &&
		cat "$dir/$1.crt" "$dir/$1.key" >"$dir/$1.pem"
}

start_witness() { # its port: $witness_port, what it saw: $dir/saw
	: >"$dir/saw"
	rm -f "$dir/witness.port"
	"$BUILD/tests/hub/witness" "$ca" "$dir/key.pem" "$dir/saw" \
		>"$dir/witness.port" 2>>"$dir/witness.err" &
	witness_pid=$!
	pids="$pids $witness_pid"
	wait_for 60 lines "$dir/witness.port" 1
	witness_port=$(cat "$dir/witness.port")
}

# hub_kubeconfig FILE USER_YAML: of the witness
hub_kubeconfig() {
	cat >"$1" <<-END
		apiVersion: v1
		kind: Config
		current-context: c
		contexts: [{name: c, context: {cluster: m, user: u}}]
		users: [{name: u, user: {$2}}]
		clusters:
		- name: m
		  cluster:
		    server: https://127.0.0.1:$witness_port
		    certificate-authority: $ca
	END
}
