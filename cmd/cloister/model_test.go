package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// TestModelsAreCheckedAndTimed runs the two commands that whoever has an ONNX
// file begins with.
func TestModelsAreCheckedAndTimed(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e, err := engine.New("cpu")
	must(err)
	s, err := e.Open(t.Context(), abi.Quota{})
	must(err)
	defer s.Close()
	g, err := s.NewGraph(13)
	must(err)
	x, err := g.Input("x", abi.Float32, []int64{1})
	must(err)
	y, err := g.Node("Relu", nil, []abi.Value{x})
	must(err)
	must(g.Output("y", y[0]))
	model, err := g.MarshalONNX()
	must(err)

	dir := filepath.Join(t.TempDir(), "relu")
	one := onnx.Tensor{DType: abi.Float32, Shape: []int64{1}, Data: []byte{0, 0, 0x80, 0x3f}}
	two := onnx.Tensor{DType: abi.Float32, Shape: []int64{1}, Data: []byte{0, 0, 0, 0x40}}
	set := filepath.Join(dir, "test_data_set_0")
	must(os.MkdirAll(set, 0o700))
	must(os.WriteFile(filepath.Join(dir, "model.onnx"), model, 0o600))
	must(os.WriteFile(filepath.Join(set, "input_0.pb"), onnx.MarshalTensor(one), 0o600))
	must(os.WriteFile(filepath.Join(set, "output_0.pb"), onnx.MarshalTensor(one), 0o600))

	out, err := exec.Command("cloister", "--json", "model", "check", dir).Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != 2 || !strings.Contains(lines[0], `"status":"pass"`) || lines[1] != `{"fail":0,"pass":1,"refused":0}` {
		t.Errorf("check: %v\n%s", err, out)
	}
	must(os.WriteFile(filepath.Join(set, "output_0.pb"), onnx.MarshalTensor(two), 0o600))
	out, err = exec.Command("cloister", "model", "check", dir).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 1 || !strings.Contains(string(out), "element 0 is 1, want 2") {
		t.Errorf("check of a wrong reference: %v\n%s", err, out)
	}

	out, err = exec.Command("cloister", "--json", "model", "bench", filepath.Join(dir, "model.onnx"), "--threads", "1", "--for", "10ms", "--steps").Output()
	var v benchView
	if err := errors.Join(err, json.Unmarshal(out, &v)); err != nil || v.Threads != 1 || v.Runs < 1 || v.Median <= 0 || v.FLOPs == 0 || len(v.Steps) == 0 || v.Steps[0].Op == "" || v.Steps[0].Mean <= 0 {
		t.Errorf("bench: %v\n%s", err, out)
	}
}
