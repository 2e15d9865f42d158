package cuda

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// filled is a tensor of random elements.
func filled(r *rand.Rand, dt abi.DType, shape ...int64) *graph.Node {
	v := make([]uint64, graph.Type{DType: dt, Shape: shape}.Elements())
	for i := range v {
		v[i] = random(r, dt)
	}
	return constant(dt, v, shape...)
}

// same wants the bits of the processor, or NaN where it has one.
func same(t tester, dt abi.DType, got, want []byte) {
	t.Helper()
	g, w := elementsOf(dt, got), elementsOf(dt, want)
	for i := range w {
		if apart(dt, g[i], w[i]) != 0 {
			t.Fatalf("element %d of %d is %s; want %s", i, len(w), show(dt, g[i]), show(dt, w[i]))
		}
	}
}

func TestOperandsBroadcast(t *testing.T) {
	ops := []form{
		{"Add", []abi.DType{abi.Float32, abi.Float32}, abi.Float32, graph.Attrs{}},
		{"Sub", []abi.DType{abi.Float64, abi.Float64}, abi.Float64, graph.Attrs{}},
		{"Mul", []abi.DType{abi.Int8, abi.Int8}, abi.Int8, graph.Attrs{}},
		{"Less", []abi.DType{abi.Int64, abi.Int64}, abi.Bool, graph.Attrs{}},
		{"PRelu", []abi.DType{abi.Float32, abi.Float32}, abi.Float32, graph.Attrs{}},
		{"Where", []abi.DType{abi.Bool, abi.Float16, abi.Float16}, abi.Float16, graph.Attrs{}},
		{"Where", []abi.DType{abi.Bool, abi.Uint8, abi.Uint8}, abi.Uint8, graph.Attrs{}},
	}
	rapid.Check(t, func(rt *rapid.T) {
		f := rapid.SampledFrom(ops).Draw(rt, "op")
		out := rapid.SliceOfN(rapid.SampledFrom([]int64{1, 2, 3, 4, 6, 8}), 0, 4).Draw(rt, "shape")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		in := make([]*graph.Node, len(f.in))
		for i, dt := range f.in {
			shape := slices.Clone(out)
			for d := range shape {
				if i > 0 && rapid.Bool().Draw(rt, "broadcast") {
					shape[d] = 1
				}
			}
			if i > 0 {
				shape = shape[rapid.IntRange(0, len(shape)).Draw(rt, "left out"):]
			}
			in[i] = filled(r, dt, shape...)
		}
		if f.op != "PRelu" && rapid.Bool().Draw(rt, "turned") {
			in[len(in)-1], in[len(in)-2] = in[len(in)-2], in[len(in)-1]
		}
		n := &graph.Node{Op: f.op, Type: graph.Type{DType: f.out, Shape: out}}
		same(rt, f.out, evaluateNode(rt, n, in), processor(rt, n, in))
	})
}

// TestZeroBelowZero is where the processor multiplies -0 by the slope, and where not.
func TestZeroBelowZero(t *testing.T) {
	for _, slopes := range []int64{1, 4} {
		x := constant(abi.Float32, []uint64{1 << 31, 0, real64(abi.Float32, 3), real64(abi.Float32, -3)}, 4)
		v := slices.Repeat([]uint64{real64(abi.Float32, -0.5)}, int(slopes))
		in := []*graph.Node{x, constant(abi.Float32, v, slopes)}
		n := &graph.Node{Op: "PRelu", Type: x.Type}
		same(t, abi.Float32, evaluateNode(t, n, in), processor(t, n, in))
	}
}

func TestNeighboursAreTakenTogether(t *testing.T) {
	shape := func(n ...int64) []int64 { return n }
	for _, c := range []struct {
		op      string
		dt      abi.DType
		out     []int64
		in      [][]int64
		at, one int64 // how many, and loads of one element in the kernel
	}{
		{"Add", abi.Float32, shape(8, 12), [][]int64{shape(8, 12), shape(8, 12)}, 4, 0},
		{"Add", abi.Float32, shape(8, 12), [][]int64{shape(8, 12), shape(12)}, 4, 0},
		{"Add", abi.Float32, shape(8, 12), [][]int64{shape(8, 12), shape(8, 1)}, 4, 1},
		{"Add", abi.Float32, shape(8, 12), [][]int64{shape(), shape(8, 12)}, 4, 1},
		{"Add", abi.Float32, shape(2, 3, 2, 2), [][]int64{shape(2, 3, 2, 2), shape(3, 1, 1)}, 4, 1},
		{"Add", abi.Float32, shape(3, 2, 2), [][]int64{shape(3, 2, 2), shape(3, 1, 2)}, 2, 0},
		{"Add", abi.Float32, shape(8, 6), [][]int64{shape(8, 6), shape(6)}, 2, 0},
		{"Add", abi.Float32, shape(5, 3), [][]int64{shape(5, 3), shape(5, 3)}, 1, 2},
		{"Add", abi.Float32, shape(4, 3), [][]int64{shape(4, 3), shape(4, 1)}, 1, 2},
		{"Add", abi.Float64, shape(8, 12), [][]int64{shape(8, 12), shape(8, 12)}, 2, 0},
		{"Mul", abi.Int8, shape(8, 12), [][]int64{shape(8, 12), shape(8, 12)}, 4, 0},
		{"Sin", abi.Float32, shape(8, 12), [][]int64{shape(8, 12)}, 1, 1},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		var in []*graph.Node
		for _, s := range c.in {
			in = append(in, filled(r, c.dt, s...))
		}
		plan, err := graph.PlanNode(&graph.Node{Op: c.op, Type: graph.Type{DType: c.dt, Shape: c.out}}, in, Layout())
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(plan, abi.Optimizer{}, ptx.Turing)
		if err != nil {
			t.Fatal(err)
		}
		many := map[int64]string{1: "st.global." + element(c.dt).String(), 2: "st.global.v2.", 4: "st.global.v4."}[c.at]
		one := strings.Count(p.Source, "ld.global."+element(c.dt).String())
		if strings.Count(p.Source, many) != 1 || int64(one) != c.one {
			t.Errorf("%s of %v and %v: want one %s and %d loads of one element, not %d\n%s", c.op, c.out, c.in, many, c.one, one, p.Source)
		}
	}
}

// TestWhatFollowsIsDoneInTheSameKernel is of a product that is normalised, added to
// and handed to each activation that may be fused.
func TestWhatFollowsIsDoneInTheSameKernel(t *testing.T) {
	for _, s := range [][]int64{{2, 3, 2, 4}, {2, 3, 5}, {2, 4}, {3, 1}, {2, 4, 2}} {
		r := rand.New(rand.NewPCG(3, 4))
		x, y, add := filled(r, abi.Float32, s...), filled(r, abi.Float32, s[1:]...), filled(r, abi.Float32, s...)
		if s[0] == 2 && len(s) == 4 {
			add = filled(r, abi.Float32, s[3])
		}
		var line []*graph.Node
		for i := range 4 {
			v := make([]uint64, s[1])
			for c := range v {
				v[c] = real64(abi.Float32, math.Abs(r.NormFloat64())+float64(i))
			}
			line = append(line, constant(abi.Float32, v, s[1]))
		}
		of := func(op string, in ...*graph.Node) *graph.Node {
			n := &graph.Node{Op: op, Type: graph.Type{DType: abi.Float32, Shape: s}, Attrs: graph.Attrs{Epsilon: 1e-5, Alpha: 0.3, Beta: 0.2}}
			n.Data = processor(t, n, in)
			return n
		}
		product := of("Mul", x, y)
		sum := of("Add", of("BatchNormalization", append([]*graph.Node{product}, line...)...), add)
		for op, c := range curves {
			if c.single == nil {
				continue
			}
			want := of(op, sum)
			all := append([]*graph.Node{x, y, add}, line...)
			plan, err := graph.PlanNode(&graph.Node{Op: "Mul", Type: product.Type}, all, Layout())
			if err != nil {
				t.Fatal(err)
			}
			step := &plan.Steps[0]
			one := *step.Node
			one.In = one.In[:2]
			step.Node, step.Add = &one, 3
			step.Norm = &graph.Node{Op: "BatchNormalization", Type: product.Type, In: []abi.Value{step.Value, 4, 5, 6, 7}, Attrs: want.Attrs}
			step.Act = &graph.Node{Op: op, Type: product.Type, Attrs: want.Attrs}
			same(t, abi.Float32, evaluate(t, plan)[0], want.Data)
		}
	}
}
