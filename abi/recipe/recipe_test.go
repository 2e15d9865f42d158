package recipe_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"

	"github.com/google/go-cmp/cmp"
)

func parse(t testing.TB, text string) recipe.Recipe {
	t.Helper()
	r, err := recipe.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARecipesTextIsReadBack(t *testing.T) {
	for text, want := range map[string]string{
		" image|crop  224 | nchw":                      "image | crop 224x224 | nchw",
		"image | resize 4x6 | bgr | divide 255 | nhwc": "image | resize 4x6 | bgr | divide 255 | nhwc",
		"image | subtract 1, 2.5,3e-2 | nchw":          "image | subtract 1,2.5,0.03 | nchw",
		"raw":                                          "raw",
		"value -1.5":                                   "value -1.5",
		"again|text | lower|bytes | fit 4, 0| mask":    "again | text | lower | bytes | fit 4,0 | mask",
		"carry stateN":                                 "carry stateN",
		"caffe":                                        "image | shorter 256 | crop 224x224 | bgr | subtract 103.939,116.779,123.68 | nchw",
		"image | grey | invert | resize 28 | invert|nchw": "image | grey | invert | resize 28x28 | invert | nchw",
	} {
		got := parse(t, text).String()
		if got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
		if again := parse(t, got).String(); again != got {
			t.Errorf("%q is read back as %q", got, again)
		}
	}
	for _, name := range recipe.Presets() {
		p, ok := recipe.PresetOf(name)
		if !ok {
			t.Fatalf("no preset %q", name)
		}
		if got := parse(t, p.Input).String(); got != p.Input {
			t.Errorf("preset %s is %q, written %q", name, p.Input, got)
		}
		if r, err := recipe.ParseReading(p.Read); err != nil || r.String() != p.Read {
			t.Errorf("preset %s is read by %q, written %q: %v", name, p.Read, r, err)
		}
		for input, text := range p.Carry {
			if got := parse(t, text).String(); got != text {
				t.Errorf("preset %s, input %s: %q, written %q", name, input, text, got)
			}
		}
	}
}

func TestBadRecipesSayWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "empty step",
		"image":                        "does not end",
		"image | divide 255":           "ends in nchw or nhwc",
		"image | crop | nchw":          "want crop WxH",
		"image | crop 0.5 | nchw":      "want crop WxH",
		"image | crop 1x2x3 | nchw":    "want crop WxH",
		"image | crop -1x2 | nchw":     "want crop WxH",
		"image | resize 99999 | nchw":  "want resize WxH, up to 4096",
		"image | shorter 1,2 | nchw":   "want 1 to 1 whole numbers",
		"image | blur 3 | nchw":        `no step or preset "blur"`,
		"image | divide x | nchw":      "want 1 to 3 numbers",
		"image | divide NaN | nchw":    "want 1 to 3 numbers",
		"image | divide 1,2,3,4|nchw":  "want 1 to 3 numbers",
		"image | nchw 3":               "takes no numbers",
		"image | nchw | divide 2":      "divide cannot stand at step 3",
		"image | divide 2 | grey|nchw": "grey cannot stand at step 3",
		"raw | nchw":                   "nchw cannot stand",
		"crop 3 | nchw":                "crop cannot stand at step 1",
		"again":                        "does not end",
		"again | value 3":              "again stands before what takes a file",
		"raw | again":                  `no step or preset "again"`,
		"text":                         "text ends in tokens",
		"text | fit 3,0":               "fit cannot stand at step 2",
		"text | bytes | mask | fit 1":  "fit cannot stand at step 4",
		"carry":                        "name of an output",
		"value":                        "want 1 to 1 numbers",
		strings.Repeat("image |", 500): "bytes, at most",
		"image |" + strings.Repeat(" grey |", 40) + " nchw": "more than 32 steps",
	} {
		_, err := recipe.Parse(text)
		if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v; want %q and %v", text, err, want, abi.Invalid)
		}
	}
}

// photo is a PNG of the given colours, row after row.
func photo(t testing.TB, w int, pixels ...color.NRGBA) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, len(pixels)/w))
	for i, c := range pixels {
		m.SetNRGBA(i%w, i/w, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func floats(b []byte) []float32 {
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}

func TestAnImageBecomesATensor(t *testing.T) {
	file := photo(t, 2, color.NRGBA{10, 20, 30, 255}, color.NRGBA{40, 50, 60, 255})
	for _, c := range []struct {
		text  string
		shape []int64
		want  []float32
	}{
		{"image | nchw", []int64{1, 3, 1, 2}, []float32{10, 40, 20, 50, 30, 60}},
		{"image | nhwc", []int64{1, 1, 2, 3}, []float32{10, 20, 30, 40, 50, 60}},
		{"image | bgr | subtract 1,2,3 | divide 2 | nchw", []int64{3, 1, 2}, []float32{14.5, 29.5, 9, 24, 3.5, 18.5}},
		{"image | invert | multiply 2 | nhwc", []int64{2, 3}, []float32{490, 470, 450, 430, 410, 390}},
		{"image | grey | nchw", []int64{1, 1, 1, 2}, []float32{18, 48}}, // 0.299·10 + 0.587·20 + 0.114·30 = 18.15
		{"image | crop 1x1 | nchw", []int64{3}, []float32{10, 20, 30}},
	} {
		got, err := parse(t, c.text).Make(file, abi.Port{Name: "x", DType: abi.Float32, Shape: c.shape})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff([][]float32{c.want}, [][]float32{floats(got[0])}); diff != "" || len(got) != 1 {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
	bytes8, err := parse(t, "image | nhwc").Make(file, abi.Port{DType: abi.Uint8, Shape: []int64{1, 2, 3}})
	if err != nil || !bytes.Equal(bytes8[0], []byte{10, 20, 30, 40, 50, 60}) {
		t.Errorf("bytes %v, %v", bytes8, err)
	}
	for text, port := range map[string]abi.Port{
		"image | nchw":                {Name: "order", DType: abi.Float32, Shape: []int64{1, 2, 3}},
		"image | grey | nchw":         {Name: "channels", DType: abi.Float32, Shape: []int64{3, 1, 2}},
		"image | divide 7 | nchw":     {Name: "whole", DType: abi.Uint8, Shape: []int64{3, 1, 2}},
		"image | subtract 300 | nchw": {Name: "range", DType: abi.Int8, Shape: []int64{3, 1, 2}},
		"image | nhwc":                {Name: "half", DType: abi.Float16, Shape: []int64{1, 2, 3}},
		"image | crop 3x3 | nchw":     {Name: "small", DType: abi.Float32, Shape: []int64{3, 3, 3}},
		"image | subtract 1,2|nchw":   {Name: "two", DType: abi.Float32, Shape: []int64{3, 1, 2}},
	} {
		if _, err := parse(t, text).Make(file, port); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s for %v: %v; want %v", text, port, err, abi.Invalid)
		}
	}
}

func TestWhatTakesNoFileIsMadeWithoutOne(t *testing.T) {
	port := abi.Port{Name: "state", DType: abi.Int64, Shape: []int64{2}}
	r := parse(t, "carry out")
	if r.TakesFile() || r.Carries() != "out" {
		t.Errorf("carry: takes a file %v, carries %q", r.TakesFile(), r.Carries())
	}
	if got, err := r.Make(nil, port); err != nil || !bytes.Equal(got[0], make([]byte, 16)) {
		t.Errorf("carry made %v, %v", got, err)
	}
	r = recipe.Value(3)
	if got, err := r.Make(nil, port); err != nil || r.TakesFile() || got[0][0] != 3 || got[0][8] != 3 {
		t.Errorf("value made %v, %v", got, err)
	}
	raw := parse(t, "raw")
	if !raw.TakesFile() || raw.Carries() != "" {
		t.Error("raw takes no file")
	}
	if got, err := raw.Make(make([]byte, 16), port); err != nil || len(got[0]) != 16 {
		t.Errorf("raw made %v, %v", got, err)
	}
	if _, err := raw.Make(make([]byte, 15), port); !errors.Is(err, abi.Invalid) {
		t.Errorf("raw of 15 bytes: %v", err)
	}
	wrong := recipe.Array{DType: abi.Float64, Shape: []int64{2}, Data: make([]byte, 16)}
	if _, err := raw.Make(wrong.NPY(), port); !errors.Is(err, abi.Invalid) {
		t.Errorf("raw of another type: %v", err)
	}
}

// TestColoursAreWhatTheRecipeMakesOfThem holds Affine against the recipe itself,
// for one pixel.
func TestColoursAreWhatTheRecipeMakesOfThem(t *testing.T) {
	px := [3]byte{51, 102, 204}
	file := photo(t, 1, color.NRGBA{px[0], px[1], px[2], 255})
	for _, text := range []string{
		"image | nchw", "image | bgr | subtract 103.939,116.779,123.68 | nchw",
		"image | divide 255 | subtract 0.485,0.456,0.406 | divide 0.229,0.224,0.225 | nchw",
		"image | invert | bgr | multiply 1,2,3 | subtract 5 | nchw", "image | resize 1x1 | bgr | bgr | invert | invert | nchw",
	} {
		r := parse(t, text)
		a, err := r.Affine()
		if err != nil {
			t.Fatal(err)
		}
		made, err := r.Make(file, abi.Port{DType: abi.Float32, Shape: []int64{3}})
		if err != nil {
			t.Fatal(err)
		}
		for c, want := range floats(made[0]) {
			got := a.Scale[c]*float32(px[a.From[c]])/255 + a.Offset[c]
			if math.Abs(float64(got-want)) > 1e-3 {
				t.Errorf("%s: channel %d is %v, want %v", text, c, got, want)
			}
		}
	}
	for _, text := range []string{"raw", "image | grey | nchw", "image | nhwc", "value 1"} {
		if _, err := parse(t, text).Affine(); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v; want %v", text, err, abi.Invalid)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range recipe.Presets() {
		p, _ := recipe.PresetOf(name)
		f.Add(p.Input)
		f.Add(name)
	}
	f.Add("image | crop 1x | nchw")
	f.Add("carry a b | raw")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := recipe.Parse(text)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v; want %v", err, abi.Invalid)
			}
			return
		}
		again, err := recipe.Parse(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%q is written %q and read back as %q, %v", text, r, again, err)
		}
	})
}

// FuzzMake gives strangers' files to recipes: what comes out has the bytes of
// the port, or nothing does.
func FuzzMake(f *testing.F) {
	f.Add("image | shorter 4 | crop 4 | divide 255 | nchw", photo(f, 2, color.NRGBA{1, 2, 3, 4}, color.NRGBA{5, 6, 7, 8}))
	f.Add("raw", recipe.Array{DType: abi.Float32, Shape: []int64{48}, Data: make([]byte, 192)}.NPY())
	f.Add("value 3", []byte{})
	f.Add("wav | rate 16000 | peak 1 | window 40,8", beep(1, 2, 3))
	f.Add("again | text | lower | bytes | fit 48,0 | mask", []byte("Grüße"))
	f.Fuzz(func(t *testing.T, text string, file []byte) {
		r, err := recipe.Parse(text)
		if err != nil || len(file) > 1<<16 {
			return
		}
		made, err := r.Make(file, abi.Port{Name: "x", DType: abi.Float32, Shape: []int64{1, 3, 4, 4}})
		if err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("%v; want %v", err, abi.Invalid)
		}
		for _, b := range made {
			if len(b) != 4*48 {
				t.Errorf("%d bytes, want %d", len(b), 4*48)
			}
		}
	})
}

// beep is a WAV file of 16-bit samples at 8 kHz.
func beep(samples ...int16) []byte {
	le := binary.LittleEndian
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	b = le.AppendUint32(b, uint32(2*len(samples)))
	for _, s := range samples {
		b = le.AppendUint16(b, uint16(s))
	}
	return b
}

func TestASoundBecomesWindows(t *testing.T) {
	const half, quarter = 1 << 14, 1 << 13
	file := beep(half, -half, quarter, half, 0)
	for _, c := range []struct {
		text string
		want [][]float32
	}{
		{"wav | window 2,1", [][]float32{{0, 0.5, -0.5}, {-0.5, 0.25, 0.5}, {0.5, 0, 0}}},
		{"wav | peak 1 | fit 3", [][]float32{{1, -1, 0.5}}},
		{"wav | fit 3", [][]float32{{0.5, -0.5, 0.25}}},
		{"wav | rate 8000 | multiply 2 | window 3,0", [][]float32{{1, -1, 0.5}, {1, 0, 0}}},
	} {
		made, err := parse(t, c.text).Make(file, abi.Port{Name: "x", DType: abi.Float32, Shape: []int64{1, 3}})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		var got [][]float32
		for _, b := range made {
			got = append(got, floats(b))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
	for text, shape := range map[string]int64{"wav": 6, "wav | window 0,3": 3, "wav | fit 0 | window 3,0": 3, "wav | fit 3,1": 3, "wav | window 3,0": 4, "wav | divide 1,2 | fit 3": 3} {
		if _, err := parse(t, text).Make(file, abi.Port{DType: abi.Float32, Shape: []int64{shape}}); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v; want %v", text, err, abi.Invalid)
		}
	}
	if e := parse(t, "wav | rate 16000 | window 512,64").Every(); e != 0.032 {
		t.Errorf("windows every %v s, want 0.032", e)
	}
	if e := parse(t, "wav | window 512,64").Every(); e != 0 {
		t.Errorf("windows of any rate every %v s, want 0", e)
	}
}

func TestATextBecomesTokens(t *testing.T) {
	pieces := []string{"[UNK]", "[CLS]", "[SEP]", "hi", "##gh"}
	for _, c := range []struct {
		text, file string
		vocabulary []string
		want       []int64
	}{
		{"text | bytes | fit 4,7", "hé", nil, []int64{'h', 0xc3, 0xa9, 7}},
		{"text | bytes | fit 4,7 | mask", "hé", nil, []int64{1, 1, 1, 0}},
		{"text | bytes | fit 4,0", "hello", nil, []int64{'h', 'e', 'l', 'l'}},
		{"text | bytes | fit 4,0 | mask", "hello", nil, []int64{1, 1, 1, 1}},
		{"text | lower | wordpiece", "HIGH", pieces, []int64{1, 3, 4, 2}},
		{"text | wordpiece | fit 4,9", "HI", pieces, []int64{1, 0, 2, 9}},
		{"again | text | wordpiece | fit 4,9 | mask", "HI", pieces, []int64{1, 1, 1, 0}},
	} {
		made, err := parse(t, c.text).With(c.vocabulary).Make([]byte(c.file), abi.Port{Name: "ids", DType: abi.Int64, Shape: []int64{1, 4}})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		var got []int64
		for b := made[0]; len(b) > 0; b = b[8:] {
			got = append(got, int64(binary.LittleEndian.Uint64(b)))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s of %q (-want +got):\n%s", c.text, c.file, diff)
		}
	}
	port := abi.Port{DType: abi.Int64, Shape: []int64{4}}
	for text, file := range map[string]string{"text | bytes": "five!", "text | bytes | fit 4": "a", "text | bytes | fit 4,0": "\xff", "text | bpe | fit 4,0": "a", "text | wordpiece | fit 4,0": "a"} {
		r := parse(t, text)
		if _, err := r.Make([]byte(file), port); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s of %q: %v; want %v", text, file, err, abi.Invalid)
		}
		if err := r.Check(); r.Words() != errors.Is(err, abi.Invalid) {
			t.Errorf("%s without a vocabulary: %v", text, err)
		}
	}
	if _, err := (recipe.Recipe{}).Make(nil, port); !errors.Is(err, abi.Invalid) {
		t.Errorf("no recipe: %v", err)
	}
}
