package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// A function is of one number, and gives one of its type.
type function = func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value

// A curve is a function of one number, and its derivative as a function of what
// the gradient's rule in package graph hands on: the number, or the result of the
// function. Both are of float64.
type curve struct {
	single   function // of float32; nil: y, rounded
	y, slope function
}

// plain is a function without attributes.
func plain(f func(b *body, x ptx.Value) ptx.Value) function {
	return func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return f(b, x) }
}

// exact is a curve of one operation that rounds to any type in the same way.
func exact(f func(b *body, x ptx.Value) ptx.Value, slope function) *curve {
	return &curve{plain(f), plain(f), slope}
}

// where is 1 where f holds, and 0 elsewhere.
func where(f func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value) function {
	return func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value { return b.Select(f(b, a, x), f64(1), f64(0)) }
}

func alpha(a *graph.Attrs) ptx.Value { return f64(float64(a.Alpha)) }
func beta(a *graph.Attrs) ptx.Value  { return f64(float64(a.Beta)) }

// at is the curve at x, in its type.
func (c *curve) at(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
	if x.Type == ptx.F64 {
		return c.y(b, a, x)
	}
	if c.single != nil {
		return c.single(b, a, x)
	}
	return b.Convert(x.Type, c.y(b, a, b.Convert(ptx.F64, x)))
}

// short reports whether the curve of elements of type dt is a few instructions.
func (c *curve) short(dt abi.DType) bool { return dt == abi.Float32 && c.single != nil }

// curves lists the functions of one number.
var curves = map[string]*curve{
	"Neg":   exact(func(b *body, x ptx.Value) ptx.Value { return b.Neg(x) }, nil),
	"Abs":   exact(func(b *body, x ptx.Value) ptx.Value { return b.Abs(x) }, plain((*body).sign)),
	"Sign":  exact((*body).sign, nil),
	"Ceil":  exact(func(b *body, x ptx.Value) ptx.Value { return b.Round(x, ptx.Up) }, nil),
	"Floor": exact(func(b *body, x ptx.Value) ptx.Value { return b.Round(x, ptx.Down) }, nil),
	"Round": exact(func(b *body, x ptx.Value) ptx.Value { return b.Round(x, ptx.Nearest) }, nil),
	"Exp":   {plain((*body).exp32), plain((*body).exp64), nil},
	"Log":   {plain((*body).log32), plain((*body).log64), nil},
	"Sqrt": exact(func(b *body, x ptx.Value) ptx.Value { return b.Sqrt(x) },
		plain(func(b *body, y ptx.Value) ptx.Value { return b.Div(f64(0.5), y) })),
	"Reciprocal": exact(func(b *body, x ptx.Value) ptx.Value { return b.Div(ptx.Float(x.Type, 1), x) },
		plain(func(b *body, y ptx.Value) ptx.Value { return b.Mul(b.Neg(y), y) })),
	"Erf": {plain((*body).erf32), plain((*body).erf64), plain(func(b *body, x ptx.Value) ptx.Value {
		return b.Mul(f64(2/math.SqrtPi), b.exp64(b.Mul(b.Neg(x), x)))
	})},

	"Sin": {nil, plain((*body).sin64), plain((*body).cos64)},
	"Cos": {nil, plain((*body).cos64), plain(func(b *body, x ptx.Value) ptx.Value { return b.Neg(b.sin64(x)) })},
	"Tan": {nil, plain((*body).tan64), plain(func(b *body, x ptx.Value) ptx.Value {
		t := b.tan64(x)
		return b.Add(f64(1), b.Mul(t, t))
	})},
	"Asin":  {nil, plain((*body).asin64), arcSlope(1)},
	"Acos":  {nil, plain((*body).acos64), arcSlope(-1)},
	"Atan":  {nil, plain((*body).atan64), plain(func(b *body, x ptx.Value) ptx.Value { return b.inverse(b.Add(f64(1), b.Mul(x, x))) })},
	"Sinh":  {nil, plain((*body).sinh64), plain((*body).cosh64)},
	"Cosh":  {nil, plain((*body).cosh64), plain((*body).sinh64)},
	"Asinh": {nil, plain((*body).asinh64), plain(func(b *body, x ptx.Value) ptx.Value { return b.inverse(b.hypot64(x, f64(1))) })},
	"Acosh": {nil, plain((*body).acosh64), plain(func(b *body, x ptx.Value) ptx.Value {
		return b.inverse(b.Sqrt(b.Mul(b.Sub(x, f64(1)), b.Add(x, f64(1)))))
	})},
	"Atanh": {nil, plain((*body).atanh64), plain(func(b *body, x ptx.Value) ptx.Value {
		return b.inverse(b.Mul(b.Sub(f64(1), x), b.Add(f64(1), x)))
	})},

	"Sigmoid":  {plain((*body).sigmoid32), plain((*body).logistic), plain(func(b *body, y ptx.Value) ptx.Value { return b.Mul(y, b.Sub(f64(1), y)) })},
	"Tanh":     {plain((*body).tanh32), plain((*body).tanh64), plain(func(b *body, y ptx.Value) ptx.Value { return b.Sub(f64(1), b.Mul(y, y)) })},
	"Softplus": {nil, plain((*body).softplus), plain((*body).logistic)},
	"Softsign": {nil, plain(func(b *body, x ptx.Value) ptx.Value { return b.Div(x, b.Add(f64(1), b.Abs(x))) }),
		plain(func(b *body, x ptx.Value) ptx.Value {
			d := b.Add(f64(1), b.Abs(x))
			return b.inverse(b.Mul(d, d))
		})},

	"Relu": {
		plain(func(b *body, x ptx.Value) ptx.Value { return b.Select(b.Cmp(x, ptx.LT, f32(0)), f32(0), x) }),
		plain(func(b *body, x ptx.Value) ptx.Value { return b.larger(x, f64(0)) }),
		where(func(b *body, _ *graph.Attrs, y ptx.Value) ptx.Value { return b.Cmp(y, ptx.GT, f64(0)) }),
	},
	"LeakyRelu": {
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value { return b.leaky32(x, f32(a.Alpha)) },
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value { return b.below(x, b.Mul(alpha(a), x), x) },
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value { return b.below(x, alpha(a), f64(1)) },
	},
	"ThresholdedRelu": {
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.Select(b.Cmp(x, ptx.LE, f32(a.Alpha)), f32(0), x)
		},
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.Select(b.Cmp(x, ptx.LE, alpha(a)), f64(0), x)
		},
		where(func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value { return b.Cmp(x, ptx.GT, alpha(a)) }),
	},
	"Elu": {nil,
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.below(x, b.Mul(alpha(a), b.expm64(x)), x)
		},
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.below(x, b.Mul(alpha(a), b.exp64(x)), f64(1))
		},
	},
	"Celu": {nil,
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			low := b.Mul(alpha(a), b.expm64(b.Div(x, alpha(a))))
			return b.Add(b.larger(f64(0), x), b.smaller(f64(0), low))
		},
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.below(x, b.exp64(b.Div(x, alpha(a))), f64(1))
		},
	},
	"Selu": {nil,
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.Mul(beta(a), b.below(x, b.Mul(alpha(a), b.expm64(x)), x))
		},
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.Mul(beta(a), b.below(x, b.Mul(alpha(a), b.exp64(x)), f64(1)))
		},
	},
	"Shrink": {nil,
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			up := b.Select(b.Cmp(x, ptx.GT, alpha(a)), b.Sub(x, beta(a)), f64(0))
			return b.Select(b.Cmp(x, ptx.LT, f64(-float64(a.Alpha))), b.Add(x, beta(a)), up)
		},
		where(func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.Or(b.Cmp(x, ptx.LT, f64(-float64(a.Alpha))), b.Cmp(x, ptx.GT, alpha(a)))
		}),
	},
	"HardSigmoid": {
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value { return b.hardSigmoid32(x, a.Alpha, a.Beta) },
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			return b.unit(b.Add(b.Mul(alpha(a), x), beta(a)))
		},
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			v := b.Add(b.Mul(alpha(a), x), beta(a))
			return b.Select(b.Or(b.Cmp(v, ptx.LE, f64(0)), b.Cmp(v, ptx.GE, f64(1))), f64(0), alpha(a))
		},
	},
	"HardSwish": {
		plain(func(b *body, x ptx.Value) ptx.Value { return b.Mul(x, b.hardSigmoid32(x, 1.0/6, 0.5)) }),
		plain(func(b *body, x ptx.Value) ptx.Value { return b.Mul(x, b.unit(b.Add(b.Div(x, f64(6)), f64(0.5)))) }),
		plain(func(b *body, x ptx.Value) ptx.Value {
			mid := b.Add(b.Div(x, f64(3)), f64(0.5))
			return b.Select(b.Cmp(x, ptx.LE, f64(-3)), f64(0), b.Select(b.Cmp(x, ptx.GE, f64(3)), f64(1), mid))
		}),
	},
	"Swish": {
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			if a.Alpha == 1 {
				return b.silu32(x)
			}
			return b.Mul(x, b.sigmoid32(b.Mul(x, f32(a.Alpha))))
		},
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value { return b.Mul(x, b.logistic(b.Mul(alpha(a), x))) },
		func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
			s := b.logistic(b.Mul(alpha(a), x))
			return b.Add(s, b.Mul(b.Mul(b.Mul(alpha(a), x), s), b.Sub(f64(1), s)))
		},
	},
	"Mish": {
		plain((*body).mish32),
		plain(func(b *body, x ptx.Value) ptx.Value { return b.Mul(x, b.tanh64(b.softplus(x))) }),
		plain(func(b *body, x ptx.Value) ptx.Value {
			t := b.tanh64(b.softplus(x))
			return b.Add(t, b.Mul(b.Mul(x, b.Sub(f64(1), b.Mul(t, t))), b.logistic(x)))
		}),
	},
	"Gelu": {gelu32, gelu64, geluSlope},
}

// arcSlope is s/√(1-x²).
func arcSlope(s float64) function {
	return plain(func(b *body, x ptx.Value) ptx.Value {
		return b.Div(f64(s), b.Sqrt(b.Mul(b.Sub(f64(1), x), b.Add(f64(1), x))))
	})
}

func (b *body) inverse(x ptx.Value) ptx.Value { return b.Div(f64(1), x) }

// sign leaves zero and NaN as they are.
func (b *body) sign(x ptx.Value) ptx.Value {
	num := func(v float64) ptx.Value { return ptx.Number(x.Type, v) }
	low := b.Select(b.Cmp(x, ptx.LT, num(0)), num(-1), x)
	return b.Select(b.Cmp(x, ptx.GT, num(0)), num(1), low)
}

// below is yes where x is under zero.
func (b *body) below(x, yes, no ptx.Value) ptx.Value {
	return b.Select(b.Cmp(x, ptx.LT, ptx.Number(x.Type, 0)), yes, no)
}

// leaky32 is x, or x·s where its sign bit is set, as kernel.LeakyRelu.
func (b *body) leaky32(x, s ptx.Value) ptx.Value {
	return b.Select(b.Cmp(b.Bits(ptx.S32, x), ptx.LT, ptx.Int(ptx.S32, 0)), b.Mul(x, s), x)
}

// larger is the larger of two floats, +0 above -0, and NaN where one is.
func (b *body) larger(x, y ptx.Value) ptx.Value {
	return b.Select(b.Unordered(x, y), ptx.Number(x.Type, math.NaN()), b.Max(x, y))
}

// smaller is larger for the smaller.
func (b *body) smaller(x, y ptx.Value) ptx.Value {
	return b.Select(b.Unordered(x, y), ptx.Number(x.Type, math.NaN()), b.Min(x, y))
}

// unit clamps x to 0 and 1; NaN stays.
func (b *body) unit(x ptx.Value) ptx.Value { return b.larger(f64(0), b.smaller(f64(1), x)) }

// logistic is 1/(1+e⁻ˣ).
func (b *body) logistic(x ptx.Value) ptx.Value {
	return b.inverse(b.Add(f64(1), b.exp64(b.Neg(x))))
}

// softplus is log(1+eˣ), without overflow for large x.
func (b *body) softplus(x ptx.Value) ptx.Value {
	return b.Add(b.larger(x, f64(0)), b.logp64(b.exp64(b.Neg(b.Abs(x)))))
}

// The tanh form of Gelu is x/2·(1+tanh(√(2/π)(x+0.044715x³))).
const (
	geluInner = 0.7978845608028654 // √(2/π)
	geluCube  = 0.044715
)

func gelu32(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
	if a.Tanh {
		return b.Convert(ptx.F32, gelu64(b, a, b.Convert(ptx.F64, x)))
	}
	return b.gelu32(x)
}

func gelu64(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
	return b.Mul(b.Mul(f64(0.5), x), b.Add(f64(1), b.geluInside(a, x)))
}

// geluInside is the tanh or the error function in Gelu.
func (b *body) geluInside(a *graph.Attrs, x ptx.Value) ptx.Value {
	if a.Tanh {
		cube := b.Mul(b.Mul(b.Mul(f64(geluCube), x), x), x)
		return b.tanh64(b.Mul(f64(geluInner), b.Add(x, cube)))
	}
	return b.erf64(b.Div(x, f64(math.Sqrt2)))
}

func geluSlope(b *body, a *graph.Attrs, x ptx.Value) ptx.Value {
	t, half := b.geluInside(a, x), f64(0.5)
	mean := b.Mul(half, b.Add(f64(1), t))
	if a.Tanh {
		d := b.Mul(b.Mul(b.Mul(half, x), b.Sub(f64(1), b.Mul(t, t))), f64(geluInner))
		return b.Add(mean, b.Mul(d, b.Add(f64(1), b.Mul(b.Mul(f64(3*geluCube), x), x))))
	}
	e := b.exp64(b.Div(b.Mul(b.Neg(x), x), f64(2)))
	return b.Add(mean, b.Div(b.Mul(x, e), f64(math.Sqrt(2*math.Pi))))
}
