package kernel

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// TestStripsAreTheSameSums as those of slabs, on every path: convolutions, gradients
// of weights, pairs and pools.
func TestStripsAreTheSameSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConv(t)
		switch rapid.IntRange(0, 4).Draw(t, "long") {
		case 0: // more than a strip of positions
			c.OH, c.OW = 30, 40
		case 1: // more than a strip of taps
			c.InC, c.OutC, c.KH, c.KW = 20*c.Groups, c.Groups, 4, 4
		}
		out := c.Images * c.OutC * c.OH * c.OW
		x, w := noise(3, c.Images*c.InC*c.H*c.W), noise(4, c.OutC*c.InC/c.Groups*c.KH*c.KW)
		c.RowBias, c.Residual, c.RowScale, c.RowShift = noise(1, c.OutC), noise(2, out), noise(6, c.OutC), noise(7, c.OutC)
		if !c.few() { // which are no chains
			want := onEveryPath(t, func() []float32 {
				y := noise(5, out)
				for task := range c.Tasks() {
					c.Run(task, y, x, w)
				}
				return y
			})
			got := onEveryPath(t, func() []float32 {
				y := noise(5, out)
				for task := range c.wideTasks() {
					c.runWide(task, y, x, w)
				}
				return y
			})
			if !sameBits(got, want) {
				t.Fatalf("%+v: strips give other bits", c)
			}
		}
		c.Spread, c.Epilogue = [2]int{}, Epilogue{}
		dy := noise(8, out)
		want, got := make([]float32, len(w)), make([]float32, len(w))
		for task := range c.WeightTasks() {
			c.RunWeights(task, want, x, dy)
		}
		for task := range c.wideWeightTasks() {
			c.runWideWeights(task, got, x, dy)
		}
		if !sameBits(got, want) {
			t.Fatalf("%+v: strips give other gradients of weights", c)
		}
		pixels, weights := make([]uint8, len(x)), make([]int8, len(w))
		for i := range pixels {
			pixels[i] = uint8(i * 37)
		}
		for i := range weights {
			weights[i] = int8(i * 91)
		}
		sums := integerConvolve(&c, pixels, 7, weights, make([]int8, c.OutC))
		pairs, rows := make([]uint32, c.PixelPairs()), make([]uint32, c.WeightPairs())
		for p := range c.PixelPlanes() {
			PairPixels(&c, p, pairs, pixels, 7)
		}
		for m := range c.OutC {
			PairWeights(&c, m, rows, weights, 0)
		}
		for _, p := range Paths() {
			restore := Use(p)
			y, d := make([]int32, len(sums)), c.paired()
			for task := range d.wideTasks() {
				d.runWidePairs(task, y, singles(pairs), rows)
			}
			restore()
			if !slices.Equal(y, sums) {
				t.Fatalf("%v: %+v: strips give other sums of integers", p, c)
			}
		}
		p := Pool{Channels: 1, H: c.H, W: c.W, OH: c.OH, OW: c.OW, KH: c.KH, KW: c.KW, Stride: c.Stride, Dilation: c.Dilation, Pad: c.Pad}
		for _, largest := range []bool{true, false} {
			want, got := make([]float32, c.OH*c.OW), make([]float32, c.OH*c.OW)
			whole, half := p.Sum, p.SumPart
			if largest {
				whole, half = p.Max, p.MaxPart
			}
			whole(0, want, x)
			half(0, 0, len(got)/2, got, x)
			half(0, len(got)/2, len(got), got, x)
			if !sameBits(got, want) {
				t.Fatalf("%+v: windows where they lie give another pool", p)
			}
		}
	})
}

// TestTasksTakeBoundedScratch: whatever is not cut into strips has slabs, copies and
// tables of TaskScratch at most.
func TestTasksTakeBoundedScratch(t *testing.T) {
	cut := 0
	rapid.Check(t, func(t *rapid.T) {
		size := func(what string, most int) int {
			return rapid.IntRange(0, 1<<rapid.IntRange(0, most).Draw(t, what+" bits")).Draw(t, what) + 1
		}
		c := Conv{Images: 1, Groups: size("groups", 4), KH: size("kh", 12), KW: size("kw", 12), OH: size("oh", 20), OW: size("ow", 20),
			Stride: [2]int{size("sy", 8), size("sx", 8)}, Dilation: [2]int{size("dy", 16), size("dx", 16)}}
		c.InC = c.Groups * size("channels", 12)
		c.OutC = c.Groups * size("results", 3)
		c.H, c.W = c.OH*c.Stride[0], c.OW*c.Stride[1]
		check := func(what string, n int) {
			if n > TaskScratch {
				t.Fatalf("%+v: %s has %d elements, at most %d", c, what, n, TaskScratch)
			}
		}
		d := c.paired()
		if !d.widePairs() && !d.inPlace() {
			s := d.slab(0, d.blockRows(), d.InC/d.Groups)
			check("a slab of pairs", s.len())
		}
		if !c.wideWeights() {
			channels := min(c.InC/c.Groups, 31/(c.KH*c.KW)+2)
			s := c.slab(0, max(1, min(c.OH, innerBlock/c.OW, slabElements/(channels*c.KW*c.OW*c.Stride[0]))), channels)
			check("a slab of the gradient", s.len())
		}
		p := Pool{OH: c.OH, OW: c.OW, KH: c.KH, KW: c.KW, W: c.W, Stride: c.Stride, Dilation: c.Dilation}
		if !p.Wide() {
			s := c.slab(0, min(c.OH, max(1, slabElements/(c.KW*c.OW*c.Stride[0])-c.KH*c.Dilation[0])), 1)
			check("a slab of the pool", s.len())
		}
		switch {
		case c.wide():
			cut++
		case c.few():
			check("patches", c.OH*c.OW*c.InC/c.Groups*c.KH*c.KW)
		case c.depthwise():
			width, reach := c.OW+(c.KW-1)*c.Dilation[1]/c.Stride[1], (c.KH-1)*c.Dilation[0]+1
			rows := min(c.OH, max(1, (slabElements/(c.Stride[1]*width)-reach)/c.Stride[0]))
			check("a copy", c.Stride[1]*width*((rows-1)*c.Stride[0]+reach))
		case !c.pointwise():
			s := c.slab(0, c.blockRows(), c.InC/c.Groups)
			check("a slab", s.len())
			check("a table", c.InC/c.Groups*c.KH*c.KW)
		}
	})
	if cut == 0 {
		t.Error("nothing was cut into strips")
	}
}
