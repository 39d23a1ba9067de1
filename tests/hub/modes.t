#!/bin/sh
# modes.t: what a hub has is for its user alone, and what is secret stays out
# of command lines, environments and logs
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
[ "$(id -u)" -eq 0 ] || {
	echo '1..0 # SKIP needs root, to be somebody else'
	exit 0
}

hidden='tok3n-of-the-hub tok3n-of-a-client s3cret-of-x p4ssword'
maps=/api/v1/namespaces/x/configmaps secrets=/api/v1/namespaces/x/secrets
start_master
write POST $secrets "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\"},\"data\":{\"k\":\"$(printf s3cret-of-x | base64)\"},\"stringData\":{\"k\":\"s3cret-of-x\"}}"
is "$code" 201 'a Secret'
printf '%s\n' "$maps" "$secrets" >"$dir/feeds"
kubeconfig "$master" "certificate-authority: $ca"
sed -i 's/user: {}}/user: {token: tok3n-of-the-hub}}/' "$dir/kubeconfig"
edge_args='-v 4'
# as loose as a shell may be
umask 022
start_edge
umask 077
wait_for 60 master_is up
wait_for 60 has_feeds core/v1/configmaps/x core/v1/secrets/x

# --- some of everything ---

get $secrets -H 'Authorization: Bearer tok3n-of-a-client'
is "$code" 200 'a list of Secrets'
get "$maps" -u me:p4ssword
watch open "$secrets?watch=1" -H 'Authorization: Bearer tok3n-of-a-client'
wait_for 60 lines "$dir/open" 1
get /exec -H 'Upgrade: websocket' -H 'Connection: Upgrade' \
	-H 'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.tok3n-of-a-client'
stop "$master_pid"
wait_for 60 master_is down
get $secrets
is "$code" 200 'cut off too'
get "$maps/none" -X POST --data-binary '{'

# --- files ---

chmod 755 "$dir"
loose() { # TYPE MODE: those of another mode
	find "$dir/edge" -type "$1" ! -perm "$2" | sort | head -n 3
}
is "$(loose d 700)" '' 'directories are 0700'
is "$(loose f 600)" '' 'files are 0600'
is "$(find "$dir/edge" -perm /077)" '' 'nothing is for others, sockets neither'
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
is "$(as_nobody find "$dir/edge" 2>/dev/null)" "$dir/edge" 'somebody else sees nothing'
for f in run/edge.sock run/tunnel.sock run/sync.sock cache lock; do
	! as_nobody ls "$dir/edge/$f" >/dev/null 2>&1
	ok $? "nor whether there is $f"
done

# --- processes ---

family() { # PID: it and all below
	echo "$1"
	for p in $(tr ' ' '\n' <"/proc/$1/task/$1/children"); do
		family "$p"
	done
}

found() { # FILE...: which of the hidden are in there
	for word in $hidden; do
		! grep -qsaF -e "$word" "$@" || echo "$word"
	done
}

all=$(family "$edge_pid")
cmdlines='' environs=''
for p in $all; do
	cmdlines="$cmdlines /proc/$p/cmdline" environs="$environs /proc/$p/environ"
done
[ "$(echo "$all" | wc -l)" -gt 8 ]
ok $? 'all of its processes'
# shellcheck disable=SC2086
is "$(found $cmdlines)" '' 'nothing secret in their command lines'
# shellcheck disable=SC2086
is "$(found $environs)" '' 'nor in what is around them'
cores=$(for p in $all; do
	sed -n 's/^Max core file size *\([0-9a-z]*\) .*/\1/p' "/proc/$p/limits"
done | sort -u)
is "$cores" 0 'none leaves a core'

# --- what is told ---

wait_for 60 test -s "$dir/edge/run/access.log" # it is written now and then
is "$(found "$dir"/*.err "$dir"/*.out "$dir/edge/run/access.log")" '' 'nothing secret in the logs'
[ -s "$dir/edge/run/access.log" ] && ! grep -q -v ' /' "$dir/edge/run/access.log"
ok $? 'requests are logged'
is "$(found "$dir/edge/run/lighttpd.conf" "$dir/edge/run/plan" "$dir/edge/run/processes" "$dir/edge/run/masters")" \
	'' 'nor in what was rendered'
"$OTE_BIN/ote-status" -j -d "$dir/edge" >"$dir/status" 2>&1
is "$(found "$dir/status")" '' 'nor in the status'
is "$(grep -rlF 'PRIVATE KEY' "$dir/edge" | grep -v '/ssl/')" '' 'no key is copied'
done_testing
