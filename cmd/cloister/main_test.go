package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// update rewrites the files that commands print.
var update = flag.Bool("update", false, "rewrite what scripts compare with")

// appsDir is where the apps were built for this run of the tests.
var appsDir string

// TestMain builds the program and the apps: what is tested is what a user has,
// without the race detector, which the packages below are tested under.
func TestMain(m *testing.M) { os.Exit(withProgram(m)) }

func withProgram(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cloister-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	appsDir = filepath.Join(dir, "apps")
	build := func(out, pkg string, env []string, flags ...string) error {
		cmd := exec.Command("go", append(append([]string{"build", "-trimpath", "-o", out}, flags...), "github.com/cloister-ai/cloister/"+pkg)...)
		cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", pkg, err, text)
		}
		return nil
	}
	err = build(filepath.Join(dir, "bin", "cloister"), "cmd/cloister", nil)
	for _, app := range []string{"train", "peek", "classify", "echo", "infer"} {
		err = errors.Join(err, build(filepath.Join(appsDir, app+".wasm"), "plugins/"+app, []string{"GOOS=wasip1", "GOARCH=wasm"}, "-buildmode=c-shared", "-ldflags=-s -w"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Setenv("PATH", filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestScript runs the manual: every script is a story of the command line.
func TestScript(t *testing.T) {
	digits, err := filepath.Abs("../../examples/digits/digits.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("APPS", appsDir)
			e.Setenv("DIGITS", digits)
			e.Setenv("CLOISTER_STATE", filepath.Join(e.WorkDir, "state"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit":    exit,
			"bytes":   writeBytes,
			"cut":     cut,
			"waitfor": waitfor,
			"port":    port,
			"capture": capture,
			"until":   until,
		},
	})
}

// exit CODE command... checks the exact exit status.
func exit(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit status %d, want %s (%v)", code, args[0], err)
	}
}

// bytes FILE TEXT writes TEXT, with Go's escapes, to FILE.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	var b string
	if _, err := fmt.Sscanf(`"`+args[1]+`"`, "%q", &b); err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b), 0o600))
}

// cut FROM TO N copies the first N bytes of FROM to TO.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	var n int
	_, err = fmt.Sscan(args[2], &n)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b[:min(n, len(b))], 0o600))
}

// port bus|rpc NODEFILE VAR sets VAR to the host:port that the node listens on.
func port(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	var n nodeFile
	ts.Check(json.Unmarshal(b, &n))
	addr := n.Bus
	if args[0] == "rpc" {
		addr = strings.TrimPrefix(n.RPC, "http://")
	}
	ts.Setenv(args[2], addr)
}

// capture VAR REGEXP sets VAR to what the first group of REGEXP matched in the
// standard output before.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(`(?m)` + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) != 2 {
		ts.Fatalf("no match for %s in\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], m[1])
}

// until REGEXP command... runs the command until its standard output matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(`(?m)` + args[0])
	for range 300 {
		if ts.Exec(args[1], args[2:]...) == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("no match for %s in half a minute, but\n%s", args[0], ts.ReadFile("stdout"))
}

// waitfor FILE waits until FILE is there.
func waitfor(ts *testscript.TestScript, _ bool, args []string) {
	for range 600 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear in half a minute", args[0])
}
