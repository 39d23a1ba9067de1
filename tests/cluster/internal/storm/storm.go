// Package storm is what the storm's writers, its witnesses and its checker
// agree on: the lines of the writers' log, and where a value is in an object.
package storm

import (
	"encoding/json"
	"strconv"
)

// Write is a line of the writers' log: one write, and what became of it.
// The writes to one object are those of one writer, one after the other, and
// each has a greater value than the one before.
type Write struct {
	Path  string `json:"path"` // of the object
	Verb  string `json:"verb"` // create, update, patch, delete
	Value int64  `json:"value"`
	Code  int    `json:"code"` // the last answer; 0: there was none
	// Maybe: a try of it got no answer or a 5xx, and may have been done.
	Maybe bool  `json:"maybe"`
	Tries int   `json:"tries"`
	Done  int64 `json:"done"` // ns since 1970
}

// Acked tells whether the writer was told that it is done.
func (w *Write) Acked() bool { return w.Code >= 200 && w.Code < 300 }

// Object is what is looked at of an object.
type Object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace, Name, UID, ResourceVersion string
		Annotations                           map[string]string
	} `json:"metadata"`
	Data    map[string]string `json:"data"`
	Message string            `json:"message"`
	Count   int64             `json:"count"`
	Spec    struct {
		LeaseTransitions int64
	} `json:"spec"`
	Status json.RawMessage `json:"status"` // of a Status it is a word
	Code   int             `json:"code"`
}

// Value is that of the last write that is in the object; -1 where there is
// none.
func (o *Object) Value() int64 {
	text := ""
	switch {
	case o.Data != nil:
		text = o.Data["value"]
	case o.Count > 0:
		return o.Count
	case o.Spec.LeaseTransitions > 0:
		return o.Spec.LeaseTransitions
	default:
		text = o.condition()
	}
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		return v
	}
	return -1
}

// condition is the message of the condition of type Storm.
func (o *Object) condition() string {
	var s struct {
		Conditions []struct{ Type, Message string }
	}
	if json.Unmarshal(o.Status, &s) != nil {
		return ""
	}
	for _, c := range s.Conditions {
		if c.Type == "Storm" {
			return c.Message
		}
	}
	return ""
}

// RV is the resourceVersion as a number.
func (o *Object) RV() uint64 {
	n, _ := strconv.ParseUint(o.Metadata.ResourceVersion, 10, 64)
	return n
}

// Seen is a line of a witness about one object.
type Seen struct {
	Type  string `json:"type"` // ADDED, MODIFIED, DELETED
	Path  string `json:"path"`
	UID   string `json:"uid"`
	RV    uint64 `json:"rv"`
	Value int64  `json:"value"`
}
