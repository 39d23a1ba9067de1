package main

import (
	"encoding/json"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// balancer is the agent's own: TCP to the first server that can be reached.
// What it knows is in etc/k3s-agent-load-balancer.json, and used again by the
// next start with the same -server.
type balancer struct {
	mu    sync.Mutex
	first string
	list  []string
	open  map[net.Conn]string
	url   string
}

type state struct {
	ServerURL       string
	ServerAddresses []string
}

func (b *balancer) path() string { return at("etc/k3s-agent-load-balancer.json") }

func newBalancer(u *url.URL) (*balancer, error) {
	b := &balancer{first: u.Host, list: []string{u.Host}, url: u.String(),
		open: map[net.Conn]string{}}
	if err := os.MkdirAll(at("etc"), 0700); err != nil {
		return nil, err
	}
	var s state
	if raw, err := os.ReadFile(b.path()); err == nil &&
		json.Unmarshal(raw, &s) == nil && s.ServerURL == b.url &&
		len(s.ServerAddresses) > 0 {
		b.list = s.ServerAddresses
		if b.local() && !*old {
			b.first = s.ServerAddresses[0]
		}
	}
	l, err := net.Listen("tcp", *lbAddr)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(c)
		}
	}()
	return b, nil
}

// local is a -server that looks like a supervisor on this machine.
func (b *balancer) local() bool { return strings.HasPrefix(b.first, "127.0.0.1:") }

func (b *balancer) addresses() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.list)
}

func (b *balancer) dial() (net.Conn, string, error) {
	var last error
	b.mu.Lock()
	list := append(slices.Clone(b.list), b.first)
	b.mu.Unlock()
	for _, to := range list {
		c, err := net.DialTimeout("tcp", to, 10*time.Second)
		if err == nil {
			return c, to, nil
		}
		last = err
	}
	return nil, "", last
}

func (b *balancer) serve(c net.Conn) {
	defer c.Close()
	s, to, err := b.dial()
	if err != nil {
		return
	}
	defer s.Close()
	b.mu.Lock()
	b.open[s] = to
	b.mu.Unlock()
	done := make(chan struct{}, 2)
	pump := func(dst, src net.Conn) {
		io.Copy(dst, src)
		done <- struct{}{}
	}
	go pump(s, c)
	go pump(c, s)
	<-done
	b.mu.Lock()
	delete(b.open, s)
	b.mu.Unlock()
}

// update takes what the server says of itself; connections to what is no
// longer a server end.
func (b *balancer) update(list []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = slices.Clone(list)
	if b.local() && !*old {
		b.first = list[0]
	}
	for c, to := range b.open {
		if !slices.Contains(b.list, to) {
			c.Close()
		}
	}
	raw, err := json.Marshal(state{b.url, b.list})
	if err != nil {
		return err
	}
	return os.WriteFile(b.path(), raw, 0600)
}
