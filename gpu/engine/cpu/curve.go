package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// A curve is a function of one number, and its derivative as a function of what
// the gradient's rule in package graph hands on: the number, or the result of the
// function. Both are definitions in float64; float32 is computed so and rounded.
type curve struct {
	y, slope func(a *graph.Attrs, x float64) float64
}

type function = func(a *graph.Attrs, x float64) float64

// of is a function without attributes.
func of(f func(float64) float64) function {
	return func(_ *graph.Attrs, x float64) float64 { return f(x) }
}

// step is 1 where f holds, and 0 elsewhere.
func step(f func(a *graph.Attrs, x float64) bool) function {
	return func(a *graph.Attrs, x float64) float64 {
		if f(a, x) {
			return 1
		}
		return 0
	}
}

// curves lists the functions of one number. Those without a derivative have one
// made of other operators, or zero.
var curves = map[string]curve{
	"Neg":        {of(func(x float64) float64 { return -x }), nil},
	"Abs":        {of(math.Abs), of(sign)},
	"Sign":       {of(sign), nil},
	"Ceil":       {of(math.Ceil), nil},
	"Floor":      {of(math.Floor), nil},
	"Round":      {of(math.RoundToEven), nil},
	"Exp":        {of(math.Exp), nil},
	"Log":        {of(math.Log), nil},
	"Sqrt":       {of(math.Sqrt), of(func(y float64) float64 { return 0.5 / y })},
	"Reciprocal": {of(func(x float64) float64 { return 1 / x }), of(func(y float64) float64 { return -y * y })},
	"Erf":        {of(math.Erf), of(func(x float64) float64 { return 2 / math.SqrtPi * math.Exp(-x*x) })},

	"Sin":   {of(math.Sin), of(math.Cos)},
	"Cos":   {of(math.Cos), of(func(x float64) float64 { return -math.Sin(x) })},
	"Tan":   {of(math.Tan), of(func(x float64) float64 { t := math.Tan(x); return 1 + float64(t*t) })},
	"Asin":  {of(math.Asin), of(func(x float64) float64 { return 1 / math.Sqrt((1-x)*(1+x)) })},
	"Acos":  {of(math.Acos), of(func(x float64) float64 { return -1 / math.Sqrt((1-x)*(1+x)) })},
	"Atan":  {of(math.Atan), of(func(x float64) float64 { return 1 / (1 + float64(x*x)) })},
	"Sinh":  {of(math.Sinh), of(math.Cosh)},
	"Cosh":  {of(math.Cosh), of(math.Sinh)},
	"Asinh": {of(math.Asinh), of(func(x float64) float64 { return 1 / math.Hypot(x, 1) })},
	"Acosh": {of(math.Acosh), of(func(x float64) float64 { return 1 / math.Sqrt((x-1)*(x+1)) })},
	"Atanh": {of(math.Atanh), of(func(x float64) float64 { return 1 / ((1 - x) * (1 + x)) })},

	"Relu": {of(func(x float64) float64 { return max(x, 0) }), step(func(_ *graph.Attrs, y float64) bool { return y > 0 })},
	"LeakyRelu": {
		func(a *graph.Attrs, x float64) float64 { return below(x, float64(a.Alpha)*x, x) },
		func(a *graph.Attrs, x float64) float64 { return below(x, float64(a.Alpha), 1) },
	},
	"ThresholdedRelu": {
		func(a *graph.Attrs, x float64) float64 {
			if x <= float64(a.Alpha) {
				return 0
			}
			return x
		},
		step(func(a *graph.Attrs, x float64) bool { return x > float64(a.Alpha) }),
	},
	"Elu": {
		func(a *graph.Attrs, x float64) float64 { return below(x, float64(a.Alpha)*math.Expm1(x), x) },
		func(a *graph.Attrs, x float64) float64 { return below(x, float64(a.Alpha)*math.Exp(x), 1) },
	},
	"Celu": {
		func(a *graph.Attrs, x float64) float64 {
			return max(0, x) + min(0, float64(a.Alpha)*math.Expm1(x/float64(a.Alpha)))
		},
		func(a *graph.Attrs, x float64) float64 { return below(x, math.Exp(x/float64(a.Alpha)), 1) },
	},
	"Selu": {
		func(a *graph.Attrs, x float64) float64 {
			return float64(a.Beta) * below(x, float64(a.Alpha)*math.Expm1(x), x)
		},
		func(a *graph.Attrs, x float64) float64 {
			return float64(a.Beta) * below(x, float64(a.Alpha)*math.Exp(x), 1)
		},
	},
	"Shrink": {
		func(a *graph.Attrs, x float64) float64 {
			switch l := float64(a.Alpha); {
			case x < -l:
				return x + float64(a.Beta)
			case x > l:
				return x - float64(a.Beta)
			}
			return 0
		},
		step(func(a *graph.Attrs, x float64) bool { return x < -float64(a.Alpha) || x > float64(a.Alpha) }),
	},
	"Sigmoid": {of(logistic), of(func(y float64) float64 { return y * (1 - y) })},
	"HardSigmoid": {
		func(a *graph.Attrs, x float64) float64 { return unit(float64(float64(a.Alpha)*x) + float64(a.Beta)) },
		func(a *graph.Attrs, x float64) float64 {
			if v := float64(float64(a.Alpha)*x) + float64(a.Beta); v <= 0 || v >= 1 {
				return 0
			}
			return float64(a.Alpha)
		},
	},
	"HardSwish": {of(func(x float64) float64 { return x * unit(x/6+0.5) }), of(hardSwishSlope)},
	"Swish": {
		func(a *graph.Attrs, x float64) float64 { return x * logistic(float64(a.Alpha)*x) },
		func(a *graph.Attrs, x float64) float64 {
			s := logistic(float64(a.Alpha) * x)
			return s + float64(float64(a.Alpha)*x*s*(1-s))
		},
	},
	"Mish":     {of(func(x float64) float64 { return x * math.Tanh(log1pExp(x)) }), of(mishSlope)},
	"Tanh":     {of(math.Tanh), of(func(y float64) float64 { return 1 - float64(y*y) })},
	"Gelu":     {geluOf, geluSlope},
	"Softplus": {of(log1pExp), of(logistic)},
	"Softsign": {of(func(x float64) float64 { return x / (1 + math.Abs(x)) }), of(func(x float64) float64 {
		d := 1 + math.Abs(x)
		return 1 / (d * d)
	})},
}

// sign leaves zero and NaN as they are.
func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

// below is yes where x is under zero.
func below(x, yes, no float64) float64 {
	if x < 0 {
		return yes
	}
	return no
}

// unit clamps x to 0 and 1; NaN stays.
func unit(x float64) float64 { return max(0, min(1, x)) }

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// log1pExp is log(1+eˣ), without overflow for large x.
func log1pExp(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func hardSwishSlope(x float64) float64 {
	switch {
	case x <= -3:
		return 0
	case x >= 3:
		return 1
	}
	return x/3 + 0.5
}

// mishSlope: with t = tanh(log(1+eˣ)), t + x·(1-t²)·σ(x).
func mishSlope(x float64) float64 {
	t := math.Tanh(log1pExp(x))
	return t + float64(x*(1-float64(t*t))*logistic(x))
}

// The tanh form of Gelu is x/2·(1+tanh(√(2/π)(x+0.044715x³))).
const (
	geluInner = 0.7978845608028654 // √(2/π)
	geluCube  = 0.044715
)

func geluOf(a *graph.Attrs, x float64) float64 {
	if a.Tanh {
		return 0.5 * x * (1 + math.Tanh(geluInner*(x+float64(geluCube*x*x*x))))
	}
	return 0.5 * x * (1 + math.Erf(x/math.Sqrt2))
}

func geluSlope(a *graph.Attrs, x float64) float64 {
	if a.Tanh {
		t := math.Tanh(geluInner * (x + float64(geluCube*x*x*x)))
		return 0.5*(1+t) + float64(0.5*x*(1-float64(t*t))*geluInner*(1+float64(3*geluCube*x*x)))
	}
	return 0.5*(1+math.Erf(x/math.Sqrt2)) + float64(x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi))
}

type real interface{ ~float32 | ~float64 }

// bindCurve computes a function of one number by its definition, in float64 and
// rounded once: within 1 ulp.
func bindCurve[T real](b *binding) []stage {
	f, a := curves[b.n.Op].y, &b.n.Attrs
	return spread(b.out.len(), func(from, to int) {
		x, y := view[T](b.p, b.in[0])[from:to], view[T](b.p, b.out)[from:to]
		for i, v := range x {
			y[i] = T(f(a, float64(v)))
		}
	})
}

// bindSlope is the gradient: dy times the derivative. op is the function.
func bindSlope[T real](op string) bind {
	f := curves[op].slope
	return func(b *binding) []stage {
		a := &b.n.Attrs
		return spread(b.out.len(), func(from, to int) {
			dy, x, dx := view[T](b.p, b.in[0])[from:to], view[T](b.p, b.in[1])[from:to], view[T](b.p, b.out)[from:to]
			for i, v := range x {
				dx[i] = T(float64(dy[i]) * f(a, float64(v)))
			}
		})
	}
}
