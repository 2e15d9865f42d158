package driver

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// A Config says which driver a host starts and how long it waits for it. A zero
// field means what its comment says.
type Config struct {
	Path    string   // of the executable; this binary
	BuiltIn string   // which driver of this binary; see Main
	Pass    []string // variables of the environment that the driver gets; none

	Start   time.Duration // for a process to come up; 20 s
	Call    time.Duration // for an answer, or a slot of data; 30 s
	Compile time.Duration // 3 min
	Run     time.Duration // for one run; 10 min
	Grace   time.Duration // for a cancelled run to stop, before the process is killed; 2 s, below zero none

	Slots     int   // of the ring; 4
	SlotBytes int64 // a multiple of 4096; 4 MiB

	Keep int64 // bytes that are kept here of one session, to bring it back; 1 GiB, below zero none
}

func (c Config) complete() Config {
	c.Start, c.Call = cmp.Or(c.Start, 20*time.Second), cmp.Or(c.Call, 30*time.Second)
	c.Compile, c.Run = cmp.Or(c.Compile, 3*time.Minute), cmp.Or(c.Run, 10*time.Minute)
	c.Grace = max(0, cmp.Or(c.Grace, 2*time.Second))
	c.Slots, c.SlotBytes = cmp.Or(c.Slots, 4), cmp.Or(c.SlotBytes, 4<<20)
	c.Keep = cmp.Or(c.Keep, 1<<30)
	return c
}

// name is what errors call the driver.
func (c *Config) name() string { return cmp.Or(c.BuiltIn, filepath.Base(c.Path)) }

// deadly is how often in a row a plan may end the device before it is refused.
const deadly = 2

// A Host is one device: a process that is started when it is needed, and again after
// it ended, and the sessions that share it in turns. It is safe for concurrent use.
type Host struct {
	cfg   Config
	turns turns // held by whoever uses process

	mu      sync.Mutex
	process *process // nil when there is none
	born    uint64   // processes started so far
	last    uint64   // session
	closed  bool
	deaths  map[abi.Digest]int // of the device, by the plan that ended it, since it ran last
}

var errClosed = fmt.Errorf("driver: the device is closed: %w", abi.Unavailable)

// Open returns the host of a device. Its process starts with the first that needs
// it; Start says at once whether it does.
func Open(cfg Config) *Host {
	return &Host{cfg: cfg.complete(), deaths: make(map[abi.Digest]int)}
}

// Start makes sure that the driver runs, and returns what it says of its device.
func (h *Host) Start(ctx context.Context) (Info, error) {
	if err := h.turns.take(ctx); err != nil {
		return Info{}, err
	}
	defer h.turns.give()
	p, err := h.ready(ctx)
	if err != nil {
		return Info{}, err
	}
	return p.hello.Info, nil
}

// ready returns the process, which is started if there is none. It is called by
// whose turn it is.
func (h *Host) ready(ctx context.Context) (*process, error) {
	h.mu.Lock()
	p, closed := h.process, h.closed
	h.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case p != nil && !p.client.Exited():
		return p, nil
	case p != nil:
		h.end(p)
	}
	p, err := start(context.WithoutCancel(ctx), &h.cfg)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.process = p
	h.born++
	return p, nil
}

// end kills a process that is lost.
func (h *Host) end(p *process) {
	h.mu.Lock()
	if h.process == p {
		h.process = nil
	}
	h.mu.Unlock()
	p.kill()
}

// running returns the process for questions, which need no turn.
func (h *Host) running(ctx context.Context) (*process, error) {
	h.mu.Lock()
	p := h.process
	h.mu.Unlock()
	if p != nil && !p.client.Exited() {
		return p, nil
	}
	if _, err := h.Start(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == nil {
		return nil, errClosed
	}
	return h.process, nil
}

// question asks what needs no turn, again when the process has ended meanwhile.
func (h *Host) question(ctx context.Context, method string, code []byte) (*reply, error) {
	for again := true; ; again = false {
		p, err := h.running(ctx)
		if err != nil {
			return nil, err
		}
		r, err := p.ask(method, &request{Code: code})
		if !isLost(err) {
			return r, err
		}
		if h.turns.take(ctx) == nil { // nobody else uses it while it is killed
			h.end(p)
			h.turns.give()
		}
		if !again {
			return nil, err
		}
	}
}

// blame counts a death, by the plan that was run or compiled.
func (h *Host) blame(plan abi.Digest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deaths[plan]++
}

// clear forgets the deaths that a plan was blamed for: it has run.
func (h *Host) clear(plan abi.Digest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.deaths, plan)
}

// admit refuses a plan that has ended the device too often.
func (h *Host) admit(plan abi.Digest) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := h.deaths[plan]; n >= deadly {
		return fmt.Errorf("driver: plan %v has ended the device %d times in a row and is not run again: %w", plan, n, abi.Denied)
	}
	return nil
}

// Lose kills the process, as if the device were lost.
func (h *Host) Lose() {
	if h.turns.take(context.Background()) != nil {
		return
	}
	defer h.turns.give()
	h.mu.Lock()
	p := h.process
	h.mu.Unlock()
	if p != nil {
		h.end(p)
	}
}

// Close ends the process. Sessions that are open fail from then on.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	if err := h.turns.take(context.Background()); err != nil {
		return err
	}
	defer h.turns.give()
	h.mu.Lock()
	p := h.process
	h.process = nil
	h.mu.Unlock()
	if p != nil {
		p.close()
	}
	return nil
}
