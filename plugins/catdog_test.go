//go:build data

package plugins_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/vault"
)

// TestCatsAndDogs trains a head on SqueezeNet 1.1, cut before its own, over 800
// photos, and tests it on 200 others. CLOISTER_DATA names the folder with catdog
// and models.
func TestCatsAndDogs(t *testing.T) {
	data := os.Getenv("CLOISTER_DATA")
	out := filepath.Join(t.TempDir(), "catdog.sealed")
	packed, err := vault.Pack(t.Context(), vault.PackConfig{Source: filepath.Join(data, "catdog"), Out: out, Input: "rgb224x224/255", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	photos, err := vault.OpenDataset(out, packed.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer photos.Close()

	env := sandbox.Env{Data: photos, Seed: abi.Sum([]byte("seed")), Models: map[string]sandbox.Model{"model": squeezenet(t, data)}}
	policy := seller
	policy.ModelBytes = 8 << 20
	got, err := run(t, "finetune", reviewed(t, policy, open), env)
	if err != nil {
		t.Fatalf("finetune: %v\n%s", err, got.Log)
	}
	var rep struct {
		Accuracy        float64
		Records, Tested int
	}
	if err := json.Unmarshal(got.Bytes, &rep); err != nil {
		t.Fatal(err)
	}
	t.Logf("%sin %v", got.Bytes, got.Wall.Round(time.Second))
	if rep.Accuracy < 0.95 || rep.Records != 800 || rep.Tested != 200 {
		t.Errorf("accuracy %v over %d photos after %d, want at least 0.95 over 200 after 800", rep.Accuracy, rep.Tested, rep.Records)
	}
}

// squeezenet is the model as importing it with --cut fire9/concat_1 and the
// recipe caffe makes it.
func squeezenet(t *testing.T, data string) sandbox.Model {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(data, "models", "squeezenet1.1", "model.onnx"))
	if err == nil {
		file, err = onnx.Cut(file, "fire9/concat_1")
	}
	if err != nil {
		t.Fatal(err)
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
	g, err := s.ParseONNX(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if file, err = g.MarshalONNX(); err != nil {
		t.Fatal(err)
	}
	return imported(t, file, nil, vault.Spec{
		Inputs:  []vault.Port{{Name: "data_0", DType: abi.Float32, Shape: []int64{1, 3, 224, 224}, Recipe: "caffe"}},
		Outputs: []vault.Port{{Name: "fire9/concat_1", DType: abi.Float32, Shape: []int64{1, 512, 13, 13}}}, Opset: 7,
	})
}
