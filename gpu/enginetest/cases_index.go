package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// among resolves an index: from the end where negative, the nearest if outside.
func among(i float64, n int64) int {
	if i < 0 {
		i += float64(n)
	}
	return int(math.Min(math.Max(i, 0), float64(n-1)))
}

// taken is Gather along an axis.
func taken(axis int) func([]array) array {
	return func(in []array) array {
		s, r := in[0].shape, len(in[1].shape)
		return generate(in[0].dt, slices.Concat(s[:axis], in[1].shape, s[axis+1:]), func(at []int) float64 {
			k := among(in[1].at(at[axis:axis+r]), s[axis])
			return in[0].at(slices.Concat(at[:axis], []int{k}, at[axis+r:]))
		})
	}
}

func elementsOf(axis int) func([]array) array {
	return func(in []array) array {
		return generate(in[0].dt, in[1].shape, func(at []int) float64 {
			from := slices.Clone(at)
			from[axis] = among(in[1].at(at), in[0].shape[axis])
			return in[0].at(from)
		})
	}
}

// tuplesOf is GatherND.
func tuplesOf(batch int) func([]array) array {
	return func(in []array) array {
		i, s := in[1].shape, in[0].shape
		lead := len(i) - 1
		k := int(i[lead])
		return generate(in[0].dt, slices.Concat(i[:lead], s[batch+k:]), func(at []int) float64 {
			from := slices.Clone(at[:batch])
			for j := range k {
				from = append(from, among(in[1].at(append(slices.Clone(at[:lead]), j)), s[batch+j]))
			}
			return in[0].at(append(from, at[lead:]...))
		})
	}
}

func (a array) offset(at []int) int {
	k := 0
	for d, n := range a.shape {
		k = k*int(n) + at[d]
	}
	return k
}

func reduced(how string, old, new float64) float64 {
	switch how {
	case "add":
		return old + new
	case "mul":
		return old * new
	case "max":
		return math.Max(old, new)
	case "min":
		return math.Min(old, new)
	}
	return new
}

func scattered(axis int, how string) func([]array) array {
	return func(in []array) array {
		out := array{in[0].dt, in[0].shape, slices.Clone(in[0].data)}
		for i, u := range in[2].data {
			at := index(i, in[1].shape)
			at[axis] = among(in[1].data[i], out.shape[axis])
			k := out.offset(at)
			out.data[k] = reduced(how, out.data[k], u)
		}
		return out
	}
}

func scatteredND(how string) func([]array) array {
	return func(in []array) array {
		out := array{in[0].dt, in[0].shape, slices.Clone(in[0].data)}
		lead := len(in[1].shape) - 1
		for i, u := range in[2].data {
			at := index(i, in[2].shape)
			var to []int
			for j := range int(in[1].shape[lead]) {
				to = append(to, among(in[1].at(append(slices.Clone(at[:lead]), j)), out.shape[j]))
			}
			k := out.offset(append(to, at[lead:]...))
			out.data[k] = reduced(how, out.data[k], u)
		}
		return out
	}
}

// hot is OneHot of values off and on.
func hot(axis, depth int) func([]array) array {
	return func(in []array) array {
		return generate(in[2].dt, slices.Insert(slices.Clone(in[0].shape), axis, int64(depth)), func(at []int) float64 {
			k := in[0].at(slices.Delete(slices.Clone(at), axis, axis+1))
			if k < 0 {
				k += float64(depth)
			}
			if int(k) == at[axis] && k >= 0 {
				return in[2].data[1]
			}
			return in[2].data[0]
		})
	}
}

func indexCases() []opCase {
	five := labels(ints(2, 3), 0, 2, 1, -1, 0, 0)
	axis := func(a int) []abi.Attr { return attrs("axis", a) }
	with := func(a int, how string) []abi.Attr { return attrs("axis", a, "reduction", how) }
	long := make([]float64, 600)
	for i := range long {
		long[i] = float64(i*i%7 - 4)
	}
	return []opCase{
		{name: "Gather/long", attrs: axis(1), in: []operand{plain(random(1, 3, 4)), labels(ints(600), long...)}, want: taken(1)},
		{name: "Gather/axis", attrs: axis(1), in: []operand{x(1, 2, 3, 4), labels(ints(2), 2, -3)}, want: taken(1)},
		{name: "Gather/last", attrs: axis(-1), in: []operand{x(1, 3, 4), five}, want: taken(1)},
		{name: "Gather/scalar", attrs: axis(1), in: []operand{x(1, 3, 4), i32(nil, 3)}, want: taken(1)},
		{name: "Gather/none", in: []operand{plain(random(1, 3, 4)), labels(ints(0))}, want: taken(0)},
		{name: "GatherElements", attrs: axis(1), in: []operand{x(1, 3, 3), five}, want: elementsOf(1)},
		{name: "GatherElements/first", in: []operand{x(1, 4, 3, 2), labels(ints(2, 3, 1), 3, 0, -4, 9, -9, 1)}, want: elementsOf(0)},
		{name: "GatherND", in: []operand{x(1, 2, 3, 4), labels(ints(2, 2), 1, -1, 0, 2)}, want: tuplesOf(0)},
		{name: "GatherND/batch", attrs: attrs("batch_dims", 1), in: []operand{x(1, 2, 3, 4), labels(ints(2, 2, 1), 1, -1, 0, 0)}, want: tuplesOf(1)},
		{name: "ScatterElements", attrs: axis(1), in: []operand{x(1, 2, 5), labels(ints(2, 2), 1, -1, 0, 3), x(2, 2, 2)}, want: scattered(1, "none")},
		{name: "ScatterElements/add", attrs: with(0, "add"), in: []operand{x(1, 3, 3), five, x(2, 2, 3)}, want: scattered(0, "add")},
		{name: "ScatterElements/mul", attrs: with(1, "mul"), in: []operand{x(1, 2, 4), five, x(2, 2, 3)}, want: scattered(1, "mul")},
		{name: "ScatterElements/zero", attrs: with(0, "mul"), in: []operand{x(1, 3), labels(ints(4), 1, 1, 2, 2), {array: floats(ints(4), 0, 3, 0, 0), diff: true}}, want: scattered(0, "mul")},
		{name: "ScatterElements/max", attrs: with(1, "max"), in: []operand{x(1, 2, 4), five, x(2, 2, 3)}, want: scattered(1, "max")},
		{name: "ScatterElements/min", attrs: with(1, "min"), in: []operand{x(1, 2, 4), five, x(2, 2, 3)}, want: scattered(1, "min")},
		{name: "ScatterElements/nothing", in: []operand{x(1, 2, 4), labels(ints(0, 4)), x(2, 0, 4)}, want: scattered(0, "none")},
		{name: "ScatterND", in: []operand{x(1, 4, 3), labels(ints(2, 1), 3, 0), x(2, 2, 3)}, want: scatteredND("none")},
		{name: "ScatterND/add", attrs: attrs("reduction", "add"), in: []operand{x(1, 2, 3), labels(ints(3, 2), 1, -1, 0, 0, 1, 2), x(2, 3)}, want: scatteredND("add")},
		{name: "ScatterND/mul", attrs: attrs("reduction", "mul"), in: []operand{x(1, 2, 3), labels(ints(3, 1), 1, 1, 0), x(2, 3, 3)}, want: scatteredND("mul")},
		{name: "ScatterND/min", attrs: attrs("reduction", "min"), in: []operand{x(1, 2, 3), labels(ints(3, 1), 1, 1, 0), x(2, 3, 3)}, want: scatteredND("min")},
		{name: "OneHot", in: []operand{labels(ints(2, 2), 0, 4, -1, 9), fixed(abi.Int64, nil, 5), x(1, 2)}, want: hot(2, 5)},
		{name: "OneHot/axis", attrs: axis(0), in: []operand{i32(ints(3), 1, 0, -7), fixed(abi.Float32, ints(1), 3), x(1, 2)}, want: hot(0, 3)},
		{name: "Compress", attrs: axis(1), in: []operand{x(1, 2, 3), fixed(abi.Bool, ints(3), 1, 0, 1)}, want: func(in []array) array {
			return taken(1)([]array{in[0], {abi.Int64, ints(2), []float64{0, 2}}})
		}},
		{name: "Compress/flat", in: []operand{x(1, 2, 3), fixed(abi.Bool, ints(5), 0, 0, 1, 0, 1)}, want: func(in []array) array {
			return array{in[0].dt, ints(2), []float64{in[0].data[2], in[0].data[4]}}
		}},
	}
}
