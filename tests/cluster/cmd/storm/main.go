// storm: the writes of a busy node, again and again until they are answered
//
// Clients of each kind write side by side, each to objects of its own, one
// write after the other, as kubelet and its like do: statuses of pods and of
// a node, a Lease, Events and their repeats, ConfigMaps made, changed and
// deleted. A write that got no answer or a 5xx is written again. Each one is
// a line of the log (internal/storm) once it is over. At SIGTERM no new one
// begins, and when all have ended {"writes":..,"acked":..,...} is printed.
package main

import (
	"context"
	"flag"
	"math/rand"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/rest"

	"edgehub.test/cluster/internal/cli"
)

// sum counts what became of all writes.
type sum struct {
	mu                                     sync.Mutex
	Writes, Acked, Again, Refused, Unknown int
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	out := flag.String("log", "", "the log")
	run := flag.String("run", "a", "names of objects begin so")
	node := flag.String("node", "edge-1", "whose status and Lease are written")
	pods := flag.String("pods", "", "pods of namespace storm: name=uid,...")
	first := flag.Int64("first", 1, "the first value of each object")
	pause := flag.Duration("pause", 60*time.Millisecond,
		"of a client between two writes, on average")
	seed := flag.Int64("seed", 1, "of what is written")
	flag.Parse()

	cfg := cli.Config(*conf, "ote-storm/1")
	cfg.Timeout = 10 * time.Second
	cfg.NextProtos = []string{"http/1.1"}
	web, err := rest.HTTPClientFor(cfg)
	if err != nil {
		cli.Fatal("client", err)
	}
	file, err := os.OpenFile(*out, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		cli.Fatal("log", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	all := &sum{}
	var wg sync.WaitGroup
	begin := func(kind func(*client)) {
		*seed++
		c := &client{ctx: ctx, web: web, host: cfg.Host, log: file,
			run: *run, node: *node, sum: all, pause: *pause,
			rnd:    rand.New(rand.NewSource(*seed)),
			number: *seed % 1000, first: *first,
			values: map[string]int64{}}
		wg.Go(func() { kind(c) })
	}
	for range 4 {
		begin((*client).configMaps)
	}
	for _, ns := range []string{"storm", "quiet"} {
		begin(func(c *client) { c.events(ns) })
	}
	list := strings.Split(*pods, ",")
	for i := range 2 {
		begin(func(c *client) {
			c.podStatuses(list[i*len(list)/2 : (i+1)*len(list)/2])
		})
	}
	begin((*client).nodeStatus)
	begin((*client).lease)
	wg.Wait()
	cli.Print(map[string]any{"writes": all.Writes, "acked": all.Acked,
		"again": all.Again, "refused": all.Refused,
		"unknown": all.Unknown})
}
