package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
)

// parts are what a child process does, by the name it is started with.
var parts = map[string]func(context.Context, *config, *recorder) error{
	"machine": machine, "numerics": numerics, "memory": memory, "fault": fault, "afterwards": afterwards,
	"cold": cold, "times": times, "products": products, "jobs": jobs,
}

func partNames() []string { return slices.Sorted(maps.Keys(parts)) }

var (
	errNotHere = fmt.Errorf("not here: %w", abi.NotFound)
	errWrong   = fmt.Errorf("a check failed: %w", abi.Internal)
	errNoCard  = fmt.Errorf("nothing was checked: %w", abi.Unavailable)
)

// notHereStatus is how a part exits that has nothing to do on this machine.
const notHereStatus = 3

func exitStatus(err error) int {
	if errors.Is(err, errNotHere) {
		return notHereStatus
	}
	return 1
}

// wholeTime is how long everything may take, with some left for the table.
const wholeTime = 8*time.Minute + 40*time.Second

// A step is a part of the whole, in its order.
type step struct {
	name  string
	limit time.Duration
	must  bool       // nothing follows where it fails
	each  [][]string // command lines, started together; of this binary where they begin with a part
}

// all runs everything, and prints and writes the table whatever happened.
func (c *config) all(ctx context.Context) (err error) {
	ctx, stop := context.WithTimeoutCause(ctx, wholeTime, fmt.Errorf("%v for all of it: %w", wholeTime, abi.Exhausted))
	defer stop()
	if err := c.choose(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "gpucheck")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	c.records = filepath.Join(work, "records")
	if err := os.WriteFile(filepath.Join(work, "torch_ref.py"), torchReference, 0o644); err != nil {
		return err
	}
	list, err := json.Marshal(c.specs())
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "specs.json"), list, 0o644); err != nil {
		return err
	}
	journal, err := os.Create(filepath.Join(c.out, "log.txt"))
	if err != nil {
		return err
	}
	defer journal.Close()
	r := &runner{c: c, out: io.MultiWriter(os.Stdout, journal)}
	defer func() { err = errors.Join(err, r.finish()) }()
	for _, s := range c.steps() {
		if err := r.run(ctx, s); err != nil {
			return nil // finish says so
		}
	}
	return nil
}

// texts is the folder that programs are written into, for ptxas, and their cache.
func (c *config) texts() string { return filepath.Dir(c.records) }

// choose finds out what there is to check.
func (c *config) choose() error {
	if c.interpreted && !c.small {
		return fmt.Errorf("-interpreted is too slow without -small: %w", abi.Invalid)
	}
	if c.interpreted {
		return nil
	}
	list, err := cuda.Devices(cuda.Config{})
	if err == nil {
		err = list[0].Err
	}
	if err == nil {
		return nil
	}
	fmt.Println("There is no CUDA device that can be used here:", err)
	if reason, ok := errors.AsType[*cuda.Reason](err); ok {
		fmt.Println("hint:", reason.Hint())
	}
	if !c.small {
		return fmt.Errorf("-small, or SMALL=1, rehearses everything on interpreted PTX instead: %w", errNoCard)
	}
	fmt.Println("So this is a rehearsal: the PTX is interpreted, at small sizes, and times mean nothing.")
	c.interpreted = true
	return nil
}

// steps lists the whole in its order. A limit is what a step takes when something is
// wrong; wholeTime bounds them together, and what is last gets what is left.
func (c *config) steps() []step {
	one := func(args ...string) [][]string { return [][]string{args} }
	list := []step{
		{"machine", 20 * time.Second, true, one("machine")},
		{"numbers", 170 * time.Second, true, c.shards()},
		{"memory of a former owner", 30 * time.Second, true, one("memory")},
		{"a kernel that faults", 20 * time.Second, true, one("fault")},
		{"a process after it", 20 * time.Second, true, one("afterwards")},
	}
	if tool := find("compute-sanitizer", "/usr/local/cuda/bin", "/usr/local/cuda/compute-sanitizer"); tool != "" && !c.interpreted {
		args := append([]string{tool, "--tool", "memcheck", "--error-exitcode", "9"}, c.self("times", "-small", "-records", filepath.Join(c.texts(), "sanitized"))...)
		list = append(list, step{"compute-sanitizer", 40 * time.Second, false, one(args...)})
	} else {
		list = append(list, step{name: "compute-sanitizer"})
	}
	list = append(list,
		step{"cold start", 25 * time.Second, false, one("cold")},
		step{"cold start, again", 15 * time.Second, false, one("cold")},
		step{"times", 90 * time.Second, false, one("times")},
		step{"times of cuBLASLt", 25 * time.Second, false, one("products")},
		step{"times as a job", 40 * time.Second, false, one("jobs")},
	)
	if tool := find("ptxas", "/usr/local/cuda/bin"); tool != "" {
		script := `cd "$1" && for f in *.ptx; do echo "$f"; "$0" -arch=sm_` + c.arch() + ` -v "$f" -o /dev/null 2>&1 | grep -E 'spill|registers|error|fatal' | sort | uniq -c | sort -rn | head -4; test "${PIPESTATUS[0]}" = 0 || exit 1; done`
		list = append(list, step{"ptxas", 20 * time.Second, false, one("bash", "-c", script, tool, c.texts())})
	} else {
		list = append(list, step{name: "ptxas"})
	}
	if tool := find("python3"); tool != "" && !c.interpreted {
		args := []string{tool, filepath.Join(c.texts(), "torch_ref.py"), filepath.Join(c.texts(), "specs.json"), c.records}
		list = append(list, step{"times of PyTorch", 140 * time.Second, false, one(args...)})
	} else {
		list = append(list, step{name: "times of PyTorch"})
	}
	return list
}

// arch is the card's target for ptxas: what the kernels ask for is older, so any
// card's will do.
func (c *config) arch() string {
	if list, err := cuda.Devices(cuda.Config{}); err == nil && !c.interpreted {
		return fmt.Sprint(list[0].Capability())
	}
	return "90"
}

// shards splits the numbers over processes, because the driver's compiler is what
// takes the time: operators by their first letter, twice, and the rest.
func (c *config) shards() [][]string {
	list := [][]string{{"numerics", "-skip", "^Conformance$/^(Operators|EveryOperatorIsReadAsItIsWritten)$"}}
	for _, suite := range []string{"Operators", "EveryOperatorIsReadAsItIsWritten"} {
		if c.interpreted && suite != "Operators" { // the short suite has no more
			break
		}
		for _, letters := range []string{"[A-C]", "[D-K]", "[L-Q]", "R", "S", "[^A-S]"} {
			list = append(list, []string{"numerics", "-match", "^Conformance$/^" + suite + "$/^" + letters})
		}
	}
	return list
}

// find is a program in the path or in one of the folders, or "".
func find(name string, folders ...string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, folder := range folders {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}
	return ""
}

// python is the environment that python3 is of, where it is not active; or "".
func python() string {
	path := find("python3")
	if os.Getenv("VIRTUAL_ENV") != "" || path == "" {
		return ""
	}
	root := filepath.Dir(filepath.Dir(path))
	if _, err := os.Stat(filepath.Join(root, "pyvenv.cfg")); err != nil {
		return ""
	}
	return root
}

// self is the command line of a part in a process of its own.
func (c *config) self(part string, flags ...string) []string {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	args := []string{self, "-records", c.records, "-models", c.models}
	if c.small {
		args = append(args, "-small")
	}
	if c.interpreted {
		args = append(args, "-interpreted")
	}
	return append(append(args, flags...), part)
}

// A runner runs steps and remembers how they ended.
type runner struct {
	c      *config
	out    io.Writer
	checks []verdict
}

// run runs a step. Its error ends everything.
func (r *runner) run(ctx context.Context, s step) error {
	fmt.Fprintf(r.out, "\n== %s\n", s.name)
	if s.each == nil {
		r.note(verdict{Name: s.name, Status: notRun, Detail: "not here"})
		return nil
	}
	began := time.Now()
	ctx, stop := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("%v for this: %w", s.limit, abi.Exhausted))
	defer stop()
	errs := make([]error, len(s.each))
	var wg sync.WaitGroup
	free := make(chan struct{}, max(1, min(len(s.each), runtime.NumCPU()-1)))
	for i, args := range s.each {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			errs[i] = r.child(ctx, args)
		})
	}
	wg.Wait()
	err := errors.Join(errs...)
	k := verdict{Name: s.name, Status: passed, Seconds: time.Since(began).Seconds()}
	switch {
	case err == nil:
	case errors.Is(err, errNotHere):
		k.Status, k.Detail, err = notRun, "not here", nil
	default:
		k.Status, k.Detail = failed, strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	r.note(k)
	if err != nil && s.must && !r.c.anyway {
		return fmt.Errorf("%s: %w", s.name, errWrong)
	}
	return nil
}

func (r *runner) note(k verdict) {
	r.checks = append(r.checks, k)
	fmt.Fprintf(r.out, "-- %s: %s in %.1f s %s\n", k.Name, k.Status, k.Seconds, k.Detail)
}

// child runs one command line; what it says is printed when it has ended, if it is
// not alone.
func (r *runner) child(ctx context.Context, args []string) error {
	name := filepath.Base(args[0])
	if _, ok := parts[args[0]]; ok {
		name = strings.Join(args, " ")
		args = r.c.self(args[0], args[1:]...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	said := &lines{to: r.out}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = 2 * time.Second
	cmd.Env = append(os.Environ(), "CUDA_CACHE_PATH="+filepath.Join(r.c.texts(), "compiled"))
	if root := python(); root != "" {
		cmd.Env = append(cmd.Env, "VIRTUAL_ENV="+root) // cuBLASLt comes with PyTorch
	}
	err := cmd.Run()
	said.flush()
	switch exit, isExit := errors.AsType[*exec.ExitError](err); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s was stopped: %w", short(name), context.Cause(ctx))
	case isExit && exit.ExitCode() == notHereStatus:
		return errNotHere
	}
	return fmt.Errorf("%s: %w", short(name), err)
}

// lines passes whole lines on, so that those of several children stay apart.
type lines struct {
	to   io.Writer
	rest []byte
}

var printing sync.Mutex

func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	if i := strings.LastIndexByte(string(l.rest), '\n'); i >= 0 {
		printing.Lock()
		defer printing.Unlock()
		if _, err := l.to.Write(l.rest[:i+1]); err != nil {
			return 0, err
		}
		l.rest = append(l.rest[:0], l.rest[i+1:]...)
	}
	return len(b), nil
}

func (l *lines) flush() {
	if len(l.rest) > 0 {
		_, _ = l.Write([]byte{'\n'})
	}
}

// finish writes the results and prints the table, last.
func (r *runner) finish() error {
	all := result{Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), Rehearse: r.c.small, Checks: r.checks}
	if err := all.gather(r.c.records); err != nil {
		return err
	}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.c.out, "results.json"), b, 0o644); err != nil {
		return err
	}
	fmt.Fprintln(r.out)
	if err := all.text(r.out); err != nil {
		return err
	}
	for _, k := range all.Checks {
		if k.Status == failed {
			return fmt.Errorf("%s: %w", k.Name, errWrong)
		}
	}
	return nil
}
