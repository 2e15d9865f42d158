package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// An Element is the type of a matrix's elements: its cudaDataType.
type Element int32

// The types.
const (
	Float32  Element = 0
	Float16  Element = 2
	BFloat16 Element = 14
)

// size is the bytes of an element; 0 if there is no such type.
func (e Element) size() int64 {
	switch e {
	case Float32:
		return 4
	case Float16, BFloat16:
		return 2
	}
	return 0
}

// A Precision is how a product is computed: its cublasComputeType.
type Precision int32

// The precisions. Sums are float32 in all of them.
const (
	Full Precision = 69 // products of float32 as such, no tensor cores
	Half Precision = 68 // of float16 and bfloat16 elements, on tensor cores
	TF32 Precision = 77 // of float32 elements rounded to 11 bits, on tensor cores
)

// An Activation is applied to the result.
type Activation uint8

// The activations.
const (
	None Activation = iota
	ReLU
	GELU // by the hyperbolic tangent, as cuBLASLt does it
)

// A Product is C = act(alpha·A·B + bias), with Accumulate C = act(alpha·A·B + C +
// bias), of dense matrices by rows: A is [M,K], or [K,M] with TransA; B is [K,N],
// or [N,K] with TransB; C is [M,N].
type Product struct {
	M, N, K        int64
	TransA, TransB bool
	// Batch is how many products there are, one behind the other; 0 is one. A
	// shared operand is the same in all of them.
	Batch            int64
	SharedA, SharedB bool
	In, Out          Element // of A and B; of C and the bias
	Precision        Precision
	Alpha            float32
	Accumulate       bool
	Bias             bool // N elements, the same for every row
	Activation       Activation
	Workspace        int64 // bytes that Run may use, at most
	Align            int   // every address is a multiple of it; 0 means 256
}

// check refuses what cannot be a product.
func (p Product) check() error {
	const most = 1<<31 - 1
	bad := func(what string, v any) error {
		return fmt.Errorf("cuda: product: %s %v: %w", what, v, abi.Invalid)
	}
	switch {
	case p.M < 1 || p.N < 1 || p.K < 1 || p.M > most || p.N > most || p.K > most:
		return bad("dimensions", [3]int64{p.M, p.N, p.K})
	case p.Batch < 0 || p.Batch > 65535:
		return bad("batch", p.Batch)
	case p.In.size() == 0 || p.Out.size() == 0:
		return bad("types", [2]Element{p.In, p.Out})
	case p.Precision != Full && p.Precision != Half && p.Precision != TF32, (p.Precision == Half) != (p.In != Float32):
		return bad(fmt.Sprintf("type %d in precision", p.In), p.Precision)
	case p.Activation > GELU:
		return bad("activation", p.Activation)
	case p.Workspace < 0:
		return bad("workspace", p.Workspace)
	case p.Align < 0 || p.Align&(p.Align-1) != 0:
		return bad("alignment", p.Align)
	}
	return nil
}

func (p Product) align() int {
	if p.Align == 0 {
		return 256
	}
	return p.Align
}

// bytes are the sizes of A, B and C.
func (p Product) bytes() (a, b, c int64) {
	n := max(p.Batch, 1)
	times := func(shared bool) int64 {
		if shared {
			return 1
		}
		return n
	}
	return p.M * p.K * times(p.SharedA) * p.In.size(), p.K * p.N * times(p.SharedB) * p.In.size(), p.M * p.N * n * p.Out.size()
}

// cuBLASLt's attributes and values.
const (
	descTransA   = 3
	descTransB   = 4
	descEpilogue = 7
	descBias     = 8

	layoutBatch  = 5
	layoutStride = 6

	preferWorkspace = 1
	preferAlignA    = 5 // and B, C, D after it

	epiloguePlain = 1
	epilogueReLU  = 2
	epilogueBias  = 4
	epilogueGELU  = 32
)

// A Multiplication is a product that an algorithm was chosen for.
type Multiplication struct {
	Product
	// Workspace is the bytes that Run needs, no more than the product allowed.
	Workspace int64

	b         *BLAS
	desc      uintptr
	a, c      uintptr // layouts of the first operand, the second, and the result
	second    uintptr
	algorithm [8]uint64
}

// Plan chooses an algorithm for p. One that the library lacks is ErrNoProduct.
func (b *BLAS) Plan(p Product) (*Multiplication, error) {
	if err := b.d.idle(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if b.handle == 0 {
		return nil, fmt.Errorf("cuda: cuBLASLt is closed: %w", abi.Invalid)
	}
	m := &Multiplication{Product: p, b: b}
	b.plans[m] = true
	if err := m.describe(); err != nil {
		return nil, errors.Join(err, m.free())
	}
	if err := m.choose(); err != nil {
		return nil, errors.Join(err, m.free())
	}
	return m, nil
}

// describe makes the descriptor and the layouts. The library's matrices are by
// columns; one by rows is its transpose by columns, so Cᵀ = Bᵀ·Aᵀ is computed: B is
// the first operand, and the bias runs along the result's columns as it should.
func (m *Multiplication) describe() error {
	b, p := m.b, m.Product
	if err := b.call(ltDescCreate, b.out(), uintptr(p.Precision), uintptr(Float32)); err != nil {
		return err
	}
	m.desc = uintptr(b.word)
	epilogue := int32(epiloguePlain)
	if p.Bias || p.Activation != None {
		epilogue = map[Activation]int32{ReLU: epilogueReLU, GELU: epilogueGELU}[p.Activation]
		if p.Bias {
			epilogue |= epilogueBias
		}
	}
	if p.Bias { // the library looks at its alignment when it chooses
		if err := b.set64(ltDescSet, m.desc, descBias, uint64(p.align())); err != nil {
			return err
		}
	}
	for _, a := range []struct {
		what  uintptr
		value int32
	}{{descTransA, flag(p.TransB)}, {descTransB, flag(p.TransA)}, {descEpilogue, epilogue}} {
		if err := b.set32(ltDescSet, m.desc, a.what, a.value); err != nil {
			return err
		}
	}
	for _, l := range []struct {
		to         *uintptr
		t          Element
		rows, cols int64 // by columns
		trans      bool
		shared     bool
	}{
		{&m.a, p.In, p.N, p.K, p.TransB, p.SharedB},
		{&m.second, p.In, p.K, p.M, p.TransA, p.SharedA},
		{&m.c, p.Out, p.N, p.M, false, false},
	} {
		if l.trans {
			l.rows, l.cols = l.cols, l.rows
		}
		if err := b.call(ltLayoutCreate, b.out(), uintptr(l.t), uintptr(l.rows), uintptr(l.cols), uintptr(l.rows)); err != nil {
			return err
		}
		*l.to = uintptr(b.word)
		if p.Batch <= 1 {
			continue
		}
		stride := l.rows * l.cols
		if l.shared {
			stride = 0
		}
		if err := b.set32(ltLayoutSet, *l.to, layoutBatch, int32(p.Batch)); err != nil {
			return err
		}
		if err := b.set64(ltLayoutSet, *l.to, layoutStride, uint64(stride)); err != nil {
			return err
		}
	}
	return nil
}

// choose asks the library for its first choice within the workspace.
func (m *Multiplication) choose() (err error) {
	b := m.b
	if err := b.call(ltPreferenceCreate, b.out()); err != nil {
		return err
	}
	pref := uintptr(b.word)
	defer func() { err = errors.Join(err, b.call(ltPreferenceDestroy, pref)) }()
	if err := b.set64(ltPreferenceSet, pref, preferWorkspace, uint64(m.Product.Workspace)); err != nil {
		return err
	}
	for i := range uintptr(4) {
		if err := b.set32(ltPreferenceSet, pref, preferAlignA+i, int32(m.align())); err != nil {
			return err
		}
	}
	b.heuristic = heuristic{}
	b.number = 0
	err = b.call(ltHeuristic, b.handle, m.desc, m.a, m.second, m.c, m.c, pref, 1,
		uintptr(unsafe.Pointer(&b.heuristic)), uintptr(unsafe.Pointer(&b.number)))
	if isStatus(err, statusNotSupported) || err == nil && (b.number == 0 || b.heuristic.state != 0) {
		return fmt.Errorf("%w: %+v", ErrNoProduct, m.Product)
	}
	if err != nil {
		return err
	}
	if b.heuristic.workspace > uint64(m.Product.Workspace) {
		return fmt.Errorf("cuda: cuBLASLt wants %d bytes of %d allowed: %w", b.heuristic.workspace, m.Product.Workspace, abi.Internal)
	}
	m.algorithm, m.Workspace = b.heuristic.algorithm, int64(b.heuristic.workspace)
	return nil
}

// Run queues the product on Compute; it can be captured. bias is 0 without one,
// work is m.Workspace bytes that nothing else uses until the stream has passed.
func (m *Multiplication) Run(c, a, b, bias, work Ptr) error {
	l := m.b
	d := l.d
	if err := d.ready(); err != nil {
		return err
	}
	if m.desc == 0 || l.handle == 0 {
		return fmt.Errorf("cuda: the product is freed: %w", abi.Invalid)
	}
	if err := m.places(c, a, b, bias, work); err != nil {
		return err
	}
	if m.Bias {
		if err := l.set64(ltDescSet, m.desc, descBias, uint64(bias)); err != nil {
			return err
		}
	}
	l.alpha, l.beta = m.Alpha, 0
	if m.Accumulate {
		l.beta = 1
	}
	l.heuristic.algorithm = m.algorithm
	return l.call(ltMatmul, l.handle, m.desc, uintptr(unsafe.Pointer(&l.alpha)), uintptr(b), m.a, uintptr(a), m.second,
		uintptr(unsafe.Pointer(&l.beta)), uintptr(c), m.c, uintptr(c), m.c,
		uintptr(unsafe.Pointer(&l.heuristic.algorithm)), uintptr(work), uintptr(m.Workspace), d.streams[Compute])
}

// places refuses operands that are not in one allocation each, or not aligned.
func (m *Multiplication) places(c, a, b, bias, work Ptr) error {
	d := m.b.d
	na, nb, nc := m.bytes()
	err := errors.Join(d.within(a, na), d.within(b, nb), d.within(c, nc))
	all := c | a | b
	if m.Bias {
		err = errors.Join(err, d.within(bias, m.N*m.Out.size()))
		all |= bias
	}
	if m.Workspace > 0 {
		err = errors.Join(err, d.within(work, m.Workspace))
		all |= work
	}
	if err == nil && all%Ptr(m.align()) != 0 {
		err = fmt.Errorf("cuda: product: addresses %#x are not multiples of %d: %w", []Ptr{c, a, b, bias, work}, m.align(), abi.Invalid)
	}
	return err
}

// Free gives the product back. A graph that has captured it stays whole.
func (m *Multiplication) Free() error {
	if err := m.b.d.idle(); err != nil {
		return err
	}
	return m.free()
}

func (m *Multiplication) free() error {
	delete(m.b.plans, m)
	var errs []error
	for _, x := range []struct {
		h *uintptr
		f blasFunction
	}{{&m.c, ltLayoutDestroy}, {&m.second, ltLayoutDestroy}, {&m.a, ltLayoutDestroy}, {&m.desc, ltDescDestroy}} {
		if *x.h != 0 {
			errs = append(errs, m.b.call(x.f, *x.h))
			*x.h = 0
		}
	}
	return errors.Join(errs...)
}

// set32 sets an attribute of 4 bytes.
func (b *BLAS) set32(f blasFunction, object, what uintptr, value int32) error {
	b.number = value
	return b.call(f, object, what, uintptr(unsafe.Pointer(&b.number)), 4)
}

// set64 sets an attribute of 8 bytes.
func (b *BLAS) set64(f blasFunction, object, what uintptr, value uint64) error {
	b.word = value
	return b.call(f, object, what, uintptr(unsafe.Pointer(&b.word)), 8)
}

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
