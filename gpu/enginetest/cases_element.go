package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

func elementCases() []opCase {
	return slices.Concat(curveCases(), pairCases(), integerCases(), logicCases(), castCases(), quantCases())
}

// between is an operand of numbers from low to high, whose gradient is checked.
func between(low, high float64, shape ...int64) operand {
	o := x(3, shape...)
	for i, v := range o.data {
		o.data[i] = float64(float32(low + (v+2.01)/4.02*(high-low)))
	}
	return o
}

// single is the nearest float32, as attributes are.
func single(v float64) float64 { return float64(float32(v)) }

// differ is an operand of the given numbers, whose gradient is checked.
func differ(a array) operand { return operand{array: a, diff: true} }

var nan, inf = math.NaN(), math.Inf(1)

// odd is an operand of what is not quite a number.
func odd() operand {
	return plain(floats(ints(8), nan, inf, -inf, 0, math.Copysign(0, -1), 1, -2.5, 3.5))
}

func curveCases() []opCase {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	all := x(1, 3, 5)
	var out []opCase
	for _, c := range []struct {
		name  string
		attrs []abi.Attr
		in    operand
		f     func(float64) float64
	}{
		{"Sin", nil, all, math.Sin},
		{"Cos", nil, all, math.Cos},
		{"Tan", nil, between(-1.3, 1.3, 3, 5), math.Tan},
		{"Asin", nil, between(-0.9, 0.9, 3, 5), math.Asin},
		{"Acos", nil, between(-0.9, 0.9, 3, 5), math.Acos},
		{"Atan", nil, all, math.Atan},
		{"Sinh", nil, all, math.Sinh},
		{"Cosh", nil, all, math.Cosh},
		{"Asinh", nil, all, math.Asinh},
		{"Acosh", nil, between(1.2, 4, 3, 5), math.Acosh},
		{"Atanh", nil, between(-0.9, 0.9, 3, 5), math.Atanh},
		{"Ceil", nil, all, math.Ceil},
		{"Floor", nil, all, math.Floor},
		{"Round", nil, all, math.RoundToEven},
		{"Round/half", nil, plain(floats(ints(7), 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1e9)), func(x float64) float64 {
			if up := math.Floor(x + 0.5); up-x == 0.5 && math.Mod(up, 2) != 0 {
				return up - 1
			} else {
				return up
			}
		}},
		{"Sign", nil, all, func(x float64) float64 { return x / math.Abs(x) }},
		{"Softsign", nil, all, func(x float64) float64 { return x / (1 + math.Abs(x)) }},
		{"HardSwish", nil, between(-5, 5, 4, 5), func(x float64) float64 { return x * math.Min(math.Max(x+3, 0), 6) / 6 }},
		{"HardSigmoid", nil, between(-5, 5, 4, 5), func(x float64) float64 {
			return math.Min(math.Max(single(0.2)*x+0.5, 0), 1)
		}},
		{"HardSigmoid/slope", attrs("alpha", 0.5, "beta", 0.25), all, func(x float64) float64 { return math.Min(math.Max(0.5*x+0.25, 0), 1) }},
		{"Elu", nil, all, func(x float64) float64 { return math.Max(x, 0) + math.Min(math.Exp(x)-1, 0) }},
		{"Elu/alpha", attrs("alpha", 0.5), all, func(x float64) float64 { return math.Max(x, 0) + 0.5*math.Min(math.Exp(x)-1, 0) }},
		{"Celu/alpha", attrs("alpha", 2.0), all, func(x float64) float64 { return math.Max(x, 0) + math.Min(2*(math.Exp(x/2)-1), 0) }},
		{"Selu", nil, all, func(x float64) float64 {
			return single(1.0507009873554804934193349852946) * (math.Max(x, 0) + single(1.6732632423543772848170429916717)*math.Min(math.Exp(x)-1, 0))
		}},
		{"Selu/attributes", attrs("alpha", 2.0, "gamma", 3.0), all, func(x float64) float64 { return 3 * (math.Max(x, 0) + 2*math.Min(math.Exp(x)-1, 0)) }},
		{"ThresholdedRelu/alpha", attrs("alpha", 0.75), all, func(x float64) float64 {
			if x > 0.75 {
				return x
			}
			return 0
		}},
		{"Shrink/soft", attrs("lambd", 0.75, "bias", 0.5), all, func(x float64) float64 {
			if math.Abs(x) > 0.75 {
				return x - math.Copysign(0.5, x)
			}
			return 0
		}},
		{"Mish", nil, all, func(x float64) float64 { return x * math.Tanh(math.Log(1+math.Exp(x))) }},
		{"Celu", nil, odd(), func(x float64) float64 { return math.Max(x, 0) + math.Min(math.Exp(x)-1, 0) }},
		{"Sign/odd", nil, odd(), func(x float64) float64 {
			if x == 0 || x != x {
				return x
			}
			return math.Copysign(1, x)
		}},
		{"Floor/odd", nil, odd(), math.Floor},
		{"HardSigmoid/odd", nil, odd(), func(x float64) float64 { return math.Min(math.Max(single(0.2)*x+0.5, 0), 1) }},
		{"Mish/large", nil, plain(floats(ints(4), 1000, -1000, inf, 88)), func(x float64) float64 { return math.Max(x, 0) }},
	} {
		out = append(out, opCase{name: c.name, attrs: c.attrs, in: []operand{c.in}, want: unary(c.f)})
	}
	swish := unary(func(x float64) float64 { return x * sigmoid(0.5*x) })
	return append(out, opCase{name: "Swish", attrs: attrs("alpha", 0.5), in: []operand{all}, want: swish, opset: 24})
}

func pairCases() []opCase {
	mean := func(f func(in []float64) float64) func([]array) array {
		return func(in []array) array {
			return generate(in[0].dt, broadcastShape(in...), func(at []int) float64 {
				var v []float64
				for _, a := range in {
					v = append(v, a.at(at))
				}
				return f(v)
			})
		}
	}
	sum := mean(func(in []float64) float64 {
		s := 0.0
		for _, v := range in {
			s += v
		}
		return s
	})
	power := zipped(math.Pow)
	prelu := zipped(func(x, s float64) float64 { return math.Max(x, 0) + s*math.Min(x, 0) })
	fmod := zipped(func(a, b float64) float64 { return a - b*math.Trunc(a/b) })
	clip := func(in []array) array {
		return generate(in[0].dt, in[0].shape, func(at []int) float64 {
			v := in[0].at(at)
			if len(in) > 1 && in[1].dt != 0 {
				v = math.Max(v, in[1].data[0])
			}
			if len(in) > 2 {
				v = math.Min(v, in[2].data[0])
			}
			return v
		})
	}
	halves := func(seed uint64, shape ...int64) operand {
		a := random(seed, shape...)
		a.dt = abi.Float16
		return plain(decode(a.dt, a.shape, a.encode()))
	}
	i32 := func(v ...float64) operand { return plain(array{abi.Int32, ints(int64(len(v))), v}) }
	out := []opCase{
		{name: "Max", in: []operand{x(1, 3, 4), x(2, 4)}, want: zipped(math.Max)},
		{name: "Max/three", in: []operand{x(1, 3, 1), x(2, 2, 1, 4), x(3)}, want: mean(slices.Max[[]float64])},
		{name: "Max/one", in: []operand{x(1, 3)}, want: unary(math.Abs)},
		{name: "Max/odd", in: []operand{odd(), plain(floats(ints(8), 1, 1, 1, math.Copysign(0, -1), 0, nan, -inf, inf))}, want: zipped(math.Max)},
		{name: "Min", in: []operand{x(1, 3, 4), x(2, 4)}, want: zipped(math.Min)},
		{name: "Min/three", in: []operand{x(1, 3, 1), x(2, 2, 1, 4), x(3)}, want: mean(slices.Min[[]float64])},
		{name: "Min/odd", in: []operand{odd(), plain(floats(ints(8), 1, 1, 1, math.Copysign(0, -1), 0, nan, -inf, inf))}, want: zipped(math.Min)},
		{name: "Sum", in: []operand{x(1, 3, 4), x(2, 4), x(3, 2, 1, 1)}, want: sum},
		{name: "Sum/one", in: []operand{x(1, 3, 4)}, want: sum},
		{name: "Mean", in: []operand{x(1, 3, 4), x(2, 4), x(3, 2, 1, 1)}, want: mean(func(in []float64) float64 { return (in[0] + in[1] + in[2]) / 3 })},
		{name: "Mod/fmod", attrs: attrs("fmod", 1), in: []operand{x(1, 3, 4), positive(2, 4)}, want: fmod},
		{name: "Pow/exponents", in: []operand{positive(1, 3, 4), x(2, 4)}, want: power},
		{name: "Pow/wider", in: []operand{positive(1, 3), x(2, 2, 1)}, want: power},
		{name: "Pow/zero", in: []operand{plain(floats(ints(5), 0, 0, -1, 2, nan)), plain(floats(ints(5), 0, 2, 3, -1, 0))}, want: power},
		{name: "Pow/zeroBase", in: []operand{differ(floats(ints(4), 0, 0, 1.5, -2)), plain(floats(ints(4), 0, 2, 0, 3))}, want: power},
		{name: "Pow/zeroExponent", in: []operand{plain(floats(ints(3), 0, 0, 1.5)), differ(floats(ints(3), 2, 1.5, 0))}, want: power},
		{name: "Pow/large", in: []operand{plain(array{abi.Int64, ints(2), []float64{1<<24 + 1, -1<<24 - 1}}), plain(floats(nil, 1))}, want: power},
		{name: "Pow/root", in: []operand{positive(1, 9), scalar(0.5)}, want: unary(math.Sqrt)},
		{name: "Pow/rootOdd", in: []operand{plain(floats(ints(5), nan, inf, 0, 1, -2.5)), scalar(0.5)}, want: unary(func(x float64) float64 { return math.Pow(x, 0.5) })},
		{name: "Pow/cube", in: []operand{x(1, 9), scalar(3)}, want: unary(func(x float64) float64 { return x * x * x })},
		{name: "Pow/inverse", in: []operand{x(1, 9), scalar(-1)}, want: unary(func(x float64) float64 { return 1 / x })},
		{name: "Pow/first", in: []operand{x(1, 9), scalar(1)}, want: unary(func(x float64) float64 { return x })},
		{name: "Pow/zeroth", in: []operand{x(1, 9), scalar(0)}, want: unary(func(x float64) float64 { return 1 })},
		{name: "Pow/int64", in: []operand{x(1, 4), plain(array{abi.Int64, ints(4), []float64{0, 1, 2, 3}})}, want: power},
		{name: "Pow/base", in: []operand{i32(2, 3, -3, 4), plain(random(1, 1))}, want: func(in []array) array {
			return generate(abi.Int32, ints(4), func(at []int) float64 {
				if v := math.Pow(in[0].at(at), in[1].data[0]); v == v {
					return math.Trunc(v)
				}
				return 0
			})
		}},
		{name: "Pow/integers", in: []operand{i32(2, 3, -3, 1, -1, 0), plain(array{abi.Int64, ints(6), []float64{10, 4, 3, -5, -3, 0}})}, want: power},
		{name: "PRelu", in: []operand{x(1, 2, 3, 4), x(2, 3, 1)}, want: prelu},
		{name: "PRelu/same", in: []operand{x(1, 3), x(2, 3)}, want: prelu},
		{name: "PRelu/one", in: []operand{x(1, 5), x(2, 1)}, want: prelu},
		{name: "PRelu/integers", in: []operand{i32(-2, 0, 2), i32(3)}, want: prelu},
		{name: "Clip/computed", in: []operand{x(1, 4, 4), plain(floats(nil, -0.5)), plain(floats(nil, 0.75))}, want: clip},
		{name: "Clip/low", in: []operand{x(1, 4, 4), fixed(abi.Float32, ints(1), -0.5)}, want: clip},
		{name: "Clip/int8", in: []operand{plain(array{abi.Int8, ints(4), []float64{-128, -3, 5, 127}}), fixed(abi.Int8, nil, -4), fixed(abi.Int8, nil, 4)}, want: clip},
		{name: "Clip/odd", in: []operand{odd(), scalar(-1), scalar(2)}, want: clip},
		{name: "Clip/crossed", in: []operand{x(1, 6), scalar(1), scalar(-1)}, want: func(in []array) array { return generate(abi.Float32, ints(6), func([]int) float64 { return -1 }) }},
		{name: "Add/empty", in: []operand{plain(zeros(abi.Float32, 0, 3)), plain(random(1, 3))}, want: zipped(nil)},
		{name: "Max/empty", in: []operand{plain(zeros(abi.Float32, 2, 0)), plain(random(1, 1, 1))}, want: zipped(nil)},
		{name: "Tanh/empty", in: []operand{plain(zeros(abi.Float32, 0))}, want: unary(nil)},
		{name: "Mul/float16", in: []operand{halves(1, 3, 4), halves(2, 4)}, want: zipped(func(a, b float64) float64 { return a * b }), fine: 1e-3},
		{name: "Tanh/float16", in: []operand{halves(1, 3, 4)}, want: unary(math.Tanh), fine: 1e-3},
		{name: "Mul/gradient/float16", in: []operand{differ(halves(1, 3, 4).array), differ(halves(2, 4).array)}, want: zipped(func(a, b float64) float64 { return a * b }), fine: 2e-3},
		{name: "Sigmoid/gradient/float16", in: []operand{differ(halves(1, 3, 4).array)}, want: unary(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }), fine: 2e-3},
		{name: "Max/float16", in: []operand{halves(1, 3, 4), halves(2, 4)}, want: zipped(math.Max), fine: 1e-9},
	}
	out[2].want = unary(func(x float64) float64 { return x })
	return out
}

// wrap is what is left of an integer in the given type.
func wrap(dt abi.DType, v float64) float64 {
	switch i := int64(v); dt {
	case abi.Int32:
		return float64(int32(i))
	case abi.Int8:
		return float64(int8(i))
	case abi.Uint8:
		return float64(uint8(i))
	default:
		return float64(i)
	}
}

func integerCases() []opCase {
	var out []opCase
	for _, dt := range []abi.DType{abi.Int64, abi.Int32, abi.Int8, abi.Uint8} {
		a := []float64{7, -7, 7, -7, 100, 0, -128, 127, 5, 5}
		b := []float64{3, 3, -3, -3, 0, 5, -1, 2, 5, 0}
		if dt == abi.Uint8 {
			a, b = []float64{7, 255, 0, 200, 100, 9}, []float64{3, 2, 5, 100, 0, 9}
		}
		n := int64(len(a))
		in := []operand{plain(array{dt, ints(2, n), slices.Concat(a, a)}), plain(array{dt, ints(n), b})}
		wrapped := func(f func(a, b float64) float64) func([]array) array {
			return zipped(func(a, b float64) float64 { return wrap(dt, f(a, b)) })
		}
		by := func(zero bool, f func(a, b float64) float64) func(a, b float64) float64 {
			return func(a, b float64) float64 {
				if b == 0 && zero {
					return 0
				}
				return f(a, b)
			}
		}
		for _, c := range []struct {
			name string
			f    func(a, b float64) float64
		}{
			{"Add", func(a, b float64) float64 { return a + b }},
			{"Sub", func(a, b float64) float64 { return a - b }},
			{"Mul", func(a, b float64) float64 { return a * b }},
			{"Div", by(true, func(a, b float64) float64 { return math.Trunc(a / b) })},
			{"Mod", by(true, func(a, b float64) float64 { return a - b*math.Floor(a/b) })},
			{"Max", math.Max},
			{"Min", math.Min},
			{"BitwiseAnd", func(a, b float64) float64 { return float64(int64(a) & int64(b)) }},
			{"BitwiseOr", func(a, b float64) float64 { return float64(int64(a) | int64(b)) }},
			{"BitwiseXor", func(a, b float64) float64 { return float64(int64(a) ^ int64(b)) }},
		} {
			out = append(out, opCase{name: c.name + "/" + dt.String(), in: in, want: wrapped(c.f)})
		}
		out = append(out,
			opCase{name: "Mod/fmod/" + dt.String(), attrs: attrs("fmod", 1), in: in, want: wrapped(by(true, math.Mod))},
			opCase{name: "Abs/" + dt.String(), in: in[:1], want: unary(func(x float64) float64 { return wrap(dt, math.Abs(x)) })},
			opCase{name: "Sign/" + dt.String(), in: in[:1], want: unary(func(x float64) float64 {
				if x == 0 {
					return 0
				}
				return math.Copysign(1, x)
			})},
			opCase{name: "BitwiseNot/" + dt.String(), in: in[:1], want: unary(func(x float64) float64 { return wrap(dt, -x-1) })})
		if dt != abi.Uint8 {
			out = append(out,
				opCase{name: "Neg/" + dt.String(), in: in[:1], want: unary(func(x float64) float64 { return wrap(dt, -x) })},
				opCase{name: "Relu/" + dt.String(), in: in[:1], want: unary(func(x float64) float64 { return math.Max(x, 0) })})
		}
	}
	bytes := func(v ...float64) operand { return plain(array{abi.Uint8, ints(int64(len(v))), v}) }
	return append(out,
		opCase{name: "BitShift/left", attrs: attrs("direction", "LEFT"), in: []operand{bytes(1, 3, 200, 255), bytes(0, 2, 1, 9)}, want: zipped(func(a, b float64) float64 { return math.Mod(a*math.Pow(2, b), 256) })},
		opCase{name: "BitShift/right", attrs: attrs("direction", "RIGHT"), in: []operand{bytes(1, 3, 200, 255), bytes(0, 1, 3, 9)}, want: zipped(func(a, b float64) float64 { return math.Floor(a / math.Pow(2, b)) })})
}

func logicCases() []opCase {
	truth := func(shape []int64, v ...float64) operand { return plain(array{abi.Bool, shape, v}) }
	yes, no := truth(ints(2, 2), 0, 1, 0, 1), truth(ints(2, 1), 0, 1)
	relations := []struct {
		name string
		f    func(a, b float64) bool
	}{
		{"Equal", func(a, b float64) bool { return a == b }},
		{"Greater", func(a, b float64) bool { return a > b }},
		{"GreaterOrEqual", func(a, b float64) bool { return a >= b }},
		{"Less", func(a, b float64) bool { return a < b }},
		{"LessOrEqual", func(a, b float64) bool { return a <= b }},
	}
	is := func(f func(x float64) bool) func([]array) array {
		return func(in []array) array {
			return comparison(func(a, _ float64) bool { return f(a) })([]array{in[0], in[0]})
		}
	}
	out := []opCase{
		{name: "And", in: []operand{yes, no}, want: comparison(func(a, b float64) bool { return a+b == 2 })},
		{name: "Or", in: []operand{yes, no}, want: comparison(func(a, b float64) bool { return a+b > 0 })},
		{name: "Xor", in: []operand{yes, no}, want: comparison(func(a, b float64) bool { return a+b == 1 })},
		{name: "Not", in: []operand{yes}, want: is(func(a float64) bool { return a == 0 })},
		{name: "IsNaN", in: []operand{odd()}, want: is(func(a float64) bool { return a != a })},
		{name: "IsInf", in: []operand{odd()}, want: is(func(a float64) bool { return math.Abs(a) > 1e300 })},
		{name: "IsInf/positive", attrs: attrs("detect_negative", 0), in: []operand{odd()}, want: is(func(a float64) bool { return a > 1e300 })},
		{name: "IsInf/negative", attrs: attrs("detect_positive", 0), in: []operand{odd()}, want: is(func(a float64) bool { return a < -1e300 })},
	}
	for _, r := range relations {
		for _, dt := range []abi.DType{abi.Float64, abi.Float32, abi.Float16, abi.Int64, abi.Int32, abi.Int8, abi.Uint8} {
			a, b := []float64{1, 2, 3, 100}, []float64{2, 2, 100, 3}
			switch dt {
			case abi.Int64, abi.Int32, abi.Int8:
				a, b = append(a, -5, 5), append(b, 5, -5)
			case abi.Float32, abi.Float64, abi.Float16:
				a, b = append(a, nan, nan, -inf), append(b, 1, nan, 0)
			}
			s := ints(int64(len(a)))
			out = append(out, opCase{name: r.name + "/" + dt.String(), in: []operand{plain(array{dt, s, a}), plain(array{dt, s, b})}, want: comparison(r.f)})
		}
	}
	for _, dt := range []abi.DType{abi.Float64, abi.Float16, abi.Int32, abi.Int8, abi.Uint8, abi.Bool} {
		a, b := plain(array{dt, ints(2, 1), []float64{1, 0}}), plain(array{dt, ints(2), []float64{0, 1}})
		out = append(out, opCase{name: "Where/" + dt.String(), in: []operand{yes, a, b}, want: choose})
	}
	return out
}

// castCases casts every type to every other.
func castCases() []opCase {
	types := []abi.DType{abi.Float64, abi.Float32, abi.Float16, abi.Int64, abi.Int32, abi.Int8, abi.Uint8, abi.Bool}
	values := map[abi.DType][]float64{
		abi.Int64: {0, 1, -1, 127, 128, -129, 300, 70000, 1 << 40, -1 << 40, 2049},
		abi.Int32: {0, 1, -1, 127, 128, -129, 300, 70000, 2049, 2051},
		abi.Int8:  {0, 1, -1, 127, -128},
		abi.Uint8: {0, 1, 127, 128, 255},
		abi.Bool:  {0, 1},
	}
	real := []float64{0, 1, -1, 0.5, -0.5, 1.9, -1.9, 127.5, -130, 255.9, 300, 2049, 2051, 65519, 65520, 7e4, 1e-7, 3e-8, 2.9e-8, 1e10, -1e10, 1e30, -1e30, nan, inf, -inf}
	var out []opCase
	for _, from := range types {
		v, ok := values[from]
		if !ok {
			v = real
		}
		a := array{from, ints(int64(len(v))), v}
		a = decode(from, a.shape, a.encode())
		for _, to := range types {
			out = append(out, opCase{name: "Cast/" + from.String() + "/" + to.String(), attrs: attrs("to", int(to)), in: []operand{plain(a)}, fine: 1e-300, want: castTo(to)})
		}
	}
	return append(out,
		opCase{name: "CastLike", in: []operand{plain(random(1, 3)), plain(zeros(abi.Int32))}, want: castTo(abi.Int32)},
		opCase{name: "CastLike/gradient", in: []operand{x(1, 3), plain(zeros(abi.Float32))}, want: castTo(abi.Float64)},
		opCase{name: "Cast/through", attrs: attrs("to", int(abi.Float64)), in: []operand{x(1, 5)}, want: castTo(abi.Float64)})
}

// castTo is ONNX's rule: rounded to floats, cut and saturated from floats to
// integers, wrapped among integers.
func castTo(to abi.DType) func([]array) array {
	return func(in []array) array {
		whole := in[0].dt != abi.Float32 && in[0].dt != abi.Float64 && in[0].dt != abi.Float16
		return generate(to, in[0].shape, func(at []int) float64 {
			v := in[0].at(at)
			low, high := 0.0, 255.0
			switch to {
			case abi.Float64:
				return v
			case abi.Float32:
				return single(v)
			case abi.Float16:
				return halfValue(nearestHalf(v))
			case abi.Bool:
				if v != 0 {
					return 1
				}
				return 0
			case abi.Int8:
				low, high = -128, 127
			case abi.Int32:
				low, high = math.MinInt32, math.MaxInt32
			case abi.Int64:
				low, high = math.MinInt64, math.MaxInt64
			}
			if whole {
				return wrap(to, v)
			}
			if v != v {
				return 0
			}
			return math.Min(math.Max(math.Trunc(v), low), high)
		})
	}
}
