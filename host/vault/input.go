package vault

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"regexp"
	"strconv"

	"github.com/cloister-ai/cloister/abi"

	"golang.org/x/image/draw"
)

// An Input says how a raw input becomes a record. Its text stands in a
// [abi.Schema] and a [Card], so that whoever asks a model treats an image as
// those who packed its data did:
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

const maxSide = 4096

var inputText = regexp.MustCompile(`^(?:(gray|rgb)([1-9][0-9]{0,3})x([1-9][0-9]{0,3})/([1-9][0-9]{0,2})(\+fit)?|values([1-9][0-9]{0,6}))$`)

// ParseInput is the inverse of [Input.String]. It accepts nothing else.
func ParseInput(s string) (Input, error) {
	m := inputText.FindStringSubmatch(s)
	if m == nil {
		return Input{}, fmt.Errorf("vault: input %q is not of the form gray8x8/16, rgb32x32/255 or values30: %w", s, abi.Invalid)
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n } // digits only, by the pattern
	if m[6] != "" {
		return Input{Values: number(m[6])}, nil
	}
	in := Input{Channels: 1, Width: number(m[2]), Height: number(m[3]), Scale: number(m[4]), Fit: m[5] != ""}
	if m[1] == "rgb" {
		in.Channels = 3
	}
	if in.Scale > 255 || in.Width > maxSide || in.Height > maxSide {
		return Input{}, fmt.Errorf("vault: input %q: sides go up to %d and the scale to 255: %w", s, maxSide, abi.Invalid)
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

// Record returns an image file, JPEG or PNG, as what a program computes on:
// Elements numbers from 0 to 1. Errors: Invalid for bytes that are no such
// file, an image over 50 million pixels, and an Input that is not of images.
func (in Input) Record(file []byte) ([]float32, error) {
	b, err := in.pixels(file, maxPixels)
	if err != nil {
		return nil, err
	}
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v) / float32(in.Scale)
	}
	return x, nil
}

// pixels returns an image file as stored elements.
func (in Input) pixels(file []byte, most int64) ([]byte, error) {
	if in.Channels == 0 {
		return nil, fmt.Errorf("vault: input %v is not of images: %w", in, abi.Invalid)
	}
	img, turn, err := decodeImage(file, most)
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
	return image.Rectangle{at, at.Add(image.Pt(cw, ch))}
}

// fit is the largest middle part of w×h with the proportions of r.
func fit(w, h int, r image.Rectangle) image.Rectangle {
	scale := math.Min(float64(w)/float64(r.Dx()), float64(h)/float64(r.Dy()))
	fw, fh := max(1, int(float64(r.Dx())*scale+.5)), max(1, int(float64(r.Dy())*scale+.5))
	at := image.Pt((w-fw)/2, (h-fh)/2)
	return image.Rectangle{at, at.Add(image.Pt(fw, fh))}
}
