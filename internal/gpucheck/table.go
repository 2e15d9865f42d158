package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cloister-ai/cloister/abi"
)

// A goal is what a case is to reach.
type goal struct {
	least float64
	of    string // "copy", or who is compared with
}

// goalOf is the goal of a row, if it has one. Shares of the copy are of the bytes
// that must be moved; others are how many times as fast as PyTorch.
func goalOf(s spec, by string) (goal, bool) {
	switch {
	case by == byLt:
		return goal{0.97, byEager}, true
	case by != byUs:
		return goal{}, false
	}
	switch s.Kind {
	case kindChain, kindSoftmax, kindLayerNorm, kindSum:
		return goal{0.85, "copy"}, true
	case kindMLP:
		return goal{1 / 1.1, byGraph}, true
	}
	return goal{}, false
}

// A row is a line of the table.
type row struct {
	name, by, ms, spread, rate, share string
	times                             [3]string // as fast as PyTorch: eager, compiled, replayed
	goal                              string
}

var head = row{"case", "by", "ms", "from–to", "rate", "of copy", [3]string{"× eager", "× compiled", "× graph"}, "goal"}

func (r row) cells() []string {
	return append(append([]string{r.name, r.by, r.ms, r.spread, r.rate, r.share}, r.times[:]...), r.goal)
}

// rows are the table of r: a line for everything of ours, with PyTorch beside it.
func (r *result) rows() []row {
	var list []row
	known := make(map[string]spec)
	for _, s := range specs(r.Rehearse) {
		known[s.Name] = s
	}
	bandwidth := 0.0
	for _, t := range r.Times {
		if known[t.Case].Kind == kindCopy && t.By == byUs && t.MS > 0 {
			bandwidth = t.Bytes / t.MS
		}
	}
	for _, t := range r.Times {
		if strings.HasPrefix(t.By, "torch") {
			continue
		}
		w := row{name: t.Case, by: t.By, ms: fmt.Sprintf("%.4g", t.MS), spread: fmt.Sprintf("%.4g–%.4g", t.Low, t.High)}
		if t.MS <= 0 {
			w.ms, w.spread, w.goal = "none", "", short(t.Note)
			list = append(list, w)
			continue
		}
		s := known[t.Case]
		moves := s.Kind == kindCopy || s.Kind == kindChain || s.Kind == kindSoftmax || s.Kind == kindLayerNorm || s.Kind == kindSum
		reached := make(map[string]float64)
		switch {
		case moves:
			w.rate = fmt.Sprintf("%.0f GB/s", t.Bytes/t.MS/1e6)
			if bandwidth > 0 {
				reached["copy"] = t.Bytes / t.MS / bandwidth
				w.share = fmt.Sprintf("%.0f %%", 100*reached["copy"])
			}
		case t.FLOPs > 0:
			w.rate = fmt.Sprintf("%.2f TFLOP/s", t.FLOPs/t.MS/1e9)
		}
		for i, by := range []string{byEager, byCompiled, byGraph} {
			other := r.find(t.Case, by)
			if other == nil && i == 2 && s.Kind == "" { // our graph has a case of its own
				other = r.find(strings.TrimSuffix(t.Case, ", as a graph"), by)
			}
			if other != nil && other.MS > 0 {
				reached[by] = other.MS / t.MS
				w.times[i] = fmt.Sprintf("%.2f", reached[by])
			}
		}
		if g, ok := goalOf(s, t.By); ok {
			w.goal = fmt.Sprintf("%.2f of %s: ", g.least, g.of)
			switch v, there := reached[g.of]; {
			case !there:
				w.goal += "not compared"
			case v >= g.least:
				w.goal += "met"
			default:
				w.goal += "missed"
			}
		}
		list = append(list, w)
	}
	return list
}

// short is the first line of a note, of a length for a table.
func short(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return s
}

// reading says what the columns are.
const reading = "Times are medians. \"× eager\", \"× compiled\" and \"× graph\" say how many times as fast as PyTorch it was on the same\n" +
	"card in the same run: eager, by torch.compile, and replayed as a CUDA graph; float32 is exact float32 on both sides."

// text prints the table for a terminal.
func (r *result) text(to io.Writer) error {
	if r.Rehearse {
		fmt.Fprintln(to, "REHEARSAL at small sizes: the times mean nothing.")
	}
	for _, k := range r.Checks {
		fmt.Fprintf(to, "%-28s %-8s %s\n", k.Name, k.Status, short(k.Detail))
	}
	fmt.Fprintf(to, "\n%s\n\n", reading)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, x := range append([]row{head}, r.rows()...) {
		fmt.Fprintln(w, strings.Join(x.cells(), "\t"))
	}
	return w.Flush()
}

// markdown is the page of one run.
func (r *result) markdown() string {
	var b strings.Builder
	card := "a card"
	for _, f := range r.Facts {
		if f.Name == "card" {
			card = f.Value
		}
	}
	fmt.Fprintf(&b, "# Benchmarks on a GPU\n\n`make gpu-check` on %s, %s. This page is written by `make gpu-report`.\n\n", card, r.Date)
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "- %s: %s\n", f.Name, f.Value)
	}
	b.WriteString("\n## Checks\n\n| check | | s | |\n|---|---|---|---|\n")
	for _, k := range r.Checks {
		fmt.Fprintf(&b, "| %s | %s | %.1f | %s |\n", k.Name, k.Status, k.Seconds, short(k.Detail))
	}
	fmt.Fprintf(&b, "\n## Times\n\n%s\n\n", reading)
	for i, x := range append([]row{head}, r.rows()...) {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(x.cells(), " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(x.cells())) + "|\n")
		}
	}
	return b.String()
}

// report writes the page of the run in the file at path. A rehearsal is refused,
// and so is a run in which a check failed that everything depends on.
func report(path, to string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("%s: %w: %w", path, abi.Invalid, err)
	}
	switch {
	case r.Rehearse:
		return fmt.Errorf("%s is of a rehearsal, whose times mean nothing: %w", path, abi.Invalid)
	case !slices.ContainsFunc(r.Checks, func(k verdict) bool { return k.Name == "numbers" && k.Status == passed }):
		return fmt.Errorf("%s has times without numbers that were right: %w", path, abi.Invalid)
	}
	return os.WriteFile(to, []byte(r.markdown()), 0o644)
}
