package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A terminal is where a command talks to a person or to a script.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	json     bool
}

// table prints rows under a header, columns aligned; with --json it prints
// value instead, indented.
func (t *terminal) table(value any, header string, rows func(w io.Writer)) error {
	if t.json {
		e := json.NewEncoder(t.out)
		e.SetIndent("", "  ")
		return e.Encode(value)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(header, " ", "\t"))
	rows(screen{w})
	return w.Flush()
}

// A screen writes text and nothing but text: names, errors and answers come
// from strangers, and a terminal obeys what it is sent.
type screen struct{ w io.Writer }

func (s screen) Write(b []byte) (int, error) {
	_, err := io.WriteString(s.w, strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, string(b)))
	return len(b), err
}

// oneLine is s on one line of at most most characters, so that a name cannot
// look like another row or column of a table.
func oneLine(s string, most int) string {
	line := []rune(strings.Join(strings.Fields(s), " "))
	if len(line) > most {
		line = append(line[:most-1], '…')
	}
	return string(line)
}

// interactive reports whether a person watches f.
func interactive(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// A bar shows how far long work has come: a moving bar for a person, a line
// every few seconds for a log. Its Set is safe for concurrent use; Done ends it.
type bar struct {
	name string
	w    io.Writer
	p    *mpb.Progress
	b    *mpb.Bar
	last time.Time
}

func (t *terminal) bar(name string) *bar {
	b := &bar{name: name, w: t.err, last: time.Now()}
	if interactive(t.err) {
		b.p = mpb.New(mpb.WithOutput(t.err), mpb.WithWidth(40), mpb.WithAutoRefresh())
		b.b = b.p.AddBar(0,
			mpb.PrependDecorators(decor.Name("  "+name+" "), decor.CountersNoUnit("%d/%d")),
			mpb.AppendDecorators(decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "done")))
	}
	return b
}

func (b *bar) set(done, total uint64, note string) {
	if b.b != nil {
		b.b.SetTotal(int64(total), false)
		b.b.SetCurrent(int64(done))
		return
	}
	if now := time.Now(); now.Sub(b.last) > 3*time.Second && total > 0 {
		b.last = now
		fmt.Fprintf(screen{b.w}, "  %s %d/%d %s\n", b.name, done, total, note)
	}
}

func (b *bar) done() {
	if b.b != nil {
		b.b.SetTotal(-1, true)
		b.p.Wait()
	}
}
