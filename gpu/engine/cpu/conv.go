package cpu

import "github.com/cloister-ai/cloister/gpu/graph"

// A convolution is a matrix product whose right operand, the patches of the
// image, is never made: its panels are gathered while they are packed.

// A plane is how positions of one image reach into a source image. The source is
// first laid out so that every tap of every position is inside: with padding
// around it, and zeros between its pixels where the convolution runs backward.
// Tap (i, j) of position (y, x) is then pixel (y·mul+i·dil, x·mul+j·dil) of it,
// with the taps counted from the other end where it runs backward.
type plane struct {
	h, w     int // source
	lh, lw   int // laid out
	ph, pw   int // positions
	kh, kw   int // taps
	mul, dil [2]int
	div      [2]int // laid out pixel u is source pixel (u+shift)/div, where that is whole
	shift    [2]int
	flip     bool
}

// forward reaches from outputs of a convolution to its inputs.
func forward(w graph.Window, x, y []int64) plane {
	p := plane{h: int(x[2]), w: int(x[3]), ph: int(y[2]), pw: int(y[3]), kh: int(w.Kernel[0]), kw: int(w.Kernel[1]), div: [2]int{1, 1}}
	for d := range 2 {
		p.mul[d], p.dil[d], p.shift[d] = int(w.Stride[d]), int(w.Dilation[d]), -int(w.Pads[d])
	}
	p.lh = (p.ph-1)*p.mul[0] + (p.kh-1)*p.dil[0] + 1
	p.lw = (p.pw-1)*p.mul[1] + (p.kw-1)*p.dil[1] + 1
	return p
}

// backward reaches from inputs of a convolution to its outputs.
func backward(w graph.Window, x, y []int64) plane {
	p := plane{h: int(y[2]), w: int(y[3]), ph: int(x[2]), pw: int(x[3]), kh: int(w.Kernel[0]), kw: int(w.Kernel[1]), mul: [2]int{1, 1}, flip: true}
	taps := [2]int{p.kh, p.kw}
	for d := range 2 {
		p.div[d], p.dil[d] = int(w.Stride[d]), int(w.Dilation[d])
		p.shift[d] = int(w.Pads[d]) - (taps[d]-1)*p.dil[d]
	}
	p.lh, p.lw = p.ph+(p.kh-1)*p.dil[0], p.pw+(p.kw-1)*p.dil[1]
	return p
}

// direct reports whether the source is laid out already.
func (p *plane) direct() bool {
	return p.div == [2]int{1, 1} && p.shift == [2]int{} && p.lh == p.h && p.lw == p.w
}

// layOut is the stage that lays out n channels from src in dst.
func (p *plane) layOut(n int, src, dst func() []float32) stage {
	return stage{n, func(_, c int) {
		s, d := src()[c*p.h*p.w:][:p.h*p.w], dst()[c*p.lh*p.lw:][:p.lh*p.lw]
		clear(d)
		for u := range p.lh {
			y := u + p.shift[0]
			if y < 0 || y%p.div[0] != 0 || y/p.div[0] >= p.h {
				continue
			}
			line, row := s[y/p.div[0]*p.w:][:p.w], d[u*p.lw:][:p.lw]
			if p.div[1] == 1 {
				from, to := max(0, -p.shift[1]), min(p.lw, p.w-p.shift[1])
				if from < to {
					copy(row[from:to], line[from+p.shift[1]:])
				}
				continue
			}
			for x, v := range line {
				if at := x*p.div[1] - p.shift[1]; at >= 0 && at < p.lw {
					row[at] = v
				}
			}
		}
	}}
}

// tap is where tap t of channel c lies, from where a position lies.
func (p *plane) tap(c, t int) int {
	i, j := t/p.kw, t%p.kw
	if p.flip {
		i, j = p.kh-1-i, p.kw-1-j
	}
	return (c*p.lh+i*p.dil[0])*p.lw + j*p.dil[1]
}

// at is where position k lies.
func (p *plane) at(k int) int { return k/p.pw*p.mul[0]*p.lw + k%p.pw*p.mul[1] }

// packPatches packs rows [k0, k0+k) of the patch matrix, which has a row for each
// channel and tap and a column for each position, for n positions from first on.
func (p *plane) packPatches(dst, src []float32, k0, k, first, n int) {
	taps := p.kh * p.kw
	for j := range panels(n) {
		panel := dst[j*k*nr:][:k*nr]
		cols := min(nr, n-j*nr)
		var at [nr]int
		for t := range cols {
			at[t] = p.at(first + j*nr + t)
		}
		for t := cols; t < nr; t++ {
			at[t] = at[0] // any pixel: the column is not used
		}
		run := at[nr-1]-at[0] == nr-1 && cols == nr && p.mul[1] == 1
		c, tap := k0/taps, k0%taps
		for r := range k {
			from := src[p.tap(c, tap):]
			if run {
				*(*[nr]float32)(panel[r*nr:]) = [nr]float32(from[at[0]:])
			} else {
				gather((*[nr]float32)(panel[r*nr:]), from, &at)
			}
			if tap++; tap == taps {
				c, tap = c+1, 0
			}
		}
	}
}

// packTransposed packs the columns [nr*j, nr*j+nr) of the transposed patch
// matrix, which has a row for each position, for n positions from first on.
func (p *plane) packTransposed(dst, src []float32, j, channels, first, n int) {
	taps := p.kh * p.kw
	var at [nr]int
	for t := range at {
		k := min(j*nr+t, channels*taps-1) // beyond the last any pixel: the column is not used
		at[t] = p.tap(k/taps, k%taps)
	}
	for r := range n {
		gather((*[nr]float32)(dst[r*nr:]), src[p.at(first+r):], &at)
	}
}

func gather(dst *[nr]float32, src []float32, at *[nr]int) {
	for t := range dst {
		dst[t] = src[at[t]]
	}
}

// convolve is y[m] = Σ a[m,k]·patch[k] for each image and group, from a source
// that is laid out: a task is one block of positions of one image and group. finish turns raw rows into results.
func convolve(b *binding, p plane, batch, groups, inC, outC int, weights, source func() []float32, finish func(c []float32, m, ldc, cols int)) stage {
	gi, gm := inC/groups, outC/groups
	positions, k := p.ph*p.pw, gi*p.kh*p.kw
	blocks := (positions + colBlock - 1) / colBlock
	return stage{batch * groups * blocks, func(worker, t int) {
		img, g, at := t/(groups*blocks), t/blocks%groups, t%blocks*colBlock
		n := min(colBlock, positions-at)
		src := source()[(img*inC+g*gi)*p.lh*p.lw:]
		out := b.p.f32(b.out)[(img*outC+g*gm)*positions+at:]
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

// laidOut returns the stage that lays out n channels of x in the scratch, from
// element skip on, and where they lie; no stage where they lie right already.
func laidOut(b *binding, p plane, n int, x arg, skip int) ([]stage, func() []float32) {
	from := func() []float32 { return b.p.f32(x) }
	if p.direct() {
		return nil, from
	}
	to := func() []float32 { return b.p.f32(b.work)[skip:] }
	return []stage{p.layOut(n, from, to)}, to
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
	stages, source := laidOut(b, p, int(x[0]*x[1]), b.in[0], 0)
	return append(stages, convolve(b, p, int(x[0]), int(win.Group), int(x[1]), int(w[0]),
		func() []float32 { return b.p.f32(b.in[1]) }, source, finish))
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
	stages, source := laidOut(b, p, int(dy[0]*dy[1]), b.in[0], groups*gc*gm*taps)
	return append(append(stages, turn), convolve(b, p, int(x[0]), groups, int(w[0]), int(x[1]),
		func() []float32 { return b.p.f32(b.work) }, source, nil))
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
	stages, source := laidOut(b, p, int(x[0]*x[1]), b.in[1], 0)
	return append(stages, stage{groups * np, func(worker, t int) {
		g, j := t/np, t%np
		cols := min(nr, k-j*nr)
		packed := b.p.scratch[worker]
		out := b.p.f32(b.out)[g*gm*k+j*nr:]
		for img := range int(x[0]) {
			src := source()[(img*int(x[1])+g*gc)*p.lh*p.lw:]
			d := b.p.f32(b.in[0])[(img*int(w[0])+g*gm)*positions:]
			for at := 0; at < positions; at += block {
				n := min(block, positions-at)
				p.packTransposed(packed, src, j, gc, at, n)
				multiply(out, k, matrix{d[at:], gm, n, positions, 1}, packed, cols, img > 0 || at > 0)
			}
		}
	}})
}

// workConv is room for a source that must be laid out, and of ConvGradX for the
// weights with channels exchanged.
func workConv(g *graph.Graph, n *graph.Node) int64 {
	first, second := g.At(n.In[0]), g.At(n.In[1])
	var p plane
	channels, extra := first.Shape[0]*first.Shape[1], int64(0)
	switch n.Op {
	case "Conv":
		p = forward(n.Attrs.Window, first.Shape, n.Shape)
	case "ConvGradX":
		p, extra = backward(n.Attrs.Window, n.Shape, first.Shape), second.Bytes()
	default:
		p, channels = forward(n.Attrs.Window, second.Shape, first.Shape), second.Shape[0]*second.Shape[1]
	}
	if p.direct() {
		return extra
	}
	return extra + 4*channels*int64(p.lh)*int64(p.lw)
}
