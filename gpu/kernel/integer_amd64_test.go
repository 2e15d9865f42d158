package kernel

import (
	"slices"
	"testing"
)

// TestIntegersWithoutVNNIAgree: a processor that has VNNI would not take them.
func TestIntegersWithoutVNNIAgree(t *testing.T) {
	a, b := make([]int16, 4*64), make([]int16, 4*64)
	for i := range a {
		a[i], b[i] = int16(i*7%511-255), int16(i*13%511-255)
	}
	var want, got [16]int32
	portableIntegers(4, 4, 64, a, b, &want)
	if slices.Contains(Paths(), AVX512) {
		if integersAVX512(4<<4|4, 64, a, b, &got); got != want {
			t.Errorf("4 by 4 is %v, want %v", got, want)
		}
	}
}
