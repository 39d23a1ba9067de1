# Sourced by ote_edgehub: how clients are told apart.
# shellcheck shell=sh disable=SC2154,SC2034

# check_mode: told_apart is empty where clients are not
check_mode() {
	told_apart=1
	case $mode in
	standalone) : "${authorization:=AlwaysAllow}" ;;
	*) : "${authorization:=Webhook}" ;;
	esac
	case $authorization in
	AlwaysAllow)
		[ "$mode" != k3s ] || die "--authorization-mode AlwaysAllow:" \
			"a k3s agent is several clients: say Webhook"
		told_apart= && check_loopback --server-address "$address" ;;
	Webhook)
		[ "$mode" != standalone ] ||
			die "--authorization-mode Webhook: standalone has no" \
				"master that could decide: say AlwaysAllow"
		[ -n "$(addresses_of "$address")" ] || die "--server-address" \
			"$address: does not resolve: give an IP address" ;;
	*) die "--authorization-mode $authorization: is none: say Webhook or" \
		"AlwaysAllow" ;;
	esac
}

check_clients() {
	if [ -z "$told_apart" ]; then
		[ -z "$client_ca$client_crl$identities$impersonate" ] &&
			[ -z "$audiences$issuers$account_keys" ] && return
		die "--authorization-mode AlwaysAllow: clients are not told" \
			"apart: leave away what would tell them apart, or say" \
			"Webhook"
	fi
	check_client_ca
	check_client_crl
	server_chain "$tmp/run/server.pem"
	check_identities
	check_list --api-audiences "$audiences"
	check_list --service-account-issuer "$issuers"
	[ -n "$account_keys" ] || return 0
	check_file --service-account-key-file "$account_keys"
	grep -q -e '"keys"' -e 'BEGIN PUBLIC KEY' -e 'BEGIN RSA PUBLIC KEY' \
		-e 'BEGIN CERTIFICATE' -- "$account_keys" ||
		die "--service-account-key-file $account_keys: neither a JWKS" \
			"nor PEM: give what the master answers at" \
			"/openid/v1/jwks, or its sa.pub"
	account_keys=$(absolute "$account_keys")
	check_text --service-account-key-file "$account_keys"
}

# value_of KEY: its values in the kubeconfig, each once
value_of() {
	tr -d '"\047' <"$kubeconfig" | tr ',{}' '\n\n\n' |
		sed -n "s/^[ -]*$1: *\([^ ]\{1,\}\) *\$/\1/p" | sort -u
}

check_client_ca() {
	[ -n "$client_ca" ] || [ ! -e ./ssl/client-ca.pem ] ||
		client_ca=./ssl/client-ca.pem
	[ -n "$client_ca" ] || client_ca_of_kubeconfig
	check_cert --client-ca-file "$client_ca"
	# lighttpd takes no other one for an end of the chain
	openssl verify -no_check_time -CAfile "$client_ca" "$client_ca" \
		>/dev/null 2>&1 || die "--client-ca-file $client_ca: not" \
		"signed by itself: put its issuer behind it"
	client_ca=$(absolute "$client_ca")
	check_text --client-ca-file "$client_ca"
}

# Inline it is kept in run/client-ca.pem.
client_ca_of_kubeconfig() {
	inline=$(value_of certificate-authority-data)
	file=$(value_of certificate-authority)
	case $inline$file in
	'' | *"
"*) die "--client-ca-file: missing, and not one certificate authority in" \
		"$kubeconfig: name the file of who issues certificates of" \
		"clients" ;;
	esac
	if [ -n "$inline" ] && [ -z "$file" ]; then
		client_ca=$tmp/run/client-ca.pem
		printf '%s' "$inline" | base64 -d >"$client_ca" 2>/dev/null ||
			die "--kube-config $kubeconfig: certificate-authority-data" \
				"is no base64: name one with --client-ca-file"
	elif [ -n "$file" ] && [ -z "$inline" ]; then
		case $file in
		/*) client_ca=$file ;;
		*) client_ca=$(dirname -- "$kubeconfig")/$file ;;
		esac
	else
		die "--kube-config $kubeconfig: two certificate authorities in" \
			"it: say which is that of clients with --client-ca-file"
	fi
}

check_client_crl() {
	[ -n "$client_crl" ] || return 0
	check_file --client-crl-file "$client_crl"
	openssl crl -in "$client_crl" -noout >/dev/null 2>&1 ||
		die "--client-crl-file $client_crl: not a PEM revocation list:" \
			"replace it"
	client_crl=$(absolute "$client_crl")
	check_text --client-crl-file "$client_crl"
}

check_identities() {
	if [ -n "$identities" ] && [ ! -d "$identities" ]; then
		die "--identities $identities: no such directory: make it or" \
			"name another"
	fi
	identities=$(absolute "${identities:-./identities}")
	check_text --identities "$identities"
}

# check_list WHAT LIST: as it may stand in the plan
check_list() {
	check_text "$1" "$2"
	case ,$2, in
	,,) ;;
	*,,* | *[[:space:]]*) die "$1 $2: blanks or an empty word in it: write" \
		"one or more, with commas between them" ;;
	esac
}
