package sound_test

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/sound"
)

// wav is a file of the given format; extra chunks come before the samples.
func wav(kind, channels uint16, rate uint32, bits uint16, data []byte, extra ...byte) []byte {
	le := binary.LittleEndian
	f := le.AppendUint16(nil, kind)
	f = le.AppendUint16(f, channels)
	f = le.AppendUint32(f, rate)
	f = le.AppendUint32(f, rate*uint32(channels)*uint32(bits)/8)
	f = le.AppendUint16(f, channels*bits/8)
	f = le.AppendUint16(f, bits)
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), 16, 0, 0, 0)
	b = append(append(b, f...), extra...)
	b = append(b, "data"...)
	return append(le.AppendUint32(b, uint32(len(data))), data...)
}

func TestEveryFormatIsRead(t *testing.T) {
	le := binary.LittleEndian
	f32 := func(f ...float32) (b []byte) {
		for _, v := range f {
			b = le.AppendUint32(b, math.Float32bits(v))
		}
		return b
	}
	for name, c := range map[string]struct {
		file []byte
		want []float32
	}{
		"8":       {wav(1, 1, 8000, 8, []byte{0, 128, 192}), []float32{-1, 0, 0.5}},
		"16":      {wav(1, 1, 8000, 16, []byte{0, 0x80, 0, 0, 0, 0x40}), []float32{-1, 0, 0.5}},
		"24":      {wav(1, 1, 8000, 24, []byte{0, 0, 0x80, 0, 0, 0, 0, 0, 0x40}), []float32{-1, 0, 0.5}},
		"32":      {wav(1, 1, 8000, 32, []byte{0, 0, 0, 0x80, 0, 0, 0, 0x40}), []float32{-1, 0.5}},
		"float":   {wav(3, 1, 8000, 32, f32(-1.5, 0.25)), []float32{-1.5, 0.25}},
		"double":  {wav(3, 1, 8000, 64, le.AppendUint64(nil, math.Float64bits(0.125))), []float32{0.125}},
		"stereo":  {wav(3, 2, 8000, 32, f32(1, 0, -1, 0.5)), []float32{0.5, -0.25}},
		"chunks":  {wav(1, 1, 8000, 8, []byte{192}, 'L', 'I', 'S', 'T', 3, 0, 0, 0, 1, 2, 3, 0), []float32{0.5}},
		"partial": {wav(1, 1, 8000, 16, []byte{0, 0x40, 7}), []float32{0.5}},
	} {
		s, err := sound.Decode(c.file)
		if err != nil || s.Rate != 8000 || !slices.Equal(s.Samples, c.want) {
			t.Errorf("%s: %v at %d Hz, %v; want %v", name, s.Samples, s.Rate, err, c.want)
		}
	}
	ext := wav(1, 1, 8000, 16, []byte{0, 0x40})
	long := append([]byte{}, ext[:16]...)
	long = append(long, 40, 0, 0, 0)
	long = append(long, ext[20:36]...)
	long = append(long, 22, 0, 16, 0, 4, 0, 0, 0, 1, 0)
	long = append(long, make([]byte, 14)...)
	long = append(long, ext[36:]...)
	le.PutUint16(long[20:], 0xfffe)
	if s, err := sound.Decode(long); err != nil || s.Samples[0] != 0.5 {
		t.Errorf("extensible: %v, %v", s, err)
	}
	streamed := wav(1, 1, 8000, 8, []byte{192, 64})
	le.PutUint32(streamed[40:], math.MaxUint32)
	if s, err := sound.Decode(streamed); err != nil || len(s.Samples) != 2 {
		t.Errorf("a size of all ones: %v, %v", s, err)
	}
}

func TestWhatIsNoSoundIsRefused(t *testing.T) {
	for name, file := range map[string][]byte{
		"nothing": nil, "text": []byte("not a sound at all"), "no data": wav(1, 1, 8000, 8, nil)[:36],
		"empty": wav(1, 1, 8000, 8, nil), "12 bits": wav(1, 1, 8000, 12, make([]byte, 9)), "mu-law": wav(7, 1, 8000, 8, []byte{1}),
		"no channels": wav(1, 0, 8000, 8, []byte{1}), "no rate": wav(1, 1, 0, 8, []byte{1}), "NaN": wav(3, 1, 8000, 32, []byte{0, 0, 0xc0, 0x7f}),
		"data first": append([]byte("RIFF\x00\x00\x00\x00WAVEdata\x01\x00\x00\x00"), 1),
		"short fmt":  []byte("RIFF\x00\x00\x00\x00WAVEfmt \x02\x00\x00\x00\x01\x00"),
		"cut chunk":  []byte("RIFF\x00\x00\x00\x00WAVELIST\xff\x00\x00\x00\x01\x00"),
	} {
		if s, err := sound.Decode(file); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v, %v; want %v", name, s, err, abi.Invalid)
		}
	}
}

// A tone below half the lower rate stays the same tone, one above it vanishes.
func TestResamplingKeepsTonesAndNoOthers(t *testing.T) {
	tone := func(hz float64, rate, n int) sound.Sound {
		s := sound.Sound{Rate: rate, Samples: make([]float32, n)}
		for i := range s.Samples {
			s.Samples[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)))
		}
		return s
	}
	for _, c := range []struct {
		from, to int
		hz, want float64
	}{{44100, 16000, 1000, 1}, {8000, 16000, 1000, 1}, {48000, 16000, 440, 1}, {16000, 8000, 5500, 0}, {44100, 16000, 12000, 0}, {44101, 15999, 1000, 1}} {
		got, err := tone(c.hz, c.from, c.from/4).Resample(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if want := (c.from/4*c.to + c.from - 1) / c.from; len(got.Samples) != want || got.Rate != c.to {
			t.Errorf("%d to %d Hz: %d samples at %d, want %d", c.from, c.to, len(got.Samples), got.Rate, want)
		}
		want := tone(c.hz, c.to, len(got.Samples))
		worst := 0.0
		for i := 100; i < len(got.Samples)-100; i++ { // past the ends, where silence begins
			worst = max(worst, math.Abs(float64(got.Samples[i])-c.want*float64(want.Samples[i])))
		}
		if worst > 0.02 {
			t.Errorf("%v Hz from %d to %d: off by %.3f", c.hz, c.from, c.to, worst)
		}
	}
	if _, err := tone(1, 8000, 8).Resample(0); !errors.Is(err, abi.Invalid) {
		t.Errorf("to no rate: %v", err)
	}
	if _, err := tone(1, 1, 100).Resample(sound.MaxRate); !errors.Is(err, abi.Invalid) {
		t.Errorf("to too many samples: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(wav(1, 2, 44100, 16, []byte{1, 2, 3, 4}))
	f.Add(wav(3, 1, 16000, 32, []byte{0, 0, 0x80, 0x3f}))
	f.Add(wav(0xfffe, 1, 16000, 24, []byte{0, 0, 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := sound.Decode(b)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v; want %v", err, abi.Invalid)
			}
			return
		}
		if len(s.Samples) == 0 || s.Rate < 1 {
			t.Errorf("%d samples at %d Hz", len(s.Samples), s.Rate)
		}
		if len(s.Samples) < 1000 && s.Rate >= 1000 {
			if _, err := s.Resample(16000); err != nil {
				t.Error(err)
			}
		}
	})
}
