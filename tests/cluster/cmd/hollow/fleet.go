// A fleet: nodes fleet-00000, fleet-00001, ... that are made, cut and healed by
// commands, lines of a pipe:
//
//	grow N      until there are N; selected by the label of the controller
//	cut         all, at once
//	heal K MS   the first K, spread over so many milliseconds
//	count       what is seen of all
//	beats       how heartbeats went since the last time
//
// What comes of a command is printed as JSON lines: {"did":..} when it was done,
// and {"seen":..} when the API shows it of the last node: shown (all have
// EdgeNodes), taken, told (taint and EdgeNode, too), undone.
//
// A heartbeat is what kubelet does for its Lease, in protobuf: a PUT; when it
// conflicts, GET and PUT. kubelet's GET of its Node every 10 s is not made. With
// -etcd ADDRESS those from the -api N-th on do it past the master, see direct.go.
package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"edgehub.test/cluster/internal/cli"
)

const (
	connections = 4
	atOnce      = 64 // requests under way
)

type member struct {
	hollow
	cut  atomic.Bool
	wake chan struct{}
	mu   sync.Mutex
	seen sight
	beat time.Time // the last that was taken
	// past the master, nil if not, and where its Lease is there
	store *clientv3.Client
	at    int64
}

type fleet struct {
	conf    *rest.Config
	sets    []*kubernetes.Clientset
	store   *clientv3.Client
	api     int // so many do not use it
	every   time.Duration
	members []*member
	byName  sync.Map
	slots   chan struct{}
	took    atomic.Pointer[cli.Times]
	failed  atomic.Int64
	wait    waiting
}

// client is one with a connection of its own, as each has its own Dial.
func client(conf *rest.Config) *kubernetes.Clientset {
	c := rest.CopyConfig(conf)
	d := &net.Dialer{Timeout: 10 * time.Second}
	c.ContentType = "application/vnd.kubernetes.protobuf"
	c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return d.DialContext(ctx, network, addr)
	}
	return kubernetes.NewForConfigOrDie(c)
}

func newFleet(conf *rest.Config, every time.Duration, etcd string,
	api int) *fleet {
	f := &fleet{conf: conf, every: every, api: api,
		slots: make(chan struct{}, atOnce)}
	for range connections {
		f.sets = append(f.sets, client(conf))
	}
	f.took.Store(&cli.Times{})
	if etcd != "" {
		f.store = newStore(etcd)
	}
	return f
}

// --- nodes ---

func (m *member) asNode() *v1.Node {
	return &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: m.name,
			Labels: map[string]string{
				"kubernetes.io/hostname":          m.name,
				"edgenode.ote.baidu.com/autonomy": "true"}},
		Status: v1.NodeStatus{Conditions: conditions(),
			Capacity: v1.ResourceList{
				"cpu":    resource.MustParse("4"),
				"memory": resource.MustParse("4Gi"),
				"pods":   resource.MustParse("110")}},
	}
}

func (m *member) make() error {
	if m.store != nil {
		return m.makeDirect()
	}
	n, err := m.set.CoreV1().Nodes().Create(ctx, m.asNode(),
		metav1.CreateOptions{})
	if err != nil {
		return err
	}
	m.uid = n.UID
	// what admission puts on each new Node, and 20 a second lose by themselves
	_, err = m.set.CoreV1().Nodes().Patch(ctx, m.name, types.MergePatchType,
		[]byte(`{"spec":{"taints":null}}`), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	return m.renew()
}

func (m *member) renewIt() error {
	if m.store != nil {
		return m.renewDirect()
	}
	return m.renew()
}

// live beats every so often, until it is cut.
func (m *member) live(f *fleet) {
	t := time.NewTimer(rand.N(f.every))
	for {
		select {
		case <-t.C:
		case <-m.wake:
		}
		if m.cut.Load() {
			continue
		}
		due := time.Now()
		f.slots <- struct{}{}
		err := m.renewIt()
		<-f.slots
		f.took.Load().Add(time.Since(due))
		if err == nil {
			m.mu.Lock()
			m.beat = time.Now()
			m.mu.Unlock()
		} else if !errors.IsConflict(err) || m.store != nil {
			f.failed.Add(1)
			cli.Print(map[string]string{"node": m.name,
				"error": err.Error()})
		}
		t.Reset(time.Until(due.Add(f.every)))
	}
}

// grow makes them and lets them live; those that are there are watched.
func (f *fleet) grow(n int) {
	var made sync.WaitGroup
	begun, had := time.Now(), len(f.members)
	for i := had; i < n; i++ {
		m := &member{wake: make(chan struct{}, 1)}
		m.set = f.sets[i%connections]
		m.name = fmt.Sprintf("fleet-%05d", i)
		if i >= f.api {
			m.store = f.store
		}
		f.members = append(f.members, m)
		f.byName.Store(m.name, m)
	}
	for _, m := range f.members[had:] {
		f.slots <- struct{}{}
		made.Go(func() {
			err := m.make()
			<-f.slots
			if err != nil {
				cli.Fatal(m.name, err)
			}
			go m.live(f)
		})
	}
	made.Wait()
	f.expect("shown", f.members, begun, isUndone)
	f.did("grow", begun)
}

// --- commands ---

func (f *fleet) did(what string, begun time.Time) {
	cli.Print(map[string]any{"did": what, "nodes": len(f.members),
		"ms": time.Since(begun).Milliseconds()})
}

func (f *fleet) cut() {
	begun := time.Now()
	f.forget()
	for _, m := range f.members {
		m.cut.Store(true)
	}
	f.expect("taken", f.members, begun, isTaken)
	f.expect("told", f.members, begun, isTold)
	f.did("cut", begun)
}

func (f *fleet) heal(k int, spread time.Duration) {
	if k > len(f.members) {
		k = len(f.members)
	}
	some, begun := f.members[:k], time.Now()
	f.expect("undone", some, begun, isUndone)
	for i, m := range some {
		time.Sleep(time.Until(begun.Add(spread * time.Duration(i) /
			time.Duration(k))))
		if m.cut.Swap(false) {
			m.wake <- struct{}{}
		}
	}
	f.did("heal", begun)
}

func (f *fleet) beats() {
	s := f.took.Swap(&cli.Times{}).Summary()
	cli.Print(map[string]any{"did": "beats", "took": s,
		"failed": f.failed.Swap(0)})
}

// obey reads commands; the pipe is its own writer, too, so it never ends.
func (f *fleet) obey(path string) {
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		cli.Fatal("pipe", err)
	}
	f.watch()
	cli.Print(map[string]string{"did": "start"})
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		var what string
		var n, ms int
		fmt.Sscan(lines.Text(), &what, &n, &ms)
		switch what {
		case "grow":
			f.grow(n)
		case "cut":
			f.cut()
		case "heal":
			f.heal(n, time.Duration(ms)*time.Millisecond)
		case "count":
			f.count()
		case "beats":
			f.beats()
		default:
			cli.Fatal(lines.Text(), fmt.Errorf("no such command"))
		}
	}
}
