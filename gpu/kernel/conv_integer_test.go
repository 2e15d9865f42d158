package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// integerConvolve convolves by the kernel: every task of every stage.
func integerConvolve(c *Conv, x []uint8, zx uint8, w []int8, zw []int8) []int32 {
	pixels, weights := make([]uint32, c.PixelPairs()), make([]uint32, c.WeightPairs())
	y := make([]int32, c.Images*c.OutC*c.OH*c.OW)
	for p := range c.PixelPlanes() {
		PairPixels(c, p, pixels, x, int16(zx))
	}
	for m := range c.OutC {
		PairWeights(c, m, weights, w, int16(zw[m]))
	}
	for t := range c.PairTasks() {
		c.RunPairs(t, y, pixels, weights)
	}
	return y
}

// TestConvolutionsOfIntegersAreExact on every path, at the ends of the types, with
// borders, gaps and groups, and where rows are multiplied in parts.
func TestConvolutionsOfIntegersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(what string, low, high int) int { return rapid.IntRange(low, high).Draw(t, what) }
		c := Conv{Images: n("images", 1, 2), Groups: n("groups", 1, 3), KH: n("kh", 1, 4), KW: n("kw", 1, 4)}
		gi := rapid.SampledFrom([]int{1, 2, 5, 8, 200}).Draw(t, "channels")
		gm := rapid.SampledFrom([]int{1, 3, 4, 9, 70}).Draw(t, "results")
		c.InC, c.OutC = gi*c.Groups, gm*c.Groups
		size := [2]int{n("h", 1, 12), n("w", 1, 12)}
		c.H, c.W = size[0], size[1]
		out := [2]int{}
		for d, k := range [2]int{c.KH, c.KW} {
			c.Stride[d], c.Dilation[d] = n("stride", 1, 3), n("dilation", 1, 2)
			reach := (k-1)*c.Dilation[d] + 1
			c.Pad[d] = n("pad", 0, 4)
			room := size[d] + c.Pad[d] + n("end", 0, 4) - reach
			if room < 0 {
				c.Pad[d] -= room
				room = 0
			}
			out[d] = room/c.Stride[d] + 1
		}
		c.OH, c.OW = out[0], out[1]
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		x, w, zw := make([]uint8, c.Images*c.InC*c.H*c.W), make([]int8, c.OutC*gi*c.KH*c.KW), make([]int8, c.OutC)
		for i := range x {
			x[i] = [3]uint8{0, 255, uint8(r.Uint32())}[r.IntN(3)]
		}
		for i := range w {
			w[i] = [3]int8{-128, 127, int8(r.Uint32())}[r.IntN(3)]
		}
		for i := range zw {
			zw[i] = int8(r.Uint32())
		}
		zx := uint8(r.Uint32())
		want := make([]int32, c.Images*c.OutC*c.OH*c.OW)
		for i := range want {
			oy, ox, m, image := i/c.OW%c.OH, i%c.OW, i/(c.OW*c.OH)%c.OutC, i/(c.OW*c.OH*c.OutC)
			for ch := range gi {
				for ky := range c.KH {
					for kx := range c.KW {
						py, px := oy*c.Stride[0]-c.Pad[0]+ky*c.Dilation[0], ox*c.Stride[1]-c.Pad[1]+kx*c.Dilation[1]
						if py >= 0 && py < c.H && px >= 0 && px < c.W {
							pixel := x[((image*c.InC+m/gm*gi+ch)*c.H+py)*c.W+px]
							want[i] += (int32(pixel) - int32(zx)) * (int32(w[((m*gi+ch)*c.KH+ky)*c.KW+kx]) - int32(zw[m]))
						}
					}
				}
			}
		}
		for _, p := range Paths() {
			restore := Use(p)
			got := integerConvolve(&c, x, zx, w, zw)
			restore()
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%v: %+v: element %d is %d, want %d", p, c, i, got[i], want[i])
				}
			}
		}
	})
}

// BenchmarkConvolutionsOfIntegers beside the same of float32.
func BenchmarkConvolutionsOfIntegers(b *testing.B) {
	for _, s := range []struct{ groups, in, out, size, taps, stride int }{
		{1, 64, 64, 56, 3, 1}, {1, 3, 64, 224, 7, 2}, {1, 256, 64, 56, 1, 1}, {1, 64, 256, 56, 1, 1}, {1, 512, 512, 7, 3, 1}, {1, 128, 128, 28, 3, 1}, {1, 32, 64, 112, 1, 1}, {32, 128, 128, 56, 3, 1}, {8, 128, 128, 56, 3, 1},
	} {
		out := (s.size-1)/s.stride + 1
		c := Conv{Images: 1, Groups: s.groups, InC: s.in, H: s.size, W: s.size, OutC: s.out, OH: out, OW: out, KH: s.taps, KW: s.taps,
			Stride: [2]int{s.stride, s.stride}, Dilation: [2]int{1, 1}, Pad: [2]int{s.taps / 2, s.taps / 2}}
		x, w, zw := make([]uint8, s.in*s.size*s.size), make([]int8, s.out*s.in/s.groups*s.taps*s.taps), make([]int8, s.out)
		fx, fw, fy := make([]float32, len(x)), make([]float32, len(w)), make([]float32, s.out*out*out)
		name := fmt.Sprintf("%dto%dx%dx%ds%dg%d", s.in, s.out, s.taps, s.size, s.stride, s.groups)
		var y []int32
		b.Run(name+"/integers", func(b *testing.B) {
			for b.Loop() {
				y = integerConvolve(&c, x, 3, w, zw)
			}
		})
		b.Run(name+"/floats", func(b *testing.B) {
			for b.Loop() {
				for i, v := range x {
					fx[i] = float32(v) - 3
				}
				for i, v := range w {
					fw[i] = float32(v)
				}
				for t := range c.Tasks() {
					c.Run(t, fy, fx, fw)
				}
				for i, v := range fy {
					y[i] = int32(v)
				}
			}
		})
	}
}
