package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
)

// products times cuBLASLt, where it is, by the calls that the engine has for it.
func products(ctx context.Context, c *config, log *recorder) error {
	d, err := c.card("")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Enter(func() error {
		b, err := cuda.OpenBLAS(d, "")
		if errors.Is(err, cuda.ErrNoBLAS) {
			return fmt.Errorf("%w: %w", errNotHere, err)
		}
		if err != nil {
			return err
		}
		defer b.Close()
		m, err := newMeter(d, c.small)
		if err != nil {
			return err
		}
		var failures error
		for _, s := range c.specs() {
			if s.Kind != kindGEMM || ctx.Err() != nil {
				continue
			}
			t, err := m.product(b, s)
			t.Case, t.By = s.Name, byLt
			if err != nil {
				t.Note = err.Error()
				failures = errors.Join(failures, fmt.Errorf("%s: %w", s.Name, err))
			}
			fmt.Printf("%-40s %-20s %10.4f ms\n", t.Case, t.By, t.MS)
			if err := log.time(t); err != nil {
				return err
			}
			if errors.Is(err, cuda.ErrLost) {
				break
			}
		}
		return failures
	})
}

// product times one product, of ones in A and of halves in B, whose result is known.
func (m *meter) product(b *cuda.BLAS, s spec) (t timed, err error) {
	p := cuda.Product{M: s.N[0], N: s.N[1], K: s.N[2], Alpha: 1, Workspace: 64 << 20, Precision: cuda.Full}
	one, half := []byte{0, 0, 0x80, 0x3f}, []byte{0, 0, 0, 0x3f}
	switch s.Type {
	case "tf32":
		p.Precision = cuda.TF32
	case "bf16":
		p.Precision, p.In, p.Out = cuda.Half, cuda.BFloat16, cuda.BFloat16
		one, half = one[2:], half[2:]
	}
	plan, err := b.Plan(p)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, plan.Free()) }()
	fill := func(v []byte, n int64) []byte {
		out := make([]byte, 0, int64(len(v))*n)
		for range n {
			out = append(out, v...)
		}
		return out
	}
	var at [4]cuda.Ptr
	defer func() { err = errors.Join(err, m.free(at[:]...)) }()
	for i, content := range [][]byte{fill(one, p.M*p.K), fill(half, p.K*p.N)} {
		if at[i], err = m.memory(int64(len(content)), content); err != nil {
			return t, err
		}
	}
	size := int64(len(one))
	if at[2], err = m.memory(p.M*p.N*size, nil); err != nil {
		return t, err
	}
	if at[3], err = m.memory(plan.Workspace, nil); err != nil {
		return t, err
	}
	t, err = m.time(func() error { return plan.Run(at[2], at[0], at[1], 0, at[3]) })
	t.FLOPs = 2 * float64(p.M) * float64(p.N) * float64(p.K)
	if err != nil {
		return t, err
	}
	last := make([]byte, 4)
	if err := m.d.Download(cuda.Compute, last[4-size:], at[2]+cuda.Ptr((p.M*p.N-1)*size)); err != nil {
		return t, err
	}
	bits := uint32(last[0]) | uint32(last[1])<<8 | uint32(last[2])<<16 | uint32(last[3])<<24
	if got, want := math.Float32frombits(bits), float32(p.K)/2; math.Abs(float64(got-want)) > float64(want)/256 {
		return t, fmt.Errorf("the last element is %v, want %v: %w", got, want, abi.Internal)
	}
	return t, nil
}
