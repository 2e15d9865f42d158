package cpu

// scatterElements copies operand 0 and then takes up the updates in their order,
// which is one task: two may meet in one place.
func scatterElements[T number](b *binding) []stage {
	stages := copyFirst(b)
	if b.in[2].len() == 0 {
		return stages
	}
	l := newLane(b.in[0].typ.Shape, b.in[1].typ.Shape, b.n.Attrs.Axis)
	inner, step := l.inner()
	reduce := reduction[T](b.n.Attrs.Mode)
	return append(stages, stage{1, func(int, int) {
		u, y, list := view[T](b.p, b.in[2]), view[T](b.p, b.out), b.p.indices(b.in[1])
		i := 0
		l.rows(0, len(u)/inner, func(off int) {
			for range inner {
				p := &y[off+index(list.at(i), l.size)*l.step]
				*p = reduce(*p, u[i])
				i, off = i+1, off+step
			}
		})
	}})
}

func scatterND[T number](b *binding) []stage {
	stages := copyFirst(b)
	if b.in[2].len() == 0 {
		return stages
	}
	t := newTuples(b.in[0].typ.Shape, b.in[1].typ.Shape, b.n.Attrs.Batch)
	reduce := reduction[T](b.n.Attrs.Mode)
	return append(stages, stage{1, func(int, int) {
		u, y, list := view[T](b.p, b.in[2]), view[T](b.p, b.out), b.p.indices(b.in[1])
		for i := range t.count {
			dst := y[t.place(i, list):][:t.inner]
			for j, v := range u[i*t.inner:][:t.inner] {
				dst[j] = reduce(dst[j], v)
			}
		}
	}})
}

// copyFirst copies operand 0 to the result.
func copyFirst(b *binding) []stage {
	return spread(int(b.out.bytes), func(from, to int) {
		copy(b.p.bytes(b.out)[from:to], b.p.bytes(b.in[0])[from:to])
	})
}

// reduction is what becomes of an element that another is scattered to.
func reduction[T number](mode string) func(old, new T) T {
	switch mode {
	case "add":
		return func(old, new T) T { return old + new }
	case "mul":
		return func(old, new T) T { return old * new }
	case "max":
		return func(old, new T) T { return max(old, new) }
	case "min":
		return func(old, new T) T { return min(old, new) }
	}
	return func(_, new T) T { return new }
}
