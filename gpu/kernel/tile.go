package kernel

import "unsafe"

// A tile is a block of rows × cols of a result, small enough that its sums stay in
// registers. The assembly reads these fields; strides are in bytes.
type tile struct {
	k        int
	a        *float32 // element (i, p) at i·ars + p·acs
	ars, acs int
	b        *float32 // row p at off[p], cols elements; whole vectors are read
	off      *int32
	c        *float32 // row i at i·ldc
	ldc      int
	cols     int // at most two vectors
	start    int
	bias     *float32
	residual *float32 // lies like c; nil for none
	act      int
	low      float32
	high     float32
	scale    *float32 // row i times scale[i], plus shift[i]; nil for none
	shift    *float32
	ahead    *float32 // where what tiles read next is fetched to the cache from: at
	lines    *int32   // lines[p] in step p; no element is used
}

// What the sums of a tile start from.
const (
	fromZero = iota
	fromC
	fromRowBias
	fromColBias
)

// lanes is how many elements a vector of the active path has.
func lanes() int {
	if active == AVX512 {
		return 16
	}
	return 8
}

// tileRows is how many rows the largest tile has.
func tileRows() int {
	if active == AVX512 {
		return 14
	}
	return 6
}

// heights divides m rows into the fewest tiles, of about the same height: the
// height of all but the last.
func heights(m int) int {
	n := (m + tileRows() - 1) / tileRows()
	return (m + n - 1) / n
}

func shift(p *float32, bytes int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// portable is the definition of a tile.
func (t *tile) portable(rows int) {
	row := func(p *float32, bytes int) []float32 { return unsafe.Slice(shift(p, bytes), t.cols) }
	off := unsafe.Slice(t.off, t.k)
	act := Epilogue{Act: Activation(t.act), Low: t.low, High: t.high}
	for i := range rows {
		c := row(t.c, i*t.ldc)
		switch t.start {
		case fromC:
		case fromRowBias:
			v := unsafe.Slice(t.bias, rows)[i]
			for j := range c {
				c[j] = v
			}
		case fromColBias:
			copy(c, row(t.bias, 0))
		default:
			clear(c)
		}
		for p, at := range off {
			x := *shift(t.a, i*t.ars+p*t.acs)
			for j, v := range row(t.b, int(at)) {
				c[j] = fma(x, v, c[j])
			}
		}
		if t.scale != nil {
			a, b := unsafe.Slice(t.scale, rows)[i], unsafe.Slice(t.shift, rows)[i]
			for j := range c {
				c[j] = fma(c[j], a, b)
			}
		}
		if t.residual != nil {
			for j, v := range row(t.residual, i*t.ldc) {
				c[j] += v
			}
		}
		for j := range c {
			c[j] = act.finish(c[j])
		}
	}
}
