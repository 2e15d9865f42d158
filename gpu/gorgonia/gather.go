package gorgonia

import "slices"

// gather copies the elements of a strided array to dst, row after row.
func gather(dst, src []float32, shape, strides []int) {
	if len(dst) == 0 {
		return
	}
	shape, strides = merged(shape, strides)
	last := len(shape) - 1
	if last < 0 {
		dst[0] = src[0]
		return
	}
	if strides[last] == 1 || last == 0 {
		gatherRows(dst, src, shape, strides)
		return
	}
	// Read along the axis that lies side by side, write along the last one. What
	// is left is an outer loop over matrices.
	near := slices.Index(strides[:last], 1)
	if near < 0 {
		near = last - 1
	}
	steps := rowMajor(shape)
	outer, from, to := without(shape, near, last), without(strides, near, last), without(steps, near, last)
	each := shape[near] * shape[last]
	split(len(dst)/each, each, func(first, end int) {
		for i := first; i < end; i++ {
			transpose(dst[offset(i, outer, to):], src[offset(i, outer, from):], shape[near], shape[last], steps[near], strides[near], strides[last])
		}
	})
}

// gatherRows copies rows along the last axis.
func gatherRows(dst, src []float32, shape, strides []int) {
	last := len(shape) - 1
	row, step := shape[last], strides[last]
	split(len(dst)/row, row, func(first, end int) {
		for i := first; i < end; i++ {
			to, at := dst[i*row:][:row], offset(i, shape[:last], strides[:last])
			if step == 1 {
				copy(to, src[at:])
				continue
			}
			for j := range to {
				to[j] = src[at]
				at += step
			}
		}
	})
}

// transpose copies a matrix of rows × cols in blocks that stay in the cache. Its
// elements are rowFrom and colFrom apart in src, rowTo and 1 in dst.
func transpose(dst, src []float32, rows, cols, rowTo, rowFrom, colFrom int) {
	const block = 16
	for i0 := 0; i0 < rows; i0 += block {
		i1 := min(i0+block, rows)
		for j0 := 0; j0 < cols; j0 += block {
			j1 := min(j0+block, cols)
			for i := i0; i < i1; i++ {
				to, at := dst[i*rowTo+j0:][:j1-j0], i*rowFrom+j0*colFrom
				for j := range to {
					to[j] = src[at]
					at += colFrom
				}
			}
		}
	}
}

// merged is the same array with as few axes as it takes: neighbours that are
// walked as one become one.
func merged(shape, strides []int) (s, t []int) {
	for i, n := range shape {
		if n == 1 {
			continue
		}
		if k := len(s) - 1; k >= 0 && t[k] == strides[i]*n {
			s[k] *= n
			t[k] = strides[i]
			continue
		}
		s, t = append(s, n), append(t, strides[i])
	}
	return s, t
}

// rowMajor are the strides of an array that lies row after row.
func rowMajor(shape []int) []int {
	steps, n := make([]int, len(shape)), 1
	for i, d := range slices.Backward(shape) {
		steps[i] = n
		n *= d
	}
	return steps
}

// without is v without two of its elements, i before j.
func without(v []int, i, j int) []int { return append(append([]int{}, v[:i]...), v[i+1:j]...) }

// offset is where the i-th element of an array begins.
func offset(i int, shape, strides []int) int {
	at := 0
	for axis, n := range slices.Backward(shape) {
		at += i % n * strides[axis]
		i /= n
	}
	return at
}
