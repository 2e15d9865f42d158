package gorgonia_test

import (
	"math"
	"slices"
	"testing"

	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"

	"go.uber.org/goleak"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is what both engines have.
type engine interface {
	tensor.Engine
	tensor.Adder
	tensor.Suber
	tensor.Muler
	tensor.Diver
	tensor.Gteer
	tensor.Exper
	tensor.Loger
	tensor.Tanher
	tensor.Sumer
	tensor.Transposer
}

var operations = map[string]func(e engine, a, b tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error){
	"Add": func(e engine, a, b tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return e.Add(a, b, o...)
	},
	"Sub": func(e engine, a, b tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return e.Sub(a, b, o...)
	},
	"Mul": func(e engine, a, b tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return e.Mul(a, b, o...)
	},
	"Div": func(e engine, a, b tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return e.Div(a, b, o...)
	},
	"AddScalar": func(e engine, a, _ tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return e.AddScalar(a, float32(0.3), true, o...)
	},
	"MulScalar": func(e engine, a, _ tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return e.MulScalar(a, float32(0.3), false, o...)
	},
	"GteScalar": func(e engine, a, _ tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return e.GteScalar(a, float32(0.1), true, append(o, tensor.AsSameType())...)
	},
	"Exp":   func(e engine, a, _ tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) { return e.Exp(a, o...) },
	"Log":   func(e engine, a, _ tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) { return e.Log(a, o...) },
	"Tanh":  func(e engine, a, _ tensor.Tensor, o ...tensor.FuncOpt) (tensor.Tensor, error) { return e.Tanh(a, o...) },
	"Sum":   func(e engine, a, _ tensor.Tensor, _ ...tensor.FuncOpt) (tensor.Tensor, error) { return e.Sum(a, 0) },
	"Sum/1": func(e engine, a, _ tensor.Tensor, _ ...tensor.FuncOpt) (tensor.Tensor, error) { return e.Sum(a, 1) },
}

// dense is rows × cols numbers between 0.2 and 1.8.
func dense(seed uint64, e tensor.Engine, rows, cols int) *tensor.Dense {
	v := numbers(rows*cols, seed, 0.8)
	for i := range v {
		v[i]++
	}
	return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(v), tensor.WithEngine(e))
}

// elements are those of t in its order, whatever lies behind.
func elements(t testing.TB, x tensor.Tensor) []float64 {
	t.Helper()
	if data, ok := x.Data().([]float32); ok && !x.RequiresIterator() {
		v := make([]float64, len(data))
		for i, e := range data {
			v[i] = float64(e)
		}
		return v
	}
	var v []float64
	it := x.Iterator()
	for i, err := it.Next(); err == nil; i, err = it.Next() {
		switch data := x.Data().(type) {
		case []float32:
			v = append(v, float64(data[i]))
		case []float64:
			v = append(v, data[i])
		default:
			t.Fatalf("elements are a %T", data)
		}
	}
	return v
}

// TestTheEngineIsTheStandardOne: same results in the same place, for operands that
// the engine takes itself and for those that it leaves to the standard engine.
func TestTheEngineIsTheStandardOne(t *testing.T) {
	operands := map[string]func(e tensor.Engine) (a, b *tensor.Dense){
		"contiguous": func(e tensor.Engine) (a, b *tensor.Dense) { return dense(1, e, 37, 70), dense(2, e, 37, 70) },
		"large":      func(e tensor.Engine) (a, b *tensor.Dense) { return dense(1, e, 260, 256), dense(2, e, 260, 256) },
		"rows": func(e tensor.Engine) (a, b *tensor.Dense) {
			return view(t, dense(1, e, 90, 11), G.S(10, 30), nil), view(t, dense(2, e, 90, 11), G.S(3, 23), nil)
		},
		"columns": func(e tensor.Engine) (a, b *tensor.Dense) {
			return view(t, dense(1, e, 20, 50), nil, G.S(10, 30)), view(t, dense(2, e, 20, 50), nil, G.S(3, 23))
		},
	}
	for name, op := range operations {
		for kind, make := range operands {
			for how, opts := range map[string]func(z tensor.Tensor) []tensor.FuncOpt{
				"new":    func(tensor.Tensor) []tensor.FuncOpt { return nil },
				"reuse":  func(z tensor.Tensor) []tensor.FuncOpt { return []tensor.FuncOpt{tensor.WithReuse(z)} },
				"unsafe": func(tensor.Tensor) []tensor.FuncOpt { return []tensor.FuncOpt{tensor.UseUnsafe()} },
			} {
				var results [2]tensor.Tensor
				var first [2][]float64 // operand a afterwards
				for i, e := range []engine{G.StandardEngine{}, adapt.Engine{}} {
					a, b := make(e)
					z := tensor.New(tensor.WithShape(a.Shape().Clone()...), tensor.Of(tensor.Float32), tensor.WithEngine(e))
					got, err := op(e, a, b, opts(z)...)
					if err != nil {
						t.Fatalf("%s of %s, %s: %v", name, kind, how, err)
					}
					sums := name == "Sum" || name == "Sum/1"
					if how == "reuse" && !sums && got != tensor.Tensor(z) || how == "unsafe" && !sums && got != tensor.Tensor(a) {
						t.Errorf("%s of %s, %s: the result is elsewhere", name, kind, how)
					}
					results[i], first[i] = got, elements(t, a)
				}
				if !results[0].Shape().Eq(results[1].Shape()) || !close64(elements(t, results[1]), elements(t, results[0])) || !close64(first[1], first[0]) {
					t.Errorf("%s of %s, %s: another result than the standard engine's", name, kind, how)
				}
			}
		}
	}
}

func close64(got, want []float64) bool {
	return slices.EqualFunc(got, want, func(g, w float64) bool { return math.Abs(g-w) <= 1e-6*max(1, math.Abs(w)) })
}

func view(t testing.TB, d *tensor.Dense, slices ...tensor.Slice) *tensor.Dense {
	t.Helper()
	v, err := d.Slice(slices...)
	if err != nil {
		t.Fatal(err)
	}
	return v.(*tensor.Dense)
}

func TestWhatTheEngineLeavesStaysTheStandardEngines(t *testing.T) {
	e := adapt.Engine{}
	a := tensor.New(tensor.WithShape(3), tensor.WithBacking([]float64{1, 2, 3}), tensor.WithEngine(e))
	if z, err := e.Mul(a, a); err != nil || !slices.Equal(elements(t, z), []float64{1, 4, 9}) {
		t.Errorf("float64: %v, %v", z, err)
	}
	b := dense(1, e, 2, 3)
	if z, err := e.Add(b, dense(1, e, 3, 2)); err == nil {
		t.Errorf("2 × 3 and 3 × 2: %v, want an error", z)
	}
	if z, err := e.GteScalar(b, float32(1), false, tensor.AsSameType()); err != nil || !slices.EqualFunc(elements(t, z), elements(t, b), func(z, x float64) bool { return (z == 1) == (1 >= x) }) {
		t.Errorf("1 ≥ %v: %v, %v", b, z, err)
	}
	sum := dense(2, e, 2, 3)
	want := elements(t, sum)
	for i, v := range elements(t, b) {
		want[i] += v * v
	}
	if z, err := e.Mul(b, b, tensor.WithIncr(sum)); err != nil || !close64(elements(t, z), want) {
		t.Errorf("added to what is there: %v, %v; want %v", z, err, want)
	}
	if z, err := e.GteScalar(b, float32(1), true); err != nil || z.Dtype() != tensor.Bool {
		t.Errorf("a comparison of no asked type: %v, %v; want booleans", z, err)
	}
}

// Any tensor, transposed in any way.
func TestTranspositionsAreTheStandardEngines(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		shape := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 3, 17, 40}), 2, 4).Draw(rt, "shape")
		axes := rapid.Permutation([]int{0, 1, 2, 3}[:len(shape)]).Draw(rt, "axes")
		var moved [2][]float32
		for i, e := range []engine{G.StandardEngine{}, adapt.Engine{}} {
			d := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(numbers(tensor.Shape(shape).TotalSize(), 5, 1)), tensor.WithEngine(e))
			if slices.IsSorted(axes) {
				continue // tensor calls that an error
			}
			if err := d.T(axes...); err != nil {
				rt.Fatal(err)
			}
			if err := d.Transpose(); err != nil {
				rt.Fatal(err)
			}
			moved[i] = d.Data().([]float32)
		}
		if !slices.Equal(moved[0], moved[1]) {
			rt.Fatalf("shape %v, axes %v: %v, want %v", shape, axes, moved[1], moved[0])
		}
	})
}
