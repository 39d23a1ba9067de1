// watchlat: how much later a watch event comes through the hub
//
// Writes one ConfigMap straight to the master R times a second and
// watches it twice, straight and through the hub. Prints p50 and p99 of
// both latencies (from before the write) and of the difference, and how
// many events each watch missed; exit code 1 when one is missing.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"edgehub.test/cluster/internal/cli"
)

// seen is when each resourceVersion came.
type seen struct {
	sync.Mutex
	at map[string]time.Time
}

// follow reads a watch line by line and watches again when it ends.
func (s *seen) follow(conf, ns string, ready *sync.WaitGroup) {
	cfg := cli.Config(conf, "ote-watchlat/1")
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		cli.Fatal("client", err)
	}
	url := fmt.Sprintf("%s/api/v1/namespaces/%s/configmaps?watch=true"+
		"&fieldSelector=metadata.name%%3Dlat", cfg.Host, ns)
	once := sync.Once{}
	for {
		res, err := client.Get(url)
		if err != nil || res.StatusCode != http.StatusOK {
			fmt.Fprintln(os.Stderr, "watchlat:", conf, err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		once.Do(ready.Done)
		for in := bufio.NewReader(res.Body); ; {
			b, err := in.ReadBytes('\n')
			if err != nil {
				break
			}
			s.see(b)
		}
		res.Body.Close()
	}
}

func (s *seen) see(b []byte) {
	now := time.Now()
	var ev struct{ Object metav1.PartialObjectMetadata }
	if json.Unmarshal(b, &ev) != nil {
		return
	}
	s.Lock()
	defer s.Unlock()
	if _, ok := s.at[ev.Object.ResourceVersion]; !ok {
		s.at[ev.Object.ResourceVersion] = now
	}
}

func (s *seen) when(rv string) (time.Time, bool) {
	s.Lock()
	defer s.Unlock()
	t, ok := s.at[rv]
	return t, ok
}

func main() {
	direct := flag.String("direct", "", "kubeconfig, straight")
	hub := flag.String("hub", "", "kubeconfig, through the hub")
	ns := flag.String("n", "default", "namespace")
	rate := flag.Float64("rate", 20, "writes a second")
	secs := flag.Float64("seconds", 10, "for how long")
	grace := flag.Duration("grace", 10*time.Second, "for the last events")
	flag.Parse()

	ctx := context.Background()
	api := kubernetes.NewForConfigOrDie(cli.Config(*direct,
		"ote-watchlat/1")).CoreV1().ConfigMaps(*ns)
	api.Create(ctx, &v1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: "lat"}}, metav1.CreateOptions{})
	a := &seen{at: map[string]time.Time{}}
	b := &seen{at: map[string]time.Time{}}
	var ready sync.WaitGroup
	ready.Add(2)
	go a.follow(*direct, *ns, &ready)
	go b.follow(*hub, *ns, &ready)
	ready.Wait()

	type write struct {
		rv string
		at time.Time
	}
	var writes []write
	tick := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	end := time.Now().Add(time.Duration(*secs * float64(time.Second)))
	for i := 0; time.Now().Before(end); i++ {
		<-tick.C
		p := fmt.Sprintf(`{"data":{"i":"%d"}}`, i)
		t := time.Now()
		cm, err := api.Patch(ctx, "lat", types.MergePatchType,
			[]byte(p), metav1.PatchOptions{})
		if err != nil {
			cli.Fatal("patch", err)
		}
		writes = append(writes, write{cm.ResourceVersion, t})
	}
	last := writes[len(writes)-1].rv
	for until := time.Now().Add(*grace); time.Now().Before(until); {
		_, x := a.when(last)
		_, y := b.when(last)
		if x && y {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}

	var straight, through, diff cli.Times
	missed := map[string]int{"straight": 0, "through": 0}
	for _, w := range writes {
		x, okx := a.when(w.rv)
		y, oky := b.when(w.rv)
		if okx {
			straight.Add(x.Sub(w.at))
		} else {
			missed["straight"]++
		}
		if oky {
			through.Add(y.Sub(w.at))
		} else {
			missed["through"]++
		}
		if okx && oky {
			diff.Add(y.Sub(x))
		}
	}
	cli.Print(map[string]any{"straight": straight.Summary(),
		"through": through.Summary(), "difference": diff.Summary(),
		"missed": missed})
	if missed["through"] > 0 {
		os.Exit(1)
	}
}
