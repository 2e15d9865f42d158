package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// A page is what the run writes.
type page struct {
	text     strings.Builder
	versions []string
	wrong    []string // results that are not what the first candidate computed
}

const preface = `<!-- Written by make bench-peers. Do not edit. -->
# Benchmarks against peers

` + "`make bench-peers`" + ` measures the machine it runs on and writes this page: our engine against the libraries that others would use on a processor, each in a
process of its own, loaded once, in rounds in which each has one turn. What the candidates compute is compared. Times of one thread are processor time; of two, wall
time of the best run of a turn. Both are medians over %d rounds of turns of %v; the best turn stands beside. *times as fast* is the peer's median over ours: above 1 we are faster; *by the best* is the same
of the best turns, which another process's load falsifies less.
OpenBLAS, in PyTorch too, is told to use those of its kernels that are fastest here; no library's idle threads spin.

Machine: %s, %d cores, %s.
`

// section writes a table of duels, each fought once for every number of threads,
// and returns how many times as fast we were in each that both sides fought.
func (p *page) section(title string, threads int, fought [][]outcome, duels []duel) []float64 {
	unit := "ms"
	if duels[0].flops > 0 {
		unit = "GF/s"
	}
	fmt.Fprintf(&p.text, "\n## %s, %s\n\n| | Cloister, %s | best | the peer | best | | times as fast | by the best |\n|---|--:|--:|--:|--:|---|--:|--:|\n", title, plural(threads, "thread"), unit)
	var ratios, bests []float64
	var notes []string
	for i, d := range duels {
		ours := fought[i][0]
		for _, peer := range fought[i][1:] {
			p.version(ours)
			p.version(peer)
			cells := append(d.cells(ours), d.cells(peer)...)
			times := "– | –"
			if ours.refused == "" && peer.refused == "" {
				ratio, best := peer.median()/ours.median(), peer.best()/ours.best()
				ratios, bests = append(ratios, ratio), append(bests, best)
				times = short(ratio) + " × | " + short(best) + " ×"
			}
			fmt.Fprintf(&p.text, "| %s | %s | %s | %s |\n", d.what, strings.Join(cells, " | "), peer.name, times)
			for _, o := range []outcome{ours, peer} {
				if o.refused != "" {
					notes = append(notes, fmt.Sprintf("- %s: refused by %s: %s", d.what, o.name, oneLine(o.refused)))
				}
				if o.wrong != "" {
					note := fmt.Sprintf("- %s: **%s computed something else**: %s", d.what, o.name, o.wrong)
					notes, p.wrong = append(notes, note), append(p.wrong, note)
				}
			}
		}
	}
	if len(ratios) > 1 {
		fmt.Fprintf(&p.text, "\nGeometric mean of %d: **%s ×**, by the best %s ×.\n", len(ratios), short(geomean(ratios)), short(geomean(bests)))
	}
	if len(notes) > 0 {
		fmt.Fprintf(&p.text, "\n%s\n", strings.Join(notes, "\n"))
	}
	return ratios
}

// memory writes the table of peaks.
func (p *page) memory(fought [][]outcome, duels []duel) {
	fmt.Fprintf(&p.text, "\n## Memory\n\nThe most bytes ever resident in a process that loads the model and runs it on one thread; both are the same Go program. Below 1 we need less.\n\n"+
		"| | Cloister, MiB | ONNX Runtime | ours over theirs |\n|---|--:|--:|--:|\n")
	var ratios []float64
	for i, d := range duels {
		ours, peer := fought[i][0], fought[i][1]
		if ours.refused != "" || peer.refused != "" {
			fmt.Fprintf(&p.text, "| %s | %s | %s | – |\n", d.what, mebibytes(ours), mebibytes(peer))
			continue
		}
		ratio := float64(ours.peak()) / float64(peer.peak())
		ratios = append(ratios, ratio)
		fmt.Fprintf(&p.text, "| %s | %s | %s | %s |\n", d.what, mebibytes(ours), mebibytes(peer), short(ratio))
	}
	if len(ratios) > 0 {
		fmt.Fprintf(&p.text, "\nGeometric mean: %s; the largest: %s.\n", short(geomean(ratios)), short(slices.Max(ratios)))
	}
}

func mebibytes(o outcome) string {
	if o.refused != "" {
		return "refused"
	}
	return short(float64(o.peak()) / (1 << 20))
}

// cells are the median and the best of a side.
func (d duel) cells(o outcome) []string {
	if o.refused != "" {
		return []string{"refused", "–"}
	}
	if d.flops > 0 {
		return []string{short(d.flops / o.median() / 1e6), short(d.flops / o.best() / 1e6)}
	}
	return []string{short(o.median()), short(o.best())}
}

func (p *page) version(o outcome) {
	if v := o.version; o.refused == "" && !slices.Contains(p.versions, v) {
		p.versions = append(p.versions, v)
	}
}

// write makes the file.
func (p *page) write(path string, o options) error {
	slices.Sort(p.versions)
	var all strings.Builder
	fmt.Fprintf(&all, preface, o.rounds, o.turn, processor(), runtime.NumCPU(), runtime.Version())
	for _, v := range p.versions {
		fmt.Fprintf(&all, "\n- %s", v)
	}
	return os.WriteFile(path, []byte(all.String()+"\n"+p.text.String()), 0o644)
}

// processor is the name in /proc/cpuinfo.
func processor() string {
	b, _ := os.ReadFile("/proc/cpuinfo") // no such file: no name
	_, rest, _ := strings.Cut(string(b), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	if name := strings.Trim(line, "\t :"); name != "" {
		return name
	}
	return "unknown processor"
}

// oneLine is an error's text without what would break a list.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// short writes v with two or three digits that mean something.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
