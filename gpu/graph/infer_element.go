package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

func inferUnary(c *call) (Type, error) { return c.in[0], c.floats(0) }

func inferSame(c *call) (Type, error) { return c.in[0], nil }

// inferNumber is an operator of numbers of any type.
func inferNumber(c *call) (Type, error) { return c.in[0], c.numbers(0) }

// inferSigned is an operator of numbers that may be negative.
func inferSigned(c *call) (Type, error) {
	return c.in[0], c.alike(func(dt abi.DType) bool { return dt != abi.Bool && dt != abi.Uint8 }, "a signed number", []int{0})
}

// inferRelu takes integers since opset 14.
func inferRelu(c *call) (Type, error) {
	if c.g.cfg.Opset < 14 && !c.internal() {
		return inferUnary(c)
	}
	return inferSigned(c)
}

func inferArithmetic(c *call) (Type, error) {
	if err := c.numbers(0, 1); err != nil {
		return Type{}, err
	}
	s, err := broadcast(c.in[0].Shape, c.in[1].Shape)
	return Type{c.in[0].DType, s}, err
}

// inferMod is the remainder with the sign of the divisor, or with fmod of the
// dividend, which alone is for floating-point numbers.
func inferMod(c *call) (Type, error) {
	c.n.Attrs.Truncate = c.attrs.flag("fmod", 0)
	if isFloat(c.in[0].DType) && !c.n.Attrs.Truncate {
		return Type{}, invalid("fmod is 0, want 1 for %v", c.in[0].DType)
	}
	return inferArithmetic(c)
}

// inferBits is an operator on the bits of integers.
func inferBits(c *call) (Type, error) {
	err := c.alike(func(dt abi.DType) bool { return dt != abi.Bool && !isFloat(dt) }, "an integer", []int{0, 1})
	if err != nil || len(c.in) == 1 {
		return c.in[0], err
	}
	s, err := broadcast(c.in[0].Shape, c.in[1].Shape)
	return Type{c.in[0].DType, s}, err
}

func inferShift(c *call) (Type, error) {
	switch d := c.attrs.string("direction", ""); d {
	case "LEFT":
		c.n.Attrs.Left = true
	case "RIGHT":
	default:
		return Type{}, invalid("direction is %q, want LEFT or RIGHT", clip(d))
	}
	if c.in[0].DType != abi.Uint8 {
		return Type{}, invalid("input 0 has type %v, want uint8", c.in[0].DType)
	}
	return inferBits(c)
}

// inferLogic is an operator of booleans.
func inferLogic(c *call) (Type, error) {
	if err := c.alike(func(dt abi.DType) bool { return dt == abi.Bool }, "bool", []int{0, 1}); err != nil || len(c.in) == 1 {
		return c.in[0], err
	}
	s, err := broadcast(c.in[0].Shape, c.in[1].Shape)
	return Type{abi.Bool, s}, err
}

func inferIsNaN(c *call) (Type, error) { return Type{abi.Bool, c.in[0].Shape}, c.floats(0) }

// inferIsInf leaves in Low and High the infinities that count.
func inferIsInf(c *call) (Type, error) {
	if c.attrs.flag("detect_negative", 1) {
		c.n.Attrs.Low = -1
	}
	if c.attrs.flag("detect_positive", 1) {
		c.n.Attrs.High = 1
	}
	return inferIsNaN(c)
}

// inferPow is a power with one exponent, which is known.
func inferPow(c *call) (Type, error) {
	var err error
	c.n.Attrs.Alpha, err = c.scalar(1, 1)
	return c.in[0], err
}

// curveDefaults are the attributes, by default, of the functions of one number
// that have some: first is kept in Alpha, second in Beta.
var curveDefaults = map[string]struct {
	first, second string
	alpha, beta   float32
}{
	"LeakyRelu":       {"alpha", "", 0.01, 0},
	"ThresholdedRelu": {"alpha", "", 1, 0},
	"Elu":             {"alpha", "", 1, 0},
	"Celu":            {"alpha", "", 1, 0},
	"Swish":           {"alpha", "", 1, 0},
	"Selu":            {"alpha", "gamma", 1.67326319217681884765625, 1.05070102214813232421875},
	"HardSigmoid":     {"alpha", "beta", 0.2, 0.5},
	"Shrink":          {"lambd", "bias", 0.5, 0},
}

func inferCurve(c *call) (Type, error) {
	d := curveDefaults[c.n.Op]
	c.n.Attrs.Alpha = c.attrs.float(d.first, d.alpha)
	if d.second != "" {
		c.n.Attrs.Beta = c.attrs.float(d.second, d.beta)
	}
	return c.in[0], c.floats(0)
}

func inferGelu(c *call) (Type, error) {
	switch s := c.attrs.string("approximate", "none"); s {
	case "none":
	case "tanh":
		c.n.Attrs.Tanh = true
	default:
		return Type{}, invalid("approximate is %q, want none or tanh", clip(s))
	}
	return c.in[0], c.floats(0)
}

// inferClip is a Clip of float32 with known bounds.
func inferClip(c *call) (Type, error) {
	low, high := float32(math.Inf(-1)), float32(math.Inf(1))
	if c.g.cfg.Opset < 11 && !c.internal() {
		low, high = c.attrs.float("min", low), c.attrs.float("max", high)
	}
	var err error
	if c.n.Attrs.Low, err = c.scalar(1, low); err != nil {
		return Type{}, err
	}
	c.n.Attrs.High, err = c.scalar(2, high)
	return c.in[0], err
}

func inferPRelu(c *call) (Type, error) {
	if err := c.floats(0, 1); err != nil {
		return Type{}, err
	}
	if s, err := broadcast(c.in[0].Shape, c.in[1].Shape); err != nil || !slices.Equal(s, c.in[0].Shape) {
		return Type{}, invalid("input 1 of shape %v does not broadcast to %v", c.in[1].Shape, c.in[0].Shape)
	}
	return c.in[0], nil
}

func inferCompare(c *call) (Type, error) {
	if c.in[0].DType != c.in[1].DType {
		return Type{}, invalid("types %v and %v differ", c.in[0].DType, c.in[1].DType)
	}
	if c.in[0].DType == abi.Bool && c.n.Op != "Equal" {
		return Type{}, invalid("bool has no order")
	}
	s, err := broadcast(c.in[0].Shape, c.in[1].Shape)
	return Type{abi.Bool, s}, err
}

func inferWhere(c *call) (Type, error) {
	if c.in[0].DType != abi.Bool {
		return Type{}, invalid("input 0 has type %v, want bool", c.in[0].DType)
	}
	if c.in[1].DType != c.in[2].DType {
		return Type{}, invalid("types %v and %v differ", c.in[1].DType, c.in[2].DType)
	}
	s, err := broadcast(c.in[0].Shape, c.in[1].Shape, c.in[2].Shape)
	return Type{c.in[1].DType, s}, err
}

func inferCast(c *call) (Type, error) {
	to := c.attrs.int("to", 0)
	c.attrs.skip("saturate", "round_mode") // of float8, which there is not
	if to <= 0 || to > math.MaxUint8 {
		return Type{}, invalid("to is %d, which is no element type", to)
	}
	return Type{abi.DType(to), c.in[0].Shape}, nil
}

// inferElementGrad is dy, and what the forward operator read or gave: all of one
// type and shape.
func inferElementGrad(c *call) (Type, error) {
	a := &c.n.Attrs
	a.Alpha, a.Beta = c.attrs.float("alpha", 0), c.attrs.float("beta", 0)
	a.Low, a.High = c.attrs.float("low", 0), c.attrs.float("high", 0)
	a.Tanh, a.Axis = c.attrs.flag("tanh", 0), int(c.attrs.int("axis", 0))
	for _, t := range c.in[1:] {
		if !c.in[0].Equal(t) {
			return Type{}, invalid("inputs %v and %v differ", c.in[0], t)
		}
	}
	return c.in[0], c.floats(0)
}

func inferFill(c *call) (Type, error) {
	c.n.Attrs.Alpha = c.attrs.float("value", 0)
	s, _ := c.attrs.ints("shape")
	return Type{abi.DType(c.attrs.int("to", int64(abi.Float32))), slices.Clone(s)}, nil
}
