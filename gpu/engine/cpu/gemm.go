package cpu

import (
	"slices"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// The blocks of a matrix product: a micro-kernel computes mr×nr of the result,
// from nr packed columns of the right operand; a task computes rowBlock×colBlock
// of it, inner steps of kBlock at a time. The sizes change speed, not bits.
const (
	mr       = 4
	nr       = 16
	kBlock   = 256
	rowBlock = 64
	colBlock = 256
)

// A matrix is a view of rows × cols elements: element (i, j) is data[i*rs+j*cs].
type matrix struct {
	data       []float32
	rows, cols int
	rs, cs     int
}

// dense is rows × cols elements, row after row, or column after column where
// their transpose is what lies in memory.
func dense(data []float32, rows, cols int, transposed bool) matrix {
	if transposed {
		return matrix{data, rows, cols, 1, rows}
	}
	return matrix{data, rows, cols, cols, 1}
}

func panels(cols int) int { return (cols + nr - 1) / nr }

// packedLen is how many elements rows × cols take when packed.
func packedLen(rows, cols int) int { return rows * panels(cols) * nr }

// packPanel copies columns [nr*j, nr*j+nr) of b to dst, row after row, and pads
// them with zeros.
func packPanel(dst []float32, b matrix, j int) {
	c0 := j * nr
	n := min(nr, b.cols-c0)
	switch {
	case b.cs == 1 && n == nr:
		for i := range b.rows {
			*(*[nr]float32)(dst[i*nr:]) = [nr]float32(b.data[i*b.rs+c0:])
		}
	case b.rs == 1:
		if n < nr {
			clear(dst[:b.rows*nr])
		}
		for c := range n {
			col := b.data[(c0+c)*b.cs:][:b.rows]
			for i, v := range col {
				dst[i*nr+c] = v
			}
		}
	default:
		for i := range b.rows {
			row := dst[i*nr:][:nr]
			clear(row)
			for c := range n {
				row[c] = b.data[i*b.rs+(c0+c)*b.cs]
			}
		}
	}
}

// multiply computes c = a · b, or c += a · b with add, where b is packed with all
// its rows in each panel of k×nr. c has row stride ldc. It adds up along k in
// ascending order, whatever the blocks.
func multiply(c []float32, ldc int, a matrix, b []float32, cols int, add bool) {
	var edge [mr * nr]float32
	for k0 := 0; k0 < a.cols; k0 += kBlock {
		k := min(kBlock, a.cols-k0)
		load := add || k0 > 0
		for j := range panels(cols) {
			pb := b[(j*a.cols+k0)*nr:][:k*nr]
			n := min(nr, cols-j*nr)
			for i := 0; i < a.rows; i += mr {
				m := min(mr, a.rows-i)
				pa := a.data[i*a.rs+k0*a.cs:]
				pc := c[i*ldc+j*nr:]
				if n == nr {
					kernel(m, k, pa, a.rs, a.cs, pb, pc, ldc, load)
					continue
				}
				if load {
					for r := range m {
						copy(edge[r*nr:][:n], pc[r*ldc:])
					}
				}
				kernel(m, k, pa, a.rs, a.cs, pb, edge[:], nr, load)
				for r := range m {
					copy(pc[r*ldc:][:n], edge[r*nr:])
				}
			}
		}
	}
}

// kernelGo computes an m×nr block of c: the definition that the assembly follows
// bit for bit. The conversion keeps the compiler from fusing product and sum.
func kernelGo(m, k int, a []float32, rs, cs int, b, c []float32, ldc int, load bool) {
	for i := range m {
		var acc [nr]float32
		row := (*[nr]float32)(c[i*ldc:])
		if load {
			acc = *row
		}
		at := i * rs
		for p := range k {
			x := a[at]
			at += cs
			pb := (*[nr]float32)(b[p*nr:])
			for j := range acc {
				acc[j] += float32(x * pb[j])
			}
		}
		*row = acc
	}
}

// product is one matrix product of a kernel: where its operands start, and how
// they lie. The result is dense.
type product struct {
	m, k, n        int
	transA, transB bool
	batch          []offsets // one product each
	sharedB        bool      // every product has the same right operand
}

type offsets struct{ a, b, c int }

// productOf reads the shapes of a MatMul or Gemm node.
func productOf(n *graph.Node, a, b graph.Type) product {
	p := product{transA: n.Attrs.TransA, transB: n.Attrs.TransB}
	as, bs := slices.Clone(a.Shape), slices.Clone(b.Shape)
	if len(as) == 1 {
		as = []int64{1, as[0]}
	}
	if len(bs) == 1 {
		bs = []int64{bs[0], 1}
	}
	ra, rb := len(as), len(bs)
	m, k := int(as[ra-2]), int(as[ra-1])
	if p.transA {
		m, k = k, m
	}
	c := int(bs[rb-1])
	if p.transB {
		c = int(bs[rb-2])
	}
	p.m, p.k, p.n = m, k, c
	if rb == 2 && !p.transA { // a stack times one matrix is one long product
		for _, d := range as[:ra-2] {
			p.m *= int(d)
		}
		p.batch, p.sharedB = []offsets{{}}, true
		return p
	}
	rank := max(ra, rb) - 2
	lead := make([]int64, rank)
	for i := range lead {
		lead[i] = max(dimAt(as[:ra-2], rank, i), dimAt(bs[:rb-2], rank, i))
	}
	nest := newNest(lead, as[:ra-2], bs[:rb-2])
	nest.walk(0, nest.rows, func(off []int) {
		for i := range nest.inner {
			p.batch = append(p.batch, offsets{
				a: (off[0] + i*nest.step[0]) * m * k,
				b: (off[1] + i*nest.step[1]) * k * c,
				c: len(p.batch) * m * c,
			})
		}
	})
	p.sharedB = rb == 2
	return p
}

func dimAt(s []int64, rank, i int) int64 {
	if i -= rank - len(s); i < 0 {
		return 1
	}
	return s[i]
}

// workProduct is room for the packed right operands.
func workProduct(p product) int64 {
	n := int64(packedLen(p.k, p.n))
	if !p.sharedB {
		n *= int64(len(p.batch))
	}
	return 4 * n
}

// bindProduct packs the right operands, then multiplies block by block; finish
// turns a block of the raw product into the result.
func bindProduct(b *binding, p product, finish func(c []float32, row, col, rows, cols int)) []stage {
	packs := len(p.batch)
	if p.sharedB {
		packs = 1
	}
	size, np := packedLen(p.k, p.n), panels(p.n)
	perTask := max(1, chunk/(p.k*nr))
	groups := (np + perTask - 1) / perTask
	pack := stage{packs * groups, func(_, t int) {
		src := dense(b.p.f32(b.in[1])[p.batch[t/groups].b:], p.k, p.n, p.transB)
		dst := b.p.f32(b.work)[t/groups*size:][:size]
		for j := t % groups * perTask; j < min(np, (t%groups+1)*perTask); j++ {
			packPanel(dst[j*p.k*nr:], src, j)
		}
	}}
	rows, cols := (p.m+rowBlock-1)/rowBlock, (p.n+colBlock-1)/colBlock
	run := stage{len(p.batch) * rows * cols, func(_, t int) {
		o := p.batch[t/(rows*cols)]
		r0, c0 := t/cols%rows*rowBlock, t%cols*colBlock
		r, n := min(rowBlock, p.m-r0), min(colBlock, p.n-c0)
		packed := b.p.f32(b.work)
		if !p.sharedB {
			packed = packed[t/(rows*cols)*size:]
		}
		a := dense(b.p.f32(b.in[0])[o.a:], p.m, p.k, p.transA)
		a.data, a.rows = a.data[r0*a.rs:], r
		c := b.p.f32(b.out)[o.c+r0*p.n+c0:]
		multiply(c, p.n, a, packed[c0*p.k:], n, false)
		if finish != nil {
			finish(c, r0, c0, r, n)
		}
	}}
	return []stage{pack, run}
}

func bindMatMul(b *binding) []stage {
	p := productOf(b.n, b.in[0].typ, b.in[1].typ)
	if !b.relu {
		return bindProduct(b, p, nil)
	}
	return bindProduct(b, p, func(c []float32, _, _, rows, cols int) {
		for i := range rows {
			relu(c[i*p.n:][:cols])
		}
	})
}

// bindGemm is alpha·A·B + beta·C, where C may be a scalar, a row, a column or a
// matrix.
func bindGemm(b *binding) []stage {
	p := productOf(b.n, b.in[0].typ, b.in[1].typ)
	alpha, beta := b.n.Attrs.Alpha, b.n.Attrs.Beta
	var bias arg
	var rs, cs int
	if len(b.in) > 2 && b.in[2].has() {
		bias = b.in[2]
		s := bias.typ.Shape
		cs = min(1, int(dimAt(s, 2, 1))-1)
		if dimAt(s, 2, 0) > 1 {
			rs = int(dimAt(s, 2, 1))
		}
	}
	if alpha == 1 && !bias.has() && !b.relu {
		return bindProduct(b, p, nil)
	}
	return bindProduct(b, p, func(c []float32, r0, c0, rows, cols int) {
		for i := range rows {
			row := c[i*p.n:][:cols]
			if alpha != 1 {
				for j := range row {
					row[j] *= alpha
				}
			}
			if bias.has() {
				addBias(row, b.p.f32(bias)[(r0+i)*rs+c0*cs:], cs, beta)
			}
			if b.relu {
				relu(row)
			}
		}
	})
}

func addBias(row, bias []float32, step int, beta float32) {
	if step == 1 && beta == 1 {
		for j, v := range bias[:len(row)] {
			row[j] += v
		}
		return
	}
	for j := range row {
		row[j] += float32(beta * bias[j*step])
	}
}

func relu(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}
