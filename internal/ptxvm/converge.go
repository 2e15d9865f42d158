package ptxvm

// Where lanes that took different branches meet again: at the immediate
// post-dominator of the branch, which is where the assembler makes them meet.
// Immediate post-dominators are found as in Cooper, Harvey and Kennedy, "A
// Simple, Fast Dominance Algorithm" (2001), on the reversed flow of blocks of
// instructions. Leaving early counts as going nowhere: lanes that leave are not
// waited for, so the rest meet where they would meet without them. Only the last
// ret of the text is the end.

const nowhere = -1

// A joint is a place where the lanes of a split group come together.
type joint struct {
	pc      int32
	waiting uint32 // lanes that are there
	coming  uint32 // lanes that are there or on their way
	up      *joint // where they meet others afterwards
}

// converge fills in.join of every conditional branch of the code; -1 where the
// paths meet only at the end.
func converge(code []inst) {
	leader := make([]bool, len(code)+1)
	leader[0] = true
	for i := range code {
		switch code[i].control {
		case branch:
			leader[code[i].target], leader[i+1] = true, true
		case leave:
			leader[i+1] = true
		}
	}
	var start []int32
	blockOf := make([]int32, len(code))
	for i := range code {
		if leader[i] {
			start = append(start, int32(i))
		}
		blockOf[i] = int32(len(start) - 1)
	}
	n := int32(len(start)) // block n is the end
	next := make([][2]int32, n)
	end := len(code) - 1
	for i := range code {
		if code[i].control == leave && code[i].guard < 0 {
			end = i
		}
	}
	for b := range n {
		last := len(code) - 1
		if b+1 < n {
			last = int(start[b+1]) - 1
		}
		in, fall := &code[last], n
		if last+1 < len(code) {
			fall = blockOf[last+1]
		}
		next[b] = [2]int32{fall, fall}
		switch {
		case in.control == branch && in.guard < 0:
			next[b] = [2]int32{blockOf[in.target], blockOf[in.target]}
		case in.control == branch:
			next[b][1] = blockOf[in.target]
		case in.control == leave && in.guard < 0 && last == end:
			next[b] = [2]int32{n, n}
		case in.control == leave && in.guard < 0:
			next[b] = [2]int32{nowhere, nowhere}
		}
	}
	idom := postDominators(next)
	for i := range code {
		if in := &code[i]; in.control == branch {
			if in.join = -1; idom[blockOf[i]] >= 0 && idom[blockOf[i]] < n {
				in.join = start[idom[blockOf[i]]]
			}
		}
	}
}

// postDominators gives the immediate post-dominator of each block; len(next)
// is the end, and -1 that a block never gets there.
func postDominators(next [][2]int32) []int32 {
	n := int32(len(next))
	before := make([][]int32, n+1)
	for b, s := range next {
		if s[0] == nowhere {
			continue
		}
		before[s[0]] = append(before[s[0]], int32(b))
		if s[1] != s[0] {
			before[s[1]] = append(before[s[1]], int32(b))
		}
	}
	// order numbers the blocks in post-order of the reversed flow, without recursion
	order, seen := make([]int32, n+1), make([]bool, n+1)
	var byOrder []int32
	type frame struct {
		block int32
		child int
	}
	stack := []frame{{n, 0}}
	seen[n] = true
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.child < len(before[f.block]) {
			c := before[f.block][f.child]
			f.child++
			if !seen[c] {
				seen[c] = true
				stack = append(stack, frame{c, 0})
			}
			continue
		}
		order[f.block] = int32(len(byOrder))
		byOrder = append(byOrder, f.block)
		stack = stack[:len(stack)-1]
	}
	idom := make([]int32, n+1)
	for i := range idom {
		idom[i] = -1
	}
	idom[n] = n
	meet := func(a, b int32) int32 {
		for a != b {
			for order[a] < order[b] {
				a = idom[a]
			}
			for order[b] < order[a] {
				b = idom[b]
			}
		}
		return a
	}
	for changed := true; changed; {
		changed = false
		for i := len(byOrder) - 2; i >= 0; i-- {
			b, found := byOrder[i], int32(-1)
			for _, s := range next[b] {
				if s == nowhere || idom[s] < 0 {
					continue
				}
				if found < 0 {
					found = s
				} else {
					found = meet(found, s)
				}
			}
			if found != idom[b] {
				idom[b], changed = found, true
			}
		}
	}
	return idom[:n]
}

// split makes two groups of one at a branch that some of its lanes take.
func (w *warp) split(gi int, in *inst, pc int32, taken uint32) {
	g := w.groups[gi]
	if in.join >= 0 && (g.joint == nil || g.joint.pc != in.join) {
		g.joint = &joint{pc: in.join, coming: g.mask, up: g.joint}
	}
	a, b := g, g
	a.pc, a.mask = pc+1, g.mask&^taken
	b.pc, b.mask = in.target, taken
	w.groups[gi] = a
	w.groups = append(w.groups, b)
}

// park takes a group that has reached its joint; the last to come goes on for all.
func (w *warp) park(gi int) {
	g := w.groups[gi]
	g.joint.waiting |= g.mask
	w.drop(gi)
	w.resume(g.joint)
}

func (w *warp) drop(gi int) { w.groups = append(w.groups[:gi], w.groups[gi+1:]...) }

// resume lets a joint's lanes go on if all that can come are there.
func (w *warp) resume(j *joint) {
	if j.waiting != j.coming || j.coming == 0 {
		return
	}
	mask := j.coming
	j.waiting, j.coming = 0, 0
	w.groups = append(w.groups, group{pc: j.pc, mask: mask, joint: j.up})
	if j.up != nil && j.up.pc == j.pc {
		w.park(len(w.groups) - 1)
	}
}

// depart tells the joints ahead that lanes will not come: they have left.
func (w *warp) depart(j *joint, gone uint32) {
	for ; j != nil; j = j.up {
		j.coming &^= gone
		w.resume(j)
	}
}
