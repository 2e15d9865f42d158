package gpu

import (
	"os"
	"unsafe"

	"github.com/cloister-ai/cloister/gpu/native"
)

// nativeManagement calls NVML without cgo. One goroutine uses it.
type nativeManagement struct {
	paths []string
	lib   *native.Library
	procs map[string]native.Proc
	*managementScratch
}

// managementScratch is what C writes: one object on the heap.
type managementScratch struct {
	number    [2]uint32
	long      uint64
	handle    uintptr
	memory    struct{ total, free, used uint64 }
	text      [256]byte
	processes [1024]nativeProcess
}

// A nativeProcess is an nvmlProcessInfo_v2_t, which the functions _v3 fill.
type nativeProcess struct {
	pid    uint32
	_      uint32
	memory uint64
	_      [2]uint32 // which instances
}

// managementPlaces are where NVML is; see the places of gpu/cuda.
var managementPlaces = []string{
	"libnvidia-ml.so.1",
	"/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1", "/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1", "/usr/lib64/libnvidia-ml.so.1",
	"/usr/local/nvidia/lib64/libnvidia-ml.so.1", "/usr/local/nvidia/lib/libnvidia-ml.so.1",
	"/usr/lib/wsl/lib/libnvidia-ml.so.1", "/run/opengl-driver/lib/libnvidia-ml.so.1",
}

// newNative is NVML in the usual places, or where NVML_LIB says.
func newNative() *nativeManagement {
	paths := managementPlaces
	if path := os.Getenv("NVML_LIB"); path != "" {
		paths = []string{path}
	}
	return &nativeManagement{paths: paths, procs: make(map[string]native.Proc), managementScratch: new(managementScratch)}
}

// call calls the function of that name, which the library may not have.
func (m *nativeManagement) call(name string, args ...uintptr) nvmlReturn {
	p, ok := m.procs[name]
	if !ok {
		p = m.lib.Proc(name)
		m.procs[name] = p
	}
	if p == 0 {
		return nvmlFunctionNotFound
	}
	return nvmlReturn(int32(p.Call(args...)))
}

// Init loads the library, which stays loaded.
func (m *nativeManagement) Init() nvmlReturn {
	lib, err := native.Open(m.paths...)
	if err != nil {
		return nvmlLibraryNotFound // absent or broken: nothing can be called
	}
	m.lib = lib
	return m.call("nvmlInit_v2")
}

func (m *nativeManagement) Shutdown() nvmlReturn { return m.call("nvmlShutdown") }

// address is where x is, a field of the scratch.
func address[T any](x *T) uintptr { return uintptr(unsafe.Pointer(x)) }

func (m *nativeManagement) Driver() (string, nvmlReturn) {
	r := m.call("nvmlSystemGetDriverVersion", address(&m.text), uintptr(len(m.text)))
	return native.Text(m.text[:]), r
}

func (m *nativeManagement) Count() (int, nvmlReturn) {
	r := m.call("nvmlDeviceGetCount_v2", address(&m.number))
	return int(m.number[0]), r
}

func (m *nativeManagement) Card(i int) (managed, nvmlReturn) {
	r := m.call("nvmlDeviceGetHandleByIndex_v2", uintptr(i), address(&m.handle))
	return nativeManaged{m, m.handle}, r
}

type nativeManaged struct {
	m *nativeManagement
	h uintptr
}

func (d nativeManaged) text(name string) (string, nvmlReturn) {
	r := d.m.call(name, d.h, address(&d.m.text), uintptr(len(d.m.text)))
	return native.Text(d.m.text[:]), r
}

func (d nativeManaged) UUID() (string, nvmlReturn) { return d.text("nvmlDeviceGetUUID") }
func (d nativeManaged) Name() (string, nvmlReturn) { return d.text("nvmlDeviceGetName") }

func (d nativeManaged) Memory() (total, used uint64, r nvmlReturn) {
	r = d.m.call("nvmlDeviceGetMemoryInfo", d.h, address(&d.m.memory))
	return d.m.memory.total, d.m.memory.used, r
}

func (d nativeManaged) Divided() (bool, nvmlReturn) {
	r := d.m.call("nvmlDeviceGetMigMode", d.h, address(&d.m.number[0]), address(&d.m.number[1]))
	return d.m.number[0] == 1, r
}

func (d nativeManaged) Slots() (int, nvmlReturn) {
	r := d.m.call("nvmlDeviceGetMaxMigDeviceCount", d.h, address(&d.m.number))
	return int(d.m.number[0]), r
}

func (d nativeManaged) Instance(i int) (managed, nvmlReturn) {
	r := d.m.call("nvmlDeviceGetMigDeviceHandleByIndex", d.h, uintptr(i), address(&d.m.handle))
	return nativeManaged{d.m, d.m.handle}, r
}

func (d nativeManaged) Busy() (int64, nvmlReturn) {
	r := d.m.call("nvmlDeviceGetUtilizationRates", d.h, address(&d.m.number))
	return int64(d.m.number[0]), r
}

func (d nativeManaged) Power() (int64, nvmlReturn) {
	r := d.m.call("nvmlDeviceGetPowerUsage", d.h, address(&d.m.number))
	return int64(d.m.number[0]), r
}

func (d nativeManaged) Energy() (int64, nvmlReturn) {
	r := d.m.call("nvmlDeviceGetTotalEnergyConsumption", d.h, address(&d.m.long))
	return int64(d.m.long), r
}

// NVML's counters: uncorrected errors, since the driver was loaded.
const (
	eccUncorrected = 1
	eccVolatile    = 0
)

func (d nativeManaged) ECC() (int64, nvmlReturn) {
	r := d.m.call("nvmlDeviceGetTotalEccErrors", d.h, eccUncorrected, eccVolatile, address(&d.m.long))
	return int64(d.m.long), r
}

func (d nativeManaged) Processes(graphics bool) ([]Process, nvmlReturn) {
	name := "nvmlDeviceGetComputeRunningProcesses_v3"
	if graphics {
		name = "nvmlDeviceGetGraphicsRunningProcesses_v3"
	}
	m := d.m
	m.number[0] = uint32(len(m.processes))
	if r := m.call(name, d.h, address(&m.number), address(&m.processes)); r != nvmlSuccess {
		return nil, r
	}
	list := make([]Process, min(int(m.number[0]), len(m.processes)))
	for i := range list {
		p := m.processes[i]
		list[i] = Process{PID: int(p.pid), Memory: memoryOf(p.memory), Graphics: graphics}
	}
	return list, nvmlSuccess
}

// memoryOf is a process's memory, which the driver may not know.
func memoryOf(n uint64) uint64 {
	if n == ^uint64(0) {
		return 0
	}
	return n
}
