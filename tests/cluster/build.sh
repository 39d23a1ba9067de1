#!/bin/sh
# build.sh: builds the control plane, the node and the test programs
#
# Prints two directories, one a line: the one with kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl, kubelet, kube-proxy,
# etcd and toxiproxy-server, and the one with our own programs (cmd/).
# Both are in a cache outside the checkout and named by what they are made
# of, so a second call is instant; a directory appears whole or not at all,
# and one that was not asked for in a week goes.
set -eu

cd "$(dirname "$0")"
command -v go >/dev/null || { echo "build.sh: no go" >&2; exit 100; }

version=1.36.3
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ote-edge
mkdir -p "$cache"
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"

exec 9>"$cache/build.lock"
flock 9

key() {
	{ go version; cat "$@"; } | sha256sum | cut -c1-16
}

# Clients take their User-Agent from client-go's version.
stamps() {
	printf -- '-s -w'
	for v in k8s.io/component-base/version k8s.io/client-go/pkg/version
	do
		printf -- ' -X %s.gitVersion=v%s' "$v" "$version"
		printf -- ' -X %s.gitMajor=1 -X %s.gitMinor=36' "$v" "$v"
		printf -- ' -X %s.gitTreeState=clean' "$v"
		printf -- ' -X %s.gitCommit=%040d' "$v" 0
	done
}

# Called where set -e does not reach: hence the chain.
cluster() {
	k=k8s.io/kubernetes/cmd
	go build -ldflags "$(stamps)" -o "$1/" \
	    "$k/kube-apiserver" "$k/kube-controller-manager" \
	    "$k/kube-scheduler" "$k/kubectl" "$k/kubelet" \
	    "$k/kube-proxy" &&
	go build -ldflags "-s -w" -o "$1/etcd" go.etcd.io/etcd/server/v3 &&
	go build -ldflags "-s -w" -o "$1/toxiproxy-server" \
	    github.com/Shopify/toxiproxy/v2/cmd/server
}

own() {
	go build -ldflags "-s -w" -o "$1/" ./cmd/...
}

# once NAME FUNCTION: the directory of that name, made if it is not there.
once() {
	if [ ! -d "$cache/$1" ]; then
		tmp=$(mktemp -d "$cache/tmp.XXXXXX")
		if ! "$2" "$tmp" 9>&- >&2; then
			rm -rf "$tmp"
			echo "build.sh: $1 failed" >&2
			exit 111
		fi
		chmod 755 "$tmp"
		mv "$tmp" "$cache/$1"
	fi
	touch "$cache/$1"
	printf '%s\n' "$cache/$1"
}

once "cluster-$(key go.mod go.sum build.sh)" cluster
once "programs-$(key go.mod go.sum build.sh cmd/*/*.go internal/*/*.go)" own
find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +7 -exec rm -rf {} +
