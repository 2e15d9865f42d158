package ptxvm

import (
	"fmt"
	"math/bits"
)

// pressure estimates the 32-bit registers a thread needs: the most that are
// live at one place, by a backward pass repeated until nothing changes. The
// assembler may need a few more or, by moving instructions, fewer. It gives up,
// with 0, on text too long for the pass.
func pressure(k *Kernel, types []scalar) int {
	words := (len(types) + 63) / 64
	if len(k.code)*words > 1<<22 {
		return 0
	}
	live := make([]uint64, len(k.code)*words) // before each instruction
	at := func(i int) []uint64 { return live[i*words : (i+1)*words] }
	most := 0
	scratch := make([]uint64, words)
	for round, changed := 0, true; changed && round < 64; round++ {
		changed, most = false, 0
		for i := len(k.code) - 1; i >= 0; i-- {
			in := &k.code[i]
			clear(scratch)
			if i+1 < len(k.code) && !(in.control == branch && in.guard < 0) && !(in.control == leave && in.guard < 0) {
				copy(scratch, at(i+1))
			}
			if in.control == branch {
				for j, v := range at(int(in.target)) {
					scratch[j] |= v
				}
			}
			uses, defs := in.uses, in.defs
			if in.flows {
				uses, defs = []int32{in.a}, []int32{in.d}
			}
			if in.guard < 0 {
				for _, s := range defs {
					scratch[s/64] &^= 1 << (s % 64)
				}
			}
			for _, s := range uses {
				scratch[s/64] |= 1 << (s % 64)
			}
			for j, v := range scratch {
				if old := at(i); old[j] != v {
					old[j], changed = v, true
				}
			}
			most = max(most, weigh(scratch, types))
		}
	}
	return most
}

// weigh counts the 32-bit registers of a set.
func weigh(set []uint64, types []scalar) int {
	n := 0
	for j, v := range set {
		for ; v != 0; v &= v - 1 {
			n += max(1, types[j*64+bits.TrailingZeros64(v)].size()/4)
		}
	}
	return n
}

func (k *Kernel) slotName(slot int32) string {
	if int(slot) < len(k.names) {
		return k.names[slot]
	}
	return fmt.Sprintf("#%d", slot)
}

func (k *Kernel) predName(slot int32) string {
	if int(slot) < len(k.predNames) {
		return k.predNames[slot]
	}
	return fmt.Sprintf("#%d", slot)
}
