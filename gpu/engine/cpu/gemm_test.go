package cpu

import (
	"context"
	"errors"
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drawFloats(t *rapid.T, n int, what string) []float32 {
	return rapid.SliceOfN(rapid.Float32Range(-1e3, 1e3), n, n).Draw(t, what)
}

func sameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// TestAssemblyAndGoGiveTheSameBits covers every height, stride and both ways of
// starting; on machines without assembly it compares the definition with itself.
func TestAssemblyAndGoGiveTheSameBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, k := rapid.IntRange(1, mr).Draw(t, "m"), rapid.IntRange(1, 40).Draw(t, "k")
		rs, cs := k, 1
		if rapid.Bool().Draw(t, "transposed") {
			rs, cs = 1, m
		}
		ldc := nr + rapid.IntRange(0, 3).Draw(t, "gap")
		load := rapid.Bool().Draw(t, "load")
		a, b := drawFloats(t, m*k, "a"), drawFloats(t, k*nr, "b")
		c := drawFloats(t, (m-1)*ldc+nr, "c")
		want := append([]float32{}, c...)
		kernelGo(m, k, a, rs, cs, b, want, ldc, load)
		kernel(m, k, a, rs, cs, b, c, ldc, load)
		if !sameBits(c, want) {
			t.Fatalf("kernel = %v, want %v", c, want)
		}
	})
}

// TestAProductAddsUpInOrder is the definition of every product of the engine: its
// bits follow from the order of the inner dimension, not from blocks.
func TestAProductAddsUpInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := rapid.IntRange(1, 9).Draw(t, "m"), rapid.IntRange(1, 40).Draw(t, "n")
		k := rapid.SampledFrom([]int{1, 2, 5, kBlock - 1, kBlock, kBlock + 3}).Draw(t, "k")
		seed := rapid.Uint32().Draw(t, "seed")
		a, b := noise(seed, m*k), noise(seed+1, k*n)
		transA, transB := rapid.Bool().Draw(t, "transA"), rapid.Bool().Draw(t, "transB")
		ma, mb := dense(a, m, k, transA), dense(b, k, n, transB)
		packed := make([]float32, packedLen(k, n))
		for j := range panels(n) {
			packPanel(packed[j*k*nr:], mb, j)
		}
		got, want := make([]float32, m*n), make([]float32, m*n)
		multiply(got, n, ma, packed, n, false)
		for i := range m {
			for j := range n {
				for p := range k {
					want[i*n+j] += float32(a[i*ma.rs+p*ma.cs] * b[p*mb.rs+j*mb.cs])
				}
			}
		}
		if !sameBits(got, want) {
			t.Fatal("the product differs from the sum in order")
		}
	})
}

func noise(seed uint32, n int) []float32 {
	x := make([]float32, n)
	s := seed | 1
	for i := range x {
		s ^= s << 13
		s ^= s >> 17
		s ^= s << 5
		x[i] = float32(int32(s)) / (1 << 28)
	}
	return x
}

func TestEveryTaskRunsOnceOnAnyNumberOfWorkers(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		counts := make([]int, 100)
		sum := 0
		stages := []stage{
			{0, func(_, _ int) { t.Error("a stage without tasks ran") }},
			{100, func(worker, task int) {
				if worker < 0 || worker >= workers {
					t.Errorf("worker %d of %d", worker, workers)
				}
				counts[task]++
			}},
			{1, func(_, _ int) {
				for _, c := range counts {
					sum += c
				}
			}},
		}
		if err := runStages(context.Background(), workers, stages); err != nil {
			t.Fatal(err)
		}
		for task, c := range counts {
			if c != 1 {
				t.Errorf("with %d workers task %d ran %d times", workers, task, c)
			}
		}
		if sum != 100 {
			t.Errorf("the next stage saw %d tasks done, want 100", sum)
		}
	}
}

func TestACancelStopsBetweenTasks(t *testing.T) {
	cause := errors.New("enough")
	for _, workers := range []int{1, 3} {
		ctx, cancel := context.WithCancelCause(context.Background())
		stopped := make(chan struct{})
		context.AfterFunc(ctx, func() { close(stopped) })
		err := runStages(ctx, workers, []stage{
			{1, func(_, _ int) { cancel(cause); <-stopped }},
			{1 << 40, func(_, _ int) {}}, // would take hours
		})
		if !errors.Is(err, cause) {
			t.Errorf("runStages = %v, want the cause", err)
		}
	}
}
