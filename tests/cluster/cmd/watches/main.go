// watches: opens N watches at once with one client and holds them
//
// The client speaks HTTP/1.1. Prints {"open":N,...} when all have their
// headers, {"failed":i,...} for one that was not answered with 200 and
// {"closed":i,...} for one that ended; it never opens one again. With -print each
// event is a line too: watch, type, kind, namespace, name,
// resourceVersion, annotations. With -write PATH, an object that each watch
// begins with and sees, it is patched K times once all have begun: each time
// a line {"delivered_ms":from the request to the last watch,
// "spread_ms":from the first watch to the last}. At SIGTERM, or after T seconds, it prints
// {"events":n,"open":n} and exits with 1 when a watch failed or ended.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/client-go/rest"

	"edgehub.test/cluster/internal/cli"
)

var (
	show          = flag.Bool("print", false, "print each event")
	path          = flag.String("write", "", "object to patch")
	times         = flag.Int("times", 20, "how often")
	events, alive atomic.Int64
	round         struct {
		sync.Mutex
		left        int64
		first, last time.Time
		done        chan bool
	}
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
		seen()
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

func begin(n int64) chan bool {
	round.Lock()
	defer round.Unlock()
	round.left, round.first = n, time.Time{}
	round.done = make(chan bool)
	return round.done
}

func seen() {
	now := time.Now()
	round.Lock()
	defer round.Unlock()
	if round.left == 0 {
		return
	}
	if round.first.IsZero() {
		round.first = now
	}
	round.last = now
	if round.left--; round.left == 0 {
		close(round.done)
	}
}

func await(done chan bool) {
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		cli.Fatal("write", fmt.Errorf("%d watches did not see it", round.left))
	}
}

// ms is a duration for a line.
func ms(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}

// write patches the object again and again, and waits each time until all
// have seen it.
func write(c *http.Client, url string, n int64) {
	for i := range *times {
		body := fmt.Sprintf(`{"metadata":{"annotations":{"n":"%d-%d"}}}`,
			i, time.Now().UnixNano())
		req, err := http.NewRequest("PATCH", url, strings.NewReader(body))
		if err != nil {
			cli.Fatal("write", err)
		}
		req.Header.Set("Content-Type", "application/merge-patch+json")
		done, start := begin(n), time.Now()
		res, err := c.Do(req)
		if err == nil && res.StatusCode != 200 {
			err = fmt.Errorf("status %d", res.StatusCode)
		}
		if err != nil {
			cli.Fatal("write", err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		await(done)
		cli.Print(map[string]any{"delivered_ms": ms(round.last.Sub(start)),
			"spread_ms": ms(round.last.Sub(round.first))})
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
	rt, err := rest.HTTPWrappersForConfig(cfg, tr)
	if err != nil {
		cli.Fatal("transport", err)
	}
	return cfg, &http.Client{Transport: rt}
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
	began := begin(all)
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
		if *path != "" && alive.Load() == all {
			await(began)
			write(c, cfg.Host+*path, all)
		}
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
