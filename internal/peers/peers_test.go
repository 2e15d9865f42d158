package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets a test start this program as a child of itself.
func TestMain(m *testing.M) {
	if os.Getenv("PEERS_CHILD") != "" {
		if err := child(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// us is a side that this test's program plays.
func us(t *testing.T, name string, s spec) side {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PEERS_CHILD", "1")
	s.Threads = 1
	return side{name: name, command: []string{self}, spec: s}
}

func TestADuelTimesComparesAndKeepsWhoWasRefused(t *testing.T) {
	gemm := spec{Candidate: "cloister", Kind: "gemm", Size: 64}
	other := gemm
	other.Size = 32
	d := duel{what: "64 × 64", flops: 2 * 64 * 64 * 64, patience: 5 * time.Second, sides: []side{
		us(t, "Cloister", gemm),
		us(t, "again", gemm),
		us(t, "smaller", other),
		us(t, "none", spec{Candidate: "cloister", Kind: "sleep"}),
		{name: "absent", command: []string{filepath.Join(t.TempDir(), "absent")}},
		{name: "dies", command: []string{"sh", "-c", "echo no such processor >&2; exit 1"}},
		{name: "hangs", command: []string{"sleep", "1000"}},
	}}
	got, err := d.fight(context.Background(), t.TempDir(), 3, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range got[:3] {
		if o.refused != "" || len(o.turns) != 3 || o.median() <= 0 || o.best() > o.median() || o.peak() < 1<<20 {
			t.Errorf("side %d: %+v", i, o.turns)
		}
	}
	if got[0].wrong != "" || got[1].wrong != "" || got[2].wrong == "" {
		t.Errorf("differences %q, %q, %q; want one in the third", got[0].wrong, got[1].wrong, got[2].wrong)
	}
	for i, reason := range []string{`kind "sleep"`, "absent", "no such processor", "no answer within 5s"} {
		if o := got[3+i]; !strings.Contains(o.refused, reason) {
			t.Errorf("%s: refused as %q, want %q", o.name, o.refused, reason)
		}
	}

	var p page
	ratios := p.section("Multiply", 1, [][]outcome{got}, []duel{d})
	if len(ratios) != 2 {
		t.Errorf("ratios %v, want those of the two sides that ran", ratios)
	}
	for _, want := range []string{"refused by none: kind", "refused by dies", "**smaller computed something else**"} {
		if !strings.Contains(p.text.String(), want) {
			t.Errorf("the page does not say %q:\n%s", want, &p.text)
		}
	}
	if len(p.wrong) != 1 {
		t.Errorf("wrong results: %q", p.wrong)
	}
}

func TestTrainingGoesDown(t *testing.T) {
	for name, n := range nets {
		arrays, err := n.write(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		s := spec{Candidate: "cloister", Kind: "train", Net: name, Arrays: arrays, Rate: learningRate, Losses: lossesCompared}
		w, err := newCloister(context.Background(), s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for range lossesCompared + 2 {
			if err := w.step(); err != nil {
				t.Fatal(err)
			}
		}
		losses, err := w.result()
		if err != nil || len(losses) != lossesCompared || !(losses[lossesCompared-1] < losses[0]) || math.Abs(losses[0]-math.Log(10)) > 0.7 {
			t.Errorf("%s: losses %v, %v", name, losses, err)
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}
}

// The numbers of weights are those that torchvision states, where each folded
// batch normalisation leaves one number a channel instead of two.
func TestShapesHaveTheWeightsOfTheirNamesakes(t *testing.T) {
	for what, want := range map[string]int64{
		"SqueezeNet 1.1-shaped": 1_235_496,
		"MobileNetV2-shaped":    3_504_872 - 17_056,
		"ResNet18-shaped":       11_689_512 - 4_800,
	} {
		dir := t.TempDir()
		got, err := write(context.Background(), shapes[what], dir)
		if err != nil || got != want {
			t.Errorf("%s: %d weights, %v; want %d", what, got, err, want)
			continue
		}
		first, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := write(context.Background(), shapes[what], dir); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(filepath.Join(dir, "model.onnx")); err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s: a second model is another: %v", what, err)
		}
	}
}

func TestDifferencesAreSeen(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		got, want []float64
		same      bool
	}{
		{[]float64{1, 100}, []float64{1.05, 100}, true}, // small beside the largest
		{[]float64{1, 100}, []float64{1.2, 100}, false},
		{[]float64{1, nan}, []float64{1, 2}, false},
		{nil, []float64{1}, false},
		{[]float64{1}, []float64{1, 2}, true}, // a training that ended earlier
		{make([]float64, 10), make([]float64, 9), false},
		{[]float64{0, 0}, []float64{0, 0}, true},
	} {
		if got := differ(c.got, c.want); (got == "") != c.same {
			t.Errorf("differ(%v, %v) = %q", c.got, c.want, got)
		}
	}
	if g := geomean([]float64{1, 4, 16}); math.Abs(g-4) > 1e-12 {
		t.Errorf("geometric mean %v, want 4", g)
	}
}

func TestNobodyInheritsASettingThatCripples(t *testing.T) {
	t.Setenv("OPENBLAS_CORETYPE", "Prescott")
	t.Setenv("OPENBLAS_L2_SIZE", "1")
	env := side{spec: spec{Threads: 2}}.environment()
	for _, v := range env {
		if strings.HasPrefix(v, "OPENBLAS_CORETYPE=") || strings.HasPrefix(v, "OPENBLAS_L2_SIZE=") {
			t.Errorf("the child would see %s", v)
		}
	}
	if !slices.Contains(env, "OMP_NUM_THREADS=2") || !slices.Contains(env, "OMP_WAIT_POLICY=passive") {
		t.Errorf("environment %q", env)
	}
	if env := (side{core: "Zen"}).environment(); !slices.Contains(env, "OPENBLAS_CORETYPE=Zen") {
		t.Errorf("environment %q", env)
	}
}

// torch.py reads the same fields by name.
func TestTheOtherLanguageReadsWhatWeWrite(t *testing.T) {
	b, err := json.Marshal(spec{Arrays: []array{{}}})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"threads", "net", "arrays", "rate", "losses", "result"} {
		if _, ok := fields[name]; !ok || !strings.Contains(torchProgram, `spec["`+name+`"]`) {
			t.Errorf("field %s: in the specification %v, read by torch.py %v", name, ok, strings.Contains(torchProgram, `spec["`+name+`"]`))
		}
	}
}
