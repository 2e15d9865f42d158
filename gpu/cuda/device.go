package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// A device is the real driver's Driver.
type device struct {
	info  Info
	index uintptr

	mu       sync.Mutex // held by who is inside
	inside   atomic.Bool
	*library // nil once closed
	context  uintptr
	streams  [Streams]uintptr
	launch   *launch
	lost     error // the sticky error after which the driver is left alone

	capturing bool
	memory    spans // what Alloc returned
	host      spans // what AllocHost returned
	locked    spans // what Register locked
	modules   map[*module]bool
	graphs    map[*graph]bool
	events    map[*event]bool
}

var _ Driver = (*device)(nil)

// newDevice opens device i: its primary context, and the streams.
func newDevice(l *library, i int, info Info, cfg Config) (Driver, error) {
	d := &device{
		info: info, index: uintptr(i), library: l, launch: newLaunch(),
		modules: make(map[*module]bool), graphs: make(map[*graph]bool), events: make(map[*event]bool),
	}
	if err := l.call(fnContextRetain, d.word(), d.index); err != nil {
		if e, ok := errors.AsType[*Error](err); ok && (e.Code == InvalidDevice || e.Code == deviceUnavailable) {
			return nil, fmt.Errorf("cuda: %w: %w", ErrBusy, err) // another process has an exclusive one
		}
		return nil, fmt.Errorf("cuda: open %s: %w", info.Name, err)
	}
	d.context = uintptr(l.scratch.word)
	err := d.Enter(func() error {
		for s := range d.streams {
			if err := d.do(fnStreamCreate, d.word(), streamNonBlocking); err != nil {
				return err
			}
			d.streams[s] = uintptr(d.scratch.word)
		}
		free, total, err := d.Memory()
		if err == nil && free < cfg.Memory {
			err = fmt.Errorf("cuda: %w: %s has %d of %d bytes free, %d are needed", ErrSmall, info.Name, free, total, cfg.Memory)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

const (
	streamNonBlocking = 1 // apart from the default stream, which nobody uses
	deviceUnavailable = Code(46)
)

func (d *device) Info() Info { return d.info }

func (d *device) Enter(f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.library == nil:
		return errClosed
	case d.lost != nil:
		return d.lost
	}
	return d.enter(f)
}

// enter is Enter for who holds the lock.
func (d *device) enter(f func() error) error {
	runtime.LockOSThread() // the current context is the thread's
	defer runtime.UnlockOSThread()
	if err := d.do(fnContextSet, d.context); err != nil {
		return err
	}
	d.inside.Store(true)
	defer d.inside.Store(false)
	return f()
}

var (
	errClosed  = fmt.Errorf("cuda: the device is closed: %w", abi.Invalid)
	errOutside = fmt.Errorf("cuda: called outside Enter: %w", abi.Invalid)
	errCapture = fmt.Errorf("cuda: makes no sense while a graph is captured: %w", abi.Invalid)
)

// word is the address of the out-parameter for handles and sizes.
func (d *device) word() uintptr { d.scratch.word = 0; return uintptr(unsafe.Pointer(&d.scratch.word)) }

// do calls the driver unless the device is lost, and sees when it gets lost.
func (d *device) do(f function, args ...uintptr) error {
	if d.lost != nil {
		return d.lost
	}
	err := d.call(f, args...)
	if err != nil && errors.Is(err, ErrLost) {
		d.lost = err
	}
	return err
}

// ready says whether a call may be made now.
func (d *device) ready() error {
	switch {
	case !d.inside.Load():
		return errOutside
	case d.lost != nil:
		return d.lost
	}
	return nil
}

// idle is ready for what no graph can hold.
func (d *device) idle() error {
	if err := d.ready(); err != nil {
		return err
	}
	if d.capturing {
		return errCapture
	}
	return nil
}

func (d *device) Memory() (free, total int64, err error) {
	if err := d.idle(); err != nil {
		return 0, 0, err
	}
	err = d.do(fnMemoryInfo, d.word(), uintptr(unsafe.Pointer(&d.scratch.other)))
	return int64(d.scratch.word), int64(d.scratch.other), err
}

// stream is the handle of s, for work that may be captured on Compute alone.
func (d *device) stream(s Stream) (uintptr, error) {
	if err := d.ready(); err != nil {
		return 0, err
	}
	if s >= Streams {
		return 0, fmt.Errorf("cuda: stream %d of %d: %w", s, Streams, abi.Invalid)
	}
	if d.capturing && s != Compute {
		return 0, errCapture
	}
	return d.streams[s], nil
}

func (d *device) Sync(s Stream) error {
	if err := d.idle(); err != nil {
		return err
	}
	h, err := d.stream(s)
	if err != nil {
		return err
	}
	return d.do(fnStreamSync, h)
}

// drain waits for all streams.
func (d *device) drain() error {
	return errors.Join(d.Sync(Compute), d.Sync(Transfers))
}

func (d *device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.library == nil {
		return nil
	}
	var err error
	if d.lost == nil { // the end of the process gives back what is lost
		err = d.enter(d.release)
		if d.lost == nil {
			err = errors.Join(err, d.do(fnContextRelease, d.index))
		}
	}
	d.library = nil
	return err
}

// release gives back all that is open, whatever fails.
func (d *device) release() error {
	errs := []error{d.drain()}
	for g := range d.graphs {
		errs = append(errs, g.Free())
	}
	for e := range d.events {
		errs = append(errs, e.Free())
	}
	for m := range d.modules {
		errs = append(errs, m.Unload())
	}
	for _, s := range slices.Clone(d.locked) {
		errs = append(errs, d.unregister(s.at))
	}
	for _, s := range slices.Clone(d.host) {
		errs = append(errs, d.freeHost(s.at))
	}
	for _, s := range slices.Clone(d.memory) {
		errs = append(errs, d.free(s.at))
	}
	for _, h := range d.streams {
		if h != 0 {
			errs = append(errs, d.do(fnStreamDestroy, h))
		}
	}
	return errors.Join(errs...)
}
