package cpu

// linearDoubles: matrix products in float64.
var linearDoubles = map[string]bind{
	"MatMul": plainMatMul[float64],
	"Gemm":   plainGemm[float64],
}

// plainProduct is Σ a·b along the inner dimension in ascending order; integers
// wrap around. finish makes a result of the sum for row i and column j.
func plainProduct[T number](b *binding, finish func(sum T, i, j int) T) []stage {
	p := productOf(b.n, b.in[0].typ, b.in[1].typ)
	return []stage{{len(p.batch) * p.m, func(_, t int) {
		o, i := p.batch[t/p.m], t%p.m
		x, w, y := view[T](b.p, b.in[0])[o.a:], view[T](b.p, b.in[1])[o.b:], view[T](b.p, b.out)[o.c+i*p.n:][:p.n]
		ars, acs, brs, bcs := p.k, 1, p.n, 1
		if p.transA {
			ars, acs = 1, p.m
		}
		if p.transB {
			brs, bcs = 1, p.k
		}
		for j := range y {
			var sum T
			for k := range p.k {
				sum += T(x[i*ars+k*acs] * w[k*brs+j*bcs])
			}
			y[j] = finish(sum, i, j)
		}
	}}}
}

func plainMatMul[T number](b *binding) []stage {
	return plainProduct(b, func(sum T, _, _ int) T { return sum })
}

// plainGemm is alpha·A·B + beta·C, which for integers is computed in float64 and
// rounded toward zero unless alpha and beta are one.
func plainGemm[T number](b *binding) []stage {
	alpha, beta := float64(b.n.Attrs.Alpha), float64(b.n.Attrs.Beta)
	bias, rs, cs := arg{}, 0, 0
	if len(b.in) > 2 && b.in[2].has() {
		bias = b.in[2]
		s := bias.typ.Shape
		cs = min(1, int(dimAt(s, 2, 1))-1)
		if dimAt(s, 2, 0) > 1 {
			rs = int(dimAt(s, 2, 1))
		}
	}
	return plainProduct(b, func(sum T, i, j int) T {
		var c T
		if bias.has() {
			c = view[T](b.p, bias)[i*rs+j*cs]
		}
		if alpha == 1 && beta == 1 {
			return sum + c
		}
		return toward[T](float64(alpha*float64(sum)) + float64(beta*float64(c)))
	})
}
