package fake

import (
	"testing"
	"unsafe"

	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/native"
)

// A BLAS is a stand-in libcublasLt over a stand-in driver.
type BLAS struct {
	Path  string
	lib   *native.Library
	words []byte
	count int64
}

// BLAS builds a stand-in libcublasLt and makes it the test's.
func (d *Driver) BLAS(t testing.TB, flags ...string) *BLAS {
	t.Helper()
	b := &BLAS{Path: Build(t, "fakeblaslt", append(flags, "-lm")...)}
	lib, err := native.Open(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	b.lib = lib
	b.call("fakeblas_driver", uintptr(d.lib.Proc("fake_device")), uintptr(d.lib.Proc("fake_queue")))
	t.Setenv("CUBLASLT_LIB", b.Path)
	return b
}

func (b *BLAS) call(name string, args ...uintptr) uintptr { return b.lib.Proc(name).Call(args...) }

// Reset forgets calls and failures.
func (b *BLAS) Reset() { b.call("fakeblas_reset") }

// Live counts the library's objects.
func (b *BLAS) Live() int { return int(b.call("fakeblas_live")) }

// Fail makes the nth call of the function from now on fail, counted from 1.
func (b *BLAS) Fail(function string, nth int, s cuda.Status) {
	b.words = append([]byte(function), 0)
	b.call("fakeblas_fail", uintptr(unsafe.Pointer(&b.words[0])), uintptr(nth), uintptr(s))
}

// Failed reports whether the failure that was asked for has come.
func (b *BLAS) Failed() bool { return b.call("fakeblas_pending") == 0 }

// Calls counts the calls of each function since the last Reset.
func (b *BLAS) Calls() map[string]int {
	calls := make(map[string]int)
	for i := range uintptr(32) {
		p := b.call("fakeblas_count", i, uintptr(unsafe.Pointer(&b.count)))
		if p == 0 {
			break
		}
		calls[cString(p)] = int(b.count)
	}
	return calls
}
