//go:build linux && (amd64 || arm64)

package cuda

import (
	"bytes"
	"encoding/binary"
	"math"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// interpreting runs the launches of a stand-in driver on a machine that holds them
// to every rule, over the stand-in's memory.
func interpreting(t *testing.T) func(fake.Launch) cuda.Code {
	modules := make(map[string]*ptxvm.Module)
	return func(l fake.Launch) cuda.Code {
		m := modules[l.PTX]
		if m == nil {
			var err error
			if m, err = ptxvm.Parse(l.PTX); err != nil {
				t.Error(err)
				return cuda.InvalidPTX
			}
			modules[l.PTX] = m
		}
		machine := ptxvm.New(ptxvm.Config{})
		for _, s := range l.Memory {
			if err := machine.Map(uint64(s.At), s.Bytes); err != nil {
				t.Error(err)
			}
		}
		loaded, err := machine.Load(m)
		if err == nil {
			err = loaded.Launch(l.Kernel, l.Grid, l.Block, l.Shared, l.Params)
		}
		if err != nil {
			t.Error(err)
			return cuda.IllegalAddress
		}
		return 0
	}
}

// dense is softmax(tanh(x·w + b)) of three records.
func dense(t *testing.T) *graph.Plan {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 17})
	if err != nil {
		t.Fatal(err)
	}
	constant := func(shape ...int64) abi.Value {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		v, err := g.ConstantBytes(abi.Float32, shape, waves(n))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v, err := g.Input("x", abi.Float32, []int64{3, 20})
	for _, s := range []struct {
		op string
		in []abi.Value
	}{{"MatMul", []abi.Value{0, constant(20, 7)}}, {"Add", []abi.Value{0, constant(7)}}, {"Tanh", []abi.Value{0}}, {"Softmax", []abi.Value{0}}} {
		if err != nil {
			t.Fatal(err)
		}
		s.in[0] = v
		var out []abi.Value
		if out, err = g.Node(s.op, nil, s.in); err == nil {
			v = out[0]
		}
	}
	if err == nil {
		err = g.Output("y", v)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, nil, Layout())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waves are n float32 between -1 and 1.
func waves(n int64) []byte {
	var b []byte
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(math.Sin(float64(3*i+1)))))
	}
	return b
}

// compute runs dense on a device three times, so that the last run is a replay.
func compute(t *testing.T, d driver.Device) [][]byte {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := d.Compile(t.Context(), dense(t), abi.Optimizer{})
	must(err)
	in, err := d.Alloc(3 * 20 * 4)
	must(err)
	out, err := d.Alloc(3 * 7 * 4)
	must(err)
	var results [][]byte
	for i := range int64(3) {
		must(in.Write(0, waves(60 + i)[4*i:]))
		must(p.Run(t.Context(), []driver.Memory{in}, nil, []driver.Memory{out}, 0))
		b := make([]byte, 3*7*4)
		must(out.Read(0, b))
		results = append(results, b)
	}
	must(p.Close())
	must(in.Free())
	must(out.Free())
	return results
}

// TestAPlanRunsThroughTheRealDriver has the calls of the real driver between the
// engine and the machine that runs its kernels: symbols, handles, streams, graphs.
func TestAPlanRunsThroughTheRealDriver(t *testing.T) {
	want := compute(t, NewDevice(ptxvm.NewDriver(ptxvm.Config{})))

	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("CUDA_CACHE_PATH", "")
	f := fake.CUDA(t)
	f.OnLaunch(interpreting(t))
	d, err := OpenDevice()
	if err != nil {
		t.Fatal(err)
	}
	if dir := f.Env("CUDA_CACHE_PATH"); dir != filepath.Join(home, ".cache", "cloister", "cuda") {
		t.Errorf("kernels are kept in %q", dir)
	}
	got := compute(t, d)
	for i := range want {
		if !bytes.Equal(got[i], want[i]) || bytes.Equal(got[i], got[(i+1)%3]) {
			t.Errorf("run %d: %x, want %x", i, got[i], want[i])
		}
	}
	calls := f.Calls()
	if calls["cuGraphLaunch"] == 0 || calls["cuLaunchKernel"] == 0 {
		t.Errorf("%d launches of kernels and %d of graphs; want both", calls["cuLaunchKernel"], calls["cuGraphLaunch"])
	}

	// What a tenant computed is gone from what is kept for the next.
	if err := d.(*Device).d.Enter(func() error { return d.(*Device).d.Sync(cuda.Compute) }); err != nil {
		t.Fatal(err)
	}
	kept := f.Memory()
	for _, s := range kept {
		if n := len(bytes.Trim(s.Bytes, "\x00")); n != 0 {
			t.Errorf("%d of %d bytes are left at %#x", n, len(s.Bytes), s.At)
		}
	}
	if len(kept) == 0 {
		t.Error("nothing is kept: what was looked at?")
	}
	if err := d.Close(); err != nil || f.Live() != 0 || f.Leaked() != 0 {
		t.Errorf("Close = %v; %d objects are left, %d ended with their context", err, f.Live(), f.Leaked())
	}
}
