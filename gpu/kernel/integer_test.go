package kernel

import (
	"testing"

	"pgregory.net/rapid"
)

// TestProductsOfIntegersAreExact with zero points, in both layouts, at the ends of
// the types.
func TestProductsOfIntegersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(what string, low, high int) int { return rapid.IntRange(low, high).Draw(t, what) }
		m, cols, k := n("m", 1, 9), n("n", 1, 9), n("k", 0, 100)
		a := Ints[uint8]{RS: k, CS: 1, Zero: rapid.SliceOfN(rapid.Uint8(), m, m).Draw(t, "zeros")}
		b := Ints[int8]{RS: cols, CS: 1}
		if rapid.Bool().Draw(t, "turned") {
			b.RS, b.CS = 1, k
		}
		for i := range m * k {
			a.Data = append(a.Data, []uint8{0, 255, uint8(i * 37)}[i%3])
		}
		for i := range k * cols {
			b.Data = append(b.Data, []int8{-128, 127, int8(i * 91)}[i%3])
		}
		if rapid.Bool().Draw(t, "zero") {
			b.Zero = []int8{-128}
		}
		for _, p := range Paths() {
			restore := Use(p)
			c := make([]int32, m*cols)
			GemmInt8(m, cols, k, a, b, c, cols)
			restore()
			for i := range m {
				for j := range cols {
					want := int32(0)
					for q := range k {
						want += (int32(a.Data[i*a.RS+q*a.CS]) - int32(a.zero(i))) * (int32(b.Data[q*b.RS+j*b.CS]) - int32(b.zero(j)))
					}
					if got := c[i*cols+j]; got != want {
						t.Fatalf("%v: element %d, %d is %d, want %d", p, i, j, got, want)
					}
				}
			}
		}
	})
}
