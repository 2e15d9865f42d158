package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The tiles of pairs by vectors of columns less one, then rows.
var (
	pairsAVX2 = [2][15]func(*byte){
		{1: pairs1x1AVX2, pairs2x1AVX2, pairs3x1AVX2, pairs4x1AVX2, pairs5x1AVX2, pairs6x1AVX2},
		{1: pairs1x2AVX2, pairs2x2AVX2, pairs3x2AVX2, pairs4x2AVX2, pairs5x2AVX2, pairs6x2AVX2},
	}
	pairsAVX512 = [2][15]func(*byte){
		{
			1: pairs1x1AVX512, pairs2x1AVX512, pairs3x1AVX512, pairs4x1AVX512, pairs5x1AVX512, pairs6x1AVX512, pairs7x1AVX512,
			pairs8x1AVX512, pairs9x1AVX512, pairs10x1AVX512, pairs11x1AVX512, pairs12x1AVX512, pairs13x1AVX512, pairs14x1AVX512,
		},
		{
			1: pairs1x2AVX512, pairs2x2AVX512, pairs3x2AVX512, pairs4x2AVX512, pairs5x2AVX512, pairs6x2AVX512, pairs7x2AVX512,
			pairs8x2AVX512, pairs9x2AVX512, pairs10x2AVX512, pairs11x2AVX512, pairs12x2AVX512, pairs13x2AVX512, pairs14x2AVX512,
		},
	}
)

// pairTiles is how many pairs a vector has, and how many rows the largest tile.
// Without VNNI the wider vectors are not used.
func pairTiles() (lanes, rows int) {
	if active == AVX512 && cpu.X86.HasAVX512VNNI {
		return 16, 14
	}
	return 8, 6
}

func (t *tile) runPairs(rows int) {
	lanes, _ := pairTiles()
	wide := 0
	if t.cols > lanes {
		wide = 1
	}
	p := (*byte)(unsafe.Pointer(t))
	switch {
	case active == Portable:
		t.portablePairs(rows)
	case lanes == 16:
		pairsAVX512[wide][rows](p)
	default:
		pairsAVX2[wide][rows](p)
	}
}
