package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/ptx"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// card opens the card in this process, or what stands in for it. What the driver
// compiles is kept in the folder cache; empty is where the environment says.
func (c *config) card(cache string) (cuda.Driver, error) {
	if c.interpreted {
		return ptxvm.NewDriver(ptxvm.Config{}), nil
	}
	return cuda.Open(cuda.Config{Cache: cache})
}

// machine writes down what is there.
func machine(ctx context.Context, c *config, log *recorder) error {
	d, err := c.card("")
	if err != nil {
		return err
	}
	i := d.Info()
	var facts []fact
	add := func(name, format string, args ...any) {
		facts = append(facts, fact{name, fmt.Sprintf(format, args...)})
	}
	add("card", "%s", i.Name)
	add("compute capability", "%d.%d", i.Major, i.Minor)
	add("multiprocessors", "%d", i.SMs)
	add("second-level cache", "%.0f MiB", float64(i.L2)/(1<<20))
	add("driver speaks", "CUDA %d.%d", i.Driver/1000, i.Driver%1000/10)
	add("instance of a divided card", "%v", i.MIG)
	err = d.Enter(func() error {
		free, total, err := d.Memory()
		if err != nil {
			return err
		}
		add("memory", "%.1f GiB, %.1f free", float64(total)/(1<<30), float64(free)/(1<<30))
		if c.interpreted {
			return nil
		}
		b, err := cuda.OpenBLAS(d, "")
		if errors.Is(err, cuda.ErrNoBLAS) {
			add("cuBLASLt", "not found")
			return nil
		}
		if err != nil {
			return err
		}
		add("cuBLASLt", "%d at %s", b.Version, b.Path)
		return b.Close()
	})
	if err != nil {
		return err
	}
	if tool := find("nvidia-smi"); tool != "" && !c.interpreted {
		query := "driver_version,mig.mode.current,compute_mode,ecc.mode.current,power.limit,clocks.max.sm,clocks.max.memory"
		said, err := exec.CommandContext(ctx, tool, "--query-gpu="+query, "--format=csv,noheader").Output()
		if err != nil {
			said = []byte(err.Error())
		}
		add("nvidia-smi: "+query, "%s", strings.TrimSpace(string(said)))
	}
	for _, f := range facts {
		fmt.Printf("%-28s %s\n", f.Name, f.Value)
		if err := log.fact(f.Name, f.Value); err != nil {
			return err
		}
	}
	return d.Close()
}

// secret is what the memory part looks for.
var secret = []byte("bytes of a former owner, who is gone")

// memory looks for what is left of one session in the next: secrets are written
// into most of what may be allocated, freed, and then all of it is read by another
// session. The device process is the same for both, so nothing but the engine
// clears it.
func memory(ctx context.Context, c *config, _ *recorder) error {
	e, err := c.engine()
	if err != nil {
		return err
	}
	defer e.(io.Closer).Close()
	count, size := int64(64), int64(16<<20)
	if c.small {
		count, size = 8, 1<<16
	}
	fill := []byte(strings.Repeat(string(secret), int(size)/len(secret)+1))[:size]
	dirty := func(leave bool) error {
		s, err := e.Open(ctx, abi.Quota{})
		if err != nil {
			return err
		}
		for range count {
			t, err := s.NewTensor(abi.Uint8, []int64{size})
			if err != nil {
				return errors.Join(err, s.Close())
			}
			if err := t.Write(0, fill); err != nil {
				return errors.Join(err, s.Close())
			}
			if !leave {
				t.Free()
			}
		}
		return s.Close()
	}
	if err := errors.Join(dirty(false), dirty(true)); err != nil {
		return err
	}
	s, err := e.Open(ctx, abi.Quota{})
	if err != nil {
		return err
	}
	defer s.Close()
	back := make([]byte, size)
	for i := range 2 * count {
		t, err := s.NewTensor(abi.Uint8, []int64{size})
		if err != nil {
			return err
		}
		if err := t.Read(0, back); err != nil {
			return err
		}
		if k := slices.IndexFunc(back, func(b byte) bool { return b != 0 }); k >= 0 {
			return fmt.Errorf("byte %d of new tensor %d is %d, a former owner's: %w", k, i, back[k], abi.Internal)
		}
	}
	fmt.Printf("%d tensors of %d bytes were zero after %d of a former owner\n", 2*count, size, 2*count)
	return nil
}

// faulty is a module whose kernel writes to address zero.
func faulty() string {
	m := ptx.NewModule(ptx.Turing)
	k := ptx.NewKernel(32)
	k.Name = "fault"
	k.Store(ptx.F32, ptx.Global, k.Param(), 0, ptx.Number(ptx.F32, 1))
	m.Add(k)
	return m.String()
}

// fault has a kernel write where nothing is. The device must be lost to this
// process, every call after it must say so, and Close must come back.
func fault(_ context.Context, c *config, _ *recorder) error {
	d, err := c.card("")
	if err != nil {
		return err
	}
	err = d.Enter(func() error {
		m, err := d.Load(faulty())
		if err != nil {
			return err
		}
		f, err := m.Function("fault")
		if err != nil {
			return err
		}
		at := uint64(1) << 40 // no memory is there
		if err := d.Launch(f, [3]uint32{1, 1, 1}, [3]uint32{32, 1, 1}, 0, []uint64{at}); err != nil {
			return err
		}
		return d.Sync(cuda.Compute)
	})
	if !errors.Is(err, cuda.ErrLost) {
		return fmt.Errorf("a kernel that writes where nothing is gave %v, want that the device is lost: %w", err, abi.Internal)
	}
	fmt.Println("the fault says:", err)
	if err := d.Enter(func() error { _, err := d.Alloc(256); return err }); !errors.Is(err, cuda.ErrLost) {
		return fmt.Errorf("a call after the fault gave %v, want that the device is lost: %w", err, abi.Internal)
	}
	start := time.Now()
	if err := d.Close(); err != nil && !errors.Is(err, cuda.ErrLost) {
		return err
	}
	fmt.Printf("closed in %v\n", time.Since(start).Round(time.Millisecond))
	return nil
}

// afterwards computes something small: what a process of its own must still be able
// to do after another one's fault.
func afterwards(ctx context.Context, c *config, log *recorder) error {
	e, err := c.engine()
	if err != nil {
		return err
	}
	defer e.(io.Closer).Close()
	start := time.Now()
	j, err := openJob(ctx, e, spec{"softmax", kindSoftmax, []int64{3, 70}, ""})
	if err != nil {
		return err
	}
	defer j.session.Close()
	if _, err := j.program.Run(ctx, j.in); err != nil {
		return err
	}
	took := time.Since(start)
	return log.fact("first result of a new process, after a fault", took.Round(time.Millisecond).String())
}
