#!/bin/sh
# limits.t: what is too large in some way is answered, and harms nobody else
set -u
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
maps=/api/v1/namespaces/x/configmaps

x() { # N of them
	head -c "$1" /dev/zero | tr '\0' x
}

config() { # CURL_OPTION VALUE: too long for a command line
	printf '%s = "%s"\n' "$1" "$2" >"$dir/config"
}

among() { # GOT "WANTED..." NAME
	case " $2 " in *" $1 "*) is "$1" "$1" "$3" ;; *) is "$1" "one of $2" "$3" ;; esac
}

kind() {
	jq -r .kind "$dir/body" 2>&1
}

# client NAME N: a certificate of the CA with N O of 60 bytes; CN is NAME
client() {
	awk -v cn="$1" -v n="$2" 'BEGIN {
		print "[req]\ndistinguished_name=d\nprompt=no\n[d]\nCN=" cn
		while (n-- > 0) printf "%d.O=%060d\n", n, n
	}' >"$dir/$1.cnf"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-config "$dir/$1.cnf" -keyout "$dir/$1.key" 2>/dev/null |
		openssl x509 -req -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
			-days 2 -out "$dir/$1.pem" 2>/dev/null
}

same() { # NAME: no process of the hub was started again
	get /readyz
	is "$code $(tool "$hub_pid" ote-edge-server) $(tool "$hub_pid" lighttpd)" \
		"200 $before" "$1"
}

remember() { # PID of a hub
	hub_pid=$1
	before="$(tool "$1" ote-edge-server) $(tool "$1" lighttpd)"
}

# --- headers ---
start_master
at=$master
remember "$master_pid"
for size in 1000 8000 20000 40000; do
	config header "X-Large: $(x $size)"
	get $maps -K "$dir/config"
	is "$code" 200 "a header of $size bytes"
done
for size in 62000 65000 66000 90000; do
	config header "X-Large: $(x $size)"
	get $maps -K "$dir/config"
	among "$code" '200 400 431' "one of $size: $code"
	[ "$code" = 200 ] || is "$(kind)" Status 'a Status'
done
# shellcheck disable=SC2119
{ printf 'GET / HTTP/1.1\r\nHost: x\r\nX: ' && x 3000000; } | raw | head -n 1 |
	tr -d '\r' >"$dir/raw"
is "$(cut -d' ' -f2 "$dir/raw")" 431 'one of 3 MB without an end'
awk 'BEGIN { while (n++ < 1500) printf "header = \"X-%d: v\"\n", n }' \
	>"$dir/config"
get $maps -K "$dir/config"
is "$code" 200 '1500 headers'
awk 'BEGIN { while (n++ < 9000) printf "header = \"X-%d: v\"\n", n }' \
	>"$dir/config"
get $maps -K "$dir/config"
among "$code" '400 431' "9000 headers: $code"
config url "$at/$(x 20000)"
code=$(curl -sS --cacert "$ca" -K "$dir/config" -o "$dir/body" \
	-w '%{http_code}')
among "$code" '404 414' "a path of 20000 bytes: $code"
config header "Authorization: Bearer $(x 50000)"
get $maps -K "$dir/config"
among "$code" '200 400 401 431' "a token of 50000 bytes: $code"
same 'the hub is the same'

# --- certificates ---
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=clients -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
kubeconfig "$master" "certificate-authority: $ca"
authorization=Webhook edge_args="--client-ca-file $dir/ca.pem"
start_edge
wait_for 60 master_is up
at=$edge
remember "$edge_pid"
# 60 bytes to 300 kB of O; the TLS library has a limit of its own before that
for many in 1 100 350 1000 5000; do
	client "many$many" $many
	get $maps --cert "$dir/many$many.pem" --key "$dir/many$many.key"
	among "$code" '200 400 401 403 431 000' "$many groups: $code"
	[ "$many" -gt 1000 ] || [ "$code" != 000 ]
	ok $? "is an answer"
done
same 'the hub is the same'
done_testing
