package cuda

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

type event struct {
	d      *device
	handle uintptr
}

func (d *device) Event() (Event, error) {
	if err := d.idle(); err != nil {
		return nil, err
	}
	if err := d.do(fnEventCreate, d.word(), 0); err != nil {
		return nil, err
	}
	e := &event{d, uintptr(d.scratch.word)}
	d.events[e] = true
	return e, nil
}

// open refuses an event that is freed, and any during a capture, where it would
// become part of the graph.
func (e *event) open() error {
	if err := e.d.idle(); err != nil {
		return err
	}
	if !e.d.events[e] {
		return fmt.Errorf("cuda: the event is freed: %w", abi.Invalid)
	}
	return nil
}

func (e *event) Record(s Stream) error {
	if err := e.open(); err != nil {
		return err
	}
	h, err := e.d.stream(s)
	if err != nil {
		return err
	}
	return e.d.do(fnEventRecord, e.handle, h)
}

func (e *event) Wait(s Stream) error {
	if err := e.open(); err != nil {
		return err
	}
	h, err := e.d.stream(s)
	if err != nil {
		return err
	}
	return e.d.do(fnStreamWait, h, e.handle, 0)
}

func (e *event) Sync() error {
	if err := e.open(); err != nil {
		return err
	}
	return e.d.do(fnEventSync, e.handle)
}

func (e *event) Since(earlier Event) (time.Duration, error) {
	if err := e.open(); err != nil {
		return 0, err
	}
	from, ok := earlier.(*event)
	if !ok || from.d != e.d || !e.d.events[from] {
		return 0, fmt.Errorf("cuda: time since an event that is not this device's, or freed: %w", abi.Invalid)
	}
	d := e.d
	if err := d.do(fnEventElapsed, uintptr(unsafe.Pointer(&d.float)), from.handle, e.handle); err != nil {
		return 0, err
	}
	return time.Duration(float64(d.float) * float64(time.Millisecond)), nil
}

func (e *event) Free() error {
	d := e.d
	if err := d.idle(); err != nil {
		return err
	}
	if !d.events[e] {
		return nil
	}
	if err := d.drain(); err != nil {
		return err
	}
	err := d.do(fnEventDestroy, e.handle)
	if err == nil {
		delete(d.events, e)
	}
	return err
}
