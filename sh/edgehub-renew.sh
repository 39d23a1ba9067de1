#!/bin/sh
# edgehub-renew.sh cert key ca run: are renewed files good? What lighttpd needs
# of them is made then. By ote-listen(8); says what is wrong in one line
# shellcheck disable=SC2034
set -eu
umask 077

# shellcheck source=sh/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=sh/edgehub-certs.sh
. "${0%/*}/edgehub-certs.sh"

die() {
	echo "$*"
	exit 1
}

cert=$1 key_file=$2 ca=$3 run=$4
new=$run/renewed
trap 'rm -f -- "$new.pem" "$new.conf"' EXIT
trap 'exit 1' HUP INT TERM
check_pair "$cert" "$key_file" "$ca" 2>/dev/null
server_chain "$new.pem"
sed "s|\"$run/server.pem\"|\"$new.pem\"|" "$run/lighttpd.conf" >"$new.conf"
said=$(lighttpd -tt -f "$new.conf" 2>&1) ||
	die "lighttpd: $(printf '%s\n' "$said" | head -n 1)"
! cmp -s "$run/lighttpd.conf" "$new.conf" || exit 0
mv -f -- "$new.pem" "$run/server.pem"
