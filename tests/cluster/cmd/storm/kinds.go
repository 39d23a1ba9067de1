package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"edgehub.test/cluster/internal/storm"
)

const (
	maps   = "/api/v1/namespaces/storm/configmaps"
	slots  = 40 // names that a client of ConfigMaps uses again
	alive  = 20 // Events that a client repeats
	leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
)

// slot is a ConfigMap that comes and goes.
type slot struct {
	path, name string
	now        *storm.Object // nil: it is not there
}

func configMap(name string, value int64, rv string) object {
	meta := object{"name": name}
	if rv != "" {
		meta["resourceVersion"] = rv
	}
	return object{"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta,
		"data": object{"value": strconv.FormatInt(value, 10),
			"pad": strings.Repeat("x", 500)}}
}

func (c *client) configMaps() {
	s := make([]slot, slots)
	for i := range s {
		s[i].name = fmt.Sprintf("%s-%d-%d", c.run, c.number, i)
		s[i].path = maps + "/" + s[i].name
	}
	for i := 0; c.rest(); i++ {
		if c.rnd.Intn(10) < 3 {
			// one that is written once
			one := slot{name: fmt.Sprintf("%s-%d-once-%d", c.run,
				c.number, i)}
			one.path = maps + "/" + one.name
			c.make(&one)
			continue
		}
		one := &s[c.rnd.Intn(slots)]
		if one.now == nil {
			c.make(one)
		} else if c.rnd.Intn(4) == 0 {
			c.remove(one)
		} else {
			c.change(one)
		}
	}
}

// look learns what there is when the answer did not tell.
func (c *client) look(s *slot) {
	code, o := c.do("GET", s.path, "", nil)
	switch code {
	case 200:
		s.now = o
	case 404:
		s.now = nil
	}
}

func (c *client) make(s *slot) {
	v := c.next(s.path)
	code, o := c.write(s.path, "create", v, request{method: "POST",
		url: maps, contentType: jsonType, body: configMap(s.name, v, "")})
	if s.now = o; code != 201 {
		c.look(s)
	}
}

func (c *client) change(s *slot) {
	v := c.next(s.path)
	r := request{method: "PUT", url: s.path, contentType: jsonType}
	verb := "update"
	switch c.rnd.Intn(3) {
	case 0:
		r.body = configMap(s.name, v, "")
	case 1:
		r.body = configMap(s.name, v, s.now.Metadata.ResourceVersion)
		r.fresh = func(now *storm.Object) any {
			return configMap(s.name, v, now.Metadata.ResourceVersion)
		}
	default:
		verb, r.method, r.contentType = "patch", "PATCH", mergeType
		r.body = object{"data": object{
			"value": strconv.FormatInt(v, 10)}}
	}
	code, o := c.write(s.path, verb, v, r)
	if s.now = o; code != 200 {
		c.look(s)
	}
}

func (c *client) remove(s *slot) {
	v := c.next(s.path)
	r := request{method: "DELETE", url: s.path}
	if c.rnd.Intn(2) == 0 {
		r.contentType = jsonType
		r.body = object{"kind": "DeleteOptions", "apiVersion": "v1",
			"preconditions": object{"uid": s.now.Metadata.UID}}
	}
	code, _ := c.write(s.path, "delete", v, r)
	if s.now = nil; code != 200 {
		c.look(s)
	}
}

// events makes Events and repeats them, as client-go's recorder does.
func (c *client) events(ns string) {
	base := "/api/v1/namespaces/" + ns + "/events"
	var live []string
	for i := 0; c.rest(); i++ {
		if len(live) == 0 || c.rnd.Intn(3) == 0 {
			name := fmt.Sprintf("%s-%d-%d", c.run, c.number, i)
			if c.event(base, ns, name) != 201 {
				continue
			}
			if live = append(live, name); len(live) > alive {
				live = live[1:]
			}
			continue
		}
		path := base + "/" + live[c.rnd.Intn(len(live))]
		v := c.next(path)
		c.write(path, "patch", v, request{method: "PATCH", url: path,
			contentType: smpType, body: object{"count": v,
				"lastTimestamp": now()}})
	}
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

func (c *client) event(base, ns, name string) int {
	path := base + "/" + name
	v := c.next(path)
	code, _ := c.write(path, "create", v, request{method: "POST", url: base,
		contentType: jsonType, body: object{"kind": "Event",
			"apiVersion": "v1",
			"metadata":   object{"name": name, "namespace": ns},
			"involvedObject": object{"kind": "Pod", "namespace": ns,
				"name": "storm", "apiVersion": "v1"},
			"reason": "Storm", "message": name, "type": "Normal",
			"count": v, "firstTimestamp": now(),
			"lastTimestamp": now(),
			"source":        object{"component": "storm"}}})
	return code
}

// status is a patch as kubelet makes it.
func status(uid string, value int64) object {
	p := object{"status": object{
		"$setElementOrder/conditions": []object{{"type": "Storm"}},
		"conditions": []object{{"type": "Storm", "status": "True",
			"reason":  "Storm",
			"message": strconv.FormatInt(value, 10)}}}}
	if uid != "" {
		p["metadata"] = object{"uid": uid}
	}
	return p
}

// podStatuses of pods, each NAME=UID
func (c *client) podStatuses(pods []string) {
	for c.rest() {
		name, uid, _ := strings.Cut(pods[c.rnd.Intn(len(pods))], "=")
		path := "/api/v1/namespaces/storm/pods/" + name
		v := c.next(path)
		c.write(path, "patch", v, request{method: "PATCH",
			url: path + "/status", contentType: smpType,
			body: status(uid, v)})
	}
}

func (c *client) nodeStatus() {
	path := "/api/v1/nodes/" + c.node
	for c.rest() {
		v := c.next(path)
		c.write(path, "patch", v, request{method: "PATCH",
			url: path + "/status?timeout=10s", contentType: smpType,
			body: status("", v)})
	}
}

// lease renews, as kubelet does: with the last resourceVersion; 409: GET, PUT.
func (c *client) lease() {
	path := leases + "/" + c.node
	rv := "1"
	for c.rest() {
		v := c.next(path)
		body := func(rv string) any {
			return object{"kind": "Lease",
				"apiVersion": "coordination.k8s.io/v1",
				"metadata": object{"name": c.node,
					"namespace":       "kube-node-lease",
					"resourceVersion": rv},
				"spec": object{"holderIdentity": c.node,
					"leaseDurationSeconds": 40,
					"leaseTransitions":     v}}
		}
		code, o := c.write(path, "update", v, request{method: "PUT",
			url: path, contentType: jsonType, body: body(rv),
			fresh: func(now *storm.Object) any {
				return body(now.Metadata.ResourceVersion)
			}})
		if code == 200 {
			rv = o.Metadata.ResourceVersion
		}
	}
}
