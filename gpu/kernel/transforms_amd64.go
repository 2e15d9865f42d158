package kernel

import "unsafe"

var (
	transformsAVX512 = [...]func(*byte){pixels4AVX512, weights4AVX512, results4AVX512, pixels2AVX512, weights2AVX512, results2AVX512}
	transformsAVX2   = [...]func(*byte){pixels4AVX2, weights4AVX2, results4AVX2, pixels2AVX2, weights2AVX2, results2AVX2}
)

func (t *transform) run(l line) {
	switch p := (*byte)(unsafe.Pointer(t)); active {
	case AVX512:
		transformsAVX512[l](p)
	case AVX2:
		transformsAVX2[l](p)
	default:
		t.portable(l)
	}
}
