package gpu

import "time"

// A Meter adds up what a card took for one job: a sample when it starts, more
// while it runs where the card does not count its own energy, one when it ends.
// The zero Meter is ready to use.
type Meter struct {
	first, last Sample
	samples     int
	millijoules float64 // by power, which each sample holds until the next
	powered     bool    // every sample said the power
}

// Spent is what a job took of a card. The energy is all of the card's, whoever else
// was on it.
type Spent struct {
	Wall   time.Duration
	Joules float64 // -1 if the card does not say
	ECC    int64   // uncorrected memory errors meanwhile; -1 if the card does not say
}

// Add takes the next sample of the card.
func (m *Meter) Add(s Sample) {
	if m.samples == 0 {
		m.first, m.last, m.samples, m.powered = s, s, 1, s.Power >= 0
		return
	}
	// Between two samples the power is taken to change evenly.
	m.powered = m.powered && s.Power >= 0
	m.millijoules += s.At.Sub(m.last.At).Seconds() * float64(m.last.Power+s.Power) / 2
	m.last, m.samples = s, m.samples+1
}

// Spent says what was taken from the first sample to the last: by the card's own
// count or, where that is missing or began anew, by its power.
func (m *Meter) Spent() Spent {
	if m.samples < 2 {
		return Spent{Joules: -1, ECC: -1}
	}
	out := Spent{Wall: m.last.At.Sub(m.first.At), Joules: -1, ECC: -1}
	switch {
	case m.first.Energy >= 0 && m.last.Energy >= m.first.Energy:
		out.Joules = float64(m.last.Energy-m.first.Energy) / 1000
	case m.powered:
		out.Joules = m.millijoules / 1000
	}
	if m.first.ECC >= 0 && m.last.ECC >= m.first.ECC {
		out.ECC = m.last.ECC - m.first.ECC
	}
	return out
}
