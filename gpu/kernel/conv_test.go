package kernel

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// direct is the definition of a convolution.
func (c *Conv) direct(y, x, w []float32) {
	gi, gm := c.InC/c.Groups, c.OutC/c.Groups
	pixel := func(img, ch, v, u int) float32 {
		for d, p := range []*int{&v, &u} {
			if s := max(1, c.Spread[d]); *p%s != 0 {
				return 0
			} else {
				*p /= s
			}
		}
		if v < 0 || u < 0 || v >= c.H || u >= c.W {
			return 0
		}
		return x[((img*c.InC+ch)*c.H+v)*c.W+u]
	}
	at := 0
	for img := range c.Images {
		for m := range c.OutC {
			for oy := range c.OH {
				for ox := range c.OW {
					acc := float32(0)
					if c.RowBias != nil {
						acc = c.RowBias[m]
					}
					var weights, pixels []float32
					for k := range gi * c.KH * c.KW {
						ch, i, j := k/(c.KH*c.KW), k/c.KW%c.KH, k%c.KW
						v := pixel(img, m/gm*gi+ch, oy*c.Stride[0]+i*c.Dilation[0]-c.Pad[0], ox*c.Stride[1]+j*c.Dilation[1]-c.Pad[1])
						weights, pixels = append(weights, w[m*gi*c.KH*c.KW+k]), append(pixels, v)
						acc = fma(w[m*gi*c.KH*c.KW+k], v, acc)
					}
					if c.few() {
						acc = Dot(pixels, weights)
						if c.RowBias != nil {
							acc += c.RowBias[m]
						}
					}
					if c.RowScale != nil {
						acc = fma(acc, c.RowScale[m], c.RowShift[m])
					}
					if c.Residual != nil {
						acc += c.Residual[at]
					}
					y[at] = c.finish(acc)
					at++
				}
			}
		}
	}
}

func drawConv(t *rapid.T) Conv {
	n := func(what string, low, high int) int { return rapid.IntRange(low, high).Draw(t, what) }
	c := Conv{Images: n("images", 1, 2), Groups: n("groups", 1, 3), KH: n("kh", 1, 4), KW: n("kw", 1, 4),
		Stride: [2]int{n("sy", 1, 3), n("sx", 1, 3)}, Dilation: [2]int{n("dy", 1, 2), n("dx", 1, 2)}, Pad: [2]int{n("py", 0, 3), n("px", 0, 3)}}
	c.InC, c.OutC = c.Groups*n("gi", 1, 5), c.Groups*n("gm", 1, 20)
	neighbours := false
	if rapid.Bool().Draw(t, "depthwise") {
		c.InC, c.OutC = c.Groups, c.Groups
		if neighbours = rapid.Bool().Draw(t, "neighbours"); neighbours {
			k, s := rapid.SampledFrom([]int{3, 5}).Draw(t, "size"), n("step", 1, 2)
			c.KH, c.KW, c.Stride, c.Dilation = k, k, [2]int{s, s}, [2]int{1, 1}
		}
	}
	c.H, c.W = n("h", 1, 20), n("w", 1, 40)
	c.OH, c.OW = n("oh", 1, 12), n("ow", 1, 40)
	if rapid.IntRange(0, 5).Draw(t, "few") == 0 {
		c.OH, c.OW, c.InC = n("few oh", 1, 2), n("few ow", 1, 4), 16*c.Groups
	}
	if rapid.IntRange(0, 5).Draw(t, "broad") == 0 {
		c.OH, c.OW = 2, n("broad ow", 60, 150)
	}
	if !neighbours && rapid.Bool().Draw(t, "spread") {
		c.Spread = [2]int{n("spread y", 1, 3), n("spread x", 1, 3)}
	}
	c.Act = rapid.SampledFrom([]Activation{Linear, Clamp}).Draw(t, "act")
	c.High = 6
	return c
}

// TestAConvolutionIsItsChains covers strides, dilations, padding on any side,
// groups and epilogues: positions beyond the image read padding.
func TestAConvolutionIsItsChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConv(t)
		if rapid.IntRange(0, 3).Draw(t, "pointwise") == 0 {
			c.KH, c.KW, c.Stride, c.Pad, c.Spread, c.OH, c.OW = 1, 1, [2]int{1, 1}, [2]int{}, [2]int{}, c.H, c.W
		}
		out := c.Images * c.OutC * c.OH * c.OW
		if rapid.Bool().Draw(t, "bias") {
			c.RowBias = noise(1, c.OutC)
		}
		if rapid.Bool().Draw(t, "residual") {
			c.Residual = noise(2, out)
		}
		if rapid.Bool().Draw(t, "scale") {
			c.RowScale, c.RowShift = noise(6, c.OutC), noise(7, c.OutC)
		}
		x, w := noise(3, c.Images*c.InC*c.H*c.W), noise(4, c.OutC*c.InC/c.Groups*c.KH*c.KW)
		want := make([]float32, out)
		c.direct(want, x, w)
		got := onEveryPath(t, func() []float32 {
			y := noise(5, out)
			for task := range c.Tasks() {
				c.Run(task, y, x, w)
			}
			return y
		})
		for i, v := range want {
			if math.Float32bits(got[i]) != math.Float32bits(v) {
				t.Fatalf("element %d is %x, want %x", i, got[i], v)
			}
		}
	})
}

// TestAConvolutionIsSharedOut has convolutions that are divided by positions, by
// channels and by both: tasks must cover the result, and not leave one goroutine
// with most of it.
func TestAConvolutionIsSharedOut(t *testing.T) {
	for _, k := range []struct{ groups, in, out, size, kernel, stride, tasks int }{
		{1, 64, 96, 14, 1, 1, 2}, {1, 32, 48, 33, 1, 1, 2}, {2, 96, 96, 30, 1, 1, 4}, {1, 24, 150, 30, 1, 1, 4},
		{1, 16, 24, 60, 1, 1, 4}, {1, 48, 130, 13, 3, 2, 2}, {1, 5, 70, 40, 3, 1, 4}, {1, 8, 8, 9, 1, 1, 1},
	} {
		c := Conv{Images: 1, Groups: k.groups, InC: k.in, H: k.size, W: k.size, OutC: k.out, KH: k.kernel, KW: k.kernel,
			Stride: [2]int{k.stride, k.stride}, Dilation: [2]int{1, 1}, Pad: [2]int{k.kernel / 2, k.kernel / 2}}
		c.OH = (k.size+2*c.Pad[0]-k.kernel)/k.stride + 1
		c.OW = c.OH
		c.RowBias, c.Residual = noise(1, c.OutC), noise(2, c.OutC*c.OH*c.OW)
		if c.Tasks() < k.tasks {
			t.Errorf("%+v: %d tasks", k, c.Tasks())
		}
		x, w := noise(3, c.InC*c.H*c.W), noise(4, c.OutC*c.InC/c.Groups*c.KH*c.KW)
		got, want := noise(5, len(c.Residual)), make([]float32, len(c.Residual))
		c.direct(want, x, w)
		for task := range c.Tasks() {
			c.Run(task, got, x, w)
		}
		for i, v := range want {
			if math.Float32bits(got[i]) != math.Float32bits(v) {
				t.Fatalf("%+v: element %d is %x, want %x", k, i, got[i], v)
			}
		}
	}
}

func BenchmarkConv(b *testing.B) {
	for _, l := range []struct {
		name                string
		in, size, out, k, s int
	}{
		{"squeeze", 128, 55, 16, 1, 1}, {"expand1", 16, 55, 64, 1, 1}, {"expand3", 16, 55, 64, 3, 1},
		{"expand3late", 64, 13, 256, 3, 1}, {"first", 3, 223, 64, 3, 2}, {"last", 512, 13, 1000, 1, 1},
		{"res56", 64, 56, 64, 3, 1}, {"res28", 128, 28, 128, 3, 1}, {"res14", 256, 14, 256, 3, 1}, {"res7", 512, 7, 512, 3, 1}, {"res7down", 256, 14, 512, 3, 2}, {"resfirst", 3, 224, 64, 7, 2},
		{"superres", 64, 224, 64, 3, 1}, {"superresOut", 32, 224, 9, 3, 1}, {"superresIn", 1, 224, 64, 5, 1},
	} {
		b.Run(l.name, func(b *testing.B) {
			c := Conv{Images: 1, Groups: 1, InC: l.in, H: l.size, W: l.size, OutC: l.out, KH: l.k, KW: l.k, Stride: [2]int{l.s, l.s}, Dilation: [2]int{1, 1}, Pad: [2]int{l.k / 2, l.k / 2}}
			c.OH = (l.size+2*c.Pad[0]-l.k)/l.s + 1
			c.OW = c.OH
			x, w, y := noise(1, c.InC*c.H*c.W), noise(2, c.OutC*c.InC*c.KH*c.KW), make([]float32, c.OutC*c.OH*c.OW)
			for b.Loop() {
				for task := range c.Tasks() {
					c.Run(task, y, x, w)
				}
			}
			b.ReportMetric(2*float64(len(y)*c.InC*c.KH*c.KW)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
	b.Run("depthwise", func(b *testing.B) {
		c := Conv{Images: 1, Groups: 128, InC: 128, H: 56, W: 56, OutC: 128, OH: 56, OW: 56, KH: 3, KW: 3, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pad: [2]int{1, 1}}
		x, w, y := noise(1, c.InC*c.H*c.W), noise(2, c.OutC*9), make([]float32, c.OutC*c.OH*c.OW)
		for b.Loop() {
			for task := range c.Tasks() {
				c.Run(task, y, x, w)
			}
		}
		b.ReportMetric(2*float64(len(y)*9)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
	})
}

// TestAGradientOfWeightsIsItsChains compares with sums in the stated order.
func TestAGradientOfWeightsIsItsChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConv(t)
		c.Spread, c.Epilogue = [2]int{}, Epilogue{}
		if rapid.IntRange(0, 7).Draw(t, "wide") == 0 {
			c.OW = innerBlock + 9
		}
		gi, gm := c.InC/c.Groups, c.OutC/c.Groups
		k := gi * c.KH * c.KW
		x, dy := noise(3, c.Images*c.InC*c.H*c.W), noise(4, c.Images*c.OutC*c.OH*c.OW)
		want := make([]float32, c.OutC*k)
		for m := range c.OutC {
			for q := range k {
				acc := float32(0)
				for img := range c.Images {
					for p := range c.OH * c.OW {
						v := p/c.OW*c.Stride[0] + q/c.KW%c.KH*c.Dilation[0] - c.Pad[0]
						u := p%c.OW*c.Stride[1] + q%c.KW*c.Dilation[1] - c.Pad[1]
						pixel := float32(0)
						if v >= 0 && u >= 0 && v < c.H && u < c.W {
							pixel = x[((img*c.InC+m/gm*gi+q/(c.KH*c.KW))*c.H+v)*c.W+u]
						}
						acc = fma(dy[(img*c.OutC+m)*c.OH*c.OW+p], pixel, acc)
					}
				}
				want[m*k+q] = acc
			}
		}
		got := onEveryPath(t, func() []float32 {
			dw := noise(5, len(want))
			for task := range c.WeightTasks() {
				c.RunWeights(task, dw, x, dy)
			}
			return dw
		})
		for i, v := range want {
			if math.Float32bits(got[i]) != math.Float32bits(v) {
				t.Fatalf("element %d is %x, want %x", i, got[i], v)
			}
		}
	})
}
