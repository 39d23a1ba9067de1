// k3s-agent: walks the way of a k3s agent, old or new, from its directory
//
// The token loop, config.Get with its certificate calls, the load balancer on
// -lb, the tunnel, and what the embedded controllers watch. Keys and
// certificates are written to -dir as k3s names them, and three kubeconfigs.
// It starts no other program: {"start":"kubelet"} and {"start":"kube-proxy"}
// say when k3s would. Each request of the bootstrap is a line: at (ms), step,
// method, path, code or error; then {"configured":true}, {"tunnel":"up"|"down"},
// {"endpoints":[...]}, {"synced":resource}. It ends by SIGTERM.
package main

import (
	"context"
	"flag"
	"net/url"
	"os/signal"
	"syscall"
	"time"

	"edgehub.test/cluster/internal/cli"
)

var (
	old      = flag.Bool("old", false, "as it was up to 1.18")
	server   = flag.String("server", "", "https://host:port")
	token    = flag.String("token", "", "K10<hash>::user:password")
	dir      = flag.String("dir", "", "the agent's directory")
	node     = flag.String("node-name", "", "name of the node")
	nodeIP   = flag.String("node-ip", "", "its address")
	passfile = flag.String("password-file", "", "the node's password")
	lbAddr   = flag.String("lb", "127.0.0.1:6444", "its load balancer")
)

func say(v map[string]any) {
	v["at"] = time.Now().UnixMilli()
	cli.Print(v)
}

// again calls f every period until it succeeds, as long as it takes.
func again(ctx context.Context, step string, period time.Duration,
	f func() error) {
	for ctx.Err() == nil {
		err := f()
		if err == nil {
			return
		}
		say(map[string]any{"step": step, "waits": err.Error()})
		select {
		case <-ctx.Done():
		case <-time.After(period):
		}
	}
}

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	u, err := url.Parse(*server)
	if err != nil {
		cli.Fatal("server", err)
	}
	lb, err := newBalancer(u)
	if err != nil {
		cli.Fatal("load balancer", err)
	}
	b := &boot{url: "https://" + *lbAddr}
	again(ctx, "token", 2*time.Second, b.validate)
	again(ctx, "config", 5*time.Second, b.get)
	if ctx.Err() != nil {
		return
	}
	say(map[string]any{"configured": true, "config": b.config})
	a := newAgent(lb)
	a.setup(ctx, b)
	if !*old {
		again(ctx, "readyz", time.Second, func() error { return a.ready(ctx) })
	}
	say(map[string]any{"start": "kubelet"})
	go a.controllers(ctx)
	if !*old {
		again(ctx, "kube-proxy", 5*time.Second, b.proxyDisabled)
	}
	say(map[string]any{"start": "kube-proxy"})
	<-ctx.Done()
}
