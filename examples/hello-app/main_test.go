// Package main_test runs the example as its README does.
package main_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"
)

func TestTheReadmeIsTrue(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	wasm := filepath.Join(t.TempDir(), "hello.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", wasm, ".")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	module, err := os.ReadFile(wasm)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := sandbox.New(t.Context(), sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(context.Background()) })
	app, err := rt.Load(t.Context(), module)
	if err != nil {
		t.Fatal(err)
	}
	run := func(input string) (string, error) {
		e, err := engine.New("cpu")
		if err != nil {
			t.Fatal(err)
		}
		s, err := e.Open(t.Context(), abi.Quota{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		out, err := rt.Run(t.Context(), gate.Local(wire.Limits{}, wire.Limits{}, wire.Policy{}), app, sandbox.Env{Input: []byte(input), Session: s})
		return string(out.Bytes), err
	}
	said := func(text string) {
		t.Helper()
		for line := range strings.Lines(text) {
			if !strings.Contains(string(readme), "    "+line) {
				t.Errorf("README.md does not say %q", line)
			}
		}
	}
	out, err := run("Ada\n")
	if err != nil || !strings.HasPrefix(out, "Hello, Ada.\n") {
		t.Errorf("Run = %q, %v", out, err)
	}
	said(out)
	if _, err = run("\n"); !errors.Is(err, abi.Invalid) {
		t.Fatalf("Run = %v", err)
	}
	said("cloister: " + err.Error() + "\n")
}
