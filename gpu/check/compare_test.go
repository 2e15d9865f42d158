package check_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/check"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// TestEveryElementTypeIsCompared gives each type a neighbour of what is wanted,
// which a float may be and an integer may not, and something far off.
func TestEveryElementTypeIsCompared(t *testing.T) {
	e, err := engine.New("cpu")
	must(t, err)
	for _, c := range []struct {
		dt               abi.DType
		got, near, wrong []byte
		exact            bool
		reason           string
	}{
		{abi.Float64, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, []byte{1, 0, 0, 0, 0, 0, 0xf0, 0x3f}, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, false, "is 1, want 1.5"},
		{abi.Float32, []byte{0, 0, 0x80, 0x3f}, []byte{1, 0, 0x80, 0x3f}, []byte{0, 0, 0xc0, 0x3f}, false, "is 1, want 1.5"},
		{abi.Float16, []byte{0, 0x3c}, []byte{1, 0x3c}, []byte{0, 0x3e}, false, "is 1, want 1.5"},
		{abi.Int64, []byte{9, 0, 0, 0, 0, 0, 0, 0}, []byte{8, 0, 0, 0, 0, 0, 0, 0}, []byte{9, 0, 0, 0, 0, 0, 0, 0x80}, true, "want -9.22"},
		{abi.Int32, []byte{9, 0, 0, 0}, []byte{8, 0, 0, 0}, []byte{9, 0, 0, 0x80}, true, "want -2.14"},
		{abi.Int8, []byte{9}, []byte{8}, []byte{0xff}, true, "is 9, want -1"},
		{abi.Uint8, []byte{9}, []byte{8}, []byte{0xff}, true, "is 9, want 255"},
		{abi.Bool, []byte{1}, []byte{0}, []byte{0}, true, "is 1, want 0"},
	} {
		t.Run(c.dt.String(), func(t *testing.T) {
			tensor := func(b []byte) onnx.Tensor { return onnx.Tensor{DType: c.dt, Shape: []int64{1}, Data: b} }
			dir := filepath.Join(t.TempDir(), "same")
			lay(t, dir, same(t, e, c.dt), [2]onnx.Tensor{tensor(c.got), tensor(c.got)}, [2]onnx.Tensor{tensor(c.got), tensor(c.near)}, [2]onnx.Tensor{tensor(c.got), tensor(c.wrong)})
			want := []check.Status{check.Pass, check.Pass, check.Fail}
			if c.exact {
				want[1] = check.Fail
			}
			var got []check.Status
			must(t, check.Run(t.Context(), e, dir, func(r check.Result) {
				if got = append(got, r.Status); len(got) == 3 && !strings.Contains(r.Reason, c.reason) {
					t.Errorf("%q, want that it says %q", r.Reason, c.reason)
				}
			}))
			if !slices.Equal(got, want) {
				t.Errorf("the same, a neighbour and another: %v, want %v", got, want)
			}
		})
	}
}

// same is a model that gives the one element it takes.
func same(t *testing.T, e abi.Engine, dt abi.DType) []byte {
	t.Helper()
	s, err := e.Open(t.Context(), abi.Quota{})
	must(t, err)
	defer s.Close()
	g, err := s.NewGraph(13)
	must(t, err)
	x, err := g.Input("x", dt, []int64{1})
	must(t, err)
	y, err := g.Node("Identity", nil, []abi.Value{x})
	must(t, err)
	must(t, g.Output("y", y[0]))
	b, err := g.MarshalONNX()
	must(t, err)
	return b
}
