package kernel

import (
	"math"
	"testing"
)

// onEveryPath runs f on each path of this processor and compares what it returns
// with the portable path, bit for bit but for what a NaN looks like.
func onEveryPath(t interface {
	Helper()
	Fatalf(string, ...any)
}, f func() []float32) []float32 {
	t.Helper()
	var want []float32
	for _, p := range Paths() {
		restore := Use(p)
		got := f()
		restore()
		if want == nil {
			want = got
			continue
		}
		for i, w := range want {
			if math.Float32bits(got[i]) != math.Float32bits(w) && !(w != w && got[i] != got[i]) {
				t.Fatalf("%v: element %d is %x, want %x", p, i, got[i], w)
			}
		}
	}
	return want
}

func noise(seed uint32, n int) []float32 {
	x := make([]float32, n)
	s := seed*2654435761 | 1
	for i := range x {
		s ^= s << 13
		s ^= s >> 17
		s ^= s << 5
		x[i] = float32(int32(s)) / (1 << 29)
	}
	return x
}

func TestUseIsUndone(t *testing.T) {
	was := Active()
	restore := Use(Portable)
	if Active() != Portable {
		t.Error("Use changed nothing")
	}
	restore()
	if Active() != was {
		t.Error("restore changed nothing")
	}
}
