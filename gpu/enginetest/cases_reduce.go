package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// folded computes each result from the list of elements that it is made of.
func folded(keep bool, axes []int, f func(v []float64) float64) func([]array) array {
	return func(in []array) array {
		a := in[0]
		shape, rest := []int64{}, []int64{}
		for d, n := range a.shape {
			if slices.Contains(axes, d) {
				rest = append(rest, n)
				if keep {
					shape = append(shape, 1)
				}
			} else {
				shape = append(shape, n)
			}
		}
		return generate(a.dt, shape, func(at []int) float64 {
			var list []float64
			for i := range size(rest) {
				inner := index(i, rest)
				from, outer := make([]int, len(a.shape)), at
				for d := range from {
					switch {
					case slices.Contains(axes, d):
						from[d], inner = inner[0], inner[1:]
						if keep {
							outer = outer[1:]
						}
					default:
						from[d], outer = outer[0], outer[1:]
					}
				}
				list = append(list, a.at(from))
			}
			return f(list)
		})
	}
}

func over(f func(acc, v float64) float64, acc float64) func([]float64) float64 {
	return func(list []float64) float64 {
		acc := acc
		for _, v := range list {
			acc = f(acc, v)
		}
		return acc
	}
}

var (
	total   = over(func(a, v float64) float64 { return a + v }, 0)
	squares = over(func(a, v float64) float64 { return a + v*v }, 0)
	norm1   = over(func(a, v float64) float64 { return a + math.Abs(v) }, 0)
	times   = over(func(a, v float64) float64 { return a * v }, 1)
	least   = over(math.Min, math.Inf(1))
	most    = over(math.Max, math.Inf(-1))
)

func norm2(v []float64) float64 { return math.Sqrt(squares(v)) }

func logSumExp(v []float64) float64 {
	s := 0.0
	for _, f := range v {
		s += math.Exp(f)
	}
	return math.Log(s)
}

func truncated(f func([]float64) float64) func([]float64) float64 {
	return func(v []float64) float64 { return math.Trunc(f(v)) }
}

func reduceCases() []opCase {
	var out []opCase
	for _, r := range []struct {
		op string
		f  func([]float64) float64
		of func(seed uint64, shape ...int64) operand
	}{
		{"ReduceMin", least, x}, {"ReduceProd", times, x}, {"ReduceL1", norm1, x}, {"ReduceL2", norm2, x},
		{"ReduceLogSum", func(v []float64) float64 { return math.Log(total(v)) }, positive}, {"ReduceLogSumExp", logSumExp, x}, {"ReduceSumSquare", squares, x},
	} {
		out = append(out,
			opCase{name: r.op, in: []operand{r.of(1, 3, 4)}, want: folded(true, []int{0, 1}, r.f)},
			opCase{name: r.op + "/outer", attrs: attrs("keepdims", 0), in: []operand{r.of(1, 2, 3, 4), list(0, -1)}, want: folded(false, []int{0, 2}, r.f)},
			opCase{name: r.op + "/first", in: []operand{r.of(1, 3, 5), list(0)}, want: folded(true, []int{0}, r.f)},
			opCase{name: r.op + "/attribute", attrs: attrs("axes", ints(1), "keepdims", 0), in: []operand{r.of(1, 2, 3)}, want: folded(false, []int{1}, r.f), opset: 13},
			opCase{name: r.op + "/each", attrs: attrs("noop_with_empty_axes", 1), in: []operand{r.of(1, 2, 3)}, want: folded(true, nil, r.f)})
	}
	for _, r := range []struct {
		op   string
		f    func([]float64) float64
		none float64
	}{
		{"ReduceSum", total, 0}, {"ReduceMean", truncated(func(v []float64) float64 { return total(v) / float64(len(v)) }), nan}, {"ReduceMax", most, -inf}, {"ReduceMin", least, inf},
		{"ReduceProd", times, 1}, {"ReduceL1", norm1, 0}, {"ReduceL2", truncated(norm2), 0}, {"ReduceSumSquare", squares, 0},
		{"ReduceLogSum", truncated(func(v []float64) float64 { return math.Log(total(v)) }), -inf}, {"ReduceLogSumExp", truncated(logSumExp), -inf},
	} {
		for _, dt := range []abi.DType{abi.Int32, abi.Int64, abi.Int8, abi.Uint8} {
			data := []float64{3, 1, 4, 1, 2, 5}
			if dt != abi.Uint8 && r.op != "ReduceLogSum" {
				data = []float64{3, -1, 4, -1, -2, 5}
			}
			out = append(out, opCase{name: r.op + "/" + dt.String(), in: []operand{plain(array{dt, ints(2, 3), data}), list(1)}, want: folded(true, []int{1}, r.f)})
		}
		none := r.none
		out = append(out, opCase{name: r.op + "/nothing", attrs: attrs("keepdims", 0), in: []operand{plain(floats(ints(2, 0, 3))), list(1)},
			want: func([]array) array { return floats(ints(2, 3), none, none, none, none, none, none) }})
	}
	yes := func(v ...float64) operand { return plain(array{abi.Bool, ints(2, int64(len(v)/2)), v}) }
	i32 := func(shape []int64, v ...float64) operand { return plain(array{abi.Int32, shape, v}) }
	ties := plain(floats(ints(2, 4), 3, 1, 3, 1, nan, 2, nan, 0))
	return slices.Concat(out, normCases(), []opCase{
		{name: "ReduceSum/image", in: []operand{x(1, 2, 3, 3, 2), list(2, 3)}, want: reduce("sum", true, 2, 3)},
		{name: "ReduceMean/image", attrs: attrs("keepdims", 0), in: []operand{x(1, 2, 3, 3, 2), list(2, 3)}, want: reduce("mean", false, 2, 3)},
		{name: "ReduceProd/zero", in: []operand{{array: floats(ints(2, 3), 2, 0, 5, 0, 0, 4), diff: true}, list(1)}, want: folded(true, []int{1}, times)},
		{name: "ReduceLogSumExp/large", in: []operand{plain(floats(ints(2, 2), 1000, 999, -inf, -inf)), list(1)}, want: func([]array) array { return floats(ints(2, 1), 1000+math.Log(1+math.Exp(-1)), -inf) }},
		{name: "ReduceMin/nan", in: []operand{plain(floats(ints(2, 2), 1, nan, nan, 1)), list(1)}, want: func([]array) array { return floats(ints(2, 1), nan, nan) }},
		{name: "ReduceMax/bool", in: []operand{yes(0, 0, 0, 1), list(1)}, want: folded(true, []int{1}, most)},
		{name: "ReduceMin/bool", in: []operand{yes(1, 1, 0, 1), list(1)}, want: folded(true, []int{1}, least)},
		{name: "ReduceSum/wraps", in: []operand{plain(array{abi.Int8, ints(2), []float64{100, 100}})}, want: func([]array) array { return array{abi.Int8, ints(1), []float64{-56}} }},
		{name: "ArgMax/last", attrs: attrs("axis", 1, "select_last_index", 1), in: []operand{ties}, want: func([]array) array { return array{abi.Int64, ints(2, 1), []float64{2, 2}} }},
		{name: "ArgMax/ties", attrs: attrs("axis", -1), in: []operand{plain(floats(ints(2, 4), 3, 1, 3, 1, 2, 7, 7, 0))}, want: func([]array) array { return array{abi.Int64, ints(2, 1), []float64{0, 1}} }},
		{name: "ArgMax/int32", attrs: attrs("axis", 0), in: []operand{i32(ints(3, 1), -4, 9, 9)}, want: func([]array) array { return array{abi.Int64, ints(1, 1), []float64{1}} }},
		{name: "ArgMin", attrs: attrs("axis", 1, "keepdims", 0), in: []operand{ties}, want: func([]array) array { return array{abi.Int64, ints(2), []float64{1, 0}} }},
		{name: "ArgMin/last", attrs: attrs("axis", 1, "select_last_index", 1, "keepdims", 0), in: []operand{ties}, want: func([]array) array { return array{abi.Int64, ints(2), []float64{3, 2}} }},
		{name: "ArgMin/uint8", attrs: attrs("axis", 0, "keepdims", 0), in: []operand{plain(array{abi.Uint8, ints(3), []float64{200, 7, 9}})}, want: func([]array) array { return array{abi.Int64, nil, []float64{1}} }},
		{name: "Hardmax", in: []operand{plain(floats(ints(2, 3), 1, 4, 4, -1, -3, -2))}, want: func([]array) array { return floats(ints(2, 3), 0, 1, 0, 1, 0, 0) }},
		{name: "Hardmax/first", attrs: attrs("axis", 0), in: []operand{plain(floats(ints(2, 3), 1, 4, 4, -1, 5, 4))}, want: func([]array) array { return floats(ints(2, 3), 1, 0, 1, 0, 1, 0) }},
		{name: "SoftmaxCrossEntropyLoss/int32", in: []operand{x(1, 4, 3), i32(ints(4), 0, 2, 1, 1)}, want: crossEntropy("mean", true, -1)},
		{name: "SoftmaxCrossEntropyLoss/volume", attrs: attrs("ignore_index", -5), in: []operand{x(1, 1, 3, 2, 1, 2), labels(ints(1, 2, 1, 2), 0, -5, 1, 2), fixed(abi.Float32, ints(3), 0.5, 2, 1)}, want: crossEntropy("mean", true, -5)},
		{name: "NegativeLogLikelihoodLoss/int32", attrs: attrs("reduction", "none"), in: []operand{x(1, 2, 3, 2), i32(ints(2, 2), 0, 2, 1, 1)}, want: crossEntropy("none", false, -1)},
	})
}

// standard is (v - mean)/(√(variance + ε) + δ) over the positions that same says belong
// together.
func standard(a array, eps, delta float64, square bool, same func(at []int) [2]int) array {
	groups := map[[2]int][]float64{}
	for i, v := range a.data {
		k := same(index(i, a.shape))
		groups[k] = append(groups[k], v)
	}
	return generate(a.dt, a.shape, func(at []int) float64 {
		g := groups[same(at)]
		mean, variance := total(g)/float64(len(g)), 0.0
		if square {
			mean = 0
		}
		for _, v := range g {
			variance += (v - mean) * (v - mean) / float64(len(g))
		}
		return (a.at(at) - mean) / (math.Sqrt(variance+eps) + delta)
	})
}

// channelled multiplies and adds what f says of a channel.
func channelled(y, scale, bias array, f func(c int) int) array {
	return generate(y.dt, y.shape, func(at []int) float64 { return y.at(at)*scale.data[f(at[1])] + bias.data[f(at[1])] })
}

func normCases() []opCase {
	eps := single(1e-5)
	channel := func(c int) int { return c }
	batch := func(which int) func([]array) array {
		return func(in []array) array {
			a := in[0]
			y := channelled(standard(a, eps, 0, false, func(at []int) [2]int { return [2]int{at[1]} }), in[1], in[2], channel)
			if which == 0 {
				return y
			}
			return generate(a.dt, in[3].shape, func(at []int) float64 {
				var g []float64
				for i, v := range a.data {
					if index(i, a.shape)[1] == at[0] {
						g = append(g, v)
					}
				}
				now := total(g) / float64(len(g))
				if which == 2 {
					now = squares(g)/float64(len(g)) - now*now
				}
				m := single(0.9)
				return in[2+which].data[at[0]]*m + now*(1-m)
			})
		}
	}
	batchIn := []operand{x(1, 2, 3, 2, 2), x(2, 3), x(3, 3), x(4, 3), positive(5, 3)}
	train := attrs("training_mode", 1)
	group := func(perChannel bool) func([]array) array {
		return func(in []array) array {
			y := standard(in[0], eps, 0, false, func(at []int) [2]int { return [2]int{at[0], at[1] / 2} })
			return channelled(y, in[1], in[2], func(c int) int {
				if perChannel {
					return c
				}
				return c / 2
			})
		}
	}
	lp := func(n func([]float64) float64) func([]array) array {
		return func(in []array) array {
			d := folded(true, []int{1}, n)(in)
			return generate(in[0].dt, in[0].shape, func(at []int) float64 { return in[0].at(at) / d.at(at) })
		}
	}
	lrn := func(size int, alpha, beta, bias float64) func([]array) array {
		return func(in []array) array {
			a := in[0]
			return generate(a.dt, a.shape, func(at []int) float64 {
				sum := 0.0
				for c := at[1] - (size-1)/2; c <= at[1]+size/2; c++ {
					if c >= 0 && c < int(a.shape[1]) {
						p := slices.Clone(at)
						p[1] = c
						sum += a.at(p) * a.at(p)
					}
				}
				return a.at(at) / math.Pow(bias+alpha/float64(size)*sum, beta)
			})
		}
	}
	return []opCase{
		{name: "BatchNormalization/training", attrs: train, in: batchIn, want: batch(0)},
		{name: "BatchNormalization/mean", attrs: train, in: batchIn, want: batch(1), result: 1},
		{name: "BatchNormalization/variance", attrs: train, in: batchIn, want: batch(2), result: 2},
		{name: "InstanceNormalization", in: []operand{x(1, 2, 3, 4), x(2, 3), x(3, 3)}, want: func(in []array) array {
			return channelled(standard(in[0], eps, 0, false, func(at []int) [2]int { return [2]int{at[0], at[1]} }), in[1], in[2], channel)
		}},
		{name: "InstanceNormalization/volume", attrs: attrs("epsilon", 0.5), in: []operand{x(1, 1, 2, 2, 2, 2), x(2, 2), x(3, 2)}, want: func(in []array) array {
			return channelled(standard(in[0], 0.5, 0, false, func(at []int) [2]int { return [2]int{at[0], at[1]} }), in[1], in[2], channel)
		}},
		{name: "GroupNormalization", attrs: attrs("num_groups", 2), in: []operand{x(1, 2, 4, 3), x(2, 4), x(3, 4)}, want: group(true)},
		{name: "GroupNormalization/old", attrs: attrs("num_groups", 2), in: []operand{x(1, 2, 4, 2, 2), x(2, 2), x(3, 2)}, want: group(false), opset: 18},
		{name: "RMSNormalization", in: []operand{x(1, 3, 5), x(2, 5)}, opset: 23, want: func(in []array) array {
			y := standard(in[0], eps, 0, true, func(at []int) [2]int { return [2]int{at[0]} })
			return zipped(func(a, b float64) float64 { return a * b })([]array{y, in[1]})
		}},
		{name: "RMSNormalization/axis", attrs: attrs("axis", 1, "epsilon", 0.25), in: []operand{x(1, 2, 3, 2), x(2, 3, 2)}, opset: 23, want: func(in []array) array {
			y := standard(in[0], 0.25, 0, true, func(at []int) [2]int { return [2]int{at[0]} })
			return zipped(func(a, b float64) float64 { return a * b })([]array{y, in[1]})
		}},
		{name: "MeanVarianceNormalization", in: []operand{x(1, 2, 3, 2, 2)}, want: func(in []array) array {
			return standard(in[0], 0, 1e-9, false, func(at []int) [2]int { return [2]int{at[1]} })
		}, fine: 1e-4},
		{name: "MeanVarianceNormalization/axes", attrs: attrs("axes", ints(-1)), in: []operand{x(1, 3, 4)}, want: func(in []array) array {
			return standard(in[0], 0, 1e-9, false, func(at []int) [2]int { return [2]int{at[0]} })
		}, fine: 1e-4},
		{name: "LpNormalization", attrs: attrs("axis", 1), in: []operand{x(1, 2, 3, 2)}, want: lp(norm2)},
		{name: "LpNormalization/one", attrs: attrs("axis", 1, "p", 1), in: []operand{x(1, 2, 3, 2)}, want: lp(norm1)},
		{name: "LpNormalization/zero", in: []operand{plain(floats(ints(1, 2), 0, 0))}, want: func([]array) array { return floats(ints(1, 2), 0, 0) }},
		{name: "LRN", attrs: attrs("size", 3, "alpha", 0.5), in: []operand{x(1, 2, 5, 2)}, want: lrn(3, 0.5, 0.75, 1)},
		{name: "LRN/even", attrs: attrs("size", 2, "alpha", 0.25, "beta", 0.5, "bias", 2.0), in: []operand{x(1, 1, 3, 2, 2)}, want: lrn(2, 0.25, 0.5, 2)},
	}
}
