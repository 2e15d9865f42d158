package cuda

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

func TestFillsGiveOneElement(t *testing.T) {
	for _, dt := range allTypes {
		for _, shape := range [][]int64{{3, 4}, {7}, {}} {
			for _, a := range []graph.Attrs{{Alpha: 1}, {Alpha: -3}, {Alpha: 100.5}, {Bits: 1}, {Bits: 0xfedcba9876543210}} {
				for _, op := range []string{"Fill", "ConstantOfShape", "Zeros"} {
					if op == "Zeros" {
						a.Bits = 0 // it has none
					}
					n := &graph.Node{Op: op, Type: graph.Type{DType: dt, Shape: shape}, Attrs: a}
					same(t, dt, evaluateNode(t, n, nil), processor(t, n, nil))
				}
			}
		}
	}
}

func TestEyeLikeHasADiagonal(t *testing.T) {
	for _, dt := range allTypes {
		for _, shape := range [][]int64{{3, 4}, {5, 2}} {
			for _, k := range []int64{0, 1, -1, 3, -4, 4, math.MaxInt64, math.MinInt64} {
				n := &graph.Node{Op: "EyeLike", Type: graph.Type{DType: dt, Shape: shape}, Attrs: graph.Attrs{Bits: 1, K: k}}
				in := []*graph.Node{filled(rand.New(rand.NewPCG(1, 1)), abi.Bool, shape...)}
				same(t, dt, evaluateNode(t, n, in), processor(t, n, in))
			}
		}
	}
}

func TestOneHotMaskMeetsTheIndex(t *testing.T) {
	x := constant(abi.Int64, []uint64{0, 1, 2, 4, 5, 1 << 63, math.MaxUint64, math.MaxUint64 - 4, math.MaxUint64 - 5, 3, 1 << 62, 2}, 3, 4)
	for axis, shape := range [][]int64{{5, 3, 4}, {3, 5, 4}, {3, 4, 5}} {
		n := &graph.Node{Op: "OneHotMask", Type: graph.Type{DType: abi.Bool, Shape: shape}, Attrs: graph.Attrs{Axis: axis}}
		same(t, abi.Bool, evaluateNode(t, n, []*graph.Node{x}), processor(t, n, []*graph.Node{x}))
	}
}

func TestScalesAreAlongAnAxis(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	number := func(n int64, f func() float64) *graph.Node {
		v := make([]uint64, n)
		for i := range v {
			v[i] = real64(abi.Float32, f())
		}
		return constant(abi.Float32, v, n)
	}
	shape := []int64{3, 8, 4}
	for axis, n := range shape {
		scale := number(n, func() float64 { return math.Exp2(float64(r.IntN(6) - 4)) })
		for _, dt := range []abi.DType{abi.Int8, abi.Uint8, abi.Int32} {
			points := filled(r, dt, n)
			for _, in := range [][]*graph.Node{{scale, points}, {scale}, {scale, nil}} {
				d := &graph.Node{Op: "DequantizeLinear", Type: graph.Type{DType: abi.Float32, Shape: shape}, Attrs: graph.Attrs{Axis: axis}}
				all := append([]*graph.Node{filled(r, dt, shape...)}, in...)
				same(t, abi.Float32, evaluateNode(t, d, all), processor(t, d, all))
				if dt == abi.Int32 {
					continue
				}
				q := &graph.Node{Op: "QuantizeLinear", Type: graph.Type{DType: dt, Shape: shape}, Attrs: graph.Attrs{Axis: axis}}
				all[0] = number(96, func() float64 { return float64(r.IntN(400)-200) / 8 })
				all[0].Shape = shape
				copy(all[0].Data[4*r.IntN(96):], []byte{0, 0, 0xc0, 0x7f}) // NaN gives the zero point
				same(t, dt, evaluateNode(t, q, all), processor(t, q, all))
			}
		}
	}
}

func TestTheSameTextForTheSamePlan(t *testing.T) {
	for _, f := range forms() {
		text := func() string {
			in := make([]*graph.Node, len(f.in))
			for i, dt := range f.in {
				n := int64(8)
				if i > 0 && strings.HasSuffix(f.op, "Linear") {
					n = 1
				}
				in[i] = filled(rand.New(rand.NewPCG(1, 2)), dt, n)
			}
			plan, err := graph.PlanNode(&graph.Node{Op: f.op, Type: graph.Type{DType: f.out, Shape: []int64{8}}, Attrs: f.attrs}, in, Layout())
			if err != nil {
				t.Fatal(err)
			}
			p, err := Compile(plan, abi.Optimizer{}, ptx.Turing)
			if err != nil {
				t.Fatal(err)
			}
			return p.Source + string(p.Constants)
		}
		if first, second := text(), text(); first != second {
			t.Errorf("%v is written in two ways", f)
		}
	}
}
