package cpu

import "sync"

// A nest walks the elements of a result in order, beside operands that broadcast
// to it. Neighbouring dimensions that all operands walk alike are joined; the
// last one is the inner loop, the others are rows.
type nest struct {
	dims  []int   // without the last
	at    [][]int // per operand, the element step of each of dims
	rows  int     // product of dims
	inner int     // the last dimension
	step  []int   // per operand, the element step of the inner loop
}

func newNest(out []int64, operands ...[]int64) nest {
	type dim struct {
		size  int
		steps []int
	}
	joined := []dim{{1, make([]int, len(operands))}}
	size := make([]int, len(operands)) // elements of an operand in one step of the dimension
	for i := range size {
		size[i] = 1
	}
	var dims []dim // from the last to the first
	for i := len(out) - 1; i >= 0; i-- {
		d := dim{int(out[i]), make([]int, len(operands))}
		for o, s := range operands {
			if n := int(dimAt(s, len(out), i)); n > 1 {
				d.steps[o] = size[o]
				size[o] *= n
			}
		}
		if d.size > 1 {
			dims = append(dims, d)
		}
	}
	for i, d := range dims {
		last := &joined[len(joined)-1]
		if i == 0 {
			*last = d
			continue
		}
		same := true
		for o := range operands {
			same = same && d.steps[o] == last.steps[o]*last.size
		}
		if same {
			last.size *= d.size
		} else {
			joined = append(joined, d)
		}
	}
	n := nest{rows: 1, inner: joined[0].size, step: joined[0].steps, at: make([][]int, len(operands))}
	for i := len(joined) - 1; i > 0; i-- {
		n.dims = append(n.dims, joined[i].size)
		n.rows *= joined[i].size
		for o := range operands {
			n.at[o] = append(n.at[o], joined[i].steps[o])
		}
	}
	return n
}

// walked is where a walk is: the index of its dimensions, and the offsets.
type walked struct {
	idx [8]int
	off [3]int
}

var walks = sync.Pool{New: func() any { return new(walked) }}

// walk calls f for rows [from, to) with the offset of each operand.
func (n *nest) walk(from, to int, f func(off []int)) {
	if from >= to {
		return
	}
	at := walks.Get().(*walked)
	defer walks.Put(at)
	*at = walked{}
	idx, off := &at.idx, &at.off
	rest := from
	for i := len(n.dims) - 1; i >= 0; i-- {
		idx[i] = rest % n.dims[i]
		rest /= n.dims[i]
		for o := range n.at {
			off[o] += idx[i] * n.at[o][i]
		}
	}
	for r := from; ; {
		f(off[:len(n.at)])
		if r++; r >= to {
			return
		}
		for i := len(n.dims) - 1; i >= 0; i-- {
			idx[i]++
			for o := range n.at {
				off[o] += n.at[o][i]
			}
			if idx[i] < n.dims[i] {
				break
			}
			for o := range n.at {
				off[o] -= n.dims[i] * n.at[o][i]
			}
			idx[i] = 0
		}
	}
}
