//go:build !amd64

package kernel

func integersAtOnce() (m, n int) { return 4, 4 }

func integers(m, n, k int, a, b []int16, out *[16]int32) { portableIntegers(m, n, k, a, b, out) }
