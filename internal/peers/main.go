// Command peers measures our engine against OpenBLAS, ONNX Runtime and PyTorch,
// and writes docs/benchmarks-peers.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

//go:embed torch.py
var torchProgram string

// options are the command line.
type options struct {
	out, models, ort, openblas, python string
	only                               string
	rounds                             int
	turn                               time.Duration
	threads                            []int
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("peers: ")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == "child" {
		if err := child(ctx, os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	o := options{threads: []int{1, 2}}
	flag.StringVar(&o.out, "out", "docs/benchmarks-peers.md", "the file to write")
	flag.StringVar(&o.models, "models", "", "folder of ONNX models in the ONNX test layout; none: only those made here")
	flag.StringVar(&o.ort, "onnxruntime", "", "ONNX Runtime's shared library")
	flag.StringVar(&o.openblas, "openblas", "libopenblas.so.0", "OpenBLAS's shared library")
	flag.StringVar(&o.python, "python", "/usr/bin/python3", "a Python that has PyTorch")
	flag.StringVar(&o.only, "only", "sgemm,gemm,model,train", "kinds of work, separated by commas")
	flag.IntVar(&o.rounds, "rounds", 9, "turns of each candidate")
	flag.DurationVar(&o.turn, "turn", 200*time.Millisecond, "length of a turn")
	flag.Parse()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.rounds < 1 || o.turn <= 0 {
		return fmt.Errorf("%d rounds of %v", o.rounds, o.turn)
	}
	dir, err := os.MkdirTemp("", "cloister-peers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b := bench{options: o, self: []string{self, "child"}, dir: dir}
	if err := b.chooseCore(ctx); err != nil {
		return err
	}
	kinds := strings.Split(o.only, ",")
	for _, k := range []struct {
		kind, title string
		duels       func(context.Context) ([]duel, error)
	}{
		{"sgemm", "Multiply square matrices with the kernels", b.gemm("sgemm")},
		{"gemm", "Multiply square matrices with a program", b.gemm("cloister")},
		{"model", "Run a model", b.models},
		{"train", "Train for a step, with Adam", b.train},
	} {
		if !slices.Contains(kinds, k.kind) {
			continue
		}
		duels, err := k.duels(ctx)
		if err != nil {
			return err
		}
		if err := b.section(ctx, k.kind, k.title, duels); err != nil {
			return err
		}
	}
	if err := b.page.write(o.out, o); err != nil {
		return err
	}
	if len(b.page.wrong) > 0 {
		return fmt.Errorf("results differ:\n%s", strings.Join(b.page.wrong, "\n"))
	}
	return nil
}

// A bench is one run of this command.
type bench struct {
	options
	self []string // starts a child
	dir  string
	core string // see chooseCore
	page page
}

// chooseCore finds the kernels of OpenBLAS that are fastest here. An OpenBLAS
// that is older than the processor takes it for an old one, and would be beaten
// by a factor that says nothing.
func (b *bench) chooseCore(ctx context.Context) error {
	d := duel{what: "OpenBLAS's kernels", flops: 2 << 30}
	for _, core := range []string{"", "Haswell", "Zen", "SkylakeX", "Cooperlake", "NEOVERSEN1"} {
		s := spec{Candidate: "openblas", Kind: "gemm", Size: 1024, Library: b.openblas, Threads: 1}
		d.sides = append(d.sides, side{name: core, command: b.self, spec: s, core: core})
	}
	outcomes, err := d.fight(ctx, b.dir, 5, b.turn)
	if err != nil {
		return err
	}
	fastest := math.Inf(1)
	for _, o := range outcomes { // one that this processor cannot run has died
		if o.refused == "" && o.wrong == "" && o.best() < fastest {
			b.core, fastest = o.core, o.best()
		}
		log.Printf("OpenBLAS, told %q: %s %s", o.core, strings.Join(d.cells(o), " best "), o.refused)
	}
	return nil
}

// section fights the duels on every number of threads.
func (b *bench) section(ctx context.Context, kind, title string, duels []duel) error {
	for _, threads := range b.threads {
		var fought [][]outcome
		for _, d := range duels {
			for i := range d.sides {
				d.sides[i].spec.Threads = threads
			}
			outcomes, err := d.fight(ctx, b.dir, b.rounds, b.turn)
			if err != nil {
				return err
			}
			fought = append(fought, outcomes)
			for _, o := range outcomes {
				log.Printf("%s, %s: %-12s %s %s%s", d.what, plural(threads, "thread"), o.name, strings.Join(d.cells(o), " best "), o.refused, o.wrong)
			}
		}
		b.page.section(title, threads, fought, duels)
		if kind == "model" && threads == 1 {
			defer b.page.memory(fought, duels) // behind the times
		}
	}
	return nil
}

// against is a duel of ours with a peer that is a child of this program.
func (b *bench) against(d duel, name string, ours, peer spec) duel {
	d.sides = []side{{name: "Cloister", command: b.self, spec: ours}, {name: name, command: b.self, spec: peer, core: b.core}}
	return d
}

// gemm is a duel of each size with one of our candidates: the BLAS that is made of
// our kernels, or a program of the engine, which makes a tensor of each result.
func (b *bench) gemm(candidate string) func(context.Context) ([]duel, error) {
	return func(context.Context) (duels []duel, err error) {
		for _, n := range []int{256, 512, 1024, 2048} {
			ours := spec{Candidate: candidate, Kind: "gemm", Size: n}
			peer := ours
			peer.Candidate, peer.Library = "openblas", b.openblas
			f := float64(n)
			duels = append(duels, b.against(duel{what: fmt.Sprintf("%d × %d", n, n), flops: 2 * f * f * f}, "OpenBLAS", ours, peer))
		}
		return duels, nil
	}
}

// models are those of the folder, and those of known shapes.
func (b *bench) models(ctx context.Context) (duels []duel, err error) {
	add := func(what, path string) {
		ours := spec{Candidate: "cloister", Kind: "model", Model: path}
		peer := ours
		peer.Candidate, peer.Library = "onnxruntime", b.ort
		duels = append(duels, b.against(duel{what: what}, "ONNX Runtime", ours, peer))
	}
	if b.options.models != "" {
		err := filepath.WalkDir(b.options.models, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Name() == "model.onnx" {
				add(filepath.Base(filepath.Dir(path)), path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, what := range slices.Sorted(maps.Keys(shapes)) {
		dir := filepath.Join(b.dir, what)
		if _, err := write(ctx, shapes[what], dir); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		add(what, filepath.Join(dir, "model.onnx"))
	}
	return duels, nil
}

func (b *bench) train(context.Context) (duels []duel, err error) {
	for _, name := range []string{"mlp", "lenet"} {
		dir := filepath.Join(b.dir, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
		arrays, err := nets[name].write(dir)
		if err != nil {
			return nil, err
		}
		s := spec{Candidate: "cloister", Kind: "train", Net: name, Arrays: arrays, Rate: learningRate, Losses: lossesCompared}
		d := b.against(duel{what: nets[name].what}, "PyTorch", s, s)
		d.sides[1].command = []string{b.python, "-c", torchProgram}
		duels = append(duels, d)
	}
	return duels, nil
}
