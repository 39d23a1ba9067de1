# Sourced by ote_edgehub: the certificates of the server.
# shellcheck shell=sh disable=SC2154,SC2034

# check_cert WHAT FILE
check_cert() {
	check_file "$1" "$2"
	openssl x509 -in "$2" -noout >/dev/null 2>&1 ||
		die "$1 $2: not a PEM certificate: replace it"
}

# verify CERT CA [OPTION]: or what is wrong, in $why
verify() {
	why=$(openssl verify -partial_chain ${3:+"$3"} -CAfile "$2" \
		-untrusted "$1" "$1" 2>&1) && return
	why=$(printf '%s\n' "$why" |
		sed -n 's/^error [0-9]* at [^:]*: *//p' | head -n 1)
	return 1
}

# check_pair CERT KEY CA
check_pair() {
	check_cert --server-ca-file "$3"
	check_cert --server-cert-file "$1"
	check_file --server-key-file "$2"
	key=$(openssl pkey -in "$2" -pubout -passin pass: 2>/dev/null) ||
		die "--server-key-file $2: not a PEM private key without" \
			"passphrase: replace it"
	[ "$key" = "$(openssl x509 -in "$1" -noout -pubkey)" ] ||
		die "--server-key-file $2: does not belong to the certificate" \
			"$1: name the matching key"
	verify "$1" "$3" -no_check_time || die "--server-cert-file $1: not" \
		"issued by $3 ($why): name the CA that did"
	# a node that starts while cut off has no other one, and may have lost
	# its clock
	verify "$1" "$3" || echo "${0##*/}: --server-cert-file $1: $why:" \
		"clients will not take it: renew it, or set the clock" >&2
}

# server_chain TO: what clients see, and who issued it where the file does not
# say. lighttpd would look for that among those who issue certificates of
# clients, and take no connection at all where it is not there.
server_chain() {
	sed -n "$pem" "$cert" >"$1"
	[ "$(grep -c BEGIN "$1")" -gt 1 ] || sed -n "$pem" "$ca" >>"$1"
}
pem='/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p'

# Certificates of its own: only where none are named and none are there.
check_certificates() {
	make_ssl=
	if [ -z "$given" ] && [ "$mode" = standalone ] && [ ! -e "$cert" ] &&
		[ ! -e "$key_file" ]; then
		ssl=$data/ssl
		if [ ! -e "$ssl/edge-server.pem" ]; then
			make_ssl=1 ssl=$tmp/ssl
			make_certificates "$ssl"
		fi
		ca=$ssl/ca.pem cert=$ssl/edge-server.pem
		key_file=$ssl/edge-server-key.pem
	fi
	check_pair "$cert" "$key_file" "$ca"
	cert=$(absolute "$cert") key_file=$(absolute "$key_file")
	ca=$(absolute "$ca")
	check_text --server-cert-file "$cert"
	check_text --server-key-file "$key_file"
	[ -z "$token" ] || check_file --node-token-file "$token"
}

make_certificates() {
	names="IP:127.0.0.1,IP:::1,DNS:localhost,DNS:$node,DNS:kubernetes"
	case $host in
	*[!0-9.:]*) names=$names,DNS:$host ;;
	127.0.0.1 | ::1) ;;
	*) names=$names,IP:$host ;;
	esac
	mkdir -p -- "$1"
	{
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -days 3650 -subj "/CN=ote-edge $node" \
			-addext keyUsage=critical,keyCertSign,cRLSign \
			-keyout "$1/ca-key.pem" -out "$1/ca.pem" &&
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -days 3650 -subj "/CN=$node" \
			-CA "$1/ca.pem" -CAkey "$1/ca-key.pem" \
			-addext basicConstraints=critical,CA:FALSE \
			-addext extendedKeyUsage=serverAuth \
			-addext "subjectAltName=$names" \
			-keyout "$1/edge-server-key.pem" -out "$1/edge-server.pem"
	} >/dev/null 2>"$tmp/openssl" || die "openssl: cannot make certificates" \
		"($(head -n 1 "$tmp/openssl")): name some with --server-cert-file"
}

keep_certificates() {
	mkdir -p -- "$data/ssl"
	for f in "$tmp"/ssl/*; do
		mv -n -- "$f" "$data/ssl/" || die "$data/ssl: cannot write there"
	done
	cert=$data/ssl/edge-server.pem key_file=$data/ssl/edge-server-key.pem
}
