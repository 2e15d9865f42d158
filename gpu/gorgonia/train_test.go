package gorgonia_test

import (
	"math"
	"runtime"
	"testing"
	"time"

	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"

	"gonum.org/v1/gonum/blas/gonum"
	G "gorgonia.org/gorgonia"
)

// A builder is mlp or convnet.
type builder func(testing.TB, int, conv2d) *net

// A trainer is a net on a machine, as Gorgonia brings it or with our adapters:
// nothing else differs.
type trainer struct {
	*net
	blas   G.BLAS
	vm     G.VM
	solver G.Solver
}

func newTrainer(t testing.TB, build builder, batch int, adapted bool) *trainer {
	n := build(t, batch, G.Conv2d)
	if adapted {
		n = build(t, batch, adapt.Conv2d)
	}
	x := &trainer{net: n}
	if adapted {
		x.blas = adapt.BLAS{}
		x.vm = G.NewTapeMachine(n.graph, G.BindDualValues(n.params...), G.WithEngine(adapt.Engine{}))
		x.solver = adapt.NewAdam(adapt.Adam{Rate: 1e-3})
	} else {
		x.blas = gonum.Implementation{}
		x.vm = G.NewTapeMachine(n.graph, G.BindDualValues(n.params...))
		x.solver = G.NewAdamSolver(G.WithLearnRate(1e-3))
	}
	t.Cleanup(func() { x.vm.Close(); G.Use(gonum.Implementation{}) })
	return x
}

// step trains for one step and returns the loss before it.
func (x *trainer) step(t testing.TB) float32 {
	t.Helper()
	G.Use(x.blas)
	if err := x.vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	if err := x.solver.Step(G.NodesToValueGrads(x.params)); err != nil {
		t.Fatal(err)
	}
	x.vm.Reset()
	return x.value.Data().(float32)
}

func TestNetsTrainAlikeWithAndWithoutAdapters(t *testing.T) {
	for name, build := range map[string]builder{"mlp": mlp, "convnet": convnet} {
		plain, adapted := newTrainer(t, build, 4, false), newTrainer(t, build, 4, true)
		var first, last float32
		for i := range 6 {
			want, got := plain.step(t), adapted.step(t)
			if last = got; i == 0 {
				first = want
			}
			if math.Abs(float64(got-want)) > 1e-4*float64(first) {
				t.Fatalf("%s: loss %v in step %d, want %v", name, got, i+1, want)
			}
		}
		if !(last < first) {
			t.Errorf("%s: loss %v at first and %v at last", name, first, last)
		}
	}
}

func TestTrainingHasTheSameBitsOnAnyNumberOfThreads(t *testing.T) {
	var first []float32
	for _, threads := range []int{1, 2, 3} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
			x := newTrainer(t, convnet, 8, true)
			var losses []float32
			for range 4 {
				losses = append(losses, x.step(t))
			}
			if first == nil {
				first = losses
			}
			for i := range losses {
				if losses[i] != first[i] {
					t.Errorf("%d threads: losses %v, one thread %v", threads, losses, first)
					break
				}
			}
		}()
	}
}

func benchmark(b *testing.B, build builder, batch int) {
	plain, adapted := newTrainer(b, build, batch, false), newTrainer(b, build, batch, true)
	times := map[*trainer]time.Duration{plain: math.MaxInt64, adapted: math.MaxInt64}
	for b.Loop() {
		for _, x := range []*trainer{plain, adapted} {
			start := time.Now()
			x.step(b)
			times[x] = min(times[x], time.Since(start))
		}
	}
	b.ReportMetric(float64(times[adapted].Microseconds())/1000, "ms/step")
	b.ReportMetric(float64(times[plain])/float64(times[adapted]), "×gorgonia")
}

// BenchmarkMLP is a training step of the perceptron, batch 128.
func BenchmarkMLP(b *testing.B) { benchmark(b, mlp, 128) }

// BenchmarkConvNet is a training step of the convolutional network, batch 100.
func BenchmarkConvNet(b *testing.B) { benchmark(b, convnet, 100) }
