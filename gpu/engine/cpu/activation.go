package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// block is how many elements a kernel of several passes takes at a time, so that
// what is between the passes stays near.
const block = 1 << 10

// blocks is the kernel of a function of ranges. tmp is as long as x, and y may be x.
func blocks(f func(a *graph.Attrs, y, x, tmp []float32)) bind {
	return func(b *binding) []stage {
		return spread(b.out.len(), func(from, to int) {
			x, y := b.p.f32(b.in[0])[from:to], b.p.f32(b.out)[from:to]
			var tmp [block]float32
			for len(x) > 0 {
				n := min(len(x), block)
				f(&b.n.Attrs, y[:n], x[:n], tmp[:n])
				x, y = x[n:], y[n:]
			}
		})
	}
}

func hardSigmoid(a *graph.Attrs, y, x, _ []float32) {
	kernel.MulAdd(y, x, a.Alpha, a.Beta)
	kernel.Bound(y, y, 0, 1)
}

// hardSwish is x·clamp(x/6 + ½, 0, 1), within 1e-7·|x|.
func hardSwish(_ *graph.Attrs, y, x, tmp []float32) {
	kernel.MulAdd(tmp, x, 1.0/6, 0.5)
	kernel.Bound(tmp, tmp, 0, 1)
	kernel.Mul(y, x, tmp)
}

func swish(a *graph.Attrs, y, x, tmp []float32) {
	if a.Alpha == 1 {
		kernel.Silu(y, x)
		return
	}
	kernel.Scale(tmp, x, a.Alpha)
	kernel.Sigmoid(tmp, tmp)
	kernel.Mul(y, x, tmp)
}

// bindPRelu takes runs of one slope at once.
func bindPRelu(b *binding) []stage {
	x, slope := b.in[0], b.in[1]
	n := newNest(b.out.typ.Shape, x.typ.Shape, slope.typ.Shape)
	if n.step[0] != 1 || n.step[1] != 0 {
		return bindReals[float32](b)
	}
	if n.rows == 1 {
		return spread(n.inner, func(from, to int) {
			kernel.LeakyRelu(b.p.f32(b.out)[from:to], b.p.f32(x)[from:to], b.p.f32(slope)[0])
		})
	}
	return spreadBy(n.rows, max(1, chunk/n.inner), func(from, to int) {
		xs, slopes, out := b.p.f32(x), b.p.f32(slope), b.p.f32(b.out)[from*n.inner:]
		n.walk(from, to, func(off []int) {
			kernel.LeakyRelu(out[:n.inner], xs[off[0]:][:n.inner], slopes[off[1]])
			out = out[n.inner:]
		})
	})
}

// mish is x·tanh(log(1+eˣ)). With n = eˣ·(eˣ+2), the tanh is n/(n+2); it is 1 long
// before eˣ overflows. It is within 5 ulp.
func mish(_ *graph.Attrs, y, x, tmp []float32) {
	kernel.Bound(tmp, x, float32(math.Inf(-1)), 20)
	kernel.Exp(tmp, tmp)
	for i, e := range tmp {
		n := float32(e * (e + 2))
		y[i] = x[i] * (n / (n + 2))
	}
}

// bindGelu is within 2·2⁻²⁴ of the largest element, and by tanh within 1 ulp.
func bindGelu(b *binding) []stage {
	if b.n.Attrs.Tanh {
		return bindCurve[float32](b)
	}
	return eachRange(kernel.Gelu)(b)
}
