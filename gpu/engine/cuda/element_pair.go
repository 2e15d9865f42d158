package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// A pair is a function of two values of one type.
type pair = func(b *body, x, y ptx.Value) ptx.Value

// pairRows: of two operands, which broadcast, or of one that gives a bool.
var pairRows = table{
	"Add":   {numbers, pairs(func(b *body, x, y ptx.Value) ptx.Value { return b.Add(x, y) }, integerAdd)},
	"Sub":   {numbers, pairs(func(b *body, x, y ptx.Value) ptx.Value { return b.Sub(x, y) }, integerSub)},
	"Mul":   {numbers, pairs(func(b *body, x, y ptx.Value) ptx.Value { return b.Mul(x, y) }, integerMul)},
	"Div":   {numbers, pairs(func(b *body, x, y ptx.Value) ptx.Value { return b.Div(x, y) }, integerDiv)},
	"Max":   {numbers, pairs((*body).larger, func(b *body, x, y ptx.Value) ptx.Value { return b.Max(x, y) })},
	"Min":   {numbers, pairs((*body).smaller, func(b *body, x, y ptx.Value) ptx.Value { return b.Min(x, y) })},
	"Mod":   {numbers, lowerMod},
	"PRelu": {reals, lowerPRelu},

	"Equal":          {numbers | bools, compares(ptx.EQ)},
	"Greater":        {numbers, compares(ptx.GT)},
	"GreaterOrEqual": {numbers, compares(ptx.GE)},
	"Less":           {numbers, compares(ptx.LT)},
	"LessOrEqual":    {numbers, compares(ptx.LE)},
	"IsNaN":          {reals, lowerIsNaN},
	"IsInf":          {reals, lowerIsInf},
	"Where":          {bools, lowerWhere},

	"Clip":     {of(abi.Float32), lowerClip},
	"ClipGrad": {of(abi.Float32), lowerClipGrad},
}

// pairs is the kernel of a function of two operands, with broadcasting: of floats,
// and of integers.
func pairs(real, integer pair) func(*step) {
	return func(s *step) {
		f := real
		if whole(s.in[0].DType) {
			f = integer
		}
		s.pair(true, f)
	}
}

func (s *step) pair(short bool, f pair) {
	s.zip(short, []source{s.beside(s.in[0]), s.beside(s.in[1])}, func(b *body, x []ptx.Value) ptx.Value { return f(b, x[0], x[1]) })
}

func lowerMod(s *step) {
	switch {
	case !whole(s.in[0].DType):
		s.zip(false, []source{s.beside(s.in[0]), s.beside(s.in[1])}, inDouble(func(b *body, x []ptx.Value) ptx.Value { return b.mod64(x[0], x[1]) }))
	case s.n.Attrs.Truncate:
		s.pair(true, integerRem)
	default:
		s.pair(true, integerMod)
	}
}

// lowerPRelu multiplies by the slope where x is under zero; where one slope is for
// neighbours and they are float32, where the sign bit is set, as the kernel does
// that takes them at once.
func lowerPRelu(s *step) {
	f := func(b *body, x, slope ptx.Value) ptx.Value { return b.below(x, b.Mul(slope, x), x) }
	_, by := collapse(s.out.Shape, spread(s.in[1].Shape, s.out.Shape))
	if s.in[0].DType == abi.Float32 && len(by) > 0 && by[len(by)-1] == 0 {
		f = (*body).leaky32
	}
	s.pair(true, f)
}

// compares is a relation. Bools are compared as they lie in memory.
func compares(rel ptx.Relation) func(*step) {
	return func(s *step) {
		x, y := s.beside(s.in[0]), s.beside(s.in[1])
		x.bits, y.bits = true, true
		s.zip(true, []source{x, y}, func(b *body, x []ptx.Value) ptx.Value { return b.Cmp(x[0], rel, x[1]) })
	}
}

func lowerIsNaN(s *step) {
	s.zip(true, []source{s.beside(s.in[0])}, func(b *body, x []ptx.Value) ptx.Value { return b.IsNaN(x[0]) })
}

func lowerIsInf(s *step) {
	low, high := s.n.Attrs.Low != 0, s.n.Attrs.High != 0
	s.zip(true, []source{s.beside(s.in[0])}, func(b *body, x []ptx.Value) ptx.Value {
		is := func(v float64) ptx.Value { return b.Cmp(x[0], ptx.EQ, ptx.Float(x[0].Type, v)) }
		switch {
		case low && high:
			return b.Or(is(math.Inf(-1)), is(math.Inf(1)))
		case low:
			return is(math.Inf(-1))
		case high:
			return is(math.Inf(1))
		}
		return ptx.Int(ptx.U32, 0)
	})
}

func lowerWhere(s *step) {
	var in []source
	for _, o := range s.in {
		src := s.beside(o)
		src.bits = true
		in = append(in, src)
	}
	s.zip(true, in, func(b *body, x []ptx.Value) ptx.Value {
		return b.Select(b.Cmp(x[0], ptx.NE, ptx.Int(ptx.U32, 0)), x[1], x[2])
	})
}

func lowerClip(s *step) {
	s.zip(true, []source{s.beside(s.in[0])}, func(b *body, x []ptx.Value) ptx.Value {
		return b.clamp(x[0], f32(s.n.Attrs.Low), f32(s.n.Attrs.High))
	})
}

func lowerClipGrad(s *step) {
	s.pair(true, func(b *body, dy, x ptx.Value) ptx.Value {
		outside := b.Or(b.Cmp(x, ptx.LT, f32(s.n.Attrs.Low)), b.Cmp(x, ptx.GT, f32(s.n.Attrs.High)))
		return b.Select(outside, f32(0), dy)
	})
}
