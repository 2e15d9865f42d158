package cpu

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// bindIntegerProduct multiplies matrices of 8-bit integers, a task some columns.
func bindIntegerProduct(b *binding) []stage {
	if b.in[0].typ.DType == abi.Int8 {
		return integerProduct[int8](b)
	}
	return integerProduct[uint8](b)
}

func integerProduct[A int8 | uint8](b *binding) []stage {
	if b.in[1].typ.DType == abi.Int8 {
		return integersBy[A, int8](b)
	}
	return integersBy[A, uint8](b)
}

func integersBy[A, B int8 | uint8](b *binding) []stage {
	m, k, n := int(b.in[0].typ.Shape[0]), int(b.in[0].typ.Shape[1]), int(b.in[1].typ.Shape[1])
	zero := func(i int) arg {
		if i < len(b.in) {
			return b.in[i]
		}
		return arg{}
	}
	za, zb := zero(2), zero(3)
	return spreadBy(n, max(64, (1<<20)/(m*k)), func(from, to int) {
		left := kernel.Ints[A]{Data: view[A](b.p, b.in[0]), RS: k, CS: 1}
		right := kernel.Ints[B]{Data: view[B](b.p, b.in[1])[from:], RS: n, CS: 1}
		if za.has() {
			left.Zero = view[A](b.p, za)
		}
		if zb.has() {
			if right.Zero = view[B](b.p, zb); len(right.Zero) > 1 {
				right.Zero = right.Zero[from:to]
			}
		}
		kernel.GemmInt8(m, to-from, k, left, right, view[int32](b.p, b.out)[from:], n)
	})
}

// bindIntegerConv convolves images of 8-bit integers: pairs of pixels and weights
// are written to the scratch first.
func bindIntegerConv(b *binding) []stage {
	c := convOf(b.n.Attrs.Window, b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape)
	pixels := func() []uint32 { return view[uint32](b.p, b.work)[:c.PixelPairs()] }
	weights := func() []uint32 { return view[uint32](b.p, b.work)[c.PixelPairs():] }
	planes, rows := pairPixels[uint8], pairWeights[uint8]
	if b.in[0].typ.DType == abi.Int8 {
		planes = pairPixels[int8]
	}
	if b.in[1].typ.DType == abi.Int8 {
		rows = pairWeights[int8]
	}
	run := stage{c.PairTasks(), func(_, t int) { c.RunPairs(t, view[int32](b.p, b.out), pixels(), weights()) }}
	return slices.Concat(planes(b, &c, pixels), rows(b, &c, weights), []stage{run})
}

func pairPixels[T int8 | uint8](b *binding, c *kernel.Conv, to func() []uint32) []stage {
	return spreadBy(c.PixelPlanes(), max(1, chunk/(c.H*c.W)), func(from, end int) {
		zero := zerosOf[T](b, 2)
		for plane := from; plane < end; plane++ {
			kernel.PairPixels(c, plane, to(), view[T](b.p, b.in[0]), int16(zero(0)))
		}
	})
}

func pairWeights[T int8 | uint8](b *binding, c *kernel.Conv, to func() []uint32) []stage {
	return spreadBy(c.OutC, max(1, chunk/(c.InC/c.Groups*c.KH*c.KW)), func(from, end int) {
		zero := zerosOf[T](b, 3)
		for m := from; m < end; m++ {
			kernel.PairWeights(c, m, to(), view[T](b.p, b.in[1]), int16(zero(m)))
		}
	})
}

// zerosOf returns the zero points in operand i: there is none, one, or one for each.
func zerosOf[T int8 | uint8](b *binding, i int) func(k int) T {
	if i >= len(b.in) || !b.in[i].has() {
		return func(int) T { return 0 }
	}
	all := view[T](b.p, b.in[i])
	if len(all) == 1 {
		return func(int) T { return all[0] }
	}
	return func(k int) T { return all[k] }
}

// workIntegerConv is room for the pairs.
func workIntegerConv(g *graph.Graph, n *graph.Node) int64 {
	c := convOf(n.Attrs.Window, g.At(n.In[0]).Shape, g.At(n.In[1]).Shape, n.Shape)
	return 4 * int64(c.PixelPairs()+c.WeightPairs())
}
