package guest_test

import (
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi/guest"
)

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		name string
		s    guest.Schedule
		want map[int]float64
	}{
		{"constant", guest.Constant(0.5), map[int]float64{0: 0.5, 1000: 0.5}},
		{"cosine", guest.Cosine(2, 100), map[int]float64{0: 2, 50: 1, 25: 1 + math.Sqrt2/2, 100: 0, 200: 0}},
		{"stepped", guest.Stepped(1, 0.1, 10), map[int]float64{0: 1, 9: 1, 10: 0.1, 29: 0.01}},
		{"warm-up", guest.Constant(1).After(4), map[int]float64{0: 0.2, 1: 0.4, 3: 0.8, 4: 1, 5: 1}},
		{"warm-up before a cosine", guest.Cosine(1, 20).After(10), map[int]float64{9: 10.0 / 11, 10: 1, 15: 0.5, 20: 0}},
	} {
		for step, want := range c.want {
			if got := float64(c.s.At(step)); math.Abs(got-want) > 1e-6 {
				t.Errorf("%s at step %d: %v, want %v", c.name, step, got, want)
			}
		}
	}
}
