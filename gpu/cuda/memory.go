package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

func (d *device) Alloc(n int64) (Ptr, error) {
	if err := d.idle(); err != nil {
		return 0, err
	}
	if n <= 0 {
		return 0, fmt.Errorf("cuda: alloc of %d bytes: %w", n, abi.Invalid)
	}
	if err := d.do(fnAlloc, d.word(), uintptr(n)); err != nil {
		return 0, noted(err, "%d bytes", n)
	}
	at := uintptr(d.scratch.word)
	d.memory.add(at, uintptr(n))
	return Ptr(at), nil
}

func (d *device) Free(p Ptr) error {
	if err := d.idle(); err != nil {
		return err
	}
	if _, ok := d.memory.starts(uintptr(p)); !ok {
		return fmt.Errorf("cuda: free of %#x, which was not allocated: %w", p, abi.Invalid)
	}
	if err := d.drain(); err != nil {
		return err
	}
	return d.free(uintptr(p))
}

func (d *device) free(at uintptr) error {
	err := d.do(fnFree, at)
	if err == nil {
		d.memory.remove(at)
	}
	return err
}

func (d *device) AllocHost(n int64) ([]byte, error) {
	if err := d.idle(); err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, fmt.Errorf("cuda: alloc of %d bytes of host memory: %w", n, abi.Invalid)
	}
	d.scratch.memory = nil
	if err := d.do(fnAllocHost, uintptr(unsafe.Pointer(&d.scratch.memory)), uintptr(n), 0); err != nil {
		return nil, noted(err, "%d bytes of host memory", n)
	}
	mem := unsafe.Slice((*byte)(d.scratch.memory), n)
	d.scratch.memory = nil
	clear(mem)
	d.host.add(address(mem), uintptr(n))
	return mem, nil
}

func (d *device) FreeHost(mem []byte) error {
	if err := d.idle(); err != nil {
		return err
	}
	if n, ok := d.host.starts(address(mem)); !ok || n != uintptr(len(mem)) {
		return fmt.Errorf("cuda: free of %d bytes of host memory that were not allocated: %w", len(mem), abi.Invalid)
	}
	if err := d.drain(); err != nil {
		return err
	}
	return d.freeHost(address(mem))
}

func (d *device) freeHost(at uintptr) error {
	err := d.do(fnFreeHost, at)
	if err == nil {
		d.host.remove(at)
	}
	return err
}

func (d *device) Register(mem []byte) error {
	if err := d.idle(); err != nil {
		return err
	}
	at, n := address(mem), uintptr(len(mem))
	if n == 0 || d.locked.meets(at, n) || d.host.meets(at, n) {
		return fmt.Errorf("cuda: %d bytes to register, none or some of them page-locked: %w", n, abi.Invalid)
	}
	if err := d.do(fnRegister, at, n, 0); err != nil {
		return noted(err, "%d bytes", n)
	}
	d.locked.add(at, n)
	return nil
}

func (d *device) Unregister(mem []byte) error {
	if err := d.idle(); err != nil {
		return err
	}
	if n, ok := d.locked.starts(address(mem)); !ok || n != uintptr(len(mem)) {
		return fmt.Errorf("cuda: %d bytes to unregister that were not registered: %w", len(mem), abi.Invalid)
	}
	if err := d.drain(); err != nil {
		return err
	}
	return d.unregister(address(mem))
}

func (d *device) unregister(at uintptr) error {
	err := d.do(fnUnregister, at)
	if err == nil {
		d.locked.remove(at)
	}
	return err
}

func (d *device) Upload(s Stream, dst Ptr, src []byte) error {
	return d.move(s, dst, src, fnUpload)
}

func (d *device) Download(s Stream, dst []byte, src Ptr) error {
	return d.move(s, src, dst, fnDownload)
}

// move copies between p and host memory. What is not page-locked is not the driver's
// to touch once this returns, so the stream is waited for.
func (d *device) move(s Stream, p Ptr, mem []byte, f function) error {
	h, err := d.stream(s)
	if err != nil {
		return err
	}
	if err := d.within(p, int64(len(mem))); err != nil {
		return err
	}
	if len(mem) == 0 {
		return nil
	}
	at := d.hold(unsafe.Pointer(unsafe.SliceData(mem)))
	locked := d.host.hold(at, uintptr(len(mem))) || d.locked.hold(at, uintptr(len(mem)))
	if d.capturing && !locked {
		return fmt.Errorf("cuda: a graph copies page-locked memory alone: %w", abi.Invalid)
	}
	if f == fnUpload {
		err = d.do(f, uintptr(p), at, uintptr(len(mem)), h)
	} else {
		err = d.do(f, at, uintptr(p), uintptr(len(mem)), h)
	}
	if !locked {
		// After a failure too: the copy may have been queued all the same.
		err = errors.Join(err, d.do(fnStreamSync, h))
	}
	d.hold(nil)
	return err
}

func (d *device) Set(s Stream, dst Ptr, value byte, n int64) error {
	h, err := d.stream(s)
	if err != nil {
		return err
	}
	if err := d.within(dst, n); err != nil || n == 0 {
		return err
	}
	return d.do(fnSet, uintptr(dst), uintptr(value), uintptr(n), h)
}

func (d *device) Copy(s Stream, dst, src Ptr, n int64) error {
	h, err := d.stream(s)
	if err != nil {
		return err
	}
	if err := errors.Join(d.within(dst, n), d.within(src, n)); err != nil || n == 0 {
		return err
	}
	if dst < src+Ptr(n) && src < dst+Ptr(n) {
		return fmt.Errorf("cuda: copy of %d bytes from %#x to %#x overlaps: %w", n, src, dst, abi.Invalid)
	}
	return d.do(fnCopy, uintptr(dst), uintptr(src), uintptr(n), h)
}

// within refuses a range that is not inside one allocation: the next one may be
// another tenant's.
func (d *device) within(p Ptr, n int64) error {
	if n < 0 || !d.memory.hold(uintptr(p), uintptr(n)) {
		return fmt.Errorf("cuda: %d bytes at %#x are in no allocation: %w", n, p, abi.Invalid)
	}
	return nil
}

// address is where mem is. It is page-locked, or only compared.
func address(mem []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }

// noted adds to an error of the driver what was asked for.
func noted(err error, format string, args ...any) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Note == "" {
		n := *e
		n.Note = fmt.Sprintf(format, args...)
		return &n
	}
	return err
}
