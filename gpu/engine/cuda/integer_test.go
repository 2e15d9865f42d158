package cuda

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// TestQuotientAndRemainderMakeTheDividend holds integers to what division means,
// beside the processor: x = (x/y)·y + r, modulo the width, for every y but zero,
// where both are zero.
func TestQuotientAndRemainderMakeTheDividend(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dt := rapid.SampledFrom(integerTypes).Draw(rt, "type")
		element := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom(specials(dt)))
		x, y := rapid.SliceOfN(element, 8, 8).Draw(rt, "x"), rapid.SliceOfN(element, 8, 8).Draw(rt, "y")
		in := []*graph.Node{constant(dt, x, 8), constant(dt, y, 8)}
		of := func(op string, a graph.Attrs) []uint64 {
			n := &graph.Node{Op: op, Type: graph.Type{DType: dt, Shape: []int64{8}}, Attrs: a}
			return elementsOf(dt, evaluateNode(rt, n, in))
		}
		q, r, m := of("Div", graph.Attrs{}), of("Mod", graph.Attrs{Truncate: true}), of("Mod", graph.Attrs{})
		wide := 64 - 8*dt.Size()
		value := func(v uint64) int64 {
			if dt == abi.Uint8 {
				return int64(uint8(v))
			}
			return int64(v<<wide) >> wide
		}
		for i := range x {
			a, b := value(x[i]), value(y[i])
			switch {
			case b == 0:
				if q[i] != 0 || r[i] != 0 || m[i] != 0 {
					rt.Fatalf("%v %d by 0: %d, %d and %d; want zeros", dt, a, q[i], r[i], m[i])
				}
			case value(q[i]*y[i]+r[i]) != a:
				rt.Fatalf("%v %d by %d: %d and %d", dt, a, b, value(q[i]), value(r[i]))
			case value(r[i]) != 0 && (value(r[i]) < 0) != (a < 0), value(m[i]) != 0 && (value(m[i]) < 0) != (b < 0):
				rt.Fatalf("%v %d by %d leaves %d and %d, of other signs", dt, a, b, value(r[i]), value(m[i]))
			case value(m[i]) != value(r[i]) && value(m[i]) != value(r[i]+y[i]):
				rt.Fatalf("%v %d by %d leaves %d and %d", dt, a, b, value(r[i]), value(m[i]))
			}
		}
	})
}

// TestIntegersAreThoseOfTheProcessor is of any operands.
func TestIntegersAreThoseOfTheProcessor(t *testing.T) {
	var all []form
	for _, f := range forms() {
		if whole(f.in[0]) && f.op != "DequantizeLinear" {
			all = append(all, f)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		f := rapid.SampledFrom(all).Draw(rt, "form")
		in := make([]*graph.Node, len(f.in))
		for i, dt := range f.in {
			in[i] = constant(dt, rapid.SliceOfN(rapid.OneOf(rapid.Uint64(), rapid.SampledFrom(specials(dt))), 8, 8).Draw(rt, "x"), 8)
		}
		n := &graph.Node{Op: f.op, Type: graph.Type{DType: f.out, Shape: []int64{8}}, Attrs: f.attrs}
		same(rt, f.out, evaluateNode(rt, n, in), processor(rt, n, in))
	})
}
