package kernel

import "unsafe"

// A convolution of 8-bit integers is one of pairs: an element is two channels of a
// pixel, less their zero point, as int16, and so are two weights; the products of
// both are added up in int32. Elements are then as long as float32, so that a slab
// of them is filled and read in the same way. Sums wrap around, so no order of
// adding up matters.

// pair is two int16 as one element.
func pair(low, high int16) uint32 { return uint32(uint16(low)) | uint32(uint16(high))<<16 }

// singles are pairs as elements that slabs copy: nothing is computed with them.
func singles(pairs []uint32) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(pairs))), len(pairs))
}

// paired is c with half the channels, rounded up, and nothing but its geometry.
func (c *Conv) paired() Conv {
	d := *c
	d.InC = c.Groups * ((c.InC/c.Groups + 1) / 2)
	d.Spread, d.Epilogue = [2]int{}, Epilogue{}
	return d
}

// PixelPairs is how many elements the pairs of all images take; the last are read
// in whole vectors.
func (c *Conv) PixelPairs() int {
	d := c.paired()
	return d.Images*d.InC*d.H*d.W + 32
}

// WeightPairs is how many elements the pairs of all weights take.
func (c *Conv) WeightPairs() int { return c.OutC * c.pairRow() }

// pairRow is how many pairs the weights of an output channel are.
func (c *Conv) pairRow() int {
	d := c.paired()
	return d.InC / d.Groups * d.KH * d.KW
}

// PairPixels writes a plane of pairs, of which there are as many as PixelPlanes.
func PairPixels[T int8 | uint8](c *Conv, plane int, dst []uint32, x []T, zero int16) {
	size, channels := c.H*c.W, c.InC/c.Groups
	pairs := (channels + 1) / 2
	first := plane/pairs*channels + plane%pairs*2
	dst = dst[plane*size:][:size]
	low := x[first*size:][:size]
	if plane%pairs*2+1 == channels {
		for i, v := range low {
			dst[i] = pair(int16(v)-zero, 0)
		}
		return
	}
	high := x[(first+1)*size:][:size]
	for i, v := range low {
		dst[i] = pair(int16(v)-zero, int16(high[i])-zero)
	}
}

// PixelPlanes is how many planes of pairs all images have.
func (c *Conv) PixelPlanes() int {
	d := c.paired()
	return d.Images * d.InC
}

// PairWeights writes the weights of an output channel as pairs.
func PairWeights[T int8 | uint8](c *Conv, channel int, dst []uint32, w []T, zero int16) {
	channels, taps := c.InC/c.Groups, c.KH*c.KW
	dst = dst[channel*c.pairRow():][:c.pairRow()]
	w = w[channel*channels*taps:][:channels*taps]
	for ; len(w) > taps; w, dst = w[2*taps:], dst[taps:] {
		high := w[taps:][:taps]
		to := dst[:len(high)]
		for i, v := range w[:len(high)] {
			to[i] = pair(int16(v)-zero, int16(high[i])-zero)
		}
	}
	for i, v := range w {
		dst[i] = pair(int16(v)-zero, 0)
	}
}

// splitPairs is how a convolution of pairs is divided: blocks of rows, and blocks
// of output channels where rows alone give few tasks.
func (c *Conv) splitPairs() (rows, blocks, channels, parts int) {
	rows = c.blockRows()
	blocks = (c.OH + rows - 1) / rows
	gm, parts := c.OutC/c.Groups, 1
	if n := c.Images * c.Groups * blocks; n < 4 && gm >= 56 {
		parts = min((4+n-1)/n, gm/28)
	}
	channels = (gm + parts - 1) / parts
	return rows, blocks, channels, (gm + channels - 1) / channels
}

// inPlace reports whether pairs of pixels are read where they lie.
func (c *Conv) inPlace() bool {
	return c.pointwise() && c.InC/c.Groups*c.H*c.W < 1<<28 // offsets are int32
}

// PairTasks is into how many independent tasks RunPairs is divided.
func (c *Conv) PairTasks() int {
	d := c.paired()
	if d.widePairs() {
		return d.wideTasks()
	}
	_, blocks, _, parts := d.splitPairs()
	return d.Images * d.Groups * blocks * parts
}

// RunPairs computes one task of y from pairs of pixels and of weights. It looks at
// neither the spread nor the epilogue of c.
func (c *Conv) RunPairs(task int, y []int32, x, w []uint32) {
	d := c.paired()
	src := singles(x)
	if d.widePairs() {
		d.runWidePairs(task, y, src, w)
		return
	}
	rows, blocks, channels, parts := d.splitPairs()
	gi, gm, plane := d.InC/d.Groups, d.OutC/d.Groups, d.H*d.W
	part, block, lot := task%parts, task/parts%blocks, task/(parts*blocks) // a lot is a group of an image
	first, m0 := block*rows, lot%d.Groups*gm+part*channels
	rows, channels = min(rows, d.OH-first), min(channels, gm-part*channels)
	k := gi * d.KH * d.KW

	b := benches.Get().(*bench)
	defer benches.Put(b)
	off := grow(&b.offsets, k)
	src = src[lot*gi*plane:]
	right := src[min(first*d.OW, plane):]
	if d.inPlace() {
		for i := range off {
			off[i] = int32(4 * i * plane)
		}
	} else {
		s := d.slab(first, rows, gi)
		right = grow(&b.right, s.len())
		s.fill(right, src)
		for i := range off {
			off[i] = int32(4 * s.tap(i/(d.KH*d.KW), i/d.KW%d.KH, i%d.KW))
		}
	}
	b.multiply(channels, rows*d.OW, k, w[m0*k:], k, y[(lot/d.Groups*d.OutC+m0)*d.OH*d.OW+first*d.OW:], d.OH*d.OW, right, false)
	b.tile = tile{}
}

// widePairs is wide of pairs.
func (c *Conv) widePairs() bool { return !c.inPlace() && c.rowSlab(c.InC/c.Groups) > rowLimit }

// runWidePairs is RunPairs in strips, of a convolution that is paired.
func (c *Conv) runWidePairs(task int, y []int32, x []float32, w []uint32) {
	gi, gm, all := c.InC/c.Groups, c.OutC/c.Groups, c.OH*c.OW
	lot, first := task/c.stripCount(), task%c.stripCount()*stripColumns
	m0, k := lot%c.Groups*gm, gi*c.KH*c.KW
	n := min(stripColumns, all-first)
	b := benches.Get().(*bench)
	defer benches.Put(b)
	panel := grow(&b.right, stripTaps*stripColumns+32)
	off := grow(&b.offsets, stripTaps)
	for i := range off {
		off[i] = int32(4 * i * n)
	}
	for k0 := 0; k0 < k; k0 += stripTaps {
		taps := min(stripTaps, k-k0)
		c.strip(panel, x[lot*gi*c.H*c.W:], k0, taps, first, n)
		b.multiply(gm, n, taps, w[m0*k+k0:], k, y[(lot/c.Groups*c.OutC+m0)*all+first:], all, panel, k0 > 0)
	}
	b.tile = tile{}
}

// multiply gives n columns of m rows of y, of stride ldy: products of rows of k
// pairs, of stride ldw, with the columns of right, whose rows are at b.offsets.
// With more set they are added to what is there.
func (b *bench) multiply(m, n, k int, w []uint32, ldw int, y []int32, ldy int, right []float32, more bool) {
	_, _ = w[(m-1)*ldw+k-1], y[(m-1)*ldy+n-1]
	lanes, most := pairTiles()
	height := (m + most - 1) / most
	height = (m + height - 1) / height
	blocks := (k + innerBlock - 1) / innerBlock
	inner := (k + blocks - 1) / blocks
	t := &b.tile
	for k0 := 0; k0 < k; k0 += inner {
		*t = tile{k: min(inner, k-k0), ars: 4 * ldw, acs: 4, off: &b.offsets[k0], ldc: 4 * ldy}
		if more || k0 > 0 {
			t.start = fromC
		}
		for i := 0; i < m; i += height {
			t.a = (*float32)(unsafe.Pointer(&w[i*ldw+k0]))
			for j := 0; j < n; j += 2 * lanes {
				t.cols, t.b = min(2*lanes, n-j), &right[j]
				t.c = (*float32)(unsafe.Pointer(&y[i*ldy+j]))
				t.runPairs(min(height, m-i))
			}
		}
	}
}

// portablePairs is the definition of a tile of pairs.
func (t *tile) portablePairs(rows int) {
	for i := range rows {
		c := unsafe.Slice((*int32)(unsafe.Pointer(shift(t.c, i*t.ldc))), t.cols)
		if t.start == fromZero {
			clear(c)
		}
		for p, at := range unsafe.Slice(t.off, t.k) {
			x := *(*uint32)(unsafe.Pointer(shift(t.a, i*t.ars+p*t.acs)))
			low, high := int32(int16(x)), int32(int16(x>>16))
			for j, v := range unsafe.Slice((*uint32)(unsafe.Pointer(shift(t.b, int(at)))), t.cols) {
				c[j] += low*int32(int16(v)) + high*int32(int16(v>>16))
			}
		}
	}
}
