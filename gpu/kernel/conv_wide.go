package kernel

// TaskScratch bounds the elements of memory that a task of a convolution or a pool
// takes beside its operands: 4 MiB, whatever the shapes.
const TaskScratch = 1 << 20

// Where a row of positions alone would take a larger slab, or there are more taps
// than that, a convolution is cut into strips of columns, and along the taps as
// well: what a strip of positions reads of some taps is copied, and a product adds
// it up. That is the same chain of multiplications and additions.

// What a strip copies at once, and what a slab of one row may have: others have
// slabElements more at most.
const (
	rowLimit     = TaskScratch - slabElements - 32
	stripColumns = 1 << 10
	stripTaps    = 1 << 8
)

// wide reports whether slabs would take more than TaskScratch.
func (c *Conv) wide() bool {
	if c.pointwise() || c.few() {
		return false
	}
	if c.depthwise() {
		return max(c.rowSlab(1), c.rowCopy()) > rowLimit || c.OH > 1<<14
	}
	return c.rowSlab(c.InC/c.Groups) > rowLimit
}

// rowSlab is how many elements a slab of one row of positions has, with a table of
// its taps. It is a float64 so that no shape overflows it.
func (c *Conv) rowSlab(channels int) float64 {
	taps := float64(channels) * float64(c.KW)
	reach := float64(c.KH-1)*float64(c.Dilation[0]) + 1
	return taps*(reach+float64(c.Stride[0]))*float64(c.OW) + taps*float64(c.KH)
}

// rowCopy is the same of the copy that a depthwise convolution makes.
func (c *Conv) rowCopy() float64 {
	reach := float64(c.KH-1)*float64(c.Dilation[0]) + 1
	return (float64(c.Stride[1])*float64(c.OW) + float64(c.KW)*float64(c.Dilation[1])) * reach
}

// stripCount is how many strips the positions of an image make.
func (c *Conv) stripCount() int { return (c.OH*c.OW + stripColumns - 1) / stripColumns }

// wideTasks is Tasks of a convolution in strips.
func (c *Conv) wideTasks() int { return c.Images * c.Groups * c.stripCount() }

// runWide is Run of a convolution in strips.
func (c *Conv) runWide(task int, y, x, w []float32) {
	gi, gm, all := c.InC/c.Groups, c.OutC/c.Groups, c.OH*c.OW
	lot, first := task/c.stripCount(), task%c.stripCount()*stripColumns // a lot is a group of an image
	m0, k := lot%c.Groups*gm, gi*c.KH*c.KW
	n := min(stripColumns, all-first)
	at := (lot/c.Groups*c.OutC+m0)*all + first
	b := benches.Get().(*bench)
	defer benches.Put(b)
	for k0 := 0; k0 < k; k0 += stripTaps {
		taps := min(stripTaps, k-k0)
		panel := grow(&b.right, stripTaps*stripColumns)
		c.strip(panel, x[lot*gi*c.H*c.W:], k0, taps, first, n)
		p := Product{M: gm, N: n, K: taps, Alpha: 1, A: Matrix{w[m0*k+k0:], k, 1}, B: Matrix{panel, n, 1}, C: y[at:], LDC: all, Add: k0 > 0}
		if k0 == 0 && c.RowBias != nil {
			p.RowBias = c.RowBias[m0:]
		}
		if k0+taps == k {
			p.Act, p.Low, p.High = c.Act, c.Low, c.High
			if c.RowScale != nil {
				p.RowScale, p.RowShift = c.RowScale[m0:], c.RowShift[m0:]
			}
			if c.Residual != nil {
				p.Residual = c.Residual[at:]
			}
		}
		p.Run()
	}
}

// strip copies what n positions from first on read by taps from k0 on: a row of n
// elements a tap.
func (c *Conv) strip(dst, x []float32, k0, taps, first, n int) {
	s := slab{Conv: c}
	for i := range taps {
		k := k0 + i
		plane := x[k/(c.KH*c.KW)*c.H*c.W:][:c.H*c.W]
		row := dst[i*n:][:n]
		for p := first; p < first+n; {
			run := min(c.OW-p%c.OW, first+n-p)
			part := row[p-first:][:run]
			u := p/c.OW*c.Stride[0] + k/c.KW%c.KH*c.Dilation[0] - c.Pad[0]
			if d := max(1, c.Spread[0]); u < 0 || u%d != 0 || u/d >= c.H {
				clear(part)
			} else {
				s.fillRow(part, plane[u/d*c.W:][:c.W], p%c.OW*c.Stride[1]+k%c.KW*c.Dilation[1]-c.Pad[1])
			}
			p += run
		}
	}
}

// wideWeights reports whether slabs of RunWeights would take more than TaskScratch.
// A task has as many channels as half a hundred taps touch.
func (c *Conv) wideWeights() bool {
	return c.rowSlab(min(c.InC/c.Groups, 31/(c.KH*c.KW)+2)) > rowLimit
}

// wideWeightTasks is WeightTasks in strips.
func (c *Conv) wideWeightTasks() int {
	return c.Groups * ((c.InC/c.Groups*c.KH*c.KW + stripTaps - 1) / stripTaps)
}

// runWideWeights is RunWeights in strips.
func (c *Conv) runWideWeights(task int, dw, x, dy []float32) {
	gi, gm, all := c.InC/c.Groups, c.OutC/c.Groups, c.OH*c.OW
	k := gi * c.KH * c.KW
	blocks := (k + stripTaps - 1) / stripTaps
	group, k0 := task/blocks, task%blocks*stripTaps
	taps := min(stripTaps, k-k0)
	b := benches.Get().(*bench)
	defer benches.Put(b)
	panel := grow(&b.right, stripTaps*stripColumns)
	for image := range c.Images {
		lot := image*c.Groups + group
		for first := 0; first < all; first += stripColumns {
			n := min(stripColumns, all-first)
			c.strip(panel, x[lot*gi*c.H*c.W:], k0, taps, first, n)
			p := Product{M: gm, N: taps, K: n, Alpha: 1, A: Matrix{dy[lot*gm*all+first:], all, 1}, B: Matrix{panel, 1, n}, C: dw[group*gm*k+k0:], LDC: k, Add: image+first > 0}
			p.Run()
		}
	}
}

// Wide reports whether a slab, or a table of all taps, would take more than
// TaskScratch, or offsets of taps more than an int32. Then Max and Sum take no
// memory, and MaxPart and SumPart may divide a channel.
func (p *Pool) Wide() bool {
	c := Conv{OW: p.OW, KH: p.KH, KW: p.KW, Stride: p.Stride, Dilation: p.Dilation}
	reach := float64(p.KH)*float64(p.Dilation[0])*float64(p.W) + float64(p.KW)*float64(p.Dilation[1])
	return c.rowSlab(1) > rowLimit || reach > 1<<28
}

// MaxPart is Max of elements [from, to) of a channel of the result.
func (p *Pool) MaxPart(channel, from, to int, y, x []float32) { p.part(channel, from, to, y, x, true) }

// SumPart is Sum of elements [from, to) of a channel of the result.
func (p *Pool) SumPart(channel, from, to int, y, x []float32) { p.part(channel, from, to, y, x, false) }

// part looks at windows where they lie. Padding is left out: it is neither larger
// than anything nor changes a sum.
func (p *Pool) part(channel, first, end int, y, x []float32, largest bool) {
	x = x[channel*p.H*p.W:][:p.H*p.W]
	y = y[channel*p.OH*p.OW:][:p.OH*p.OW]
	for o := first; o < end; o++ {
		top, left := o/p.OW*p.Stride[0]-p.Pad[0], o%p.OW*p.Stride[1]-p.Pad[1]
		from, to := inside(left, p.Dilation[1], p.KW, p.W)
		low, high := inside(top, p.Dilation[0], p.KH, p.H)
		acc, isNaN := float32(0), false
		if largest {
			acc = -inf
		}
		for i := low; i < high; i++ {
			line := x[(top+i*p.Dilation[0])*p.W:][:p.W]
			for j := from; j < to; j++ {
				switch v := line[left+j*p.Dilation[1]]; {
				case !largest:
					acc += v
				case v != v:
					isNaN = true
				case v > acc:
					acc = v
				}
			}
		}
		if isNaN {
			acc = nan
		}
		y[o] = acc
	}
}
