// watches: opens N watches at once with one client and holds them
//
// The client speaks HTTP/1.1. Prints {"open":N,...} when all have their
// headers, {"failed":i,...} for one that was not answered with 200 and
// {"closed":i,...} for one that ended; it never opens one again. With -print each
// event is a line too: watch, type, kind, namespace, name,
// resourceVersion, annotations. At SIGTERM, or after T seconds, it prints
// {"events":n,"open":n} and exits with 1 when a watch failed or ended.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
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

var (
	show          = flag.Bool("print", false, "print each event")
	events, alive atomic.Int64
)

type event struct {
	Type   string `json:"type"`
	Object struct {
		Kind     string
		Metadata struct {
			Namespace, Name, ResourceVersion string
			Annotations                      map[string]string
		}
		Code int
	} `json:"object"`
}

func (e *event) print(i int) {
	m := &e.Object.Metadata
	cli.Print(map[string]any{"watch": i, "type": e.Type,
		"kind": e.Object.Kind, "namespace": m.Namespace,
		"name": m.Name, "resourceVersion": m.ResourceVersion,
		"annotations": m.Annotations, "ns": time.Now().UnixNano()})
}

func read(i int, res *http.Response) {
	defer res.Body.Close()
	in := bufio.NewReaderSize(res.Body, 1<<16)
	for {
		b, err := in.ReadBytes('\n')
		if err != nil {
			alive.Add(-1)
			cli.Print(map[string]any{"closed": i,
				"why": err.Error(), "ns": time.Now().UnixNano()})
			return
		}
		events.Add(1)
		if *show {
			var e event
			if err := json.Unmarshal(b, &e); err != nil {
				cli.Print(map[string]any{"error": "json",
					"line": string(b)})
				continue
			}
			e.print(i)
		}
	}
}

func client(conf string) (*rest.Config, *http.Client) {
	cfg := cli.Config(conf, "ote-watches/1")
	t, err := rest.TLSConfigFor(cfg)
	if err != nil {
		cli.Fatal("tls", err)
	}
	t.NextProtos = []string{"http/1.1"}
	tr := &http.Transport{TLSClientConfig: t,
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	return cfg, &http.Client{Transport: tr}
}

func open(c *http.Client, i int, url string) bool {
	res, err := c.Get(url)
	if err == nil && res.StatusCode != 200 {
		err = fmt.Errorf("status %d", res.StatusCode)
		res.Body.Close()
	}
	if err != nil {
		cli.Print(map[string]any{"failed": i, "why": err.Error()})
		return false
	}
	alive.Add(1)
	go read(i, res)
	return true
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	count := flag.Int("count", 1, "watches of each path")
	secs := flag.Float64("seconds", 3600, "for how long")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "watches [options] path...")
		flag.PrintDefaults()
	}
	flag.Parse()

	cfg, c := client(*conf)
	start := time.Now()
	all := int64(*count * flag.NArg())
	var wg sync.WaitGroup
	for i := 0; int64(i) < all; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			open(c, i, cfg.Host+flag.Arg(i%flag.NArg()))
		}()
	}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGTERM)
	end := time.After(time.Duration(*secs * float64(time.Second)))
	go func() {
		wg.Wait()
		cli.Print(map[string]any{"open": alive.Load(),
			"ms": time.Since(start).Milliseconds()})
	}()
	select {
	case <-sig:
	case <-end:
	}
	n := alive.Load()
	cli.Print(map[string]any{"events": events.Load(), "open": n})
	if n != all {
		os.Exit(1)
	}
}
