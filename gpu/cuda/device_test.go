//go:build linux && (amd64 || arm64)

package cuda_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
	"golang.org/x/sys/unix"
)

// ptx is what the tests load. The stand-in driver reads names and parameters of it;
// what add does is in adding.
const ptx = `.version 7.0
.target sm_75
.address_size 64
.shared .align 16 .b8 tile[1024];
.visible .entry add(
	.param .u64 add_param_0,
	.param .u64 add_param_1,
	.param .u64 add_param_2
)
{ ret; }
.visible .entry mapped(
	.param .u64 mapped_param_0,
	.param .align 64 .b8 mapped_param_1[128]
)
{ ret; }
`

var one = [3]uint32{1, 1, 1}

// adding runs add(p, n, v): each of the n bytes from p on grows by v.
func adding(l fake.Launch) cuda.Code {
	if l.Kernel != "add" {
		return cuda.InvalidPTX
	}
	p, n, v := binary.LittleEndian.Uint64(l.Params), binary.LittleEndian.Uint64(l.Params[8:]), l.Params[16]
	for _, s := range l.Memory {
		if off := p - uint64(s.At); p >= uint64(s.At) && off < uint64(len(s.Bytes)) && off+n <= uint64(len(s.Bytes)) {
			for i := range n {
				s.Bytes[off+i] += v
			}
			return 0
		}
	}
	return cuda.IllegalAddress
}

// opened is a stand-in driver, and its device, which the test's end closes.
func opened(t testing.TB, flags ...string) (*fake.Driver, cuda.Driver) {
	t.Helper()
	f := fake.CUDA(t, flags...)
	f.OnLaunch(adding)
	d, err := cuda.Open(cuda.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		if f.Live() != 0 || f.Leaked() != 0 {
			t.Errorf("%d objects are left, %d ended with their context", f.Live(), f.Leaked())
		}
	})
	return f, d
}

// inside runs f in Enter.
func inside(t testing.TB, d cuda.Driver, f func() error) {
	t.Helper()
	if err := d.Enter(f); err != nil {
		t.Fatal(err)
	}
}

// loaded returns a function of ptx.
func loaded(t testing.TB, d cuda.Driver, name string) cuda.Function {
	t.Helper()
	m, err := d.Load(ptx)
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.Function(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// mapping returns n bytes that are not Go's.
func mapping(t testing.TB, n int) []byte {
	t.Helper()
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(b) })
	return b
}

func TestWhatIsUploadedIsComputedOnAndDownloaded(t *testing.T) {
	_, d := opened(t)
	inside(t, d, func() error {
		add := loaded(t, d, "add")
		p, err := d.Alloc(100)
		if err != nil {
			return err
		}
		src := bytes.Repeat([]byte{1}, 50)
		err = errors.Join(
			d.Set(cuda.Compute, p, 7, 100),
			d.Upload(cuda.Compute, p+10, src),
			d.Launch(add, one, one, 0, []uint64{uint64(p), 60, 3}),
			d.Copy(cuda.Compute, p+60, p, 40),
		)
		clear(src) // Upload has taken it
		got := make([]byte, 100)
		if err := errors.Join(err, d.Download(cuda.Compute, got, p)); err != nil {
			return err
		}
		want := append(bytes.Repeat([]byte{10}, 10), bytes.Repeat([]byte{4}, 50)...)
		want = append(want, want[:40]...)
		if !bytes.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		return d.Free(p)
	})
}

func TestMemoryIsNotCleared(t *testing.T) {
	_, d := opened(t)
	inside(t, d, func() error {
		p, err := d.Alloc(4)
		got := make([]byte, 4)
		if err := errors.Join(err, d.Download(cuda.Compute, got, p)); err != nil {
			return err
		}
		if !bytes.Equal(got, []byte{0xA5, 0xA5, 0xA5, 0xA5}) {
			t.Errorf("the stand-in gave %x: a test on it cannot see what is left uncleared", got)
		}
		host, err := d.AllocHost(4096)
		if err == nil && !bytes.Equal(host, make([]byte, 4096)) {
			t.Error("host memory is not zeroed")
		}
		return err
	})
}

func TestPageLockedCopiesRunLater(t *testing.T) {
	_, d := opened(t)
	ring := mapping(t, 8192)
	inside(t, d, func() error {
		host, err := d.AllocHost(16)
		p, e := d.Alloc(16)
		if err := errors.Join(err, e, d.Register(ring)); err != nil {
			return err
		}
		for _, mem := range [][]byte{host, ring[4096:4112]} {
			mem[0] = 1
			err := d.Upload(cuda.Transfers, p, mem)
			mem[0] = 2 // the stream has not passed it
			got := make([]byte, 1)
			if err := errors.Join(err, d.Download(cuda.Transfers, got, p)); err != nil {
				return err
			}
			if got[0] != 2 {
				t.Errorf("got %d: the copy was not from page-locked memory", got[0])
			}
			mem[0] = 0
			if err := d.Download(cuda.Transfers, mem, p); err != nil || mem[0] != 0 {
				t.Errorf("Download = %v, and the byte was there at once: %d", err, mem[0])
			}
			if err := d.Sync(cuda.Transfers); err != nil || mem[0] != 2 {
				t.Errorf("Sync = %v, byte %d; want 2", err, mem[0])
			}
		}
		return errors.Join(d.Unregister(ring), d.FreeHost(host))
	})
}

func TestMemoryThatCannotBeLockedIsUsedAllTheSame(t *testing.T) {
	f, d := opened(t)
	f.Set("REGISTER_FAILS", 1)
	ring := mapping(t, 4096)
	inside(t, d, func() error {
		err := d.Register(ring)
		if e, ok := errors.AsType[*cuda.Error](err); !ok || e.Code != cuda.NotSupported {
			t.Errorf("Register = %v; want NotSupported", err)
		}
		p, err := d.Alloc(4)
		copy(ring, "ring")
		got := make([]byte, 4)
		err = errors.Join(err, d.Upload(cuda.Transfers, p, ring[:4]), d.Download(cuda.Transfers, got, p))
		if string(got) != "ring" {
			t.Errorf("got %q", got)
		}
		return err
	})
}

func TestAnEventOrdersStreams(t *testing.T) {
	_, d := opened(t)
	inside(t, d, func() error {
		add := loaded(t, d, "add")
		p, err := d.Alloc(1)
		host, e := d.AllocHost(2)
		arrived, e2 := d.Event()
		if err := errors.Join(err, e, e2); err != nil {
			return err
		}
		host[0] = 40
		err = errors.Join(
			arrived.Wait(cuda.Compute), // not recorded: holds nothing
			d.Set(cuda.Compute, p, 0, 1),
			d.Sync(cuda.Compute),
			d.Upload(cuda.Transfers, p, host[:1]),
			arrived.Record(cuda.Transfers),
			arrived.Wait(cuda.Compute),
			d.Launch(add, one, one, 0, []uint64{uint64(p), 1, 2}),
			d.Download(cuda.Compute, host[1:], p),
			d.Sync(cuda.Compute),
		)
		if host[1] != 42 {
			t.Errorf("got %d, want 42: the kernel did not wait for the copy", host[1])
		}
		return errors.Join(err, arrived.Free())
	})
}

func TestEventsTellTime(t *testing.T) {
	_, d := opened(t)
	inside(t, d, func() error {
		from, err := d.Event()
		to, e := d.Event()
		if err := errors.Join(err, e, from.Record(cuda.Compute), to.Record(cuda.Compute)); err != nil {
			return err
		}
		if _, err := to.Since(from); !errors.Is(err, abi.Internal) || !strings.Contains(err.Error(), "not ready") {
			t.Errorf("Since before the events have happened = %v; want not ready", err)
		}
		if err := to.Sync(); err != nil {
			return err
		}
		took, err := to.Since(from)
		if took < 0 {
			t.Errorf("took %v", took)
		}
		back, err2 := from.Since(to)
		if back > 0 {
			t.Errorf("took %v backwards", back)
		}
		return errors.Join(err, err2)
	})
}

func TestAGraphFreezesArgumentsAndReadsMemory(t *testing.T) {
	_, d := opened(t)
	inside(t, d, func() error {
		add := loaded(t, d, "add")
		p, err := d.Alloc(4)
		page, e := d.AllocHost(4)
		if err := errors.Join(err, e); err != nil {
			return err
		}
		args := []uint64{uint64(p), 4, 5}
		g, err := d.Capture(func() error {
			return errors.Join(d.Upload(cuda.Compute, p, page), d.Launch(add, one, one, 0, args), d.Download(cuda.Compute, page, p))
		})
		if err != nil {
			return err
		}
		args[2] = 100
		if err := d.Sync(cuda.Compute); err != nil || page[0] != 0 {
			t.Fatalf("capturing ran what it captured: %v, %v", page, err)
		}
		for i := byte(1); i <= 3; i++ {
			if err := errors.Join(g.Launch(), d.Sync(cuda.Compute)); err != nil || page[0] != 5*i {
				t.Errorf("replay %d: %v, %v; want %d", i, page, err, 5*i)
			}
		}
		return g.Free()
	})
}

func TestWhatNoGraphHoldsIsInvalidInACapture(t *testing.T) {
	_, d := opened(t)
	ring := mapping(t, 4096)
	inside(t, d, func() error {
		add := loaded(t, d, "add")
		p, err := d.Alloc(16)
		host, e := d.AllocHost(16)
		event, e2 := d.Event()
		g, e3 := d.Capture(func() error { return nil })
		if err := errors.Join(err, e, e2, e3); err != nil {
			return err
		}
		for name, f := range map[string]func() error{
			"Alloc":      func() error { _, err := d.Alloc(1); return err },
			"Free":       func() error { return d.Free(p) },
			"AllocHost":  func() error { _, err := d.AllocHost(1); return err },
			"FreeHost":   func() error { return d.FreeHost(host) },
			"Register":   func() error { return d.Register(ring) },
			"Unregister": func() error { return d.Unregister(ring) },
			"Memory":     func() error { _, _, err := d.Memory(); return err },
			"Load":       func() error { _, err := d.Load(ptx); return err },
			"Capture":    func() error { _, err := d.Capture(func() error { return nil }); return err },
			"Graph":      g.Launch,
			"Sync":       func() error { return d.Sync(cuda.Compute) },
			"Record":     func() error { return event.Record(cuda.Compute) },
			"Transfers":  func() error { return d.Set(cuda.Transfers, p, 0, 1) },
			"pageable":   func() error { return d.Upload(cuda.Compute, p, make([]byte, 1)) },
		} {
			var inner error
			if _, err := d.Capture(func() error { inner = f(); return nil }); err != nil || !errors.Is(inner, abi.Invalid) {
				t.Errorf("%s in a capture = %v, and the capture %v; want Invalid, and a capture without it", name, inner, err)
			}
		}
		refused := errors.New("refused")
		if _, err := d.Capture(func() error { return refused }); !errors.Is(err, refused) {
			t.Errorf("Capture = %v; want what failed", err)
		}
		func() {
			defer func() { recover() }()
			d.Capture(func() error { panic("in a capture") })
		}()
		return errors.Join(d.Launch(add, one, one, 0, []uint64{uint64(p), 1, 1}), d.Sync(cuda.Compute))
	})
}

func TestCallsThatMakeNoSenseAreInvalid(t *testing.T) {
	f, d := opened(t)
	other, err := cuda.Open(cuda.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ring := mapping(t, 8192)
	var foreign cuda.Function
	var foreignEvent cuda.Event
	inside(t, other, func() error {
		foreign = loaded(t, other, "add")
		var err error
		foreignEvent, err = other.Event()
		return err
	})
	inside(t, d, func() error {
		add, mapped := loaded(t, d, "add"), loaded(t, d, "mapped")
		m, err := d.Load(ptx)
		p, e := d.Alloc(100)
		host, e2 := d.AllocHost(16)
		event, e3 := d.Event()
		freed, e4 := d.Event()
		graph, e5 := d.Capture(func() error { return nil })
		if err := errors.Join(err, e, e2, e3, e4, e5, freed.Free(), graph.Free(), d.Register(ring[:4096])); err != nil {
			return err
		}
		gone, err := m.Function("add")
		if err := errors.Join(err, m.Unload(), m.Unload(), freed.Free(), graph.Free()); err != nil {
			return err
		}
		args := []uint64{uint64(p), 1, 1}
		launch := func(f cuda.Function, grid, block [3]uint32, shared uint32, args []uint64) func() error {
			return func() error { return d.Launch(f, grid, block, shared, args) }
		}
		for name, f := range map[string]func() error{
			"nothing allocated":      func() error { _, err := d.Alloc(0); return err },
			"less than nothing":      func() error { _, err := d.AllocHost(-1); return err },
			"free of the middle":     func() error { return d.Free(p + 1) },
			"free of what was Go's":  func() error { return d.FreeHost(make([]byte, 16)) },
			"free of a part":         func() error { return d.FreeHost(host[:8]) },
			"registered twice":       func() error { return d.Register(ring[4095:]) },
			"registered around":      func() error { return d.Register(ring) },
			"registered nothing":     func() error { return d.Register(nil) },
			"unregistered a part":    func() error { return d.Unregister(ring[:1]) },
			"upload past the end":    func() error { return d.Upload(cuda.Compute, p+90, make([]byte, 11)) },
			"upload below":           func() error { return d.Upload(cuda.Compute, p-1, make([]byte, 1)) },
			"download from nowhere":  func() error { return d.Download(cuda.Compute, make([]byte, 1), 0) },
			"set past the end":       func() error { return d.Set(cuda.Compute, p, 0, 101) },
			"set less than nothing":  func() error { return d.Set(cuda.Compute, p, 0, -1) },
			"set around the numbers": func() error { return d.Set(cuda.Compute, p+100, 0, 1<<62) },
			"copy past the end":      func() error { return d.Copy(cuda.Compute, p, p+60, 41) },
			"copy over itself":       func() error { return d.Copy(cuda.Compute, p, p+10, 11) },
			"no such stream":         func() error { return d.Sync(cuda.Streams) },
			"a zero in PTX":          func() error { _, err := d.Load("a\x00b"); return err },
			"an unloaded module":     func() error { _, err := m.Function("add"); return err },
			"no function":            launch(nil, one, one, 0, args),
			"another's function":     launch(foreign, one, one, 0, args),
			"an unloaded function":   launch(gone, one, one, 0, args),
			"an empty grid":          launch(add, [3]uint32{1, 0, 1}, one, 0, args),
			"a large grid":           launch(add, [3]uint32{1, 65536, 1}, one, 0, args),
			"a huge grid":            launch(add, [3]uint32{1 << 31, 1, 1}, one, 0, args),
			"an empty block":         launch(add, one, [3]uint32{0, 1, 1}, 0, args),
			"a large block":          launch(add, one, [3]uint32{32, 33, 1}, 0, args),
			"a deep block":           launch(add, one, [3]uint32{1, 1, 65}, 0, args),
			"a block that wraps":     launch(add, one, [3]uint32{1 << 31, 1 << 31, 4}, 0, args),
			"much shared memory":     launch(add, one, one, 232448-1023, args),
			"few parameters":         launch(add, one, one, 0, args[:2]),
			"many parameters":        launch(add, one, one, 0, make([]uint64, 1000)),
			"an array cut":           launch(mapped, one, one, 0, make([]uint64, 17)),
			"a freed event":          func() error { return freed.Record(cuda.Compute) },
			"another's event":        func() error { _, err := event.Since(foreignEvent); return err },
			"a freed graph":          graph.Launch,
		} {
			if err := f(); !errors.Is(err, abi.Invalid) {
				t.Errorf("%s: %v; want Invalid", name, err)
			}
		}
		f.OnLaunch(func(fake.Launch) cuda.Code { return 0 }) // what follows points nowhere
		return errors.Join(
			launch(add, [3]uint32{1<<31 - 1, 65535, 65535}, [3]uint32{1024, 1, 1}, 0, args)(),
			launch(add, one, one, 232448-1024, args)(),
			launch(mapped, one, one, 0, make([]uint64, 24))(), // 8 bytes, then 128 from offset 64
			d.Upload(cuda.Compute, p+100, nil),
			d.Sync(cuda.Compute),
		)
	})
}

func TestGivingBackWaitsForWhatIsQueued(t *testing.T) {
	_, d := opened(t)
	ring := mapping(t, 4096)
	inside(t, d, func() error {
		m, err := d.Load(ptx)
		add := loaded(t, d, "add")
		p, e := d.Alloc(1)
		work := func() error { return d.Launch(add, one, one, 0, []uint64{uint64(p), 1, 1}) }
		host, e2 := d.AllocHost(1)
		event, e3 := d.Event()
		graph, e4 := d.Capture(work)
		if err := errors.Join(err, e, e2, e3, e4, d.Register(ring)); err != nil {
			return err
		}
		for name, f := range map[string]func() error{
			"Unload": m.Unload, "Graph": graph.Free, "Event": event.Free,
			"FreeHost":   func() error { return d.FreeHost(host) },
			"Unregister": func() error { return d.Unregister(ring) },
		} {
			if err := errors.Join(work(), f()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return errors.Join(work(), d.Free(p))
	})
}

func TestCallsOutsideEnterAreInvalid(t *testing.T) {
	_, d := opened(t)
	if _, err := d.Alloc(1); !errors.Is(err, abi.Invalid) {
		t.Errorf("Alloc = %v; want Invalid", err)
	}
	if err := d.Sync(cuda.Compute); !errors.Is(err, abi.Invalid) {
		t.Errorf("Sync = %v; want Invalid", err)
	}
}

func TestAClosedDeviceDoesNothing(t *testing.T) {
	_, d := opened(t)
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if err := d.Enter(func() error { return nil }); !errors.Is(err, abi.Invalid) {
		t.Errorf("Enter = %v; want Invalid", err)
	}
	if _, err := d.Alloc(1); !errors.Is(err, abi.Invalid) {
		t.Errorf("Alloc = %v; want Invalid", err)
	}
}

func TestCloseGivesBackWhatIsOpen(t *testing.T) {
	_, d := opened(t) // and its cleanup counts
	ring := mapping(t, 4096)
	inside(t, d, func() error {
		loaded(t, d, "add")
		_, err := d.Alloc(1)
		_, e := d.AllocHost(1)
		_, e2 := d.Event()
		_, e3 := d.Capture(func() error { return nil })
		return errors.Join(err, e, e2, e3, d.Register(ring))
	})
}

func TestTheCompilersLogIsInTheError(t *testing.T) {
	_, d := opened(t)
	inside(t, d, func() error {
		_, err := d.Load("no PTX")
		e, ok := errors.AsType[*cuda.Error](err)
		if !ok || e.Code != cuda.InvalidPTX || !strings.Contains(err.Error(), "Missing .version or .target directive; ptxas fatal") {
			t.Errorf("Load = %v; want the compiler's words", err)
		}
		_, err = d.Load(strings.Replace(ptx, "7.0", "8.5", 1))
		if e, ok := errors.AsType[*cuda.Error](err); !ok || e.Code != cuda.UnsupportedPTX {
			t.Errorf("Load of newer PTX = %v; want UnsupportedPTX", err)
		}
		_, err = d.Load(strings.Replace(ptx, "sm_75", "sm_100a", 1))
		if e, ok := errors.AsType[*cuda.Error](err); !ok || e.Code != cuda.NoBinaryForGPU {
			t.Errorf("Load for another device = %v; want NoBinaryForGPU", err)
		}
		m, err := d.Load(ptx)
		if err != nil {
			return err
		}
		_, err = m.Function("absent")
		if e, ok := errors.AsType[*cuda.Error](err); !ok || e.Code != cuda.NotFound || e.Note != "absent" {
			t.Errorf("Function = %v; want NotFound", err)
		}
		a, err := m.Function("add")
		b, err2 := m.Function("add")
		if a != b || a.Resources() != (cuda.Resources{Registers: 32, Shared: 1024, Threads: 1024}) {
			t.Errorf("functions %v and %v, %+v", a, b, a.Resources())
		}
		return errors.Join(err, err2)
	})
}

func TestAFullDeviceIsUnavailable(t *testing.T) {
	_, d := opened(t)
	inside(t, d, func() error {
		if _, err := d.Alloc(1<<30 + 1); !errors.Is(err, abi.Unavailable) || !strings.Contains(err.Error(), "out of memory (2): 1073741825 bytes") {
			t.Errorf("Alloc = %v; want out of memory, with the bytes", err)
		}
		p, err := d.Alloc(1 << 20)
		free, total, err2 := d.Memory()
		if total != 1<<30 || free != total-1<<20 {
			t.Errorf("Memory = %d of %d", free, total)
		}
		return errors.Join(err, err2, d.Free(p))
	})
}

func TestALostDeviceIsLeftAlone(t *testing.T) {
	f, d := opened(t)
	defer f.Reset() // or the test's end finds what nobody could free
	err := d.Enter(func() error {
		add := loaded(t, d, "add")
		if err := d.Launch(add, one, one, 0, []uint64{1, 1, 1}); err != nil {
			return err
		}
		return d.Sync(cuda.Compute)
	})
	e, ok := errors.AsType[*cuda.Error](err)
	if !ok || e.Code != cuda.IllegalAddress || !e.Sticky() || !errors.Is(err, cuda.ErrLost) || e.Hint() == "" {
		t.Fatalf("a kernel that writes nowhere: %v; want an illegal address, and the device lost", err)
	}
	before := f.Calls()
	if err := d.Enter(func() error { t.Error("entered"); return nil }); !errors.Is(err, cuda.ErrLost) {
		t.Errorf("Enter = %v; want ErrLost", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if after := f.Calls(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("calls after the loss: %v, before %v", after, before)
	}
}

func TestAThreadHasOneDeviceAtATime(t *testing.T) {
	f, first := opened(t)
	f.Set("DEVICES", 2)
	second, err := cuda.Open(cuda.Config{Device: "MIG-10111213-1415-1617-1819-1a1b1c1d1e1f"})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	var wg sync.WaitGroup
	for _, d := range []cuda.Driver{first, second} {
		wg.Go(func() {
			for range 50 {
				if err := d.Enter(func() error {
					p, err := d.Alloc(64)
					runtime.Gosched() // a goroutine that is not held to its thread goes to another
					err = errors.Join(err, d.Set(cuda.Compute, p, 1, 64))
					runtime.Gosched()
					return errors.Join(err, d.Free(p))
				}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestManyEnterOneDevice(t *testing.T) {
	_, d := opened(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 20 {
				v := byte(16*i + j)
				got := make([]byte, 64)
				if err := d.Enter(func() error {
					p, err := d.Alloc(64)
					return errors.Join(err, d.Set(cuda.Compute, p, v, 64), d.Download(cuda.Compute, got, p), d.Free(p))
				}); err != nil || !bytes.Equal(got, bytes.Repeat([]byte{v}, 64)) {
					t.Errorf("%d: %v, %v", v, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
