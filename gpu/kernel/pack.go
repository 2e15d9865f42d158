package kernel

// PanelCols is how many columns a panel of a packed right operand has.
func PanelCols() int { return 2 * lanes() }

// Panels is how many panels n columns make.
func Panels(n int) int { return (n + PanelCols() - 1) / PanelCols() }

// PackedLen is how many elements a right operand of k×n takes when packed.
func PackedLen(k, n int) int { return k * Panels(n) * PanelCols() }

// PackB packs panels [from, to) of b, which is k×n, into dst, where panel j starts
// at element j·k·PanelCols: its rows one after the other.
func PackB(dst []float32, k, n int, b Matrix, from, to int) {
	if k == 0 {
		return
	}
	w := PanelCols()
	for j := from; j < to; j++ {
		packCols(dst[j*k*w:][:k*w], b.At(0, j*w), k, min(w, n-j*w), w)
	}
}

// packCols writes row after row of b, k×cols, to dst, in rows of w elements. What
// is in dst beyond cols is any number.
func packCols(dst []float32, b Matrix, k, cols, w int) {
	switch {
	case b.CS == 1 && cols == w && w == PanelCols() && active != Portable:
		_, _ = dst[k*w-1], b.Data[(k-1)*b.RS+w-1]
		copyPanel(&dst[0], 4*w, &b.Data[0], 4*b.RS, k)
	case b.CS == 1 && copyRows(dst, w, b.Data, b.RS, k, cols, 1):
	case b.CS == 1:
		for p := range k {
			row := dst[p*w:][:w]
			clear(row[copy(row[:cols], b.Data[p*b.RS:]):])
		}
	case b.RS == 1:
		interleave(dst, w, b.Data, b.CS, cols, k)
	default:
		for p := range k {
			row := dst[p*w:][:w]
			clear(row)
			for c := range cols {
				row[c] = b.Data[p*b.RS+c*b.CS]
			}
		}
	}
}

// interleave writes n rows of src, k elements each, as columns of dst: element p
// of row i to dst[p*w+i]. dst has room for k rows of w, w at least n.
func interleave(dst []float32, w int, src []float32, stride, n, k int) {
	l := lanes()
	whole := 0
	if active != Portable && w%l == 0 {
		_, _ = dst[k*w-1], src[(n-1)*stride+k-1]
		if whole = k / l * l; whole > 0 {
			for i := 0; i < n; i += l {
				var off [16]int // beyond the last row, the last again: any number will do there
				for r := range off {
					off[r] = 4 * stride * min(r, n-1-i)
				}
				transposeBlocks(&dst[i], 4*w, &src[i*stride], &off, whole/l)
			}
		}
	}
	for p := whole; p < k; p++ {
		row := dst[p*w:][:w]
		for i := range n {
			row[i] = src[i*stride+p]
		}
		clear(row[n:])
	}
}
