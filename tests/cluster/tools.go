//go:build tools

// Names the commands that build.sh builds, so that `go mod tidy` keeps
// them and go.sum pins every byte that a test runs.
package cluster

import (
	_ "github.com/Shopify/toxiproxy/v2/cmd/server"
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
