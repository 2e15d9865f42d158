package cpu

import (
	"github.com/cloister-ai/cloister/abi"
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
