package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rancher/remotedialer"
	authv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	toolswatch "k8s.io/client-go/tools/watch"

	"edgehub.test/cluster/internal/cli"
	"edgehub.test/cluster/internal/k3s"
)

// agent is what runs once it is configured.
type agent struct {
	lb                  *balancer
	kubelet, controller *kubernetes.Clientset
	tls                 *tls.Config
	mu                  sync.Mutex
	stop                map[string]context.CancelFunc
}

func newAgent(lb *balancer) *agent {
	kubelet := cli.Config(at("kubelet.kubeconfig"), "k3s-agent/kubelet")
	controller := cli.Config(at("k3scontroller.kubeconfig"),
		"k3s-agent/controller")
	if *old { // client-go up to 0.31
		kubelet.ContentType = "application/json"
		controller.ContentType = kubelet.ContentType
	}
	t, err := rest.TLSConfigFor(kubelet)
	if err != nil {
		cli.Fatal("TLS", err)
	}
	return &agent{lb: lb, tls: t, stop: map[string]context.CancelFunc{},
		kubelet:    kubernetes.NewForConfigOrDie(kubelet),
		controller: kubernetes.NewForConfigOrDie(controller)}
}

// setup returns when each server that is known has its tunnel, or would have
// waited for ever. An old agent learns them from the Endpoints first.
func (a *agent) setup(ctx context.Context, b *boot) {
	if *old {
		again(ctx, "endpoints", 5*time.Second, func() error {
			return a.fromEndpoints(ctx)
		})
	} else if list, err := b.apiservers(); err == nil && len(list) > 0 {
		say(map[string]any{"apiservers": list})
		a.take(list)
	} else if err := a.fromEndpoints(ctx); err != nil {
		say(map[string]any{"step": "endpoints", "error": err.Error()})
	}
	var wg sync.WaitGroup
	for _, addr := range a.lb.addresses() {
		a.connect(ctx, addr, &wg)
	}
	wg.Wait()
	if *old {
		go a.followOld(ctx)
	} else {
		go a.follow(ctx)
	}
}

func (a *agent) take(list []string) {
	if err := a.lb.update(list); err != nil {
		cli.Fatal("load balancer", err)
	}
}

func (a *agent) fromEndpoints(ctx context.Context) error {
	ep, err := a.controller.CoreV1().Endpoints("default").Get(ctx,
		"kubernetes", metav1.GetOptions{})
	if err != nil {
		return err
	}
	list := k3s.Addresses(ep)
	if len(list) == 0 {
		return errors.New("no address in default/kubernetes")
	}
	say(map[string]any{"endpoints": list})
	a.take(list)
	return nil
}

// connect keeps a session to one server until it is stopped.
func (a *agent) connect(parent context.Context, addr string, wg *sync.WaitGroup) {
	ctx, cancel := context.WithCancel(parent)
	a.mu.Lock()
	a.stop[addr] = cancel
	a.mu.Unlock()
	var once sync.Once
	done := func() {}
	if wg != nil {
		wg.Add(1)
		done = func() { once.Do(wg.Done) }
	}
	up := func(context.Context, *remotedialer.Session) error {
		say(map[string]any{"tunnel": "up", "to": addr})
		done()
		return nil
	}
	to := "wss://" + addr + "/v1-k3s/connect"
	go func() {
		defer done()
		for ctx.Err() == nil {
			d := &websocket.Dialer{TLSClientConfig: a.tls}
			err := remotedialer.ConnectToProxy(ctx, to, nil, allowed,
				d, up)
			line := map[string]any{"tunnel": "down", "to": addr}
			if err != nil {
				line["error"] = err.Error()
			}
			say(line)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}()
}

// allowed is only the kubelet, on loopback.
func allowed(proto, address string) bool {
	host, port, err := net.SplitHostPort(address)
	ok := err == nil && proto == "tcp" && port == "10250" &&
		net.ParseIP(host).IsLoopback()
	say(map[string]any{"dialed": address, "allowed": ok})
	return ok
}

// followOld is a watch that no LIST came before, again when it ends.
func (a *agent) followOld(ctx context.Context) {
	for ctx.Err() == nil {
		w, err := a.controller.CoreV1().Endpoints("default").Watch(ctx,
			metav1.ListOptions{ResourceVersion: "0",
				FieldSelector: "metadata.name=kubernetes"})
		if err != nil {
			say(map[string]any{"step": "endpoints",
				"waits": err.Error()})
		} else {
			for ev := range w.ResultChan() {
				ep, ok := ev.Object.(*corev1.Endpoints)
				if !ok {
					break
				}
				a.changed(ctx, k3s.Addresses(ep))
			}
			w.Stop()
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

// follow changes the tunnels as the Endpoints change, once the master is
// ready and lets it.
func (a *agent) follow(ctx context.Context) {
	again(ctx, "readyz", time.Second, func() error { return a.ready(ctx) })
	again(ctx, "rbac", time.Second, func() error { return a.mayList(ctx) })
	client := a.controller.CoreV1().Endpoints("default")
	only := fields.OneTermEqualSelector("metadata.name", "kubernetes").String()
	lw := &cache.ListWatch{
		ListFunc: func(o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = only
			return client.List(ctx, o)
		},
		WatchFunc: func(o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = only
			return client.Watch(ctx, o)
		}}
	_, _, w, done := toolswatch.NewIndexerInformerWatcher(lw,
		&corev1.Endpoints{})
	defer func() {
		w.Stop()
		<-done
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case ev, ok := <-w.ResultChan():
			ep, is := ev.Object.(*corev1.Endpoints)
			if !ok || !is {
				say(map[string]any{"step": "endpoints",
					"error": "no Endpoints in the watch"})
				return
			}
			a.changed(ctx, k3s.Addresses(ep))
		}
	}
}

// ready asks as the kubelet; what waits for it is never let go by anything else.
func (a *agent) ready(ctx context.Context) error {
	return a.kubelet.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

func (a *agent) mayList(ctx context.Context) error {
	r, err := a.controller.AuthorizationV1().SelfSubjectAccessReviews().Create(
		ctx, &authv1.SelfSubjectAccessReview{
			Spec: authv1.SelfSubjectAccessReviewSpec{
				ResourceAttributes: &authv1.ResourceAttributes{
					Namespace: "default", Verb: "list",
					Resource: "endpoints"}}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if !r.Status.Allowed {
		return errors.New("may not list endpoints")
	}
	return nil
}

func (a *agent) changed(ctx context.Context, list []string) {
	say(map[string]any{"endpoints": list, "watched": true})
	if len(list) == 0 || slices.Equal(list, a.lb.addresses()) {
		return
	}
	a.take(list)
	a.mu.Lock()
	var more []string
	for _, addr := range list {
		if a.stop[addr] == nil {
			more = append(more, addr)
		}
	}
	for addr, stop := range a.stop {
		if !slices.Contains(list, addr) {
			stop()
			delete(a.stop, addr)
		}
	}
	a.mu.Unlock()
	for _, addr := range more {
		a.connect(ctx, addr, nil)
	}
}
