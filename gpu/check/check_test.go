package check_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/check"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

func floats(xs ...float32) (b []byte) {
	for _, x := range xs {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// relu is a model that takes and gives two numbers.
func relu(t *testing.T, e abi.Engine) []byte {
	t.Helper()
	s, err := e.Open(t.Context(), abi.Quota{})
	must(t, err)
	defer s.Close()
	g, err := s.NewGraph(13)
	must(t, err)
	x, err := g.Input("x", abi.Float32, []int64{2})
	must(t, err)
	y, err := g.Node("Relu", nil, []abi.Value{x})
	must(t, err)
	must(t, g.Output("y", y[0]))
	b, err := g.MarshalONNX()
	must(t, err)
	return b
}

// lay writes a folder in the test layout, a data set for each pair of input and
// output.
func lay(t *testing.T, dir string, model []byte, sets ...[2]onnx.Tensor) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "model.onnx"), model, 0o600))
	for i, set := range sets {
		at := filepath.Join(dir, fmt.Sprintf("test_data_set_%d", i))
		must(t, os.Mkdir(at, 0o700))
		must(t, os.WriteFile(filepath.Join(at, "input_0.pb"), onnx.MarshalTensor(set[0]), 0o600))
		must(t, os.WriteFile(filepath.Join(at, "output_0.pb"), onnx.MarshalTensor(set[1]), 0o600))
	}
}

func pair(x ...float32) onnx.Tensor {
	return onnx.Tensor{DType: abi.Float32, Shape: []int64{int64(len(x))}, Data: floats(x...)}
}

func TestModelsAreHeldToTheirReferences(t *testing.T) {
	e, err := engine.New("cpu")
	must(t, err)
	nan := float32(math.NaN())
	dir := filepath.Join(t.TempDir(), "relu")
	sets := [][2]onnx.Tensor{
		{pair(-1, 1000), pair(0, 1000)},
		{pair(-1, 1000), pair(0, 1000.9)},
		{pair(-1, 1000), pair(0, 1002)},
		{pair(1, 1), pair(1, nan)},
		{pair(1, 2, 3), pair(1, 2, 3)},
		{pair(1, 2), pair(1, 2, 3)},
		{{DType: abi.Int64, Shape: []int64{2}, Data: make([]byte, 16)}, pair(0, 0)},
		{pair(-1, 2), pair(0, 2)},
	}
	for range 4 { // ten and more are still in order
		sets = append(sets, [2]onnx.Tensor{pair(1, 1), pair(1, 1)})
	}
	lay(t, dir, relu(t, e), sets...)
	want := []struct {
		status check.Status
		reason string
	}{
		{check.Pass, ""}, {check.Pass, ""}, {check.Fail, "output 0: element 1 is 1000, want 1002"}, {check.Fail, "element 1 is 1, want NaN"},
		{check.Fail, "input 0 is float32[3], the model takes float32[2]"}, {check.Fail, "output 0 is float32[2], want float32[3]"},
		{check.Fail, "input 0 is int64[2]"}, {check.Pass, ""}, {check.Pass, ""}, {check.Pass, ""}, {check.Pass, ""}, {check.Pass, ""},
	}
	i := 0
	must(t, check.Run(t.Context(), e, dir, func(r check.Result) {
		if r.Status != want[i].status || !strings.Contains(r.Reason, want[i].reason) || r.Name != fmt.Sprintf("relu/test_data_set_%d", i) {
			t.Errorf("set %d: %+v; want %+v", i, r, want[i])
		}
		i++
	}))
	if i != len(want) {
		t.Errorf("%d results, want %d", i, len(want))
	}
}

func TestAToleranceFileIsMeant(t *testing.T) {
	e, err := engine.New("cpu")
	must(t, err)
	dir := filepath.Join(t.TempDir(), "relu")
	lay(t, dir, relu(t, e), [2]onnx.Tensor{pair(-1, 1000), pair(0, 1002)})
	for text, want := range map[string]check.Status{"1e-2 0": check.Pass, "0 3": check.Pass, "0 1": check.Fail} {
		must(t, os.WriteFile(filepath.Join(dir, "TOLERANCE"), []byte(text), 0o600))
		must(t, check.Run(t.Context(), e, dir, func(r check.Result) {
			if r.Status != want {
				t.Errorf("within %s: %+v, want %s", text, r, want)
			}
		}))
	}
	must(t, os.WriteFile(filepath.Join(dir, "TOLERANCE"), []byte("some"), 0o600))
	if err := check.Run(t.Context(), e, dir, func(check.Result) {}); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "TOLERANCE") {
		t.Errorf("a tolerance that is none: %v", err)
	}
}

func TestARefusedModelComputesNothing(t *testing.T) {
	e, err := engine.New("cpu")
	must(t, err)
	root := t.TempDir()
	lay(t, filepath.Join(root, "junk"), []byte("junk"), [2]onnx.Tensor{pair(1), pair(1)})
	found, err := check.Find(root)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("found %v", found)
	}
	must(t, check.Run(t.Context(), e, found[0], func(r check.Result) {
		if r.Status != check.Refused || r.Reason == "" {
			t.Errorf("%+v, want %s and why", r, check.Refused)
		}
	}))
	if _, err := check.Find(filepath.Join(root, "nowhere")); !errors.Is(err, abi.NotFound) {
		t.Errorf("Find of nothing: %v", err)
	}
	if _, err := check.Find(filepath.Join(root, "junk", "test_data_set_0")); !errors.Is(err, abi.NotFound) {
		t.Errorf("Find where no model is: %v", err)
	}
}

// TestANetworkIsHeldToItsLargestResult: beside a result of 100, one that should be
// zero may be off by what float32 sums of that size are off, and by no more.
func TestANetworkIsHeldToItsLargestResult(t *testing.T) {
	e, err := engine.New("cpu")
	must(t, err)
	s, err := e.Open(t.Context(), abi.Quota{})
	must(t, err)
	defer s.Close()
	g, err := s.NewGraph(13)
	must(t, err)
	x, err := g.Input("x", abi.Float32, []int64{1000})
	must(t, err)
	zeros, err := s.NewTensor(abi.Float32, []int64{1000})
	must(t, err)
	w, err := g.Param("w", zeros)
	must(t, err)
	y, err := g.Node("Add", nil, []abi.Value{x, w})
	must(t, err)
	must(t, g.Output("y", y[0]))
	model, err := g.MarshalONNX()
	must(t, err)
	in := pair(make([]float32, 1000)...)
	copy(in.Data, floats(100))
	off := func(by float32) onnx.Tensor {
		out := pair(make([]float32, 1000)...)
		copy(out.Data, floats(100, by))
		return out
	}
	dir := filepath.Join(t.TempDir(), "network")
	lay(t, dir, model, [2]onnx.Tensor{in, off(0.9e-3)}, [2]onnx.Tensor{in, off(1.1e-3)})
	var got []check.Status
	must(t, check.Run(t.Context(), e, dir, func(r check.Result) { got = append(got, r.Status) }))
	if len(got) != 2 || got[0] != check.Pass || got[1] != check.Fail {
		t.Errorf("off by 0.9e-5 and 1.1e-5 of the largest: %v, want pass and fail", got)
	}
	must(t, os.WriteFile(filepath.Join(dir, "TOLERANCE"), []byte("1e-3 1e-7"), 0o600))
	got = nil
	must(t, check.Run(t.Context(), e, dir, func(r check.Result) { got = append(got, r.Status) }))
	if len(got) != 2 || got[0] != check.Fail || got[1] != check.Fail {
		t.Errorf("the same where a file says 1e-3 1e-7: %v, want that both fail", got)
	}
}
