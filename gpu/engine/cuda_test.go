//go:build !race

// The interpreter runs one goroutine, ten times slower under the race detector:
// make check runs this test without it.

package engine

import (
	"context"
	"flag"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	device "github.com/cloister-ai/cloister/gpu/engine/cuda"
	"github.com/cloister-ai/cloister/gpu/enginetest"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// interpreted is the CUDA engine over a machine that runs the shipped PTX: what
// a card would run, at a size that a processor can.
type interpreted struct{ d cuda.Driver }

func (interpreted) accept(n *graph.Node, in []graph.Type) error { return device.Accept(n, in) }
func (interpreted) layout() graph.Layout                        { return device.Layout() }
func (x interpreted) close() error                              { return x.d.Close() }

func (x interpreted) alloc(n int64) (buffer, error) {
	b := &onDevice{d: x.d, n: n}
	if n == 0 {
		return b, nil
	}
	return b, x.d.Enter(func() (err error) {
		if b.at, err = x.d.Alloc(n); err != nil {
			return err
		}
		return x.d.Set(cuda.Compute, b.at, 0, n)
	})
}

func (x interpreted) compile(_ context.Context, p *graph.Plan, opt abi.Optimizer) (executable, error) {
	program, err := device.Compile(p, opt, ptx.Turing)
	if err != nil {
		return nil, err
	}
	e := &onCard{d: x.d}
	return e, x.d.Enter(func() (err error) {
		e.l, err = device.Load(x.d, program, opt)
		return err
	})
}

type onDevice struct {
	d  cuda.Driver
	at cuda.Ptr
	n  int64
}

func (b *onDevice) write(off int64, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return b.d.Enter(func() error { return b.d.Upload(cuda.Compute, b.at+cuda.Ptr(off), p) })
}

func (b *onDevice) read(off int64, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return b.d.Enter(func() error { return b.d.Download(cuda.Compute, p, b.at+cuda.Ptr(off)) })
}

func (b *onDevice) free() {
	if b.n > 0 {
		_ = b.d.Enter(func() error { return b.d.Free(b.at) })
	}
}

type onCard struct {
	d cuda.Driver
	l *device.Loaded
}

func (e *onCard) run(ctx context.Context, in, params, out []buffer, rate float32) error {
	at := func(list []buffer) []cuda.Ptr {
		p := make([]cuda.Ptr, len(list))
		for i, b := range list {
			p[i] = b.(*onDevice).at
		}
		return p
	}
	return e.d.Enter(func() error { return e.l.Run(ctx, at(in), at(params), at(out), rate) })
}

func (e *onCard) close() { _ = e.d.Enter(e.l.Close) }

var whole = flag.Bool("whole", false, "the whole conformance suite on interpreted PTX: minutes")

func TestCUDA(t *testing.T) {
	e := &Engine{name: "cuda", close: func() error { return nil }, open: func() backend {
		return interpreted{ptxvm.NewDriver(ptxvm.Config{})}
	}}
	if *whole {
		enginetest.Run(t, e)
		return
	}
	enginetest.RunShort(t, e)
}
