// The store: objects as JSON, by collection and name, and what has happened.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const history = 50000 // events that a watch may come back to

type object = map[string]any

type event struct {
	rv   int
	line []byte
}

type collection struct {
	path, kind, version string
	mu                  sync.Mutex
	moved               *sync.Cond
	objects             map[string]object
	text                map[string][]byte
	events              []event
	lost                int // resourceVersion up to which events are gone
}

// store has one order of resourceVersions for all.
type store struct {
	mu   sync.Mutex
	last int
	all  map[string]*collection
}

func (s *store) add(path, kind, version string) *collection {
	c := &collection{path: path, kind: kind, version: version,
		objects: map[string]object{}, text: map[string][]byte{}}
	c.moved = sync.NewCond(&c.mu)
	s.all[path] = c
	return c
}

func (s *store) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return s.last
}

func meta(o object) object {
	m, _ := o["metadata"].(object)
	return m
}

// put is with c locked; o is c's then, and no more changed.
func (c *collection) put(s *store, name string, o object) []byte {
	what, rv := "MODIFIED", s.next()
	if c.objects[name] == nil {
		what = "ADDED"
	}
	meta(o)["resourceVersion"] = strconv.Itoa(rv)
	o["kind"], o["apiVersion"] = c.kind, c.version
	text, _ := json.Marshal(o)
	c.objects[name], c.text[name] = o, text
	line := fmt.Appendf(nil, `{"type":"%s","object":%s}`+"\n", what, text)
	c.events = append(c.events, event{rv, line})
	if len(c.events) > 2*history {
		c.lost = c.events[history-1].rv
		c.events = append([]event(nil), c.events[history:]...)
	}
	c.moved.Broadcast()
	return text
}

func copyOf(o object) object {
	n := object{}
	for k, v := range o {
		if in, ok := v.(object); ok {
			v = copyOf(in)
		}
		n[k] = v
	}
	return n
}

// merge is RFC 7396.
func merge(o, patch object) object {
	n := copyOf(o)
	for k, v := range patch {
		in, isObject := v.(object)
		switch {
		case v == nil:
			delete(n, k)
		case isObject:
			was, _ := n[k].(object)
			n[k] = merge(was, in)
		default:
			n[k] = v
		}
	}
	return n
}

func status(w http.ResponseWriter, code int, reason string) int {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure",`+
		`"reason":%q,"code":%d}`, reason, code)
	return code
}

// write does POST, PUT and PATCH; it returns the code that it answered with.
func (c *collection) write(s *store, w http.ResponseWriter, r *http.Request,
	name, sub string) int {
	var in object
	if json.NewDecoder(r.Body).Decode(&in) != nil || in == nil {
		return status(w, 400, "BadRequest")
	}
	if in["metadata"] == nil {
		in["metadata"] = object{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	code := 200
	if r.Method == "POST" {
		code = 201
		name, _ = meta(in)["name"].(string)
		if c.objects[name] != nil {
			return status(w, 409, "AlreadyExists")
		}
		meta(in)["uid"] = fmt.Sprintf("%08d-0000-4000-8000-000000000000",
			s.last)
		meta(in)["creationTimestamp"] = time.Now().UTC().Format(
			time.RFC3339)
	}
	was := c.objects[name]
	if was == nil && code != 201 {
		return status(w, 404, "NotFound")
	}
	rv, has := meta(in)["resourceVersion"].(string)
	if was != nil && has && rv != meta(was)["resourceVersion"] {
		return status(w, 409, "Conflict")
	}
	if sub != "" {
		in = object{"metadata": object{}, sub: in[sub]}
	}
	if r.Method == "PATCH" {
		in = merge(was, in)
	}
	text := c.put(s, name, in)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(text)
	return code
}

// --- watches ---

func (c *collection) initial(s *store) (lines [][]byte, rv int) {
	for _, text := range c.text {
		lines = append(lines,
			fmt.Appendf(nil, `{"type":"ADDED","object":%s}`+"\n", text))
	}
	s.mu.Lock()
	rv = s.last
	s.mu.Unlock()
	return append(lines, fmt.Appendf(nil, `{"type":"BOOKMARK","object":`+
		`{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"%d",`+
		`"annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n",
		c.kind, c.version, rv)), rv
}

// after waits for events later than rv; nil when the watch has ended.
func (c *collection) after(r *http.Request, rv int) (lines [][]byte, last int) {
	for r.Context().Err() == nil {
		i := len(c.events)
		for i > 0 && c.events[i-1].rv > rv {
			i--
		}
		for _, e := range c.events[i:] {
			lines, rv = append(lines, e.line), e.rv
		}
		if lines != nil {
			return lines, rv
		}
		c.moved.Wait()
	}
	return nil, rv
}

func (c *collection) watch(s *store, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	rv, _ := strconv.Atoi(q.Get("resourceVersion"))
	w.Header().Set("Content-Type", "application/json")
	stop := make(chan struct{})
	defer close(stop)
	go func() { // a watch that ended is waiting, too
		select {
		case <-r.Context().Done():
			c.mu.Lock()
			c.moved.Broadcast()
			c.mu.Unlock()
		case <-stop:
		}
	}()
	c.mu.Lock()
	var lines [][]byte
	if q.Get("sendInitialEvents") == "true" {
		lines, rv = c.initial(s)
	} else if rv < c.lost {
		c.mu.Unlock()
		status(w, 410, "Expired")
		return
	} else {
		lines, rv = c.after(r, rv)
	}
	for lines != nil {
		c.mu.Unlock()
		for _, l := range lines {
			w.Write(l)
		}
		w.(http.Flusher).Flush()
		c.mu.Lock()
		lines, rv = c.after(r, rv)
	}
	c.mu.Unlock()
}
