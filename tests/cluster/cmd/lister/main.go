// lister: GETs one path at a rate, each request with a time limit
//
// After T seconds, or at SIGTERM, it prints failed, over_1s, worst_ms,
// p50_ms, p99_ms and count as one JSON line; the exit code is 1 when a
// request failed. A failed request is one without a whole 200 answer in
// time; each is told on stderr. Requests are started by the clock, also
// while earlier ones still hang, so a stall cannot hide.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/client-go/rest"

	"edgehub.test/cluster/internal/cli"
)

func get(c *http.Client, url string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != 200 {
		err = fmt.Errorf("%d: %.200s", res.StatusCode, body)
	}
	return err
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	path := flag.String("path", "/api/v1/nodes", "path and query")
	rate := flag.Float64("rate", 10, "requests a second")
	secs := flag.Float64("seconds", 10, "for how long")
	limit := flag.Duration("limit", 10*time.Second, "of each request")
	flag.Parse()

	cfg := cli.Config(*conf, "ote-lister/1")
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		cli.Fatal("client", err)
	}
	var times cli.Times
	var failed atomic.Int64
	var wg sync.WaitGroup
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGTERM)
	end := time.After(time.Duration(*secs * float64(time.Second)))
	tick := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	for run := true; run; {
		select {
		case <-end:
			run = false
			continue
		case <-sig:
			run = false
			continue
		case <-tick.C:
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			t := time.Now()
			err := get(client, cfg.Host+*path, *limit)
			times.Add(time.Since(t))
			if err != nil {
				failed.Add(1)
				fmt.Fprintln(os.Stderr, "lister:",
					t.Format("15:04:05.000"), err)
			}
		}()
	}
	wg.Wait()
	cli.Print(struct {
		Failed int64 `json:"failed"`
		cli.Summary
	}{failed.Load(), times.Summary()})
	if failed.Load() > 0 {
		os.Exit(1)
	}
}
