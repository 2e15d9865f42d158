package vault_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/vault"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// plain returns an image of one colour.
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

// reds makes a folder of red and blue photos and returns it.
func reds(t testing.TB, each int) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "LICENSE"), []byte("none"))
	write(t, filepath.Join(dir, "SOURCE.md"), []byte("made up"))
	for i := range each {
		write(t, filepath.Join(dir, "blue", fmt.Sprintf("%03d.png", i)), asPNG(t, plain(40+i, 50, color.RGBA{0, 0, byte(200 + i), 255})))
		write(t, filepath.Join(dir, "red", fmt.Sprintf("%03d.jpg", i)), asJPEG(t, plain(64, 30+i, color.RGBA{byte(200 + i), 0, 0, 255})))
	}
	return dir
}

func pack(t testing.TB, cfg vault.PackConfig) (vault.Packed, *vault.Dataset) {
	t.Helper()
	if cfg.Out == "" {
		cfg.Out = filepath.Join(t.TempDir(), "out.cloister")
	}
	p, err := vault.Pack(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, err := vault.OpenDataset(cfg.Out, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return p, d
}

func TestPhotosArePackedByLabel(t *testing.T) {
	var steps []int64
	dir := reds(t, 10)
	p, d := pack(t, vault.PackConfig{
		Source: dir, Input: "rgb8x8/255", Licence: "CC0-1.0", Origin: "a test",
		Progress: func(done, total int64) {
			if total != 20 {
				t.Errorf("progress of %d, want 20", total)
			}
			steps = append(steps, done)
		},
	})
	if len(steps) != 20 || !slices.IsSorted(steps) || steps[19] != 20 {
		t.Errorf("progress went %v", steps)
	}
	s := d.Schema()
	if !slices.Equal(s.Classes, []string{"blue", "red"}) || !slices.Equal(s.Shape, []int64{3, 8, 8}) || s.Input != "rgb8x8/255" || s.Licence != "CC0-1.0" || s.Source != "a test" || s.DType != abi.Float32 {
		t.Errorf("schema = %+v", s)
	}
	if !slices.Equal(s.Splits, []abi.Split{{Name: "train", Records: 16}, {Name: "test", Records: 4}}) {
		t.Errorf("splits = %+v, want 16 and 4", s.Splits)
	}
	if !slices.Equal(p.Schema().Splits, s.Splits) {
		t.Errorf("the packer's schema says %+v", p.Schema().Splits)
	}
	for _, split := range []string{"train", "test"} {
		n := d.Records(split)
		count := [2]int{}
		for i := range n {
			x, y := make([]float32, 3*64), make([]int64, 1)
			if err := d.Rows(split, []int{i}, x, y); err != nil {
				t.Fatal(err)
			}
			count[y[0]]++
			r, b := x[20], x[128+20]
			if y[0] == 0 && (r > .1 || b < .7) || y[0] == 1 && (b > .1 || r < .7) {
				t.Errorf("%s %d is labelled %s and has red %.2f, blue %.2f", split, i, s.Classes[y[0]], r, b)
			}
		}
		if count[0] != count[1] {
			t.Errorf("%s has %d blue and %d red", split, count[0], count[1])
		}
	}
}

func TestPackingIsDeterministicAndSeeded(t *testing.T) {
	dir, key := reds(t, 6), vault.NewKey()
	file := func(seed uint64, k vault.Key) []byte {
		out := filepath.Join(t.TempDir(), "x")
		if _, err := vault.Pack(t.Context(), vault.PackConfig{Source: dir, Out: out, Key: k, Seed: seed, Input: "gray8x8/255"}); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a := file(1, key)
	if !bytes.Equal(a, file(1, key)) {
		t.Error("the same source, key and seed gave two files")
	}
	for name, b := range map[string][]byte{"seed": file(2, key), "key": file(1, vault.NewKey())} {
		if bytes.Equal(a[len(a)-100:], b[len(b)-100:]) {
			t.Errorf("another %s gave the same file", name)
		}
	}
}

// Record i of class c is the number 2i+c, so the order can be read back.
func TestRecordsAreMixedBySeed(t *testing.T) {
	var b bytes.Buffer
	for i := range 100 {
		fmt.Fprintf(&b, "%d,%d\n", 2*(i/2)+i%2, i%2)
	}
	src := filepath.Join(t.TempDir(), "t.csv")
	write(t, src, b.Bytes())
	order := func(seed uint64) (train, test []float32) {
		_, d := pack(t, vault.PackConfig{Source: src, Seed: seed})
		for _, s := range []struct {
			name string
			x    *[]float32
		}{{"train", &train}, {"test", &test}} {
			n := d.Records(s.name)
			index, y := make([]int, n), make([]int64, n)
			for i := range index {
				index[i] = i
			}
			*s.x = make([]float32, n)
			if err := d.Rows(s.name, index, *s.x, y); err != nil {
				t.Fatal(err)
			}
			for i := range y {
				if int64((*s.x)[i])%2 != y[i] {
					t.Fatalf("%s record %d is %v, labelled %d", s.name, i, (*s.x)[i], y[i])
				}
			}
		}
		return train, test
	}
	train1, test1 := order(1)
	train2, test2 := order(2)
	if len(train1) != 80 || len(test1) != 20 {
		t.Fatalf("%d and %d records", len(train1), len(test1))
	}
	all := slices.Sorted(slices.Values(append(slices.Clone(train1), test1...)))
	for i, v := range all {
		if v != float32(i) {
			t.Fatalf("record %d is missing or there twice", i)
		}
	}
	if slices.IsSorted(train1) || slices.IsSorted(test1) || slices.Equal(train1, train2) {
		t.Error("the records stand in the source's order, or one seed's")
	}
	byClass := func(a, b float32) int { return int(a)%2 - int(b)%2 }
	if slices.IsSortedFunc(train1, byClass) || slices.IsSortedFunc(test1, byClass) {
		t.Error("the records stand class by class")
	}
	if slices.Equal(slices.Sorted(slices.Values(test1)), slices.Sorted(slices.Values(test2))) {
		t.Error("two seeds draw the same test records")
	}
}

// digits is a table of 8×8 images in which pixel i of class c is (i+c) mod 17.
func digits(rows int) []byte {
	var b bytes.Buffer
	for r := range rows {
		for i := range 64 {
			fmt.Fprintf(&b, "%d,", (i+r%10)%17)
		}
		fmt.Fprintf(&b, "%d\n", r%10)
	}
	return b.Bytes()
}

func TestTheDigitsTableIsRecognised(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	if _, err := w.Write(digits(200)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"digits.csv": digits(200), "digits.csv.gz": gz.Bytes()} {
		src := filepath.Join(t.TempDir(), name)
		write(t, src, b)
		var last, total int64
		p, d := pack(t, vault.PackConfig{Source: src, Progress: func(d, n int64) {
			if d < last {
				t.Errorf("progress went back from %d to %d", last, d)
			}
			last, total = d, n
		}})
		if last != total || total == 0 {
			t.Errorf("progress ended at %d of %d", last, total)
		}
		s := p.Schema()
		if s.Name != "digits" || s.Input != "gray8x8/16" || !slices.Equal(s.Shape, []int64{1, 8, 8}) || len(s.Classes) != 10 || d.Records("train") != 160 || d.Records("test") != 40 {
			t.Fatalf("%s: schema %+v", name, s)
		}
		index := []int{0, 159, 7, 7}
		x, y := make([]float32, 4*64), make([]int64, 4)
		if err := d.Rows("train", index, x, y); err != nil {
			t.Fatal(err)
		}
		for k := range index {
			for i := range 64 {
				if want := float32((i+int(y[k]))%17) / 16; x[k*64+i] != want {
					t.Fatalf("%s: record %d, label %d, element %d = %v, want %v", name, index[k], y[k], i, x[k*64+i], want)
				}
			}
		}
	}
}

func TestTablesOfAllKindsArePacked(t *testing.T) {
	for _, tt := range []struct {
		name, text, input string
		classes           []string
		in                string
		elements          int
	}{
		{"scikit-learn's header", "4,2,setosa,versicolor\n5.1,3.5,0\n4.9,-3.0,1\n5,3,1\n4,2,0\n", "", []string{"setosa", "versicolor"}, "values2", 2},
		{"named columns", "a,b,label\n1,2,yes\n3,4,no\n5,6,yes\n7,8,no\n", "", []string{"no", "yes"}, "values2", 2},
		{"numbers as labels", "1,10\n2,9\n3,10.0\n4,9e0\n", "", []string{"9", "10"}, "values1", 1},
		{"an input that was asked for", "0,1,2,3,a\n1,2,3,4,b\n5,6,7,8,a\n", "gray2x2/8", []string{"a", "b"}, "gray2x2/8", 4},
		{"quotes, spaces and carriage returns", "\"1\", 2 ,a\r\n3,4,\"b\"\r\n", "", []string{"a", "b"}, "values2", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := filepath.Join(t.TempDir(), "t.csv")
			write(t, src, []byte(tt.text))
			_, d := pack(t, vault.PackConfig{Source: src, Input: tt.input, Test: -1})
			s := d.Schema()
			if !slices.Equal(s.Classes, tt.classes) || s.Input != tt.in || len(s.Splits) != 1 {
				t.Errorf("schema %+v; want classes %q, input %s, one split", s, tt.classes, tt.in)
			}
			n := d.Records("train")
			x, y := make([]float32, n*tt.elements), make([]int64, n)
			index := make([]int, n)
			for i := range index {
				index[i] = i
			}
			if err := d.Rows("train", index, x, y); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestBadSourcesAreNamed(t *testing.T) {
	ok := asPNG(t, plain(10, 10, color.White))
	for _, tt := range []struct {
		name  string
		files map[string]string
		cfg   vault.PackConfig
		text  string
	}{
		{"not an image", map[string]string{"a/x.jpg": "hello", "b/y.png": string(ok)}, vault.PackConfig{}, "a/x.jpg: not a JPEG or PNG"},
		{"zero bytes", map[string]string{"a/x.png": "", "b/y.png": string(ok)}, vault.PackConfig{}, "a/x.png: zero bytes"},
		{"a truncated image", map[string]string{"a/x.png": string(ok[:len(ok)-30]), "b/y.png": string(ok)}, vault.PackConfig{}, "a/x.png: damaged:"},
		{"an image too large", map[string]string{"a/x.png": string(ok), "b/y.png": string(ok)}, vault.PackConfig{MaxPixels: 99}, "a/x.png: 10 x 10 pixels, at most 99"},
		{"an empty label folder", map[string]string{"a/.keep": "", "b/y.png": string(ok)}, vault.PackConfig{}, "a has no photos"},
		{"one label", map[string]string{"b/y.png": string(ok)}, vault.PackConfig{}, "1 label folders, want at least 2"},
		{"a stray photo", map[string]string{"a/x.png": string(ok), "b/y.png": string(ok), "z.png": string(ok)}, vault.PackConfig{}, "z.png lies beside the label folders"},
		{"a stray file", map[string]string{"a/x.png": string(ok), "a/x.gif": "GIF", "b/y.png": string(ok)}, vault.PackConfig{}, "a/x.gif is no .jpg"},
		{"a folder in a label folder", map[string]string{"a/x.png": string(ok), "b/c/y.png": string(ok)}, vault.PackConfig{}, "b/c is a folder in a label folder"},
		{"a table's input", map[string]string{"a/x.png": string(ok), "b/y.png": string(ok)}, vault.PackConfig{Input: "values3"}, "is not of images"},
		{"an input nobody knows", map[string]string{"a/x.png": string(ok), "b/y.png": string(ok)}, vault.PackConfig{Input: "cmyk"}, `input "cmyk"`},
		{"an empty table", map[string]string{"t.csv": ""}, vault.PackConfig{Source: "t.csv"}, "t.csv has zero bytes"},
		{"a table of one label", map[string]string{"t.csv": "1,a\n2,a\n"}, vault.PackConfig{Source: "t.csv"}, "t.csv: the last column holds 1 labels"},
		{"a ragged table", map[string]string{"t.csv": "1,2,a\n1,b\n"}, vault.PackConfig{Source: "t.csv"}, "t.csv line 2: 2 columns, the first row has 3"},
		{"text among numbers", map[string]string{"t.csv": "1,2,a\n1,x,b\n"}, vault.PackConfig{Source: "t.csv"}, `t.csv line 2: column 2: "x" is no finite number`},
		{"an infinite number", map[string]string{"t.csv": "1,2,a\n1,Inf,b\n"}, vault.PackConfig{Source: "t.csv"}, `t.csv line 2: column 2: "Inf"`},
		{"a row without a label", map[string]string{"t.csv": "1,2,a\n1,2,\n"}, vault.PackConfig{Source: "t.csv"}, "t.csv line 2: the label, column 3, is empty"},
		{"pixels over the scale", map[string]string{"t.csv": "1,2,3,9,a\n1,2,3,4,b\n"}, vault.PackConfig{Source: "t.csv", Input: "gray2x2/8"}, "are not whole and from 0 to 8"},
		{"columns that make no image", map[string]string{"t.csv": "1,2,3,a\n1,2,3,b\n"}, vault.PackConfig{Source: "t.csv", Input: "gray2x2/8"}, "3 columns before the label, input gray2x2/8 has 4"},
		{"gzip that is none", map[string]string{"t.csv": "\x1f\x8bxx"}, vault.PackConfig{Source: "t.csv"}, "t.csv: gzip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, b := range tt.files {
				write(t, filepath.Join(dir, name), []byte(b))
			}
			cfg := tt.cfg
			cfg.Source, cfg.Out = filepath.Join(dir, cfg.Source), filepath.Join(t.TempDir(), "out")
			_, err := vault.Pack(t.Context(), cfg)
			if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Pack = %v; want %v and %q", err, abi.Invalid, tt.text)
			}
			if left, _ := os.ReadDir(filepath.Dir(cfg.Out)); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestPackRefusesToReplaceAFileAndASourceThatIsNotThere(t *testing.T) {
	src := filepath.Join(t.TempDir(), "t.csv")
	write(t, src, digits(20))
	out := filepath.Join(t.TempDir(), "out")
	write(t, out, []byte("sold"))
	if _, err := vault.Pack(t.Context(), vault.PackConfig{Source: src, Out: out}); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "exists") {
		t.Errorf("Pack = %v, want %v", err, abi.Invalid)
	}
	if _, err := vault.Pack(t.Context(), vault.PackConfig{Source: src + "x", Out: out + "x"}); !errors.Is(err, abi.NotFound) {
		t.Errorf("Pack = %v, want %v", err, abi.NotFound)
	}
}

func TestSkippingSaysWhatWasLeftOut(t *testing.T) {
	dir := reds(t, 5)
	write(t, filepath.Join(dir, "red", "broken.jpg"), []byte("\xff\xd8\xffnot"))
	p, d := pack(t, vault.PackConfig{Source: dir, Skip: true, Input: "rgb4x4/255"})
	if len(p.Skipped) != 1 || !strings.Contains(p.Skipped[0].Error(), "broken.jpg") || d.Records("train")+d.Records("test") != 10 {
		t.Errorf("skipped %v of %d records", p.Skipped, d.Records("train")+d.Records("test"))
	}
	only := t.TempDir()
	write(t, filepath.Join(only, "a", "x.png"), []byte("no"))
	write(t, filepath.Join(only, "b", "y.png"), asPNG(t, plain(9, 9, color.White)))
	_, err := vault.Pack(t.Context(), vault.PackConfig{Source: only, Out: filepath.Join(t.TempDir(), "o"), Skip: true})
	if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), `no photo of label "a"`) {
		t.Errorf("Pack = %v, want %v", err, abi.Invalid)
	}
}

func TestACancelledPackLeavesNothing(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	out := filepath.Join(t.TempDir(), "out")
	_, err := vault.Pack(ctx, vault.PackConfig{Source: reds(t, 10), Out: out, Progress: func(done, _ int64) {
		if done == 3 {
			cancel(why)
		}
	}})
	if !errors.Is(err, why) {
		t.Errorf("Pack = %v, want %v", err, why)
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestThePolicyAndTheKeyAreKept(t *testing.T) {
	src := filepath.Join(t.TempDir(), "t.csv")
	write(t, src, digits(20))
	keys, err := vault.OpenKeyring(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	policy := wire.Policy{Kind: wire.Reviewed, MinRecords: 50}
	p, d := pack(t, vault.PackConfig{Source: src, Policy: policy, Keys: keys})
	want, err := policy.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if d.Header().Policy != want {
		t.Errorf("policy %v, want %v", d.Header().Policy, want)
	}
	if key, err := keys.Get(p.Content); err != nil || key != p.Key {
		t.Errorf("the keyring has another key, %v", err)
	}
}

func TestRowsRefusesWhatIsNotThere(t *testing.T) {
	src := filepath.Join(t.TempDir(), "t.csv")
	write(t, src, digits(20))
	_, d := pack(t, vault.PackConfig{Source: src})
	x, y := make([]float32, 64), make([]int64, 1)
	for _, tt := range []struct {
		name  string
		split string
		index []int
		x     []float32
		y     []int64
		kind  abi.Kind
	}{
		{"a split", "validation", []int{0}, x, y, abi.NotFound},
		{"a record", "test", []int{10}, x, y, abi.Invalid},
		{"a record before the first", "test", []int{-1}, x, y, abi.Invalid},
		{"room for elements", "test", []int{0}, x[:63], y, abi.Invalid},
		{"room for labels", "test", []int{0}, x, nil, abi.Invalid},
	} {
		if err := d.Rows(tt.split, tt.index, tt.x, tt.y); !errors.Is(err, tt.kind) {
			t.Errorf("%s: Rows = %v, want %v", tt.name, err, tt.kind)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("4,2,setosa,versicolor\n5.1,3.5,0\n4.9,-3.0,1\n"))
	f.Add([]byte("a,b\n1,yes\n2,no\n"))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<14 || bytes.HasPrefix(b, []byte{0x1f, 0x8b}) && len(b) > 200 {
			return
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "t.csv"), b)
		p, err := vault.Pack(t.Context(), vault.PackConfig{Source: filepath.Join(dir, "t.csv"), Out: filepath.Join(dir, "out")})
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("Pack = %v", err)
			}
			return
		}
		d, err := vault.OpenDataset(filepath.Join(dir, "out"), p.Key)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		n, _ := abi.Elements(d.Schema().Shape)
		if err := d.Rows("train", []int{0}, make([]float32, n), make([]int64, 1)); err != nil {
			t.Error(err)
		}
	})
}
