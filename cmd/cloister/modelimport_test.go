package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
	"github.com/cloister-ai/cloister/host/vault"
)

// shades is an ONNX file: pixels [n, 3, 2, 2] to the mean of each channel, with a
// parameter of three that changes nothing.
func shades(t *testing.T) []byte {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e, err := engine.New("cpu")
	must(err)
	s, err := e.Open(t.Context(), abi.Quota{})
	must(err)
	defer s.Close()
	g, err := s.NewGraph(17)
	must(err)
	x, err := g.Input("pixels", abi.Float32, []int64{1, 3, 2, 2})
	must(err)
	bias, err := s.NewTensor(abi.Float32, []int64{3})
	must(err)
	b, err := g.Param("bias", bias)
	must(err)
	pool, err := g.Node("GlobalAveragePool", nil, []abi.Value{x})
	must(err)
	flat, err := g.Node("Flatten", nil, pool)
	must(err)
	y, err := g.Node("Add", nil, []abi.Value{flat[0], b})
	must(err)
	must(g.Output("scores", y[0]))
	file, err := g.MarshalONNX()
	must(err)
	return file
}

// A shell runs the program over one state folder.
type shell struct {
	t   *testing.T
	dir string
}

func (s shell) file(name string, b []byte) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s shell) paint(name string, c color.Color) string {
	s.t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for i := range 4 {
		img.Set(i%2, i/2, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		s.t.Fatal(err)
	}
	return s.file(name, b.Bytes())
}

// run returns standard output, or fails the test.
func (s shell) run(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("cloister", append([]string{"--state", filepath.Join(s.dir, "state")}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("cloister %q: %v\n%s%s", args, err, out, complaint.Bytes())
	}
	return string(out)
}

// refused wants the command to end with the status of k and to say want.
func (s shell) refused(k abi.Kind, want string, args ...string) {
	s.t.Helper()
	out, err := exec.Command("cloister", append([]string{"--state", filepath.Join(s.dir, "state")}, args...)...).CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 10+int(k) || !strings.Contains(string(out), want) {
		s.t.Errorf("cloister %q: %v\n%s\nwant status %d and %q", args, err, out, 10+k, want)
	}
}

// TestAnImportedModelIsShownAndAsked takes an ONNX file the whole way, with a
// photo in and a label out.
func TestAnImportedModelIsShownAndAsked(t *testing.T) {
	s := shell{t, t.TempDir()}
	file := shades(t)
	model := s.file("shades.onnx", file)
	names := s.file("labels.txt", []byte("red\ngreen\nblue\n"))
	app := filepath.Join(appsDir, "infer.wasm")
	red, blue := s.paint("red.png", color.NRGBA{255, 0, 51, 255}), s.paint("blue.png", color.NRGBA{0, 51, 255, 255})
	const pre = "image | crop 2x2 | divide 255 | nchw"

	imported := s.run("model", "import", model, "--pre", pre, "--labels", names, "--licence", "MIT", "--accuracy", "top1=0.75/400", "--post", "top 1")
	for _, want := range []string{"name        shades", "licence     MIT", "pixels float32 [1 3 2 2]: " + pre, "scores float32 [1 3]: top 1",
		"parameters  3", "opset 17, engines cpu", "origin      " + abi.Sum(file).String(), "3: red, green, blue", "top1        0.75 over 400 records, its importer says"} {
		if !strings.Contains(imported, want) {
			t.Errorf("import says\n%s\nwithout %q", imported, want)
		}
	}
	var shown cardView
	if err := json.Unmarshal([]byte(s.run("--json", "model", "show", "shades")), &shown); err != nil {
		t.Fatal(err)
	}
	if spec := shown.Card.Spec; spec == nil || spec.FLOPs == 0 || spec.Arena == 0 || spec.ABI != abi.ImportModule || shown.Content == nil {
		t.Errorf("show says %+v", shown)
	}
	content := shown.Content.String()

	answer := s.run("model", "run", "shades", red, blue, "--app", app)
	if lines := strings.Split(strings.TrimSpace(answer), "\n"); len(lines) != 3 ||
		!slices.Equal(strings.Fields(lines[1]), []string{"red.png", "red", "1.000"}) || !slices.Equal(strings.Fields(lines[2]), []string{"blue.png", "blue", "1.000"}) {
		t.Errorf("run says\n%s", answer)
	}
	if again := s.run("model", "run", content, red, blue, "--app", app); again != answer {
		t.Errorf("by content id:\n%s", again)
	}
	if unsealed := s.run("model", "run", model, red, blue, "--app", app, "--pre", pre, "--labels", names, "--post", "top 1"); unsealed != answer {
		t.Errorf("from the file:\n%s", unsealed)
	}
	if top := s.run("model", "run", "shades", blue, "--top", "2", "--app", app); !strings.Contains(top, "green") {
		t.Errorf("the best two:\n%s", top)
	}
	// The app that runs is the one a host runs: by content id, on the same bytes.
	if plain := s.run("run", app, "--model", content, "--as", "developer", "--input", red); !strings.Contains(plain, `"label":"red","score":1`) {
		t.Errorf("cloister run says %s", plain)
	}

	// Arrays in, arrays out.
	x := onnx.Tensor{DType: abi.Float32, Shape: []int64{1, 3, 2, 2}, Data: make([]byte, 48)}
	pb := s.file("x.pb", onnx.MarshalTensor(x))
	for _, name := range []string{"y.npy", "y.pb"} {
		out := filepath.Join(s.dir, name)
		s.run("model", "run", model, pb, "--app", app, "--out", out)
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		a, err := recipe.ParseNPY(b)
		if name == "y.pb" {
			var y onnx.Tensor
			y, err = onnx.ParseTensor(b)
			a = recipe.Array{DType: y.DType, Shape: y.Shape, Data: y.Data}
		}
		if err != nil || a.DType != abi.Float32 || !slices.Equal(a.Shape, []int64{1, 3}) || !bytes.Equal(a.Data, make([]byte, 12)) {
			t.Errorf("%s holds %+v, %v", name, a, err)
		}
	}

	s.refused(abi.NotFound, "is no file and no name of a model here", "model", "run", "nobody", red, "--app", app)
	s.refused(abi.Invalid, "not a JPEG or PNG", "model", "run", "shades", names, "--app", app)
	s.refused(abi.Invalid, "--out", "model", "run", "shades", red, "--app", app, "--out", filepath.Join(s.dir, "y.txt"))
	s.run("model", "import", model)
	s.refused(abi.Invalid, "two models are named", "model", "show", "shades")
}

func TestImportRefusesByName(t *testing.T) {
	s := shell{t, t.TempDir()}
	file := shades(t)
	model := s.file("shades.onnx", file)
	odd := s.file("odd.onnx", bytes.ReplaceAll(file, []byte("GlobalAveragePool"), []byte("GlobalAverageFool")))
	many := s.file("many.txt", []byte("a\nb\nc\nd\n"))
	for _, c := range []struct {
		kind abi.Kind
		want string
		args []string
	}{
		{abi.NotFound, "missing.onnx", []string{filepath.Join(s.dir, "missing.onnx")}},
		{abi.Invalid, "onnx: model", []string{many}},
		{abi.Invalid, `operator "GlobalAverageFool" is not supported`, []string{odd}},
		{abi.Invalid, `no step or preset "photo"`, []string{model, "--pre", "photo"}},
		{abi.Invalid, `the model has no input of that name, only "pixels"`, []string{model, "--pre", "pixel=raw"}},
		{abi.Invalid, `carried over from "state", the outputs are "scores"`, []string{model, "--pre", "carry state"}},
		{abi.Invalid, `step "best"`, []string{model, "--post", "best"}},
		{abi.Invalid, "labels: 4 for the 3 numbers of output", []string{model, "--labels", many}},
		{abi.Invalid, `accuracy "top1"`, []string{model, "--accuracy", "top1"}},
		{abi.Invalid, "has no input of that name", []string{model, "--bind", "x=1x3"}},
		{abi.Invalid, `input "pixels": it is bound to shape [1 3]`, []string{model, "--bind", "pixels=1x3"}},
		{abi.Invalid, "want NAME=DIMxDIM", []string{model, "--bind", "pixels=axb"}},
		{abi.Invalid, "no inputs", []string{model, "--bind", "pixels=:0"}},
		{abi.Invalid, "there is no vocabulary", []string{model, "--pre", "text | bpe"}},
		{abi.Invalid, "no token stands for byte 0", []string{model, "--pre", "text | bpe", "--vocab", many}},
		{abi.Invalid, "no other before it", []string{model, "--pre", "again | raw"}},
		{abi.Invalid, `no node puts out "middle"`, []string{model, "--cut", "middle"}},
	} {
		s.refused(c.kind, c.want, append([]string{"model", "import"}, c.args...)...)
	}
	if cut := s.run("model", "import", model, "--cut", "v1", "--pre", "imagenet"); !strings.Contains(cut, "v1 float32 [1 3 1 1]\n") {
		t.Errorf("a cut model is\n%s", cut)
	}
}

// TestProbabilitiesAreNotMadeAgain: a preset reads scores by softmax, but not those
// that the model's own Softmax gave.
func TestProbabilitiesAreNotMadeAgain(t *testing.T) {
	for _, c := range []struct{ last, post, want string }{
		{"Gemm", "", "softmax | top 5"}, {"Softmax", "", "top 5"}, {"Softmax", "softmax | top 2", "softmax | top 2"},
	} {
		spec := vault.Spec{Inputs: []vault.Port{{Name: "x", Shape: []int64{1, 3, 224, 224}}}, Outputs: []vault.Port{{Name: "y"}}}
		if err := (cardFlags{Pre: []string{"imagenet"}, Post: c.post}).recipes(&spec, c.last); err != nil || spec.Reading != c.want {
			t.Errorf("behind %s with --post %q: %q, %v; want %q", c.last, c.post, spec.Reading, err, c.want)
		}
	}
}
