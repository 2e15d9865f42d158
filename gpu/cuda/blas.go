package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/native"
)

// ErrNoBLAS is returned when cuBLASLt is nowhere, or cannot be used. Nothing needs
// it: an executor has kernels of its own.
var ErrNoBLAS = &Reason{"no cuBLASLt", "products of matrices are faster with it: install libcublas of CUDA 12 or 13, or set CUBLASLT_LIB to the path of libcublasLt.so"}

// ErrNoProduct is returned for a product that cuBLASLt has no algorithm for.
var ErrNoProduct = fmt.Errorf("cuda: cuBLASLt has no algorithm for this product: %w", abi.NotFound)

// A blasFunction of cuBLASLt.
type blasFunction int

const (
	ltVersion blasFunction = iota
	ltCreate
	ltDestroy
	ltDescCreate
	ltDescDestroy
	ltDescSet
	ltLayoutCreate
	ltLayoutDestroy
	ltLayoutSet
	ltPreferenceCreate
	ltPreferenceDestroy
	ltPreferenceSet
	ltHeuristic
	ltMatmul
	blasFunctions
)

var blasSymbols = [blasFunctions]string{
	ltVersion: "cublasLtGetVersion", ltCreate: "cublasLtCreate", ltDestroy: "cublasLtDestroy",
	ltDescCreate: "cublasLtMatmulDescCreate", ltDescDestroy: "cublasLtMatmulDescDestroy", ltDescSet: "cublasLtMatmulDescSetAttribute",
	ltLayoutCreate: "cublasLtMatrixLayoutCreate", ltLayoutDestroy: "cublasLtMatrixLayoutDestroy", ltLayoutSet: "cublasLtMatrixLayoutSetAttribute",
	ltPreferenceCreate: "cublasLtMatmulPreferenceCreate", ltPreferenceDestroy: "cublasLtMatmulPreferenceDestroy",
	ltPreferenceSet: "cublasLtMatmulPreferenceSetAttribute",
	ltHeuristic:     "cublasLtMatmulAlgoGetHeuristic", ltMatmul: "cublasLtMatmul",
}

// A BLAS is cuBLASLt on one device. Its methods are called inside the device's
// Enter, and Close before the device's.
type BLAS struct {
	Path    string // of the library
	Version int    // 120406 is 12.4.6

	d      *device
	procs  [blasFunctions]native.Proc
	handle uintptr // 0 once closed
	plans  map[*Multiplication]bool
	*blasScratch
}

// blasScratch is what the library reads and writes, on the heap.
type blasScratch struct {
	word      uint64 // out-parameter, or the value of an attribute
	number    int32  // likewise
	args      [16]uintptr
	alpha     float32
	beta      float32
	heuristic heuristic
}

// A heuristic is a cublasLtMatmulHeuristicResult_t.
type heuristic struct {
	algorithm [8]uint64
	workspace uint64
	state     int32
	waves     float32
	_         [4]int32
}

// OpenBLAS loads cuBLASLt for a device of Open, inside Enter: the library at path
// or, if that is empty, the first of [BLASPaths]. The error wraps ErrNoBLAS.
func OpenBLAS(d Driver, path string) (*BLAS, error) {
	dev, ok := d.(*device)
	if !ok {
		return nil, fmt.Errorf("cuda: %w: the device is no CUDA device", ErrNoBLAS)
	}
	if err := dev.idle(); err != nil {
		return nil, err
	}
	paths := []string{path}
	if path == "" {
		paths = BLASPaths(dev.info.Driver)
	}
	so, err := native.Open(paths...)
	if err != nil {
		return nil, fmt.Errorf("cuda: %w: %w", ErrNoBLAS, err)
	}
	b := &BLAS{Path: so.Path, d: dev, plans: make(map[*Multiplication]bool), blasScratch: new(blasScratch)}
	for f, name := range blasSymbols {
		if b.procs[f] = so.Proc(name); b.procs[f] == 0 {
			return nil, fmt.Errorf("cuda: %w: %s has no %s", ErrNoBLAS, so.Path, name)
		}
	}
	b.Version = int(b.procs[ltVersion].Call())
	if err := b.call(ltCreate, b.out()); err != nil {
		return nil, fmt.Errorf("cuda: %w: %w", ErrNoBLAS, err)
	}
	b.handle = uintptr(b.word)
	return b, nil
}

// Close gives back the products and the library's handle, after all work that was
// queued before.
func (b *BLAS) Close() error {
	if b.handle == 0 {
		return nil
	}
	if err := b.d.idle(); err != nil {
		return err
	}
	if err := b.d.drain(); err != nil {
		return err
	}
	var errs []error
	for m := range b.plans {
		errs = append(errs, m.free())
	}
	errs = append(errs, b.call(ltDestroy, b.handle))
	b.handle = 0
	return errors.Join(errs...)
}

// out is the address of the out-parameter for handles.
func (b *BLAS) out() uintptr { b.word = 0; return uintptr(unsafe.Pointer(&b.word)) }

// call calls f. It allocates nothing unless it fails.
func (b *BLAS) call(f blasFunction, args ...uintptr) error {
	n := copy(b.args[:], args)
	status := Status(int32(b.procs[f].Call(b.args[:n]...)))
	if status == 0 {
		return nil
	}
	return &BLASError{Call: blasSymbols[f], Status: status}
}

// A Status is a cublasStatus_t.
type Status int32

var statuses = map[Status]string{
	0: "success", 1: "not initialized", 3: "alloc failed", 7: "invalid value", 8: "arch mismatch", 11: "mapping error",
	13: "execution failed", 14: "internal error", statusNotSupported: "not supported", 16: "license error",
}

const statusNotSupported Status = 15

func (s Status) String() string {
	if t, ok := statuses[s]; ok {
		return t
	}
	return fmt.Sprintf("status %d", int32(s))
}

// A BLASError is a call of cuBLASLt that failed. It wraps its Kind: Internal for
// what was asked wrongly, Unavailable for the rest. Whether the device is lost, the
// next call of the driver says.
type BLASError struct {
	Call   string
	Status Status
}

func (e *BLASError) Error() string {
	return fmt.Sprintf("cuda: %s: %v (%d)", e.Call, e.Status, int32(e.Status))
}

// Unwrap returns the Kind.
func (e *BLASError) Unwrap() error {
	if e.Status == 7 || e.Status == statusNotSupported {
		return abi.Internal
	}
	return abi.Unavailable
}

// isStatus reports whether err is that status of the library.
func isStatus(err error, s Status) bool {
	e, ok := errors.AsType[*BLASError](err)
	return ok && e.Status == s
}
