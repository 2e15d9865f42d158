package plugins_test

import (
	"encoding/json"
	"errors"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/vault"
)

// backboneWeights are those of the backbone's one convolution.
func backboneWeights() []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	w := make([]float32, 8*3*3*3)
	for i := range w {
		w[i] = float32(r.NormFloat64() / 100)
	}
	return w
}

// backbone is an imported model that was made for other images: it takes them
// in blue, green, red, from 0 to 255 less a mean.
func backbone(t testing.TB) sandbox.Model {
	n := newNet(t, 13)
	w := n.param("w", backboneWeights(), 8, 3, 3, 3)
	b := n.param("b", make([]float32, 8), 8)
	pads := []abi.Attr{{Name: "pads", Type: abi.AttrInts, Ints: []int64{1, 1, 1, 1}}}
	y := n.node("Relu", nil, n.node("Conv", pads, n.input("pixels", 1, 3, 4, 4), w, b))
	return imported(t, n.file("features", y), nil, vault.Spec{
		Inputs:  []vault.Port{{Name: "pixels", DType: abi.Float32, Shape: []int64{1, 3, 4, 4}, Recipe: "image | resize 4x4 | bgr | subtract 104,117,124 | nchw"}},
		Outputs: []vault.Port{{Name: "features", DType: abi.Float32, Shape: []int64{1, 8, 4, 4}}}, Opset: 13, Parameters: 224,
	})
}

// paints are images that are more red or more blue, in bad light.
func paints() *dataset {
	d := &dataset{x: map[string][][]float32{}, y: map[string][]int64{}}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 250 {
		split, label := "train", int64(i%2)
		if i >= 150 {
			split = "test"
		}
		x := make([]float32, 3*16)
		light := 0.3 + 0.4*r.Float32()
		for p := range 16 {
			x[int(label)*32+p] = min(1, light+0.3*r.Float32()) // plane 0 is red, 2 is blue
			x[16+p] = light * r.Float32()
		}
		d.x[split], d.y[split] = append(d.x[split], x), append(d.y[split], label)
	}
	d.schema = abi.Schema{
		Name: "paints", Task: "classification", Shape: []int64{3, 4, 4}, DType: abi.Float32, Unit: "record", Input: "rgb4x4/255",
		Classes: []string{"red", "blue"}, Splits: []abi.Split{{Name: "train", Records: 150}, {Name: "test", Records: 100}},
	}
	return d
}

// TestFinetune trains a head on a backbone over private records, in one job; the
// model that comes out is whole, and its backbone is what it was.
func TestFinetune(t *testing.T) {
	data := paints()
	env := sandbox.Env{Data: data, Seed: abi.Sum([]byte("seed")), Params: map[string]string{"epochs": "40"}, Models: map[string]sandbox.Model{"model": backbone(t)}}
	out, err := run(t, "finetune", reviewed(t, seller, open), env)
	if err != nil {
		t.Fatalf("finetune: %v\n%s", err, out.Log)
	}
	t.Logf("%s", out.Bytes)
	var rep struct {
		Accuracy                         float64
		Tested, Features, Records, Steps int
		Frozen                           int `json:"frozen_parameters"`
		Trained                          int `json:"trained_parameters"`
	}
	if err := json.Unmarshal(out.Bytes, &rep); err != nil {
		t.Fatal(err)
	}
	if rep.Accuracy < 0.95 || rep.Tested != 100 || rep.Features != 8 || rep.Frozen != 224 || rep.Trained != 18 || rep.Records != 128 || rep.Steps != 160 {
		t.Errorf("report %+v", rep)
	}
	if len(out.Metrics) != 1 || out.Metrics[0].Value != rep.Accuracy || len(out.Models) != 1 || !out.Models[0].Private {
		t.Fatalf("released %+v and %d models", out.Metrics, len(out.Models))
	}

	// Asked by the app that knows nothing of backbones.
	card, err := json.Marshal(map[string]any{"input": data.schema.Input, "classes": data.schema.Classes})
	if err != nil {
		t.Fatal(err)
	}
	model := sandbox.Model{ONNX: out.Models[0].ONNX, Card: card, Open: true}
	got := judge(t, model, nil, plainPNG(t, color.NRGBA{200, 60, 0, 255}), plainPNG(t, color.NRGBA{0, 60, 200, 255}))
	if got[0].Label != "red" || got[1].Label != "blue" {
		t.Errorf("answers %+v", got)
	}

	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Open(t.Context(), abi.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g, err := s.ParseONNX(t.Context(), model.ONNX)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, p := range g.Params() {
		names[p.Name] = true
		if p.Name != "w" {
			continue
		}
		b := make([]byte, 4*8*27)
		if err := p.Tensor.Read(0, b); err != nil {
			t.Fatal(err)
		}
		if string(b) != string(littleEndian(backboneWeights())) {
			t.Error("the backbone's weights changed")
		}
	}
	if !names["w"] || !names["head.weight"] || !names["head.bias"] {
		t.Errorf("parameters %v", names)
	}
}

func TestFinetuneSaysWhatIsWrong(t *testing.T) {
	sealed := backbone(t)
	sealed.Open = false
	small := paints()
	small.schema.Shape = []int64{3, 2, 8}
	grey := newNet(t, 17)
	relu := grey.file("y", grey.node("Relu", nil, grey.input("x", 1, 3, 4, 4)))
	odd := imported(t, relu, nil, vault.Spec{Opset: 17,
		Inputs:  []vault.Port{{Name: "x", DType: abi.Float32, Shape: []int64{1, 3, 4, 4}, Recipe: "image | resize 4x4 | nhwc"}},
		Outputs: []vault.Port{{Name: "y", DType: abi.Float32, Shape: []int64{1, 3, 4, 4}}}})
	for _, tt := range []struct {
		name  string
		data  *dataset
		model sandbox.Model
		want  string
	}{
		{"records of another size", small, backbone(t), "the model takes 1x3x4x4, a record is 3x2x8: pack the data to fit"},
		{"a model that was trained here", paints(), sandbox.Model{ONNX: relu, Card: []byte(`{"input":"rgb4x4/255"}`), Open: true}, "an imported model with one input is wanted"},
		{"a recipe that records cannot follow", paints(), odd, "is not of colour images, channel after channel"},
		{"a sealed backbone", paints(), sealed, "is sealed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := sandbox.Env{Data: tt.data, Models: map[string]sandbox.Model{"model": tt.model}}
			_, err := run(t, "finetune", reviewed(t, seller, wire.Policy{Kind: wire.Open}), env)
			if k := abi.KindOf(err); k != abi.Invalid && k != abi.Denied || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Run = %v; want %q", err, tt.want)
			}
		})
	}
	if _, err := run(t, "finetune", reviewed(t, seller, open), sandbox.Env{Data: paints()}); !errors.Is(err, abi.NotFound) {
		t.Errorf("without a model: %v", err)
	}
}
