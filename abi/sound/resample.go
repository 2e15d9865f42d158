package sound

import (
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// The low-pass filter that goes with a change of rate: a sinc of so many zero
// crossings to each side under a Hann window, cut off a little below half the
// lower rate. (J. O. Smith, "Digital Audio Resampling", with the figures of
// torchaudio's resample.)
const (
	crossings = 6
	rollOff   = 0.99
)

// maxPhases bounds the kernels that are kept: one for each place between two
// samples where a new one may fall.
const maxPhases = 4096

// Resample returns s at another rate, ⌈n·rate/s.Rate⌉ samples; beyond its ends
// is silence. Errors: Invalid for a rate out of range, and for a result of more
// than [MaxSamples].
func (s Sound) Resample(rate int) (Sound, error) {
	if rate < 1 || rate > MaxRate || s.Rate < 1 || s.Rate > MaxRate {
		return refuse("from %d to %d Hz, rates are 1 to %d", s.Rate, rate, MaxRate)
	}
	if rate == s.Rate {
		return s, nil
	}
	d := gcd(rate, s.Rate)
	from, to := int64(s.Rate/d), int64(rate/d)
	n := (int64(len(s.Samples))*to + from - 1) / from
	if n > MaxSamples {
		return Sound{}, fmt.Errorf("sound: %d samples at %d Hz, at most %d: %w", n, rate, MaxSamples, abi.Invalid)
	}
	out := Sound{rate, make([]float32, n)}
	r := resampler{scale: rollOff * min(1, float64(to)/float64(from))}
	r.reach = int64(math.Ceil(crossings / r.scale))
	kept := map[int64][]float64{}
	for j := range n {
		at, phase := j*from/to, j*from%to // sample j lies phase/to behind sample at
		k, ok := kept[phase]
		if !ok {
			k = r.kernel(float64(phase) / float64(to))
			if len(kept) < maxPhases {
				kept[phase] = k
			}
		}
		sum := 0.0
		first := at - r.reach
		for i := max(first, 0); i <= min(at+r.reach, int64(len(s.Samples))-1); i++ {
			sum += float64(k[i-first] * float64(s.Samples[i]))
		}
		out.Samples[j] = float32(sum)
	}
	return out, nil
}

// A resampler makes kernels. scale is where the filter cuts, over half the
// first rate; reach is how many samples a kernel has to each side.
type resampler struct {
	scale float64
	reach int64
}

// kernel weighs the samples around a place that lies behind sample zero by a
// part of one.
func (r resampler) kernel(behind float64) []float64 {
	k := make([]float64, 2*r.reach+1)
	for i := range k {
		t := (float64(int64(i)-r.reach) - behind) * r.scale
		if math.Abs(t) >= crossings {
			continue
		}
		window := math.Cos(t * math.Pi / crossings / 2)
		k[i] = r.scale * sinc(t) * window * window
	}
	return k
}

func sinc(t float64) float64 {
	if t == 0 {
		return 1
	}
	return math.Sin(math.Pi*t) / (math.Pi * t)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
