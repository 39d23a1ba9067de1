// informer: a shared informer on the ConfigMaps of a namespace
//
// Prints a JSON line an event: type, name, resourceVersion, ns. Each line
// on stdin, or SIGUSR1, dumps the store as {"store":{name:rv}}. When a
// name's resourceVersion goes back, {"error":"back",...} is printed and
// the exit code will be 1. It ends by SIGTERM.
package main

import (
	"bufio"
	"flag"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"edgehub.test/cluster/internal/cli"
)

type line struct {
	Type string `json:"type"`
	Name string `json:"name"`
	RV   string `json:"resourceVersion"`
	NS   int64  `json:"ns"`
}

// guard remembers the highest resourceVersion of each name. Only the
// informer's own goroutine calls it.
type guard struct {
	last map[string]uint64
	bad  atomic.Bool
}

func (g *guard) see(typ string, obj any) {
	if t, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		typ, obj = "UNKNOWN", t.Obj
	}
	cm, ok := obj.(*v1.ConfigMap)
	if !ok {
		return
	}
	cli.Print(line{typ, cm.Name, cm.ResourceVersion, time.Now().UnixNano()})
	rv, err := strconv.ParseUint(cm.ResourceVersion, 10, 64)
	if err != nil || (rv < g.last[cm.Name] && typ != "UNKNOWN") {
		g.bad.Store(true)
		cli.Print(map[string]any{"error": "back", "name": cm.Name,
			"resourceVersion": cm.ResourceVersion,
			"before":          g.last[cm.Name]})
	}
	if rv > g.last[cm.Name] {
		g.last[cm.Name] = rv
	}
}

func dump(s cache.Store) {
	m := map[string]string{}
	for _, o := range s.List() {
		cm := o.(*v1.ConfigMap)
		m[cm.Name] = cm.ResourceVersion
	}
	cli.Print(map[string]any{"store": m})
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	ns := flag.String("n", "default", "namespace")
	list := flag.Bool("watchlist", true, "use WatchList, as client-go does")
	flag.Parse()

	if !*list {
		os.Setenv("KUBE_FEATURE_WatchListClient", "false")
	}
	set := kubernetes.NewForConfigOrDie(cli.Config(*conf, "ote-informer/1"))
	f := informers.NewSharedInformerFactoryWithOptions(set, 0,
		informers.WithNamespace(*ns))
	inf := f.Core().V1().ConfigMaps().Informer()
	g := &guard{last: map[string]uint64{}}
	inf.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { g.see("ADDED", o) },
		UpdateFunc: func(_, o any) { g.see("MODIFIED", o) },
		DeleteFunc: func(o any) { g.see("DELETED", o) },
	})
	inf.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
		cli.Print(map[string]any{"watch": err.Error(),
			"ns": time.Now().UnixNano()})
	})

	stop := make(chan struct{})
	f.Start(stop)
	go func() {
		if cache.WaitForCacheSync(stop, inf.HasSynced) {
			cli.Print(map[string]any{"synced": true,
				"ns": time.Now().UnixNano()})
		}
	}()
	serve(inf.GetStore())
	if g.bad.Load() {
		os.Exit(1)
	}
}

func serve(s cache.Store) {
	sig := make(chan os.Signal, 8)
	signal.Notify(sig, syscall.SIGUSR1, syscall.SIGTERM)
	lines := make(chan struct{})
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- struct{}{}
		}
		close(lines)
	}()
	for {
		select {
		case n := <-sig:
			if n == syscall.SIGTERM {
				return
			}
		case _, ok := <-lines:
			if !ok {
				lines = nil
				continue
			}
		}
		dump(s)
	}
}
