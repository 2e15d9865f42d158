package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAWindowInsideHasItsLargestWhereItIs compares with windows at the edges, among
// equal elements and NaNs.
func TestAWindowInsideHasItsLargestWhereItIs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, kernel := range [][2]int{{1, 1}, {2, 2}, {3, 2}, {2, 5}} {
		p := pool{h: 9, w: 11, kernel: kernel, stride: [2]int{1, 1}, dilation: [2]int{1, 1}}
		p.oh, p.ow = p.h-kernel[0]+1, p.w-kernel[1]+1
		x := make([]float32, p.h*p.w)
		for range 50 {
			for i := range x {
				if x[i] = float32(rnd.IntN(4)); rnd.IntN(9) == 0 {
					x[i] = float32(math.NaN())
				}
			}
			for oy := range p.oh {
				for ox := range p.ow {
					if got, want := p.largestInside(x, oy*p.w+ox), p.largest(x, oy, ox); got != want {
						t.Fatalf("%v at %d, %d of %v: %d, want %d", kernel, oy, ox, x, got, want)
					}
				}
			}
		}
	}
}

func BenchmarkMaxPoolGrad(b *testing.B) {
	p := pool{h: 24, w: 24, oh: 12, ow: 12, kernel: [2]int{2, 2}, stride: [2]int{2, 2}, dilation: [2]int{1, 1}}
	src, dst, dy := make([]float32, 576), make([]float32, 576), make([]float32, 144)
	for i := range src {
		src[i] = float32(math.Sin(float64(i * i)))
	}
	b.Run("window by window", func(b *testing.B) {
		for b.Loop() {
			for o, d := range dy {
				if at := p.largest(src, o/p.ow, o%p.ow); at >= 0 {
					dst[at] += d
				}
			}
		}
	})
	b.Run("row by row", func(b *testing.B) {
		for b.Loop() {
			for oy := range p.oh {
				p.rowGrad(dst, src, dy[oy*p.ow:][:p.ow], oy)
			}
		}
	})
}
