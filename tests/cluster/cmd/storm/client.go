package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand"
	"net/http"
	"os"
	"time"

	"edgehub.test/cluster/internal/cli"
	"edgehub.test/cluster/internal/storm"
)

const (
	jsonType  = "application/json"
	mergeType = "application/merge-patch+json"
	smpType   = "application/strategic-merge-patch+json"
	// endTries: how long one that nobody answers goes on after the end.
	endTries = 15 * time.Second
)

type object = map[string]any

// client is one writer; its methods are called by one goroutine.
type client struct {
	ctx       context.Context
	web       *http.Client
	host      string
	log       *os.File
	run, node string
	number    int64
	first     int64
	sum       *sum
	pause     time.Duration
	rnd       *rand.Rand
	values    map[string]int64 // the last of each path
}

// request is one way to do a write. fresh, if not nil, makes the body anew
// after a 409, out of the object as it is.
type request struct {
	method, url, contentType string
	body                     any
	fresh                    func(now *storm.Object) any
}

// next is the value of the next write to a path.
func (c *client) next(path string) int64 {
	if c.values[path] == 0 {
		c.values[path] = c.first - 1
	}
	c.values[path]++
	return c.values[path]
}

// rest waits between two writes; false when it is over.
func (c *client) rest() bool {
	d := time.Duration(c.rnd.Int63n(2 * int64(c.pause)))
	select {
	case <-c.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// do asks once: the code, 0 where there was no answer.
func (c *client) do(method, url, contentType string, body any) (int,
	*storm.Object) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			cli.Fatal("json", err)
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, c.host+url, in)
	if err != nil {
		cli.Fatal("request", err)
	}
	req.Header.Set("Accept", jsonType)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	// net/http itself sends no write of ours twice: GetBody is away
	req.GetBody = nil
	res, err := c.web.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	o := &storm.Object{}
	if err != nil || json.Unmarshal(text, o) != nil {
		return 0, nil
	}
	return res.StatusCode, o
}

// no answer, or one that says nothing about the write itself
func again(code int) bool {
	return code == 0 || code == 429 || code >= 500
}

// write does one write until it is answered, and logs it.
func (c *client) write(path, verb string, value int64,
	r request) (int, *storm.Object) {
	w := storm.Write{Path: path, Verb: verb, Value: value}
	var o *storm.Object
	var end time.Time
	for {
		w.Tries++
		w.Code, o = c.do(r.method, r.url, r.contentType, r.body)
		if w.Code == 409 && r.fresh != nil {
			code, now := c.do("GET", path, "", nil)
			if code == 200 {
				r.body = r.fresh(now)
				continue
			}
			w.Code = code
		}
		if !again(w.Code) {
			break
		}
		w.Maybe = true
		if c.ctx.Err() != nil {
			if end.IsZero() {
				end = time.Now().Add(endTries)
			} else if time.Now().After(end) {
				break
			}
		}
		time.Sleep(time.Duration(20+c.rnd.Intn(80)) * time.Millisecond)
	}
	w.Done = time.Now().UnixNano()
	c.note(&w)
	return w.Code, o
}

func (c *client) note(w *storm.Write) {
	text, err := json.Marshal(w)
	if err == nil {
		_, err = c.log.Write(append(text, '\n'))
	}
	if err != nil {
		cli.Fatal("log", err)
	}
	s := c.sum
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Writes++
	switch {
	case w.Acked():
		s.Acked++
	case again(w.Code):
		s.Unknown++
	default:
		s.Refused++
	}
	if w.Tries > 1 {
		s.Again++
	}
}
