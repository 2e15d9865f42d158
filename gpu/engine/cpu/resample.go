package cpu

import "github.com/cloister-ai/cloister/gpu/graph"

// tapBlock is how many results have their taps computed at once.
const tapBlock = 16

// bindResample reads one axis at other places. A task takes some results of some
// rows; sums are over the taps of a result, in order.
func bindResample[T float32 | float64](b *binding) []stage {
	outer, n, inner := around(b.in[0].typ.Shape, b.n.Attrs.Axis)
	out := int(b.out.typ.Shape[b.n.Attrs.Axis])
	how, outside := b.n.Attrs.Resample, T(b.n.Attrs.Alpha)
	blocks := (out + tapBlock - 1) / tapBlock
	rows := max(1, chunk/tapBlock/inner)
	return []stage{{blocks * ((outer + rows - 1) / rows), func(_, t int) {
		x, y := view[T](b.p, b.in[0]), view[T](b.p, b.out)
		first, from := t%blocks*tapBlock, t/blocks*rows
		var taps []graph.Tap
		for o := first; o < min(out, first+tapBlock); o++ {
			taps = how.Taps(taps[:0], o, int64(n), int64(out))
			if inner == 1 && len(taps) > 0 {
				for r := from; r < min(outer, from+rows); r++ {
					sum, row := T(0), x[r*n:][:n]
					for _, tap := range taps {
						sum += T(T(tap.Weight) * row[tap.At])
					}
					y[r*out+o] = sum
				}
				continue
			}
			for r := from; r < min(outer, from+rows); r++ {
				dst := y[(r*out+o)*inner:][:inner]
				if len(taps) == 0 {
					for i := range dst {
						dst[i] = outside
					}
					continue
				}
				clear(dst)
				for _, tap := range taps {
					w, src := T(tap.Weight), x[(r*n+tap.At)*inner:][:inner]
					for i, v := range src {
						dst[i] += T(w * v)
					}
				}
			}
		}
	}}}
}

// bindResampleGrad hands each dy to the elements that its result was made of, in
// the order of the results.
func bindResampleGrad[T float32 | float64](b *binding) []stage {
	outer, n, inner := around(b.out.typ.Shape, b.n.Attrs.Axis)
	out := int(b.in[0].typ.Shape[b.n.Attrs.Axis])
	how := b.n.Attrs.Resample
	rows := max(1, chunk/max(n, out)/inner)
	return spreadBy(outer, rows, func(from, to int) {
		dy, dx := view[T](b.p, b.in[0]), view[T](b.p, b.out)
		clear(dx[from*n*inner : to*n*inner])
		var taps []graph.Tap
		for o := range out {
			taps = how.Taps(taps[:0], o, int64(n), int64(out))
			for r := from; r < to; r++ {
				src := dy[(r*out+o)*inner:][:inner]
				for _, tap := range taps {
					w, dst := T(tap.Weight), dx[(r*n+tap.At)*inner:][:inner]
					for i, v := range src {
						dst[i] += T(w * v)
					}
				}
			}
		}
	})
}
