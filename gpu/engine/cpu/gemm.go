package cpu

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// The blocks of a matrix product that one task computes. Every task packs what
// it multiplies of both operands, so it takes many rows and columns.
const (
	rowBlock = 512
	colBlock = 512
)

// product is one matrix product of a kernel: where its operands start, and how
// they lie. The result is dense.
type product struct {
	m, k, n        int
	transA, transB bool
	batch          []offsets // one product each
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
		p.batch = []offsets{{}}
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
	return p
}

func dimAt(s []int64, rank, i int) int64 {
	if i -= rank - len(s); i < 0 {
		return 1
	}
	return s[i]
}

// blocks divides a product into rows and columns of a task: two tasks or more where
// it is worth handing them out, four where it is large.
func (p *product) blocks() (rows, cols int) {
	rows, cols = min(p.m, rowBlock), min(p.n, colBlock)
	want := 1
	switch work := p.m * p.n * p.k * len(p.batch); {
	case work >= 1<<26:
		want = 4
	case work >= 1<<20:
		want = 2
	}
	for p.tasks(rows, cols) < want {
		switch {
		case rows >= cols && rows >= 112:
			rows = (rows + 1) / 2
		case cols >= 128:
			cols = (cols/2 + 31) / 32 * 32
		default:
			return rows, cols
		}
	}
	return rows, cols
}

func (p *product) tasks(rows, cols int) int {
	return len(p.batch) * ((p.m + rows - 1) / rows) * ((p.n + cols - 1) / cols)
}

// bindProduct is a stage of blocks of products; ends returns the epilogue of all
// rows and columns of the result of a batch.
func bindProduct(b *binding, p product, alpha float32, ends func(batch int) kernel.Epilogue) stage {
	if p.few(b, alpha) {
		return bindDots(b, p, ends)
	}
	rows, cols := p.blocks()
	down, across := (p.m+rows-1)/rows, (p.n+cols-1)/cols
	return stage{p.tasks(rows, cols), func(_, t int) {
		batch := t / (down * across)
		o := p.batch[batch]
		r0, c0 := t/across%down*rows, t%across*cols
		k := kernel.Product{M: min(rows, p.m-r0), N: min(cols, p.n-c0), K: p.k, Alpha: alpha, LDC: p.n,
			A:        kernel.Dense(b.p.f32(b.in[0])[o.a:], p.m, p.k, p.transA).At(r0, 0),
			B:        kernel.Dense(b.p.f32(b.in[1])[o.b:], p.k, p.n, p.transB).At(0, c0),
			C:        b.p.f32(b.out)[o.c+r0*p.n+c0:],
			Epilogue: ends(batch)}
		if k.RowBias != nil {
			k.RowBias = k.RowBias[r0:]
		}
		if k.ColBias != nil {
			k.ColBias = k.ColBias[c0:]
		}
		if k.Residual != nil {
			k.Residual = k.Residual[r0*p.n+c0:]
		}
		k.Run()
	}}
}

// few reports whether the product has few rows, and columns that lie along k: then
// its elements are dot products, which read the right operand once, as it lies.
func (p *product) few(b *binding, alpha float32) bool {
	return p.m <= 4 && p.k >= 32 && p.transB && !p.transA && alpha == 1
}

// bindDots computes products as dot products.
func bindDots(b *binding, p product, ends func(batch int) kernel.Epilogue) stage {
	cols := max(16, min(p.n, chunk*4/p.k))
	across := (p.n + cols - 1) / cols
	return stage{len(p.batch) * across, func(_, t int) {
		o, e := p.batch[t/across], ends(t/across)
		c0 := t % across * cols
		n := min(cols, p.n-c0)
		a, w, c := b.p.f32(b.in[0])[o.a:], b.p.f32(b.in[1])[o.b+c0*p.k:], b.p.f32(b.out)[o.c+c0:]
		kernel.Dots(p.m, n, p.k, a, p.k, w, p.k, c, p.n, 1)
		for i := range p.m {
			row := c[i*p.n:][:n]
			switch {
			case e.RowBias != nil:
				kernel.AddTo(row, row, e.RowBias[i])
			case e.ColBias != nil:
				kernel.Add(row, row, e.ColBias[c0:])
			}
			if e.Residual != nil {
				kernel.Add(row, row, e.Residual[i*p.n+c0:])
			}
			switch e.Act {
			case kernel.Clamp:
				kernel.Bound(row, row, e.Low, e.High)
			case kernel.Leaky:
				kernel.LeakyRelu(row, row, e.Low)
			}
		}
	}}
}

// activation is what of the step's activation a product does on the way.
func (b *binding) activation() kernel.Epilogue {
	if b.act == nil {
		return kernel.Epilogue{}
	}
	switch a := b.act.Attrs; b.act.Op {
	case "Relu":
		return kernel.Epilogue{Act: kernel.Clamp, High: infinity}
	case "Clip":
		return kernel.Epilogue{Act: kernel.Clamp, Low: a.Low, High: a.High}
	case "LeakyRelu":
		return kernel.Epilogue{Act: kernel.Leaky, Low: a.Alpha}
	}
	return kernel.Epilogue{}
}

// activates reports whether the kernels of products and convolutions apply n.
func activates(n *graph.Node) bool {
	return n.Op == "Relu" || n.Op == "Clip" || n.Op == "LeakyRelu"
}

// fuses reports whether the kernel of n does next to its result on the way.
func fuses(n, next *graph.Node, with graph.Type) bool {
	if n.DType != abi.Float32 {
		return false
	}
	switch {
	case n.Op != "MatMul" && n.Op != "Gemm" && n.Op != "Conv":
		return false
	case next.Op == "BatchNormalization":
		return n.Op == "Conv"
	case next.Op == "Add":
		same := slices.Equal(with.Shape, n.Shape)
		return n.Op == "Conv" && same || n.Op == "MatMul" && (same || isRow(with, n)) || n.Op == "Gemm" && len(n.In) < 3 && (same || isRow(with, n))
	}
	return activates(next)
}

// isRow reports whether t has one element for each column of the result of n.
func isRow(t graph.Type, n *graph.Node) bool {
	last := len(n.Shape) - 1
	return last >= 1 && len(t.Shape) > 0 && t.Shape[len(t.Shape)-1] == n.Shape[last] && t.Elements() == n.Shape[last]
}

// addition adds the operand of a fused Add to the epilogue of a product.
func (b *binding) addition(e kernel.Epilogue, at int) kernel.Epilogue {
	switch {
	case !b.add.has():
	case slices.Equal(b.add.typ.Shape, b.n.Shape):
		e.Residual = b.p.f32(b.add)[at:]
	default:
		e.ColBias = b.p.f32(b.add)
	}
	return e
}

// bindMatMul is within 40·2⁻²⁴ of the largest element for sums of 512 random terms;
// a chain of n terms is within n·2⁻²⁴ of the sum of their sizes in any case.
func bindMatMul(b *binding) []stage {
	p := productOf(b.n, b.in[0].typ, b.in[1].typ)
	act := b.activation()
	return []stage{bindProduct(b, p, 1, func(batch int) kernel.Epilogue { return b.addition(act, p.batch[batch].c) })}
}

// bindGemm is alpha·A·B + beta·C, where C may be a scalar, a row, a column or a
// matrix. A scalar is spread to a row, and C multiplied by beta, in the scratch. It is
// as exact as a MatMul, and for few rows, which are sums of parts, within 12·2⁻²⁴ for
// 4096 terms.
func bindGemm(b *binding) []stage {
	p := productOf(b.n, b.in[0].typ, b.in[1].typ)
	alpha, beta := b.n.Attrs.Alpha, b.n.Attrs.Beta
	act := b.activation()
	if len(b.in) < 3 || !b.in[2].has() {
		return []stage{bindProduct(b, p, alpha, func(int) kernel.Epilogue { return b.addition(act, 0) })}
	}
	bias, s := b.in[2], b.in[2].typ.Shape
	var stages []stage
	lies := func() []float32 { return b.p.f32(bias) }
	if n := biasWork(b.n, bias.typ); n > 0 {
		lies = func() []float32 { return b.p.f32(b.work) }
		stages = append(stages, stage{1, func(_, _ int) {
			x, y := b.p.f32(bias), b.p.f32(b.work)
			if len(x) == 1 {
				for i := range y[:n] {
					y[i] = x[0] * beta
				}
				return
			}
			kernel.Scale(y[:n], x, beta)
		}})
	}
	rows, cols := dimAt(s, 2, 0) > 1, dimAt(s, 2, 1) > 1
	return append(stages, bindProduct(b, p, alpha, func(int) kernel.Epilogue {
		e := act
		switch {
		case rows && cols:
			e.Residual = lies()
		case rows:
			e.RowBias = lies()
		default:
			e.ColBias = lies()
		}
		return e
	}))
}

// biasWork is how many elements of scratch the C of a Gemm takes: none where it is
// added as it lies.
func biasWork(n *graph.Node, c graph.Type) int {
	switch e := int(c.Elements()); {
	case e == 1 && n.Shape[1] > 1:
		return int(n.Shape[1])
	case n.Attrs.Beta != 1:
		return e
	}
	return 0
}

// workGemm is room for the C of a Gemm.
func workGemm(g *graph.Graph, n *graph.Node) int64 {
	if n.Op != "Gemm" || len(n.In) < 3 || n.In[2] == 0 {
		return 0
	}
	return 4 * int64(biasWork(n, g.At(n.In[2]).Type))
}
