package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// spectrum is the transform along an axis of n numbers, the first bins of it.
func spectrum(axis, n, bins int, inverse bool) func([]array) array {
	return func(in []array) array {
		a := in[0]
		shape := slices.Clone(a.shape)
		shape[axis], shape[len(shape)-1] = int64(bins), 2
		return generate(a.dt, shape, func(at []int) float64 {
			sum, last := [2]float64{}, len(at)-1
			for i := range min(n, int(a.shape[axis])) {
				p := slices.Clone(at)
				p[axis], p[last] = i, 0
				re, im := a.at(p), 0.0
				if a.shape[last] == 2 {
					p[last] = 1
					im = a.at(p)
				}
				angle := -2 * math.Pi * float64(i) * float64(at[axis]) / float64(n)
				if inverse {
					angle = -angle
				}
				sum[0] += re*math.Cos(angle) - im*math.Sin(angle)
				sum[1] += re*math.Sin(angle) + im*math.Cos(angle)
			}
			if inverse {
				return sum[at[last]] / float64(n)
			}
			return sum[at[last]]
		})
	}
}

// framed cuts frames out of a signal and multiplies them with the window, then
// transforms them.
func framed(step, frame, bins int) func([]array) array {
	return func(in []array) array {
		a := in[0]
		if len(a.shape) == 2 {
			a.shape = append(slices.Clone(a.shape), 1)
		}
		count := (a.shape[1]-int64(frame))/int64(step) + 1
		rows := generate(a.dt, ints(a.shape[0], count, int64(frame), a.shape[2]), func(at []int) float64 {
			v := a.at([]int{at[0], at[1]*step + at[2], at[3]})
			if in[2].data != nil {
				v *= in[2].data[at[2]]
			}
			return v
		})
		return spectrum(2, frame, bins, false)([]array{rows})
	}
}

func signalCases() []opCase {
	number := func(v float64) operand { return fixed(abi.Int64, nil, v) }
	taper := func(f func(i float64) float64, n int) func([]array) array {
		return func([]array) array {
			return generate(abi.Float32, ints(int64(n)), func(at []int) float64 { return f(float64(at[0])) })
		}
	}
	return []opCase{
		{name: "DFT", in: []operand{x(1, 2, 8, 1)}, want: spectrum(1, 8, 8, false)},
		{name: "DFT/complex", in: []operand{x(1, 2, 5, 2)}, want: spectrum(1, 5, 5, false)},
		{name: "DFT/half", attrs: attrs("onesided", 1), in: []operand{x(1, 1, 6, 3, 1), left(), list(1)}, want: spectrum(1, 6, 4, false)},
		{name: "DFT/cut", in: []operand{x(1, 1, 6, 2), number(4)}, want: spectrum(1, 4, 4, false)},
		{name: "DFT/filled", in: []operand{x(1, 1, 6, 2), number(8)}, want: spectrum(1, 8, 8, false)},
		{name: "DFT/inverse", attrs: attrs("inverse", 1), in: []operand{x(1, 2, 6, 2)}, want: spectrum(1, 6, 6, true)},
		{name: "DFT/attribute", attrs: attrs("axis", 2, "inverse", 1), in: []operand{x(1, 2, 1, 4, 2)}, want: spectrum(2, 4, 4, true), opset: 17},
		{name: "DFT/one", in: []operand{x(1, 3, 1, 2)}, want: spectrum(1, 1, 1, false)},
		{name: "STFT", in: []operand{x(1, 2, 11, 1), number(3), x(3, 4)}, want: framed(3, 4, 3)},
		{name: "STFT/flat", attrs: attrs("onesided", 0), in: []operand{x(1, 1, 9), number(2), left(), number(5)}, want: framed(2, 5, 5)},
		{name: "HannWindow", in: []operand{number(7)}, want: taper(func(i float64) float64 { return math.Pow(math.Sin(math.Pi*i/7), 2) }, 7)},
		{name: "HannWindow/symmetric", attrs: attrs("periodic", 0), in: []operand{number(7)}, want: taper(func(i float64) float64 { return math.Pow(math.Sin(math.Pi*i/6), 2) }, 7)},
		{name: "HammingWindow", in: []operand{number(5)}, want: taper(func(i float64) float64 { return 25.0/46 - 21.0/46*math.Cos(2*math.Pi*i/5) }, 5)},
		{name: "BlackmanWindow", attrs: attrs("periodic", 0), in: []operand{number(5)}, want: taper(func(i float64) float64 { return 0.42 - 0.5*math.Cos(math.Pi*i/2) + 0.08*math.Cos(math.Pi*i) }, 5)},
		{name: "MelWeightMatrix", in: []operand{number(2), number(8), number(16), scalar(0), scalar(8)}, want: func([]array) array {
			// a quarter of the mels of 8 Hz apart: 0, 2.0, 4.0 and 6.0 Hz, bins 0 to 3
			return floats(ints(5, 2), 0, 0, 1, 0, 0, 1, 0, 0, 0, 0)
		}},
	}
}
