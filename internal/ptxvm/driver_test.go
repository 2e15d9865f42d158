package ptxvm_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/ptx"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// inside runs f with a driver, and fails the test with its error.
func inside(t *testing.T, d *ptxvm.Driver, f func() error) {
	t.Helper()
	if err := d.Enter(f); err != nil {
		t.Fatal(err)
	}
}

// doubling is a kernel of the product's own generator: x[i] *= 2 for even i.
func doubling() string {
	k := ptx.NewKernel(64)
	k.Name = "double_even"
	x := k.Param()
	i := k.Special(ptx.ThreadX)
	k.If(k.Cmp(k.Rem(i, ptx.Int(ptx.U32, 2)), ptx.EQ, ptx.Int(ptx.U32, 0)), func() {
		at := k.At(x, i, 4)
		k.Store(ptx.F32, ptx.Global, at, 0, k.Mul(k.Load(ptx.F32, ptx.Global, at, 0), ptx.Float(ptx.F32, 2)))
	})
	m := ptx.NewModule(ptx.Turing)
	m.Add(k)
	return m.String()
}

func TestAGraphReplaysWhatWasCaptured(t *testing.T) {
	d := ptxvm.NewDriver(ptxvm.Config{})
	defer d.Close()
	inside(t, d, func() error {
		p, err := d.Alloc(256)
		if err != nil {
			return err
		}
		host, err := d.AllocHost(256)
		if err != nil {
			return err
		}
		m, err := d.Load(doubling())
		if err != nil {
			return err
		}
		f, err := m.Function("double_even")
		if err != nil {
			return err
		}
		g, err := d.Capture(func() error {
			if err := d.Upload(cuda.Compute, p, host); err != nil {
				return err
			}
			if err := d.Launch(f, at(1, 1, 1), at(64, 1, 1), 0, []uint64{uint64(p)}); err != nil {
				return err
			}
			return d.Download(cuda.Compute, host, p)
		})
		if err != nil {
			return err
		}
		if n := d.Device().Instructions(); n != 0 {
			t.Errorf("%d instructions ran while the graph was captured", n)
		}
		for i := range 64 {
			copy(host[4*i:], floats(float32(i)))
		}
		for range 3 { // contents are read when the graph runs
			if err := g.Launch(); err != nil {
				return err
			}
		}
		for i := range 64 {
			want := float32(i)
			if i%2 == 0 {
				want *= 8
			}
			if got := float(host, i); got != want {
				t.Errorf("x[%d] = %v; want %v", i, got, want)
			}
		}
		return g.Free()
	})
}

func TestAFaultLosesTheDevice(t *testing.T) {
	d := ptxvm.NewDriver(ptxvm.Config{})
	inside(t, d, func() error {
		p, err := d.Alloc(128) // half of what the kernel touches
		if err != nil {
			return err
		}
		if err := d.Set(cuda.Compute, p, 0, 128); err != nil {
			return err
		}
		m, err := d.Load(doubling())
		if err != nil {
			return err
		}
		f, err := m.Function("double_even")
		if err != nil {
			return err
		}
		err = d.Launch(f, at(1, 1, 1), at(64, 1, 1), 0, []uint64{uint64(p)})
		call, ok := errors.AsType[*cuda.Error](err)
		if !ok || call.Code != cuda.IllegalAddress || !errors.Is(err, cuda.ErrLost) || !errors.Is(err, ptxvm.OutOfBounds) {
			t.Errorf("got %v; want an illegal address", err)
		}
		if got := d.Sync(cuda.Compute); !errors.Is(got, cuda.ErrLost) {
			t.Errorf("after it: %v; want the device lost", got)
		}
		if _, got := d.Alloc(1); !errors.Is(got, cuda.ErrLost) {
			t.Errorf("after it: %v; want the device lost", got)
		}
		return nil
	})
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestLoadRefusesWhatTheDriverWould(t *testing.T) {
	text := func(version, target string) string {
		return strings.NewReplacer("7.0", version, "sm_75", target).Replace(kernel("sm_75", ""))
	}
	for _, c := range []struct {
		name, text string
		cfg        ptxvm.Config
		code       cuda.Code
	}{
		{"PTX of a later driver", text("8.0", "sm_75"), ptxvm.Config{Driver: 11080}, cuda.UnsupportedPTX},
		{"the newest it takes", text("7.8", "sm_75"), ptxvm.Config{Driver: 11080}, 0},
		{"a later card's target", text("7.0", "sm_80"), ptxvm.Config{Capability: 75}, cuda.NoBinaryForGPU},
		{"an earlier card's target", text("7.0", "sm_75"), ptxvm.Config{Capability: 120}, 0},
		{"a specific target on another card", text("8.0", "sm_90a"), ptxvm.Config{Capability: 100}, cuda.NoBinaryForGPU},
		{"a target the version does not know", text("7.0", "sm_90a"), ptxvm.Config{}, cuda.InvalidPTX},
		{"no PTX", "int main() {}", ptxvm.Config{}, cuda.InvalidPTX},
	} {
		d := ptxvm.NewDriver(c.cfg)
		inside(t, d, func() error {
			_, err := d.Load(c.text)
			call, _ := errors.AsType[*cuda.Error](err)
			if c.code == 0 && err != nil || c.code != 0 && (call == nil || call.Code != c.code) {
				t.Errorf("%s: got %v; want code %d", c.name, err, c.code)
			}
			return nil
		})
	}
}

func TestAnArenaIsPoisonedWhenAsked(t *testing.T) {
	m := newMachine(t, ptxvm.Config{Keep: true}, 1024)
	fill := func() {
		for _, p := range m.bufs {
			if err := m.dev.Set(p, 0, 1024); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill()
	body := "ld.global.u32 %r2, [%d0+16]; st.global.u32 [%d2], %r2;"
	expect(t, m.run(kernel("sm_75", body), 1, 1), ptxvm.Uninitialised, "ld.global.u32")
	m.write(0, make([]byte, 1024))
	if err := m.run(kernel("sm_75", body), 1, 1); err != nil {
		t.Error(err)
	}
	if left, at, err := m.dev.Unwritten(m.bufs[2], 1024); left != 1020 || at != 4 || err != nil {
		t.Errorf("%d bytes unwritten from %d on (%v); want 1020 from 4", left, at, err)
	}
	if err := m.dev.Poison(m.bufs[0], 32); err != nil {
		t.Fatal(err)
	}
	expect(t, m.run(kernel("sm_75", body), 1, 1), ptxvm.Uninitialised, "ld.global.u32")
}

func TestMemoryIsCounted(t *testing.T) {
	d := ptxvm.NewDriver(ptxvm.Config{Bytes: 1000})
	inside(t, d, func() error {
		p, err := d.Alloc(600)
		if err != nil {
			return err
		}
		_, err = d.Alloc(401)
		if call, ok := errors.AsType[*cuda.Error](err); !ok || call.Code != cuda.OutOfMemory {
			t.Errorf("got %v; want out of memory", err)
		}
		if err := d.Free(p + 1); !errors.Is(err, abi.Invalid) {
			t.Errorf("Free inside an allocation: %v", err)
		}
		if err := d.Free(p); err != nil {
			return err
		}
		free, total, err := d.Memory()
		if free != 1000 || total != 1000 {
			t.Errorf("%d of %d free; want all", free, total)
		}
		return err
	})
}

func TestMappedMemoryIsTheHosts(t *testing.T) {
	m := newMachine(t, ptxvm.Config{}, 1024)
	host := make([]byte, 64)
	if err := m.dev.Map(0x10000, host); err != nil {
		t.Fatal(err)
	}
	if err := m.dev.Map(0x10020, host); !errors.Is(err, abi.Invalid) {
		t.Errorf("mapped twice: %v", err)
	}
	if err := m.run(kernel("sm_75", "mov.u64 %d3, 0x10000; st.global.u32 [%d3+8], 77;"), 1, 1); err != nil {
		t.Fatal(err)
	}
	if got := binary.LittleEndian.Uint32(host[8:]); got != 77 {
		t.Errorf("the host sees %d; want 77", got)
	}
}

func TestBlocksInParallelGiveTheSameBits(t *testing.T) {
	var first []float32
	for _, workers := range []int{1, 2, 7} {
		b := newBench(t, ptxvm.Config{Fast: true, Workers: workers})
		l := b.load(source(t, "kernels.ptx"))
		const n = 4096
		out := b.room(4 * 64)
		b.must(b.launch(l, "reduce_sum", at(64, 1, 1), at(64, 1, 1), 0, out, b.up(b.normal(n)), n))
		got := b.down(out, 64)
		if first == nil {
			first = got
		}
		for i := range got {
			if got[i] != first[i] {
				t.Fatalf("%d workers: part %d is %v; one worker had %v", workers, i, got[i], first[i])
			}
		}
	}
}
