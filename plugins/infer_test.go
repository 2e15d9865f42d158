package plugins_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/vault"

	"github.com/google/go-cmp/cmp"
)

// A net builds an ONNX file; the first error ends the test.
type net struct {
	t testing.TB
	s abi.Session
	g abi.Graph
}

func newNet(t testing.TB, opset int) *net {
	t.Helper()
	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	n := &net{t: t}
	if n.s, err = e.Open(t.Context(), abi.Quota{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.s.Close() })
	if n.g, err = n.s.NewGraph(opset); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *net) value(v abi.Value, err error) abi.Value {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
	return v
}

func (n *net) input(name string, shape ...int64) abi.Value {
	n.t.Helper()
	return n.value(n.g.Input(name, abi.Float32, shape))
}

func (n *net) node(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	n.t.Helper()
	out, err := n.g.Node(op, attrs, in)
	if err != nil {
		n.t.Fatal(err)
	}
	return out[0]
}

func (n *net) param(name string, data []float32, shape ...int64) abi.Value {
	n.t.Helper()
	x, err := n.s.NewTensor(abi.Float32, shape)
	if err == nil {
		err = x.Write(0, littleEndian(data))
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return n.value(n.g.Param(name, x))
}

// file names the outputs and returns the file.
func (n *net) file(outputs ...any) []byte {
	n.t.Helper()
	for i := 0; i < len(outputs); i += 2 {
		if err := n.g.Output(outputs[i].(string), outputs[i+1].(abi.Value)); err != nil {
			n.t.Fatal(err)
		}
	}
	b, err := n.g.MarshalONNX()
	if err != nil {
		n.t.Fatal(err)
	}
	return b
}

func littleEndian(x []float32) (b []byte) {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// imported is a model with a card as importing makes it.
func imported(t testing.TB, onnx []byte, classes []string, spec vault.Spec) sandbox.Model {
	t.Helper()
	card, err := json.Marshal(vault.Card{Name: "m", Classes: classes, Spec: &spec})
	if err != nil {
		t.Fatal(err)
	}
	return sandbox.Model{ONNX: onnx, Card: card, Open: true}
}

// colour is the model that says which of three colours an image has most of.
func colour(t testing.TB) sandbox.Model {
	n := newNet(t, 17)
	y := n.node("Flatten", nil, n.node("GlobalAveragePool", nil, n.input("pixels", 1, 3, 2, 2)))
	return imported(t, n.file("scores", y), []string{"red", "green", "blue"}, vault.Spec{
		Inputs:  []vault.Port{{Name: "pixels", DType: abi.Float32, Shape: []int64{1, 3, 2, 2}, Recipe: "image | resize 2x2 | divide 255 | nchw"}},
		Outputs: []vault.Port{{Name: "scores", DType: abi.Float32, Shape: []int64{1, 3}}}, Reading: "top 2",
	})
}

// plainPNG is an image of one colour.
func plainPNG(t testing.TB, c color.Color) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 5, 4))
	for i := range 20 {
		img.Set(i%5, i/5, c)
	}
	var b strings.Builder
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

// A judgement is what infer says about one record, as far as tests look at it.
type judgement struct {
	Label   string
	Score   float64
	Top     []recipe.Guess
	Scores  []float64
	Windows [][]recipe.Guess
	Outputs []struct {
		Name           string
		Shape          []int64
		Min, Max, Mean float64
	}
}

var open = wire.Policy{Kind: wire.Open}

func ask(t testing.TB, m sandbox.Model, params map[string]string, files ...[]byte) ([]byte, error) {
	t.Helper()
	env := sandbox.Env{Input: abi.JoinFiles(files...), Params: params, Models: map[string]sandbox.Model{"model": m}}
	out, err := run(t, "infer", reviewed(t, wire.Policy{}, open), env)
	return out.Bytes, err
}

func judge(t testing.TB, m sandbox.Model, params map[string]string, files ...[]byte) []judgement {
	t.Helper()
	b, err := ask(t, m, params, files...)
	if err != nil {
		t.Fatal(err)
	}
	var all []judgement
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestInferLabelsPhotosAsTheCardSays(t *testing.T) {
	m := colour(t)
	red, blue := plainPNG(t, color.NRGBA{255, 51, 0, 255}), plainPNG(t, color.NRGBA{0, 51, 102, 255})
	got := judge(t, m, nil, red, blue)
	if len(got) != 2 || got[0].Label != "red" || got[0].Score != 1 || got[1].Label != "blue" || got[1].Score != 0.4 {
		t.Fatalf("answers %+v", got)
	}
	if diff := cmp.Diff([]recipe.Guess{{Label: "blue", Index: 2, Score: 0.4}, {Label: "green", Index: 1, Score: 0.2}}, got[1].Top); diff != "" {
		t.Errorf("blue (-want +got):\n%s", diff)
	}
	if o := got[1].Outputs[0]; o.Name != "scores" || math.Abs(o.Max-0.4) > 1e-6 || math.Abs(o.Mean-0.2) > 1e-6 {
		t.Errorf("output %+v", o)
	}
	if got := judge(t, m, map[string]string{"top": "3"}, red); len(got[0].Top) != 3 {
		t.Errorf("top 3: %+v", got[0].Top)
	}
	b, err := ask(t, m, map[string]string{"output": "arrays"}, red)
	if err != nil {
		t.Fatal(err)
	}
	a, err := recipe.ParseNPY(b)
	if err != nil || !slices.Equal(a.Shape, []int64{1, 3}) || !slices.Equal(a.Data, littleEndian([]float32{1, 0.2, 0})) {
		t.Errorf("array %+v, %v", a, err)
	}
}

// A model that was trained here has no spec: infer asks it as classify does.
func TestInferAsksTrainedModelsToo(t *testing.T) {
	n := newNet(t, 17)
	x := n.input("x", 1, 3, 1, 1)
	m := sandbox.Model{ONNX: n.file("scores", n.node("Softmax", nil, n.node("Flatten", nil, x))), Card: []byte(`{"input":"rgb1x1/255","classes":["r","g","b"]}`)}
	env := sandbox.Env{Input: plainPNG(t, color.NRGBA{0, 255, 0, 255}), Models: map[string]sandbox.Model{"model": m}}
	out, err := run(t, "infer", reviewed(t, wire.Policy{}, wire.Policy{Kind: wire.Reviewed, OutputBytes: 1 << 10}), env)
	var got []judgement
	if err := errors.Join(err, json.Unmarshal(out.Bytes, &got)); err != nil || got[0].Label != "g" || len(got[0].Top) != 3 || got[0].Score != 0.576 {
		t.Errorf("%+v, %v; want g with e/(e+2), rounded as answers of sealed models are", got, err)
	}
}

// TestInferCarriesStateFromWindowToWindow runs a model that adds up what it
// hears.
func TestInferCarriesStateFromWindowToWindow(t *testing.T) {
	n := newNet(t, 13)
	x, state, gain := n.input("x", 1, 3), n.input("state", 1, 1), n.input("gain", 1, 1)
	sum := n.node("ReduceSum", []abi.Attr{{Name: "keepdims", Type: abi.AttrInt, I: 1}}, x)
	next := n.node("Add", nil, state, n.node("Mul", nil, sum, gain))
	one := func(name, r string, shape ...int64) vault.Port {
		return vault.Port{Name: name, DType: abi.Float32, Shape: shape, Recipe: r}
	}
	m := imported(t, n.file("loudness", n.node("Identity", nil, next), "next", next), nil, vault.Spec{
		Inputs:  []vault.Port{one("x", "wav | rate 8000 | window 2,1", 1, 3), one("state", "carry next", 1, 1), one("gain", "value 2", 1, 1)},
		Outputs: []vault.Port{one("loudness", "", 1, 1), one("next", "", 1, 1)}, Reading: "top 1",
	})
	sound := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x06\x00\x00\x00\x00\x20\x00\x20\x00\x40")
	got := judge(t, m, nil, sound)[0] // 0 ¼ ¼, then ¼ ½ 0: sums ½ and ¾, twice each
	if !slices.Equal(got.Scores, []float64{1, 2.5}) || got.Score != 2.5 || got.Windows != nil {
		t.Errorf("scores %v and %+v; want 1, then 2.5", got.Scores, got)
	}
	var card vault.Card
	if err := json.Unmarshal(m.Card, &card); err != nil {
		t.Fatal(err)
	}
	card.Spec.Reading = "threshold 2"
	loud := judge(t, imported(t, m.ONNX, nil, *card.Spec), nil, sound)[0]
	if len(loud.Windows) != 2 || len(loud.Windows[0]) != 0 || loud.Windows[1][0].Score != 2.5 || loud.Scores != nil {
		t.Errorf("loud windows %+v; want none, then 2.5", loud)
	}
	if !slices.Equal(got.Outputs[1].Shape, []int64{2, 1, 1}) {
		t.Errorf("output %+v", got.Outputs[1])
	}
	again := judge(t, m, nil, sound, sound) // records do not know of each other
	if diff := cmp.Diff(again[0], again[1]); diff != "" {
		t.Errorf("the second record (-first +second):\n%s", diff)
	}
}

// TestInferReadsText gives one text to two inputs: the tokens, and which of them
// are there.
func TestInferReadsText(t *testing.T) {
	n := newNet(t, 13)
	ids, err := n.g.Input("ids", abi.Int64, []int64{1, 4})
	ids = n.value(ids, err)
	mask := n.input("mask", 1, 4)
	asFloat := n.node("Cast", []abi.Attr{{Name: "to", Type: abi.AttrInt, I: int64(abi.Float32)}}, ids)
	port := func(name, r string, dt abi.DType) vault.Port {
		return vault.Port{Name: name, DType: dt, Shape: []int64{1, 4}, Recipe: r}
	}
	m := imported(t, n.file("y", n.node("Mul", nil, asFloat, mask)), nil, vault.Spec{
		Inputs: []vault.Port{
			port("ids", "text | lower | wordpiece | fit 4,9", abi.Int64), port("mask", "again | text | lower | wordpiece | fit 4,9 | mask", abi.Float32),
		},
		Outputs: []vault.Port{port("y", "", abi.Float32)}, Reading: "top 4", Vocabulary: []string{"[UNK]", "[CLS]", "[SEP]", "hi", "##gh"},
	})
	got := judge(t, m, nil, []byte("Hi"), []byte("high"))
	if len(got) != 2 || got[0].Score != 3 || got[0].Top[3].Score != 0 || got[1].Score != 4 || got[1].Top[3].Score != 1 {
		t.Errorf("answers %+v; want 1 3 2 0 and 1 3 4 2", got)
	}
}

func TestInferSaysWhatIsWrong(t *testing.T) {
	good := plainPNG(t, color.White)
	m := colour(t)
	change := func(f func(*vault.Spec)) sandbox.Model {
		var card vault.Card
		if err := json.Unmarshal(m.Card, &card); err != nil {
			t.Fatal(err)
		}
		f(card.Spec)
		return imported(t, m.ONNX, card.Classes, *card.Spec)
	}
	for _, tt := range []struct {
		name   string
		model  sandbox.Model
		params map[string]string
		file   []byte
		want   string
	}{
		{"no image", m, nil, []byte("hello"), `record 1 of 1: input pixels: image: not a JPEG or PNG, it begins with "hello"`},
		{"an odd recipe", change(func(s *vault.Spec) { s.Inputs[0].Recipe = "image | blur" }), nil, good, `the model's card: input pixels: recipe: no step or preset "blur"`},
		{"an odd reading", change(func(s *vault.Spec) { s.Reading = "best" }), nil, good, `reading: step "best"`},
		{"a recipe of another size", change(func(s *vault.Spec) { s.Inputs[0].Recipe = "image | resize 3x3 | nchw" }), nil, good, "the recipe makes [3 3 3]"},
		{"another type", change(func(s *vault.Spec) { s.Inputs[0].DType = abi.Uint8; s.Inputs[0].Recipe = "image | resize 2x2 | nchw" }), nil, good, "program_run: input 0 (pixels)"},
		{"outputs that are not there", change(func(s *vault.Spec) { s.Outputs = append(s.Outputs, s.Outputs[0]) }), nil, good, "it lists 2 outputs, the model has 1"},
		{"a state from nowhere", change(func(s *vault.Spec) { s.Inputs[0].Recipe = "carry me" }), nil, good, "carried over from me, which is no output"},
		{"an odd form", m, map[string]string{"output": "xml"}, good, "parameter output=xml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ask(t, tt.model, tt.params, tt.file)
			if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Run = %v; want %v with %q", err, abi.Invalid, tt.want)
			}
		})
	}
}
