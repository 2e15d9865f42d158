package cpu_test

import (
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
)

// TestUpdatesAreAsAccurateAsStated: a hundred steps of every optimizer, beside the
// same in float64.
func TestUpdatesAreAsAccurateAsStated(t *testing.T) {
	const n, steps, rate = 1000, 100, 0.01
	for _, c := range []struct {
		name    string
		opt     abi.Optimizer
		largest float64 // 2⁻²⁴ of the largest parameter
	}{
		{"SGD", abi.Optimizer{Kind: abi.SGD, WeightDecay: 0.01}, 24},
		{"SGD with momentum", abi.Optimizer{Kind: abi.SGD, Momentum: 0.9}, 24},
		{"Adam", abi.Optimizer{Kind: abi.Adam, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, 24},
		{"AdamW", abi.Optimizer{Kind: abi.AdamW, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01}, 60}, // 1 - rate·decay is rounded
	} {
		o := c.opt
		b1, b2, decay := float64(o.Beta1), float64(o.Beta2), float64(o.WeightDecay)
		x, g := make([]float32, n), make([]float32, n)
		want, m, v := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = float32(math.Sin(float64(i)))
			want[i] = float64(x[i])
		}
		u, r := cpu.NewOptimizer(o, []int{n}), float64(float32(rate))
		for s := range steps {
			for i := range g {
				g[i] = float32(math.Cos(float64(i*7 + s*3)))
				d := float64(g[i])
				if o.Kind != abi.AdamW {
					d += decay * want[i]
				}
				if o.Kind == abi.SGD {
					m[i] = float64(o.Momentum)*m[i] + d
					want[i] -= r * m[i]
					continue
				}
				m[i], v[i] = b1*m[i]+(1-b1)*d, b2*v[i]+(1-b2)*d*d
				t := float64(s + 1)
				move := r * math.Sqrt(1-math.Pow(b2, t)) / (1 - math.Pow(b1, t)) * m[i] / (math.Sqrt(v[i]) + float64(o.Epsilon))
				if o.Kind == abi.AdamW {
					want[i] -= r * decay * want[i]
				}
				want[i] -= move
			}
			u.Step(1, [][]float32{x}, [][]float32{g}, rate)
		}
		worst, top := 0.0, 0.0
		for i, v := range want {
			worst, top = max(worst, math.Abs(float64(x[i])-v)), max(top, math.Abs(v))
		}
		if off := worst / top * (1 << 24); !(off <= c.largest) {
			t.Errorf("%s: off by %.2f × 2⁻²⁴ of the largest, stated is %g", c.name, off, c.largest)
		} else {
			t.Logf("%s: off by %.2f × 2⁻²⁴ of the largest", c.name, off)
		}
	}
}
