// Package sound reads WAV files and changes their rate: the same code for who
// packs data and who asks a model.
package sound

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// A Sound is one channel of samples, from -1 to 1 unless the file says more.
type Sound struct {
	Rate    int // samples a second
	Samples []float32
}

// Bounds on a file.
const (
	MaxSamples  = 1 << 24 // of one channel: 17 minutes at 16 kHz
	MaxRate     = 768_000
	maxChannels = 64
)

// Formats of samples, and the one that says "look further down".
const (
	pcm        = 1
	ieeeFloat  = 3
	extensible = 0xfffe
)

// format is the chunk "fmt ".
type format struct {
	kind, channels, bits uint16
	rate                 uint32
}

// Decode reads a WAV file of whole numbers of 8, 16, 24 or 32 bits or of floats
// of 32 or 64, and mixes its channels to their mean. Errors: Invalid for a file
// that is none of these, is damaged, or is longer than [MaxSamples].
func Decode(b []byte) (Sound, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return refuse("not a WAV file, it begins with %q", b[:min(12, len(b))])
	}
	var f format
	for rest := b[12:]; ; {
		if len(rest) < 8 {
			return refuse("no samples: the file ends before its data")
		}
		id, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if id == "data" {
			if f == (format{}) {
				return refuse("samples before their format")
			}
			// A recorder that was cut off leaves a size of zero or of all ones.
			if size == 0 || size > uint64(len(rest)) {
				size = uint64(len(rest))
			}
			return f.samples(rest[:size])
		}
		if size > uint64(len(rest)) {
			return refuse("chunk %q of %d bytes, %d are left", id, size, len(rest))
		}
		if id == "fmt " {
			var err error
			if f, err = parseFormat(rest[:size]); err != nil {
				return Sound{}, err
			}
		}
		rest = rest[min(size+size%2, uint64(len(rest))):] // chunks begin at even offsets
	}
}

func refuse(format string, args ...any) (Sound, error) {
	return Sound{}, fmt.Errorf("sound: "+format+": %w", append(args, abi.Invalid)...)
}

func parseFormat(b []byte) (format, error) {
	le := binary.LittleEndian
	if len(b) < 16 {
		return format{}, fmt.Errorf("sound: a format of %d bytes: %w", len(b), abi.Invalid)
	}
	f := format{kind: le.Uint16(b), channels: le.Uint16(b[2:]), rate: le.Uint32(b[4:]), bits: le.Uint16(b[14:])}
	if f.kind == extensible && len(b) >= 26 {
		f.kind = le.Uint16(b[24:]) // the first bytes of a GUID say the same numbers
	}
	switch {
	case f.kind == pcm && (f.bits == 8 || f.bits == 16 || f.bits == 24 || f.bits == 32):
	case f.kind == ieeeFloat && (f.bits == 32 || f.bits == 64):
	default:
		return f, fmt.Errorf("sound: samples of format %d with %d bits; known are whole numbers of 8, 16, 24 and 32 bits and floats of 32 and 64: %w", f.kind, f.bits, abi.Invalid)
	}
	if f.channels < 1 || f.channels > maxChannels || f.rate < 1 || f.rate > MaxRate {
		return f, fmt.Errorf("sound: %d channels at %d Hz, at most %d at %d: %w", f.channels, f.rate, maxChannels, MaxRate, abi.Invalid)
	}
	return f, nil
}

// samples mixes the channels; what is left of a frame at the end is dropped.
func (f format) samples(b []byte) (Sound, error) {
	size := int(f.bits / 8)
	frame := size * int(f.channels)
	n := len(b) / frame
	if n == 0 || n > MaxSamples {
		return refuse("%d samples, want 1 to %d", n, MaxSamples)
	}
	s := Sound{Rate: int(f.rate), Samples: make([]float32, n)}
	for i := range s.Samples {
		sum := 0.0
		for c := range int(f.channels) {
			sum += f.sample(b[i*frame+c*size:])
		}
		v := float32(sum / float64(f.channels))
		if v-v != 0 {
			return refuse("sample %d is %v", i, v)
		}
		s.Samples[i] = v
	}
	return s, nil
}

// sample reads one sample; the lowest whole number is -1.
func (f format) sample(b []byte) float64 {
	le := binary.LittleEndian
	switch {
	case f.kind == ieeeFloat && f.bits == 32:
		return float64(math.Float32frombits(le.Uint32(b)))
	case f.kind == ieeeFloat:
		return math.Float64frombits(le.Uint64(b))
	case f.bits == 8: // the only one without a sign
		return float64(int(b[0])-128) / (1 << 7)
	case f.bits == 16:
		return float64(int16(le.Uint16(b))) / (1 << 15)
	case f.bits == 24:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)>>8) / (1 << 23)
	}
	return float64(int32(le.Uint32(b))) / (1 << 31)
}
