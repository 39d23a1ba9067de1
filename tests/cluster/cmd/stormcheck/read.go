package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/kubernetes"

	"edgehub.test/cluster/internal/cli"
	"edgehub.test/cluster/internal/storm"
)

// Where the storm writes.
var collections = []string{
	"/api/v1/namespaces/storm/configmaps",
	"/api/v1/namespaces/storm/events",
	"/api/v1/namespaces/quiet/events",
	"/api/v1/namespaces/storm/pods",
	"/api/v1/nodes",
	"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
}

// eachLine gives the whole lines of a file; the last may be torn.
func eachLine(path string, line func(text []byte)) {
	file, err := os.Open(path)
	if err != nil {
		cli.Fatal("open", err)
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	for {
		text, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		line(text)
	}
}

func (f *facts) readWrites(path string) {
	eachLine(path, func(text []byte) {
		w := storm.Write{}
		if err := json.Unmarshal(text, &w); err != nil {
			cli.Fatal(path, err)
		}
		f.writes[w.Path] = append(f.writes[w.Path], w)
	})
}

func (f *facts) readSeen(path string) {
	lists := 0
	eachLine(path, func(text []byte) {
		s := struct {
			storm.Seen
			List string `json:"list"`
		}{}
		if json.Unmarshal(text, &s) != nil {
			return
		}
		if s.List != "" {
			lists++
		}
		if s.Type != "" && s.Path != "" {
			f.seen[s.Path] = append(f.seen[s.Path], s.Seen)
		}
	})
	if lists != len(collections) {
		f.say("blind", path, "lists", lists)
	}
}

// readStore gives the last store of a witness.
func readStore(path string) map[string]state {
	var last []byte
	eachLine(path, func(text []byte) {
		if bytes.HasPrefix(text, []byte(`{"store":`)) {
			last = bytes.Clone(text)
		}
	})
	all := struct{ Store map[string][3]any }{}
	if err := json.Unmarshal(last, &all); err != nil {
		cli.Fatal(path, err)
	}
	store := map[string]state{}
	for path, v := range all.Store {
		store[path] = state{v[0].(string), uint64(v[1].(float64)),
			int64(v[2].(float64))}
	}
	return store
}

func (f *facts) readAudit(path string) {
	eachLine(path, func(text []byte) {
		e := struct {
			Stage, Verb, UserAgent, RequestURI string
			ObjectRef                          struct{ Resource, Name string }
			ResponseStatus                     struct{ Code int }
		}{}
		if json.Unmarshal(text, &e) != nil ||
			e.Stage != "ResponseComplete" {
			return
		}
		if e.ObjectRef.Resource == "leases" && e.Verb != "get" &&
			strings.HasPrefix(e.UserAgent, "ote-outbox/") {
			f.say("replay", e.RequestURI, "verb", e.Verb)
		}
		if e.Verb == "create" && e.ResponseStatus.Code == 201 {
			base, _, _ := strings.Cut(e.RequestURI, "?")
			f.created[base+"/"+e.ObjectRef.Name]++
		}
	})
}

func (f *facts) readFailed(dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		cli.Fatal("failed", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			cli.Fatal("failed", err)
		}
		e := entry{}
		if err := json.Unmarshal(text, &e); err != nil ||
			e.Reason == "" || e.Path == "" {
			f.say("mute", name)
			continue
		}
		f.failed[e.Path] = append(f.failed[e.Path], e)
	}
}

func (f *facts) readMaster(conf string) {
	set := kubernetes.NewForConfigOrDie(cli.Config(conf, "ote-stormcheck/1"))
	for _, path := range collections {
		text, err := set.CoreV1().RESTClient().Get().AbsPath(path).
			SetHeader("Accept", "application/json").
			DoRaw(context.Background())
		if err != nil {
			cli.Fatal(path, err)
		}
		l := struct{ Items []storm.Object }{}
		if err := json.Unmarshal(text, &l); err != nil {
			cli.Fatal(path, err)
		}
		for i := range l.Items {
			o := &l.Items[i]
			f.master[path+"/"+o.Metadata.Name] = state{
				o.Metadata.UID, o.RV(), o.Value()}
		}
	}
}
