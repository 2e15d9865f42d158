package cuda

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// convRows: convolutions and their gradients, as products of what they gather.
var convRows = table{
	"Conv":      {reals, lowerConv},
	"ConvGradX": {reals, lowerConvGradX},
	"ConvGradW": {reals, lowerConvGradW},
}

// A conv is a convolution from images of c×h×w to images of m×oh×ow.
type conv struct {
	graph.Window
	images, c, h, w, m, oh, ow int64
	kh, kw                     int64
}

func convOf(win graph.Window, x, w, y []int64) conv {
	return conv{Window: win, images: x[0], c: x[1], h: x[2], w: x[3], m: y[1], oh: y[2], ow: y[3], kh: w[2], kw: w[3]}
}

// channels of one group on the side of the input, and of the output.
func (c *conv) in() int64  { return c.c / c.Group }
func (c *conv) out() int64 { return c.m / c.Group }

// signed makes an index one that may be below zero.
func (b *body) signed(v ptx.Value) ptx.Value {
	if v.Type == ptx.U32 {
		return b.Bits(ptx.S32, v)
	}
	return b.Bits(ptx.S64, v)
}

func (b *body) unsigned(v ptx.Value) ptx.Value { return b.Bits(b.ix, v) }

// pixel is what read gives for row y and column x of an image of h×w at base, or
// zero where that lies outside. y and x are signed.
func (b *body) pixel(t ptx.Type, base, y, x ptx.Value, h, w int64, read func(at ptx.Value) ptx.Value) ptx.Value {
	// as unsigned numbers, those below zero are large
	inside := b.And(b.Cmp(b.unsigned(y), ptx.LT, b.int(h)), b.Cmp(b.unsigned(x), ptx.LT, b.int(w)))
	v := b.Var(ptx.Number(t, 0))
	b.If(inside, func() {
		b.Set(v, read(b.Add(base, b.Add(b.Mul(b.unsigned(y), b.int(w)), b.unsigned(x)))))
	})
	return v
}

// tap is where a window that starts at from reads along dimension d.
func (c *conv) tap(b *body, d int, from, k ptx.Value) ptx.Value {
	return b.Add(from, b.Mul(b.signed(k), ptx.Int(from.Type, c.Dilation[d])))
}

// begin is where the window of output o starts along dimension d.
func (c *conv) begin(b *body, d int, o ptx.Value) ptx.Value {
	v := b.signed(o)
	return b.Sub(b.Mul(v, ptx.Int(v.Type, c.Stride[d])), ptx.Int(v.Type, c.Pads[d]))
}

func lowerConv(s *step) {
	p := s.convolution(element(s.out.DType),
		func(b *body, at, _ ptx.Value) ptx.Value { return b.load(s.in[1], at) },
		func(b *body, at ptx.Value) ptx.Value { return b.load(s.in[0], at) })
	c := convOf(s.n.Attrs.Window, s.in[0].Shape, s.in[1].Shape, s.out.Shape)
	weights := matrix{operand: s.in[1], along: 1}
	if p.k%4 == 0 {
		weights.pack = packAlong
	}
	weights.start = func(b *body, group, i ptx.Value) ptx.Value {
		return b.Mul(b.Add(b.Mul(group, b.int(p.m)), i), b.int(p.k))
	}
	p.left = laid(&weights)
	if c.pointwise() {
		p.right = laid(c.pixels(s.in[0]))
	}
	if s.has(2) {
		p.first = func(b *body, group, i ptx.Value) ptx.Value {
			return b.load(s.in[2], b.Add(b.Mul(group, b.int(p.m)), i))
		}
	}
	s.product(p)
}

// pointwise reports whether each pixel of the result is made of the same one.
func (c *conv) pointwise() bool {
	return c.kh == 1 && c.kw == 1 && c.oh == c.h && c.ow == c.w && c.Stride == [2]int64{1, 1} && c.Pads == [4]int64{}
}

// pixels is o, images of the channels of c, as columns of pixels of all of them.
func (c *conv) pixels(o operand) *matrix {
	size := c.h * c.w
	m := &matrix{operand: o, along: size}
	if size%4 == 0 {
		m.pack = packAcross
	}
	channels := o.Shape[1]
	m.start = func(b *body, group, j ptx.Value) ptx.Value {
		image, at := b.Div(j, b.int(size)), b.Rem(j, b.int(size))
		channel := b.Add(b.Mul(image, b.int(channels)), b.Mul(group, b.int(channels/c.Group)))
		return b.Add(b.Mul(channel, b.int(size)), at)
	}
	return m
}

// convolution multiplies the weights by what the windows show, in numbers of type
// t: rows are output channels of a group, columns pixels of all images. weight
// reads a weight of an output channel, pixel an element of the images.
func (s *step) convolution(t ptx.Type, weight func(b *body, at, channel ptx.Value) ptx.Value, pixel func(b *body, at ptx.Value) ptx.Value) product {
	c := convOf(s.n.Attrs.Window, s.in[0].Shape, s.in[1].Shape, s.out.Shape)
	e, _ := productOf(s.n, s.types())
	p := product{extents: e, close: c.oh*c.ow%4 == 0}
	channel := func(b *body, group, i ptx.Value) ptx.Value { return b.Add(b.Mul(group, b.int(p.m)), i) }
	p.left.read = func(b *body, group, i ptx.Value) func(k ptx.Value) ptx.Value {
		m := channel(b, group, i)
		base := b.Mul(m, b.int(p.k))
		return func(k ptx.Value) ptx.Value { return weight(b, b.Add(base, k), m) }
	}
	p.right.read = func(b *body, group, j ptx.Value) func(k ptx.Value) ptx.Value {
		at := b.coordinates(j, []int64{c.images, c.oh, c.ow})
		y0, x0 := c.begin(b, 0, at[1]), c.begin(b, 1, at[2])
		image := b.Add(b.Mul(at[0], b.int(c.c)), b.Mul(group, b.int(c.in())))
		return func(k ptx.Value) ptx.Value {
			tap := b.coordinates(k, []int64{c.in(), c.kh, c.kw})
			base := b.Mul(b.Add(image, tap[0]), b.int(c.h*c.w))
			return b.pixel(t, base, c.tap(b, 0, y0, tap[1]), c.tap(b, 1, x0, tap[2]), c.h, c.w, func(at ptx.Value) ptx.Value { return pixel(b, at) })
		}
	}
	p.done = func(b *body, group, i, j ptx.Value, sums []ptx.Value) {
		image, at := b.Div(j, b.int(c.oh*c.ow)), b.Rem(j, b.int(c.oh*c.ow))
		b.putMany(b.Add(b.Mul(b.Add(b.Mul(image, b.int(c.m)), channel(b, group, i)), b.int(c.oh*c.ow)), at), sums)
	}
	return p
}

// lowerConvGradX takes dy and the weights: rows are input channels of a group,
// columns pixels of the input of all images.
func lowerConvGradX(s *step) {
	dy, w := s.in[0], s.in[1]
	c := convOf(s.n.Attrs.Window, s.out.Shape, w.Shape, dy.Shape)
	e, _ := productOf(s.n, s.types())
	p := product{extents: e, close: c.h*c.w%4 == 0}
	p.left.read = func(b *body, group, i ptx.Value) func(k ptx.Value) ptx.Value {
		return func(k ptx.Value) ptx.Value {
			tap := b.coordinates(k, []int64{c.out(), c.kh * c.kw})
			m := b.Add(b.Mul(group, b.int(c.out())), tap[0])
			return b.load(w, b.Add(b.Mul(b.Add(b.Mul(m, b.int(c.in())), i), b.int(c.kh*c.kw)), tap[1]))
		}
	}
	p.right.read = func(b *body, group, j ptx.Value) func(k ptx.Value) ptx.Value {
		at := b.coordinates(j, []int64{c.images, c.h, c.w})
		image := b.Add(b.Mul(at[0], b.int(c.m)), b.Mul(group, b.int(c.out())))
		var from [2]ptx.Value // y + pad
		for d := range from {
			v := b.signed(at[1+d])
			from[d] = b.Add(v, ptx.Int(v.Type, c.Pads[d]))
		}
		return func(k ptx.Value) ptx.Value {
			tap := b.coordinates(k, []int64{c.out(), c.kh, c.kw})
			base := b.Mul(b.Add(image, tap[0]), b.int(c.oh*c.ow))
			v := b.Var(ptx.Number(p.typ, 0))
			var o [2]ptx.Value
			var exact [2]ptx.Value
			for d := range o {
				t := b.Sub(from[d], b.Mul(b.signed(tap[1+d]), ptx.Int(from[d].Type, c.Dilation[d])))
				stride := ptx.Int(t.Type, c.Stride[d])
				o[d] = b.Div(t, stride)
				exact[d] = b.And(b.Cmp(b.Mul(o[d], stride), ptx.EQ, t), b.Cmp(t, ptx.GE, ptx.Int(t.Type, 0)))
			}
			b.If(b.And(exact[0], exact[1]), func() {
				b.Set(v, b.pixel(p.typ, base, o[0], o[1], c.oh, c.ow, func(at ptx.Value) ptx.Value { return b.load(dy, at) }))
			})
			return v
		}
	}
	if c.pointwise() {
		p.right = laid(c.pixels(dy))
		weights := matrix{operand: w, along: p.m}
		if p.m%4 == 0 {
			weights.pack = packAcross
		}
		weights.start = func(b *body, group, i ptx.Value) ptx.Value {
			return b.Add(b.Mul(group, b.int(p.k*p.m)), i)
		}
		p.left = laid(&weights)
	}
	p.done = func(b *body, group, i, j ptx.Value, sums []ptx.Value) {
		image, at := b.Div(j, b.int(c.h*c.w)), b.Rem(j, b.int(c.h*c.w))
		ch := b.Add(b.Mul(group, b.int(p.m)), i)
		b.putMany(b.Add(b.Mul(b.Add(b.Mul(image, b.int(c.c)), ch), b.int(c.h*c.w)), at), sums)
	}
	s.product(p)
}

// lowerConvGradW takes dy and x: rows are output channels of a group, columns the
// weights of one, and sums go over the pixels of all images.
func lowerConvGradW(s *step) {
	dy, x := s.in[0], s.in[1]
	c := convOf(s.n.Attrs.Window, x.Shape, s.out.Shape, dy.Shape)
	e, _ := productOf(s.n, s.types())
	p := product{extents: e, close: true}
	p.left.read = func(b *body, group, i ptx.Value) func(k ptx.Value) ptx.Value {
		m := b.Add(b.Mul(group, b.int(p.m)), i)
		return func(k ptx.Value) ptx.Value {
			image, at := b.Div(k, b.int(c.oh*c.ow)), b.Rem(k, b.int(c.oh*c.ow))
			return b.load(dy, b.Add(b.Mul(b.Add(b.Mul(image, b.int(c.m)), m), b.int(c.oh*c.ow)), at))
		}
	}
	p.right.read = func(b *body, group, j ptx.Value) func(k ptx.Value) ptx.Value {
		tap := b.coordinates(j, []int64{c.in(), c.kh, c.kw})
		ch := b.Add(b.Mul(group, b.int(c.in())), tap[0])
		return func(k ptx.Value) ptx.Value {
			at := b.coordinates(k, []int64{c.images, c.oh, c.ow})
			base := b.Mul(b.Add(b.Mul(at[0], b.int(c.c)), ch), b.int(c.h*c.w))
			y, z := c.tap(b, 0, c.begin(b, 0, at[1]), tap[1]), c.tap(b, 1, c.begin(b, 1, at[2]), tap[2])
			return b.pixel(p.typ, base, y, z, c.h, c.w, func(at ptx.Value) ptx.Value { return b.load(x, at) })
		}
	}
	p.done = func(b *body, group, i, j ptx.Value, sums []ptx.Value) {
		b.putMany(b.Add(b.Mul(b.Add(b.Mul(group, b.int(p.m)), i), b.int(p.n)), j), sums)
	}
	s.product(p)
}
