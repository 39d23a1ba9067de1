package main

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// controllers are those embedded in an agent, as far as they ask the master.
func (a *agent) controllers(ctx context.Context) {
	f := informers.NewSharedInformerFactory(a.controller, 0)
	all := map[string]cache.SharedIndexInformer{
		"pods":            f.Core().V1().Pods().Informer(),
		"namespaces":      f.Core().V1().Namespaces().Informer(),
		"networkpolicies": f.Networking().V1().NetworkPolicies().Informer()}
	f.Start(ctx.Done())
	go again(ctx, "node", time.Second, func() error { return a.label(ctx) })
	go again(ctx, "port", time.Second, func() error { return a.port(ctx) })
	for name, i := range all {
		go func() {
			if cache.WaitForCacheSync(ctx.Done(), i.HasSynced) {
				say(map[string]any{"synced": name})
			}
		}()
	}
}

// label is configureNode: as the kubelet, an annotation on its own node.
func (a *agent) label(ctx context.Context) error {
	const key = "k3s.io/hostname"
	n, err := a.kubelet.CoreV1().Nodes().Get(ctx, *node, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if n.Annotations[key] != *node {
		if n.Annotations == nil {
			n.Annotations = map[string]string{}
		}
		n.Annotations[key] = *node
		_, err = a.kubelet.CoreV1().Nodes().Update(ctx, n,
			metav1.UpdateOptions{})
	}
	if err == nil {
		say(map[string]any{"node": "configured"})
	}
	return err
}

// port waits, as the tunnel's authorizer does, until the node tells where its
// kubelet listens.
func (a *agent) port(ctx context.Context) error {
	n, err := a.controller.CoreV1().Nodes().Get(ctx, *node,
		metav1.GetOptions{})
	if err != nil {
		return err
	}
	port := n.Status.DaemonEndpoints.KubeletEndpoint.Port
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady && port != 0 &&
			c.Status == corev1.ConditionTrue {
			say(map[string]any{"port": port})
			return nil
		}
	}
	return errors.New("the node is not Ready yet")
}
