#!/bin/sh
# build.sh: builds the control plane, the node and the test programs
#
# Prints three directories, one a line: the one with kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl, kubelet, kube-proxy,
# etcd and toxiproxy-server, the one with our own programs (cmd/), and the
# one with the control plane and kubectl two minor versions older (older/).
# All are in the cache of lib/cache.sh, so a second call is instant.
set -eu

cd "$(dirname "$0")"
command -v go >/dev/null || { echo "build.sh: no go" >&2; exit 100; }

# shellcheck source=lib/cache.sh
. lib/cache.sh
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
cache_lock

# stamps: of the version in go.mod; clients take their User-Agent from
# client-go's.
stamps() {
	version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
	minor=${version#v1.}
	printf -- '-s -w'
	for v in k8s.io/component-base/version k8s.io/client-go/pkg/version
	do
		printf -- ' -X %s.gitVersion=%s' "$v" "$version"
		printf -- ' -X %s.gitMajor=1' "$v"
		printf -- ' -X %s.gitMinor=%s' "$v" "${minor%%.*}"
		printf -- ' -X %s.gitTreeState=clean' "$v"
		printf -- ' -X %s.gitCommit=%040d' "$v" 0
	done
}

# Called where set -e does not reach: hence the chain.
cluster() {
	control "$1" &&
	go build -ldflags "$(stamps)" -o "$1/" \
	    k8s.io/kubernetes/cmd/kubelet k8s.io/kubernetes/cmd/kube-proxy &&
	go build -ldflags "-s -w" -o "$1/etcd" go.etcd.io/etcd/server/v3 &&
	go build -ldflags "-s -w" -o "$1/toxiproxy-server" \
	    github.com/Shopify/toxiproxy/v2/cmd/server
}

# control DIRECTORY: the control plane of the module in this directory.
control() {
	k=k8s.io/kubernetes/cmd
	go build -ldflags "$(stamps)" -o "$1/" \
	    "$k/kube-apiserver" "$k/kube-controller-manager" \
	    "$k/kube-scheduler" "$k/kubectl"
}

older() (
	cd older && control "$1"
)

own() {
	go build -ldflags "-s -w" -o "$1/" ./cmd/...
}

go=$(go version)
once "cluster-$(key "$go" go.mod go.sum build.sh)" cluster
once "programs-$(key "$go" go.mod go.sum build.sh cmd/*/*.go \
    internal/*/*.go)" own
once "older-$(key "$go" older/go.mod older/go.sum build.sh)" older
cache_prune
