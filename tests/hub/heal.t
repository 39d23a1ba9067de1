#!/bin/sh
# heal.t: ote-endpoint-heal(8) by hand
set -u
tool=${OTE_BIN:-build/bin}/ote-endpoint-heal
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0

# is NAME WANT_STATUS WANT [ARG ...]: its exit status and output
is() {
	name=$1 want="$2 $3"
	shift 3
	got=$("$tool" "$@" 2>err)
	got="$? $got"
	n=$((n + 1))
	if [ "$got" = "$want" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		printf '# got  %s\n# want %s\n' "$got" "$want"
		sed 's/^/# /' err
	fi
}

# slice IP READY: of two pods
slice() {
	printf '%s%s%s%s%s%s' '{"addressType":"IPv4","metadata":{"name":"s","namespace":"a"},' \
	    '"endpoints":[{"addresses":["' "$1" '"],"conditions":{"ready":' "$2" \
	    '},"targetRef":{"kind":"Pod","name":"p"}},{"addresses":["10.0.0.8"],"targetRef":{"kind":"Pod","name":"q"}}]}'
}

# pod IP READY PHASE
pod() {
	printf '{"metadata":{"name":"p","namespace":"a"},"spec":{"nodeName":"edge-1"},"status":{"phase":"%s",' "$3"
	printf '"podIP":"%s","conditions":[{"type":"Ready","status":"%s"}]}}\n' "$1" "$2"
}

slice 10.0.0.1 true >slice.json
pod 10.0.0.9 True Running >pod.json
pod 10.0.0.1 True Running >as-was
pod 10.0.0.1 False Running >waits
echo '{"spec":{"publishNotReadyAddresses":true}}' >service
echo '[' >torn
head -c 4194305 /dev/zero >big

is 'a new address' 0 "$(slice 10.0.0.9 true)" -n pod.json slice.json
is 'on this node' 0 "$(slice 10.0.0.9 true)" -N edge-1 -n pod.json slice.json
is 'on another' 1 '' -N edge-2 -n pod.json slice.json
is 'nothing to do' 1 '' -n as-was slice.json
is 'not ready' 0 "$(slice 10.0.0.1 false)" -n waits slice.json
is 'the service says: ready all the same' 0 \
    "$(slice 10.0.0.1 'true,"serving":false')" -s service -n waits slice.json
is 'gone' 0 "$(slice 10.0.0.1 true | jq -c 'del(.endpoints[0])')" -gn as-was slice.json
is 'neither kind' 111 '' -n pod.json service
is 'no pod' 111 '' -n service slice.json
is 'no file' 111 '' -n pod.json none
is 'a torn file' 111 '' -n pod.json torn
is 'one too large' 111 '' -n pod.json big
is 'without -n' 100 '' pod.json slice.json
is 'one file' 100 '' -n pod.json
is 'an unknown option' 100 '' -x -n pod.json slice.json
got=$("$tool" -n pod.json slice.json 2>err >/dev/full; echo $?)
n=$((n + 1))
[ "$got" = 111 ] || printf 'not '
echo "ok $n - an output that cannot be written"
slice 10.0.0.1 true | "$tool" -n pod.json - >out
n=$((n + 1))
[ "$(cat out)" = "$(slice 10.0.0.9 true)" ] || printf 'not '
echo "ok $n - from standard input"
echo "1..$n"
