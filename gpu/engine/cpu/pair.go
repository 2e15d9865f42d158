package cpu

import "math"

// pair is the kernel of a function of two numbers, with broadcasting.
func pair[T, U any](b *binding, f func(x, y T) U) []stage {
	x, y := b.in[0], b.in[1]
	n := newNest(b.out.typ.Shape, x.typ.Shape, y.typ.Shape)
	sx, sy := n.step[0], n.step[1]
	run := func(out []U, xs, ys []T) {
		for i := range out {
			out[i] = f(xs[i*sx], ys[i*sy])
		}
	}
	if n.rows == 1 {
		return spread(n.inner, func(from, to int) {
			run(view[U](b.p, b.out)[from:to], view[T](b.p, x)[from*sx:], view[T](b.p, y)[from*sy:])
		})
	}
	return spreadBy(n.rows, max(1, chunk/n.inner), func(from, to int) {
		xs, ys, out := view[T](b.p, x), view[T](b.p, y), view[U](b.p, b.out)[from*n.inner:]
		n.walk(from, to, func(off []int) {
			run(out[:n.inner], xs[off[0]:], ys[off[1]:])
			out = out[n.inner:]
		})
	})
}

// bindReals is a function of two real numbers, by the definition.
func bindReals[T real](b *binding) []stage {
	if b.n.Op == "Mod" { // as C's fmod
		return pair(b, func(x, y T) T { return T(math.Mod(float64(x), float64(y))) })
	}
	return pair(b, realPair[T](b.n.Op))
}

func realPair[T real](op string) func(x, y T) T {
	switch op {
	case "Add":
		return func(x, y T) T { return x + y }
	case "Sub":
		return func(x, y T) T { return x - y }
	case "Mul":
		return func(x, y T) T { return x * y }
	case "Div":
		return func(x, y T) T { return x / y }
	case "Max": // NaN if one is
		return func(x, y T) T { return max(x, y) }
	case "Min":
		return func(x, y T) T { return min(x, y) }
	case "Power":
		return func(x, y T) T {
			if y == 2 { // what models ask for most
				return T(float64(x) * float64(x))
			}
			return T(math.Pow(float64(x), float64(y)))
		}
	case "PRelu":
		return func(x, slope T) T {
			if x < 0 {
				return slope * x
			}
			return x
		}
	}
	return nil
}

// integers is a function of one or two integers, which wrap around.
var integers = typed{i64: integerKernel[int64], i32: integerKernel[int32], i8: integerKernel[int8], u8: integerKernel[uint8]}

func integerKernel[T integer](b *binding) []stage {
	if len(b.in) == 1 {
		f := integerOne[T](b.n.Op)
		return spread(b.out.len(), func(from, to int) {
			x, y := view[T](b.p, b.in[0])[from:to], view[T](b.p, b.out)[from:to]
			for i, v := range x {
				y[i] = f(v)
			}
		})
	}
	if b.n.Op == "Add" && b.in[0].bytes == b.out.bytes && b.in[1].bytes == b.out.bytes {
		return spread(b.out.len(), func(from, to int) {
			x, y, out := view[T](b.p, b.in[0])[from:to], view[T](b.p, b.in[1])[from:to], view[T](b.p, b.out)[from:to]
			for i, v := range x {
				out[i] = v + y[i]
			}
		})
	}
	if b.n.Op == "Mod" && b.n.Attrs.Truncate || b.n.Op == "BitShift" && b.n.Attrs.Left {
		return pair(b, integerPair[T](b.n.Op+"/other"))
	}
	return pair(b, integerPair[T](b.n.Op))
}

func integerOne[T integer](op string) func(x T) T {
	switch op {
	case "Neg":
		return func(x T) T { return -x }
	case "Abs":
		return func(x T) T {
			if x < 0 {
				return -x
			}
			return x
		}
	case "Sign":
		return func(x T) T {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return ^T(0)
			}
			return 0
		}
	case "Relu":
		return func(x T) T { return max(x, 0) }
	case "BitwiseNot":
		return func(x T) T { return ^x }
	case "Not":
		return func(x T) T {
			if x != 0 {
				return 0
			}
			return 1
		}
	}
	return nil
}

// integerPair defines division by zero: it gives zero, quotient and remainder.
func integerPair[T integer](op string) func(x, y T) T {
	truth := func(b bool) T {
		if b {
			return 1
		}
		return 0
	}
	switch op {
	case "Add":
		return func(x, y T) T { return x + y }
	case "Sub":
		return func(x, y T) T { return x - y }
	case "Mul":
		return func(x, y T) T { return x * y }
	case "Div":
		return func(x, y T) T {
			if y == 0 {
				return 0
			}
			return x / y
		}
	case "Mod": // of the sign of y
		return func(x, y T) T {
			if y == 0 {
				return 0
			}
			r := x % y
			if r != 0 && (r < 0) != (y < 0) {
				r += y
			}
			return r
		}
	case "Mod/other": // of the sign of x
		return func(x, y T) T {
			if y == 0 {
				return 0
			}
			return x % y
		}
	case "Max":
		return func(x, y T) T { return max(x, y) }
	case "Min":
		return func(x, y T) T { return min(x, y) }
	case "Power":
		return power[T]
	case "And":
		return func(x, y T) T { return truth(x != 0 && y != 0) }
	case "Or":
		return func(x, y T) T { return truth(x != 0 || y != 0) }
	case "Xor":
		return func(x, y T) T { return truth((x != 0) != (y != 0)) }
	case "BitwiseAnd":
		return func(x, y T) T { return x & y }
	case "BitwiseOr":
		return func(x, y T) T { return x | y }
	case "BitwiseXor":
		return func(x, y T) T { return x ^ y }
	case "BitShift":
		return func(x, y T) T { return x >> uint64(y) }
	case "BitShift/other":
		return func(x, y T) T { return x << uint64(y) }
	}
	return nil
}
