package kernel

// few reports whether the result has so few positions that tiles would be mostly
// empty: then elements are dot products, which read the weights once, as they lie.
func (c *Conv) few() bool {
	return c.OH*c.OW <= 8 && c.InC/c.Groups*c.KH*c.KW >= 64 && max(c.Spread[0], c.Spread[1]) <= 1 && !c.depthwise() &&
		float64(c.OH*c.OW)*float64(c.InC/c.Groups)*float64(c.KH*c.KW) <= TaskScratch
}

// dotted computes output channels [m0, m0+n) of one group: each element is the Dot
// of weights and pixels, plus the bias.
func (c *Conv) dotted(n, k int, y, x, w []float32, e *Epilogue) {
	b := benches.Get().(*bench)
	defer benches.Put(b)
	positions := c.OH * c.OW
	patches := grow(&b.right, positions*k)
	for p := range positions {
		c.patch(patches[p*k:][:k], x, p)
	}
	Dots(positions, n, k, patches, k, w, k, y, 1, positions)
	for m := range n {
		row := y[m*positions:][:positions]
		for p, v := range row {
			if e.RowBias != nil {
				v += e.RowBias[m]
			}
			if e.RowScale != nil {
				v = fma(v, e.RowScale[m], e.RowShift[m])
			}
			if e.Residual != nil {
				v += e.Residual[m*positions+p]
			}
			row[p] = e.finish(v)
		}
	}
}

// patch copies the pixels that position p reads, in the order of the weights.
func (c *Conv) patch(dst, x []float32, p int) {
	u0, v0 := p/c.OW*c.Stride[0]-c.Pad[0], p%c.OW*c.Stride[1]-c.Pad[1]
	from, to := inside(v0, c.Dilation[1], c.KW, c.W)
	for at := 0; at < len(dst); at += c.KW {
		row := dst[at:][:c.KW]
		i := at / c.KW
		u := u0 + i%c.KH*c.Dilation[0]
		if u < 0 || u >= c.H || from == to {
			clear(row)
			continue
		}
		line := x[(i/c.KH*c.H+u)*c.W:][:c.W]
		clear(row[:from])
		for j := from; j < to; j++ {
			row[j] = line[v0+j*c.Dilation[1]]
		}
		clear(row[to:])
	}
}
