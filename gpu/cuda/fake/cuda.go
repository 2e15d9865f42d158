package fake

import (
	"testing"
	"unsafe"

	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/native"
	"github.com/ebitengine/purego"
)

// A Driver is a stand-in libcuda in this process. What opens the driver with
// CUDA_DRIVER_LIB, or with its Path, gets this one.
type Driver struct {
	Path   string
	lib    *native.Library
	launch func(Launch) cuda.Code
	words  []byte
	out    struct { // what C writes, on the heap
		count int64
		at    uint64
		host  *byte
		n     uintptr
	}
}

// A Launch is a kernel to run.
type Launch struct {
	PTX, Kernel string
	Grid, Block [3]uint32
	Shared      uint32 // bytes of dynamic shared memory
	Params      []byte
	Memory      []Span // all of the device's
}

// A Span is an allocation of the device.
type Span struct {
	At    cuda.Ptr
	Bytes []byte
}

// CUDA builds a stand-in libcuda and makes it the test's driver. Flags go to the C
// compiler: -DcuGraphLaunch=absent leaves a function out.
func CUDA(t testing.TB, flags ...string) *Driver {
	t.Helper()
	path := Build(t, "fakecuda", flags...)
	lib, err := native.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CUDA_DRIVER_LIB", path)
	t.Setenv("CUDA_MPS_PIPE_DIRECTORY", "/dev/null")
	return &Driver{Path: path, lib: lib}
}

func (d *Driver) call(name string, args ...uintptr) uintptr { return d.lib.Proc(name).Call(args...) }

// text passes a string to C, which copies it.
func (d *Driver) text(s string) uintptr {
	d.words = append([]byte(s), 0)
	return uintptr(unsafe.Pointer(&d.words[0]))
}

// Reset makes the driver new: no object, no error, settings as at the start.
func (d *Driver) Reset() { d.launch = nil; d.call("fake_reset") }

// Set changes a setting that fakecuda.c lists: VERSION, DEVICES, MEMORY, …
func (d *Driver) Set(name string, value int) {
	if d.call("fake_set", d.text(name), uintptr(value)) == 0 {
		panic("fake: no setting " + name)
	}
}

// Fail makes the nth call of the function from now on fail, counted from 1.
func (d *Driver) Fail(function string, nth int, code cuda.Code) {
	d.call("fake_fail", d.text(function), uintptr(nth), uintptr(code))
}

// Failed reports whether the failure that was asked for has come.
func (d *Driver) Failed() bool { return d.call("fake_pending") == 0 }

// Live counts the objects there are, retained contexts among them.
func (d *Driver) Live() int { return int(d.call("fake_live")) }

// Leaked counts the objects that were left when their context ended.
func (d *Driver) Leaked() int { return int(d.call("fake_leaked")) }

// AfterLoss counts the calls that were made after a sticky error.
func (d *Driver) AfterLoss() int { return int(d.call("fake_after_loss")) }

// Calls counts the calls of each function since the last Reset.
func (d *Driver) Calls() map[string]int {
	calls := make(map[string]int)
	for i := range uintptr(64) {
		p := d.call("fake_count", i, uintptr(unsafe.Pointer(&d.out.count)))
		if p == 0 {
			break
		}
		calls[cString(p)] = int(d.out.count)
	}
	return calls
}

// Env is what the driver sees of the environment.
func (d *Driver) Env(name string) string {
	return cString(d.call("fake_env", d.text(name)))
}

// Memory lists the device's allocations.
func (d *Driver) Memory() []Span {
	f := &d.out
	var list []Span
	for i := uintptr(0); ; i++ {
		if d.call("fake_range", i, uintptr(unsafe.Pointer(&f.at)), uintptr(unsafe.Pointer(&f.host)), uintptr(unsafe.Pointer(&f.n))) == 0 {
			return list
		}
		list = append(list, Span{cuda.Ptr(f.at), unsafe.Slice(f.host, f.n)})
	}
}

// OnLaunch runs kernels with f, which returns the error of the launch. Without it
// launches do nothing.
func (d *Driver) OnLaunch(f func(Launch) cuda.Code) {
	d.launch = f
	handler := purego.NewCallback(func(ptx, name *byte, dims *[7]uint32, params *byte, n uintptr) uintptr {
		return uintptr(d.launch(Launch{
			PTX: native.String(ptx), Kernel: native.String(name),
			Grid: [3]uint32(dims[:3]), Block: [3]uint32(dims[3:6]), Shared: dims[6],
			Params: append([]byte(nil), unsafe.Slice(params, n)...), Memory: d.Memory(),
		}))
	})
	d.call("fake_launcher", handler)
}

// cString reads a text of C's.
func cString(p uintptr) string { return native.String(*(**byte)(unsafe.Pointer(&p))) }
