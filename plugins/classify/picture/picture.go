// Package picture turns image files into what a model computes on, as the
// input text of its card says: exactly what was done to the images of the data
// it was trained on, so that a picture means the same to both.
package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"

	"golang.org/x/image/draw"
)

// maxPixels bounds an image before it is decoded.
const maxPixels = 50_000_000

// An Input says how a file becomes a record.
type Input struct {
	channels, width, height int
	scale                   int  // white
	fit                     bool // bars instead of cropping
	values                  int  // numbers of a record that is no image
}

// Parse reads "gray8x8/16", "rgb32x32/255", "rgb32x32/255+fit" (bars instead of
// cropping) or "values30".
func Parse(s string) (Input, error) {
	refused := fmt.Errorf("input %q is not of the form gray8x8/16, rgb32x32/255 or values30: %w", s, abi.Invalid)
	if v, ok := strings.CutPrefix(s, "values"); ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return Input{}, refused
		}
		return Input{values: n}, nil
	}
	in := Input{channels: 1}
	rest, ok := strings.CutPrefix(s, "gray")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "rgb"); !ok {
			return Input{}, refused
		}
		in.channels = 3
	}
	rest, in.fit = strings.CutSuffix(rest, "+fit")
	size, scale, _ := strings.Cut(rest, "/")
	w, h, _ := strings.Cut(size, "x")
	for _, n := range []struct {
		text string
		into *int
		most int
	}{{w, &in.width, 4096}, {h, &in.height, 4096}, {scale, &in.scale, 255}} {
		v, err := strconv.Atoi(n.text)
		if err != nil || v < 1 || v > n.most {
			return Input{}, refused
		}
		*n.into = v
	}
	return in, nil
}

// Record returns a JPEG or PNG as numbers from 0 to 1, channel after channel;
// where the model takes plain numbers it reads them from text. Errors: Invalid.
func (in Input) Record(file []byte) ([]float32, error) {
	if in.values > 0 {
		return in.numbers(string(file))
	}
	img, turn, err := decode(file)
	if err != nil {
		return nil, err
	}
	return in.sample(img, turn), nil
}

// numbers reads numbers between commas or spaces.
func (in Input) numbers(s string) ([]float32, error) {
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	if len(fields) != in.values {
		return nil, fmt.Errorf("%d numbers, the model takes %d: %w", len(fields), in.values, abi.Invalid)
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

// decode decodes a JPEG or PNG by what its first bytes say.
func decode(file []byte) (img image.Image, turn orientation, err error) {
	var config func() (image.Config, error)
	var whole func() (image.Image, error)
	turn = 1
	switch {
	case len(file) == 0:
		return nil, 0, fmt.Errorf("zero bytes are no image: %w", abi.Invalid)
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		config = func() (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(file)) }
		whole = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(file)) }
		turn = exifOrientation(file)
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		config = func() (image.Config, error) { return png.DecodeConfig(bytes.NewReader(file)) }
		whole = func() (image.Image, error) { return png.Decode(bytes.NewReader(file)) }
	default:
		return nil, 0, fmt.Errorf("not a JPEG or PNG, it begins with %q: %w", file[:min(8, len(file))], abi.Invalid)
	}
	c, err := config()
	if err == nil && (c.Width <= 0 || c.Height <= 0 || c.Width > maxPixels/c.Height) {
		return nil, 0, fmt.Errorf("image of %d x %d pixels, at most %d in all: %w", c.Width, c.Height, maxPixels, abi.Invalid)
	}
	if err == nil {
		img, err = whole()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("damaged image: %w: %w", abi.Invalid, err)
	}
	return img, turn, nil
}

// sample crops or fits img, turned upright, and reads its elements.
func (in Input) sample(img image.Image, turn orientation) []float32 {
	w, h := in.width, in.height
	if turn >= 5 {
		w, h = h, w // sample lying, read upright
	}
	src, dst := img.Bounds(), image.Rect(0, 0, w, h)
	small := image.NewRGBA(dst)
	draw.Draw(small, dst, image.Black, image.Point{}, draw.Src) // the bars, where there are any
	if in.fit {
		dst = fit(w, h, src)
	} else {
		src = crop(src, w, h)
	}
	draw.Draw(small, dst, image.White, image.Point{}, draw.Src) // behind what is transparent
	draw.CatmullRom.Scale(small, dst, img, src, draw.Over, nil)

	plane := in.width * in.height
	x := make([]float32, in.channels*plane)
	for row := range in.height {
		for col := range in.width {
			c := small.RGBAAt(turn.from(col, row, in.width, in.height))
			at := row*in.width + col
			if in.channels == 1 {
				x[at] = in.level(color.GrayModel.Convert(c).(color.Gray).Y)
				continue
			}
			x[at], x[plane+at], x[2*plane+at] = in.level(c.R), in.level(c.G), in.level(c.B)
		}
	}
	return x
}

// level maps 0 to 255 onto the steps the data was packed with, 0 to 1.
func (in Input) level(v byte) float32 {
	return float32((int(v)*in.scale+127)/255) / float32(in.scale)
}

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

// An orientation is EXIF's: how the camera was held. 1 is upright; 5 to 8 lie
// on their side; 2, 4, 5 and 7 are mirrored.
type orientation int

// from is the pixel of the image as stored that is seen at x, y of the upright
// image of w by h.
func (o orientation) from(x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, w - 1 - x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return h - 1 - y, x
	}
	return x, y
}

// exifOrientation finds the orientation tag of a JPEG, or says 1.
func exifOrientation(file []byte) orientation {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, n := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == 0xda || n < 2 || at+2+n > len(file) { // pixels begin, or nonsense
			break
		}
		if tiff, ok := bytes.CutPrefix(file[at+4:at+2+n], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(tiff)
		}
		at += 2 + n
	}
	return 1
}

func tiffOrientation(b []byte) orientation {
	const tag, short = 0x0112, 3
	var order binary.ByteOrder
	switch {
	case len(b) < 8:
		return 1
	case string(b[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(b[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	for i := range uint64(order.Uint16(b[at:])) {
		e := at + 2 + 12*i
		if e+12 > uint64(len(b)) {
			break
		}
		if order.Uint16(b[e:]) == tag && order.Uint16(b[e+2:]) == short {
			if v := order.Uint16(b[e+8:]); v >= 1 && v <= 8 {
				return orientation(v)
			}
		}
	}
	return 1
}
