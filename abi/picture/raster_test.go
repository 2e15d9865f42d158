package picture_test

import (
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/picture"
)

// pattern is an image whose pixels a formula says, so that another program can
// make the same.
func pattern(w, h int) picture.Raster {
	r := picture.Raster{Width: w, Height: h, Channels: 3}
	for y := range h {
		for x := range w {
			r.Pix = append(r.Pix, byte(x*7+y*13+x*y), byte(x*x+3*y), byte(x*31^y*17))
		}
	}
	return r
}

// TestResizingIsPillows holds every byte against Pillow 9.4:
// Image.fromarray(pattern).resize((w, h), Image.BILINEAR) and .convert("L").
func TestResizingIsPillows(t *testing.T) {
	for _, c := range []struct {
		w, h, toW, toH int
		resized, grey  uint32
	}{
		{64, 48, 23, 17, 3559903398, 554620521},
		{50, 37, 224, 111, 3074577340, 2983729814},
		{31, 97, 31, 40, 3500269380, 2760147091},
		{200, 3, 7, 9, 3436732044, 367495558},
		{640, 480, 224, 224, 3334196155, 1958722320},
	} {
		from := pattern(c.w, c.h)
		r, err := from.Resize(c.toW, c.toH)
		if err != nil {
			t.Fatal(err)
		}
		if got := crc32.ChecksumIEEE(r.Pix); got != c.resized {
			t.Errorf("%dx%d to %dx%d: checksum %d, Pillow's is %d; it begins %v", c.w, c.h, c.toW, c.toH, got, c.resized, r.Pix[:6])
		}
		if got := crc32.ChecksumIEEE(from.Grey().Pix); got != c.grey {
			t.Errorf("%dx%d grey: checksum %d, Pillow's is %d", c.w, c.h, got, c.grey)
		}
	}
}

func TestTheShorterSideIsResizedAndTheMiddleCropped(t *testing.T) {
	for _, c := range []struct{ w, h, n, wantW, wantH int }{{500, 374, 256, 342, 256}, {374, 500, 256, 256, 342}, {10, 10, 4, 4, 4}} {
		r, err := pattern(c.w, c.h).Shorter(c.n)
		if err != nil || r.Width != c.wantW || r.Height != c.wantH || len(r.Pix) != 3*c.wantW*c.wantH {
			t.Errorf("shorter side of %dx%d to %d: %dx%d, %v; want %dx%d", c.w, c.h, c.n, r.Width, r.Height, err, c.wantW, c.wantH)
		}
	}
	// A border of three pixels: 1.5 is rounded to 2; of one pixel: 0.5 to 0.
	r, err := pattern(7, 5).Crop(4, 4)
	if err != nil {
		t.Fatal(err)
	}
	if want := pattern(7, 5).Pix[3*(0*7+2):][:3]; string(r.Pix[:3]) != string(want) {
		t.Errorf("crop begins with %v, want %v", r.Pix[:3], want)
	}
	for _, bad := range []func() (picture.Raster, error){
		func() (picture.Raster, error) { return pattern(7, 5).Crop(8, 5) },
		func() (picture.Raster, error) { return pattern(7, 5).Crop(0, 5) },
		func() (picture.Raster, error) { return pattern(7, 5).Resize(0, 5) },
		func() (picture.Raster, error) { return pattern(7, 5).Resize(5000, 5) },
		func() (picture.Raster, error) { return pattern(5, 1000).Shorter(100) },
		func() (picture.Raster, error) {
			return picture.Raster{Width: 1, Height: 20_000_000, Channels: 1}.Resize(3, 1)
		},
	} {
		if _, err := bad(); !errors.Is(err, abi.Invalid) {
			t.Errorf("%v; want %v", err, abi.Invalid)
		}
	}
}

func TestADecodedImageIsUprightAndBeforeWhite(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	m.Set(0, 0, color.NRGBA{R: 200, G: 100, B: 50, A: 255})
	m.Set(1, 0, color.NRGBA{R: 0, G: 0, B: 0, A: 0})
	r, err := picture.Decode(asPNG(t, m), 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{200, 100, 50, 255, 255, 255}; string(r.Pix) != string(want) {
		t.Errorf("pixels %v, want %v", r.Pix, want)
	}
	if got := r.Swap().Pix[:3]; string(got) != string([]byte{50, 100, 200}) {
		t.Errorf("swapped: %v", got)
	}
	if got := r.Invert().Pix[:3]; string(got) != string([]byte{55, 155, 205}) {
		t.Errorf("inverted: %v", got)
	}
	if _, err := picture.Decode(asPNG(t, m), 1); !errors.Is(err, abi.Invalid) {
		t.Errorf("two pixels where one is allowed: %v", err)
	}
}

// FuzzDecode wants refusals of whatever is no image, and of large ones before
// they cost memory.
func FuzzDecode(f *testing.F) {
	f.Add(asPNG(f, plain(3, 2, color.White)))
	f.Add(asJPEG(f, plain(9, 5, color.Black)))
	f.Add(asJPEG(f, plain(9, 5, color.Black))[:60])
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := picture.Decode(b, 1<<16)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v; want %v", err, abi.Invalid)
			}
			return
		}
		if len(r.Pix) != 3*r.Width*r.Height || r.Width*r.Height > 1<<16 {
			t.Errorf("%d bytes for %d x %d", len(r.Pix), r.Width, r.Height)
		}
		if _, err := r.Resize(4, 4); err != nil {
			t.Error(err)
		}
	})
}
