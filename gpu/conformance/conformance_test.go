package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/gpu/check"
)

// The test binary is also the child that runs tests; it ends in the middle of one
// that is called crash.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "-child" {
		os.Exit(m.Run())
	}
	for _, dir := range os.Args[2:] {
		if filepath.Base(dir) == "crash" {
			fmt.Print(`{"Name":"cra`)
			panic("kernel on fire")
		}
		if err := runChild(context.Background(), []string{dir}); err != nil {
			panic(err)
		}
	}
}

func TestACrashFailsOnlyItsTest(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "crash", "d"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name, "model.onnx"), []byte("junk"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests, err := runAll(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range tests {
		s, _ := x.status()
		got = append(got, x.Name+" "+string(s))
	}
	if want := []string{"a refused", "b refused", "crash fail", "d refused"}; !slices.Equal(got, want) {
		t.Errorf("tests ended as %q, want %q", got, want)
	}
	if _, why := tests[2].status(); !strings.Contains(why, "kernel on fire") {
		t.Errorf("the crash is %q; want what the child said", why)
	}
}

// not are the forms that are known not to be taken.
var not = []string{"DequantizeLinear 21", "GlobalLpPool 2", "LpNormalization 1", "LpPool 2", "QuantizeLinear 21"}

func TestEveryOtherFormIsTaken(t *testing.T) {
	var missing []string
	for op, s := range probe() {
		for _, opset := range s.missing {
			missing = append(missing, fmt.Sprint(op, " ", opset))
		}
	}
	slices.Sort(missing)
	if !slices.Equal(missing, not) {
		t.Errorf("not taken are %q, want %q", missing, not)
	}
}

func TestGradientsAndTypesAreThoseOfTheOperator(t *testing.T) {
	all := probe()
	for op, want := range map[string]string{
		"Add": "[float32 float64 float16 int8 uint8 int32 int64] true", "And": "[bool] false", "ArgMax": "[float32 float64 float16 int8 uint8 int32 int64] false",
		"Pad": "[float32 float64 float16 int8 uint8 int32 int64 bool] true", "Softmax": "[float32 float64 float16] true", "Floor": "[float32 float64 float16] false",
	} {
		if s := all[op]; fmt.Sprint(s.types, " ", s.gradient) != want {
			t.Errorf("%s is %v %v, want %s", op, s.types, s.gradient, want)
		}
	}
}

func TestATestIsOfTheOperatorThatItIsNamedFor(t *testing.T) {
	of := subjects([]test{
		{Name: "test_sce_mean", Operators: []string{"SoftmaxCrossEntropyLoss"}},
		{Name: "test_sce_mean_expanded", Operators: []string{"Add", "LogSoftmax"}},
		{Name: "test_loop11", Operators: []string{"Add", "Loop", "Unsqueeze"}},
		{Name: "test_adam"},
	})
	for name, want := range map[string]string{"test_sce_mean_expanded": "SoftmaxCrossEntropyLoss", "test_loop11": "Loop", "test_adam": "Adam"} {
		if of[name] != want {
			t.Errorf("%s is of %q, want %q", name, of[name], want)
		}
	}
}

func TestTheTableSaysWhatFailed(t *testing.T) {
	r := report{forms: probe(), suites: []suite{{"node", []test{
		{Name: "test_add", Operators: []string{"Add"}, Sets: []check.Result{{Status: check.Pass}}},
		{Name: "test_add_bcast", Operators: []string{"Add"}, Sets: []check.Result{{Status: check.Pass}, {Status: check.Fail, Reason: "output 0: element 1 is 2, want 3"}}},
	}}}}
	text, failed, err := r.markdown()
	if err != nil || failed != 1 {
		t.Fatalf("%d failed, %v; want 1", failed, err)
	}
	if want := "| Add | 793 | 6 7 | numbers | yes | 1 | 1 | 0 | **add_bcast**: output 0: element 1 is 2, want 3 |"; !strings.Contains(string(text), want) {
		t.Errorf("the table has not the line %s", want)
	}
}
