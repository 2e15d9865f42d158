package kernel

// depthChannels is how many channels of images a task takes.
func (c *Conv) depthChannels() int {
	return max(1, (1<<14)/(c.OH*c.OW))
}

// depth convolves channels [from, to), counted over all images, each with its own
// filter.
func (c *Conv) depth(from, to int, y, x, w []float32) {
	b := benches.Get().(*bench)
	defer benches.Put(b)
	here := c.planDirect(b)
	taps, in, out := c.KH*c.KW, c.H*c.W, c.OH*c.OW
	for i := from; i < to; i++ {
		ch := i % c.Groups
		e := c.Epilogue
		if e.RowBias != nil {
			e.RowBias = e.RowBias[ch:]
		}
		if e.RowScale != nil {
			e.RowScale, e.RowShift = e.RowScale[ch:], e.RowShift[ch:]
		}
		if e.Residual != nil {
			e.Residual = e.Residual[i*out:]
		}
		src, dst, filter := x[i*in:][:in], y[i*out:][:out], w[ch*taps:][:taps]
		switch {
		case here:
			b.strips.numbers = e.numbers()
			b.strips.run(dst, src, filter)
		case active != Portable && c.plainEnds() && max(c.Spread[0], c.Spread[1]) <= 1:
			c.depthCopied(b, dst, src, filter, &e)
		default:
			c.depthProduct(b, dst, src, filter, &e)
		}
	}
}

// plainEnds reports whether assembly does what follows the sums.
func (c *Conv) plainEnds() bool { return c.Residual == nil && c.Act != Leaky }

// numbers are bias, scale, shift, low and high of the first row: where one is not
// there, what changes nothing.
func (e *Epilogue) numbers() [5]float32 {
	n := [5]float32{0, 1, negativeZero, -inf, inf}
	if e.RowBias != nil {
		n[0] = e.RowBias[0]
	}
	if e.RowScale != nil {
		n[1], n[2] = e.RowScale[0], e.RowShift[0]
	}
	if e.Act == Clamp {
		n[3], n[4] = e.Low, e.High
	}
	return n
}

// depthCopied convolves one channel. The image is copied with its padding around
// it, once for each column that a stride skips, so that neighbouring positions lie
// side by side.
func (c *Conv) depthCopied(b *bench, y, x, filter []float32, e *Epilogue) {
	numbers := e.numbers()
	off := grow(&b.offsets, c.KH*c.KW)
	step := c.Stride[1]
	width := c.OW + (c.KW-1)*c.Dilation[1]/step
	plane := Conv{H: c.H, W: c.W, OW: width, KH: 1, KW: step, Stride: [2]int{1, step}, Dilation: [2]int{1, 1}, Pad: c.Pad}
	reach := (c.KH-1)*c.Dilation[0] + 1
	rows := min(c.OH, max(1, (slabElements/(step*width)-reach)/c.Stride[0]))
	for first := 0; first < c.OH; first += rows {
		n := min(rows, c.OH-first)
		s := plane.slab(first*c.Stride[0], (n-1)*c.Stride[0]+reach, 1)
		s.fill(grow(&b.right, s.len()), x)
		for j := range c.KW {
			u := j * c.Dilation[1]
			at := s.tap(0, 0, u%step) + u/step
			for i := range c.KH {
				off[i*c.KW+j] = int32(4 * (at + i*c.Dilation[0]*width))
			}
		}
		depthwiseRows(y[first*c.OW:][:n*c.OW], c.OW, b.right, c.Stride[0]*width, off, filter, n, &numbers)
	}
}

// depthProduct convolves one channel as a product of one row.
func (c *Conv) depthProduct(b *bench, y, x, filter []float32, e *Epilogue) {
	off := grow(&b.offsets, len(filter))
	rows := min(c.OH, max(1, slabElements/(c.KW*c.OW*c.Stride[0])-c.KH*c.Dilation[0]))
	for first := 0; first < c.OH; first += rows {
		s := c.slab(first, min(rows, c.OH-first), 1)
		s.fill(grow(&b.right, s.len()), x)
		for i := range off {
			off[i] = int32(4 * s.tap(0, i/c.KW, i%c.KW))
		}
		p := Product{M: 1, N: s.rows * c.OW, K: len(filter), Alpha: 1, A: Matrix{filter, len(filter), 1}, C: y[first*c.OW:], LDC: len(y), Epilogue: *e}
		if e.Residual != nil {
			p.Residual = e.Residual[first*c.OW:]
		}
		p.gathered(b)
	}
}

// strips are how the channels of a convolution are read where they lie: see the
// assembly.
type strips struct {
	size, stride int
	rows         int // of results in a strip
	count        int
	blocks       int // vectors in a row of results
	width        int // of a row of results
	start        int // bytes
	table        []int64
	masks        []uint16
	numbers      [5]float32
}

// zeroRow is a row of an image that lies outside.
var zeroRow [1 << 12]float32

// planDirect makes the strips of the convolution, where there is assembly for it.
func (c *Conv) planDirect(b *bench) bool {
	k, s := c.KH, c.Stride[0]
	if active != AVX512 || !c.plainEnds() || max(c.Spread[0], c.Spread[1]) > 1 || k != c.KW || k != 3 && k != 5 ||
		s != c.Stride[1] || s > 2 || c.Dilation != [2]int{1, 1} || c.W > len(zeroRow) {
		return false
	}
	t := &b.strips
	t.size, t.stride, t.width, t.start = k, s, c.OW, -4*c.Pad[1]
	t.rows, t.count, t.blocks = 4, (c.OH+3)/4, (c.OW+15)/16
	if c.OH < 4 {
		t.rows, t.count = 1, c.OH
	}
	t.table, t.masks = t.table[:0], t.masks[:0]
	for i := range t.count {
		first := min(i*t.rows, c.OH-t.rows) // the last strip may compute some rows again
		t.table = append(t.table, int64(4*first*c.OW))
		for r := range (t.rows-1)*s + k {
			line := first*s - c.Pad[0] + r
			if line < 0 || line >= c.H {
				t.table = append(t.table, -1)
			} else {
				t.table = append(t.table, int64(4*line*c.W))
			}
		}
	}
	for i := range t.blocks {
		at := i*16*s - c.Pad[1]
		for j := 0; j < k; j += s {
			for v := range s {
				t.masks = append(t.masks, lanesWithin(at+j+16*v, c.W))
			}
		}
		t.masks = append(t.masks, lanesWithin(i*16, c.OW))
	}
	return true
}

// lanesWithin selects those of sixteen elements from at on that are in [0, n).
func lanesWithin(at, n int) uint16 {
	from, to := min(max(-at, 0), 16), min(max(n-at, 0), 16)
	return uint16(1<<to-1) &^ uint16(1<<from-1)
}
