package cuda

import (
	"errors"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// captureThreadLocal lets other threads of the process use the driver meanwhile.
const captureThreadLocal = 1

type graph struct {
	d      *device
	handle uintptr // of the executable graph
}

func (d *device) Capture(f func() error) (Graph, error) {
	if err := d.idle(); err != nil {
		return nil, err
	}
	plain, err := d.record(f)
	if err != nil {
		return nil, err
	}
	err = d.do(fnGraphInstantiate, d.word(), plain, 0)
	g := &graph{d: d, handle: uintptr(d.scratch.word)}
	if err == nil {
		d.graphs[g] = true
	}
	if e := d.do(fnGraphDestroy, plain); e != nil {
		if err == nil {
			e = errors.Join(e, g.Free())
		}
		err = errors.Join(err, e)
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// record returns the graph of what f queues. Whatever f does, a panic too, the
// stream is no longer captured afterwards.
func (d *device) record(f func() error) (plain uintptr, err error) {
	if err := d.do(fnCaptureBegin, d.streams[Compute], captureThreadLocal); err != nil {
		return 0, err
	}
	d.capturing = true
	failed := errors.New("cuda: what was captured panicked")
	defer func() {
		d.capturing = false
		e := d.do(fnCaptureEnd, d.streams[Compute], d.word())
		if e != nil && d.lost == nil {
			// A capture that failed has ended, and this says that there is none. If
			// it was the ending that failed, this ends it.
			d.do(fnCaptureEnd, d.streams[Compute], d.word())
		}
		plain = uintptr(d.scratch.word)
		if err = errors.Join(failed, e); err != nil && plain != 0 {
			err = errors.Join(err, d.do(fnGraphDestroy, plain))
		}
	}()
	failed = f()
	return 0, nil
}

func (g *graph) Launch() error {
	d := g.d
	if err := d.idle(); err != nil {
		return err
	}
	if !d.graphs[g] {
		return fmt.Errorf("cuda: the graph is freed: %w", abi.Invalid)
	}
	return d.do(fnGraphLaunch, g.handle, d.streams[Compute])
}

func (g *graph) Free() error {
	d := g.d
	if err := d.idle(); err != nil {
		return err
	}
	if !d.graphs[g] {
		return nil
	}
	if err := d.drain(); err != nil {
		return err
	}
	err := d.do(fnGraphFree, g.handle)
	if err == nil {
		delete(d.graphs, g)
	}
	return err
}
