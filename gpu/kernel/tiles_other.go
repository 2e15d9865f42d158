//go:build !amd64

package kernel

func (t *tile) run(rows int) { t.portable(rows) }

func transposeBlocks(dst *float32, ds int, src *float32, off *[16]int, n int) {
	panic("kernel: no blocks on this path")
}

func copyPanel(dst *float32, ds int, src *float32, ss, n int) {
	panic("kernel: no panels on this path")
}

func everySecond(dst, src []float32) int { return 0 }

func windowVectors(dst, src []float32, off []int32, largest bool) bool { return false }

func copyRows(dst []float32, ds int, src []float32, ss, rows, cols, step int) bool { return false }

func depthwiseRows(dst []float32, cols int, src []float32, ss int, off []int32, w []float32, rows int, numbers *[5]float32) {
	panic("kernel: no rows on this path")
}

func (t *strips) run(dst, src, w []float32) {
	panic("kernel: no strips on this path")
}

func windowRows(dst []float32, cols int, src []float32, ss int, off []int32, rows, step int) bool {
	return false
}

func dotsAtOnce() (m, n int) { return 4, 4 }

func dots(m, n, k int, a []float32, lda int, b []float32, ldb int, out *[16]float32) {
	portableDots(m, n, k, a, lda, b, ldb, out)
}
