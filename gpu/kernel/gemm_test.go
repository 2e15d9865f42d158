package kernel

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// drawMatrix is rows × cols in one of the three layouts.
func drawMatrix(t *rapid.T, rows, cols int, what string) Matrix {
	seed := rapid.Uint32().Draw(t, what)
	gap := rapid.IntRange(0, 3).Draw(t, what+" gap")
	switch rapid.IntRange(0, 2).Draw(t, what+" layout") {
	case 0:
		return Matrix{noise(seed, rows*(cols+gap)), cols + gap, 1}
	case 1:
		return Matrix{noise(seed, cols*(rows+gap)), 1, rows + gap}
	}
	return Matrix{noise(seed, 2*rows*(cols+gap)), 2 * (cols + gap), 2}
}

// chain is the definition of a product, element by element.
func chain(p *Product) []float32 {
	c := slices.Clone(p.C)
	for i := range p.M {
		for j := range p.N {
			acc := float32(0)
			switch {
			case p.Add:
				acc = c[i*p.LDC+j]
			case p.RowBias != nil:
				acc = p.RowBias[i]
			case p.ColBias != nil:
				acc = p.ColBias[j]
			}
			for k := range p.K {
				acc = fma(p.Alpha*p.A.Data[i*p.A.RS+k*p.A.CS], p.B.Data[k*p.B.RS+j*p.B.CS], acc)
			}
			if p.RowScale != nil {
				acc = fma(acc, p.RowScale[i], p.RowShift[i])
			}
			if p.Residual != nil {
				acc += p.Residual[i*p.LDC+j]
			}
			c[i*p.LDC+j] = p.finish(acc)
		}
	}
	return c
}

// TestAProductIsItsChains covers shapes around the edges of tiles and blocks,
// layouts, packing and epilogues.
func TestAProductIsItsChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 70).Draw(t, "m")
		n := rapid.IntRange(1, 100).Draw(t, "n")
		k := rapid.SampledFrom([]int{0, 1, 2, 7, 16, 33, innerBlock - 1, innerBlock, innerBlock + 5}).Draw(t, "k")
		p := Product{M: m, N: n, K: k, Alpha: rapid.SampledFrom([]float32{1, -0.7}).Draw(t, "alpha")}
		p.A, p.B = drawMatrix(t, m, k, "a"), drawMatrix(t, k, n, "b")
		p.LDC = n + rapid.IntRange(0, 9).Draw(t, "ldc gap")
		p.C = noise(rapid.Uint32().Draw(t, "c"), m*p.LDC)
		switch rapid.IntRange(0, 3).Draw(t, "start") {
		case 0:
			p.Add = true
		case 1:
			p.RowBias = noise(1, m)
		case 2:
			p.ColBias = noise(2, n)
		}
		if rapid.Bool().Draw(t, "residual") {
			p.Residual = noise(3, m*p.LDC)
		}
		if rapid.Bool().Draw(t, "scale") {
			p.RowScale, p.RowShift = noise(4, m), noise(5, m)
		}
		p.Act = rapid.SampledFrom([]Activation{Linear, Clamp, Leaky}).Draw(t, "act")
		p.Low, p.High = -0.5, 20
		pack := rapid.Bool().Draw(t, "packed")
		want := chain(&p)
		got := onEveryPath(t, func() []float32 {
			q := p
			q.C = slices.Clone(p.C)
			if pack {
				q.Packed = make([]float32, PackedLen(k, n))
				PackB(q.Packed, k, n, q.B, 0, Panels(n))
			}
			q.Run()
			return q.C
		})
		for i, w := range want {
			if math.Float32bits(got[i]) != math.Float32bits(w) {
				t.Fatalf("element %d, %d is %x, want %x", i/p.LDC, i%p.LDC, got[i], w)
			}
		}
	})
}

// TestAProductOfManyColumns has more columns, and more inner steps, than are
// multiplied at once, and a left operand that is small, or not.
func TestAProductOfManyColumns(t *testing.T) {
	for _, m := range []int{3, 40} {
		n, k := rightBlock/innerBlock+72, innerBlock+3
		p := Product{M: m, N: n, K: k, Alpha: 1, A: Dense(noise(1, m*k), m, k, false), B: Dense(noise(2, k*n), k, n, false), LDC: n}
		p.C = make([]float32, m*n)
		want := chain(&p)
		got := onEveryPath(t, func() []float32 {
			q := p
			q.C = noise(3, m*n)
			q.Run()
			return q.C
		})
		for i, w := range want {
			if math.Float32bits(got[i]) != math.Float32bits(w) {
				t.Fatalf("of %d rows, element %d, %d is %x, want %x", m, i/n, i%n, got[i], w)
			}
		}
	}
}

// TestANaNGoesThroughEveryActivation, and zeros keep their sign.
func TestANaNGoesThroughEveryActivation(t *testing.T) {
	negative := float32(math.Copysign(0, -1))
	x := []float32{nan, inf, -inf, 0, negative, 1e-40, -1e-40, 7, -7}
	for _, act := range []Activation{Linear, Clamp, Leaky} {
		got := onEveryPath(t, func() []float32 {
			c := make([]float32, len(x))
			p := Product{M: 1, N: len(x), K: 1, Alpha: 1, A: Dense([]float32{1}, 1, 1, false), B: Dense(x, 1, len(x), false), C: c, LDC: len(x),
				Epilogue: Epilogue{Act: act, Low: 0.25, High: 5}}
			p.Run()
			return c
		})
		if got[0] == got[0] {
			t.Errorf("activation %d of NaN is %g", act, got[0])
		}
	}
}

func TestLongProductsAreDividedIntoBlocks(t *testing.T) {
	m, n, k := 31, 2*rightBlock/innerBlock+17, 2*innerBlock+3
	p := Product{M: m, N: n, K: k, Alpha: 1, A: Dense(noise(1, m*k), m, k, false), B: Dense(noise(2, k*n), k, n, false), C: make([]float32, m*n), LDC: n}
	for _, path := range Paths()[1:] {
		restore := Use(path)
		p.Run()
		restore()
		for _, at := range [][2]int{{0, 0}, {30, n - 1}, {13, rightBlock / innerBlock}, {14, 33}, {28, n - 18}} {
			acc := float32(0)
			for q := range k {
				acc = fma(p.A.Data[at[0]*k+q], p.B.Data[q*n+at[1]], acc)
			}
			if got := p.C[at[0]*n+at[1]]; got != acc {
				t.Errorf("%v: element %v is %x, want %x", path, at, got, acc)
			}
		}
	}
}

func BenchmarkGemm(b *testing.B) {
	for _, path := range Paths()[1:] {
		for _, n := range []int{64, 256, 512, 1024} {
			b.Run(path.String()+"/"+strconv.Itoa(n), func(b *testing.B) {
				defer Use(path)()
				x, y, c := noise(1, n*n), noise(2, n*n), make([]float32, n*n)
				for b.Loop() {
					Gemm(n, n, n, 1, Dense(x, n, n, false), Dense(y, n, n, false), false, c, n)
				}
				b.ReportMetric(2*float64(n*n*n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
