// followers: every way in which Go programs follow ConfigMaps, side by side
//
// A bare reflector, a shared informer, informers of the dynamic and of the
// metadata client, and controller-runtime's manager with its cache and a
// controller. Each prints {"client":C,"synced":true} once it is complete,
// {"client":C,"error":E} when a LIST or WATCH of its own failed and it had
// to begin again. SIGUSR1 prints a line
// {"stores":{C:{name:resourceVersion}}}. It ends by SIGTERM.
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"edgehub.test/cluster/internal/cli"
)

// follower lists what a client has, by name.
type follower func() map[string]string

type followers struct {
	ctx context.Context
	mu  sync.Mutex
	all map[string]follower
}

func (f *followers) add(name string, list follower) {
	f.mu.Lock()
	f.all[name] = list
	f.mu.Unlock()
}

func (f *followers) dump() {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := map[string]map[string]string{}
	for name, list := range f.all {
		m[name] = list()
	}
	cli.Print(map[string]any{"stores": m})
}

func synced(name string) {
	cli.Print(map[string]any{"client": name, "synced": true})
}

func failed(name string, err error) {
	cli.Print(map[string]any{"client": name, "error": err.Error()})
}

// put is a store's object under its name.
func put(m map[string]string, obj any) {
	a, err := meta.Accessor(obj)
	if err != nil {
		cli.Fatal("object", err)
	}
	m[a.GetName()] = a.GetResourceVersion()
}

func storeOf(s cache.Store) follower {
	return func() map[string]string {
		m := map[string]string{}
		for _, o := range s.List() {
			put(m, o)
		}
		return m
	}
}

// informer follows with an informer that a factory made and will start.
func (f *followers) informer(name string, inf cache.SharedIndexInformer) {
	inf.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
		failed(name, err)
	})
	f.add(name, storeOf(inf.GetStore()))
	go func() {
		if cache.WaitForCacheSync(f.ctx.Done(), inf.HasSynced) {
			synced(name)
		}
	}()
}

func main() {
	// controller-runtime has flags of its own in flag.CommandLine
	flags := flag.NewFlagSet("followers", flag.ExitOnError)
	conf := flags.String("kubeconfig", "", "kubeconfig")
	ns := flags.String("n", "default", "namespace")
	list := flags.Bool("watchlist", true, "use WatchList, as client-go does")
	flags.Parse(os.Args[1:])

	if !*list {
		os.Setenv("KUBE_FEATURE_WatchListClient", "false")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	config := cli.Config(*conf, "ote-followers/1")
	f := &followers{ctx: ctx, all: map[string]follower{}}
	for _, start := range []func(*followers, *rest.Config, string){
		reflector, shared, dynamics, metadatas, manage} {
		start(f, config, *ns)
	}

	again := make(chan os.Signal, 8)
	signal.Notify(again, syscall.SIGUSR1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-again:
			f.dump()
		}
	}
}
