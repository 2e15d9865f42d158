package kernel

import "math"

// An Adam is one step of Adam or AdamW (Kingma and Ba 2015; Loshchilov and Hutter
// 2019), complete for all elements of a step.
type Adam struct {
	Rate         float32 // learning rate, corrected for the bias of both moments: see AdamRate
	Beta1, Beta2 float32
	Epsilon      float32
	Scale        float32 // of the gradients, from clipping; 1 is none
	Decay        float32 // added to the gradient times the parameter: weight decay of Adam
	Shrink       float32 // multiplies the parameter: 1, or 1 - rate·decay for AdamW
}

// AdamRate is rate·√(1-β₂ᵗ)/(1-β₁ᵗ), with t counted from one.
func AdamRate(rate, beta1, beta2 float32, t float64) float32 {
	return float32(float64(rate) * math.Sqrt(1-math.Pow(float64(beta2), t)) / (1 - math.Pow(float64(beta1), t)))
}

// Step updates parameters x and the moments m and v from gradients g, in one pass:
// d = fma(g, scale, decay·x); m = fma(β₁, m, (1-β₁)·d); v = fma(β₂, v, (1-β₂)·d·d);
// x = fma(x, shrink, -(rate·m / (√v + ε))).
func (a *Adam) Step(x, g, m, v []float32) {
	g, m, v = g[:len(x)], m[:len(x)], v[:len(x)]
	c1, c2 := 1-a.Beta1, 1-a.Beta2
	if len(x) == 0 || a.vectors(x, g, m, v, &[9]float32{a.Rate, a.Beta1, c1, a.Beta2, c2, a.Epsilon, a.Scale, a.Decay, a.Shrink}) {
		return
	}
	for i := range x {
		d := fma(g[i], a.Scale, float32(a.Decay*x[i]))
		m[i] = fma(a.Beta1, m[i], float32(c1*d))
		v[i] = fma(a.Beta2, v[i], float32(c2*float32(d*d)))
		move := float32(a.Rate*m[i]) / (sqrt(v[i]) + a.Epsilon)
		x[i] = fma(x[i], a.Shrink, -move)
	}
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// A Momentum is one step of stochastic gradient descent.
type Momentum struct {
	Rate     float32
	Momentum float32
	Scale    float32 // of the gradients; 1 is none
	Decay    float32 // added to the gradient times the parameter
}

// Step updates parameters x and velocities m from gradients g; m may be nil, which
// is no momentum: d = fma(decay, x, scale·g); m = fma(momentum, m, d);
// x = fma(-rate, m, x).
func (s *Momentum) Step(x, g, m []float32) {
	g = g[:len(x)]
	if m != nil {
		m = m[:len(x)]
	}
	if len(x) == 0 || s.vectors(x, g, m, &[4]float32{-s.Rate, s.Momentum, s.Scale, s.Decay}) {
		return
	}
	for i := range x {
		d := fma(s.Decay, x[i], float32(s.Scale*g[i]))
		if m != nil {
			d = fma(s.Momentum, m[i], d)
			m[i] = d
		}
		x[i] = fma(-s.Rate, d, x[i])
	}
}
