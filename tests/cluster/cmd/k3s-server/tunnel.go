package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rancher/remotedialer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"edgehub.test/cluster/internal/cli"
	"edgehub.test/cluster/internal/k3s"
)

// tunnels are the agents' sessions, one a node, and the way through them.
type tunnels struct{ server *remotedialer.Server }

func newTunnels() *tunnels {
	return &tunnels{remotedialer.New(client, remotedialer.DefaultErrorWriter)}
}

func client(r *http.Request) (string, bool, error) {
	u, err := who(r)
	node, ok := strings.CutPrefix(u.name, "system:node:")
	return node, err == nil && ok, err
}

// kubelet says whose address it is, if a node's kubelet listens there.
func kubelet(ctx context.Context, host, port string) (string, error) {
	list, err := set.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, n := range list.Items {
		at := fmt.Sprint(n.Status.DaemonEndpoints.KubeletEndpoint.Port)
		for _, a := range n.Status.Addresses {
			if a.Address == host && port == at {
				return n.Name, nil
			}
		}
	}
	return "", nil
}

// dial reaches a kubelet through its node's session or not at all, anything
// else straight.
func (t *tunnels) dial(ctx context.Context, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	node, err := kubelet(ctx, host, port)
	if err != nil {
		return nil, err
	}
	if node == "" {
		return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	}
	c, err := t.server.Dialer(node)(ctx, "tcp",
		net.JoinHostPort("127.0.0.1", port))
	cli.Print(map[string]any{"at": time.Now().UnixMilli(), "dial": addr,
		"node": node, "ok": err == nil})
	return c, err
}

// connect serves the kube-apiserver's CONNECT.
func (t *tunnels) connect(w http.ResponseWriter, r *http.Request) {
	to, err := t.dial(r.Context(), r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer to.Close()
	w.WriteHeader(http.StatusOK)
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		cli.Print(map[string]any{"failed": err.Error()})
		return
	}
	defer c.Close()
	done := make(chan struct{}, 2)
	pump := func(dst io.Writer, src io.Reader) {
		io.Copy(dst, src)
		done <- struct{}{}
	}
	go pump(to, rw)
	go pump(c, to)
	<-done
}

// endpoints are the addresses in default/kubernetes.
func endpoints(ctx context.Context) ([]string, error) {
	ep, err := set.CoreV1().Endpoints("default").Get(ctx, "kubernetes",
		metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	list := k3s.Addresses(ep)
	if len(list) == 0 {
		return nil, errors.New("no address in default/kubernetes")
	}
	return list, nil
}
