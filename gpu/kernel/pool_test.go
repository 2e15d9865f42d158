package kernel

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestAPoolIsItsWindows covers strides, dilations and padding; a NaN wins.
func TestAPoolIsItsWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConv(t)
		p := Pool{Channels: 2, H: c.H, W: c.W, OH: c.OH, OW: c.OW, KH: c.KH, KW: c.KW, Stride: c.Stride, Dilation: c.Dilation, Pad: c.Pad}
		if rapid.Bool().Draw(t, "inside") {
			p.Pad = [2]int{}
			p.H, p.W = (p.OH-1)*p.Stride[0]+(p.KH-1)*p.Dilation[0]+1, (p.OW-1)*p.Stride[1]+(p.KW-1)*p.Dilation[1]+1
		}
		x := noise(1, 2*p.H*p.W)
		x[0], x[len(x)/2] = nan, inf
		largest := rapid.Bool().Draw(t, "max")
		want := make([]float32, 2*p.OH*p.OW)
		for o := range want {
			ch, oy, ox := o/(p.OH*p.OW), o/p.OW%p.OH, o%p.OW
			acc := float32(0)
			if largest {
				acc = -inf
			}
			for i := range p.KH * p.KW {
				v, u := oy*p.Stride[0]+i/p.KW*p.Dilation[0]-p.Pad[0], ox*p.Stride[1]+i%p.KW*p.Dilation[1]-p.Pad[1]
				pixel := float32(0)
				if inside := v >= 0 && u >= 0 && v < p.H && u < p.W; inside {
					pixel = x[(ch*p.H+v)*p.W+u]
				} else if largest {
					continue
				}
				if !largest {
					acc += pixel
				} else if pixel > acc || pixel != pixel {
					acc = pixel
				}
			}
			want[o] = acc
		}
		got := onEveryPath(t, func() []float32 {
			y := noise(2, len(want))
			for ch := range p.Channels {
				if largest {
					p.Max(ch, y, x)
				} else {
					p.Sum(ch, y, x)
				}
			}
			return y
		})
		for i, w := range want {
			if math.Float32bits(got[i]) != math.Float32bits(w) && !(w != w && got[i] != got[i]) {
				t.Fatalf("element %d is %g, want %g", i, got[i], w)
			}
		}
	})
}
