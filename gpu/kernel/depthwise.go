package kernel

import "math"

// depthFast convolves one channel as depth does, in assembly, where that has what
// the convolution needs. The image is copied with its padding around it, once for
// each column that a stride skips, so that neighbouring positions lie side by side.
func (c *Conv) depthFast(b *bench, y, x, filter []float32, e *Epilogue) bool {
	if active == Portable || e.Residual != nil || e.Act == Leaky || max(c.Spread[0], c.Spread[1]) > 1 {
		return false
	}
	numbers := [5]float32{0, 1, float32(math.Copysign(0, -1)), -inf, inf} // bias, scale, shift, low and high: none
	if e.RowBias != nil {
		numbers[0] = e.RowBias[0]
	}
	if e.RowScale != nil {
		numbers[1], numbers[2] = e.RowScale[0], e.RowShift[0]
	}
	if e.Act == Clamp {
		numbers[3], numbers[4] = e.Low, e.High
	}
	step := c.Stride[1]
	nine := c.KH == 3 && c.KW == 3 && c.Stride == [2]int{1, 1} && c.Dilation == [2]int{1, 1}
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
				b.offsets[i*c.KW+j] = int32(4 * (at + i*c.Dilation[0]*width))
			}
		}
		depthwiseRows(y[first*c.OW:][:n*c.OW], c.OW, b.right, c.Stride[0]*width, b.offsets, filter, n, nine, &numbers)
	}
	return true
}
