//go:build linux && (amd64 || arm64)

package cuda_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
)

// everything does all that a Driver can, once or more, and stops at the first error.
func everything(ring []byte) (err error) {
	list, err := cuda.Devices(cuda.Config{})
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Err != nil {
			return d.Err
		}
	}
	d, err := cuda.Open(cuda.Config{Memory: 1 << 20})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Enter(func() error {
		p, err := d.Alloc(4096)
		if err != nil {
			return err
		}
		q, err := d.Alloc(4096)
		if err != nil {
			return err
		}
		if err := d.Register(ring); err != nil {
			return err
		}
		page, err := d.AllocHost(4096)
		if err != nil {
			return err
		}
		m, err := d.Load(ptx)
		if err != nil {
			return err
		}
		add, err := m.Function("add")
		if err != nil {
			return err
		}
		start, err := d.Event()
		if err != nil {
			return err
		}
		end, err := d.Event()
		if err != nil {
			return err
		}
		g, err := d.Capture(func() error {
			for _, f := range []func() error{
				func() error { return d.Upload(cuda.Compute, p, page) },
				func() error { return d.Launch(add, one, one, 100<<10, []uint64{uint64(p), 4096, 1}) },
				func() error { return d.Copy(cuda.Compute, q, p, 4096) },
				func() error { return d.Set(cuda.Compute, p, 0, 4096) },
				func() error { return d.Download(cuda.Compute, ring, q) },
			} {
				if err := f(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		spare, err := d.Capture(func() error { return nil })
		if err != nil {
			return err
		}
		for _, f := range []func() error{
			func() error { return start.Record(cuda.Compute) },
			g.Launch,
			func() error { return end.Record(cuda.Compute) },
			func() error { return end.Wait(cuda.Transfers) },
			func() error { return d.Upload(cuda.Transfers, q, make([]byte, 10)) },
			end.Sync,
			func() error { _, err := end.Since(start); return err },
			func() error { return d.Download(cuda.Compute, make([]byte, 10), q) },
			func() error { return d.Launch(add, one, one, 0, []uint64{uint64(p), 1, 1}) },
			func() error { _, _, err := d.Memory(); return err },
			func() error { return d.Sync(cuda.Compute) },
			func() error { return d.Free(p) },
			func() error { return d.FreeHost(page) },
			func() error { return d.Unregister(ring) },
			spare.Free,
			start.Free,
		} {
			if err := f(); err != nil {
				return err
			}
		}
		return nil // the rest is left to Close
	})
}

// TestEveryCallMayFail makes each call of the driver fail, each time it is made,
// once for itself and once with the device lost.
func TestEveryCallMayFail(t *testing.T) {
	f := fake.CUDA(t)
	ring := mapping(t, 4096)
	f.Reset()
	f.OnLaunch(adding)
	if err := everything(ring); err != nil {
		t.Fatal(err)
	}
	calls := f.Calls()
	if f.Live() != 0 || f.Leaked() != 0 {
		t.Fatalf("without a failure %d objects are left, %d ended with their context", f.Live(), f.Leaked())
	}
	for _, name := range cuda.Symbols() {
		if calls[name] == 0 {
			t.Errorf("%s is bound and never called here", name)
		}
	}
	if len(calls) != len(cuda.Symbols()) {
		t.Errorf("%d functions are called, %d are bound", len(calls), len(cuda.Symbols()))
	}
	for name, n := range calls {
		for nth := 1; nth <= n; nth++ {
			for _, code := range []cuda.Code{cuda.NotSupported, cuda.IllegalAddress} {
				f.Reset()
				f.OnLaunch(adding)
				f.Fail(name, nth, code)
				err := everything(ring)
				what := fmt.Sprintf("%s, call %d of %d, %v: %v", name, nth, n, code, err)
				if !f.Failed() {
					t.Errorf("%s: the call was not made", what)
					continue
				}
				held(t, f, name, code, err, what)
			}
		}
	}
}

// held says what must be true after a failure.
func held(t *testing.T, f *fake.Driver, name string, code cuda.Code, err error, what string) {
	t.Helper()
	e, ok := errors.AsType[*cuda.Error](err)
	if !ok || e.Call != name || e.Code != code || abi.KindOf(err) != abi.Unavailable || errors.Is(err, cuda.ErrLost) != e.Sticky() {
		t.Errorf("%s; want an error of that call and code", what)
	}
	if code.Sticky() {
		if n := f.AfterLoss(); n != 0 {
			t.Errorf("%s; %d calls to a device that was lost", what, n)
		}
		return
	}
	// What cannot be given back is tried again by Close, except by Close itself, and
	// then the context takes it along.
	last := slices.Contains([]string{"cuDevicePrimaryCtxRelease_v2", "cuCtxSetCurrent", "cuStreamSynchronize"}, name) ||
		strings.Contains(name, "Free") || strings.Contains(name, "Destroy") || strings.Contains(name, "Unload") || strings.Contains(name, "Unregister")
	if f.Leaked() != 0 && !last || f.Live() != 0 && name != "cuDevicePrimaryCtxRelease_v2" {
		t.Errorf("%s; %d objects ended with their context, %d are left", what, f.Leaked(), f.Live())
	}
}
