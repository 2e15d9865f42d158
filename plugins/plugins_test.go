// Package plugins_test runs the apps of this folder in the sandbox, on the cpu
// engine, as a host does.
package plugins_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"

	"golang.org/x/sync/errgroup"
)

// runtime is the sandbox the apps run in, apps what they became there.
var (
	runtime *sandbox.Runtime
	apps    = map[string]*sandbox.App{}
)

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

// testMain builds every app with the command of package guest's comment and
// compiles it. The sandbox's cache stays between runs: compiling six Go apps
// takes seconds, and minutes under the race detector.
func testMain(m *testing.M) int {
	ctx := context.Background()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	if runtime, err = sandbox.New(ctx, sandbox.Config{CacheDir: filepath.Join(cache, "cloister-test")}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer runtime.Close(ctx)
	dir, err := os.MkdirTemp("", "apps")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)

	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range []string{"echo", "train", "classify", "peek", "infer", "finetune"} {
		g.Go(func() error {
			wasm, err := build(ctx, name, filepath.Join(dir, name+".wasm"))
			if err != nil {
				return err
			}
			a, err := runtime.Load(ctx, wasm)
			if err != nil {
				return fmt.Errorf("load %s: %w", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			apps[name] = a
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(ctx context.Context, name, to string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", to, "./"+name)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return os.ReadFile(to)
}

// run runs an app in a fresh session of the cpu engine.
func run(t testing.TB, name string, g gate.Grant, env sandbox.Env) (sandbox.Output, error) {
	t.Helper()
	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Open(t.Context(), abi.Quota{TensorBytes: g.Limits().Tensor})
	if err != nil {
		t.Fatal(err)
	}
	env.Session = s
	out, err := runtime.Run(t.Context(), g, apps[name], env)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return out, err
}

// reviewed is what the gate grants a job on data or a model with that policy.
func reviewed(t testing.TB, data, model wire.Policy) gate.Grant {
	t.Helper()
	app, slot := abi.Sum([]byte("app")), abi.Sum([]byte("slot"))
	who := abi.Address{1}
	facts := gate.Facts{Now: time.Unix(1_800_000_000, 0), Signer: who, Data: data, Model: model, Purchases: map[abi.Digest]wire.Purchase{}}
	facts.Data.Apps, facts.Model.Apps = []abi.Digest{app}, []abi.Digest{app}
	facts.Data.Hosts, facts.Model.Hosts = []abi.Address{{2}}, []abi.Address{{2}} // which of them asks is open
	req := wire.Request{ID: abi.Sum([]byte("job")), App: app, Slot: slot, Body: abi.Sum([]byte("body")), Deadline: 1_800_000_060}
	for kind, content := range map[wire.AssetKind]abi.Digest{wire.App: app, wire.Slot: slot, wire.Dataset: abi.Sum([]byte("data")), wire.Model: abi.Sum([]byte("model"))} {
		switch {
		case kind == wire.Dataset && data.Kind == "", kind == wire.Model && model.Kind == "":
			continue
		case kind == wire.Dataset:
			req.Data = content
		case kind == wire.Model:
			req.Model = content
		}
		id := abi.Sum([]byte{byte(kind)})
		req.Receipts = append(req.Receipts, id)
		facts.Purchases[id] = wire.Purchase{ID: id, Buyer: who, Kind: kind, Content: content, Units: 1, Expiry: 1_800_000_060}
	}
	g, err := gate.Admit(gate.Policy{Slot: slot}, facts, req)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// seller is the policy of a dataset that may be trained on.
var seller = wire.Policy{Kind: wire.Reviewed, MinRecords: 50, Metrics: 4, ModelBytes: 1 << 20, OutputBytes: 64 << 10}

// A dataset is records in memory.
type dataset struct {
	schema abi.Schema
	x      map[string][][]float32
	y      map[string][]int64
}

func (d *dataset) Schema() abi.Schema { return d.schema }

func (d *dataset) Rows(split string, index []int, x []float32, y []int64) error {
	n := len(d.x[split][0])
	for i, r := range index {
		copy(x[i*n:(i+1)*n], d.x[split][r])
		y[i] = d.y[split][r]
	}
	return nil
}

// digits is the UCI set in examples/digits: 8 by 8 pixels of 0 to 16. Every
// fifth image is for testing.
func digits(t testing.TB) *dataset {
	t.Helper()
	f, err := os.Open("../examples/digits/digits.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	d := &dataset{x: map[string][][]float32{}, y: map[string][]int64{}}
	for i, row := range rows {
		split := "train"
		if i%5 == 0 {
			split = "test"
		}
		x := make([]float32, 64)
		for j := range x {
			v, err := strconv.Atoi(row[j])
			if err != nil {
				t.Fatal(err)
			}
			x[j] = float32(v) / 16
		}
		label, err := strconv.ParseInt(row[64], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		d.x[split], d.y[split] = append(d.x[split], x), append(d.y[split], label)
	}
	d.schema = abi.Schema{
		Name: "digits", Task: "classification", Shape: []int64{1, 8, 8}, DType: abi.Float32, Unit: "record", Input: "gray8x8/16",
		Classes: strings.Split("0123456789", ""),
		Splits:  []abi.Split{{Name: "train", Records: int64(len(d.x["train"]))}, {Name: "test", Records: int64(len(d.x["test"]))}},
	}
	return d
}

func TestEcho(t *testing.T) {
	out, err := run(t, "echo", reviewed(t, wire.Policy{}, wire.Policy{}), sandbox.Env{Input: []byte("hello")})
	if err != nil || string(out.Bytes) != "hello" {
		t.Errorf("Run = %q, %v", out.Bytes, err)
	}
}

// A report is what train writes, as far as tests look at it.
type report struct {
	Accuracy   float64 `json:"accuracy"`
	Tested     int     `json:"tested"`
	Parameters int     `json:"parameters"`
	Steps      int     `json:"steps"`
}

// The story of the demo: train on private digits, then ask the model about
// pictures, sealed and open.
func TestTrainThenClassify(t *testing.T) {
	data := digits(t)
	var epochs int
	env := sandbox.Env{
		Data: data, Seed: abi.Sum([]byte("seed")), Params: map[string]string{"epochs": "8"},
		Progress: func(done, _ uint64, _ string) { epochs = int(done) },
	}
	out, err := run(t, "train", reviewed(t, seller, wire.Policy{}), env)
	if err != nil {
		t.Fatalf("train: %v\n%s", err, out.Log)
	}
	var rep report
	if err := json.Unmarshal(out.Bytes, &rep); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s%d FLOPs in %v, model of %d bytes", out.Bytes, out.Usage.FLOPs, out.Wall.Round(time.Millisecond), len(out.Models[0].ONNX))
	if rep.Accuracy < 0.95 || rep.Tested != 360 || epochs != 8 {
		t.Errorf("accuracy %v over %d records after %d epochs; want at least 0.95 over 360 after 8", rep.Accuracy, rep.Tested, epochs)
	}
	if len(out.Metrics) != 1 || out.Metrics[0].Value != rep.Accuracy || len(out.Models) != 1 || out.Models[0].Name != "model" || !out.Models[0].Private {
		t.Fatalf("released %+v and %d models", out.Metrics, len(out.Models))
	}

	// The released accuracy is that of the model: ask it about every test image.
	card, err := json.Marshal(map[string]any{"input": data.schema.Input, "classes": data.schema.Classes})
	if err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	for _, x := range data.x["test"] {
		files = append(files, picture(t, x))
	}
	model := sandbox.Model{ONNX: out.Models[0].ONNX, Card: card}
	t.Run("no image", func(t *testing.T) {
		env := sandbox.Env{Input: abi.JoinFiles(files[0], []byte("hello"), nil), Models: map[string]sandbox.Model{"model": model}}
		_, err := run(t, "classify", reviewed(t, wire.Policy{}, wire.Policy{Kind: wire.Reviewed, OutputBytes: 1 << 10}), env)
		if want := `sandbox: app: input 2 of 3: not a JPEG or PNG, it begins with "hello": invalid`; err == nil || err.Error() != want {
			t.Errorf("Run = %v\nwant  %s", err, want)
		}
	})
	t.Run("more answers than the policy allows", func(t *testing.T) {
		env := sandbox.Env{Input: abi.JoinFiles(files[:3]...), Models: map[string]sandbox.Model{"model": model}}
		_, err := run(t, "classify", reviewed(t, wire.Policy{}, wire.Policy{Kind: wire.Reviewed, OutputBytes: 100}), env)
		if !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), "answers of 120 bytes, the model's policy allows 100") {
			t.Errorf("Run = %v", err)
		}
	})
	for _, tt := range []struct {
		name   string
		open   bool
		policy wire.Policy
	}{
		{"sealed", false, wire.Policy{Kind: wire.Reviewed, OutputBytes: 64 << 10}},
		{"open", true, wire.Policy{Kind: wire.Open}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			model.Open = tt.open
			env := sandbox.Env{Input: abi.JoinFiles(files...), Models: map[string]sandbox.Model{"model": model}}
			out, err := run(t, "classify", reviewed(t, wire.Policy{}, tt.policy), env)
			if err != nil {
				t.Fatal(err)
			}
			var answers []struct {
				Label string  `json:"label"`
				Score float64 `json:"score"`
			}
			if err := json.Unmarshal(out.Bytes, &answers); err != nil || len(answers) != len(files) {
				t.Fatalf("%d answers, %v", len(answers), err)
			}
			right := 0
			for i, a := range answers {
				if a.Label == data.schema.Classes[data.y["test"][i]] {
					right++
				}
			}
			if got := float64(right) / float64(len(files)); got < rep.Accuracy-0.002 || got > rep.Accuracy+0.002 {
				t.Errorf("%d of %d right, the metric said %v", right, len(files), rep.Accuracy)
			}
			t.Logf("%d images in %v, first answer %+v", len(files), out.Wall.Round(time.Millisecond), answers[0])
		})
	}
}

// picture is a record as a PNG of 8 by 8.
func picture(t testing.TB, x []float32) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i, v := range x {
		img.SetGray(i%8, i/8, color.Gray{Y: uint8(v*255 + 0.5)})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The same job gives the same bytes, weights included; another seed does not.
func TestTrainingIsTheSeedsAlone(t *testing.T) {
	data := digits(t)
	train := func(seed string) sandbox.Output {
		env := sandbox.Env{Data: data, Seed: abi.Sum([]byte(seed)), Params: map[string]string{"epochs": "1"}}
		out, err := run(t, "train", reviewed(t, seller, wire.Policy{}), env)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	a, b, c := train("one"), train("one"), train("two")
	if !bytes.Equal(a.Models[0].ONNX, b.Models[0].ONNX) || !bytes.Equal(a.Bytes, b.Bytes) || a.Usage != b.Usage {
		t.Error("two runs of one job differ")
	}
	if bytes.Equal(a.Models[0].ONNX, c.Models[0].ONNX) {
		t.Error("two seeds gave the same weights")
	}
}

// What an app can see is the same whatever the records are: over two datasets
// of the same shape everything public is equal, but for what was released.
func TestNothingPublicDependsOnRecords(t *testing.T) {
	one, other := digits(t), digits(t)
	for split, rows := range other.x {
		for i, x := range rows {
			for j := range x {
				x[j] = 1 - x[j]
			}
			other.y[split][i] = (other.y[split][i] + 3) % 10
		}
	}
	peek := func(d *dataset) sandbox.Output {
		out, err := run(t, "peek", reviewed(t, seller, wire.Policy{}), sandbox.Env{Data: d})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	a, b := peek(one), peek(other)
	if !bytes.Equal(a.Bytes, b.Bytes) || !bytes.Equal(a.Log, b.Log) || a.Usage != b.Usage {
		t.Errorf("one saw\n%s\nthe other\n%s", a.Bytes, b.Bytes)
	}
}

func TestPeekSeesNothing(t *testing.T) {
	out, err := run(t, "peek", reviewed(t, seller, wire.Policy{}), sandbox.Env{Data: digits(t)})
	if err != nil {
		t.Fatalf("%v\n%s", err, out.Log)
	}
	report := string(out.Bytes)
	if strings.Contains(report, "WORKED") || !strings.Contains(report, "15 of 15 tries were refused") {
		t.Errorf("peek reports\n%s", report)
	}
	t.Log("\n" + report)
}

// Over open data the same tries work: the refusals are the policy's, not an
// accident.
func TestPeekSeesOpenData(t *testing.T) {
	_, err := run(t, "peek", reviewed(t, wire.Policy{Kind: wire.Open}, wire.Policy{}), sandbox.Env{Data: digits(t)})
	if !errors.Is(err, abi.Guest) || !strings.Contains(fmt.Sprint(err), "tries to see a record worked") {
		t.Errorf("Run = %v", err)
	}
}

func TestAppsRefuseBadInput(t *testing.T) {
	data := digits(t)
	good := picture(t, data.x["test"][0])
	model := sandbox.Model{ONNX: []byte("not onnx"), Card: []byte(`{"input":"gray8x8/16","classes":["0","1"]}`), Open: true}
	odd := model
	odd.Card = []byte(`{"input":"sound16k","classes":["0","1"]}`)
	for _, tt := range []struct {
		name, app string
		env       sandbox.Env
		want      abi.Kind
		text      string
	}{
		{"no dataset", "train", sandbox.Env{}, abi.NotFound, "data_open: no dataset \"data\": the job was admitted for none"},
		{"epochs that are no number", "train", sandbox.Env{Data: data, Params: map[string]string{"epochs": "many"}}, abi.Invalid, "parameter epochs=many: a whole number from 1 to 10000 is wanted"},
		{"a learning rate that is none", "train", sandbox.Env{Data: data, Params: map[string]string{"lr": "NaN"}}, abi.Invalid, "parameter lr=NaN"},
		{"no model", "classify", sandbox.Env{Input: good}, abi.NotFound, "no model \"model\""},
		{"a model that is none", "classify", sandbox.Env{Input: good, Models: map[string]sandbox.Model{"model": model}}, abi.Invalid, "model_open: "},
		{"a card with odd input", "classify", sandbox.Env{Input: good, Models: map[string]sandbox.Model{"model": odd}}, abi.Invalid, `input "sound16k" is not of the form`},
		{"truncated files", "classify", sandbox.Env{Input: abi.JoinFiles(good)[:40], Models: map[string]sandbox.Model{"model": model}}, abi.Invalid, "file 1 has"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := run(t, tt.app, reviewed(t, wire.Policy{Kind: wire.Open}, wire.Policy{Kind: wire.Open}), tt.env)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Run = %v; want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}
