# Sourced by the tests of tunnels, behind edge.sh.
# shellcheck shell=sh disable=SC2034,SC2154

fds() { # PID
	find "/proc/$1/fd" | wc -l
}

listens() { # PATH: somebody does, at that socket
	grep -q " 00010000 .* $1\$" /proc/net/unix
}

holds() { # PID N
	[ "$(fds "$1")" = "$2" ]
}

# --- those that tell callers apart, behind as.sh ---

tunnel() { # ARG...: another one at $sock, its descriptors: $first
	[ -z "${tunnel_pid-}" ] || stop "$tunnel_pid"
	rm -f "$sock"
	"$OTE_BIN/ote-tunnel" -d "$dir/data" -s "$sock" "$@" 2>>"$dir/tunnel.err" &
	tunnel_pid=$!
	pids="$pids $tunnel_pid"
	wait_for 60 listens "$sock"
	first=$(fds "$tunnel_pid")
}

verify() { # VERIFY [NAME]: as lighttpd tells it; into $who and $der
	who="X-Ote-Client-Verify: $1"
	der=
	[ $# -eq 1 ] || der=$(openssl x509 -in "$dir/$2.crt" -outform DER | base64 -w 0)
}

# ask PATH [CURL_ARG...]: sets $code; $saw is what the witness saw of it
ask() {
	path=$1
	shift
	: >"$dir/saw"
	code=$(curl -sSg -m 60 --unix-socket "$sock" -o "$dir/body" -D "$dir/head" 		-w '%{http_code}' -H 'Connection: Upgrade' 		-H "Upgrade: ${upgrade:-SPDY/3.1}" \
		${who:+-H "$who"} ${der:+-H "X-Ote-Client-Cert: $der"} \
		"$@" "http://h$path" 2>>"$dir/curl.err")
	saw=$(cat "$dir/saw")
}

refused() { # CODE WORD NAME: and the master has heard nothing
	is "$code $(jq -r .kind "$dir/body") $saw" "$1 Status " "$3"
	jq -r .message "$dir/body" | grep -qF "$2"
	ok $? "it says why: $(jq -r .message "$dir/body")"
}

# --- bytes ---

# talk half|open: stdin through the tunnel at $sock, with half the end of our
# side behind it; what comes back is printed as it comes, up to its end
talk() {
	perl -MIO::Socket::UNIX -e '
		$s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!";
		if (($child = fork) == 0) {
			while (sysread STDIN, $b, 65536) {
				for ($o = 0; $o < length $b; $o += $n) {
					$n = syswrite($s, $b, length($b) - $o, $o)
						or exit 1;
				}
			}
			shutdown $s, 1 if $ARGV[1] eq "half";
			exit 0;
		}
		alarm 600;
		while (sysread $s, $b, 65536) { syswrite STDOUT, $b }
		kill "TERM", $child;
		waitpid $child, 0' "$sock" "$1"
}
