#!/bin/sh
# reload.t: renewed certificates are served to who comes then, and no watch
# ends for that; what is not good changes nothing
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"

# pair DIR: another certificate of the same issuer, in a directory of its own
pair() {
	mkdir -p "$dir/$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$1" -CA "$ca" -CAkey "$dir/key.pem" \
		-addext basicConstraints=critical,CA:FALSE \
		-addext subjectAltName=IP:127.0.0.1 \
		-keyout "$dir/$1/key.pem" -out "$dir/$1/cert.pem" 2>/dev/null
}

# Behind links, as in a volume of Kubernetes: tls/cert.pem -> ..data/cert.pem,
# and ..data -> one. turn DIR: to that one
turn() {
	ln -sfn "../$1" "$dir/tls/..new"
	mv -T "$dir/tls/..new" "$dir/tls/..data"
}

served() { # the CN of what a new connection sees
	openssl s_client -connect "127.0.0.1:$master_port" </dev/null \
		2>/dev/null | sed -n 's/^subject=CN = //p'
}

serves() { # CN
	[ "$(served)" = "$1" ]
}

told() { # FIXED_TEXT N: so often in the log of the hub
	[ "$(grep -c "^ote-listen: .*$1" "$dir/master.err")" = "$2" ]
}

retired() { # N: so many web servers take no new connections any more
	[ "$(grep -c 'graceful shutdown started' "$dir/master.err")" = "$1" ]
}

webs() { # how many web servers run
	tr ' ' '\n' <"/proc/$listen/task/$listen/children" | while read -r p; do
		[ "$(cat "/proc/$p/comm")" != lighttpd ] || echo "$p"
	done | wc -l
}

webs_are() {
	[ "$(webs)" = "$1" ]
}

maps=/api/v1/namespaces/x/configmaps
for i in one two three four five six seven; do
	pair "$i"
done
mkdir "$dir/tls"
turn one
ln -s ..data/cert.pem "$dir/tls/cert.pem"
ln -s ..data/key.pem "$dir/tls/key.pem"
hub master standalone "$master_port" --server-cert-file "$dir/tls/cert.pem" \
	--server-key-file "$dir/tls/key.pem"
at=$master
listen=$(tool "$pid" ote-listen)
first=$(tool "$pid" lighttpd)
is "$(served)" one 'the first certificate'
watch open "$maps?watch=1"
opened=$watch_pid
write POST $maps "$(configmap a)"
is "$(events open 1)" ADDED/a 'a watch is open'
get $maps
is "$code" 200 'reads'

# --- twice ---

turn two
wait_for 60 serves two
ok $? 'another link: new connections see the new one'
wait_for 60 told ': changed: process .* takes over from' 1
ok $? 'that is told, in a line'
is "$(grep -c "^ote-listen: $dir/tls/cert.pem: changed: process $(tool "$pid" lighttpd) takes over from $first\$" "$dir/master.err")" 1 \
	'which names the file and the processes'
write POST $maps "$(configmap b)"
is "$(events open 2)" 'ADDED/a ADDED/b' 'the watch goes on'
wait_for 60 retired 1 # who came meanwhile may be with either
watch second "$maps?watch=1"
wait_for 60 lines "$dir/second" 2
cp "$dir/three/key.pem" "$dir/two/key.new"
cp "$dir/three/cert.pem" "$dir/two/cert.new"
mv "$dir/two/cert.new" "$dir/two/cert.pem"
wait_for 60 told 'changed, but not taken: .*key.pem: does not belong to' 1
ok $? 'a certificate without its key waits, and that is told'
is "$(served)" two 'nothing has changed'
mv "$dir/two/key.new" "$dir/two/key.pem"
wait_for 60 serves three
ok $? 'it is taken when its key is there'
write POST $maps "$(configmap c)"
is "$(events open 3)" 'ADDED/a ADDED/b ADDED/c' 'the first watch goes on'
is "$(events second 3)" 'ADDED/a ADDED/b ADDED/c' 'and the second'
is "$(webs)" 3 'each has the web server that it began with'
! gone "$opened"
ok $? 'the client has one connection'

# --- what is not good ---

turn none
wait_for 60 told 'cert.pem: changed, but not taken: ' 2
ok $? 'no files at all: told'
is "$(served)" three 'nothing has changed'
mkdir "$dir/bad"
echo x | tee "$dir/bad/cert.pem" >"$dir/bad/key.pem"
turn bad
wait_for 60 told 'not taken: .*cert.pem: not a PEM certificate' 1
ok $? 'no certificate: told'
get $maps
is "$code $(served)" '200 three' 'the hub serves'

# --- no more than four ---

turns=2
for i in four five six seven; do
	turn "$i"
	wait_for 60 serves "$i"
	ok $? "the certificate $i"
	turns=$((turns + 1))
	wait_for 60 retired "$turns"
	watch "$i.watch" "$maps?watch=1"
	wait_for 60 lines "$dir/$i.watch" 3
done
is "$(webs)" 4 'four web servers at most'
wait_for 60 gone "$opened"
ok $? 'the oldest watch has ended'
write POST $maps "$(configmap d)"
is "$(events six.watch 4)" 'ADDED/a ADDED/b ADDED/c ADDED/d' 'others go on'
# shellcheck disable=SC2086
kill $watches 2>/dev/null
wait_for 60 webs_are 1
ok $? 'those without connections end'

# --- the end of the newest is that of all ---

web=$(tool "$pid" lighttpd)
kill -KILL "$web"
wait_for 60 serves seven
ok $? 'killed, it is started again'
grep -q 'web: killed by SIGKILL, again in' "$dir/master.err"
ok $? 'by ote-supervise'
listen=$(tool "$pid" ote-listen)
web=$(tool "$pid" lighttpd)
kill -KILL "$listen"
wait_for 60 gone "$web"
ok $? 'nothing outlives ote-listen'
wait_for 60 serves seven
ok $? 'killed, it is started again'
web=$(tool "$pid" lighttpd)
stop "$pid"
gone "$web"
ok $? 'the end of all'
done_testing
