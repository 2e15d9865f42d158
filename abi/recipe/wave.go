package recipe

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/sound"
)

func readWAV(b *bowl, _ step) error {
	s, err := sound.Decode(b.file)
	b.rate, b.x = s.Rate, s.Samples
	return err
}

func rate(b *bowl, s step) error {
	out, err := sound.Sound{Rate: b.rate, Samples: b.x}.Resample(int(s.numbers[0]))
	b.rate, b.x = out.Rate, out.Samples
	return err
}

// peak scales so that the loudest sample is as loud as the step says; silence
// stays silence.
func peak(b *bowl, s step) error {
	loudest := float32(0)
	for _, v := range b.x {
		loudest = max(loudest, v, -v)
	}
	if loudest == 0 {
		return nil
	}
	by := float32(s.numbers[0]) / loudest
	for i := range b.x {
		b.x[i] *= by
	}
	return nil
}

// fit cuts or pads: samples with silence, tokens with the one that the step
// names.
func fit(b *bowl, s step) error {
	n := int(s.numbers[0])
	pad := float32(0)
	switch {
	case b.rate == 0 && len(s.numbers) != 2:
		return fmt.Errorf("tokens are padded with one: want fit N,P: %w", abi.Invalid)
	case b.rate != 0 && len(s.numbers) != 1:
		return fmt.Errorf("sound is padded with silence: want fit N: %w", abi.Invalid)
	case len(s.numbers) == 2:
		pad = float32(s.numbers[1])
	}
	b.x = b.x[:min(n, len(b.x))]
	for len(b.x) < n {
		b.x = append(b.x, pad)
	}
	return nil
}

// window cuts the sound into windows of n samples, each behind the context
// before it; before the beginning and after the end is silence.
func window(b *bowl, s step) error {
	n, context := int(s.numbers[0]), int(s.numbers[1])
	if n < 1 || len(b.x) == 0 {
		return fmt.Errorf("windows of %d samples over %d: %w", n, len(b.x), abi.Invalid)
	}
	count := (len(b.x) + n - 1) / n
	if count > maxWindows || int64(count)*int64(n+context) > maxLong {
		return fmt.Errorf("%d windows of %d samples, at most %d of %d in all: %w", count, n+context, maxWindows, maxLong, abi.Invalid)
	}
	b.windows = make([][]float32, count)
	for i := range b.windows {
		w := make([]float32, context+n)
		for k := range w {
			if at := i*n - context + k; at >= 0 && at < len(b.x) {
				w[k] = b.x[at]
			}
		}
		b.windows[i] = w
	}
	return nil
}

// maxWindows bounds the runs of one record.
const maxWindows = 1 << 16
