//go:build linux && (amd64 || arm64)

package cuda_test

import (
	"testing"

	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
)

// queuing is a device whose launches do nothing, and what a plan does each step.
func queuing(t testing.TB) (cuda.Driver, map[string]func() error) {
	fake.CUDA(t)
	d, err := cuda.Open(cuda.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	steps := make(map[string]func() error)
	inside(t, d, func() error {
		add := loaded(t, d, "add")
		p, err := d.Alloc(4096)
		if err != nil {
			return err
		}
		page, err := d.AllocHost(4096)
		if err != nil {
			return err
		}
		args, buf := []uint64{uint64(p), 64, 1}, make([]byte, 4096)
		g, err := d.Capture(func() error { return d.Launch(add, one, one, 0, args) })
		if err != nil {
			return err
		}
		e, err := d.Event()
		steps["Launch"] = func() error { return d.Launch(add, one, one, 0, args) }
		steps["Graph"] = g.Launch
		steps["Set"] = func() error { return d.Set(cuda.Compute, p, 1, 64) }
		steps["Copy"] = func() error { return d.Copy(cuda.Compute, p, p+2048, 64) }
		steps["Upload"] = func() error { return d.Upload(cuda.Compute, p, buf) }
		steps["Download"] = func() error { return d.Download(cuda.Compute, buf, p) }
		steps["locked"] = func() error { return d.Upload(cuda.Transfers, p, page) }
		steps["Record"] = func() error { return e.Record(cuda.Transfers) }
		steps["Wait"] = func() error { return e.Wait(cuda.Compute) }
		steps["Sync"] = func() error { return d.Sync(cuda.Compute) }
		return err
	})
	return d, steps
}

func TestAStepAllocatesNothing(t *testing.T) {
	d, steps := queuing(t)
	inside(t, d, func() error {
		for name, f := range steps {
			if n := testing.AllocsPerRun(100, func() {
				if err := f(); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}
		return nil
	})
	if n := testing.AllocsPerRun(100, func() { d.Enter(steps["Sync"]) }); n != 0 {
		t.Errorf("Enter allocates %v times", n)
	}
}

// What a call costs on this side: the stand-in only queues.
func BenchmarkStep(b *testing.B) {
	d, steps := queuing(b)
	for _, name := range []string{"Launch", "Graph", "Set", "Sync"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			inside(b, d, func() error {
				for i := 0; b.Loop(); i++ {
					if err := steps[name](); err != nil {
						return err
					}
					if i%1024 == 1023 {
						if err := d.Sync(cuda.Compute); err != nil {
							return err
						}
					}
				}
				return nil
			})
		})
	}
	b.Run("Enter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Enter(func() error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
