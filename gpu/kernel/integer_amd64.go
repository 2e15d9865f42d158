package kernel

import "golang.org/x/sys/cpu"

// integersAtOnce is how many rows of both operands integers takes, or one.
func integersAtOnce() (m, n int) {
	if active == AVX2 {
		return 2, 2
	}
	return 4, 4
}

func integers(m, n, k int, a, b []int16, out *[16]int32) {
	_, _ = a[m*k-1], b[n*k-1]
	switch {
	case active == AVX512 && cpu.X86.HasAVX512VNNI:
		integersVNNI(m<<4|n, k, a, b, out)
	case active == AVX512:
		integersAVX512(m<<4|n, k, a, b, out)
	case active == AVX2:
		integersAVX2(m<<4|n, k, a, b, out)
	default:
		portableIntegers(m, n, k, a, b, out)
	}
}

func integersVNNI(size, k int, a, b []int16, out *[16]int32) {
	switch size {
	case 1<<4 | 1:
		integers1x1AVX512VNNI(&a[0], 2*k, &b[0], 2*k, k, out)
	case 1<<4 | 4:
		integers1x4AVX512VNNI(&a[0], 2*k, &b[0], 2*k, k, out)
	case 4<<4 | 1:
		integers4x1AVX512VNNI(&a[0], 2*k, &b[0], 2*k, k, out)
	case 4<<4 | 4:
		integers4x4AVX512VNNI(&a[0], 2*k, &b[0], 2*k, k, out)
	}
}

func integersAVX512(size, k int, a, b []int16, out *[16]int32) {
	switch size {
	case 1<<4 | 1:
		integers1x1AVX512(&a[0], 2*k, &b[0], 2*k, k, out)
	case 1<<4 | 4:
		integers1x4AVX512(&a[0], 2*k, &b[0], 2*k, k, out)
	case 4<<4 | 1:
		integers4x1AVX512(&a[0], 2*k, &b[0], 2*k, k, out)
	case 4<<4 | 4:
		integers4x4AVX512(&a[0], 2*k, &b[0], 2*k, k, out)
	}
}

func integersAVX2(size, k int, a, b []int16, out *[16]int32) {
	switch size {
	case 1<<4 | 1:
		integers1x1AVX2(&a[0], 2*k, &b[0], 2*k, k, out)
	case 1<<4 | 2:
		integers1x2AVX2(&a[0], 2*k, &b[0], 2*k, k, out)
	case 2<<4 | 1:
		integers2x1AVX2(&a[0], 2*k, &b[0], 2*k, k, out)
	case 2<<4 | 2:
		integers2x2AVX2(&a[0], 2*k, &b[0], 2*k, k, out)
	}
}
