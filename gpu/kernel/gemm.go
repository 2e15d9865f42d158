package kernel

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
// chain of an element starts from its bias where there is one; then the residual
// is added, then the activation applied. With Add there is no bias.
type Product struct {
	M, N, K int
	Alpha   float32 // zero means one
	A, B    Matrix
	C       []float32
	LDC     int
	Add     bool
	Epilogue
}

// Run computes the product.
func (p *Product) Run() {
	if p.M <= 0 || p.N <= 0 {
		return
	}
	portableProduct(p)
}

// portableProduct is the definition of a product.
func portableProduct(p *Product) {
	for i := range p.M {
		row := p.C[i*p.LDC:][:p.N]
		switch {
		case p.Add:
		case p.RowBias != nil:
			for j := range row {
				row[j] = p.RowBias[i]
			}
		case p.ColBias != nil:
			copy(row, p.ColBias)
		default:
			clear(row)
		}
		for q := range p.K {
			x := p.A.Data[i*p.A.RS+q*p.A.CS]
			if p.Alpha != 0 {
				x = float32(x * p.Alpha)
			}
			at := q * p.B.RS
			for j := range row {
				row[j] = fma(x, p.B.Data[at], row[j])
				at += p.B.CS
			}
		}
		for j := range row {
			if p.Residual != nil {
				row[j] += p.Residual[i*p.LDC+j]
			}
			row[j] = p.finish(row[j])
		}
	}
}
