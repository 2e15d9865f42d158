package cuda

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/cloister-ai/cloister/gpu/native"
)

// minimumCapability is Turing: what CUDA 13 still takes, and the lowest target
// that kernels are written for.
const minimumCapability = 75

// CUdevice_attribute.
const (
	attributeThreads     = 1
	attributeSMs         = 16
	attributeComputeMode = 20
	attributeL2          = 38
	attributeMajor       = 75
	attributeMinor       = 76
	attributeShared      = 97
	attributeMPS         = 133

	modeProhibited = 2
)

func (l *library) out() uintptr { return uintptr(unsafe.Pointer(&l.number)) }

// count returns how many devices the driver shows.
func (l *library) count() (int, error) {
	err := l.call(fnDeviceCount, l.out())
	if err == nil && l.number == 0 {
		err = fmt.Errorf("cuda: %w", ErrNoDevice)
	}
	return int(l.number), err
}

// attribute asks for one number of device i.
func (l *library) attribute(i int, what uintptr) (int, error) {
	err := l.call(fnDeviceAttribute, l.out(), what, uintptr(i))
	return int(l.number), err
}

// info describes device i. A device's handle is its index; cuDeviceGet checks it.
func (l *library) info(i int) (Info, error) {
	info := Info{Driver: l.version}
	err := l.call(fnDevice, l.out(), uintptr(i))
	if err != nil {
		return info, err
	}
	if err = l.call(fnDeviceName, uintptr(unsafe.Pointer(&l.text)), uintptr(len(l.text)), uintptr(i)); err != nil {
		return info, err
	}
	info.Name = native.Text(l.text[:])
	info.MIG = strings.Contains(info.Name, " MIG ")
	if err = l.call(fnDeviceMemory, uintptr(unsafe.Pointer(&l.word)), uintptr(i)); err != nil {
		return info, err
	}
	info.Memory = int64(l.word)
	for _, a := range []struct {
		what uintptr
		to   *int
	}{{attributeThreads, &info.Threads}, {attributeSMs, &info.SMs}, {attributeL2, &info.L2},
		{attributeMajor, &info.Major}, {attributeMinor, &info.Minor}, {attributeShared, &info.Shared}} {
		if *a.to, err = l.attribute(i, a.what); err != nil {
			return info, err
		}
	}
	if l.procs[fnDeviceUUID] != 0 {
		if err = l.call(fnDeviceUUID, uintptr(unsafe.Pointer(&l.text)), uintptr(i)); err != nil {
			return info, err
		}
		info.UUID = uuid(info.MIG, [16]byte(l.text[:16]))
	}
	if l.procs[fnDeviceBus] != 0 {
		if err = l.call(fnDeviceBus, uintptr(unsafe.Pointer(&l.text)), uintptr(len(l.text)), uintptr(i)); err != nil {
			return info, err
		}
		info.Bus = strings.ToLower(native.Text(l.text[:]))
	}
	return info, nil
}

// uuid writes a device's 16 bytes as NVML does.
func uuid(mig bool, b [16]byte) string {
	kind := "GPU"
	if mig {
		kind = "MIG"
	}
	return fmt.Sprintf("%s-%x-%x-%x-%x-%x", kind, b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
