package cpu

import "github.com/cloister-ai/cloister/gpu/graph"

// A convolution is a matrix product whose right operand, the patches of the
// image, is never made: its panels are gathered while they are packed.

// A plane is how kernel positions of one image reach into a source image: tap
// (i, j) of position (y, x) is source pixel ((y·mul+off)/div), where that is
// whole and inside, with off = base + i·dil; else zero.
type plane struct {
	h, w           int // source
	ph, pw         int // positions
	kh, kw         int // taps
	mul, div       [2]int
	base, dilation [2]int
}

// forward reaches from outputs of a convolution to its inputs.
func forward(w graph.Window, x, y []int64) plane {
	return plane{
		h: int(x[2]), w: int(x[3]), ph: int(y[2]), pw: int(y[3]), kh: int(w.Kernel[0]), kw: int(w.Kernel[1]),
		mul: [2]int{int(w.Stride[0]), int(w.Stride[1])}, div: [2]int{1, 1},
		base:     [2]int{-int(w.Pads[0]), -int(w.Pads[1])},
		dilation: [2]int{int(w.Dilation[0]), int(w.Dilation[1])},
	}
}

// backward reaches from inputs of a convolution to its outputs.
func backward(w graph.Window, x, y []int64) plane {
	return plane{
		h: int(y[2]), w: int(y[3]), ph: int(x[2]), pw: int(x[3]), kh: int(w.Kernel[0]), kw: int(w.Kernel[1]),
		mul: [2]int{1, 1}, div: [2]int{int(w.Stride[0]), int(w.Stride[1])},
		base:     [2]int{int(w.Pads[0]), int(w.Pads[1])},
		dilation: [2]int{-int(w.Dilation[0]), -int(w.Dilation[1])},
	}
}

// source returns the source coordinate of a position and tap along dimension d,
// or -1 outside.
func (p *plane) source(d, pos, tap, size int) int {
	v := pos*p.mul[d] + p.base[d] + tap*p.dilation[d]
	if v < 0 || v%p.div[d] != 0 {
		return -1
	}
	if v /= p.div[d]; v >= size {
		return -1
	}
	return v
}

// row writes tap column j of n neighbouring positions from x0 on to dst, at every
// step-th element. src is the source row, nil for zeros.
func (p *plane) row(dst []float32, step int, src []float32, x0, n, j int) {
	if src == nil {
		for t := range n {
			dst[t*step] = 0
		}
		return
	}
	if p.mul[1] == 1 && p.div[1] == 1 {
		from := x0 + p.base[1] + j*p.dilation[1]
		lo := min(max(-from, 0), n)
		hi := max(min(p.w-from, n), lo)
		for t := range lo {
			dst[t*step] = 0
		}
		switch {
		case lo == hi:
		case step == 1:
			copy(dst[lo:hi], src[from+lo:])
		default:
			for t, v := range src[from+lo : from+hi] {
				dst[(lo+t)*step] = v
			}
		}
		for t := hi; t < n; t++ {
			dst[t*step] = 0
		}
		return
	}
	for t := range n {
		v := float32(0)
		if x := p.source(1, x0+t, j, p.w); x >= 0 {
			v = src[x]
		}
		dst[t*step] = v
	}
}

// line returns the source row of tap (c, i) at position row y, or nil.
func (p *plane) line(src []float32, c, i, y int) []float32 {
	s := p.source(0, y, i, p.h)
	if s < 0 {
		return nil
	}
	return src[(c*p.h+s)*p.w:][:p.w]
}

// packPatches packs rows [k0, k0+k) of the patch matrix, which has a row for each
// channel and tap and a column for each position, for n positions from at on.
func (p *plane) packPatches(dst, src []float32, k0, k, at, n int) {
	taps := p.kh * p.kw
	for j := range panels(n) {
		panel := dst[j*k*nr:][:k*nr]
		first, cols := at+j*nr, min(nr, n-j*nr)
		if cols < nr {
			clear(panel)
		}
		for r := range k {
			c, tap := (k0+r)/taps, (k0+r)%taps
			i, jj := tap/p.kw, tap%p.kw
			y, x := first/p.pw, first%p.pw
			for t := 0; t < cols; {
				run := min(cols-t, p.pw-x)
				p.row(panel[r*nr+t:], 1, p.line(src, c, i, y), x, run, jj)
				t, y, x = t+run, y+1, 0
			}
		}
	}
}

// packTransposed packs the columns [nr*j, nr*j+nr) of the transposed patch
// matrix, which has a row for each position, for n positions from at on.
func (p *plane) packTransposed(dst, src []float32, j, channels, at, n int) {
	taps := p.kh * p.kw
	cols := min(nr, channels*taps-j*nr)
	if cols < nr {
		clear(dst[:n*nr])
	}
	for t := range cols {
		c, tap := (j*nr+t)/taps, (j*nr+t)%taps
		i, jj := tap/p.kw, tap%p.kw
		y, x := at/p.pw, at%p.pw
		for r := 0; r < n; {
			run := min(n-r, p.pw-x)
			p.row(dst[r*nr+t:], nr, p.line(src, c, i, y), x, run, jj)
			r, y, x = r+run, y+1, 0
		}
	}
}

// convolve is y[m] = Σ a[m,k]·patch[k] for each image and group: a task is one
// block of positions of one image and group. finish turns raw rows into results.
func convolve(b *binding, p plane, batch, groups, inC, outC int, weights func() []float32, x, y arg, finish func(c []float32, m, ldc, cols int)) stage {
	gi, gm := inC/groups, outC/groups
	positions, k := p.ph*p.pw, gi*p.kh*p.kw
	blocks := (positions + colBlock - 1) / colBlock
	return stage{batch * groups * blocks, func(worker, t int) {
		img, g, at := t/(groups*blocks), t/blocks%groups, t%blocks*colBlock
		n := min(colBlock, positions-at)
		src := b.p.f32(x)[(img*inC+g*gi)*p.h*p.w:]
		out := b.p.f32(y)[(img*outC+g*gm)*positions+at:]
		w := dense(weights()[g*gm*k:][:gm*k], gm, k, false)
		packed := b.p.scratch[worker]
		for k0 := 0; k0 < k; k0 += kBlock {
			kb := min(kBlock, k-k0)
			p.packPatches(packed, src, k0, kb, at, n)
			part := matrix{w.data[k0:], gm, kb, k, 1}
			multiply(out, positions, part, packed, n, k0 > 0)
		}
		if finish != nil {
			finish(out, g*gm, positions, n)
		}
	}}
}

func bindConv(b *binding) []stage {
	x, w, y := b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape
	win := b.n.Attrs.Window
	p := forward(win, x, y)
	bias := arg{}
	if len(b.in) > 2 {
		bias = b.in[2]
	}
	rows := int(w[0] / win.Group)
	finish := func(c []float32, m, ldc, cols int) {
		for r := range rows {
			row := c[r*ldc:][:cols]
			if bias.has() {
				v := b.p.f32(bias)[m+r]
				for j := range row {
					row[j] += v
				}
			}
			if b.relu {
				relu(row)
			}
		}
	}
	return []stage{convolve(b, p, int(x[0]), int(win.Group), int(x[1]), int(w[0]),
		func() []float32 { return b.p.f32(b.in[1]) }, b.in[0], b.out, finish)}
}

// bindConvGradX convolves dy with the weights, channels exchanged.
func bindConvGradX(b *binding) []stage {
	dy, w, x := b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape
	win := b.n.Attrs.Window
	groups, taps := int(win.Group), int(w[2]*w[3])
	gm, gc := int(w[0])/groups, int(w[1])
	turn := stage{groups * gc, func(_, t int) { // (g, m, c, taps) to (g, c, m, taps)
		src, dst := b.p.f32(b.in[1]), b.p.f32(b.work)
		g, c := t/gc, t%gc
		for m := range gm {
			copy(dst[((g*gc+c)*gm+m)*taps:][:taps], src[((g*gm+m)*gc+c)*taps:])
		}
	}}
	p := backward(win, x, dy)
	return []stage{turn, convolve(b, p, int(x[0]), groups, int(w[0]), int(x[1]),
		func() []float32 { return b.p.f32(b.work) }, b.in[0], b.out, nil)}
}

// bindConvGradW adds up over images and positions, in this order; a task is one
// panel of the weights of one group.
func bindConvGradW(b *binding) []stage {
	dy, x, w := b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape
	win := b.n.Attrs.Window
	p := forward(win, x, dy)
	groups := int(win.Group)
	gm, gc, k := int(w[0])/groups, int(w[1]), int(w[1]*w[2]*w[3])
	positions, np := p.ph*p.pw, panels(k)
	block := kBlock * colBlock / nr // positions that fit in the scratch
	return []stage{{groups * np, func(worker, t int) {
		g, j := t/np, t%np
		cols := min(nr, k-j*nr)
		packed := b.p.scratch[worker]
		out := b.p.f32(b.out)[g*gm*k+j*nr:]
		for img := range int(x[0]) {
			src := b.p.f32(b.in[1])[(img*int(x[1])+g*gc)*p.h*p.w:]
			d := b.p.f32(b.in[0])[(img*int(w[0])+g*gm)*positions:]
			for at := 0; at < positions; at += block {
				n := min(block, positions-at)
				p.packTransposed(packed, src, j, gc, at, n)
				multiply(out, k, matrix{d[at:], gm, n, positions, 1}, packed, cols, img > 0 || at > 0)
			}
		}
	}}}
}

// workConvGradX is room for the weights with channels exchanged.
func workConvGradX(g *graph.Graph, n *graph.Node) int64 { return g.At(n.In[1]).Bytes() }
