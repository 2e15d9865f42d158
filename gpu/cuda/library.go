package cuda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/native"
)

// A function of the driver is bound by the name with its version in it: the
// headers' macros change what cuMemAlloc means, exported symbols stay.
type function int

const (
	fnDriverVersion function = iota
	fnInit
	fnDeviceCount
	fnDevice
	fnDeviceName
	fnDeviceMemory
	fnDeviceAttribute
	fnContextRetain
	fnContextRelease
	fnContextSet
	fnMemoryInfo
	fnAlloc
	fnFree
	fnAllocHost
	fnFreeHost
	fnRegister
	fnUnregister
	fnUpload
	fnDownload
	fnCopy
	fnSet
	fnStreamCreate
	fnStreamDestroy
	fnStreamSync
	fnStreamWait
	fnEventCreate
	fnEventDestroy
	fnEventRecord
	fnEventSync
	fnEventElapsed
	fnModuleLoad
	fnModuleUnload
	fnModuleFunction
	fnFunctionAttribute
	fnFunctionSet
	fnLaunch
	fnCaptureBegin
	fnCaptureEnd
	fnGraphInstantiate
	fnGraphDestroy
	fnGraphLaunch
	fnGraphFree
	fnDeviceUUID // optional from here on
	fnDeviceBus
	fnParamInfo
	functions
)

const required = fnDeviceUUID

var symbols = [functions]string{
	fnDriverVersion: "cuDriverGetVersion", fnInit: "cuInit",
	fnDeviceCount: "cuDeviceGetCount", fnDevice: "cuDeviceGet", fnDeviceName: "cuDeviceGetName",
	fnDeviceMemory: "cuDeviceTotalMem_v2", fnDeviceAttribute: "cuDeviceGetAttribute",
	fnContextRetain: "cuDevicePrimaryCtxRetain", fnContextRelease: "cuDevicePrimaryCtxRelease_v2", fnContextSet: "cuCtxSetCurrent",
	fnMemoryInfo: "cuMemGetInfo_v2", fnAlloc: "cuMemAlloc_v2", fnFree: "cuMemFree_v2",
	fnAllocHost: "cuMemHostAlloc", fnFreeHost: "cuMemFreeHost",
	fnRegister: "cuMemHostRegister_v2", fnUnregister: "cuMemHostUnregister",
	fnUpload: "cuMemcpyHtoDAsync_v2", fnDownload: "cuMemcpyDtoHAsync_v2", fnCopy: "cuMemcpyDtoDAsync_v2", fnSet: "cuMemsetD8Async",
	fnStreamCreate: "cuStreamCreate", fnStreamDestroy: "cuStreamDestroy_v2", fnStreamSync: "cuStreamSynchronize",
	fnStreamWait:  "cuStreamWaitEvent",
	fnEventCreate: "cuEventCreate", fnEventDestroy: "cuEventDestroy_v2", fnEventRecord: "cuEventRecord",
	fnEventSync: "cuEventSynchronize", fnEventElapsed: "cuEventElapsedTime",
	fnModuleLoad: "cuModuleLoadDataEx", fnModuleUnload: "cuModuleUnload", fnModuleFunction: "cuModuleGetFunction",
	fnFunctionAttribute: "cuFuncGetAttribute", fnFunctionSet: "cuFuncSetAttribute", fnLaunch: "cuLaunchKernel",
	fnCaptureBegin: "cuStreamBeginCapture_v2", fnCaptureEnd: "cuStreamEndCapture",
	fnGraphInstantiate: "cuGraphInstantiateWithFlags", fnGraphDestroy: "cuGraphDestroy",
	fnGraphLaunch: "cuGraphLaunch", fnGraphFree: "cuGraphExecDestroy",
	fnDeviceUUID: "cuDeviceGetUuid_v2", fnDeviceBus: "cuDeviceGetPCIBusId", fnParamInfo: "cuFuncGetParamInfo",
}

// minimumVersion is CUDA 12.0, driver 525: the first that takes the PTX of every
// kernel (ISA 8.0) and has every required symbol.
const minimumVersion = 12000

// places are where the driver's library is: the loader's path, then where
// distributions, containers, WSL and NixOS put it.
var places = []string{
	"libcuda.so.1",
	"/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/usr/lib/aarch64-linux-gnu/libcuda.so.1", "/usr/lib64/libcuda.so.1",
	"/usr/local/nvidia/lib64/libcuda.so.1", "/usr/local/nvidia/lib/libcuda.so.1",
	"/usr/lib/wsl/lib/libcuda.so.1", "/run/opengl-driver/lib/libcuda.so.1",
}

// A library is the driver in this process, initialised. Its calls share scratch
// memory: one goroutine uses it.
type library struct {
	*scratch
	native  *native.Library
	procs   [functions]native.Proc
	version int
}

// scratch is what C reads and writes: one object on the heap, which Go does not
// move, kept by its library for as long as a call can run.
type scratch struct {
	args   [16]uintptr
	word   uint64         // out-parameter: a handle, an address, a size
	other  uint64         // a second one
	number int32          // out-parameter: an int
	float  float32        // out-parameter: a float
	memory unsafe.Pointer // out-parameter: memory of C's
	held   unsafe.Pointer // Go memory that the call points to
	text   [256]byte      // out-parameter: a text
}

// open loads and initialises the driver. It stays loaded: it has threads and
// handlers of its own, and is not made to be unloaded.
func open(cfg Config) (*library, error) {
	if !native.Supported {
		return nil, fmt.Errorf("cuda: %w", ErrNoSystem)
	}
	if err := setCache(cfg.Cache); err != nil {
		return nil, err
	}
	paths := places
	if path := cfg.path(); path != "" {
		paths = []string{path}
	}
	so, err := native.Open(paths...)
	if errors.Is(err, native.ErrAbsent) {
		return nil, fmt.Errorf("cuda: %w: %w", ErrNoDriver, err)
	}
	if err != nil {
		return nil, fmt.Errorf("cuda: %w: %w", ErrBroken, err)
	}
	l := &library{scratch: new(scratch), native: so}
	return l, l.init()
}

// init binds the symbols, the version's first, so that an old driver is told
// from a broken one.
func (l *library) init() error {
	for f, name := range symbols {
		l.procs[f] = l.native.Proc(name)
		switch {
		case l.procs[f] == 0 && function(f) < required:
			return fmt.Errorf("cuda: %w: %s has no %s", ErrBroken, l.native.Path, name)
		case function(f) == fnDriverVersion:
			if err := l.call(fnDriverVersion, uintptr(unsafe.Pointer(&l.number))); err != nil {
				return fmt.Errorf("cuda: %w: %w", ErrBroken, err)
			}
			if l.version = int(l.number); l.version < minimumVersion {
				return fmt.Errorf("cuda: %w: it speaks CUDA %s", ErrOldDriver, Version(l.version))
			}
		}
	}
	err := l.call(fnInit, 0)
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Code == NoDevice {
			return fmt.Errorf("cuda: %w: %w", ErrNoDevice, err)
		}
		return fmt.Errorf("cuda: %w: %w", ErrBroken, err)
	}
	return nil
}

// call calls f. Pointers among the arguments are into scratch, or held.
// It allocates nothing unless it fails.
func (l *library) call(f function, args ...uintptr) error {
	n := copy(l.args[:], args)
	if code := Code(int32(l.procs[f].Call(l.args[:n]...))); code != 0 {
		return &Error{Call: symbols[f], Code: code}
	}
	return nil
}

// hold keeps the memory at p, and off the stack, until the next hold, and gives
// its address.
func (s *scratch) hold(p unsafe.Pointer) uintptr {
	s.held = p
	return uintptr(s.held)
}

// path is where the library was asked to be, if anywhere.
func (cfg Config) path() string {
	if cfg.Library != "" {
		return cfg.Library
	}
	return os.Getenv("CUDA_DRIVER_LIB")
}

// setCache tells the driver, by way of this process's environment, where to keep
// what it compiles. Where it cannot write, the driver would silently keep nothing.
func setCache(dir string) error {
	if dir == "" {
		return nil
	}
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("cuda: cache %q is no absolute path: %w", dir, abi.Invalid)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cuda: cache: %w: %w", abi.Unavailable, err)
	}
	return errors.Join(os.Setenv("CUDA_CACHE_PATH", dir), os.Unsetenv("CUDA_CACHE_DISABLE"))
}

// Version writes a CUDA version as people do: 12.4 of 12040.
func Version(v int) string { return fmt.Sprintf("%d.%d", v/1000, v%1000/10) }
