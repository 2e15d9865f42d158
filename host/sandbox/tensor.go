package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A tensor is one of the engine's with what the sandbox knows about it.
type tensor struct {
	abi.Tensor
	index  uint32 // its handle's, for texts
	label  label
	batch  *batch // the records its rows stand for; nil: none
	labels bool   // it holds the labels of batch
	pinned bool   // a graph's parameter: freeing the handle leaves it
}

// newTensor gives t a handle.
func (in *instance) newTensor(t *tensor) (uint32, error) {
	h, err := in.handles.add(t)
	t.index = h & 0xffff
	return h, err
}

func (in *instance) tensor(h uint32) (*tensor, error) { return find[*tensor](&in.handles, h, "tensor") }

func (in *instance) session() (abi.Session, error) {
	if in.env.Session == nil {
		return nil, fmt.Errorf("the job has no tensor engine: %w", abi.Unavailable)
	}
	return in.env.Session, nil
}

// dims reads rank dimensions of i64.
func (in *instance) dims(ptr, rank uint32) ([]int64, error) {
	if rank > abi.MaxRank {
		return nil, fmt.Errorf("rank %d, at most %d: %w", rank, abi.MaxRank, abi.Invalid)
	}
	b, err := in.array(ptr, rank, 8)
	if err != nil {
		return nil, fmt.Errorf("dimensions: %w", err)
	}
	shape := make([]int64, rank)
	for i := range shape {
		shape[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return shape, nil
}

// dtype checks an element type.
func dtype(x uint32) (abi.DType, error) {
	if x > 255 || abi.DType(x).Size() == 0 {
		return 0, fmt.Errorf("element type %d is unknown: %w", x, abi.Invalid)
	}
	return abi.DType(x), nil
}

// tensorNew(dtype, dims, rank) → a tensor of zeros.
func tensorNew(_ context.Context, in *instance, a []uint32) (uint32, error) {
	s, err := in.session()
	if err != nil {
		return 0, err
	}
	dt, err := dtype(a[0])
	if err != nil {
		return 0, err
	}
	shape, err := in.dims(a[1], a[2])
	if err != nil {
		return 0, err
	}
	n, err := abi.Elements(shape)
	if err != nil {
		return 0, err
	}
	if alive, want := s.Usage().Bytes, uint64(n)*uint64(dt.Size()); want > in.limits.Tensor || alive > in.limits.Tensor-want {
		return 0, fmt.Errorf("tensor of %d bytes with %d alive, %d granted: %w", want, alive, in.limits.Tensor, abi.Exhausted)
	}
	if err := in.handles.room(1); err != nil {
		return 0, err
	}
	t, err := s.NewTensor(dt, shape)
	if err != nil {
		return 0, err
	}
	return in.newTensor(&tensor{Tensor: t})
}

// span checks a byte range of a tensor against its size.
func (t *tensor) span(off, size uint32) error {
	n, err := abi.Elements(t.Shape())
	if err != nil {
		return err
	}
	if total := uint64(n * t.DType().Size()); uint64(off)+uint64(size) > total {
		return fmt.Errorf("bytes [%d, %d+%d) of tensor %d, which has %d: %w", off, off, size, t.index, total, abi.Invalid)
	}
	return nil
}

// tensorWrite(h, off, ptr, len) copies elements in. It never lowers a label:
// the other elements stay what they were.
func tensorWrite(_ context.Context, in *instance, a []uint32) (uint32, error) {
	t, err := in.tensor(a[0])
	if err != nil {
		return 0, err
	}
	b, err := in.read(a[2], a[3])
	if err != nil {
		return 0, err
	}
	if err := t.span(a[1], a[3]); err != nil {
		return 0, err
	}
	t.batch, t.labels = nil, false
	return 0, t.Write(int64(a[1]), b)
}

// tensorRead(h, off, ptr, len) copies elements out, if the label lets them.
func tensorRead(_ context.Context, in *instance, a []uint32) (uint32, error) {
	t, err := in.tensor(a[0])
	if err != nil {
		return 0, err
	}
	if err := t.readable(); err != nil {
		return 0, err
	}
	b, err := in.read(a[2], a[3])
	if err != nil {
		return 0, err
	}
	if err := t.span(a[1], a[3]); err != nil {
		return 0, err
	}
	if t.label == answer {
		return 0, in.readAnswer(t, a[1], b)
	}
	return 0, t.Read(int64(a[1]), b)
}

// readAnswer copies outputs of a sealed model into dst: float32 only, rounded
// to three decimals, whole elements, and no more in all than the model's policy
// lets a job have.
func (in *instance) readAnswer(t *tensor, off uint32, dst []byte) error {
	if t.DType() != abi.Float32 || off%4 != 0 || len(dst)%4 != 0 {
		return fmt.Errorf("tensor %d is a sealed model's answer: only whole float32 elements may be read: %w", t.index, abi.Denied)
	}
	if n := in.answerBytes + uint64(len(dst)); n > uint64(in.model.OutputBytes) {
		return fmt.Errorf("answers of %d bytes, the model's policy allows %d: %w", n, in.model.OutputBytes, abi.Denied)
	}
	b := make([]byte, len(dst))
	if err := t.Read(int64(off), b); err != nil {
		return err
	}
	in.answerBytes += uint64(len(dst))
	for i := 0; i < len(b); i += 4 {
		f := math.Float32frombits(binary.LittleEndian.Uint32(b[i:]))
		binary.LittleEndian.PutUint32(dst[i:], math.Float32bits(float32(round(float64(f)))))
	}
	return nil
}

// round keeps three decimals.
func round(f float64) float64 { return math.Round(f*1000) / 1000 }

// tensorShape(h, ptr, cap) → the rank; writes up to cap dimensions of i64.
func tensorShape(_ context.Context, in *instance, a []uint32) (uint32, error) {
	t, err := in.tensor(a[0])
	if err != nil {
		return 0, err
	}
	return in.giveShape(t.Shape(), a[1], a[2])
}

// giveShape writes up to room dimensions to guest memory and returns the rank.
func (in *instance) giveShape(shape []int64, ptr, room uint32) (uint32, error) {
	n := min(room, uint32(len(shape)))
	b, err := in.array(ptr, n, 8)
	if err != nil {
		return 0, err
	}
	for i := range n {
		binary.LittleEndian.PutUint64(b[8*i:], uint64(shape[i]))
	}
	return uint32(len(shape)), nil
}

// tensorDType(h) → the element type.
func tensorDType(_ context.Context, in *instance, a []uint32) (uint32, error) {
	t, err := in.tensor(a[0])
	if err != nil {
		return 0, err
	}
	return uint32(t.DType()), nil
}

// tensorFree(h) gives the handle and, unless a graph needs it, the bytes back.
func tensorFree(_ context.Context, in *instance, a []uint32) (uint32, error) {
	t, err := in.tensor(a[0])
	if err != nil {
		return 0, err
	}
	in.handles.drop(a[0])
	if !t.pinned {
		t.Free()
	}
	return 0, nil
}

// is reports whether t has the type and shape of p.
func (t *tensor) is(p abi.Port) bool {
	return t.DType() == p.DType && slices.Equal(t.Shape(), p.Shape)
}
