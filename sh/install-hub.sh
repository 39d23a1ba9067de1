# Sourced by ote_install: EdgeHub on this node. With DESTDIR, files only.
# shellcheck shell=sh disable=SC2154

conf=$DESTDIR/etc/ote-edge state=$DESTDIR/var/lib/ote-edge
case $prefix in
/*) ;;
*) die "--prefix $prefix: not absolute" ;;
esac
check_text --prefix "$prefix"
list=$DESTDIR$prefix/share/ote-edge/installed
wrote=$DESTDIR$prefix/share/ote-edge/configured
unit=ote-edgehub.service

check_root() {
	[ -n "$DESTDIR" ] || [ "$(id -u)" -eq 0 ] ||
		die "hub: only root can install it: sudo $0 ..."
}

with_systemd() {
	[ -z "$DESTDIR" ] && [ -d /run/systemd/system ]
}

# put_files: those of make install, and no others of a former one
put_files() {
	make -s -C "$top" install "PREFIX=$prefix" "DESTDIR=$tmp/stage" \
		>"$tmp/make" 2>&1 || {
		tail -n 5 "$tmp/make" >&2
		die "$top: make install failed: see above"
	}
	(cd "$tmp/stage" && find . ! -type d | sed 's/^\.//' | sort) >"$tmp/list"
	while read -r file; do
		install -D -m "$(stat -c %a "$tmp/stage$file")" \
			"$tmp/stage$file" "$DESTDIR$file.new"
		mv -f -- "$DESTDIR$file.new" "$DESTDIR$file"
	done <"$tmp/list"
	[ ! -e "$list" ] || sort "$list" | comm -23 - "$tmp/list" | drop_files
	install -m 644 "$tmp/list" "$list"
}

# drop_files: those that come in, and directories that are empty then
drop_files() {
	while read -r file; do
		rm -f -- "$DESTDIR$file"
		(cd "$DESTDIR$prefix" && d=${file#"$prefix"/} &&
			rmdir -p --ignore-fail-on-non-empty -- \
				"$(dirname -- "$d")" 2>/dev/null) || :
	done
}

make_user() {
	[ -z "$DESTDIR" ] || return 0
	! getent passwd ote-edge >/dev/null || return 0
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers "$prefix/lib/sysusers.d/ote-edge.conf"
	else
		useradd --system --user-group --no-create-home \
			--home-dir /var/lib/ote-edge --shell /usr/sbin/nologin \
			ote-edge
	fi
}

# keep_sum FILE: what was written there, for --remove
keep_sum() {
	{
		[ ! -e "$wrote" ] || grep -v "  $1\$" "$wrote" || :
		(cd "$conf" && sha256sum "$1")
	} >"$tmp/wrote"
	install -m 644 "$tmp/wrote" "$wrote"
}

# drop_conf: those that are as they were written
drop_conf() {
	[ -e "$wrote" ] || return 0
	while read -r sum file; do
		! (cd "$conf" && echo "$sum  $file" |
			sha256sum -c --status) 2>/dev/null ||
			rm -f -- "$conf/$file"
	done <"$wrote"
	rm -f -- "$wrote"
}

# write_conf OPTION...: what was not asked for stays as it is
write_conf() {
	[ -d "$conf" ] || install -d -m 750 "$conf"
	[ -z "$kubeconfig" ] || {
		install -m 640 "$kubeconfig" "$conf/kubeconfig"
		keep_sum kubeconfig
	}
	if [ $# -gt 0 ]; then
		for arg; do
			check_text "option" "$arg"
			case $arg in *[[:space:]]*) die "$arg: blanks cannot stand" \
				"in edgehub.env" ;; esac
		done
		printf 'OPTIONS="%s"\n' "$*" >"$conf/edgehub.env"
		chmod 640 "$conf/edgehub.env"
		keep_sum edgehub.env
	fi
	[ -n "$DESTDIR" ] || chgrp -R ote-edge "$conf"
}

install_it() {
	check_root
	if [ -n "$top" ]; then
		put_files
	elif [ "$share" != "$(readlink -f -- "$DESTDIR$prefix/share/ote-edge")" ]
	then
		die "--prefix $prefix: this one is in ${share%/share/*}"
	fi
	make_user
	write_conf "$@"
	with_systemd || {
		echo "installed in $DESTDIR$prefix; no systemd runs here"
		return 0
	}
	systemctl daemon-reload
	systemctl enable -q "$unit"
	if [ ! -e "$conf/kubeconfig" ] && [ ! -e "$conf/edgehub.env" ]; then
		echo "installed; it waits for $conf/kubeconfig and $conf/ssl:" \
			"then systemctl start $unit"
		return 0
	fi
	# what is wrong stands in one line there
	systemctl restart "$unit"
	echo "installed and started: journalctl -u $unit"
}

# Accepted writes are not thrown away.
remove_it() {
	check_root
	! with_systemd || {
		systemctl disable -q --now "$unit" 2>/dev/null || :
		systemctl disable -q --now ote-edgecontroller.service \
			ote-edgecontroller-round.timer 2>/dev/null || :
	}
	if [ -n "$(find "$state/outbox/new" "$state/outbox/failed" -name '*.json' 2>/dev/null | head -n 1)" ]
	then
		echo "$state: kept: writes in its outbox have not reached the master" >&2
	else
		rm -rf -- "$state"
	fi
	drop_conf
	rmdir -- "$conf" 2>/dev/null || [ ! -e "$conf" ] ||
		echo "$conf: kept: there are files in it" >&2
	if [ -e "$list" ]; then
		cp -- "$list" "$tmp/list"
		rm -f -- "$list"
		drop_files <"$tmp/list"
	elif [ -e "$DESTDIR$prefix/bin/ote_edgehub" ]; then
		echo "$DESTDIR$prefix: programs kept: make install put them there," \
			"and no list of them: remove ote-*, ote_* and" \
			"share/ote-edge by hand" >&2
	fi
	! with_systemd || systemctl daemon-reload
	[ -n "$DESTDIR" ] || ! getent passwd ote-edge >/dev/null ||
		[ -e "$state" ] || userdel ote-edge
}
