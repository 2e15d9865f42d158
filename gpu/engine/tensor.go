package engine

import (
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A tensor is a typed buffer of one session.
type tensor struct {
	s      *session
	typ    graph.Type
	buf    buffer // nil when freed
	result bool   // of a run
}

func (t *tensor) DType() abi.DType { return t.typ.DType }
func (t *tensor) Shape() []int64   { return slices.Clone(t.typ.Shape) }

func (t *tensor) Write(off int64, b []byte) error {
	if err := t.span("write", off, len(b)); err != nil {
		return err
	}
	return t.buf.write(off, b)
}

func (t *tensor) Read(off int64, b []byte) error {
	if err := t.span("read", off, len(b)); err != nil {
		return err
	}
	return t.buf.read(off, b)
}

func (t *tensor) span(what string, off int64, n int) error {
	if _, err := t.s.own(t); err != nil {
		return err
	}
	if size := t.typ.Bytes(); off < 0 || off > size || int64(n) > size-off {
		return fmt.Errorf("engine: %s of %d bytes at %d of tensor %v, which has %d: %w", what, n, off, t.typ, size, abi.Invalid)
	}
	return nil
}

func (t *tensor) Free() {
	if t.buf == nil || t.s.closed {
		return
	}
	t.s.release(t.typ.Bytes())
	if !t.result || !t.s.spare.keep(t.s, t.buf, t.typ.Bytes()) {
		t.buf.free()
	}
	t.buf = nil
}
