// Command bench measures this machine against peers that do the same work, and
// writes docs/benchmarks.md.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "docs/benchmarks.md", "the file to write")
	each := flag.Duration("time", time.Second, "how long to run each benchmark")
	flag.Parse()
	if err := run(*out, *each); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run(out string, each time.Duration) error {
	var got results
	for _, pkg := range packages() {
		cmd := exec.Command("go", "test", "-run", "^$", "-bench", pkg.benchmarks, "-benchtime", each.String(), pkg.path)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as we ship it
		var b bytes.Buffer
		cmd.Stdout, cmd.Stderr = io.MultiWriter(&b, os.Stderr), os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go test %s: %w", pkg.path, err)
		}
		if err := got.read(b.String()); err != nil {
			return fmt.Errorf("%s: %w", pkg.path, err)
		}
	}
	var page strings.Builder
	fmt.Fprintf(&page, preface, got.cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, t := range tables {
		fmt.Fprintf(&page, "\n## %s\n\n| | Cloister | the peer | | times as fast |\n|---|--:|--:|---|--:|\n", t.title)
		for _, r := range t.rows {
			ours, peer, times, err := r.figures(got)
			if err != nil {
				return err
			}
			fmt.Fprintf(&page, "| %s | %s | %s | %s | %s |\n", r.what, ours, peer, r.peer, times)
		}
		if t.note != "" {
			fmt.Fprintf(&page, "\n%s\n", t.note)
		}
	}
	return os.WriteFile(out, []byte(page.String()), 0o644)
}

const preface = `<!-- Written by make bench. Do not edit. -->
# Benchmarks

` + "`make bench`" + ` measures the machine it runs on and writes this page; each line is a benchmark in the package it is about or in ` + "`internal/bench`" + `. A figure
stands beside a peer that does the same work, in the same process and in turns with it. Times change with the machine and with what else it does;
ratios hold better. The last column is the peer's time over ours: above 1 we are faster. OpenBLAS, ONNX Runtime and PyTorch have a page of their own:
[benchmarks-peers.md](benchmarks-peers.md).

Machine: %s, %d cores, %s/%s, %s without cgo.
`
