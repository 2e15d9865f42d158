package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// The references are loops over indices in float64: slow, plain and sharing
// nothing with any engine.

// index is the position of element i of shape, one number a dimension.
func index(i int, shape []int64) []int {
	at := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d] = i % int(shape[d])
		i /= int(shape[d])
	}
	return at
}

// at returns the element at a position, where missing leading dimensions and
// dimensions of size one are broadcast.
func (a array) at(pos []int) float64 {
	k := 0
	for d, n := range a.shape {
		p := pos[len(pos)-len(a.shape)+d]
		if n == 1 {
			p = 0
		}
		k = k*int(n) + p
	}
	return a.data[k]
}

func broadcastShape(in ...array) []int64 {
	var out []int64
	for _, a := range in {
		for len(out) < len(a.shape) {
			out = slices.Insert(out, 0, 1)
		}
		for d, n := range a.shape {
			k := len(out) - len(a.shape) + d
			if n != 1 {
				out[k] = n
			}
		}
	}
	return out
}

// generate makes an array of what f says of each position.
func generate(dt abi.DType, shape []int64, f func(at []int) float64) array {
	a := zeros(dt, shape...)
	for i := range a.data {
		a.data[i] = f(index(i, shape))
	}
	return a
}

func unary(f func(float64) float64) func([]array) array {
	return func(in []array) array {
		return generate(in[0].dt, in[0].shape, func(at []int) float64 { return f(in[0].at(at)) })
	}
}

func zipped(f func(a, b float64) float64) func([]array) array {
	return func(in []array) array {
		return generate(in[0].dt, broadcastShape(in...), func(at []int) float64 { return f(in[0].at(at), in[1].at(at)) })
	}
}

func comparison(f func(a, b float64) bool) func([]array) array {
	return func(in []array) array {
		return generate(abi.Bool, broadcastShape(in...), func(at []int) float64 {
			if f(in[0].at(at), in[1].at(at)) {
				return 1
			}
			return 0
		})
	}
}

func choose(in []array) array {
	return generate(in[1].dt, broadcastShape(in...), func(at []int) float64 {
		if in[0].at(at) != 0 {
			return in[1].at(at)
		}
		return in[2].at(at)
	})
}

func cast(to abi.DType) func([]array) array {
	return func(in []array) array {
		return generate(to, in[0].shape, func(at []int) float64 {
			v := in[0].at(at)
			switch to {
			case abi.Int64:
				return math.Trunc(v)
			case abi.Int32:
				return math.Min(math.Max(math.Trunc(v), math.MinInt32), math.MaxInt32)
			case abi.Uint8:
				return math.Min(math.Max(math.Trunc(v), 0), 255)
			case abi.Bool:
				if v != 0 {
					return 1
				}
			}
			return v
		})
	}
}

func reshape(shape ...int64) func([]array) array {
	return func(in []array) array { return array{in[0].dt, shape, slices.Clone(in[0].data)} }
}

func expand(shape ...int64) func([]array) array {
	return func(in []array) array { return generate(in[0].dt, shape, in[0].at) }
}

func transpose(perm ...int) func([]array) array {
	return func(in []array) array {
		shape := make([]int64, len(perm))
		for i, p := range perm {
			shape[i] = in[0].shape[p]
		}
		return generate(in[0].dt, shape, func(at []int) float64 {
			from := make([]int, len(perm))
			for i, p := range perm {
				from[p] = at[i]
			}
			return in[0].at(from)
		})
	}
}

func concat(axis int) func([]array) array {
	return func(in []array) array {
		shape := slices.Clone(in[0].shape)
		shape[axis] = 0
		for _, a := range in {
			shape[axis] += a.shape[axis]
		}
		return generate(in[0].dt, shape, func(at []int) float64 {
			at = slices.Clone(at)
			for _, a := range in {
				if at[axis] < int(a.shape[axis]) {
					return a.at(at)
				}
				at[axis] -= int(a.shape[axis])
			}
			panic("enginetest: past the last operand")
		})
	}
}

func slice(start, step []int, shape ...int64) func([]array) array {
	return func(in []array) array {
		return generate(in[0].dt, shape, func(at []int) float64 {
			from := make([]int, len(at))
			for d := range at {
				from[d] = start[d] + at[d]*step[d]
			}
			return in[0].at(from)
		})
	}
}

func gather(in []array) array {
	rows := int(in[0].shape[0])
	return generate(in[0].dt, slices.Concat(in[1].shape, in[0].shape[1:]), func(at []int) float64 {
		k := int(in[1].at(at[:len(in[1].shape)]))
		if k < 0 {
			k += rows
		}
		k = min(max(k, 0), rows-1)
		return in[0].at(append([]int{k}, at[len(in[1].shape):]...))
	})
}

func matmul(in []array) array {
	a, b := in[0], in[1]
	va, vb := len(a.shape) == 1, len(b.shape) == 1
	if va {
		a.shape = ints(1, a.shape[0])
	}
	if vb {
		b.shape = ints(b.shape[0], 1)
	}
	ra, rb := len(a.shape), len(b.shape)
	m, k, n := a.shape[ra-2], int(a.shape[ra-1]), b.shape[rb-1]
	lead := broadcastShape(array{shape: a.shape[:ra-2]}, array{shape: b.shape[:rb-2]})
	out := generate(abi.Float32, slices.Concat(lead, ints(m, n)), func(at []int) float64 {
		sum, r := 0.0, len(at)
		for p := range k {
			pa, pb := slices.Clone(at), slices.Clone(at)
			pa[r-1], pb[r-2] = p, p
			sum += a.at(pa) * b.at(pb)
		}
		return sum
	})
	if vb {
		out.shape = out.shape[:len(out.shape)-1]
	}
	if va {
		i := len(out.shape) - 1
		if vb {
			i++
		}
		out.shape = slices.Delete(slices.Clone(out.shape), i-1, i)
	}
	return out
}

func gemm(transA, transB bool, alpha, beta float64) func([]array) array {
	return func(in []array) array {
		a, b := in[0], in[1]
		if transA {
			a = transpose(1, 0)(in[:1])
		}
		if transB {
			b = transpose(1, 0)(in[1:2])
		}
		return generate(abi.Float32, ints(a.shape[0], b.shape[1]), func(at []int) float64 {
			sum := 0.0
			for p := range int(a.shape[1]) {
				sum += a.at([]int{at[0], p}) * b.at([]int{p, at[1]})
			}
			sum *= alpha
			if len(in) > 2 {
				sum += beta * in[2].at(at)
			}
			return sum
		})
	}
}

// A window is kernel, stride, dilation, padding (top, left, bottom, right), group.
type window struct {
	k, s, d [2]int
	p       [4]int
	g       int
}

func (w window) out(size, i int) int64 {
	return int64((size+w.p[i]+w.p[i+2]-(w.k[i]-1)*w.d[i]-1)/w.s[i] + 1)
}

func conv(w window) func([]array) array {
	return func(in []array) array {
		x, f := in[0], in[1]
		w.k = [2]int{int(f.shape[2]), int(f.shape[3])}
		h, wd := int(x.shape[2]), int(x.shape[3])
		shape := ints(x.shape[0], f.shape[0], w.out(h, 0), w.out(wd, 1))
		perGroup := int(f.shape[0]) / w.g
		return generate(abi.Float32, shape, func(at []int) float64 {
			sum := 0.0
			if len(in) > 2 {
				sum = in[2].data[at[1]]
			}
			for c := range int(f.shape[1]) {
				for i := range w.k[0] {
					for j := range w.k[1] {
						y, z := at[2]*w.s[0]-w.p[0]+i*w.d[0], at[3]*w.s[1]-w.p[1]+j*w.d[1]
						if y >= 0 && y < h && z >= 0 && z < wd {
							sum += x.at([]int{at[0], at[1]/perGroup*int(f.shape[1]) + c, y, z}) * f.at([]int{at[1], c, i, j})
						}
					}
				}
			}
			return sum
		})
	}
}

// pool is "max", "mean" over what is inside, or the mean over "all" of the window.
func pool(w window, kind string) func([]array) array {
	return func(in []array) array {
		x := in[0]
		h, wd := int(x.shape[2]), int(x.shape[3])
		return generate(abi.Float32, ints(x.shape[0], x.shape[1], w.out(h, 0), w.out(wd, 1)), func(at []int) float64 {
			best, sum, n := math.Inf(-1), 0.0, 0
			for i := range w.k[0] {
				for j := range w.k[1] {
					y, z := at[2]*w.s[0]-w.p[0]+i*w.d[0], at[3]*w.s[1]-w.p[1]+j*w.d[1]
					if y >= 0 && y < h && z >= 0 && z < wd {
						v := x.at([]int{at[0], at[1], y, z})
						best, sum, n = math.Max(best, v), sum+v, n+1
					}
				}
			}
			switch kind {
			case "max":
				return best
			case "all":
				n = w.k[0] * w.k[1]
			}
			return sum / float64(n)
		})
	}
}

func reduce(kind string, keep bool, axes ...int) func([]array) array {
	return func(in []array) array {
		var shape []int64
		for d, n := range in[0].shape {
			switch {
			case !slices.Contains(axes, d):
				shape = append(shape, n)
			case keep:
				shape = append(shape, 1)
			}
		}
		out := zeros(abi.Float32, shape...)
		count := float64(len(in[0].data)) / float64(len(out.data))
		for i := range out.data {
			if kind == "max" {
				out.data[i] = math.Inf(-1)
			}
		}
		for i, v := range in[0].data {
			var to []int
			for d, p := range index(i, in[0].shape) {
				switch {
				case !slices.Contains(axes, d):
					to = append(to, p)
				case keep:
					to = append(to, 0)
				}
			}
			k := 0
			for d, p := range to {
				k = k*int(shape[d]) + p
			}
			switch kind {
			case "max":
				out.data[k] = math.Max(out.data[k], v)
			case "mean":
				out.data[k] += v / count
			default:
				out.data[k] += v
			}
		}
		return out
	}
}

func argmax(axis int, keep bool) func([]array) array {
	return func(in []array) array {
		best := reduce("max", true, axis)(in)
		out := zeros(abi.Int64, best.shape...)
		for i := range out.data {
			at := index(i, best.shape)
			for p := int(in[0].shape[axis]) - 1; p >= 0; p-- {
				at[axis] = p
				if in[0].at(at) == best.data[i] {
					out.data[i] = float64(p)
				}
			}
		}
		if !keep {
			out.shape = slices.Delete(slices.Clone(out.shape), axis, axis+1)
		}
		return out
	}
}

func softmax(axis int, logarithm bool) func([]array) array {
	return func(in []array) array {
		top := reduce("max", true, axis)(in)
		return generate(abi.Float32, in[0].shape, func(at []int) float64 {
			sum := 0.0
			for p := range int(in[0].shape[axis]) {
				q := slices.Clone(at)
				q[axis] = p
				sum += math.Exp(in[0].at(q) - top.at(at))
			}
			v := in[0].at(at) - top.at(at)
			if logarithm {
				return v - math.Log(sum)
			}
			return math.Exp(v) / sum
		})
	}
}

func batchNorm(eps float64) func([]array) array {
	return func(in []array) array {
		return generate(abi.Float32, in[0].shape, func(at []int) float64 {
			c := at[1]
			return (in[0].at(at)-in[3].data[c])/math.Sqrt(in[4].data[c]+eps)*in[1].data[c] + in[2].data[c]
		})
	}
}

func layerNorm(axis int, eps float64) func([]array) array {
	return func(in []array) array {
		n := size(in[0].shape[axis:])
		out := zeros(abi.Float32, in[0].shape...)
		for r := 0; r < len(out.data); r += n {
			mean, variance := 0.0, 0.0
			for _, v := range in[0].data[r : r+n] {
				mean += v / float64(n)
			}
			for _, v := range in[0].data[r : r+n] {
				variance += (v - mean) * (v - mean) / float64(n)
			}
			for i := range n {
				out.data[r+i] = (in[0].data[r+i] - mean) / math.Sqrt(variance+eps) * in[1].data[i]
				if len(in) > 2 {
					out.data[r+i] += in[2].data[i]
				}
			}
		}
		return out
	}
}

// crossEntropy takes scores, or logarithms of probabilities where softmax is
// false. A label that is ignore or no class does not count.
func crossEntropy(reduction string, useSoftmax bool, ignore int) func([]array) array {
	return func(in []array) array {
		logs := in[0]
		if useSoftmax {
			logs = softmax(1, true)(in[:1])
		}
		total, weight := 0.0, 0.0
		each := generate(abi.Float32, in[1].shape, func(at []int) float64 {
			y := int(in[1].at(at))
			if y == ignore || y < 0 || y >= int(logs.shape[1]) {
				return 0
			}
			w := 1.0
			if len(in) > 2 {
				w = in[2].data[y]
			}
			loss := -w * logs.at(slices.Insert(slices.Clone(at), 1, y))
			total, weight = total+loss, weight+w
			return loss
		})
		switch reduction {
		case "mean":
			return floats(nil, total/weight)
		case "sum":
			return floats(nil, total)
		}
		return each
	}
}
