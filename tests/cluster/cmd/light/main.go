// light: a master that is no load, and a fleet of nodes, in one process
//
// light -nodes N -listen ADDR -cert F -key F -pipe P: as much of the API as
// EdgeController asks for, of objects in memory: nothing is validated, nobody is
// told apart, and only PUT and PATCH with a resourceVersion conflict. So what
// EdgeController costs with many nodes is measured without what a real master
// costs. The nodes renew their Leases every -every. Commands, lines of the pipe:
//
//	cut         all nodes, at once
//	heal K MS   the first K, spread over so many milliseconds
//	count       what is there
//	requests    what was asked since the last time
//
// Each is answered by a JSON line {"did":..}; {"seen":..} tells when all are
// taken over, told of (taint, EdgeNode), or all undone.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"edgehub.test/cluster/internal/cli"
)

const (
	nodesPath  = "/api/v1/nodes"
	leasesPath = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
	shownPath  = "/apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes"
	leaderPath = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
)

type master struct {
	store
	nodes, leases, shown, leader *collection
	mu                           sync.Mutex
	asked                        map[string]int
	fleet                        []*member
}

// find: "" for what is no collection's
func (m *master) find(path string) (c *collection, name, sub string) {
	for p, c := range m.all {
		rest, is := strings.CutPrefix(path, p)
		if is && (rest == "" || rest[0] == '/') {
			name, sub, _ = strings.Cut(strings.TrimPrefix(rest, "/"), "/")
			return c, name, sub
		}
	}
	return nil, "", ""
}

func (m *master) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, name, sub := m.find(r.URL.Path)
	code := 200
	switch {
	case strings.HasSuffix(r.URL.Path, "/events") && r.Method == "POST":
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		w.Write([]byte(`{"kind":"Event","apiVersion":"v1"}`))
		c, code = &collection{kind: "Event"}, 201
	case c == nil:
		status(w, 404, "NotFound")
		return
	case r.Method == "GET" && name == "":
		if r.URL.Query().Get("watch") == "" {
			status(w, 400, "BadRequest")
			return
		}
		c.watch(&m.store, w, r)
		return
	case r.Method == "GET":
		c.mu.Lock()
		text := c.text[name]
		c.mu.Unlock()
		if text == nil {
			code = status(w, 404, "NotFound")
			break
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(text)
	default:
		code = c.write(&m.store, w, r, name, sub)
	}
	what := r.Method + " " + c.kind
	if c == m.leader {
		what = r.Method + " leader"
	} else if sub != "" {
		what += "/" + sub
	}
	if code >= 300 {
		what += fmt.Sprintf(":%d", code)
	}
	m.mu.Lock()
	m.asked[what]++
	m.mu.Unlock()
}

func (m *master) obey(path string) {
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		cli.Fatal("pipe", err)
	}
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		var what string
		var n, ms int
		fmt.Sscan(lines.Text(), &what, &n, &ms)
		answer := map[string]any{"did": what}
		switch what {
		case "cut":
			m.cut()
		case "heal":
			m.heal(n, time.Duration(ms)*time.Millisecond)
		case "count":
			answer["seen"] = m.count()
		case "requests":
			m.mu.Lock()
			answer["requests"] = m.asked
			m.asked = map[string]int{}
			m.mu.Unlock()
		default:
			cli.Fatal(lines.Text(), fmt.Errorf("no such command"))
		}
		cli.Print(answer)
	}
}

func main() {
	nodes := flag.Int("nodes", 100, "how many")
	every := flag.Duration("every", 10*time.Second, "between heartbeats")
	listen := flag.String("listen", "127.0.0.1:0", "address")
	cert := flag.String("cert", "", "certificate")
	key := flag.String("key", "", "its key")
	pipe := flag.String("pipe", "", "pipe of commands")
	flag.Parse()

	m := &master{asked: map[string]int{}}
	m.all = map[string]*collection{}
	m.nodes = m.add(nodesPath, "Node", "v1")
	m.leases = m.add(leasesPath, "Lease", "coordination.k8s.io/v1")
	m.leader = m.add(leaderPath, "Lease", "coordination.k8s.io/v1")
	m.shown = m.add(shownPath, "EdgeNode", "ote.baidu.com/v1")
	m.make(*nodes)
	go m.beat(*every)
	go m.look()
	go func() {
		cli.Fatal("listen", http.ListenAndServeTLS(*listen, *cert, *key, m))
	}()
	cli.Print(map[string]string{"did": "start"})
	m.obey(*pipe)
}
