package kernel

import "sync"

// An Ints is a view of 8-bit integers: element (i, j) is Data[i*RS+j*CS], less its
// zero point.
type Ints[T int8 | uint8] struct {
	Data   []T
	RS, CS int
	Zero   []T // one for all, or one a row of the left and a column of the right operand; none is zero
}

func (v *Ints[T]) zero(i int) int16 {
	switch len(v.Zero) {
	case 0:
		return 0
	case 1:
		return int16(v.Zero[0])
	}
	return int16(v.Zero[i])
}

// integerBench is what a product of integers packs its operands in.
type integerBench struct{ left, right []int16 }

var integerBenches = sync.Pool{New: func() any { return new(integerBench) }}

// GemmInt8 is c = a·b, exactly, in int32 that wrap around, for a of m×k and b of
// k×n. c has rows of stride ldc. Zero points are taken off first.
func GemmInt8[A, B int8 | uint8](m, n, k int, a Ints[A], b Ints[B], c []int32, ldc int) {
	if m <= 0 || n <= 0 {
		return
	}
	_ = c[(m-1)*ldc+n-1]
	x := integerBenches.Get().(*integerBench)
	defer integerBenches.Put(x)
	wide := (k + 31) / 32 * 32
	left, right := grow(&x.left, m*wide), grow(&x.right, n*wide)
	for i := range m {
		widen16(left[i*wide:][:wide], a.Data, i*a.RS, a.CS, k, a.zero(i))
	}
	for j := range n {
		widen16(right[j*wide:][:wide], b.Data, j*b.CS, b.RS, k, b.zero(j))
	}
	down, across := integersAtOnce()
	var out [16]int32
	for i := 0; i < m; {
		h := down
		if m-i < down {
			h = 1
		}
		for j := 0; j < n; {
			w := across
			if n-j < across {
				w = 1
			}
			if wide > 0 {
				integers(h, w, wide, left[i*wide:], right[j*wide:], &out)
			}
			for r := range h {
				copy(c[(i+r)*ldc+j:][:w], out[r*w:])
			}
			j += w
		}
		i += h
	}
}

// widen16 writes k elements less zero as int16, and zeros after them.
func widen16[T int8 | uint8](dst []int16, src []T, from, step, k int, zero int16) {
	clear(dst[k:])
	if step == 1 {
		for i, v := range src[from:][:k] {
			dst[i] = int16(v) - zero
		}
		return
	}
	for i := range k {
		dst[i] = int16(src[from+i*step]) - zero
	}
}

// portableIntegers multiplies m rows with n rows of k elements each.
func portableIntegers(m, n, k int, a, b []int16, out *[16]int32) {
	for i := range m {
		for j := range n {
			sum := int32(0)
			for p, v := range a[i*k:][:k] {
				sum += int32(v) * int32(b[j*k+p])
			}
			out[i*n+j] = sum
		}
	}
}
