package gorgonia_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A pair is a parameter and its gradient.
type pair struct{ value, grad G.Value }

func (p pair) Value() G.Value { return p.value }
func (p pair) Grad() (G.Value, error) {
	if p.grad == nil {
		return nil, errors.New("none")
	}
	return p.grad, nil
}

func model(sizes ...int) (all []G.ValueGrad) {
	for i, n := range sizes {
		all = append(all, pair{
			tensor.New(tensor.WithShape(n), tensor.WithBacking(numbers(n, uint64(i+1), 1))),
			tensor.New(tensor.WithShape(n), tensor.Of(tensor.Float32)),
		})
	}
	return all
}

func TestSolversFollowGorgonias(t *testing.T) {
	for name, c := range map[string]struct{ ours, theirs G.Solver }{
		"Adam": {adapt.NewAdam(adapt.Adam{Rate: 1e-2}), G.NewAdamSolver(G.WithLearnRate(1e-2))},
		"Adam with everything": {
			adapt.NewAdam(adapt.Adam{Rate: 1e-2, Beta1: 0.8, Beta2: 0.99, Epsilon: 1e-4, L2: 0.1, Batch: 4}),
			G.NewAdamSolver(G.WithLearnRate(1e-2), G.WithBeta1(0.8), G.WithBeta2(0.99), G.WithEps(1e-4), G.WithL2Reg(0.1), G.WithBatchSize(4)),
		},
		"SGD":          {adapt.NewSGD(adapt.SGD{Rate: 1e-1}), G.NewVanillaSolver(G.WithLearnRate(1e-1))},
		"SGD with L2":  {adapt.NewSGD(adapt.SGD{Rate: 1e-1, L2: 0.1, Batch: 2}), G.NewVanillaSolver(G.WithLearnRate(1e-1), G.WithL2Reg(0.1), G.WithBatchSize(2))},
		"SGD momentum": {adapt.NewSGD(adapt.SGD{Rate: 1e-1, Momentum: 0.9}), G.NewMomentum(G.WithLearnRate(1e-1), G.WithMomentum(0.9))},
	} {
		sizes := []int{3, 40_000}
		ours, theirs := model(sizes...), model(sizes...)
		for step := range 6 {
			for i, n := range sizes {
				g := numbers(n, uint64(100*step+i), 1)
				for _, m := range [][]G.ValueGrad{ours, theirs} {
					v, err := m[i].Grad()
					if err != nil {
						t.Fatal(err)
					}
					copy(v.Data().([]float32), g)
				}
			}
			if err := errors.Join(c.ours.Step(ours), c.theirs.Step(theirs)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i := range sizes {
				got, want := ours[i].Value().Data().([]float32), theirs[i].Value().Data().([]float32)
				for j := range want {
					if math.Abs(float64(got[j]-want[j])) > 2e-6 {
						t.Fatalf("%s: after step %d parameter %d is %v at %d, want %v", name, step+1, i, got[j], j, want[j])
					}
				}
				g, _ := ours[i].Grad()
				for j, x := range g.Data().([]float32) {
					if x != 0 {
						t.Fatalf("%s: gradient %d is %v at %d after the step, want 0", name, i, x, j)
					}
				}
			}
		}
	}
}

func TestAModelThatDoesNotFitChangesNothing(t *testing.T) {
	good := func() pair { return model(4)[0].(pair) }
	doubles := tensor.New(tensor.WithShape(4), tensor.WithBacking(make([]float64, 4)))
	columns := view(t, tensor.New(tensor.WithShape(4, 2), tensor.Of(tensor.Float32)), nil, G.S(1))
	for name, bad := range map[string]pair{
		"float64 parameter":  {doubles, good().grad},
		"float64 gradient":   {good().value, doubles},
		"view":               {columns, good().grad},
		"no gradient":        {good().value, nil},
		"scalar":             {G.NewF32(1), G.NewF32(1)},
		"gradient too short": {good().value, model(3)[0].(pair).grad},
	} {
		s, first := adapt.NewAdam(adapt.Adam{Rate: 1}), good()
		first.grad.Data().([]float32)[0] = 1
		before := first.value.Data().([]float32)[0]
		if err := s.Step([]G.ValueGrad{first, bad}); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v, want %v", name, err, abi.Invalid)
		}
		if after := first.value.Data().([]float32)[0]; after != before {
			t.Errorf("%s: the parameter before it moved", name)
		}
	}
	s := adapt.NewSGD(adapt.SGD{Rate: 1, Momentum: 0.5})
	if err := s.Step(model(4)); err != nil {
		t.Fatal(err)
	}
	for _, other := range [][]G.ValueGrad{model(4, 4), model(5)} {
		if err := s.Step(other); !errors.Is(err, abi.Invalid) {
			t.Errorf("another model at the second step: %v, want %v", err, abi.Invalid)
		}
	}
}
