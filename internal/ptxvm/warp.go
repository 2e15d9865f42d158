package ptxvm

import "math/bits"

// A warp runs 32 lanes in lock step. Lanes that took different branches are in
// different groups until they meet again at a joint.
type warp struct {
	block  *block
	id     int
	regs   []vec
	preds  []uint32
	aside  vec // results of a partial mask before they are kept
	live   uint32
	groups []group

	defined  []uint32 // lanes in which each register holds something
	pdefined []uint32

	clocks []uint32 // what this warp has seen of every warp of the block, for races
	stamp  epoch    // launch, block and warp of its epochs

	count   int64 // instructions run
	fenced  bool  // a fence was run: atomics hand over what was written before
	yielded bool  // the instruction just run waits for somebody else: let others go first

	copies    [lanes]copyQueue // cp.async
	stores    [lanes]storeQueue
	wgmma     []wgmmaOp
	groupsOut []int   // where each committed group of them ends
	owned     []uint8 // by register: how many of them have it as an accumulator
	lent      []uint8 // how many have it as an operand
	dirty     []bool  // written since the last wgmma.fence
	proxied   []uint32
}

type waiting uint8

const (
	ready waiting = iota
	atBarrier
	atWarpBar
)

type group struct {
	pc    int32
	mask  uint32
	joint *joint // where it meets the lanes it was split from, or nil
	wait  waiting
	id    uint32 // of the barrier, or the member mask of a warp barrier
	lazy  bool   // it yielded: others first
	count uint32 // threads the barrier waits for
}

func first(mask uint32) int { return bits.TrailingZeros32(mask) & (lanes - 1) }

// pick chooses the ready group to run, or -1. Groups that yielded come last.
func (w *warp) pick() int {
	w.merge()
	for range 2 {
		for i := range w.groups {
			if g := &w.groups[i]; g.wait == ready && !g.lazy {
				return i
			}
		}
		for i := range w.groups {
			w.groups[i].lazy = false
		}
	}
	return -1
}

// merge joins ready groups that stand at the same instruction on the way to the same joint.
func (w *warp) merge() {
	for i := 0; i < len(w.groups); i++ {
		for j := i + 1; j < len(w.groups); j++ {
			a, b := &w.groups[i], &w.groups[j]
			if a.wait == ready && b.wait == ready && a.pc == b.pc && a.joint == b.joint {
				a.mask |= b.mask
				a.lazy = false
				w.drop(j)
				j--
			}
		}
	}
}

// run executes up to so many instructions, and returns how many it did. It
// stops early when every lane has left or waits.
func (w *warp) run(limit int) int {
	done := 0
	for done < limit {
		gi := w.pick()
		if gi < 0 {
			break
		}
		n := w.runGroup(gi, limit-done)
		done += n
		w.count += int64(n)
		if w.yielded {
			w.yielded = false
			break
		}
	}
	return done
}

// runGroup runs one group until it meets others, splits, waits or leaves.
func (w *warp) runGroup(gi int, limit int) (done int) {
	g := &w.groups[gi]
	code := w.block.kernel.code
	pc, mask, stop := g.pc, g.mask, int32(-1)
	if g.joint != nil {
		stop = g.joint.pc
	}
	for done < limit {
		in := &code[pc]
		em := mask
		if in.guard >= 0 {
			p := w.preds[in.guard]
			if in.not {
				p = ^p
			}
			em &= p
			if w.pdefined[in.guard]&mask != mask {
				w.undefinedPred(in, in.guard, mask)
			}
		}
		done++
		switch in.control {
		case straight:
			if em != 0 {
				w.step(in, em)
			}
			pc++
		case branch:
			switch em {
			case mask:
				pc = in.target
			case 0:
				pc++
			default:
				if in.imm == uniform {
					w.fault(in, first(em), Divergence, "lanes %#x of %#x take a branch marked .uni", em, mask)
				}
				g.mask = mask
				w.split(gi, in, pc, em)
				w.settle()
				return done
			}
		case leave:
			w.live &^= em
			w.block.progress++
			g.pc, g.mask = pc+1, mask&^em
			j := g.joint
			if g.mask == 0 {
				w.drop(gi)
			}
			w.depart(j, em)
			return done
		default:
			g.pc, g.mask = pc+1, mask
			if em != 0 {
				w.block.progress++
				w.halt(gi, in, em)
			}
			w.settle()
			return done
		}
		if pc == stop {
			g.pc, g.lazy = pc, w.yielded
			w.park(gi)
			return done
		}
		if w.yielded {
			g.pc, g.lazy = pc, true
			return done
		}
	}
	g.pc, g.lazy = pc, true
	return done
}

// halt runs a barrier for the lanes of em, which become a group of their own if
// the guard turns others off.
func (w *warp) halt(gi int, in *inst, em uint32) {
	if g := w.groups[gi]; em != g.mask {
		if in.imm == aligned {
			w.fault(in, first(g.mask&^em), Divergence, "its guard turns lanes %#x of %#x off, and it is for whole warps", g.mask&^em, g.mask)
		}
		w.groups[gi].mask &^= em
		g.mask = em
		w.groups = append(w.groups, g)
	}
	in.run(w, in, em)
}

// settle parks the groups that stand at their joints.
func (w *warp) settle() {
	for i := 0; i < len(w.groups); i++ {
		if g := &w.groups[i]; g.wait == ready && g.joint != nil && g.pc == g.joint.pc {
			w.park(i)
			i = -1
		}
	}
}

// step runs one straight instruction for the lanes of em, after the checks of
// what its operands hold.
func (w *warp) step(in *inst, em uint32) {
	for _, s := range in.uses {
		if w.defined[s]&em != em {
			w.undefined(in, s, em)
		}
	}
	for _, s := range in.puses {
		if w.pdefined[s]&em != em {
			w.undefinedPred(in, s, em)
		}
	}
	if len(w.wgmma) > 0 {
		w.checkInFlight(in, em)
	}
	in.run(w, in, em)
	for _, s := range in.defs {
		w.defined[s] |= em
	}
	if w.dirty != nil {
		for _, s := range in.defs {
			w.dirty[s] = true
		}
		if in.flows {
			w.dirty[in.d] = true
		}
	}
	for _, s := range in.pdefs {
		w.pdefined[s] |= em
	}
}

func (w *warp) undefined(in *inst, slot int32, em uint32) {
	lane := first(em &^ w.defined[slot])
	if w.ownedByWgmma(slot) {
		w.fault(in, lane, InFlight, "reads register %s, which a wgmma owns that was not waited for", w.block.kernel.slotName(slot))
	}
	w.fault(in, lane, Uninitialised, "reads register %s, which was never written", w.block.kernel.slotName(slot))
}

func (w *warp) undefinedPred(in *inst, slot int32, em uint32) {
	w.fault(in, first(em&^w.pdefined[slot]), Uninitialised, "reads predicate %s, which was never written", w.block.kernel.predName(slot))
}
