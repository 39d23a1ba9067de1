// witness: follows collections as a client-go reflector does, and tells all
//
// For each path: a LIST, then watches from there, the next one from where the
// last one ended, and a LIST again after a 410. Each event is a line
// (internal/storm); so is each {"list":path,"at":..}. {"back":path,...} tells
// of a resourceVersion that is not greater than the one before in the same
// watch. At SIGUSR1 it prints {"store":{path:[uid,rv,value]}} of all that it
// has; at SIGTERM {"watches":..,"lists":..,"backs":..}, and it ends.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/rest"

	"edgehub.test/cluster/internal/cli"
	"edgehub.test/cluster/internal/storm"
)

type witness struct {
	web  *http.Client
	host string
	ctx  context.Context

	mu                    sync.Mutex
	watches, lists, backs int
}

// follower is one path; path has no query.
type follower struct {
	*witness
	path, query string
	rv          string // of what it has; "": it has to list
	store       map[string][3]any
}

type list struct {
	Metadata struct{ ResourceVersion string }
	Items    []storm.Object
}

type event struct {
	Type   string       `json:"type"`
	Object storm.Object `json:"object"`
}

func (f *follower) get(query string) (*http.Response, error) {
	if f.query != "" {
		query += "&" + f.query
	}
	req, err := http.NewRequestWithContext(f.ctx, "GET",
		f.host+f.path+"?"+query, nil)
	if err != nil {
		cli.Fatal("request", err)
	}
	req.Header.Set("Accept", "application/json")
	res, err := f.web.Do(req)
	if err == nil && res.StatusCode != 200 {
		res.Body.Close()
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return res, err
}

// name is the path of the object.
func (f *follower) name(o *storm.Object) string {
	m := &o.Metadata
	if m.Namespace == "" || strings.Contains(f.path, "/namespaces/") {
		return f.path + "/" + m.Name
	}
	at := strings.LastIndex(f.path, "/")
	return f.path[:at] + "/namespaces/" + m.Namespace + f.path[at:] + "/" +
		m.Name
}

func (f *follower) replace(l *list) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists++
	f.store = map[string][3]any{}
	for i := range l.Items {
		o := &l.Items[i]
		f.store[f.name(o)] = [3]any{o.Metadata.UID, o.RV(), o.Value()}
	}
	cli.Print(map[string]any{"list": f.path,
		"at": l.Metadata.ResourceVersion, "items": len(l.Items)})
}

func (f *follower) list() error {
	res, err := f.get("resourceVersion=0")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	l := &list{}
	if err := json.NewDecoder(res.Body).Decode(l); err != nil {
		return err
	}
	f.replace(l)
	f.rv = l.Metadata.ResourceVersion
	return nil
}

// take one event of a watch whose last one was at *last.
func (f *follower) take(e *event, last *uint64) error {
	rv := e.Object.RV()
	if e.Type == "ERROR" {
		f.rv = ""
		return fmt.Errorf("error %d", e.Object.Code)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if rv < *last || (rv == *last && e.Type != "BOOKMARK") {
		f.backs++
		cli.Print(map[string]any{"back": f.name(&e.Object), "rv": rv,
			"last": *last, "type": e.Type})
	}
	*last = rv
	f.rv = e.Object.Metadata.ResourceVersion
	if e.Type == "BOOKMARK" {
		return nil
	}
	name := f.name(&e.Object)
	if e.Type == "DELETED" {
		delete(f.store, name)
	} else {
		f.store[name] = [3]any{e.Object.Metadata.UID, rv,
			e.Object.Value()}
	}
	cli.Print(storm.Seen{Type: e.Type, Path: name,
		UID: e.Object.Metadata.UID, RV: rv, Value: e.Object.Value()})
	return nil
}

func (f *follower) watch() error {
	res, err := f.get("watch=true&allowWatchBookmarks=true" +
		"&timeoutSeconds=3600&resourceVersion=" + f.rv)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	f.mu.Lock()
	f.watches++
	f.mu.Unlock()
	var last uint64
	in := bufio.NewReaderSize(res.Body, 1<<16)
	for {
		text, err := in.ReadBytes('\n')
		if err != nil {
			return err // what is torn has not been seen
		}
		e := &event{}
		if err := json.Unmarshal(text, e); err != nil {
			cli.Print(map[string]any{"torn": string(text)})
			return err
		}
		if err := f.take(e, &last); err != nil {
			return err
		}
	}
}

func (f *follower) follow() {
	for f.ctx.Err() == nil {
		var err error
		if f.rv == "" {
			err = f.list()
		}
		if err == nil && f.rv != "" {
			err = f.watch()
		}
		if f.ctx.Err() == nil {
			cli.Print(map[string]any{"ended": f.path,
				"why": fmt.Sprint(err)})
			time.Sleep(200 * time.Millisecond)
		}
	}
}

func (w *witness) dump(all []*follower) {
	w.mu.Lock()
	defer w.mu.Unlock()
	store := map[string][3]any{}
	for _, f := range all {
		maps.Copy(store, f.store)
	}
	cli.Print(map[string]any{"store": store})
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	query := flag.String("query", "", "selectors of all paths")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "witness [options] path...")
		flag.PrintDefaults()
	}
	flag.Parse()

	cfg := cli.Config(*conf, "ote-witness/1")
	cfg.NextProtos = []string{"http/1.1"}
	web, err := rest.HTTPClientFor(cfg)
	if err != nil {
		cli.Fatal("client", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	w := &witness{web: web, host: cfg.Host, ctx: ctx}
	var all []*follower
	usr := make(chan os.Signal, 8)
	signal.Notify(usr, syscall.SIGUSR1)
	for _, path := range flag.Args() {
		f := &follower{witness: w, path: path, query: *query}
		all = append(all, f)
		go f.follow()
	}
	for ctx.Err() == nil {
		select {
		case <-usr:
			w.dump(all)
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	cli.Print(map[string]any{"watches": w.watches, "lists": w.lists,
		"backs": w.backs})
}
