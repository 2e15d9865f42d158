package main

import (
	"context"
	"fmt"
	"runtime"
	"unsafe"

	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"
	"github.com/cloister-ai/cloister/gpu/kernel"

	"github.com/ebitengine/purego"
	"gonum.org/v1/gonum/blas"
)

// newSgemm makes our own BLAS a candidate: the kernels without the engine.
func newSgemm(_ context.Context, s spec) (*worker, error) {
	n := s.Size
	a, b, c := waves(n*n, 0), waves(n*n, 1), make([]float32, n*n)
	return &worker{
		version: "Cloister, kernels for " + kernel.Active().String(),
		step: func() error {
			adapt.BLAS{}.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a, n, b, n, 0, c, n)
			return nil
		},
		result: func() ([]float64, error) { return appendAll(nil, c), nil },
		close:  func() error { return nil },
	}, nil
}

// newOpenBLAS makes the sgemm of OpenBLAS a candidate, through its Fortran
// interface: all arguments are pointers, which a call without cgo passes fast.
func newOpenBLAS(_ context.Context, s spec) (*worker, error) {
	lib, err := purego.Dlopen(s.Library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("%w (Debian has it as libopenblas0)", err)
	}
	sgemm, err := purego.Dlsym(lib, "sgemm_")
	if err != nil {
		return nil, err
	}
	var corename, config func() string
	purego.RegisterLibFunc(&corename, lib, "openblas_get_corename")
	purego.RegisterLibFunc(&config, lib, "openblas_get_config")
	var setThreads func(int32)
	purego.RegisterLibFunc(&setThreads, lib, "openblas_set_num_threads")
	setThreads(int32(s.Threads))

	n := int32(s.Size)
	a, b := waves(s.Size*s.Size, 0), waves(s.Size*s.Size, 1)
	c := make([]float32, s.Size*s.Size)
	plain, one, zero := byte('N'), float32(1), float32(0)
	var pin runtime.Pinner
	for _, p := range []any{&plain, &n, &one, &zero, &a[0], &b[0], &c[0]} {
		pin.Pin(p)
	}
	at := func(p unsafe.Pointer) uintptr { return uintptr(p) }
	no, size := at(unsafe.Pointer(&plain)), at(unsafe.Pointer(&n))
	// Rows are columns to Fortran, and (AB)ᵀ = BᵀAᵀ: B comes first.
	args := []uintptr{no, no, size, size, size, at(unsafe.Pointer(&one)), at(unsafe.Pointer(&b[0])), size,
		at(unsafe.Pointer(&a[0])), size, at(unsafe.Pointer(&zero)), at(unsafe.Pointer(&c[0])), size}
	return &worker{
		version: fmt.Sprintf("%s, running as %s", config(), corename()),
		step:    func() error { purego.SyscallN(sgemm, args...); return nil },
		result:  func() ([]float64, error) { return appendAll(nil, c), nil },
		close:   func() error { pin.Unpin(); return nil },
	}, nil
}
