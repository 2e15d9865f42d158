package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// A record is one line of what the parts write: one of its fields is set.
type record struct {
	Fact  *fact    `json:"fact,omitempty"`
	Check *verdict `json:"check,omitempty"`
	Time  *timed   `json:"time,omitempty"`
}

// A fact is something of the machine.
type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A verdict is a part and how it ended.
type verdict struct {
	Name    string  `json:"name"`
	Status  status  `json:"status"`
	Detail  string  `json:"detail,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

type status string

// How a check ends. What was not run says why.
const (
	passed status = "passed"
	failed status = "failed"
	notRun status = "not run"
)

// A timed case is how long one thing took: the median of several runs, in
// milliseconds, and the fastest and slowest.
type timed struct {
	Case  string  `json:"case"`
	By    string  `json:"by"`
	MS    float64 `json:"ms"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Runs  int     `json:"runs"`
	FLOPs float64 `json:"flops,omitempty"`
	Bytes float64 `json:"bytes,omitempty"`
	Note  string  `json:"note,omitempty"` // why there is no time, if MS is 0
}

// A recorder appends records to a file, at once: what a part has written survives
// it. It is safe for concurrent use.
type recorder struct {
	mu sync.Mutex
	f  *os.File // nil writes to nobody
}

func openLog(path string) (*recorder, error) {
	if path == "" {
		return &recorder{}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return &recorder{f: f}, err
}

func (l *recorder) add(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		fmt.Println(string(b))
		return nil
	}
	_, err = l.f.Write(append(b, '\n'))
	return err
}

func (l *recorder) fact(name, value string) error { return l.add(record{Fact: &fact{name, value}}) }
func (l *recorder) time(t timed) error            { return l.add(record{Time: &t}) }

// A result is all of one run.
type result struct {
	Date     string    `json:"date"`
	Rehearse bool      `json:"rehearsal,omitempty"` // no card, or small sizes: the times mean nothing
	Facts    []fact    `json:"facts"`
	Checks   []verdict `json:"checks"`
	Times    []timed   `json:"times"`
}

// gather adds what is in a file of records, up to a line that was cut short.
func (r *result) gather(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var x record
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			continue // its writer was killed
		}
		switch {
		case x.Fact != nil:
			r.Facts = append(r.Facts, *x.Fact)
		case x.Check != nil:
			r.Checks = append(r.Checks, *x.Check)
		case x.Time != nil:
			r.Times = append(r.Times, *x.Time)
		}
	}
	return lines.Err()
}

// find returns the time of a case, or nil.
func (r *result) find(name, by string) *timed {
	for i := range r.Times {
		if t := &r.Times[i]; t.Case == name && t.By == by {
			return t
		}
	}
	return nil
}
