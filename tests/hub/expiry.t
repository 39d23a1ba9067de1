#!/bin/sh
# expiry.t: a client certificate that is about to expire is told
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
data=$dir/data
mkdir -p "$data/run" "$dir/ca"
cat >"$dir/ca.conf" <<END
[ca]
default_ca = c
[c]
new_certs_dir = $dir/ca
database = $dir/ca/index
serial = $dir/ca/serial
default_md = sha256
unique_subject = no
policy = p
[p]
commonName = supplied
END
: >"$dir/ca/index"
echo 01 >"$dir/ca/serial"
openssl req -new -key "$dir/key.pem" -subj /CN=node -out "$dir/csr" 2>/dev/null

at_days() { date -u -d "@$(($(date +%s) + $1 * 86400 + 43200))" +%Y%m%d%H%M%SZ; }

# certificate DAYS_AGO DAYS_LEFT
certificate() {
	: >"$dir/ca/index"
	openssl ca -batch -config "$dir/ca.conf" -cert "$ca" \
		-keyfile "$dir/key.pem" -in "$dir/csr" -notext \
		-startdate "$(at_days "$((-$1))")" -enddate "$(at_days "$2")" \
		-out "$dir/node.pem" 2>>"$dir/openssl.err"
	end=$(date -u -d "$(openssl x509 -in "$dir/node.pem" -noout -enddate |
		cut -d= -f2)" +%s)
	from=$(date -u -d "$(openssl x509 -in "$dir/node.pem" -noout -startdate |
		cut -d= -f2)" +%s)
}

config() { # [USER]
	cat >"$dir/kubeconfig" <<-END
		apiVersion: v1
		kind: Config
		current-context: c
		contexts: [{name: c, context: {cluster: m, user: u}}]
		users: [{name: u, user: {$1}}]
		clusters: [{name: m, cluster: {server: http://127.0.0.1:$mock_port}}]
	END
}

server() { # run one until it serves
	rm -f "$data/run/edge.sock"
	: >"$dir/server.err"
	"$OTE_BIN/ote-edge-server" -d "$data" -k "$dir/kubeconfig" 2>"$dir/server.err" &
	pid=$!
	pids="$pids $pid"
	wait_for 60 test -S "$data/run/edge.sock" || bad=1
	stop "$pid"
}

written() { cat "$data/run/certificate" 2>&1; }

file="client-certificate: $dir/node.pem, client-key: $dir/key.pem"
config "$file"
certificate 80 20
server
is "$(written)" "fine $from $end $dir/node.pem" 'a certificate that is good'
is "$(cat "$dir/server.err")" '' 'nothing is told'
certificate 100 10
server
is "$(written)" "soon $from $end $dir/node.pem" 'the last tenth'
is "$(cat "$dir/server.err")" \
	"ote-edge-server: $dir/node.pem: the client certificate expires at $(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ), in 10d" 'it is told'
certificate 995 5
config "client-certificate-data: $(base64 -w 0 "$dir/node.pem"), client-key-data: $(base64 -w 0 "$dir/key.pem")"
server
is "$(written)" "near $from $end -" 'the last fiftieth, in the kubeconfig itself'
grep -q '^ote-edge-server: kubeconfig: the client certificate expires at' "$dir/server.err"
ok $? 'it is told'

# A node that starts while cut off has no other one, and maybe no clock.
starts() { # NAME: each tool takes it
	mkdir -p "$dir/out" "$data/outbox/new"
	for t in "discovery -d $data -l 127.0.0.1:1" "edge-server -d $data" \
		'master-health 127.0.0.1:1' "outbox -d $data -l 127.0.0.1:1" \
		"tunnel -d $data -l 127.0.0.1:1 -s $dir/tunnel" \
		"watch-sync -d $data -l 127.0.0.1:1"; do
		tool=${t%% *}
		# shellcheck disable=SC2086
		timeout 60 "$OTE_BIN/ote-$tool" -n -k "$dir/kubeconfig" \
			${t#"$tool"} >"$dir/out/$tool" 2>&1
		is "$? $(cat "$dir/out/$tool")" '0 ' "$1: ote-$tool starts"
	done
}
config "$file"
certificate 100 -1
starts expired
server
is "$(written)" "expired $from $end $dir/node.pem" 'a certificate that has expired'
is "$(cat "$dir/server.err")" \
	"ote-edge-server: $dir/node.pem: the client certificate has expired at $(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)" 'it is told'
certificate -1 20
starts early
server
is "$(written)" "early $from $end $dir/node.pem" 'one that is not good yet'
grep -q "^ote-edge-server: $dir/node.pem: the client certificate is not good before .*Z: see to the clock\$" "$dir/server.err"
ok $? 'it is told'
config 'token: t'
server
is "$(ls "$data/run/certificate" 2>/dev/null)" '' 'a token has no file'
done_testing
