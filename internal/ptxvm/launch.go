package ptxvm

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cloister-ai/cloister/abi"
)

// launch is one grid on its way.
type launch struct {
	device *Device
	kernel *Kernel
	grid   [3]uint32
	block  [3]uint32
	shared uint32 // dynamic bytes
	params region
	number uint64
	module *Loaded

	handovers map[handoverKey]*handover
}

// A Loaded module has its variables in a device's memory.
type Loaded struct {
	*Module
	device  *Device
	regions map[*variable]*region
}

// fits refuses a launch that the target has no room for.
func (l *launch) fits() error {
	k, cfg := l.kernel, l.device.cfg
	refuse := func(format string, args ...any) error {
		return &Fault{Class: Resources, Kernel: k.Name, Detail: fmt.Sprintf(format, args...)}
	}
	limits := [3]uint32{1<<31 - 1, 65535, 65535}
	for i, n := range l.grid {
		if n == 0 || n > limits[i] {
			return refuse("grid %v: dimension %d is from 1 to %d", l.grid, i, limits[i])
		}
	}
	threads := uint64(1)
	for i, n := range l.block {
		if threads *= uint64(n); n == 0 || i == 2 && n > 64 || threads > threadLimit {
			return refuse("block %v: at most %d threads, 64 deep", l.block, threadLimit)
		}
	}
	if k.MaxThreads > 0 && threads > uint64(k.MaxThreads) {
		return refuse("block %v: .maxntid says %d threads", l.block, k.MaxThreads)
	}
	if k.Threads != [3]uint32{} && k.Threads != l.block {
		return refuse("block %v: .reqntid says %v", l.block, k.Threads)
	}
	if total, limit := k.dynamic+uint64(l.shared), uint64(sharedLimit(cfg.Capability)); total > limit {
		return refuse("%d bytes of shared memory: sm_%d has %d for a block", total, cfg.Capability, limit)
	}
	// With .maxntid the assembler keeps to what fits, by spilling; without it, it does not know.
	if need := uint64(min(k.Registers, registerLimit)) * threads; k.MaxThreads == 0 && k.Threads == [3]uint32{} && need > registerFile {
		return refuse("%d threads of about %d registers: a block has %d", threads, k.Registers, registerFile)
	}
	return nil
}

// run runs every block, and returns the fault of the first that has one.
func (l *launch) run() error {
	total := uint64(l.grid[0]) * uint64(l.grid[1]) * uint64(l.grid[2])
	cfg := l.device.cfg
	workers := uint64(cfg.Workers)
	if !cfg.Fast || l.kernel.atomics {
		workers = 1
	}
	workers = min(workers, uint64(runtime.GOMAXPROCS(0)), total)
	var (
		next  atomic.Uint64
		mu    sync.Mutex
		found *Fault
		at    uint64
		group sync.WaitGroup
	)
	work := func() {
		b := l.newBlock()
		for {
			n := next.Add(1) - 1
			if n >= total {
				return
			}
			if f := b.run(n); f != nil {
				mu.Lock()
				if found == nil || n < at {
					found, at = f, n
				}
				mu.Unlock()
				next.Store(total)
			}
			l.device.count.Add(b.ran)
			b.ran = 0
		}
	}
	for range workers - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	if found != nil {
		return found
	}
	return nil
}

func (l *launch) newBlock() *block {
	k := l.kernel
	n := int64(k.dynamic) + int64(l.shared)
	b := &block{launch: l, kernel: k, races: !l.device.cfg.Fast, last: &region{name: "no"}}
	b.shared = *newRegion(sharedBase, n, "shared")
	b.shared.granule = k.granule
	count := int((l.block[0]*l.block[1]*l.block[2] + lanes - 1) / lanes)
	for id := range count {
		w := &warp{
			block: b, id: id, regs: make([]vec, k.slots), preds: make([]uint32, k.preds),
			defined: make([]uint32, k.slots), pdefined: make([]uint32, k.preds), clocks: make([]uint32, count),
		}
		w.proxied = make([]uint32, count)
		if k.wgmma {
			w.owned, w.lent, w.dirty = make([]uint8, k.slots), make([]uint8, k.slots), make([]bool, k.slots)
		}
		for _, f := range k.fixed {
			v := f.value
			if f.symbol != nil {
				v += l.address(f.symbol)
			}
			for lane := range lanes {
				w.regs[f.slot][lane] = v
			}
		}
		b.warps = append(b.warps, w)
	}
	return b
}

// address is where a variable lies in its own space.
func (l *launch) address(v *variable) uint64 {
	switch v.space {
	case spaceShared:
		return sharedBase + v.addr
	case spaceGlobal, spaceConst:
		return l.module.regions[v].base
	}
	return v.addr
}

// Load puts a module's variables into the device's memory. It refuses what the
// driver would: text newer than it takes, and targets the device does not run.
func (dev *Device) Load(m *Module) (*Loaded, error) {
	dev.mu.Lock()
	defer dev.mu.Unlock()
	cfg := dev.cfg
	if newest := newestPTX(cfg.Driver); m.Version > newest {
		return nil, fmt.Errorf("ptxvm: text of PTX %d.%d, driver %d takes %d.%d: %w: %w",
			m.Version/10, m.Version%10, cfg.Driver, newest/10, newest%10, ErrVersion, abi.Unavailable)
	}
	if !m.target.runs(cfg.Capability) {
		return nil, fmt.Errorf("ptxvm: text for sm_%d%s, the device is sm_%d: %w: %w",
			m.target.sm, map[bool]string{true: "a"}[m.target.specific], cfg.Capability, ErrTarget, abi.Unavailable)
	}
	l := &Loaded{Module: m, device: dev, regions: map[*variable]*region{}}
	for _, v := range m.globals {
		r := dev.memory.alloc(int64(v.bytes), "global")
		copy(r.data, v.init)
		r.fill(0, uint64(v.bytes), aValue) // without a value it is zero
		if v.space == spaceConst {
			r.readOnly, r.name = true, "constant"
		}
		l.regions[v] = r
	}
	return l, nil
}

// Unload takes the module's variables from memory.
func (l *Loaded) Unload() {
	l.device.mu.Lock()
	defer l.device.mu.Unlock()
	for _, r := range l.regions {
		l.device.memory.free(r.base)
	}
}

// Launch runs a kernel to its end. params is the parameter block, laid out as
// Kernel.Params says. The error is a *Fault if the kernel did wrong.
func (l *Loaded) Launch(kernel string, grid, block [3]uint32, shared uint32, params []byte) error {
	k, err := l.kernel(kernel)
	if err != nil {
		return err
	}
	if len(params) != k.ParamBytes {
		return fmt.Errorf("ptxvm: %s: %d bytes of parameters, it takes %d: %w", k.Name, len(params), k.ParamBytes, abi.Invalid)
	}
	dev := l.device
	dev.mu.Lock()
	defer dev.mu.Unlock()
	dev.launches++
	run := &launch{device: dev, kernel: k, grid: grid, block: block, shared: shared, number: dev.launches, module: l}
	run.params = region{data: params, written: make([]byte, len(params)), readOnly: true, name: "parameter"}
	run.params.fill(0, uint64(len(params)), aValue)
	if err := run.fits(); err != nil {
		return err
	}
	if !dev.cfg.Fast {
		for _, r := range dev.memory.regions {
			if r.granule != k.granule || dev.launches%(1<<launchBits) == 0 {
				r.cells, r.granule = nil, k.granule
			}
		}
	}
	return run.run()
}
