package cuda_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/driver"
	engine "github.com/cloister-ai/cloister/gpu/engine/cuda"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// counting is a driver that counts what is queued one by one, and as a graph, and
// whose memory is not zero.
type counting struct {
	*ptxvm.Driver
	launches, replays int
}

func (c *counting) Launch(f cuda.Function, grid, block [3]uint32, shared uint32, args []uint64) error {
	c.launches++
	return c.Driver.Launch(f, grid, block, shared, args)
}

// Alloc leaves in memory what a card might: nothing that is zero.
func (c *counting) Alloc(n int64) (cuda.Ptr, error) {
	p, err := c.Driver.Alloc(n)
	if err == nil {
		err = c.Device().Poison(uint64(p), n)
	}
	return p, err
}

func (c *counting) Capture(f func() error) (cuda.Graph, error) {
	before := c.launches
	g, err := c.Driver.Capture(f)
	c.launches = before
	return replayed{g, c}, err
}

type replayed struct {
	cuda.Graph
	c *counting
}

func (r replayed) Launch() error { r.c.replays++; return r.Graph.Launch() }

func device(t *testing.T) (*engine.Device, *counting) {
	t.Helper()
	c := &counting{Driver: ptxvm.NewDriver(ptxvm.Config{})}
	d := engine.NewDevice(c)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, c
}

// regression is x·w, with the gradient of its sum by w where it is trained.
func regression(t *testing.T, d *engine.Device, trained bool) *graph.Plan {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, []int64{3, 4})
	if err != nil {
		t.Fatal(err)
	}
	w, err := g.Param("w", parameter{})
	if err != nil {
		t.Fatal(err)
	}
	node := func(op string, in ...abi.Value) abi.Value {
		out, err := g.Node(op, nil, in)
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	y := node("Tanh", node("MatMul", x, w))
	if err := g.Output("y", y); err != nil {
		t.Fatal(err)
	}
	var grads []abi.Value
	if trained {
		loss, err := g.Node("ReduceSum", []abi.Attr{{Name: "keepdims", Type: abi.AttrInt}}, []abi.Value{y})
		if err != nil {
			t.Fatal(err)
		}
		if grads, err = g.Gradient(loss[0], []abi.Value{w}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := graph.NewPlan(g, grads, d.Layout())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// parameter is the type of w; nothing reads it.
type parameter struct{ abi.Tensor }

func (parameter) DType() abi.DType { return abi.Float32 }
func (parameter) Shape() []int64   { return []int64{4, 2} }

func held(t *testing.T, d *engine.Device, v ...float32) driver.Memory {
	t.Helper()
	m, err := d.Alloc(int64(4 * len(v)))
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	if err := m.Write(0, b); err != nil {
		t.Fatal(err)
	}
	return m
}

func bytesOf(t *testing.T, m driver.Memory, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if err := m.Read(0, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func ramp(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i)/8 - 0.5
	}
	return v
}

// The first run is queued launch by launch, the second is captured, and from then on
// the graph is replayed while tensors lie where they lay; all give the same bits.
func TestARunIsCapturedWhenItComesAgain(t *testing.T) {
	d, c := device(t)
	p, err := d.Compile(t.Context(), regression(t, d, false), abi.Optimizer{})
	if err != nil {
		t.Fatal(err)
	}
	x, w, y := held(t, d, ramp(12)...), held(t, d, ramp(8)...), held(t, d, ramp(6)...)
	var first []byte
	for i := range 5 {
		if err := p.Run(t.Context(), []driver.Memory{x}, []driver.Memory{w}, []driver.Memory{y}, 0); err != nil {
			t.Fatal(err)
		}
		got := bytesOf(t, y, 24)
		if first == nil {
			first = got
		}
		if !bytes.Equal(got, first) {
			t.Errorf("run %d gives %x, the first gave %x", i, got, first)
		}
	}
	if c.launches != 1 || c.replays != 4 {
		t.Errorf("%d launches and %d replays; want 1 and 4", c.launches, c.replays)
	}
	other := held(t, d, ramp(6)...)
	if err := p.Run(t.Context(), []driver.Memory{x}, []driver.Memory{w}, []driver.Memory{other}, 0); err != nil {
		t.Fatal(err)
	}
	if got := bytesOf(t, other, 24); !bytes.Equal(got, first) || c.launches != 2 {
		t.Errorf("a run to another place gives %x in %d launches; want %x in 2", got, c.launches, first)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// Memory that one tensor had is zero when another gets it, spare or not.
func TestMemoryIsZeroForWhoGetsItNext(t *testing.T) {
	d, _ := device(t)
	for _, n := range []int{3, 64, 1000, 1 << 19} {
		secret := make([]float32, n)
		for i := range secret {
			secret[i] = 42
		}
		fresh, err := d.Alloc(int64(4 * n))
		if err != nil {
			t.Fatal(err)
		}
		if b := bytesOf(t, fresh, 4*n); !bytes.Equal(b, make([]byte, 4*n)) {
			t.Fatalf("memory of %d bytes that nobody had is not zero", 4*n)
		}
		for range 3 {
			m := held(t, d, secret...)
			if err := m.Free(); err != nil {
				t.Fatal(err)
			}
			next, err := d.Alloc(int64(4 * n))
			if err != nil {
				t.Fatal(err)
			}
			if b := bytesOf(t, next, 4*n); !bytes.Equal(b, make([]byte, 4*n)) {
				t.Fatalf("memory of %d bytes holds what another left", 4*n)
			}
			if err := next.Free(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A program that is loaded anew and given the state of another goes on where that
// one stood: the moments, and how many steps there were.
func TestStateIsSavedAndLoaded(t *testing.T) {
	opt := abi.Optimizer{Kind: abi.Adam, LearningRate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, ClipNorm: 1}
	train := func(stop int) []byte {
		d, _ := device(t)
		open := func() driver.Program {
			p, err := d.Compile(t.Context(), regression(t, d, true), opt)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		x, w, y := held(t, d, ramp(12)...), held(t, d, ramp(8)...), held(t, d, ramp(6)...)
		p := open()
		for i := range 6 {
			if i == stop {
				state, err := p.Save()
				if err != nil {
					t.Fatal(err)
				}
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				p = open()
				if err := p.Load(state[1:]); abi.KindOf(err) != abi.Invalid {
					t.Errorf("Load of a state that is cut = %v; want Invalid", err)
				}
				if err := p.Load(state); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.Run(t.Context(), []driver.Memory{x}, []driver.Memory{w}, []driver.Memory{y}, 0.1); err != nil {
				t.Fatal(err)
			}
		}
		return bytesOf(t, w, 32)
	}
	want := train(-1)
	for _, stop := range []int{1, 4} {
		if got := train(stop); !bytes.Equal(got, want) {
			t.Errorf("stopped before step %d: parameters %x; want %x", stop, got, want)
		}
	}
}

// broken is a driver whose kernels fault, as an ECC error or a wild address would.
type broken struct{ *ptxvm.Driver }

func (broken) Launch(cuda.Function, [3]uint32, [3]uint32, uint32, []uint64) error {
	return &cuda.Error{Call: "cuLaunchKernel", Code: cuda.IllegalAddress}
}

func TestALostDeviceSaysSoInTheWordsOfTheProtocol(t *testing.T) {
	d := engine.NewDevice(broken{ptxvm.NewDriver(ptxvm.Config{})})
	defer d.Close()
	p, err := d.Compile(t.Context(), regression(t, d, false), abi.Optimizer{})
	if err != nil {
		t.Fatal(err)
	}
	x, w, y := held(t, d, ramp(12)...), held(t, d, ramp(8)...), held(t, d, ramp(6)...)
	err = p.Run(t.Context(), []driver.Memory{x}, []driver.Memory{w}, []driver.Memory{y}, 0)
	if !errors.Is(err, driver.ErrLost) || abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Run = %v; want ErrLost, which is Unavailable", err)
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	d, _ := device(t)
	p, err := d.Compile(t.Context(), regression(t, d, false), abi.Optimizer{})
	if err != nil {
		t.Fatal(err)
	}
	x, w, y := held(t, d, ramp(12)...), held(t, d, ramp(8)...), held(t, d, ramp(6)...)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if err := p.Run(ctx, []driver.Memory{x}, []driver.Memory{w}, []driver.Memory{y}, 0); !errors.Is(err, gone) {
		t.Errorf("Run = %v; want its cause", err)
	}
}

// A plan whose scratch is not what the kernels take is refused, not run.
func TestAPlanOfAnotherLayoutIsRefused(t *testing.T) {
	d, _ := device(t)
	p := regression(t, d, false)
	p.Steps[0].Work = 64
	if _, err := d.Compile(t.Context(), p, abi.Optimizer{}); abi.KindOf(err) != abi.Invalid {
		t.Errorf("Compile = %v; want Invalid", err)
	}
	p = regression(t, d, false)
	p.Steps[0].Inside = []abi.Value{p.Steps[0].Node.In[0]} // an input is nothing to compute
	if _, err := d.Compile(t.Context(), p, abi.Optimizer{}); abi.KindOf(err) != abi.Invalid {
		t.Errorf("Compile with an input inside = %v; want Invalid", err)
	}
}
