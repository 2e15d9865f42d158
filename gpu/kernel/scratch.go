package kernel

// MaxScratch bounds the elements of memory that a task may take beside its
// operands: offsets into it are int32 bytes.
const MaxScratch = 1 << 26

// Scratch is how many elements of memory one task of Run takes beside its
// operands; one above MaxScratch must not be run. It is a float64 so that no
// shape overflows it.
func (c *Conv) Scratch() float64 {
	switch {
	case c.depthwise():
		return max(c.held(c.OH, 1), float64(c.KH*c.KW))
	case c.few():
		return float64(c.OH*c.OW) * float64(c.InC/c.Groups) * float64(c.KH) * float64(c.KW)
	case c.pointwise():
		return 0
	}
	return c.held(c.blockRows(), c.InC/c.Groups)
}

// PairScratch is Scratch of RunPairs.
func (c *Conv) PairScratch() float64 {
	d := c.paired()
	if d.inPlace() {
		return 0
	}
	return d.held(d.blockRows(), d.InC/d.Groups)
}

// WeightScratch is Scratch of RunWeights.
func (c *Conv) WeightScratch() float64 {
	gi, taps := c.InC/c.Groups, c.KH*c.KW
	return c.held(c.OH, min(gi, (PanelCols()-1)/taps+2))
}

// Scratch is how many elements of memory a channel takes beside its operands, or
// how far a window reaches, if that is more.
func (p *Pool) Scratch() float64 {
	c := Conv{OH: p.OH, OW: p.OW, KH: p.KH, KW: p.KW, Stride: p.Stride, Dilation: p.Dilation}
	reach := float64(p.KH)*float64(p.Dilation[0])*float64(p.W) + float64(p.KW)*float64(p.Dilation[1])
	return max(c.held(p.OH, 1), reach)
}

// held is the size of the copy of so many channels, which has as many rows as
// slabElements hold, at most rows, and one at least.
func (c *Conv) held(rows, channels int) float64 {
	stride, dilation := float64(c.Stride[0]), float64(c.Dilation[0])
	one := float64(channels) * float64(c.KW) * (float64(c.OW) + float64(c.KW)*float64(c.Dilation[1]))
	fit := max(1, min(float64(rows), slabElements/(one*stride)))
	return one*(stride*fit+float64(c.KH-1)*dilation) + 32
}
