package kernel

import "math"

// An Activation is what a product or convolution does to its results last.
type Activation uint8

// The activations. A NaN stays one.
const (
	Linear Activation = iota
	Clamp             // below Low gives Low, above High gives High
	Leaky             // with the sign bit set is multiplied by Low
)

// An Epilogue is what a product does on the way to and from memory. The zero value
// does nothing.
type Epilogue struct {
	RowBias  []float32 // one element a row, which its sums start from; or nil
	ColBias  []float32 // one element a column; or nil. At most one of both
	RowScale []float32 // one element a row, which its sums are multiplied by; or nil
	RowShift []float32 // and what is added to them, fused, where RowScale is there
	Residual []float32 // added to the sums; lies like the result; or nil
	Act      Activation
	Low      float32
	High     float32
}

func (e *Epilogue) finish(x float32) float32 {
	switch e.Act {
	case Clamp:
		if e.Low > x {
			x = e.Low
		}
		if e.High < x {
			x = e.High
		}
	case Leaky:
		if math.Signbit(float64(x)) {
			x *= e.Low
		}
	}
	return x
}
