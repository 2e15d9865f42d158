package gpu

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// ErrNoNVIDIA is returned on a machine without NVIDIA's driver, or with one whose
// management library does not load.
var ErrNoNVIDIA = fmt.Errorf("gpu: no NVIDIA driver: %w", abi.Unavailable)

// NVIDIA is the driver's management library, NVML: what it knows of the machine's
// cards, beside who computes on them. It is safe for concurrent use.
type NVIDIA struct {
	mu     sync.Mutex
	lib    management // nil once closed
	driver string
	cards  []Card
	byID   map[string]managed
}

// A Card is an NVIDIA GPU, or one instance of a divided one.
type Card struct {
	Device
	Parent string // of an instance, the card's ID
	// Divided says that the card is in MIG mode: what computes are its instances,
	// which are listed behind it.
	Divided bool
}

// A Sample is how a card is at one moment. What a card does not say is -1.
type Sample struct {
	At     time.Time
	Used   int64 // bytes of memory
	Busy   int64 // percent of the last moments in which kernels ran; no instance says
	Power  int64 // milliwatts
	Energy int64 // millijoules since the driver was loaded
	ECC    int64 // uncorrected memory errors since then
}

// A Process is somebody with memory on a card.
type Process struct {
	PID      int
	Memory   uint64 // bytes on the card; 0 if the driver does not say
	Graphics bool   // it draws; others compute
}

// OpenNVIDIA loads NVML and lists the cards. The caller closes it. Without a
// driver the error is ErrNoNVIDIA.
func OpenNVIDIA() (*NVIDIA, error) { return openNVIDIA(newManagement()) }

// openNVIDIA calls nothing of lib but its Init unless that worked: after a failure
// NVML may end the process.
func openNVIDIA(lib management) (n *NVIDIA, err error) {
	switch r := lib.Init(); r {
	case nvmlSuccess:
	case nvmlLibraryNotFound, nvmlDriverNotLoaded, nvmlFunctionNotFound:
		return nil, fmt.Errorf("%w: %v", ErrNoNVIDIA, r)
	default:
		return nil, failed("init", r)
	}
	n = &NVIDIA{lib: lib, byID: make(map[string]managed)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
			n = nil
		}
	}()
	var r nvmlReturn
	if n.driver, r = lib.Driver(); r != nvmlSuccess {
		return n, failed("driver's version", r)
	}
	count, r := lib.Count()
	if r != nvmlSuccess {
		return n, failed("count", r)
	}
	for i := range count {
		h, r := lib.Card(i)
		if r != nvmlSuccess {
			return n, failed(fmt.Sprintf("device %d", i), r)
		}
		if err := n.add(h); err != nil {
			return n, err
		}
	}
	return n, nil
}

// add lists a card and its instances.
func (n *NVIDIA) add(h managed) error {
	card, err := describe(h)
	if err != nil {
		return err
	}
	on, r := h.Divided()
	if r != nvmlSuccess && !r.unknown() {
		return failed("MIG mode of "+card.ID, r)
	}
	card.Divided = r == nvmlSuccess && on
	n.cards = append(n.cards, card)
	n.byID[card.ID] = h
	if !card.Divided {
		return nil
	}
	slots, r := h.Slots()
	if r != nvmlSuccess {
		return failed("instances of "+card.ID, r)
	}
	for i := range slots {
		instance, r := h.Instance(i)
		if r == nvmlNotFound {
			continue // an empty slot
		}
		if r != nvmlSuccess {
			return failed(fmt.Sprintf("instance %d of %s", i, card.ID), r)
		}
		c, err := describe(instance)
		if err != nil {
			return err
		}
		c.Parent = card.ID
		n.cards = append(n.cards, c)
		n.byID[c.ID] = instance
	}
	return nil
}

func describe(h managed) (c Card, err error) {
	var r nvmlReturn
	if c.ID, r = h.UUID(); r != nvmlSuccess {
		return c, failed("uuid", r)
	}
	if c.Model, r = h.Name(); r != nvmlSuccess {
		return c, failed("name of "+c.ID, r)
	}
	if c.Memory, _, r = h.Memory(); r != nvmlSuccess {
		return c, failed("memory of "+c.ID, r)
	}
	return c, nil
}

// Driver is the driver's version, "550.163.01".
func (n *NVIDIA) Driver() string { return n.driver }

// Cards lists the cards, each before its instances.
func (n *NVIDIA) Cards() []Card { return n.cards }

// card is the handle of id, for who holds the lock.
func (n *NVIDIA) card(id string) (managed, error) {
	if n.lib == nil {
		return nil, fmt.Errorf("gpu: nvml is closed: %w", abi.Invalid)
	}
	h, ok := n.byID[id]
	if !ok {
		return nil, fmt.Errorf("gpu: no card %q: %w", id, abi.NotFound)
	}
	return h, nil
}

// Sample asks the card for how it is now.
func (n *NVIDIA) Sample(id string) (Sample, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h, err := n.card(id)
	if err != nil {
		return Sample{}, err
	}
	s := Sample{At: time.Now()}
	_, used, r := h.Memory()
	if r != nvmlSuccess {
		return s, failed("memory of "+id, r)
	}
	s.Used = int64(used)
	for _, q := range []struct {
		what string
		ask  func() (int64, nvmlReturn)
		to   *int64
	}{
		{"utilization", h.Busy, &s.Busy}, {"power", h.Power, &s.Power},
		{"energy", h.Energy, &s.Energy}, {"ECC errors", h.ECC, &s.ECC},
	} {
		v, r := q.ask()
		if r.unknown() {
			v = -1
		} else if r != nvmlSuccess {
			return s, failed(q.what+" of "+id, r)
		}
		*q.to = v
	}
	return s, nil
}

// Processes lists who is on the card, as this process may see them: from inside a
// container it sees nobody else.
func (n *NVIDIA) Processes(id string) ([]Process, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h, err := n.card(id)
	if err != nil {
		return nil, err
	}
	var all []Process
	for _, graphics := range []bool{false, true} {
		list, r := h.Processes(graphics)
		if r != nvmlSuccess && !r.unknown() {
			return nil, failed("processes on "+id, r)
		}
		all = append(all, list...)
	}
	return all, nil
}

// Close ends the use of NVML. A second Close does nothing.
func (n *NVIDIA) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lib == nil {
		return nil
	}
	r := n.lib.Shutdown()
	n.lib = nil
	if r != nvmlSuccess {
		return failed("shutdown", r)
	}
	return nil
}

func failed(what string, r nvmlReturn) error {
	return fmt.Errorf("gpu: nvml: %s: %w: %w", what, abi.Unavailable, r)
}
