package cpu

// bindFillBits repeats one element of any type; Zeros has none and is zero.
func bindFillBits(b *binding) []stage {
	return sized(b, fillBits[uint8], fillBits[uint16], fillBits[uint32], fillBits[uint64])
}

func fillBits[T any](b *binding) []stage {
	v := element[T](b.n.Attrs.Bits)
	return spread(b.out.len(), func(from, to int) {
		y := view[T](b.p, b.out)[from:to]
		for i := range y {
			y[i] = v
		}
	})
}

func bindEyeLike(b *binding) []stage {
	return sized(b, eyeLike[uint8], eyeLike[uint16], eyeLike[uint32], eyeLike[uint64])
}

func eyeLike[T any](b *binding) []stage {
	one, cols, k := element[T](b.n.Attrs.Bits), int(b.out.typ.Shape[1]), b.n.Attrs.K
	return spreadBy(int(b.out.typ.Shape[0]), max(1, chunk/cols), func(from, to int) {
		y := view[T](b.p, b.out)
		clear(y[from*cols : to*cols])
		for r := from; r < to; r++ {
			if k >= -int64(r) && k < int64(cols-r) {
				y[r*cols+r+int(k)] = one
			}
		}
	})
}

func bindTrilu(b *binding) []stage {
	return sized(b, trilu[uint8], trilu[uint16], trilu[uint32], trilu[uint64])
}

func trilu[T any](b *binding) []stage {
	s := b.out.typ.Shape
	rows, cols, k, upper := int(s[len(s)-2]), int(s[len(s)-1]), int(b.n.Attrs.K), b.n.Attrs.Upper
	return spreadBy(b.out.len()/cols, max(1, chunk/cols), func(from, to int) {
		x, y := view[T](b.p, b.in[0]), view[T](b.p, b.out)
		for r := from; r < to; r++ {
			src, dst := x[r*cols:][:cols], y[r*cols:][:cols]
			clear(dst)
			if diagonal := r%rows + k; upper {
				at := min(max(diagonal, 0), cols)
				copy(dst[at:], src[at:])
			} else {
				copy(dst, src[:min(max(diagonal+1, 0), cols)])
			}
		}
	})
}

func bindReverseSequence(b *binding) []stage {
	return sized(b, reverseSequence[uint8], reverseSequence[uint16], reverseSequence[uint32], reverseSequence[uint64])
}

func reverseSequence[T any](b *binding) []stage {
	s, time := b.out.typ.Shape, b.n.Attrs.Axis
	inner := elements(s[2:])
	return spreadBy(int(s[0]*s[1]), max(1, chunk/inner), func(from, to int) {
		x, y, lens := view[T](b.p, b.in[0]), view[T](b.p, b.out), view[int64](b.p, b.in[1])
		for r := from; r < to; r++ {
			at := [2]int{r / int(s[1]), r % int(s[1])}
			n := int(min(max(lens[at[1-time]], 0), s[time]))
			if t := at[time]; t < n {
				at[time] = n - 1 - t
			}
			copy(y[r*inner:][:inner], x[(at[0]*int(s[1])+at[1])*inner:])
		}
	})
}

// cumSum adds up in order; floats in float64, rounded once for each result.
func cumSum[T, A number](b *binding) []stage {
	outer, size, inner := around(b.out.typ.Shape, b.n.Attrs.Axis)
	exclusive, reverse := b.n.Attrs.Exclusive, b.n.Attrs.Reverse
	return spreadBy(outer*inner, max(1, chunk/size), func(from, to int) {
		x, y := view[T](b.p, b.in[0]), view[T](b.p, b.out)
		for r := from; r < to; r++ {
			var acc A
			k, step := r/inner*size*inner+r%inner, inner
			if reverse {
				k, step = k+(size-1)*inner, -inner
			}
			for range size {
				v := A(x[k])
				if exclusive {
					y[k] = T(acc)
				}
				acc += v
				if !exclusive {
					y[k] = T(acc)
				}
				k += step
			}
		}
	})
}

// topK keeps the best so far as a heap whose root is the worst of them, in the
// place of the result; in the end it is sorted.
func topK[T number](b *binding) []stage {
	outer, size, inner := around(b.in[0].typ.Shape, b.n.Attrs.Axis)
	k := int(b.out.typ.Shape[b.n.Attrs.Axis])
	largest := b.n.Attrs.Upper
	return spreadBy(outer*inner, max(1, chunk/8/size), func(from, to int) {
		xs, ys := view[T](b.p, b.in[0]), view[int64](b.p, b.out)
		for r := from; r < to; r++ {
			x := xs[r/inner*size*inner+r%inner:]
			h := heap{y: ys[r/inner*k*inner+r%inner:], step: inner}
			h.after = func(i, j int64) bool {
				v, w := x[int(i)*inner], x[int(j)*inner]
				if !largest {
					v, w = w, v
				}
				if v < w || v == v && w != w {
					return true
				}
				return i > j && !(w < v || w == w && v != v)
			}
			for i := range size {
				switch {
				case i < k:
					h.set(i, int64(i))
					h.up(i)
				case h.after(h.at(0), int64(i)):
					h.set(0, int64(i))
					h.down(0, k)
				}
			}
			for n := k - 1; n > 0; n-- {
				worst := h.at(0)
				h.set(0, h.at(n))
				h.set(n, worst)
				h.down(0, n)
			}
		}
	})
}

// A heap is a strided run of numbers whose first comes after all others.
type heap struct {
	y     []int64
	step  int
	after func(i, j int64) bool
}

func (h *heap) at(i int) int64     { return h.y[i*h.step] }
func (h *heap) set(i int, v int64) { h.y[i*h.step] = v }

func (h *heap) up(i int) {
	for v := h.at(i); i > 0; {
		p := (i - 1) / 2
		if !h.after(v, h.at(p)) {
			return
		}
		h.set(i, h.at(p))
		h.set(p, v)
		i = p
	}
}

func (h *heap) down(i, n int) {
	for v := h.at(i); ; {
		c := 2*i + 1
		if c >= n {
			return
		}
		if c+1 < n && h.after(h.at(c+1), h.at(c)) {
			c++
		}
		if !h.after(h.at(c), v) {
			return
		}
		h.set(i, h.at(c))
		h.set(c, v)
		i = c
	}
}
