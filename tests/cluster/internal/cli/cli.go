// Package cli holds what the test programs share: a client from a
// kubeconfig, JSON lines on stdout, and times summed up as percentiles.
// A program prints only JSON lines on stdout; what goes wrong with the
// program itself goes to stderr and ends it with 111.
package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Config reads a kubeconfig and takes away client-go's own rate limit.
func Config(path, agent string) *rest.Config {
	c, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		Fatal("kubeconfig", err)
	}
	c.QPS = -1
	c.UserAgent = agent
	return c
}

// Fatal ends the program as one whose system failed.
func Fatal(what string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %s: %v\n", os.Args[0], what, err)
	os.Exit(111)
}

var out sync.Mutex

// Print writes one JSON line in a single write.
func Print(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		Fatal("json", err)
	}
	out.Lock()
	defer out.Unlock()
	os.Stdout.Write(append(b, '\n'))
}

// Times collects durations; the zero value is ready.
type Times struct {
	mu sync.Mutex
	d  []time.Duration
}

func (t *Times) Add(d time.Duration) {
	t.mu.Lock()
	t.d = append(t.d, d)
	t.mu.Unlock()
}

// Summary is in milliseconds; all zero when there were none.
type Summary struct {
	Count   int     `json:"count"`
	P50ms   float64 `json:"p50_ms"`
	P99ms   float64 `json:"p99_ms"`
	Worstms float64 `json:"worst_ms"`
	Over1s  int     `json:"over_1s"`
}

func (t *Times) Summary() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Summary{Count: len(t.d)}
	if s.Count == 0 {
		return s
	}
	sort.Slice(t.d, func(i, j int) bool { return t.d[i] < t.d[j] })
	ms := func(d time.Duration) float64 {
		return float64(d.Microseconds()) / 1000
	}
	at := func(p int) float64 { return ms(t.d[(s.Count-1)*p/100]) }
	s.P50ms, s.P99ms, s.Worstms = at(50), at(99), ms(t.d[s.Count-1])
	for _, d := range t.d {
		if d > time.Second {
			s.Over1s++
		}
	}
	return s
}
