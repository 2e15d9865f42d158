package picture_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/plugins/classify/picture"

	"github.com/google/go-cmp/cmp"
)

// scene is a picture with something different everywhere.
func scene(w, h int, alpha uint8) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(255 * x / w), uint8(255 * y / h), uint8(x ^ y), max(alpha, uint8(x*7))})
		}
	}
	return img
}

func encoded(t testing.TB, img image.Image, as string) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if as == "png" {
		err = png.Encode(&b, img)
	} else {
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// turned puts an EXIF orientation into a JPEG.
func turned(file []byte, orientation byte) []byte {
	tiff := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0}
	app1 := append([]byte("Exif\x00\x00"), tiff...)
	head := append([]byte{0xff, 0xe1, 0, byte(len(app1) + 2)}, app1...)
	return slices.Concat(file[:2], head, file[2:])
}

// The app and the packer of datasets must do the same to an image, to the bit.
func TestARecordIsWhatThePackerMakes(t *testing.T) {
	files := map[string][]byte{
		"square":      encoded(t, scene(8, 8, 255), "png"),
		"wide":        encoded(t, scene(61, 20, 255), "png"),
		"tall":        encoded(t, scene(13, 50, 255), "jpeg"),
		"transparent": encoded(t, scene(40, 30, 10), "png"),
		"one pixel":   encoded(t, scene(1, 1, 255), "png"),
	}
	for o := byte(1); o <= 8; o++ {
		files["turned "+string('0'+rune(o))] = turned(encoded(t, scene(40, 24, 255), "jpeg"), o)
	}
	for _, text := range []string{"gray8x8/16", "rgb32x32/255", "rgb20x12/255+fit", "gray5x9/1"} {
		mine, err := picture.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := vault.ParseInput(text)
		if err != nil {
			t.Fatal(err)
		}
		for name, file := range files {
			want, err := theirs.Record(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := mine.Record(file)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("%s of %s: %v, (-packer +app):\n%s", text, name, err, d)
			}
		}
	}
}

func TestParseAcceptsWhatThePackerDoes(t *testing.T) {
	for _, text := range []string{
		"gray8x8/16", "rgb32x32/255+fit", "values30", "", "gray", "gray8x8", "gray8/16", "gray0x8/16", "rgb8x8/256", "rgb8x8/0",
		"cmyk8x8/255", "values0", "values", "rgb5000x8/255", "gray8x8/16+crop",
	} {
		_, mine := picture.Parse(text)
		_, theirs := vault.ParseInput(text)
		if (mine == nil) != (theirs == nil) || mine != nil && !errors.Is(mine, abi.Invalid) {
			t.Errorf("Parse(%q) = %v, the packer says %v", text, mine, theirs)
		}
	}
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

func FuzzRecord(f *testing.F) {
	f.Add(encoded(f, scene(8, 8, 255), "png"))
	f.Add(turned(encoded(f, scene(9, 5, 255), "jpeg"), 6))
	f.Add([]byte("\xff\xd8\xff"))
	f.Add([]byte("GIF89a"))
	f.Add([]byte{})
	in, err := picture.Parse("rgb4x4/255")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if c, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && c.Width*c.Height > 1<<20 {
			return // slow, not wrong
		}
		x, err := in.Record(file)
		if err != nil && !errors.Is(err, abi.Invalid) || err == nil && len(x) != 48 {
			t.Errorf("%d numbers, %v", len(x), err)
		}
	})
}
