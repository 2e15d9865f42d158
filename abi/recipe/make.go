package recipe

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/picture"
)

// A bowl is what a recipe works on.
type bowl struct {
	file   []byte
	port   abi.Port
	raster picture.Raster
	x      []float32 // of an image: pixel after pixel
	shape  []int64   // of the elements, where the steps say it
	ready  []byte    // the elements, where they need no conversion

	rate    int         // of samples; zero: x is of something else
	windows [][]float32 // of a sound

	text       string
	vocabulary []string
	real       int // tokens of the text itself
}

// Make returns the little-endian elements of the input that port describes: one
// tensor, or one for each window of a sound. The file is not looked at where
// the recipe takes none. Errors: Invalid for a file that is not what the recipe
// reads, and where the result is not of the port's shape.
func (r Recipe) Make(file []byte, port abi.Port) ([][]byte, error) {
	n, err := abi.Elements(port.Shape)
	if err != nil {
		return nil, err
	}
	if n > maxLong {
		return nil, fmt.Errorf("input %q has %d elements, a recipe makes at most %d: %w", port.Name, n, maxLong, abi.Invalid)
	}
	if len(r.steps) == 0 {
		return nil, fmt.Errorf("input %q has no recipe: %w", port.Name, abi.Invalid)
	}
	switch first := r.steps[0]; first.word {
	case "carry":
		return [][]byte{make([]byte, n*port.DType.Size())}, nil
	case "value":
		b, err := encode(port, slices.Repeat([]float32{float32(first.numbers[0])}, int(n)))
		return [][]byte{b}, err
	}
	b := &bowl{file: file, port: port, vocabulary: r.vocabulary}
	for _, s := range r.steps {
		if err := verbs[s.word].do(b, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.word, err)
		}
	}
	if b.ready != nil {
		return [][]byte{b.ready}, nil
	}
	if b.windows == nil {
		b.windows = [][]float32{b.x}
	}
	if b.shape != nil && !sameShape(b.shape, port.Shape) {
		return nil, fmt.Errorf("the recipe makes %v, input %q takes %v: %w", b.shape, port.Name, port.Shape, abi.Invalid)
	}
	var out [][]byte
	for _, w := range b.windows {
		if int64(len(w)) != n {
			return nil, fmt.Errorf("the recipe makes %d numbers, input %q takes %d: %w", len(w), port.Name, n, abi.Invalid)
		}
		e, err := encode(port, w)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// sameShape compares dimensions, but for those of one.
func sameShape(a, b []int64) bool {
	one := func(d int64) bool { return d == 1 }
	return slices.Equal(slices.DeleteFunc(slices.Clone(a), one), slices.DeleteFunc(slices.Clone(b), one))
}

// encode returns x as elements of the port's type. A number that the type does
// not hold is Invalid, never cut.
func encode(port abi.Port, x []float32) ([]byte, error) {
	le := binary.LittleEndian
	b := make([]byte, 0, int64(len(x))*port.DType.Size())
	switch port.DType {
	case abi.Float32:
		for _, f := range x {
			b = le.AppendUint32(b, math.Float32bits(f))
		}
		return b, nil
	case abi.Float64:
		for _, f := range x {
			b = le.AppendUint64(b, math.Float64bits(float64(f)))
		}
		return b, nil
	}
	within, ok := wholes[port.DType]
	if !ok {
		return nil, fmt.Errorf("input %q is %v, which a recipe does not make: %w", port.Name, port.DType, abi.Invalid)
	}
	for i, f := range x {
		if v := float64(f); v != math.Trunc(v) || v < within[0] || v > within[1] {
			return nil, fmt.Errorf("element %d is %v, input %q is %v: %w", i, f, port.Name, port.DType, abi.Invalid)
		}
		switch port.DType.Size() {
		case 1:
			b = append(b, byte(int64(f)))
		case 4:
			b = le.AppendUint32(b, uint32(int64(f)))
		default:
			b = le.AppendUint64(b, uint64(int64(f)))
		}
	}
	return b, nil
}

// wholes are the types of whole numbers, and what they hold: of int64 no more
// than a float64 tells apart.
var wholes = map[abi.DType][2]float64{
	abi.Uint8: {0, math.MaxUint8}, abi.Int8: {math.MinInt8, math.MaxInt8}, abi.Int32: {math.MinInt32, math.MaxInt32},
	abi.Int64: {-1 << 53, 1 << 53}, abi.Bool: {0, 1},
}

// arithmetic is a step that applies op with one number, or with one for each
// channel.
func arithmetic(op func(x, n float32) float32) func(*bowl, step) error {
	return func(b *bowl, s step) error {
		b.numbers()
		k := len(s.numbers)
		if k > 1 && k != b.raster.Channels {
			return fmt.Errorf("%d numbers for %d channels: %w", k, max(b.raster.Channels, 1), abi.Invalid)
		}
		for i := range b.x {
			b.x[i] = op(b.x[i], float32(s.numbers[i%k]))
		}
		return nil
	}
}

// numbers makes numbers of pixels, once.
func (b *bowl) numbers() {
	if b.x != nil || b.raster.Pix == nil {
		return
	}
	b.x = make([]float32, len(b.raster.Pix))
	for i, v := range b.raster.Pix {
		b.x[i] = float32(v)
	}
}

// readRaw takes the elements as they are.
func readRaw(b *bowl, _ step) error {
	if IsNPY(b.file) {
		a, err := ParseNPY(b.file)
		if err != nil {
			return err
		}
		if a.DType != b.port.DType || !sameShape(a.Shape, b.port.Shape) {
			return fmt.Errorf("the file holds %v%v, input %q takes %v%v: %w", a.DType, a.Shape, b.port.Name, b.port.DType, b.port.Shape, abi.Invalid)
		}
		b.ready = a.Data
		return nil
	}
	n, err := abi.Elements(b.port.Shape)
	if err != nil {
		return err
	}
	if want := n * b.port.DType.Size(); int64(len(b.file)) != want {
		return fmt.Errorf("%d bytes, input %q of %v%v takes %d, or an .npy file: %w", len(b.file), b.port.Name, b.port.DType, b.port.Shape, want, abi.Invalid)
	}
	b.ready = b.file
	return nil
}
