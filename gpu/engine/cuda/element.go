package cuda

import (
	"slices"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// elementRows: element by element.
var elementRows = join(curveRows(), slopeRows(), pairRows, powerRows, integerRows, castRows, quantizeRows, fillRows)

// A source is an operand of which the kernel reads, for each element of the result,
// the one that lies the sum of step[d]·x[d] from its start, with x the coordinates
// of that element.
type source struct {
	operand
	step []int64
	bits bool // as they lie in memory
}

// beside is o broadcast to the result.
func (s *step) beside(o operand) source { return source{o, spread(o.Shape, s.out.Shape), false} }

// Threads of kernels that compute little an element take up to this many bytes of
// an operand at once.
const vector = 16

// zip writes each element of the result as f of one element of each source. Where f
// is short, a thread takes several neighbours.
func (s *step) zip(short bool, in []source, f func(b *body, x []ptx.Value) ptx.Value) {
	if s.capture != nil {
		s.capture.in, s.capture.f = in, f
		return
	}
	w := int64(1)
	if short {
		w = s.lanes(in)
	}
	b := s.body(threads)
	n := s.out.Elements() / w
	i := b.Mul(b.number(n), b.int(w))
	all := make([][]ptx.Value, len(in))
	for k, src := range in {
		all[k] = b.neighbours(src, s.out.Shape, i, w)
	}
	out := make([]ptx.Value, w)
	for l := range out {
		x := make([]ptx.Value, len(in))
		for k := range in {
			x[k] = all[k][l]
		}
		out[l] = f(b, x)
	}
	b.putMany(i, out)
	s.launch(b, (n+threads-1)/threads)
}

// lanes is how many neighbours a thread takes: 4, 2 or 1, so that each source has
// them one after the other, or is the same for all.
func (s *step) lanes(in []source) int64 {
	for _, w := range []int64{4, 2} {
		fits := s.out.Elements()%w == 0 && w*s.out.DType.Size() <= vector
		for _, src := range in {
			fits = fits && src.together(s.out.Shape, w)
		}
		if fits {
			return w
		}
	}
	return 1
}

// together reports whether w neighbours of the result, from a multiple of w on, need
// as many neighbours of the source that can be loaded at once, or one element.
func (src source) together(shape []int64, w int64) bool {
	n, by := collapse(shape, src.step)
	if len(n) == 0 {
		return true
	}
	last := len(n) - 1
	if n[last]%w != 0 || by[last] > 1 || by[last] < 0 || by[last] == 1 && src.expr == nil && w*src.DType.Size() > vector {
		return false
	}
	for _, outer := range by[:last] {
		if by[last] == 1 && outer%w != 0 {
			return false
		}
	}
	if src.expr != nil && by[last] == 1 {
		for _, in := range src.expr.in {
			if !in.together(src.Shape, w) {
				return false
			}
		}
	}
	return true
}

// neighbours are the elements of src that elements i, i+1, … of a tensor of the
// given shape need.
func (b *body) neighbours(src source, shape []int64, i ptx.Value, w int64) []ptx.Value {
	if src.expr != nil {
		return b.computed(src, shape, i, w)
	}
	t := element(src.DType)
	at := func(i ptx.Value) ptx.Value {
		return b.At(b.base(src.arg), b.offset(i, shape, src.step, 0), t.Size())
	}
	out := make([]ptx.Value, 0, w)
	_, by := collapse(shape, src.step)
	switch {
	case !src.together(shape, w):
		for l := range w {
			out = append(out, b.Load(t, ptx.Global, at(b.Add(i, b.int(l))), 0))
		}
	case w > 1 && len(by) > 0 && by[len(by)-1] == 1:
		out = b.LoadMany(t, ptx.Global, at(i), 0, int(w))
	default:
		out = append(out, b.Load(t, ptx.Global, at(i), 0))
	}
	if !src.bits {
		for l := range out {
			out[l] = b.open(src.operand, out[l])
		}
	}
	for int64(len(out)) < w {
		out = append(out, out[0])
	}
	return out
}

// computed are neighbours of what is computed where it is read.
func (b *body) computed(src source, shape []int64, i ptx.Value, w int64) []ptx.Value {
	_, by := collapse(shape, src.step)
	at := func(i ptx.Value) ptx.Value { return b.offset(i, shape, src.step, 0) }
	switch together := src.together(shape, w); {
	case together && len(by) > 0 && by[len(by)-1] == 1:
		return src.expr.at(b, at(i), w)
	case together:
		return slices.Repeat(src.expr.at(b, at(i), 1), int(w))
	}
	var out []ptx.Value
	for l := range w {
		out = append(out, src.expr.at(b, at(b.Add(i, b.int(l))), 1)...)
	}
	return out
}

// put writes v as element i of the result, after what the step does to it last.
func (b *body) put(i, v ptx.Value) { b.putMany(i, []ptx.Value{v}) }

// putMany is put of neighbours: i is a multiple of how many they are, and so is the
// number of elements.
func (b *body) putMany(i ptx.Value, v []ptx.Value) {
	s, w := b.s, int64(len(v))
	if s.norm != nil {
		v = b.normalize(i, v)
	}
	if s.add.there {
		for l, x := range b.neighbours(s.beside(s.add), s.out.Shape, i, w) {
			v[l] = b.Add(v[l], x)
		}
	}
	for l := range v {
		if s.act != nil {
			v[l] = b.settle(s.out, s.act.f(b, []ptx.Value{v[l]}))
		}
		v[l] = b.close(s.out, v[l])
	}
	t := element(s.out.DType)
	to := b.At(b.base(s.out.arg), i, t.Size())
	if w == 1 {
		b.Store(t, ptx.Global, to, 0, v[0])
	} else {
		b.StoreMany(t, ptx.Global, to, 0, v)
	}
}

// normalize is the BatchNormalization of elements i, i+1, … of the result: one
// product and one sum.
func (b *body) normalize(i ptx.Value, v []ptx.Value) []ptx.Value {
	s, w := b.s, int64(len(v))
	channel := make([]int64, len(s.out.Shape))
	channel[1] = 1
	n, by := collapse(s.out.Shape, channel)
	same := len(n) == 0 || by[len(by)-1] == 0 && n[len(n)-1]%w == 0
	out := make([]ptx.Value, w)
	var mul, add ptx.Value
	for l := range out {
		if l == 0 || !same {
			c := b.offset(b.Add(i, b.int(int64(l))), s.out.Shape, channel, 0)
			mul, add = b.normLine(s.line[0], s.line[1], s.line[2], s.line[3], c, s.norm.Attrs.Epsilon)
		}
		out[l] = b.FMA(v[l], mul, add)
	}
	return out
}

// normLine is what normalising channel c multiplies by, and adds.
func (b *body) normLine(scale, bias, mean, variance operand, c ptx.Value, eps float32) (mul, add ptx.Value) {
	wide := func(o operand) ptx.Value { return b.Convert(ptx.F64, b.load(o, c)) }
	std := b.Sqrt(b.Add(wide(variance), f64(float64(eps))))
	m := b.Mul(wide(scale), b.Div(f64(1), std))
	return b.Convert(ptx.F32, m), b.Convert(ptx.F32, b.Sub(wide(bias), b.Mul(wide(mean), m)))
}

// curveRows are the functions of one number. Those that integers have too are in
// integerOnes.
func curveRows() table {
	t := table{}
	for op, c := range curves {
		types := reals
		if integerOnes[op] != nil {
			types = numbers
		}
		t[op] = row{types, func(s *step) {
			if whole(s.in[0].DType) {
				s.zip(true, []source{s.beside(s.in[0])}, func(b *body, x []ptx.Value) ptx.Value { return integerOnes[op](b, x[0]) })
				return
			}
			s.zip(c.short(s.in[0].DType), []source{s.beside(s.in[0])}, func(b *body, x []ptx.Value) ptx.Value { return c.at(b, &s.n.Attrs, x[0]) })
		}}
	}
	return t
}

// singleSlopes lists gradients that package kernel computes in float32: of dy, and of
// what the function gave.
var singleSlopes = map[string]func(b *body, dy, y ptx.Value) ptx.Value{
	"Relu": func(b *body, dy, y ptx.Value) ptx.Value { return b.Select(b.Cmp(y, ptx.GT, f32(0)), dy, f32(0)) },
	"Sigmoid": func(b *body, dy, y ptx.Value) ptx.Value {
		return b.Mul(b.Mul(dy, y), b.Sub(f32(1), y))
	},
	"Tanh": func(b *body, dy, y ptx.Value) ptx.Value { return b.Mul(dy, b.FMA(b.Neg(y), y, f32(1))) },
}

// slopeRows are the gradients of curves: dy times the derivative.
func slopeRows() table {
	t := table{}
	for op, c := range curves {
		if c.slope == nil {
			continue
		}
		t[op+"Grad"] = row{reals, func(s *step) {
			in := []source{s.beside(s.in[0]), s.beside(s.in[1])}
			if f := singleSlopes[op]; f != nil && element(s.out.DType) == ptx.F32 {
				s.zip(true, in, func(b *body, x []ptx.Value) ptx.Value { return f(b, x[0], x[1]) })
				return
			}
			s.zip(false, in, inDouble(func(b *body, x []ptx.Value) ptx.Value { return b.Mul(x[0], c.slope(b, &s.n.Attrs, x[1])) }))
		}}
	}
	return t
}

// inDouble computes f in float64 and rounds to the type of its operands.
func inDouble(f func(b *body, x []ptx.Value) ptx.Value) func(b *body, x []ptx.Value) ptx.Value {
	return func(b *body, x []ptx.Value) ptx.Value {
		wide := make([]ptx.Value, len(x))
		for i := range x {
			wide[i] = b.Convert(ptx.F64, x[i])
		}
		return b.Convert(x[0].Type, f(b, wide))
	}
}
