package kernel

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// wide multiplies matrices of numbers in float64.
type wide [][]float64

func (a wide) mul(b wide) wide {
	c := make(wide, len(a))
	for i := range c {
		c[i] = make([]float64, len(b[0]))
		for j := range c[i] {
			for k, x := range a[i] {
				c[i][j] += x * b[k][j]
			}
		}
	}
	return c
}

func (a wide) turned() wide {
	t := make(wide, len(a[0]))
	for i := range t {
		for j := range a {
			t[i] = append(t[i], a[j][i])
		}
	}
	return t
}

func (a wide) abs() wide {
	b := make(wide, len(a))
	for i, row := range a {
		for _, x := range row {
			b[i] = append(b[i], math.Abs(x))
		}
	}
	return b
}

// points are the matrices G, Bᵀ and Aᵀ for points of the projective line, the last
// at infinity, by Toom and Cook: what any m results of a filter of three are of m+2
// products.
func points(p ...float64) (g, bt, at wide) {
	n := len(p) + 1
	product := func(without int) (poly []float64, at float64) {
		poly, at = []float64{1}, 1
		for i, x := range p {
			if i == without {
				continue
			}
			next := make([]float64, len(poly)+1)
			for k, c := range poly {
				next[k+1] += c
				next[k] -= x * c
			}
			poly = next
			if without >= 0 {
				at *= p[without] - x
			}
		}
		return append(poly, make([]float64, n-len(poly))...), at
	}
	at = make(wide, n-2)
	for i, x := range p {
		poly, f := product(i)
		bt = append(bt, poly)
		g = append(g, []float64{1 / f, x / f, x * x / f})
		for j := range at {
			at[j] = append(at[j], math.Pow(x, float64(j)))
		}
	}
	poly, _ := product(-1)
	bt, g = append(bt, poly), append(g, []float64{0, 0, 1})
	for j := range at {
		at[j] = append(at[j], 0)
	}
	at[n-3][n-1] = 1
	return g, bt, at
}

func drawWinograd(t *rapid.T) *Winograd {
	n := func(what string, low, high int) int { return rapid.IntRange(low, high).Draw(t, what) }
	c := Conv{Images: n("images", 1, 2), Groups: 1, InC: n("in", 1, 40), H: n("h", 1, 20), W: n("w", 1, 40), OutC: n("out", 1, 70), KH: 3, KW: 3,
		OH: n("oh", 1, 20), OW: n("ow", 1, 40), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pad: [2]int{n("py", 0, 3), n("px", 0, 3)}}
	switch rapid.IntRange(0, 7).Draw(t, "large") {
	case 0:
		c.InC = n("deep", innerBlock, innerBlock+20)
	case 1:
		c.OW = n("broad", 200, 300)
	}
	c.Act = rapid.SampledFrom([]Activation{Linear, Clamp, Leaky}).Draw(t, "act")
	c.Low, c.High = -0.5, 6
	if rapid.Bool().Draw(t, "bias") {
		c.RowBias = noise(1, c.OutC)
	}
	if rapid.Bool().Draw(t, "residual") {
		c.Residual = noise(2, c.Images*c.OutC*c.OH*c.OW)
	}
	if rapid.Bool().Draw(t, "scale") {
		c.RowScale, c.RowShift = noise(6, c.OutC), noise(7, c.OutC)
	}
	return &Winograd{c, 2 * n("tile", 1, 2)}
}

// whole packs the weights and runs all tasks.
func (w *Winograd) whole(x, weights []float32) []float32 {
	packed, y := noise(9, w.PackedLen()), noise(5, w.Images*w.OutC*w.OH*w.OW)
	for task := range w.PackTasks() {
		w.Pack(task, packed, weights)
	}
	for task := range w.Tasks() {
		w.Run(task, y, x, packed)
	}
	return y
}

// both applies a line to the columns and rows of a tile.
func (l line) both(tile []float32) []float32 {
	from, to := lines[l].from, lines[l].to
	columns, out := make([]float32, from*to), make([]float32, to*to)
	var x, y [6]float32
	for j := range from {
		for i := range from {
			x[i] = tile[i*from+j]
		}
		lines[l].apply(&y, &x)
		for i := range to {
			columns[i*from+j] = y[i]
		}
	}
	for i := range to {
		copy(x[:], columns[i*from:][:from])
		lines[l].apply(&y, &x)
		copy(out[i*to:], y[:to])
	}
	return out
}

// around is the pixels that the tile at row and column of tiles reads.
func (w *Winograd) around(x []float32, image, channel, row, col int) []float32 {
	n := w.out + 2
	tile := make([]float32, n*n)
	for i := range tile {
		v, u := row*w.out+i/n-w.Pad[0], col*w.out+i%n-w.Pad[1]
		if v >= 0 && u >= 0 && v < w.H && u < w.W {
			tile[i] = x[((image*w.InC+channel)*w.H+v)*w.W+u]
		}
	}
	return tile
}

// tileByTile is the definition of a Winograd.
func (w *Winograd) tileByTile(x, weights []float32) []float32 {
	y := make([]float32, w.Images*w.OutC*w.OH*w.OW)
	pixels, filters, results := w.lines()
	high, wide := w.grid()
	for image := range w.Images {
		for t := range high * wide {
			row, col := t/wide, t%wide
			var tiles [][]float32
			for ch := range w.InC {
				tiles = append(tiles, pixels.both(w.around(x, image, ch, row, col)))
			}
			for m := range w.OutC {
				sums := make([]float32, w.products())
				for ch := range w.InC {
					for e, f := range filters.both(weights[(m*w.InC+ch)*9:][:9]) {
						sums[e] = fma(tiles[ch][e], f, sums[e])
					}
				}
				for i, v := range results.both(sums) {
					oy, ox := row*w.out+i/w.out, col*w.out+i%w.out
					if oy >= w.OH || ox >= w.OW {
						continue
					}
					at := ((image*w.OutC+m)*w.OH+oy)*w.OW + ox
					if w.RowBias != nil {
						v += w.RowBias[m]
					}
					if w.RowScale != nil {
						v = fma(v, w.RowScale[m], w.RowShift[m])
					}
					if w.Residual != nil {
						v += w.Residual[at]
					}
					y[at] = w.Epilogue.finish(v)
				}
			}
		}
	}
	return y
}

// TestAWinogradIsItsTiles covers tiles of both sizes, ragged channels, blocks of
// rows and of columns, padding on any side and epilogues.
func TestAWinogradIsItsTiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWinograd(t)
		x, weights := noise(3, w.Images*w.InC*w.H*w.W), noise(4, w.OutC*w.InC*9)
		got := onEveryPath(t, func() []float32 { return w.whole(x, weights) })
		for i, v := range w.tileByTile(x, weights) {
			if math.Float32bits(got[i]) != math.Float32bits(v) {
				t.Fatalf("element %d is %x, want %x", i, got[i], v)
			}
		}
	})
}

// matrices are G, Bᵀ and Aᵀ of the tiles.
func (w *Winograd) matrices() (g, bt, at wide) {
	if w.out == 4 {
		return points(0, pointP, -pointP, pointQ, -pointQ)
	}
	return points(0, 1, -1)
}

// TestAWinogradErrsNoMoreThanItSays compares with float64: each element with its own
// bound, and the size of all errors with those of a Conv.
func TestAWinogradErrsNoMoreThanItSays(t *testing.T) {
	for _, c := range []struct {
		out, channels int
		most          float64 // times the errors of a Conv
	}{{4, 16, 2.8}, {4, 64, 2.8}, {4, 256, 2.8}, {2, 16, 1.2}, {2, 64, 1.2}, {2, 256, 1.2}} {
		w := &Winograd{Conv{Images: 1, Groups: 1, InC: c.channels, H: 8, W: 8, OutC: 16, KH: 3, KW: 3, OH: 8, OW: 8,
			Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pad: [2]int{1, 1}}, c.out}
		x, weights := noise(3, w.InC*w.H*w.W), noise(4, w.OutC*w.InC*9)
		got, plain := w.whole(x, weights), make([]float32, w.OutC*w.OH*w.OW)
		w.Conv.direct(plain, x, weights)
		n := w.out + 2
		g, bt, at := w.matrices()
		tile := func(x []float32, n int) wide {
			t := make(wide, n)
			for i, v := range x {
				t[i/n] = append(t[i/n], float64(v))
			}
			return t
		}
		both := func(a, x wide) wide { return a.mul(x).mul(a.turned()) }
		var errs, plainErrs float64
		for m := range w.OutC {
			for row := range w.OH / w.out {
				for col := range w.OW / w.out {
					exact, bound := make(wide, w.out), make(wide, n)
					for i := range exact {
						exact[i] = make([]float64, w.out)
					}
					for i := range bound {
						bound[i] = make([]float64, n)
					}
					for ch := range w.InC {
						filter, d := tile(weights[(m*w.InC+ch)*9:][:9], 3), tile(w.around(x, 0, ch, row, col), n)
						for i := range w.out * w.out {
							for j := range 9 {
								exact[i/w.out][i%w.out] += filter[j/3][j%3] * d[i/w.out+j/3][i%w.out+j%3]
							}
						}
						u, v := both(g.abs(), filter.abs()), both(bt.abs(), d.abs())
						for i := range n * n {
							bound[i/n][i%n] += u[i/n][i%n] * v[i/n][i%n]
						}
					}
					bound = both(at.abs(), bound)
					for i := range w.out * w.out {
						e := (m*w.OH+row*w.out+i/w.out)*w.OW + col*w.out + i%w.out
						want := exact[i/w.out][i%w.out]
						err := math.Abs(float64(got[e]) - want)
						if most := float64(w.InC+18) / (1 << 24) * bound[i/w.out][i%w.out]; err > most {
							t.Fatalf("tiles of %d, %d channels: element %d is %g, want %g: it errs by %g, at most %g", w.out, w.InC, e, got[e], want, err, most)
						}
						errs += err * err
						plainErrs += (float64(plain[e]) - want) * (float64(plain[e]) - want)
					}
				}
			}
		}
		times := math.Sqrt(errs / plainErrs)
		t.Logf("tiles of %d, %d channels: errors are %.2f times those of a Conv", w.out, w.InC, times)
		if times > c.most {
			t.Errorf("tiles of %d, %d channels: errors are %.2f times those of a Conv, want at most %.1f", w.out, w.InC, times, c.most)
		}
	}
}

// TestTheBoundAtWorst is that of the documentation: what stands behind (C+18)·2⁻²⁴.
func TestTheBoundAtWorst(t *testing.T) {
	for out, want := range map[int]float64{4: 751, 2: 64} {
		g, bt, at := (&Winograd{out: out}).matrices()
		sum := func(row []float64) (s float64) {
			for _, x := range row {
				s += math.Abs(x)
			}
			return s
		}
		worst := 0.0
		for _, row := range at {
			s := 0.0
			for e, x := range row {
				s += math.Abs(x) * sum(g[e]) * sum(bt[e])
			}
			worst = max(worst, s*s)
		}
		if math.Abs(worst-want) > 1 {
			t.Errorf("tiles of %d: %g, want %g", out, worst, want)
		}
	}
}

// TestTilesTakeBoundedScratch: what the first task allocates is what scratch says at
// most, and that is what a task may take where tiles are chosen.
func TestTilesTakeBoundedScratch(t *testing.T) {
	chosen := 0
	rapid.Check(t, func(t *rapid.T) {
		n := func(what string, low, high int) int { return rapid.IntRange(low, high).Draw(t, what) }
		c := square(n("in", 16, 64)<<n("deep", 0, 3), 1, n("out", 16, 200))
		c.H, c.W = n("h", 1, 20), n("w", 1, 30)<<n("broad", 0, 4)
		c.OH, c.OW = c.H, c.W
		w := c.Winograd()
		if w == nil {
			w = &Winograd{c, 2 * n("tile", 1, 2)}
		} else if chosen++; w.scratch() > TaskScratch {
			t.Fatalf("%v elements of scratch", w.scratch())
		}
		b := &basin{temp: make([]float32, 36*16)}
		x, y, packed := make([]float32, c.InC*c.H*c.W), make([]float32, c.OutC*c.OH*c.OW), make([]float32, w.PackedLen())
		w.run(b, 0, y, x, packed)
		took := len(b.from) + len(b.to) + len(b.pixels) + len(b.right) + len(b.sums) + len(b.results)
		if float64(took) > w.scratch() {
			t.Fatalf("%d elements of scratch, at most %v", took, w.scratch())
		}
	})
	if chosen == 0 {
		t.Error("no tiles were chosen")
	}
}

// square is a convolution of 3×3 with a result of the image's size.
func square(in, size, out int) Conv {
	return Conv{Images: 1, Groups: 1, InC: in, H: size, W: size, OutC: out, OH: size, OW: size, KH: 3, KW: 3,
		Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pad: [2]int{1, 1}}
}

// TestWhichConvolutionsMultiplyLess has the layers of ResNet18, SqueezeNet and a
// super-resolution, and some that gain nothing or cannot.
func TestWhichConvolutionsMultiplyLess(t *testing.T) {
	strided, dilated, grouped, spread, broad := square(64, 56, 64), square(64, 56, 64), square(64, 56, 64), square(64, 56, 64), square(64, 56, 64)
	strided.Stride[0], dilated.Dilation[1], grouped.Groups, spread.Spread[1], broad.KW = 2, 2, 2, 2, 5
	line := square(64, 1, 64)
	line.W, line.OW = 400, 400
	for _, c := range []struct {
		conv Conv
		out  int // zero for none
	}{
		{square(64, 56, 64), 4}, {square(128, 28, 128), 4}, {square(256, 14, 256), 2}, {square(512, 7, 512), 0}, {square(128, 7, 128), 2},
		{square(16, 55, 64), 4}, {square(48, 13, 192), 4}, {square(64, 224, 32), 4}, {square(512, 28, 512), 4},
		{square(15, 56, 64), 0}, {square(64, 56, 15), 0}, {square(16, 56, 16), 0}, {square(17, 30, 33), 0}, {square(512, 4, 512), 0},
		{strided, 0}, {dilated, 0}, {grouped, 0}, {spread, 0}, {broad, 0}, {line, 0},
	} {
		got := 0
		if w := c.conv.Winograd(); w != nil {
			got = w.out
		}
		if got != c.out {
			t.Errorf("%+v: tiles of %d, want %d", c.conv, got, c.out)
		}
	}
}

// BenchmarkWinograd times a convolution, and tiles of both sizes in its place.
func BenchmarkWinograd(b *testing.B) {
	for _, l := range [][3]int{
		{64, 56, 64}, {128, 28, 128}, {256, 14, 256}, {512, 7, 512}, // ResNet18
		{16, 55, 64}, {32, 27, 128}, {48, 13, 192}, {64, 13, 256}, // SqueezeNet
		{64, 224, 64}, {64, 224, 32}, // super-resolution
		{16, 56, 16}, {16, 40, 32}, {24, 20, 40}, {17, 30, 33}, {128, 10, 128}, {512, 5, 512}, {512, 28, 512},
	} {
		for out := 0; out <= 4; out += 2 {
			b.Run(fmt.Sprintf("%d×%d×%d/%d", l[0], l[1], l[2], out), func(b *testing.B) {
				w := &Winograd{square(l[0], l[1], l[2]), out}
				x, weights, y := noise(1, w.InC*w.H*w.W), noise(2, w.OutC*w.InC*9), make([]float32, w.OutC*w.OH*w.OW)
				tasks, run := w.Conv.Tasks, w.Conv.Run
				if out > 0 {
					packed := make([]float32, w.PackedLen())
					for task := range w.PackTasks() {
						w.Pack(task, packed, weights)
					}
					tasks, run, weights = w.Tasks, w.Run, packed
				}
				for b.Loop() {
					for task := range tasks() {
						run(task, y, x, weights)
					}
				}
				b.ReportMetric(2*float64(len(y)*w.InC*9)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
