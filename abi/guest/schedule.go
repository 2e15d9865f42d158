package guest

import "math"

// A Schedule says how the learning rate goes over the steps of a training: it
// rises along a line for the first steps, and then stays, falls in steps or
// falls along half a cosine (Loshchilov and Hutter, arXiv 1608.03983, without
// restarts).
type Schedule struct {
	Rate   float64 // the highest
	WarmUp int     // steps of the rise; zero: none
	Total  int     // steps of the whole training, for the cosine; zero: no cosine
	Every  int     // steps between falls; zero: none
	Factor float64 // of one fall
}

// Constant stays at rate.
func Constant(rate float64) Schedule { return Schedule{Rate: rate} }

// Cosine falls from rate to zero over total steps.
func Cosine(rate float64, total int) Schedule { return Schedule{Rate: rate, Total: total} }

// Stepped falls by factor every so many steps.
func Stepped(rate, factor float64, every int) Schedule {
	return Schedule{Rate: rate, Every: every, Factor: factor}
}

// After returns s with a rise over the first n steps before it.
func (s Schedule) After(n int) Schedule {
	s.WarmUp = n
	return s
}

// At returns the learning rate of a step, counted from zero.
func (s Schedule) At(step int) float32 {
	if step < s.WarmUp {
		return float32(s.Rate * float64(step+1) / float64(s.WarmUp+1))
	}
	step -= s.WarmUp
	rate := s.Rate
	if s.Every > 0 {
		rate *= math.Pow(s.Factor, float64(step/s.Every))
	}
	if left := s.Total - s.WarmUp; s.Total > 0 && left > 0 {
		rate *= (1 + math.Cos(math.Pi*min(1, float64(step)/float64(left)))) / 2
	}
	return float32(rate)
}
