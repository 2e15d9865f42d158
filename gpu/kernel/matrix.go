package kernel

// A Matrix is a view of elements that lie in strides: element (i, j) is
// Data[i*RS+j*CS].
type Matrix struct {
	Data   []float32
	RS, CS int
}

// Dense is a matrix of rows that lie one after the other, cols elements each, or
// its transpose where trans says that the transpose is what lies so. rows and
// cols are those of the result.
func Dense(data []float32, rows, cols int, trans bool) Matrix {
	if trans {
		return Matrix{data, 1, rows}
	}
	return Matrix{data, cols, 1}
}

// At is the view that starts at element (i, j).
func (m Matrix) At(i, j int) Matrix {
	m.Data = m.Data[i*m.RS+j*m.CS:]
	return m
}

// T is the transpose.
func (m Matrix) T() Matrix { return Matrix{m.Data, m.CS, m.RS} }
