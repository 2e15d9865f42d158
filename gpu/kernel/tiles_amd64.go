package kernel

import "unsafe"

// The tiles by vectors of columns less one, then rows.
var (
	tilesAVX2 = [2][15]func(*byte){
		{1: tile1x1AVX2, tile2x1AVX2, tile3x1AVX2, tile4x1AVX2, tile5x1AVX2, tile6x1AVX2},
		{1: tile1x2AVX2, tile2x2AVX2, tile3x2AVX2, tile4x2AVX2, tile5x2AVX2, tile6x2AVX2},
	}
	tilesAVX512 = [2][15]func(*byte){
		{
			1: tile1x1AVX512, tile2x1AVX512, tile3x1AVX512, tile4x1AVX512, tile5x1AVX512, tile6x1AVX512, tile7x1AVX512,
			tile8x1AVX512, tile9x1AVX512, tile10x1AVX512, tile11x1AVX512, tile12x1AVX512, tile13x1AVX512, tile14x1AVX512,
		},
		{
			1: tile1x2AVX512, tile2x2AVX512, tile3x2AVX512, tile4x2AVX512, tile5x2AVX512, tile6x2AVX512, tile7x2AVX512,
			tile8x2AVX512, tile9x2AVX512, tile10x2AVX512, tile11x2AVX512, tile12x2AVX512, tile13x2AVX512, tile14x2AVX512,
		},
	}
)

func (t *tile) run(rows int) {
	wide := 0
	if t.cols > lanes() {
		wide = 1
	}
	p := (*byte)(unsafe.Pointer(t))
	switch active {
	case AVX512:
		tilesAVX512[wide][rows](p)
	case AVX2:
		tilesAVX2[wide][rows](p)
	default:
		t.portable(rows)
	}
}

func transposeBlocks(dst *float32, ds int, src *float32, off *[16]int, n int) {
	if active == AVX512 {
		transposeAVX512(dst, ds, src, off, n)
		return
	}
	transposeAVX2(dst, ds, src, off, n)
}

func copyPanel(dst *float32, ds int, src *float32, ss, n int) {
	if active == AVX512 {
		copyPanelAVX512(dst, ds, src, ss, n)
		return
	}
	copyPanelAVX2(dst, ds, src, ss, n)
}

// everySecond is dst[i] = src[2i] for as many elements as it returns.
func everySecond(dst, src []float32) int {
	n := min(len(dst), len(src)/2) / 8 * 8
	if active == Portable || n == 0 {
		return 0
	}
	everySecondAVX2(&dst[0], &src[0], n)
	return n
}

func windowVectors(dst, src []float32, off []int32, largest bool) bool {
	switch {
	case active == AVX512 && largest:
		windowMaxAVX512(&dst[0], &src[0], &off[0], len(off), len(dst))
	case active == AVX512:
		windowSumAVX512(&dst[0], &src[0], &off[0], len(off), len(dst))
	case active == AVX2 && largest:
		windowMaxAVX2(&dst[0], &src[0], &off[0], len(off), len(dst))
	case active == AVX2:
		windowSumAVX2(&dst[0], &src[0], &off[0], len(off), len(dst))
	}
	return active != Portable
}

// copyRows copies rows of cols elements that lie step apart, one or two, where the
// path has assembly for it.
func copyRows(dst []float32, ds int, src []float32, ss, rows, cols, step int) bool {
	if active != AVX512 || step > 2 || rows == 0 || cols == 0 {
		return false
	}
	_, _ = dst[(rows-1)*ds+cols-1], src[(rows-1)*ss+(cols-1)*step]
	if step == 2 {
		copySecondAVX512(&dst[0], 4*ds, &src[0], 4*ss, rows, cols)
	} else {
		copyRowsAVX512(&dst[0], 4*ds, &src[0], 4*ss, rows, cols)
	}
	return true
}

// depthwiseRows computes rows of cols elements from rows ss apart.
func depthwiseRows(dst []float32, cols int, src []float32, ss int, off []int32, w []float32, rows int, numbers *[5]float32) {
	if active == AVX512 {
		depthwiseAVX512(&dst[0], 4*cols, &src[0], 4*ss, &off[0], &w[0], len(off), rows, cols, numbers)
		return
	}
	depthwiseAVX2(&dst[0], 4*cols, &src[0], 4*ss, &off[0], &w[0], len(off), rows, cols, numbers)
}

// run convolves one channel.
func (t *strips) run(dst, src, w []float32) {
	f := depthwise3x4AVX512
	switch [3]int{t.size, t.stride, t.rows} {
	case [3]int{3, 1, 1}:
		f = depthwise3x1AVX512
	case [3]int{3, 2, 4}:
		f = depthwise3x4SecondAVX512
	case [3]int{3, 2, 1}:
		f = depthwise3x1SecondAVX512
	case [3]int{5, 1, 4}:
		f = depthwise5x4AVX512
	case [3]int{5, 1, 1}:
		f = depthwise5x1AVX512
	case [3]int{5, 2, 4}:
		f = depthwise5x4SecondAVX512
	case [3]int{5, 2, 1}:
		f = depthwise5x1SecondAVX512
	}
	f(&dst[0], 4*t.width, &src[0], t.start, &zeroRow[0], &t.table[0], &t.masks[0], &w[0], t.count, t.blocks, &t.numbers)
}

// windowRows computes windows that are all inside of an image, where the path has
// assembly for it.
func windowRows(dst []float32, cols int, src []float32, ss int, off []int32, rows, step int) bool {
	switch {
	case active != AVX512 || step > 2:
		return false
	case step == 1:
		windowRowsAVX512(&dst[0], 4*cols, &src[0], 4*ss, &off[0], len(off), rows, cols)
	default:
		windowSecondAVX512(&dst[0], 4*cols, &src[0], 4*ss, &off[0], len(off), rows, cols)
	}
	return true
}

// dotsAtOnce is how many rows of both operands dots takes.
func dotsAtOnce() (m, n int) {
	if active == AVX2 {
		return 2, 2
	}
	return 4, 4
}

func dots(m, n, k int, a []float32, lda int, b []float32, ldb int, out *[16]float32) {
	switch active {
	case AVX512:
		dotsAVX512(m<<4|n, k, a, lda, b, ldb, out)
	case AVX2:
		dotsAVX2(m<<4|n, k, a, lda, b, ldb, out)
	default:
		portableDots(m, n, k, a, lda, b, ldb, out)
	}
}

func dotsAVX512(size, k int, a []float32, lda int, b []float32, ldb int, out *[16]float32) {
	switch size {
	case 1<<4 | 1:
		dots1x1AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 1<<4 | 4:
		dots1x4AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 2<<4 | 1:
		dots2x1AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 2<<4 | 4:
		dots2x4AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 3<<4 | 1:
		dots3x1AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 3<<4 | 4:
		dots3x4AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 4<<4 | 1:
		dots4x1AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 4<<4 | 4:
		dots4x4AVX512(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	}
}

func dotsAVX2(size, k int, a []float32, lda int, b []float32, ldb int, out *[16]float32) {
	switch size {
	case 1<<4 | 1:
		dots1x1AVX2(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 1<<4 | 2:
		dots1x2AVX2(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 2<<4 | 1:
		dots2x1AVX2(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	case 2<<4 | 2:
		dots2x2AVX2(&a[0], 4*lda, &b[0], 4*ldb, k, out)
	}
}
