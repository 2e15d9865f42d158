package cuda

import (
	"fmt"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// CU_LAUNCH_PARAM: parameters are passed as one buffer, whose length the driver
// compares with the function's. An array of pointers it would believe.
const (
	launchBuffer = 1
	launchSize   = 2
	launchEnd    = 0
)

// A launch is what cuLaunchKernel reads: one object on the heap that every launch
// uses again.
type launch struct {
	extra [5]uintptr
	size  uint64
	args  [maxSlots]uint64
}

func newLaunch() *launch {
	l := new(launch)
	l.extra = [5]uintptr{launchBuffer, uintptr(unsafe.Pointer(&l.args)), launchSize, uintptr(unsafe.Pointer(&l.size)), launchEnd}
	return l
}

func (d *device) Launch(f Function, grid, block [3]uint32, shared uint32, args []uint64) error {
	if err := d.ready(); err != nil {
		return err
	}
	k, ok := f.(*kernel)
	if !ok || k.m.d != d || !d.modules[k.m] {
		return fmt.Errorf("cuda: launch of a function that is not this device's, or unloaded: %w", abi.Invalid)
	}
	if err := d.fits(k, grid, block, shared, len(args)); err != nil {
		return err
	}
	if int(shared) > k.dynamic {
		if err := d.do(fnFunctionSet, k.handle, functionDynamic, uintptr(shared)); err != nil {
			return noted(err, "%s", k.name)
		}
		k.dynamic = int(shared)
	}
	l := d.launch
	l.size = uint64(8 * copy(l.args[:], args))
	err := d.do(fnLaunch, k.handle, uintptr(grid[0]), uintptr(grid[1]), uintptr(grid[2]),
		uintptr(block[0]), uintptr(block[1]), uintptr(block[2]), uintptr(shared), d.streams[Compute],
		0, uintptr(unsafe.Pointer(&l.extra)))
	if err != nil {
		return noted(err, "%s", k.name)
	}
	return nil
}

// fits refuses a launch that the device cannot do, naming what is too much.
func (d *device) fits(k *kernel, grid, block [3]uint32, shared uint32, slots int) error {
	threads := uint64(block[0]) * uint64(block[1]) * uint64(block[2])
	switch {
	case grid[0] == 0 || grid[0] > 1<<31-1 || grid[1] == 0 || grid[1] > 65535 || grid[2] == 0 || grid[2] > 65535:
		return fmt.Errorf("cuda: launch of %s: grid %v: %w", k.name, grid, abi.Invalid)
	case threads == 0 || block[0] > 1024 || block[1] > 1024 || block[2] > 64 || threads > uint64(k.res.Threads):
		return fmt.Errorf("cuda: launch of %s: block %v, at most %d threads: %w", k.name, block, k.res.Threads, abi.Invalid)
	case uint64(shared) > uint64(max(0, d.info.Shared-k.res.Shared)):
		return fmt.Errorf("cuda: launch of %s: %d bytes of shared memory beside its own %d, at most %d: %w",
			k.name, shared, k.res.Shared, d.info.Shared, abi.Invalid)
	case slots > maxSlots || k.slots >= 0 && slots != k.slots:
		return fmt.Errorf("cuda: launch of %s: %d slots of parameters, it has %d: %w", k.name, slots, k.slots, abi.Invalid)
	}
	return nil
}
