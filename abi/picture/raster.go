package picture

import (
	"fmt"
	"image"
	"image/color"

	"github.com/cloister-ai/cloister/abi"
)

// A Raster is an image in memory: rows of pixels, each of Channels bytes, 3 for
// red, green and blue or 1 for grey.
type Raster struct {
	Width, Height, Channels int
	Pix                     []byte
}

// Decode returns a JPEG or PNG file as an upright image in colour; what is
// transparent stands before white. Errors: Invalid for a file that is neither
// or is damaged, and for an image of more than most pixels before it is decoded.
func Decode(file []byte, most int64) (Raster, error) {
	img, turn, err := decode(file, most)
	if err != nil {
		return Raster{}, err
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if turn.sideways() {
		w, h = h, w
	}
	r := Raster{w, h, 3, make([]byte, 3*w*h)}
	at := pixels(img)
	for y := range h {
		for x := range w {
			sx, sy := x, y
			if turn != 1 {
				sx, sy = turn.from(x, y, w, h)
			}
			i := 3 * (y*w + x)
			r.Pix[i], r.Pix[i+1], r.Pix[i+2] = at(b.Min.X+sx, b.Min.Y+sy)
		}
	}
	return r, nil
}

// pixels returns how to read the colour of one pixel of img. The common kinds
// of image are read without an interface value a pixel.
func pixels(img image.Image) func(x, y int) (r, g, b byte) {
	switch m := img.(type) {
	case *image.YCbCr:
		return func(x, y int) (byte, byte, byte) {
			i, j := m.YOffset(x, y), m.COffset(x, y)
			return color.YCbCrToRGB(m.Y[i], m.Cb[j], m.Cr[j])
		}
	case *image.Gray:
		return func(x, y int) (byte, byte, byte) {
			v := m.Pix[m.PixOffset(x, y)]
			return v, v, v
		}
	}
	return func(x, y int) (byte, byte, byte) {
		r, g, b, a := img.At(x, y).RGBA() // 16 bits each, alpha multiplied in
		white := 0xffff - a
		return byte((r + white) >> 8), byte((g + white) >> 8), byte((b + white) >> 8)
	}
}

// Resize scales r to w by h pixels as Pillow's bilinear filter does, byte for
// byte: a triangle as wide as the pixels of the smaller image, so nothing is
// left out when an image shrinks; columns first, rounded to bytes, then rows.
func (r Raster) Resize(w, h int) (Raster, error) {
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide {
		return Raster{}, fmt.Errorf("picture: resize to %d x %d pixels, sides are 1 to %d: %w", w, h, MaxSide, abi.Invalid)
	}
	if int64(w)*int64(r.Height) > MaxPixels { // the image between the two passes
		return Raster{}, fmt.Errorf("picture: resize %d x %d pixels to a width of %d: more than %d pixels: %w", r.Width, r.Height, w, MaxPixels, abi.Invalid)
	}
	if w != r.Width {
		wide := Raster{w, r.Height, r.Channels, make([]byte, w*r.Height*r.Channels)}
		filter(wide.Pix, r.Pix, taps(r.Width, w), r.Height, r.Width*r.Channels, w*r.Channels, r.Channels, r.Channels)
		r = wide
	}
	if h != r.Height {
		row := r.Width * r.Channels
		tall := Raster{r.Width, h, r.Channels, make([]byte, row*h)}
		filter(tall.Pix, r.Pix, taps(r.Height, h), 1, 0, 0, row, row)
		r = tall
	}
	return r, nil
}

// weightBits is the precision of a tap's weights: 22 bits below the point leave
// two above a byte in 32.
const weightBits = 22

// A tap is how one pixel is made of a run of those it covers.
type tap struct {
	first  int
	weight []int32
}

// taps returns a tap for each of out pixels over in of them.
func taps(in, out int) []tap {
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	all := make([]tap, out)
	weights := make([]float64, 0, int(2*wide)+2)
	for i := range all {
		centre := (float64(i) + 0.5) * scale
		first, last := max(int(centre-wide+0.5), 0), min(int(centre+wide+0.5), in)
		sum := 0.0
		weights = weights[:0]
		for p := first; p < last; p++ {
			w := max(0, 1-abs((float64(p)-centre+0.5)/wide))
			weights = append(weights, w)
			sum += w
		}
		all[i] = tap{first, make([]int32, len(weights))}
		for j, w := range weights {
			all[i].weight[j] = int32(w/sum*(1<<weightBits) + 0.5)
		}
	}
	return all
}

func abs(f float64) float64 {
	if f < 0 {
		return -f
	}
	return f
}

// filter applies taps along lines. Pixels of a line lie step bytes apart and
// consist of step bytes for columns; for rows a whole row is one pixel. There
// are lines lines, from and to bytes apart; n is the bytes of a pixel.
func filter(dst, src []byte, along []tap, lines, from, to, step, n int) {
	sums := make([]int32, n)
	for line := range lines {
		in, out := src[line*from:], dst[line*to:]
		for i, t := range along {
			for c := range sums {
				sums[c] = 1 << (weightBits - 1)
			}
			for j, w := range t.weight {
				px := in[(t.first+j)*step:][:n]
				for c, v := range px {
					sums[c] += w * int32(v)
				}
			}
			px := out[i*step:][:n]
			for c, s := range sums {
				px[c] = byte(min(max(s>>weightBits, 0), 255))
			}
		}
	}
}

// Shorter scales r so that its shorter side has n pixels and the other follows,
// rounded down.
func (r Raster) Shorter(n int) (Raster, error) {
	w, h := n, n
	if r.Width < r.Height {
		h = n * r.Height / r.Width
	} else {
		w = n * r.Width / r.Height
	}
	return r.Resize(w, h)
}

// Crop returns the middle w by h pixels of r. An odd border is one wider on the
// right and below, or left and above, as rounding to the even number says.
func (r Raster) Crop(w, h int) (Raster, error) {
	if w < 1 || h < 1 || w > r.Width || h > r.Height {
		return Raster{}, fmt.Errorf("picture: crop %d x %d of an image of %d x %d: %w", w, h, r.Width, r.Height, abi.Invalid)
	}
	left, top := half(r.Width-w), half(r.Height-h)
	out := Raster{w, h, r.Channels, make([]byte, 0, w*h*r.Channels)}
	for y := top; y < top+h; y++ {
		row := r.Pix[y*r.Width*r.Channels:]
		out.Pix = append(out.Pix, row[left*r.Channels:(left+w)*r.Channels]...)
	}
	return out, nil
}

// half is n/2, rounded to the even number.
func half(n int) int {
	return n/2 + n%2*(n/2%2)
}

// Grey returns the luma of r, ITU-R 601: the Y of YCbCr.
func (r Raster) Grey() Raster {
	if r.Channels == 1 {
		return r
	}
	g := Raster{r.Width, r.Height, 1, make([]byte, r.Width*r.Height)}
	for i := range g.Pix {
		p := r.Pix[3*i:]
		g.Pix[i] = byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	}
	return g
}

// Swap returns r with red and blue exchanged.
func (r Raster) Swap() Raster {
	if r.Channels != 3 {
		return r
	}
	s := Raster{r.Width, r.Height, 3, append([]byte(nil), r.Pix...)}
	for i := 0; i+2 < len(s.Pix); i += 3 {
		s.Pix[i], s.Pix[i+2] = s.Pix[i+2], s.Pix[i]
	}
	return s
}

// Invert returns r with light and dark exchanged.
func (r Raster) Invert() Raster {
	s := Raster{r.Width, r.Height, r.Channels, make([]byte, len(r.Pix))}
	for i, v := range r.Pix {
		s.Pix[i] = 255 - v
	}
	return s
}
