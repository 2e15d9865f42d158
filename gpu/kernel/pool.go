package kernel

import "unsafe"

// A Pool is a window of KH×KW that moves over each channel of H×W and gives OH×OW.
type Pool struct {
	Channels int // of all images
	H, W     int
	OH, OW   int
	KH, KW   int
	Stride   [2]int
	Dilation [2]int
	Pad      [2]int // before the first row and column
}

// Max computes the largest element under the window, for one channel. NaN is larger
// than anything; a window over padding alone gives -Inf.
func (p *Pool) Max(channel int, y, x []float32) { p.run(channel, y, x, -inf, true) }

// Sum computes the sum of the elements under the window, row after row, for one
// channel; padding counts as zeros.
func (p *Pool) Sum(channel int, y, x []float32) { p.run(channel, y, x, 0, false) }

func (p *Pool) run(channel int, y, x []float32, pad float32, largest bool) {
	if p.Wide() {
		p.part(channel, 0, p.OH*p.OW, y, x, largest)
		return
	}
	c := Conv{InC: 1, H: p.H, W: p.W, OH: p.OH, OW: p.OW, KH: p.KH, KW: p.KW, Stride: p.Stride, Dilation: p.Dilation, Pad: p.Pad}
	b := benches.Get().(*bench)
	defer benches.Put(b)
	out := y[channel*p.OH*p.OW:][:p.OH*p.OW]
	off := grow(&b.offsets, p.KH*p.KW)
	if largest && p.inside() {
		for i := range off {
			off[i] = int32(4 * (i/p.KW*p.Dilation[0]*p.W + i%p.KW*p.Dilation[1]))
		}
		if windowRows(out, p.OW, x[channel*p.H*p.W:][:p.H*p.W], p.Stride[0]*p.W, off, p.OH, p.Stride[1]) {
			return
		}
	}
	rows := min(p.OH, max(1, slabElements/(p.KW*p.OW*p.Stride[0])-p.KH*p.Dilation[0]))
	for first := 0; first < p.OH; first += rows {
		s := c.slab(first, min(rows, p.OH-first), 1)
		s.padding = pad
		s.fill(grow(&b.right, s.len()), x[channel*p.H*p.W:])
		for i := range off {
			off[i] = int32(4 * s.tap(0, i/p.KW, i%p.KW))
		}
		window(out[first*p.OW:][:s.rows*p.OW], b.right, off, largest)
	}
}

// inside reports whether every window is all inside.
func (p *Pool) inside() bool {
	return p.Pad == [2]int{} && (p.OH-1)*p.Stride[0]+(p.KH-1)*p.Dilation[0] < p.H && (p.OW-1)*p.Stride[1]+(p.KW-1)*p.Dilation[1] < p.W
}

func window(dst, src []float32, off []int32, largest bool) {
	if windowVectors(dst, src, off, largest) {
		return
	}
	for i := range dst {
		acc, isNaN := float32(0), false
		if largest {
			acc = -inf
		}
		for _, at := range off {
			v := *(*float32)(unsafe.Add(unsafe.Pointer(&src[i]), at))
			switch {
			case !largest:
				acc += v
			case v != v:
				isNaN = true
			case v > acc:
				acc = v
			}
		}
		if isNaN {
			acc = nan
		}
		dst[i] = acc
	}
}
