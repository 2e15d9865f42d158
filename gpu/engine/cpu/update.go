package cpu

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// StateBytes is what an optimizer keeps beside params bytes of parameters.
func StateBytes(opt abi.Optimizer, params int64) int64 {
	switch {
	case opt.Kind == abi.Adam || opt.Kind == abi.AdamW:
		return 2 * params
	case opt.Momentum != 0:
		return params
	}
	return 0
}

// An Optimizer moves parameters along their gradients, in one pass over both and
// its own state. One goroutine uses it.
type Optimizer struct {
	opt   abi.Optimizer
	parts []part
	steps float64 // done
	norms []float64
	scale float32 // of the gradients, from ClipNorm

	// of the current step
	params, grads [][]float32
	rate          float32
}

// A part is a run of one parameter that one task updates.
type part struct {
	param, from, to int
	m, v            []float32 // optimizer state
}

// NewOptimizer returns an optimizer of parameters with the given numbers of
// elements. opt is complete: its defaults are filled in.
func NewOptimizer(opt abi.Optimizer, sizes []int) *Optimizer {
	u := &Optimizer{opt: opt, scale: 1}
	adam := opt.Kind == abi.Adam || opt.Kind == abi.AdamW
	for i, n := range sizes {
		var m, v []float32
		if adam || opt.Momentum != 0 {
			m = make([]float32, n)
		}
		if adam {
			v = make([]float32, n)
		}
		for at := 0; at < n; at += chunk {
			p := part{param: i, from: at, to: min(n, at+chunk)}
			if m != nil {
				p.m = m[at:p.to]
			}
			if v != nil {
				p.v = v[at:p.to]
			}
			u.parts = append(u.parts, p)
		}
	}
	u.norms = make([]float64, len(u.parts))
	return u
}

// Save returns what the optimizer keeps between steps, as bytes for Load.
func (u *Optimizer) Save() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(u.steps))
	u.each(func(x []float32) {
		for _, f := range x {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
		}
	})
	return b
}

// Load makes the optimizer go on where the one that b is of was. Bytes of another
// size are Invalid.
func (u *Optimizer) Load(b []byte) error {
	want := 8
	u.each(func(x []float32) { want += 4 * len(x) })
	if len(b) != want {
		return fmt.Errorf("cpu: an optimizer's state of %d bytes, want %d: %w", len(b), want, abi.Invalid)
	}
	u.steps, b = float64(binary.LittleEndian.Uint64(b)), b[8:]
	u.each(func(x []float32) {
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		b = b[4*len(x):]
	})
	return nil
}

// each calls f with every part of the state, in order.
func (u *Optimizer) each(f func([]float32)) {
	for _, p := range u.parts {
		f(p.m)
		f(p.v)
	}
}

// Step does one update with the given learning rate. It is not interrupted, so
// that no cancel leaves half a step behind.
func (u *Optimizer) Step(workers int, params, grads [][]float32, rate float32) {
	u.params, u.grads, u.rate = params, grads, rate
	_ = runStages(context.Background(), workers, u.stages())
	u.params, u.grads = nil, nil
	u.steps++
}

// stages clips and updates. The norm is the sum of the parts' sums, in order.
func (u *Optimizer) stages() []stage {
	move := stage{len(u.parts), func(_, t int) { u.move(&u.parts[t]) }}
	if u.opt.ClipNorm == 0 {
		return []stage{move}
	}
	return []stage{
		{len(u.parts), func(_, t int) {
			sum, p := 0.0, &u.parts[t]
			for _, g := range u.grads[p.param][p.from:p.to] {
				sum += float64(float64(g) * float64(g))
			}
			u.norms[t] = sum
		}},
		{1, func(_, _ int) {
			sum := 0.0
			for _, s := range u.norms {
				sum += s
			}
			u.scale = 1
			if norm := math.Sqrt(sum); norm > float64(u.opt.ClipNorm) {
				u.scale = float32(float64(u.opt.ClipNorm) / norm)
			}
		}},
		move,
	}
}

func (u *Optimizer) move(p *part) {
	x, g := u.params[p.param][p.from:p.to], u.grads[p.param][p.from:p.to]
	if u.opt.Kind == abi.SGD {
		u.sgd(x, g, p.m)
		return
	}
	u.adam(x, g, p.m, p.v)
}

// sgd: g += decay·x; m = momentum·m + g; x -= rate·m. After a hundred steps x is
// within 24·2⁻²⁴ of the largest parameter.
func (u *Optimizer) sgd(x, g, m []float32) {
	k := kernel.Momentum{Rate: u.rate, Momentum: u.opt.Momentum, Scale: u.scale, Decay: u.opt.WeightDecay}
	k.Step(x, g, m)
}

// adam: m = β₁m + (1-β₁)g; v = β₂v + (1-β₂)g²; x -= rate·√(1-β₂ᵗ)/(1-β₁ᵗ)·m/(√v+ε),
// with t counted from one. AdamW also takes rate·decay·x off x. After a hundred steps
// x is within 24·2⁻²⁴ of the largest parameter, and 60·2⁻²⁴ with decay.
func (u *Optimizer) adam(x, g, m, v []float32) {
	k := kernel.Adam{Beta1: u.opt.Beta1, Beta2: u.opt.Beta2, Epsilon: u.opt.Epsilon, Scale: u.scale, Decay: u.opt.WeightDecay, Shrink: 1}
	k.Rate = kernel.AdamRate(u.rate, k.Beta1, k.Beta2, u.steps+1)
	if u.opt.Kind == abi.AdamW {
		k.Decay, k.Shrink = 0, 1-float32(u.rate*u.opt.WeightDecay)
	}
	k.Step(x, g, m, v)
}
