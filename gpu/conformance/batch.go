package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/gpu/check"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// A test is one folder: the operators in its model, and what came of it.
type test struct {
	Name      string // of the folder
	Operators []string
	Sets      []check.Result
}

// status is the worst of the sets, with its reason.
func (t *test) status() (check.Status, string) {
	for _, s := range []check.Status{check.Fail, check.Refused} {
		for _, r := range t.Sets {
			if r.Status == s {
				return s, r.Reason
			}
		}
	}
	return check.Pass, ""
}

// A batch is how many tests one child runs, and how long it may take.
const (
	batchSize = 64
	batchTime = 10 * time.Minute
)

// runAll runs the tests in and below dir in child processes: what crashes one
// fails that test, and the others go on in the next child.
func runAll(ctx context.Context, dir string) ([]test, error) {
	dirs, err := check.Find(dir)
	if err != nil {
		return nil, err
	}
	var all []test
	for len(dirs) > 0 {
		n := min(batchSize, len(dirs))
		done, why, err := runBatch(ctx, dirs[:n])
		if err != nil {
			return nil, err
		}
		all = append(all, done...)
		if dirs = dirs[len(done):]; len(done) < n {
			name := filepath.Base(dirs[0])
			all = append(all, test{Name: name, Operators: operators(dirs[0]), Sets: []check.Result{{Name: name, Status: check.Fail, Reason: "the process ended: " + why}}})
			dirs = dirs[1:]
		}
	}
	return all, nil
}

// runBatch returns the tests that ended and, if the child ended before the last,
// what it said.
func runBatch(ctx context.Context, dirs []string) (done []test, why string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, batchTime, fmt.Errorf("%v is over", batchTime))
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, self, append([]string{"-child"}, dirs...)...)
	cmd.Stderr = &said
	out, ended := cmd.Output()
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var t test
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			break // the last words of a child that ended
		}
		done = append(done, t)
	}
	if len(done) == len(dirs) {
		return done, "", nil
	}
	why, _, _ = strings.Cut(said.String(), "\n")
	if ctx.Err() != nil {
		why = context.Cause(ctx).Error()
	}
	return done, fmt.Sprintf("%v: %s", ended, why), nil
}

// runChild runs the tests one after the other.
func runChild(ctx context.Context, dirs []string) error {
	e, err := engine.New("cpu")
	if err != nil {
		return err
	}
	lines := json.NewEncoder(os.Stdout)
	for _, dir := range dirs {
		t := test{Name: filepath.Base(dir), Operators: operators(dir)}
		if err := check.Run(ctx, e, dir, func(r check.Result) { t.Sets = append(t.Sets, r) }); err != nil {
			t.Sets = append(t.Sets, check.Result{Name: t.Name, Status: check.Refused, Reason: err.Error()})
		}
		if err := lines.Encode(t); err != nil {
			return err
		}
	}
	return nil
}

// operators lists the operators in the model of a test; none if it is no model.
func operators(dir string) []string {
	b, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		return nil
	}
	info, _ := onnx.Inspect(b) // what keeps it from being read is the reason that the test is refused
	var names []string
	for name := range info.Operators {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
