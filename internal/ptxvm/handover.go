package ptxvm

import "slices"

// A handover is what an atomic variable carries besides its value: what the
// threads that changed it had seen when they did. Whoever changes or reads it
// next, with a fence or an acquire, has seen it too.
type handover struct {
	blocks map[uint64][]uint32 // clocks of each block's warps
}

type handoverKey struct {
	region *region
	off    uint64
}

// handOver passes on what this warp has seen, and takes what is there. It is
// done for atomics that are ordered: by a qualifier, or by a fence run before.
func (w *warp) handOver(in *inst, r *region, off uint64) {
	b := w.block
	order, _ := in.extra.(string)
	if !b.races || order == "relaxed" && !w.fenced || order == "" && !w.fenced {
		return
	}
	h := b.handover(r, off)
	if order != "acquire" {
		h.put(b.number, w.clocks)
		for number, clocks := range b.seen {
			h.put(number, clocks)
		}
		w.tick()
	}
	if order != "release" {
		w.take(h)
	}
}

func (b *block) handover(r *region, off uint64) *handover {
	if b.launch.handovers == nil {
		b.launch.handovers = map[handoverKey]*handover{}
	}
	key := handoverKey{r, off}
	h := b.launch.handovers[key]
	if h == nil {
		h = &handover{blocks: map[uint64][]uint32{}}
		b.launch.handovers[key] = h
	}
	return h
}

func (h *handover) put(number uint64, clocks []uint32) {
	if old, ok := h.blocks[number]; ok {
		merge(old, clocks)
		return
	}
	h.blocks[number] = slices.Clone(clocks)
}

func (w *warp) take(h *handover) {
	b := w.block
	for number, clocks := range h.blocks {
		if number == b.number {
			merge(w.clocks, clocks)
			continue
		}
		if b.seen == nil {
			b.seen = map[uint64][]uint32{}
		}
		if old, ok := b.seen[number]; ok {
			merge(old, clocks)
		} else {
			b.seen[number] = slices.Clone(clocks)
		}
	}
}

// sawBlock reports whether what another block did at e was handed to this one.
// It is known of blocks, not of warps: a warp may profit from what another of
// its block was handed.
func (b *block) sawBlock(e epoch) bool {
	clocks, ok := b.seen[e.block()]
	return ok && e.clock() <= clocks[e.warp()]
}
