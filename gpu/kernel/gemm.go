package kernel

import "sync"

// Gemm is c = alpha·a·b, or c += alpha·a·b with add, for a of m×k and b of k×n.
// c has rows of stride ldc.
//
// An element of the result is one chain of fused multiply-adds along k in
// ascending order, which starts from zero or c: acc = fma(alpha·a(i,p), b(p,j), acc).
func Gemm(m, n, k int, alpha float32, a, b Matrix, add bool, c []float32, ldc int) {
	p := Product{M: m, N: n, K: k, Alpha: alpha, A: a, B: b, C: c, LDC: ldc, Add: add}
	p.Run()
}

// A Product is a matrix product with an epilogue: see Gemm for its arithmetic. The
// chain of an element starts from its bias where there is one; then scale and shift
// of its row are applied, then the residual is added, then the activation applied. With Add there is no bias.
type Product struct {
	M, N, K int
	Alpha   float32 // multiplies A
	A, B    Matrix
	Packed  []float32 // B as PackB leaves it, or nil: then B is read
	C       []float32
	LDC     int
	Add     bool
	Epilogue
}

// The blocks of a product: innerBlock steps along k at once, so that a panel of the
// right operand and a tile's rows of the left one stay in the first cache, and of
// the right operand what stays in the second.
const (
	innerBlock = 384
	rightBlock = 320 << 10 // elements
)

// A bench is what a product needs beside its operands. The inner dimension of what
// it multiplies at once is at most innerBlock.
type bench struct {
	tile
	offsets []int32
	lines   []int32
	left    []float32 // a packed tile of the left operand
	right   []float32 // packed panels, or a slab
	panel   []float32 // one packed panel of a slab
	strips  strips
}

var benches = sync.Pool{New: func() any {
	return &bench{left: make([]float32, 16*innerBlock)}
}}

func grow[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	*s = (*s)[:n]
	return *s
}

// Run computes the product. It needs no memory but what it pools.
func (p *Product) Run() {
	if p.M <= 0 || p.N <= 0 {
		return
	}
	_ = p.C[(p.M-1)*p.LDC+p.N-1]
	if p.K > 0 {
		_ = p.A.Data[(p.M-1)*p.A.RS+(p.K-1)*p.A.CS]
		if p.Packed == nil {
			_ = p.B.Data[(p.K-1)*p.B.RS+(p.N-1)*p.B.CS]
		} else {
			_ = p.Packed[PackedLen(p.K, p.N)-1]
		}
	}
	p.checkEpilogue(p.M, p.N, p.LDC)
	b := benches.Get().(*bench)
	defer benches.Put(b)
	blocks := max(1, (p.K+innerBlock-1)/innerBlock)
	inner := max(1, (p.K+blocks-1)/blocks)
	w := PanelCols()
	outer := max(w, rightBlock/inner/w*w)
	for j := 0; j < p.N; j += outer {
		for k := 0; k == 0 || k < p.K; k += inner {
			p.block(b, j, min(outer, p.N-j), k, min(inner, p.K-k))
		}
	}
	b.tile = tile{}
}

func (e *Epilogue) checkEpilogue(rows, cols, ldc int) {
	if e.RowBias != nil {
		_ = e.RowBias[rows-1]
	}
	if e.ColBias != nil {
		_ = e.ColBias[cols-1]
	}
	if e.RowScale != nil {
		_, _ = e.RowScale[rows-1], e.RowShift[rows-1]
	}
	if e.Residual != nil {
		_ = e.Residual[(rows-1)*ldc+cols-1]
	}
}

// block adds inner steps [k0, k0+k) up for columns [j0, j0+n).
func (p *Product) block(b *bench, j0, n, k0, k int) {
	if p.Packed == nil && p.B.CS == 1 && p.near(k) {
		p.columns(b, j0, n, k0, k)
		return
	}
	w := PanelCols()
	height := heights(p.M)
	// Panels are read where they lie when few tiles would read a packed copy.
	direct := p.Packed == nil && p.B.CS == 1 && p.M <= 4*tileRows() && p.B.RS < 1<<20 // offsets are int32
	off := grow(&b.offsets, k)
	stride, panel := w, p.K*w // of rows and panels of packed, in elements
	var packed []float32
	switch {
	case k == 0:
	case p.Packed != nil:
		packed = p.Packed[j0*p.K+k0*w:]
	case direct:
		stride = p.B.RS
	default:
		panel = k * w
		packed = grow(&b.right, PackedLen(k, n))
		PackB(packed, k, n, p.B.At(k0, j0), 0, Panels(n))
	}
	for i := range off {
		off[i] = int32(4 * i * stride)
	}
	t := &b.tile
	*t = tile{k: k, ldc: 4 * p.LDC}
	if k > 0 {
		t.off = &off[0]
		p.planAhead(b, height, k)
	}
	for i := 0; i < p.M; i += height {
		rows := min(height, p.M-i)
		if k > 0 {
			p.fetchAhead(b, i, rows, k0, k)
			p.left(b, i, rows, k0, k, n)
		}
		for j := 0; j < n; j += w {
			t.cols = min(w, n-j)
			switch {
			case k == 0:
			case !direct:
				t.b = &packed[j/w*panel]
			case t.cols%lanes() == 0:
				t.b = &p.B.Data[k0*p.B.RS+j0+j]
			default: // whole vectors would reach beyond the last row
				p.edge(b, j0+j, k0, k, t.cols, i == 0)
			}
			p.aim(t, i, j0+j, k0 == 0, k0+k == p.K)
			t.run(rows)
			t.lines = &noLines[0]
			if direct && t.cols%lanes() != 0 && k > 0 {
				t.off = &off[0]
			}
		}
	}
}

// nearElements of the left operand stay in the first cache beside a panel of the
// right one.
const nearElements = 6 << 10

// near reports whether k steps of all rows of the left operand stay in the first
// cache, as they lie: then panels of the right one are taken one after the other,
// each by all rows.
func (p *Product) near(k int) bool {
	return k > 0 && p.M*k <= nearElements && p.Alpha == 1 && p.A.CS == 1 && p.A.RS%1024 != 0
}

// columns is block panel by panel. A panel is packed while it is near, unless few
// tiles read it.
func (p *Product) columns(b *bench, j0, n, k0, k int) {
	w, height := PanelCols(), heights(p.M)
	off := grow(&b.offsets, k)
	far := p.B.RS >= 1<<20 // offsets are int32
	if !far {
		for i := range off {
			off[i] = int32(4 * i * p.B.RS)
		}
	}
	direct := !far && p.M <= 2*tileRows()
	packed := grow(&b.panel, k*w)
	t := &b.tile
	*t = tile{k: k, ldc: 4 * p.LDC, ars: 4 * p.A.RS, acs: 4}
	for j := 0; j < n; j += w {
		t.cols = min(w, n-j)
		at := k0*p.B.RS + j0 + j
		if direct && t.cols%lanes() == 0 {
			t.b, t.off = &p.B.Data[at], &off[0]
		} else {
			packCols(packed, p.B.At(k0, j0+j), k, t.cols, w)
			t.b, t.off = &packed[0], edgeOffsets(w)
		}
		for i := 0; i < p.M; i += height {
			t.a = &p.A.Data[i*p.A.RS+k0]
			t.ahead, t.lines = t.a, &noLines[0]
			if half := i / height * 16; half < w && j+w+half < n && !far { // a line of each row of the next panel
				t.ahead, t.lines = &p.B.Data[at+w+half], &off[0]
			}
			p.aim(t, i, j0+j, k0 == 0, k0+k == p.K)
			t.run(min(height, p.M-i))
		}
	}
}

// fetchAhead makes the tiles of rows [i, i+rows) fetch the rows after them: lines
// says which line of them in which of k steps. It comes before left.
func (p *Product) fetchAhead(b *bench, i, rows, k0, k int) {
	t := &b.tile
	t.ahead, t.lines = &p.A.Data[i*p.A.RS+k0*p.A.CS], &noLines[0]
	if next := i + rows; p.A.CS == 1 && next < p.M {
		t.ahead, t.lines = &p.A.Data[next*p.A.RS+k0], &b.lines[0]
	}
}

// planAhead spreads the lines of rows of k elements over k steps.
func (p *Product) planAhead(b *bench, rows, k int) {
	lines := grow(&b.lines, k)
	perRow := k/16 + 1
	row, line := 0, 0
	for i := range lines {
		lines[i] = int32(4*row*p.A.RS + 64*line)
		if line++; line == perRow {
			line = 0
			row = min(row+1, rows-1)
		}
	}
}

var noLines [innerBlock]int32

// edge packs the last columns of a right operand that is read where it lies.
func (p *Product) edge(b *bench, j, k0, k, cols int, first bool) {
	w := PanelCols()
	packed := grow(&b.right, k*w+k)
	if first {
		packCols(packed[:k*w], p.B.At(k0, j), k, cols, w)
	}
	b.tile.b = &packed[0]
	b.tile.off = edgeOffsets(w)
}

// left points the tile at rows of the left operand, packed where alpha asks for it
// or many panels will be multiplied with them.
func (p *Product) left(b *bench, i, rows, k0, k, n int) {
	t := &b.tile
	l := lanes()
	if p.Alpha == 1 && (n <= 4*PanelCols() || p.A.CS == 1) && p.A.RS%1024 != 0 && p.A.CS%1024 != 0 {
		t.a, t.ars, t.acs = &p.A.Data[i*p.A.RS+k0*p.A.CS], 4*p.A.RS, 4*p.A.CS
		return
	}
	packed := b.left[:k*l]
	packCols(packed, p.A.At(i, k0).T(), k, rows, l)
	if p.Alpha != 1 {
		Scale(packed, packed, p.Alpha)
	}
	t.a, t.ars, t.acs = &packed[0], 4, 4*l
}

// aim points the tile at the result and says how its sums start and end.
func (p *Product) aim(t *tile, i, j int, first, last bool) {
	t.c = &p.C[i*p.LDC+j]
	t.start = fromC
	if first && !p.Add {
		t.start = fromZero
		switch {
		case p.RowBias != nil:
			t.start, t.bias = fromRowBias, &p.RowBias[i]
		case p.ColBias != nil:
			t.start, t.bias = fromColBias, &p.ColBias[j]
		}
	}
	t.scale, t.residual, t.act = nil, nil, int(Linear)
	if !last {
		return
	}
	t.act, t.low, t.high = int(p.Act), p.Low, p.High
	if p.RowScale != nil {
		t.scale, t.shift = &p.RowScale[i], &p.RowShift[i]
	}
	if p.Residual != nil {
		t.residual = &p.Residual[i*p.LDC+j]
	}
}

// packedOffsets are the offsets of the rows of a panel, for both widths.
var packedOffsets = func() (t [2][innerBlock]int32) {
	for i := range innerBlock {
		t[0][i], t[1][i] = int32(64*i), int32(128*i)
	}
	return t
}()

func edgeOffsets(w int) *int32 { return &packedOffsets[w/16-1][0] }
