package kernel

import (
	"math"
	"sync"
)

var negativeZero = float32(math.Copysign(0, -1)) // added to anything, changes nothing

// A Winograd is a Conv of 3×3 neighbouring pixels that multiplies less: it divides
// the image into tiles that overlap, and each tile of 4×4 results is made of 36
// products for each pair of channels, instead of 144, or each of 2×2 of 16, instead
// of 36 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016,
// arXiv 1509.09308). Tiles of pixels and weights are transformed, by d to BᵀdB and g
// to GgGᵀ, and multiplied element by element, added up over channels; what results
// is transformed by m to AᵀmA. Channels and tiles make each element a matrix
// product. The points of the larger tiles are 0, ±3/4, ±3/2 and infinity, at which
// errors are about half of those at 0, ±1, ±2 and infinity.
//
// An element of the result is the same sequence of operations on every path; see
// the lines. To a result come its bias, rounded, then scale and shift, residual and
// activation as in a Conv. It differs from the exact one by at most
//
//	(C+18) · 2⁻²⁴ · Σ over channels of |Aᵀ| ((|G||g||Gᵀ|) ⊙ (|Bᵀ||d||B|)) |A|
//
// to first order, for C channels: at worst 751·C·max|g|·max|d| stands behind the
// 2⁻²⁴ and its factor for tiles of 4×4 and 64 for those of 2×2, where a Conv has
// 9·C and a factor of 9·C. On noise, errors are 2 to 2.5 and 0.6 to 0.8 times
// those of a Conv. An infinity or a NaN makes its tiles NaN, and sums may overflow
// from a hundredth on of where those of a Conv do.
type Winograd struct {
	Conv
	out int // results of a tile in each direction
}

// Winograd returns how the convolution is computed with fewer products, or nil if it
// cannot be or is not faster for it. What decides was measured, see BenchmarkWinograd:
// transforms cost more than they save where there are few channels, or vectors of
// them mostly empty, and where tiles reach far beyond the image.
func (c *Conv) Winograd() *Winograd {
	const most = 0.7 // of the products of a Conv
	in, out := roundUp(c.InC, 16), roundUp(c.OutC, 16)
	if c.KH != 3 || c.KW != 3 || c.Stride != [2]int{1, 1} || c.Dilation != [2]int{1, 1} || max(c.Spread[0], c.Spread[1]) > 1 || c.Groups != 1 ||
		min(c.InC, c.OutC) < 16 || c.InC*c.OutC < 512 || in*out > 2*c.InC*c.OutC || c.OH*c.OW < 25 {
		return nil
	}
	w, small := &Winograd{*c, 4}, &Winograd{*c, 2}
	if small.work() <= w.work() {
		w = small
	}
	high, wide := w.grid()
	if c.OH*c.OW < 100 && w.products()*c.InC*c.OutC > 1<<20 {
		return nil // in a whole network such weights come from memory, and there are more of them
	}
	if float64(w.products()*high*wide) > most*9*float64(c.OH*c.OW) || w.scratch() > TaskScratch {
		return nil
	}
	return w
}

// work is how long the products of two channels take, in products. Weights that the
// second cache does not hold are read for each image anew, in the time of some tiles.
func (w *Winograd) work() int {
	const held, reading = 512 << 10, 21
	high, wide := w.grid()
	tiles := high * wide
	if 36*w.InC*w.OutC > held {
		tiles += reading
	}
	return w.products() * tiles
}

// grid is how many tiles there are.
func (w *Winograd) grid() (high, wide int) {
	return (w.OH + w.out - 1) / w.out, (w.OW + w.out - 1) / w.out
}

// tile is the rows of a tile of pixels.
func (w *Winograd) tile() int { return w.out + 2 }

// products is how many products there are for a tile and two channels.
func (w *Winograd) products() int { return w.tile() * w.tile() }

func (w *Winograd) lines() (pixels, weights, results line) {
	if w.out == 4 {
		return pixels4, weights4, results4
	}
	return pixels2, weights2, results2
}

// Bounds of what a task holds, so that it stays in the second cache.
const (
	winogradElements = 192 << 10 // of transformed pixels
	winogradTiles    = 64
	winogradChannels = 32 // of results at once: a panel on the path with the widest
)

// A tiling is how the work is divided: blocks of rows × cols tiles, down × across
// an image, and parts of so many panels of output channels.
type tiling struct {
	rows, cols, down, across int
	panels, parts            int
}

func (w *Winograd) tiling() tiling {
	high, wide := w.grid()
	most := max(8, min(winogradTiles, winogradElements/(w.products()*roundUp(w.InC, 16))))
	t := tiling{rows: 1, cols: wide, across: 1}
	if wide > most {
		t.across = (wide + most - 1) / most
		t.cols = (wide + t.across - 1) / t.across
		t.across = (wide + t.cols - 1) / t.cols
	} else {
		t.rows = min(high, most/wide)
	}
	t.down = (high + t.rows - 1) / t.rows
	t.rows = (high + t.down - 1) / t.down
	t.down = (high + t.rows - 1) / t.rows
	all := (w.OutC + winogradChannels - 1) / winogradChannels
	t.parts = 1
	if n := w.Images * t.down * t.across; n < 4 { // each part transforms the pixels anew
		t.parts = max(1, min(4/n, w.OutC/96))
	}
	t.panels = (all + t.parts - 1) / t.parts
	t.parts = (all + t.panels - 1) / t.panels
	return t
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// Tasks is into how many independent tasks the convolution is divided.
func (w *Winograd) Tasks() int {
	t := w.tiling()
	return w.Images * t.down * t.across * t.parts
}

// scratch is how many elements of memory one task of Run takes at most beside its
// operands, and one of Pack. It is a float64 so that no shape overflows it.
func (w *Winograd) scratch() float64 {
	t := w.tiling()
	tiles, n := float64(t.rows*t.cols), float64(w.products())
	pixels := float64(t.rows*w.out+2) * float64(min(w.W, t.cols*w.out+2))
	results := tiles * float64(w.out*w.out)
	return 16*(pixels+1) + n*(tiles*float64(roundUp(w.InC, 16))+16) + n*(tiles*winogradChannels+16) + winogradChannels*(results+1) +
		tiles*(n+float64(w.out*w.out)) + 32*9*packedChannels
}

// A basin is what a task needs beside its operands.
type basin struct {
	transform
	tile
	ends    ends
	from    []int32   // where the elements of tiles lie, before a transform
	to      []int32   // and after it
	pixels  []float32 // of sixteen channels, and then zeros
	right   []float32 // transformed
	sums    []float32 // of products, for the channels of a panel
	results []float32 // of the channels of a panel, and then what is beyond the image
	temp    []float32
}

var basins = sync.Pool{New: func() any { return &basin{temp: make([]float32, 36*16)} }}

// A patch is what one task computes: results of rows [y0, y1) and columns [x0, x1),
// from pixels of rows [v0, v1) and columns [u0, u1).
type patch struct {
	*Winograd
	*basin
	image            int
	tiles, tilesWide int
	y0, y1, x0, x1   int
	v0, v1, u0, u1   int
}

// Run computes one task of y from x and packed weights.
func (w *Winograd) Run(task int, y, x, packed []float32) {
	b := basins.Get().(*basin)
	defer basins.Put(b)
	w.run(b, task, y, x, packed)
}

func (w *Winograd) run(b *basin, task int, y, x, packed []float32) {
	t := w.tiling()
	part := task % t.parts
	across, down := task/t.parts%t.across, task/(t.parts*t.across)%t.down
	p := patch{Winograd: w, basin: b, image: task / (t.parts * t.across * t.down)}
	p.y0, p.x0 = down*t.rows*w.out, across*t.cols*w.out
	p.y1, p.x1 = min(w.OH, p.y0+t.rows*w.out), min(w.OW, p.x0+t.cols*w.out)
	p.tilesWide = (p.x1 - p.x0 + w.out - 1) / w.out
	tilesHigh := (p.y1 - p.y0 + w.out - 1) / w.out
	p.tiles = p.tilesWide * tilesHigh
	p.v0, p.v1 = max(0, min(w.H, p.y0-w.Pad[0])), max(0, min(w.H, p.y0+tilesHigh*w.out+2-w.Pad[0]))
	p.u0, p.u1 = max(0, min(w.W, p.x0-w.Pad[1])), max(0, min(w.W, p.x0+p.tilesWide*w.out+2-w.Pad[1]))
	p.spread(x)
	cols := PanelCols()
	first, last := part*t.panels*winogradChannels, min(w.OutC, (part+1)*t.panels*winogradChannels)
	p.place(cols)
	for m := first; m < last; m += cols {
		p.multiply(packed[m*w.InC*w.products():], min(cols, w.OutC-m), cols)
		p.finish(y, m, min(cols, w.OutC-m), cols)
	}
	b.transform, b.tile = transform{}, tile{}
}

// spread transforms the pixels of all channels: element e of tile i of channel c is
// right[e·stride + i·channels + c].
func (p *patch) spread(x []float32) {
	high, wide := p.v1-p.v0, p.u1-p.u0
	pixels := grow(&p.pixels, 16*(high*wide+1))
	clear(pixels[16*high*wide:])
	n := p.Winograd.tile()
	from := grow(&p.from, p.tiles*n*n)
	for i := range p.tiles {
		v0, u0 := p.y0+i/p.tilesWide*p.out-p.Pad[0], p.x0+i%p.tilesWide*p.out-p.Pad[1]
		for j := range n {
			for k := range n {
				at := high * wide
				if v, u := v0+j, u0+k; v >= p.v0 && v < p.v1 && u >= p.u0 && u < p.u1 {
					at = (v-p.v0)*wide + u - p.u0
				}
				from[(i*n+j)*n+k] = int32(64 * at)
			}
		}
	}
	channels := roundUp(p.InC, 16)
	stride := p.tiles*channels + 16 // elements a power of two apart would share cache lines
	right := grow(&p.right, n*n*stride)
	to := grow(&p.to, n*n)
	for e := range to {
		to[e] = int32(4 * e * stride)
	}
	kind, _, _ := p.lines()
	for c := 0; c < p.InC; c += 16 {
		p.load(x, c)
		for l := 0; l < 16; l += lanes() {
			p.transform = transform{n: p.tiles, src: &pixels[l], in: &from[0], inStep: 4 * n * n,
				dst: &right[c+l], dstStep: 4 * channels, out: &to[0], temp: &p.temp[0]}
			p.transform.run(kind)
		}
	}
}

// load copies the pixels of up to sixteen channels from c on, so that those of all
// channels lie side by side.
func (p *patch) load(x []float32, c int) {
	plane := p.H * p.W
	src := x[(p.image*p.InC+c)*plane:]
	n, wide := min(16, p.InC-c), p.u1-p.u0
	switch {
	case p.v0 == p.v1 || wide == 0:
	case wide == p.W:
		interleave(p.pixels, 16, src[p.v0*p.W:], plane, n, (p.v1-p.v0)*p.W)
	default:
		for v := p.v0; v < p.v1; v++ {
			interleave(p.pixels[(v-p.v0)*wide*16:], 16, src[v*p.W+p.u0:], plane, n, wide)
		}
	}
}

// multiply adds up the products of all channels with the weights of one panel: for
// element e of tile i and channel m sums[e·stride + i·cols + m].
func (p *patch) multiply(packed []float32, n, cols int) {
	channels := roundUp(p.InC, 16)
	from, stride := p.tiles*channels+16, p.tiles*cols+16
	sums := grow(&p.sums, p.products()*stride)
	height := heights(p.tiles)
	blocks := (p.InC + innerBlock - 1) / innerBlock
	inner := (p.InC + blocks - 1) / blocks
	t := &p.basin.tile
	*t = tile{ars: 4 * channels, acs: 4, off: edgeOffsets(cols), ldc: 4 * cols, cols: n, lines: &noLines[0]}
	for e := range p.products() {
		for k := 0; k < p.InC; k += inner {
			t.k, t.start = min(inner, p.InC-k), fromZero
			if k > 0 {
				t.start = fromC
			}
			t.b = &packed[(e*p.InC+k)*cols]
			for i := 0; i < p.tiles; i += height {
				t.a, t.c = &p.right[e*from+i*channels+k], &sums[e*stride+i*cols]
				t.ahead = t.a
				t.run(min(height, p.tiles-i))
			}
		}
	}
}

// place says where the results of all tiles go.
func (p *patch) place(cols int) {
	wide := p.x1 - p.x0
	beyond := (p.y1 - p.y0) * wide
	grow(&p.results, (beyond+1)*cols)
	to := grow(&p.to, p.tiles*p.out*p.out)
	for i := range p.tiles {
		y0, x0 := i/p.tilesWide*p.out, i%p.tilesWide*p.out
		for j := range p.out {
			for k := range p.out {
				at := beyond
				if y0+j < p.y1-p.y0 && x0+k < wide {
					at = (y0+j)*wide + x0 + k
				}
				to[(i*p.out+j)*p.out+k] = int32(4 * at * cols)
			}
		}
	}
}

// finish transforms the sums of channels [m, m+n) to results, and copies them to y.
func (p *patch) finish(y []float32, m, n, cols int) {
	stride := p.tiles*cols + 16
	from := grow(&p.from, p.products())
	for e := range from {
		from[e] = int32(4 * e * stride)
	}
	late := p.Residual != nil || p.Act == Leaky // what needs more than the transform does
	_, _, kind := p.lines()
	for l := 0; l < n; l += lanes() {
		p.setEnds(m+l, min(n-l, lanes()), late)
		p.transform = transform{n: p.tiles, src: &p.sums[l], srcStep: 4 * cols, in: &from[0], dst: &p.results[l],
			out: &p.to[0], outStep: 4 * p.out * p.out, temp: &p.temp[0], ends: &p.basin.ends}
		p.transform.run(kind)
	}
	wide, high := p.x1-p.x0, p.y1-p.y0
	if wide == p.OW {
		p.store(y, p.results, m, n, cols, p.y0*p.OW, wide*high, late)
		return
	}
	for r := range high {
		p.store(y, p.results[r*wide*cols:], m, n, cols, (p.y0+r)*p.OW+p.x0, wide, late)
	}
}

// setEnds takes what is done to channels [m, m+n) from the epilogue.
func (p *patch) setEnds(m, n int, late bool) {
	e := &p.basin.ends
	for i := range e.bias {
		e.bias[i], e.scale[i], e.shift[i] = negativeZero, 1, negativeZero // changes nothing
	}
	if p.RowBias != nil {
		copy(e.bias[:n], p.RowBias[m:])
	}
	if p.RowScale != nil {
		copy(e.scale[:n], p.RowScale[m:])
		copy(e.shift[:n], p.RowShift[m:])
	}
	e.low, e.high = -inf, inf
	if p.Act == Clamp && !late {
		e.low, e.high = p.Low, p.High
	}
}

// store copies count results of channels [m, m+n), from position at on, to y, and does
// to them what is late.
func (p *patch) store(y, results []float32, m, n, cols, at, count int, late bool) {
	plane := p.OH * p.OW
	first := (p.image*p.OutC+m)*plane + at
	deal(y[first:], plane, results, cols, n, count)
	if !late {
		return
	}
	for i := range n {
		row := y[first+i*plane:][:count]
		if p.Residual != nil {
			Add(row, row, p.Residual[first+i*plane:][:count])
		}
		switch p.Act {
		case Clamp:
			Bound(row, row, p.Low, p.High)
		case Leaky:
			LeakyRelu(row, row, p.Low)
		}
	}
}

// deal writes columns of src, which has rows of w elements, n columns of k each, as
// rows of dst: the opposite of interleave.
func deal(dst []float32, stride int, src []float32, w, n, k int) {
	l := lanes()
	whole := 0 // columns
	if active != Portable && k >= l {
		_, _ = dst[(n-1)*stride+k-1], src[(k-1)*w+n-1]
		whole = n / l * l
		var off [16]int
		for r := range off {
			off[r] = 4 * w * r
		}
		for p := 0; whole > 0 && p < k; p += l {
			at := min(p, k-l) // the last ones may come twice
			transposeBlocks(&dst[at], 4*stride, &src[at*w], &off, whole/l)
		}
	}
	for i := whole; i < n; i++ {
		row := dst[i*stride:][:k]
		for p := range row {
			row[p] = src[p*w+i]
		}
	}
}
