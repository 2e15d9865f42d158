package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/picture"

	"github.com/google/go-cmp/cmp"
)

func plain(w, h int, c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	for y := range h {
		for x := range w {
			m.Set(x, y, c)
		}
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPhotosStandUprightAsTheCameraSaid(t *testing.T) {
	// A photo whose left half is white, as stored; each orientation puts the
	// white elsewhere.
	m := plain(32, 32, color.Black)
	for y := range 32 {
		for x := range 16 {
			m.Set(x, y, color.White)
		}
	}
	in, err := picture.Parse("gray8x8/255")
	if err != nil {
		t.Fatal(err)
	}
	for turn, want := range map[uint16]string{1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			x, err := in.Record(withOrientation(asJPEG(t, m), turn, order))
			if err != nil {
				t.Fatal(err)
			}
			at := map[string]float32{"left": x[4*8+1], "right": x[4*8+6], "top": x[1*8+4], "bottom": x[6*8+4]}
			opposite := map[string]string{"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[want]
			if at[want] < .9 || at[opposite] > .1 {
				t.Errorf("orientation %d (%v): white %v, want %s", turn, order, at, want)
			}
		}
	}
}

func withOrientation(file []byte, turn uint16, order binary.AppendByteOrder) []byte {
	tiff := []byte("II*\x00")
	if order == binary.BigEndian {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, turn)
	tiff = order.AppendUint16(tiff, 0)
	seg := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(seg)+2))...)
	return append(append(out, seg...), file[2:]...)
}

func TestCroppingTakesTheMiddleAndFittingTakesAll(t *testing.T) {
	m := plain(90, 30, color.White) // white, red, white
	for y := range 30 {
		for x := 30; x < 60; x++ {
			m.Set(x, y, color.RGBA{255, 0, 0, 255})
		}
	}
	file := asPNG(t, m)
	record := func(input string) []float32 {
		in, err := picture.Parse(input)
		if err != nil {
			t.Fatal(err)
		}
		x, err := in.Record(file)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	if x := record("rgb9x9/255"); x[4*9] < .9 || x[81+4*9+1] > .1 || x[81+4*9+7] > .1 {
		t.Errorf("cropped: green %v, want none", x[81:162])
	}
	x := record("rgb9x9/255+fit")
	if x[4] > .1 || x[4*9+4] < .9 || x[81+4*9+4] > .1 || x[81+4*9] < .9 {
		t.Errorf("fitted: want black above, red in the middle, white beside it: %v", x)
	}
}

func TestInputsReadAsTheyWrite(t *testing.T) {
	for _, s := range []string{"gray8x8/16", "rgb32x32/255", "rgb32x16/255+fit", "values30"} {
		in, err := picture.Parse(s)
		if err != nil || in.String() != s {
			t.Errorf("Parse(%q) = %v, %v", s, in, err)
		}
		if n, err := abi.Elements(in.Shape()); err != nil || n != int64(in.Elements()) {
			t.Errorf("%s: %d elements, shape %v", s, in.Elements(), in.Shape())
		}
	}
	for _, s := range []string{"", "gray", "gray0x8/16", "gray8x8", "gray8x8/256", "gray8x8/0", "rgb9999x1/255", "values0", "values-1", "values30/2", "gray8x8/16+fit+fit"} {
		if in, err := picture.Parse(s); !errors.Is(err, abi.Invalid) {
			t.Errorf("Parse(%q) = %v, %v; want %v", s, in, err, abi.Invalid)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"gray8x8/16", "rgb32x32/255+fit", "values30", "gray8x8/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in, err := picture.Parse(s)
		if err == nil && (in.String() != s || in.Elements() < 1) {
			t.Errorf("Parse(%q) = %v with %d elements", s, in, in.Elements())
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add(asPNG(f, plain(3, 2, color.White)))
	f.Add(withOrientation(asJPEG(f, plain(3, 2, color.White)), 6, binary.LittleEndian))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := picture.Input{Channels: 3, Width: 4, Height: 4, Scale: 255}
		if len(b) > 1<<16 {
			return
		}
		x, err := in.Record(b)
		if err != nil && !errors.Is(err, abi.Invalid) || err == nil && len(x) != 48 {
			t.Errorf("Record = %d elements, %v", len(x), err)
		}
	})
}

func TestNumbers(t *testing.T) {
	in, err := picture.Parse("values3")
	if err != nil {
		t.Fatal(err)
	}
	got, err := in.Record([]byte("1, -2.5\n3e2\n"))
	if d := cmp.Diff([]float32{1, -2.5, 300}, got); err != nil || d != "" {
		t.Errorf("%v, %s", err, d)
	}
	for _, bad := range []string{"", "1 2", "1 2 3 4", "1 2 x"} {
		if _, err := in.Record([]byte(bad)); !errors.Is(err, abi.Invalid) {
			t.Errorf("Record(%q) = %v", bad, err)
		}
	}
}
