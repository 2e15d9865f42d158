// Package picture turns files into what a program computes on, as the input
// text of a dataset's schema or a model's card says: those who pack data and
// those who ask a model do it with the same code. It is on its own because not
// every app pays for image decoders.
package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"

	"golang.org/x/image/draw"
)

// An Input says how a raw input becomes a record. Its text stands in a
// [abi.Schema] and on a model's card, so that whoever asks a model treats an
// image as those who packed its data did:
//
//	gray8x8/16       width 8, height 8, one channel, elements 0 to 16
//	rgb32x32/255     three channels, channel after channel
//	rgb32x32/255+fit the whole image between bars of black, not its middle
//	values30         30 numbers as they are
type Input struct {
	Channels, Width, Height int  // of an image; zero for values
	Scale                   int  // what white is: elements read as v/Scale
	Fit                     bool // bars instead of cropping
	Values                  int  // numbers of a record that is no image
}

// MaxSide is the most pixels an Input may ask for along a side; the rest bounds
// what else it may ask for.
const (
	MaxSide   = 4096
	maxScale  = 255
	maxValues = 9_999_999
)

// Parse is the inverse of [Input.String]. It accepts nothing else: Invalid.
func Parse(s string) (Input, error) {
	in := Input{Channels: 1}
	rest, ok := strings.CutPrefix(s, "values")
	numbers := []struct {
		text string
		into *int
		most int
	}{{rest, &in.Values, maxValues}}
	if ok {
		in.Channels = 0
	} else {
		if rest, ok = strings.CutPrefix(s, "gray"); !ok {
			rest, ok = strings.CutPrefix(s, "rgb")
			in.Channels = 3
		}
		rest, in.Fit = strings.CutSuffix(rest, "+fit")
		size, scale, _ := strings.Cut(rest, "/")
		w, h, _ := strings.Cut(size, "x")
		numbers[0].text, numbers[0].into, numbers[0].most = w, &in.Width, MaxSide
		numbers = append(numbers, numbers[0], numbers[0])
		numbers[1].text, numbers[1].into = h, &in.Height
		numbers[2].text, numbers[2].into, numbers[2].most = scale, &in.Scale, maxScale
	}
	for _, n := range numbers {
		v, err := strconv.Atoi(n.text)
		if err != nil || v < 1 || v > n.most || strconv.Itoa(v) != n.text {
			ok = false
		}
		*n.into = v
	}
	if !ok {
		return Input{}, fmt.Errorf("input %q is not of the form gray8x8/16, rgb32x32/255 or values30, with sides up to %d and a scale up to %d: %w", s, MaxSide, maxScale, abi.Invalid)
	}
	return in, nil
}

func (in Input) String() string {
	if in.Values > 0 {
		return fmt.Sprintf("values%d", in.Values)
	}
	name, fit := "gray", ""
	if in.Channels == 3 {
		name = "rgb"
	}
	if in.Fit {
		fit = "+fit"
	}
	return fmt.Sprintf("%s%dx%d/%d%s", name, in.Width, in.Height, in.Scale, fit)
}

// Shape is the shape of one record: channel, row, column, or the number of
// values.
func (in Input) Shape() []int64 {
	if in.Values > 0 {
		return []int64{int64(in.Values)}
	}
	return []int64{int64(in.Channels), int64(in.Height), int64(in.Width)}
}

// Elements is the number of elements of one record.
func (in Input) Elements() int {
	if in.Values > 0 {
		return in.Values
	}
	return in.Channels * in.Height * in.Width
}

// MaxPixels bounds a decoded image unless a caller says otherwise.
const MaxPixels = 50_000_000

// Record returns a file as what a program computes on, Elements numbers: those
// of an image, JPEG or PNG, from 0 to 1 and channel after channel; where the
// Input is of values, the numbers in a text. Errors: Invalid for a file that is
// no such thing, and for an image over [MaxPixels].
func (in Input) Record(file []byte) ([]float32, error) {
	if in.Values > 0 {
		return in.numbers(string(file))
	}
	b, err := in.Pixels(file, MaxPixels)
	if err != nil {
		return nil, err
	}
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v) / float32(in.Scale)
	}
	return x, nil
}

// numbers reads numbers between commas or white space.
func (in Input) numbers(s string) ([]float32, error) {
	fields := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
	if len(fields) != in.Values {
		return nil, fmt.Errorf("%d numbers, want %d: %w", len(fields), in.Values, abi.Invalid)
	}
	x := make([]float32, len(fields))
	for i, f := range fields {
		v, err := strconv.ParseFloat(f, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is no number: %w", f, abi.Invalid)
		}
		x[i] = float32(v)
	}
	return x, nil
}

// Pixels returns an image file as Elements steps from 0 to Scale. An image of
// more than most pixels is Invalid before it is decoded.
func (in Input) Pixels(file []byte, most int64) ([]byte, error) {
	if in.Channels == 0 {
		return nil, fmt.Errorf("input %v is not of images: %w", in, abi.Invalid)
	}
	img, turn, err := decode(file, most)
	if err != nil {
		return nil, err
	}
	return in.sample(img, turn), nil
}

// sample crops or fits img, turned upright, and reads its elements.
func (in Input) sample(img image.Image, turn orientation) []byte {
	w, h := in.Width, in.Height
	if turn.sideways() {
		w, h = h, w // sample lying, read upright
	}
	src, dst := img.Bounds(), image.Rect(0, 0, w, h)
	small := image.NewRGBA(dst)
	draw.Draw(small, dst, image.Black, image.Point{}, draw.Src) // the bars, where there are any
	if in.Fit {
		dst = fit(w, h, src)
	} else {
		src = crop(src, w, h)
	}
	draw.Draw(small, dst, image.White, image.Point{}, draw.Src) // behind what is transparent
	draw.CatmullRom.Scale(small, dst, img, src, draw.Over, nil)

	plane := in.Width * in.Height
	out := make([]byte, in.Channels*plane)
	for y := range in.Height {
		for x := range in.Width {
			c := small.RGBAAt(turn.from(x, y, in.Width, in.Height))
			at := y*in.Width + x
			if in.Channels == 1 {
				out[at] = in.level(color.GrayModel.Convert(c).(color.Gray).Y)
				continue
			}
			out[at], out[plane+at], out[2*plane+at] = in.level(c.R), in.level(c.G), in.level(c.B)
		}
	}
	return out
}

// level maps 0 to 255 onto 0 to Scale.
func (in Input) level(v byte) byte { return byte((int(v)*in.Scale + 127) / 255) }

// crop is the largest middle part of r with the proportions of w and h.
func crop(r image.Rectangle, w, h int) image.Rectangle {
	cw, ch := r.Dx(), r.Dx()*h/w
	if ch > r.Dy() || ch == 0 {
		cw, ch = r.Dy()*w/h, r.Dy()
	}
	cw, ch = max(1, min(cw, r.Dx())), max(1, ch)
	at := image.Pt(r.Min.X+(r.Dx()-cw)/2, r.Min.Y+(r.Dy()-ch)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(cw, ch))}
}

// fit is the largest middle part of w×h with the proportions of r.
func fit(w, h int, r image.Rectangle) image.Rectangle {
	scale := math.Min(float64(w)/float64(r.Dx()), float64(h)/float64(r.Dy()))
	fw, fh := max(1, int(float64(r.Dx())*scale+.5)), max(1, int(float64(r.Dy())*scale+.5))
	at := image.Pt((w-fw)/2, (h-fh)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(fw, fh))}
}
