package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// TestScratchIsBounded: a wide window over a wide image is copied a column of taps
// at a time. What that takes beyond a little is in the cost, so that a quota holds
// it; what no kernel can address is refused when it is added.
func TestScratchIsBounded(t *testing.T) {
	ints := func(name string, v ...int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v} }
	x := newTrial(t, abi.Quota{})
	image := x.input("x", abi.Float32, 1, 1, 1, 1<<20)
	wide := []abi.Attr{ints("kernel_shape", 1, 4096), ints("pads", 0, 1, 0, 0)}
	for op, attrs := range map[string][]abi.Attr{"MaxPool": wide, "AveragePool": wide, "Conv": wide[1:]} {
		in := []abi.Value{image}
		if op == "Conv" {
			in = append(in, x.input("w", abi.Float32, 2, 1, 1, 4096))
		}
		if _, err := x.g.Node(op, attrs, in); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), op) || !strings.Contains(err.Error(), "scratch") {
			t.Errorf("%s of 4096 over a million columns: %v, want invalid that names it and its scratch", op, err)
		}
	}
	for _, c := range []struct {
		taps    int64
		charged bool
	}{{2, false}, {30, true}} {
		x := newTrial(t, abi.Quota{})
		v := x.input("x", abi.Float32, 1, 1, 1, 200_000)
		x.output("y", x.node("MaxPool", []abi.Attr{ints("kernel_shape", 1, c.taps), ints("pads", 0, 1, 0, 0)}, v))
		p, err := x.s.Compile(t.Context(), x.g)
		if err != nil {
			t.Fatal(err)
		}
		if held := p.Cost().Bytes; (held > 0) != c.charged {
			t.Errorf("%d taps over 200,000 columns: %d bytes in the cost", c.taps, held)
		}
	}
}
