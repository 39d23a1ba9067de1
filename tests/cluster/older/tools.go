//go:build tools

// Names the commands of the older control plane that build.sh builds, so
// that `go mod tidy` keeps them and go.sum pins every byte that a test runs.
package older

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
