# Sourced by demo and check: Debian packages.
# shellcheck shell=sh

build_packages='gcc libc6-dev make libcurl4-openssl-dev libevent-dev
	libcjose-dev libjansson-dev libssl-dev libyaml-dev zlib1g-dev'
run_packages='curl jq lighttpd lighttpd-mod-openssl
	lighttpd-modules-lua openssl'

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 "$@"
}

# want PACKAGE...: install those that are missing, if any
want() {
	missing=
	for p; do
		installed "$p" || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || {
		echo "no apt-get here: install what Debian calls$missing" >&2
		return 1
	}
	echo "Installing these packages of Debian:$missing"
	[ "$(id -u)" -eq 0 ] ||
		echo '(by sudo: it may ask for your password)'
	case $missing in
	*lighttpd* | *containerd*)
		echo 'Debian starts the services of lighttpd and containerd at once.' \
			'They are not needed here: systemctl disable --now ends them.' ;;
	esac
	set -- /var/lib/apt/lists/*_Packages*
	[ -e "$1" ] || apt update >&2
	# shellcheck disable=SC2086
	apt install --no-install-recommends $missing >&2 || {
		apt update >&2
		apt install --no-install-recommends $missing >&2
	}
}
