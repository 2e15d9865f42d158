package gorgonia

import (
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/kernel"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Adam says how NewAdam's solver follows gradients: as Gorgonia's own, in one pass
// over memory instead of ten.
type Adam struct {
	Rate         float64
	Beta1, Beta2 float64 // zero: 0.9 and 0.999
	Epsilon      float64 // zero: 1e-8
	L2           float64 // of the parameters, added to the gradient
	Batch        float64 // divides the gradient; zero: 1
}

// SGD says how NewSGD's solver follows gradients.
type SGD struct {
	Rate     float64
	Momentum float64 // zero: none
	L2       float64
	Batch    float64 // divides the gradient; zero: 1
}

// A Solver is a gorgonia.Solver for float32 tensors. It keeps the state of the
// model it is first given, and is not safe for concurrent use.
type Solver struct {
	adam    *Adam
	sgd     *SGD
	steps   int
	m, v    [][]float32
	started bool
}

var _ G.Solver = (*Solver)(nil)

// NewAdam returns a solver by Adam (Kingma and Ba, arXiv 1412.6980).
func NewAdam(a Adam) *Solver {
	a.Beta1, a.Beta2, a.Epsilon, a.Batch = orElse(a.Beta1, 0.9), orElse(a.Beta2, 0.999), orElse(a.Epsilon, 1e-8), orElse(a.Batch, 1)
	return &Solver{adam: &a}
}

// NewSGD returns a solver by stochastic gradient descent.
func NewSGD(s SGD) *Solver {
	s.Batch = orElse(s.Batch, 1)
	return &Solver{sgd: &s}
}

func orElse(v, or float64) float64 {
	if v == 0 {
		return or
	}
	return v
}

// Step updates the parameters and sets their gradients to zero. Errors: Invalid,
// and nothing is changed, for a parameter or gradient that is not contiguous
// float32, and for a model that is not the one of the step before.
func (s *Solver) Step(model []G.ValueGrad) error {
	var weights, grads [][]float32
	for i, p := range model {
		w, err := numbersOf(p.Value())
		if err != nil {
			return fmt.Errorf("parameter %d: %w", i, err)
		}
		v, err := p.Grad()
		if err != nil {
			return fmt.Errorf("gorgonia: parameter %d has no gradient: %w: %w", i, abi.Invalid, err)
		}
		g, err := numbersOf(v)
		if err != nil {
			return fmt.Errorf("gradient %d: %w", i, err)
		}
		if len(w) != len(g) {
			return fmt.Errorf("gorgonia: parameter %d has %d elements, its gradient %d: %w", i, len(w), len(g), abi.Invalid)
		}
		weights, grads = append(weights, w), append(grads, g)
	}
	if err := s.prepare(weights); err != nil {
		return err
	}
	s.steps++
	update := s.update()
	for i, w := range weights {
		g := grads[i]
		split(len(w), 2*work, func(from, to int) {
			update(i, from, to, w[from:to], g[from:to])
			clear(g[from:to])
		})
	}
	return nil
}

func numbersOf(v G.Value) ([]float32, error) {
	t, ok := v.(tensor.Tensor)
	if !ok {
		return nil, fmt.Errorf("gorgonia: a %T is no tensor: %w", v, abi.Invalid)
	}
	return Numbers(t)
}

// prepare makes the state at the first step, and holds the model against it later.
func (s *Solver) prepare(weights [][]float32) error {
	if s.started {
		if len(weights) != len(s.m) {
			return fmt.Errorf("gorgonia: %d parameters, %d at the step before: %w", len(weights), len(s.m), abi.Invalid)
		}
		for i, w := range weights {
			if s.m[i] != nil && len(w) != len(s.m[i]) {
				return fmt.Errorf("gorgonia: parameter %d has %d elements, %d at the step before: %w", i, len(w), len(s.m[i]), abi.Invalid)
			}
		}
		return nil
	}
	s.started = true
	s.m, s.v = make([][]float32, len(weights)), make([][]float32, len(weights))
	for i, w := range weights {
		if s.adam != nil || s.sgd.Momentum != 0 {
			s.m[i] = make([]float32, len(w))
		}
		if s.adam != nil {
			s.v[i] = make([]float32, len(w))
		}
	}
	return nil
}

// update is this step's rule, for elements from..to of parameter i.
func (s *Solver) update() func(i, from, to int, w, g []float32) {
	if a := s.adam; a != nil {
		c1, c2 := 1-math.Pow(a.Beta1, float64(s.steps)), 1-math.Pow(a.Beta2, float64(s.steps))
		// rate · (m/c1) / (√(v/c2) + ε) is rate·√c2/c1 · m / (√v + ε·√c2).
		rule := kernel.Adam{
			Rate: float32(a.Rate * math.Sqrt(c2) / c1), Beta1: float32(a.Beta1), Beta2: float32(a.Beta2), Epsilon: float32(a.Epsilon * math.Sqrt(c2)),
			Scale: float32(1 / a.Batch), Decay: float32(a.L2 / a.Batch), Shrink: 1,
		}
		return func(i, from, to int, w, g []float32) { rule.Step(w, g, s.m[i][from:to], s.v[i][from:to]) }
	}
	rule := kernel.Momentum{
		Rate: float32(s.sgd.Rate), Momentum: float32(s.sgd.Momentum),
		Scale: float32(1 / s.sgd.Batch), Decay: float32(s.sgd.L2 / s.sgd.Batch),
	}
	return func(i, from, to int, w, g []float32) {
		var m []float32
		if s.m[i] != nil {
			m = s.m[i][from:to]
		}
		rule.Step(w, g, m)
	}
}
