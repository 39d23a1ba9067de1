// What the API shows of a fleet: watches of Nodes, Leases and EdgeNodes.
package main

import (
	"sync"
	"time"

	coord "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"edgehub.test/cluster/internal/cli"
)

const (
	prefix = "edgenode.ote.baidu.com/"
	since  = prefix + "taken-over-since"
	cutOff = prefix + "cut-off"
)

var edgenodes = schema.GroupVersionResource{Group: "ote.baidu.com",
	Version: "v1", Resource: "edgenodes"}

// sight is what was last seen of a node, and that it was ever not Ready since
// the last cut.
type sight struct {
	notReady, everNotReady bool
	tainted, unreachable   bool
	annotated              bool
	annotatedAt            time.Time
	shown                  string // Ready of its EdgeNode
}

func isTaken(s *sight) bool { return s.annotated }

func isTold(s *sight) bool {
	return s.annotated && s.tainted && s.shown == "False"
}

func isUndone(s *sight) bool {
	return !s.annotated && !s.tainted && s.shown == "True"
}

// --- watches ---

func (f *fleet) note(name string, change func(*sight)) {
	if m, ok := f.byName.Load(name); ok {
		m := m.(*member)
		m.mu.Lock()
		change(&m.seen)
		m.mu.Unlock()
	}
}

func (f *fleet) node(n *v1.Node) {
	ready := true
	for _, c := range n.Status.Conditions {
		if c.Type == v1.NodeReady && c.Status != v1.ConditionTrue {
			ready = false
		}
	}
	tainted, unreachable := false, false
	for _, t := range n.Spec.Taints {
		tainted = tainted || t.Key == cutOff
		unreachable = unreachable || t.Key == v1.TaintNodeUnreachable
	}
	f.note(n.Name, func(s *sight) {
		s.notReady, s.tainted = !ready, tainted
		s.unreachable = unreachable
		s.everNotReady = s.everNotReady || !ready
	})
}

func (f *fleet) lease(l *coord.Lease) {
	_, is := l.Annotations[since]
	f.note(l.Name, func(s *sight) {
		if is && !s.annotated {
			s.annotatedAt = time.Now()
		}
		s.annotated = is
	})
}

func (f *fleet) edgenode(u *unstructured.Unstructured) {
	ready := ""
	all, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range all {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" {
			ready, _ = c["status"].(string)
		}
	}
	f.note(u.GetName(), func(s *sight) { s.shown = ready })
}

func each[T any](take func(T)) cache.ResourceEventHandler {
	on := func(o any) {
		if o, ok := o.(T); ok {
			take(o)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: on,
		UpdateFunc: func(_, o any) { on(o) }}
}

func (f *fleet) watch() {
	all := informers.NewSharedInformerFactory(client(f.conf), 0)
	all.Core().V1().Nodes().Informer().AddEventHandler(each(f.node))
	leases := informers.NewSharedInformerFactoryWithOptions(client(f.conf), 0,
		informers.WithNamespace("kube-node-lease"))
	leases.Coordination().V1().Leases().Informer().AddEventHandler(
		each(f.lease))
	shown := dynamicinformer.NewDynamicSharedInformerFactory(
		dynamic.NewForConfigOrDie(f.conf), 0)
	shown.ForResource(edgenodes).Informer().AddEventHandler(
		each(f.edgenode))
	all.Start(ctx.Done())
	leases.Start(ctx.Done())
	shown.Start(ctx.Done())
	go f.look()
}

// --- what is waited for ---

type expectation struct {
	what  string
	of    []*member
	begun time.Time
	is    func(*sight) bool
}

type waiting struct {
	mu  sync.Mutex
	all []expectation
}

func (f *fleet) forget() {
	f.wait.mu.Lock()
	f.wait.all = nil
	f.wait.mu.Unlock()
	for _, m := range f.members {
		m.mu.Lock()
		m.seen.everNotReady = m.seen.notReady
		m.mu.Unlock()
	}
}

func (f *fleet) expect(what string, of []*member, begun time.Time,
	is func(*sight) bool) {
	f.wait.mu.Lock()
	f.wait.all = append(f.wait.all, expectation{what, of, begun, is})
	f.wait.mu.Unlock()
}

// isSeen tells once that all of it is: how long that took, and how old the
// heartbeat was of the one that was taken over last.
func (e *expectation) isSeen() bool {
	var age time.Duration
	for _, m := range e.of {
		m.mu.Lock()
		is := e.is(&m.seen)
		if a := m.seen.annotatedAt.Sub(m.beat); a > age {
			age = a
		}
		m.mu.Unlock()
		if !is {
			return false
		}
	}
	cli.Print(map[string]any{"seen": e.what, "nodes": len(e.of),
		"ms":     time.Since(e.begun).Milliseconds(),
		"age_ms": age.Milliseconds()})
	return true
}

func (f *fleet) look() {
	for range time.Tick(100 * time.Millisecond) {
		f.wait.mu.Lock()
		var left []expectation
		for _, e := range f.wait.all {
			if !e.isSeen() {
				left = append(left, e)
			}
		}
		f.wait.all = left
		f.wait.mu.Unlock()
	}
}

func (f *fleet) count() {
	n := map[string]int{}
	for _, m := range f.members {
		m.mu.Lock()
		s := m.seen
		m.mu.Unlock()
		n["EdgeNode"+s.shown]++
		for what, is := range map[string]bool{"notReady": s.notReady,
			"everNotReady": s.everNotReady, "tainted": s.tainted,
			"unreachable": s.unreachable, "annotated": s.annotated} {
			if is {
				n[what]++
			} else {
				n[what] += 0
			}
		}
	}
	cli.Print(map[string]any{"did": "count", "nodes": len(f.members),
		"seen": n})
}
