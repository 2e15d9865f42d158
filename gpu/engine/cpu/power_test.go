package cpu

import (
	"math"
	"testing"
)

func TestARootIsAPowerForEveryNumber(t *testing.T) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1, 2, 1e30, -1, -1e30, -math.MaxFloat32, math.Inf(1), math.Inf(-1), math.NaN()} {
		got, want := float64(sqrtOf(float32(x))), float64(float32(math.Pow(float64(float32(x)), 0.5)))
		if math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
			t.Errorf("the root of %v is %v, want %v", x, got, want)
		}
	}
}
