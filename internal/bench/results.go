package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// results are what go test printed: figures by benchmark and unit.
type results struct {
	cpu     string
	figures map[string]map[string]float64
}

// read adds the output of go test -bench.
func (r *results) read(output string) error {
	if r.figures == nil {
		r.figures = map[string]map[string]float64{}
	}
	for line := range strings.Lines(output) {
		if cpu, ok := strings.CutPrefix(line, "cpu: "); ok {
			r.cpu = strings.TrimSpace(cpu)
		}
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(f[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i] // the number of processors
		}
		units := map[string]float64{}
		for i := 2; i+1 < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return fmt.Errorf("benchmark line %q: %w", line, err)
			}
			units[f[i+1]] = v
		}
		r.figures[name] = units
	}
	return nil
}

// figures are the three cells of a row.
func (r row) figures(got results) (ours, peer, times string, err error) {
	of := func(unit string) float64 {
		v, ok := got.figures[r.bench][unit]
		if (!ok || v <= 0) && err == nil {
			err = fmt.Errorf("benchmark %s reported no %s", r.bench, unit)
		}
		return v
	}
	if r.unit == "" {
		a, b := of(unitOurs), of(unitPeer)
		return r.show(a), r.show(b), short(b/a) + " ×", err
	}
	a, factor := of(r.unit), of(r.ratio)
	b := a / factor
	if r.unit == "ms/step" { // less is better
		b = a * factor
	}
	unit := " " + strings.TrimSuffix(r.unit, "/step")
	return short(a) + unit, short(b) + unit, short(factor) + " ×", err
}

// show writes a time in nanoseconds, or how fast it makes the row's bytes.
func (r row) show(ns float64) string {
	if r.bytes > 0 {
		return short(r.bytes/ns*1e9/(1<<20)) + " MiB/s"
	}
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"µs", time.Microsecond}} {
		if ns >= float64(u.size) {
			return short(ns/float64(u.size)) + " " + u.name
		}
	}
	return short(ns) + " ns"
}

// short writes v with two or three digits that mean something.
func short(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// A testRun is one go test.
type testRun struct{ path, benchmarks string }

// packages lists the packages that rows name, in their order, with a pattern
// for the benchmarks that they need.
func packages() []testRun {
	var all []testRun
	seen := map[string]int{}
	for _, t := range tables {
		for _, r := range t.rows {
			top, _, _ := strings.Cut(r.bench, "/")
			i, ok := seen[r.pkg]
			if !ok {
				i = len(all)
				seen[r.pkg] = i
				all = append(all, testRun{r.pkg, ""})
			}
			if name := "^Benchmark" + top + "$"; !strings.Contains(all[i].benchmarks, name) {
				if all[i].benchmarks != "" {
					all[i].benchmarks += "|"
				}
				all[i].benchmarks += name
			}
		}
	}
	return all
}
