package kernel

// The gradient of the weights of a convolution is a matrix product, too: output
// channels × positions of dy times positions × taps of pixels. Its right operand
// is the transpose of rows of slabs, and is packed by transposing them.

// WeightTasks is into how many tasks RunWeights is divided.
func (c *Conv) WeightTasks() int {
	if c.wideWeights() {
		return c.wideWeightTasks()
	}
	return c.Groups * Panels(c.InC/c.Groups*c.KH*c.KW)
}

// RunWeights computes one task of dw from the images x and dy, which lies like the
// result of the convolution. An element is one chain of fused multiply-adds over
// images, rows and columns of positions, in this order. The epilogue is not used.
func (c *Conv) RunWeights(task int, dw, x, dy []float32) {
	if c.wideWeights() {
		c.runWideWeights(task, dw, x, dy)
		return
	}
	gi, gm, positions := c.InC/c.Groups, c.OutC/c.Groups, c.OH*c.OW
	taps := c.KH * c.KW
	k, w := gi*taps, PanelCols()
	group, first := task/Panels(k), task%Panels(k)*w
	cols := min(w, k-first)
	low := first / taps
	channels := (first+cols-1)/taps + 1 - low
	rows := max(1, min(c.OH, innerBlock/c.OW, slabElements/(channels*c.KW*c.OW*c.Stride[0])))
	b := benches.Get().(*bench)
	defer benches.Put(b)
	packed := grow(&b.panel, innerBlock*w)
	p := Product{M: gm, N: cols, LDC: k, Alpha: 1, C: dw[group*gm*k+first:]}
	started := false
	for image := range c.Images {
		src := x[(image*c.InC+group*gi+low)*c.H*c.W:]
		for y := 0; y < c.OH; y += rows {
			s := c.slab(y, min(rows, c.OH-y), channels)
			s.fill(grow(&b.right, s.len()), src)
			var at [32]int
			for j := range at {
				tap := first + min(j, cols-1)
				at[j] = s.tap(tap/taps-low, tap/c.KW%c.KH, tap%c.KW)
			}
			for q := 0; q < s.rows*c.OW; q += innerBlock {
				p.K = min(innerBlock, s.rows*c.OW-q)
				turn(packed, w, b.right[q:], at[:w], p.K)
				p.A = Matrix{dy[(image*c.OutC+group*gm)*positions+y*c.OW+q:], positions, 1}
				p.Packed, p.Add = packed[:p.K*w], started
				p.Run()
				started = true
			}
		}
	}
}

// turn writes rows of src that start at offsets, k elements each, as columns of
// dst: element p of row j to dst[p*w+j].
func turn(dst []float32, w int, src []float32, at []int, k int) {
	l := lanes()
	whole := 0
	if active != Portable {
		if whole = k / l * l; whole > 0 {
			_ = dst[k*w-1]
			for i := 0; i < len(at); i += l {
				var off [16]int
				for r := range l {
					_ = src[at[i+r]+k-1]
					off[r] = 4 * at[i+r]
				}
				transposeBlocks(&dst[i], 4*w, &src[0], &off, whole/l)
			}
		}
	}
	for p := whole; p < k; p++ {
		row := dst[p*w:][:len(at)]
		for j, a := range at {
			row[j] = src[a+p]
		}
	}
}
