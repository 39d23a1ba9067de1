// The fleet: its nodes, their heartbeats, and what is to be seen of them.
package main

import (
	"fmt"
	"time"

	"edgehub.test/cluster/internal/cli"
)

const prefix = "edgenode.ote.baidu.com/"

type member struct {
	name string
	cut  bool
	due  time.Time
	// the Lease was last seen changed
	renewTime any
	renewed   time.Time
}

func stamp() string {
	return time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
}

func (m *master) make(n int) {
	now := time.Now().UTC().Format(time.RFC3339)
	for i := range n {
		name := fmt.Sprintf("fleet-%05d", i)
		uid := fmt.Sprintf("%08d-0000-4000-8000-100000000000", i)
		conditions := []any{}
		for _, c := range [][3]string{
			{"MemoryPressure", "False", "KubeletHasSufficientMemory"},
			{"DiskPressure", "False", "KubeletHasNoDiskPressure"},
			{"PIDPressure", "False", "KubeletHasSufficientPID"},
			{"Ready", "True", "KubeletReady"}} {
			conditions = append(conditions, object{"type": c[0],
				"status": c[1], "reason": c[2],
				"message":            "kubelet says so",
				"lastHeartbeatTime":  now,
				"lastTransitionTime": now})
		}
		m.nodes.put(&m.store, name, object{"metadata": object{
			"name": name, "uid": uid, "creationTimestamp": now,
			"labels": object{"kubernetes.io/hostname": name,
				prefix + "autonomy": "true"}},
			"spec":   object{},
			"status": object{"conditions": conditions}})
		m.leases.put(&m.store, name, object{"metadata": object{
			"name": name, "namespace": "kube-node-lease",
			"uid": uid, "creationTimestamp": now,
			"ownerReferences": []any{object{"apiVersion": "v1",
				"kind": "Node", "name": name, "uid": uid}},
			"managedFields": managed(now)},
			"spec": object{"holderIdentity": name,
				"leaseDurationSeconds": 40, "renewTime": stamp()}})
		m.fleet = append(m.fleet, &member{name: name})
	}
}

// managed is what a kubelet's Lease has: it is most of its bytes.
func managed(now string) []any {
	return []any{object{"manager": "kubelet", "operation": "Update",
		"apiVersion": "coordination.k8s.io/v1", "time": now,
		"fieldsType": "FieldsV1", "fieldsV1": object{
			"f:metadata": object{"f:ownerReferences": object{
				".": object{}, `k:{"uid":"x"}`: object{}}},
			"f:spec": object{"f:holderIdentity": object{},
				"f:leaseDurationSeconds": object{},
				"f:renewTime":            object{}}}}}
}

// renew keeps the annotations, as kubelet does.
func (m *master) renew(name string) {
	c := m.leases
	c.mu.Lock()
	o := copyOf(c.objects[name])
	o["spec"].(object)["renewTime"] = stamp()
	c.put(&m.store, name, o)
	c.mu.Unlock()
}

func (m *master) beat(every time.Duration) {
	begun := time.Now()
	m.mu.Lock()
	for i, n := range m.fleet {
		n.due = begun.Add(every * time.Duration(i) /
			time.Duration(len(m.fleet)))
	}
	m.mu.Unlock()
	for now := range time.Tick(5 * time.Millisecond) {
		var due []string
		m.mu.Lock()
		for _, n := range m.fleet {
			if !n.cut && n.due.Before(now) {
				n.due = n.due.Add(every)
				due = append(due, n.name)
			}
		}
		m.mu.Unlock()
		for _, name := range due {
			m.renew(name)
		}
	}
}

func (m *master) cut() {
	m.mu.Lock()
	for _, n := range m.fleet {
		n.cut = true
	}
	m.mu.Unlock()
	m.expect("taken", len(m.fleet), func(s sight) bool { return s.taken })
	m.expect("told", len(m.fleet), func(s sight) bool {
		return s.taken && s.tainted && s.shown == "False"
	})
}

func (m *master) heal(k int, spread time.Duration) {
	now := time.Now()
	k = min(k, len(m.fleet))
	m.mu.Lock()
	for i, n := range m.fleet[:k] {
		if n.cut {
			n.due = now.Add(spread * time.Duration(i) / time.Duration(k))
		}
		n.cut = false
	}
	m.mu.Unlock()
	m.expect("undone", k, func(s sight) bool {
		return !s.taken && !s.tainted && s.shown == "True"
	})
}

// --- what is seen ---

type sight struct {
	taken, tainted bool
	shown          string
}

type expectation struct {
	what  string
	of    int
	begun time.Time
	is    func(sight) bool
}

var expected = make(chan expectation, 8)

func (m *master) expect(what string, of int, is func(sight) bool) {
	expected <- expectation{what, of, time.Now(), is}
}

func (c *collection) get(name string) object {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.objects[name]
}

func (m *master) see(name string) (s sight) {
	notes, _ := meta(m.leases.get(name))["annotations"].(object)
	s.taken = notes[prefix+"taken-over-since"] != nil
	spec, _ := m.nodes.get(name)["spec"].(object)
	taints, _ := spec["taints"].([]any)
	for _, t := range taints {
		if t, ok := t.(object); ok && t["key"] == prefix+"cut-off" {
			s.tainted = true
		}
	}
	state, _ := m.shown.get(name)["status"].(object)
	all, _ := state["conditions"].([]any)
	for _, c := range all {
		if c, ok := c.(object); ok && c["type"] == "Ready" {
			s.shown, _ = c["status"].(string)
		}
	}
	return s
}

var oldest time.Duration // that a Lease has become

func (m *master) look() {
	var waiting []expectation
	for now := range time.Tick(100 * time.Millisecond) {
		for len(expected) > 0 {
			waiting = append(waiting, <-expected)
		}
		m.ages(now)
		left := waiting[:0]
		for _, e := range waiting {
			if m.areAll(e) {
				cli.Print(map[string]any{"seen": e.what, "nodes": e.of,
					"ms": time.Since(e.begun).Milliseconds()})
			} else {
				left = append(left, e)
			}
		}
		waiting = left
	}
}

func (m *master) areAll(e expectation) bool {
	for _, n := range m.fleet[:e.of] {
		if !e.is(m.see(n.name)) {
			return false
		}
	}
	return true
}

// ages notes how old the oldest Lease is.
func (m *master) ages(now time.Time) {
	for _, n := range m.fleet {
		spec := m.leases.get(n.name)["spec"].(object)
		m.mu.Lock()
		if spec["renewTime"] != n.renewTime {
			n.renewTime, n.renewed = spec["renewTime"], now
		}
		oldest = max(oldest, now.Sub(n.renewed))
		m.mu.Unlock()
	}
}

func (m *master) count() map[string]any {
	n := map[string]any{}
	add := func(what string, is bool) {
		v, _ := n[what].(int)
		if is {
			v++
		}
		n[what] = v
	}
	for _, f := range m.fleet {
		s := m.see(f.name)
		add("taken", s.taken)
		add("tainted", s.tainted)
		add("EdgeNode"+s.shown, true)
	}
	m.mu.Lock()
	n["oldest_ms"] = oldest.Milliseconds()
	oldest = 0
	m.mu.Unlock()
	return n
}
