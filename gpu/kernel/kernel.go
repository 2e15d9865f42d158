// Package kernel is numerical kernels on slices of float32, with the same bits on
// every processor.
//
// Each result is defined as one expression of fused multiply-adds and exactly
// rounded operations, and each path (AVX-512, AVX2 with FMA, portable Go)
// evaluates that expression: a path changes speed, not bits. Only the sign and
// payload of a NaN are not defined. Nothing here starts a goroutine: callers
// divide work by rows, columns and ranges, which changes no bits either.
//
// Lengths and strides must fit the slices: a kernel checks that before it reads or
// writes, and panics where a caller broke it.
package kernel

import "slices"

// A Path is a family of processor instructions that the kernels are written for.
type Path uint8

// The paths.
const (
	Portable Path = iota // Go alone
	AVX2                 // AVX2 and FMA
	AVX512               // AVX-512 F, BW, DQ and VL
)

func (p Path) String() string {
	switch p {
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	}
	return "portable"
}

var (
	paths  = detect() // what this processor can run, the fastest last
	active = paths[len(paths)-1]
)

// Paths lists what this processor can run, the fastest last.
func Paths() []Path { return slices.Clone(paths) }

// Active is the path that kernels take: the fastest, unless Use chose another.
func Active() Path { return active }

// Use makes all kernels take a path of Paths, for tests and benchmarks, and
// returns a function that goes back. It must not be called while a kernel runs.
// What was packed on one path can be multiplied on that path only.
func Use(p Path) (restore func()) {
	if !slices.Contains(paths, p) {
		return func() {}
	}
	was := active
	active = p
	return func() { active = was }
}
