// stormcheck: whether what was answered in a storm has come true
//
// It knows the writers' log (-log), what a witness saw straight at the master
// (-master), the master's audit log (-audit) and its state now (-kubeconfig),
// the outbox's failed/ (-failed), and nothing of the hub's own. Each thing
// that is wrong is a line {"bad":rule,...}:
//
//	lost	a write was answered 2xx, and the master has neither it nor a
//		later one of that object, nor is it in failed/
//	mute	an entry of failed/ without a reason
//	back	a value on the master that is not greater than the one before:
//		it went back, or was done twice
//	twice	the master created an object more often than it was written
//	ghost	on the master is what nobody wrote, or what was refused, or
//		something has gone that nobody deleted
//	replay	a Lease was brought to the master by the outbox
//	blind	the witness has not seen all
//	stale	a witness behind the hub (-hub) ended with something else
//
// The last line is {"objects":..,"acked":..,"told":..,"bad":..}, where told
// is how many objects have their last acknowledged write in failed/. The
// exit code is 1 when something is bad.
package main

import (
	"flag"
	"os"
	"sort"
	"strings"

	"edgehub.test/cluster/internal/cli"
	"edgehub.test/cluster/internal/storm"
)

// state is what the master has of an object now.
type state struct {
	uid   string
	rv    uint64
	value int64
}

// entry is one of failed/.
type entry struct {
	Path, Verb, Reason string
	Body               *storm.Object
}

// facts is all that is known.
type facts struct {
	writes  map[string][]storm.Write
	seen    map[string][]storm.Seen
	master  map[string]state
	failed  map[string][]entry
	created map[string]int // by the audit log
	acked   int
	told    int
	bad     int
}

func (f *facts) say(rule, path string, more ...any) {
	f.bad++
	line := map[string]any{"bad": rule, "path": path}
	for i := 0; i+1 < len(more); i += 2 {
		line[more[i].(string)] = more[i+1]
	}
	cli.Print(line)
}

func isLease(path string) bool { return strings.Contains(path, "/leases/") }

// holds tells whether the state s, there or not, is that after w.
func holds(w *storm.Write, s state, there bool) bool {
	if w.Verb == "delete" {
		return !there
	}
	return there && s.value == w.Value
}

// last checks that the last acknowledged write, or a later one that may have
// been done, is the master's state, or that failed/ has one of them.
func (f *facts) last(path string, all []storm.Write) {
	at := -1
	for i := range all {
		if all[i].Acked() {
			at = i
			f.acked++
		}
	}
	if at < 0 || isLease(path) {
		return
	}
	now, there := f.master[path]
	for i := at; i < len(all); i++ {
		if (i == at || all[i].Maybe) && holds(&all[i], now, there) {
			return
		}
	}
	for _, e := range f.failed[path] {
		if e.Verb == "delete" && all[at].Verb == "delete" ||
			e.Body != nil && e.Body.Value() >= all[at].Value {
			f.told++
			return
		}
	}
	f.say("lost", path, "write", all[at], "there", there, "has", now.value,
		"seen", f.seen[path])
}

// written tells whether that value may have come to the master.
func written(all []storm.Write, value int64) bool {
	for i := range all {
		w := &all[i]
		if w.Value == value && w.Verb != "delete" {
			return w.Acked() || w.Maybe
		}
	}
	return false
}

// deleted tells whether somebody deleted it after that value.
func deleted(all []storm.Write, value int64) bool {
	for i := range all {
		w := &all[i]
		if w.Value > value && w.Verb == "delete" &&
			(w.Acked() || w.Maybe) {
			return true
		}
	}
	return false
}

// history checks what the master went through.
func (f *facts) history(path string, all []storm.Write) {
	var last int64 = -1
	for _, s := range f.seen[path] {
		if s.Value < 0 {
			continue // as it was before the storm
		}
		if s.Type == "DELETED" {
			if !deleted(all, s.Value) {
				f.say("ghost", path, "seen", s, "last", last)
			}
			continue
		}
		if s.Value <= last {
			f.say("back", path, "seen", s, "last", last)
		}
		if last = s.Value; !written(all, s.Value) {
			f.say("ghost", path, "seen", s)
		}
	}
}

// creations checks how often the master made it.
func (f *facts) creations(path string, all []storm.Write) {
	n := 0
	for i := range all {
		if all[i].Verb == "create" && (all[i].Acked() || all[i].Maybe) {
			n++
		}
	}
	if n > 0 && f.created[path] > n {
		f.say("twice", path, "created", f.created[path], "written", n)
	}
}

// witnessed checks that the witness at the master ends where the master is.
func (f *facts) witnessed(path string) {
	seen := f.seen[path]
	now, there := f.master[path]
	if len(seen) == 0 {
		if there && now.value >= 0 {
			f.say("blind", path, "has", now.value)
		}
		return
	}
	end := seen[len(seen)-1]
	if there != (end.Type != "DELETED") || (there && end.RV != now.rv) {
		f.say("blind", path, "seen", end, "rv", now.rv)
	}
}

// behind compares what a witness of the hub had in the end.
func (f *facts) behind(store map[string]state) {
	for path := range f.writes {
		now, there := f.master[path]
		got, has := store[path]
		if follows(store, path) && (there != has || now != got) {
			f.say("stale", path, "has", got.value, "rv", got.rv,
				"master", now.value, "masterRV", now.rv)
		}
	}
}

// follows tells whether the witness followed the object's collection.
func follows(store map[string]state, path string) bool {
	collection := path[:strings.LastIndex(path, "/")+1]
	for name := range store {
		if strings.HasPrefix(name, collection) {
			return true
		}
	}
	return false
}

func main() {
	log := flag.String("log", "", "the writers' log")
	master := flag.String("master", "", "log of the witness at the master")
	hub := flag.String("hub", "", "log of the witness behind the hub")
	audit := flag.String("audit", "", "the master's audit log")
	failed := flag.String("failed", "", "the outbox's failed/")
	conf := flag.String("kubeconfig", "", "kubeconfig of the master")
	flag.Parse()

	f := &facts{writes: map[string][]storm.Write{},
		seen: map[string][]storm.Seen{}, master: map[string]state{},
		failed: map[string][]entry{}, created: map[string]int{}}
	f.readWrites(*log)
	f.readSeen(*master)
	f.readAudit(*audit)
	f.readFailed(*failed)
	f.readMaster(*conf)
	paths := []string{}
	for path := range f.writes {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		all := f.writes[path]
		f.last(path, all)
		f.history(path, all)
		f.creations(path, all)
		f.witnessed(path)
	}
	if *hub != "" {
		f.behind(readStore(*hub))
	}
	cli.Print(map[string]any{"objects": len(paths), "acked": f.acked,
		"told": f.told, "bad": f.bad})
	if f.bad > 0 {
		os.Exit(1)
	}
}
