package graph_test

import (
	"math"
	"testing"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// TestEveryHalfIsTheNearestOfWhatLiesAroundIt goes through all float16: each is its
// own nearest, what lies between two goes to the nearer, and the middle to the even.
func TestEveryHalfIsTheNearestOfWhatLiesAroundIt(t *testing.T) {
	for h := uint16(0); h <= 0x7c00; h++ {
		for _, sign := range []uint16{0, 1 << 15} {
			v := float64(graph.Half(h | sign))
			if got := graph.HalfBits(v); got != h|sign {
				t.Fatalf("HalfBits(%v) = %#x, want %#x", v, got, h|sign)
			}
		}
		if h == 0x7c00 {
			break
		}
		low, high := float64(graph.Half(h)), float64(graph.Half(h+1))
		if h+1 == 0x7c00 {
			high = 1 << 16
		}
		middle, even := (low+high)/2, h+h&1
		for _, c := range []struct {
			v    float64
			want uint16
		}{{math.Nextafter(middle, low), h}, {middle, even}, {math.Nextafter(middle, high), h + 1}} {
			if got := graph.HalfBits(c.v); got != c.want {
				t.Fatalf("HalfBits(%v) = %#x, want %#x", c.v, got, c.want)
			}
		}
	}
	for h := uint16(0x7c01); h <= 0x7fff; h++ {
		if v := graph.Half(h); v == v {
			t.Fatalf("Half(%#x) = %v, want NaN", h, v)
		}
	}
	if h := graph.HalfBits(math.NaN()); h&0x7c00 != 0x7c00 || h&0x3ff == 0 {
		t.Errorf("HalfBits(NaN) = %#x, which is no NaN", h)
	}
}
