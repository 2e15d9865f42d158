package onnx_test

import (
	"errors"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

func TestAModelCutShortHasOnlyWhatItNeeds(t *testing.T) {
	file := model(13, join(
		node("Relu", []string{"x"}, "h"),
		node("Tanh", []string{"h"}, "y"),
		node("Add", []string{"y", "other"}, "z"),
		port(11, "x", 1, 2), port(11, "other", 1, 2),
		port(12, "z", 1, 2)))
	cut, err := onnx.Cut(file, "y", "h")
	if err != nil {
		t.Fatal(err)
	}
	g, err := parse(cut)
	if err != nil {
		t.Fatal(err)
	}
	out := g.Outputs()
	if len(g.Inputs()) != 1 || len(out) != 2 || out[0].Name != "y" || out[1].Name != "h" || g.At(out[0].Value).Op != "Tanh" {
		t.Errorf("inputs %v, outputs %v", g.Inputs(), out)
	}
	// What a branch reads of the graph around it is needed too.
	branch := func(op string) []byte { return join(node(op, []string{"h"}, "b"), port(12, "b", 1, 2)) }
	file = model(13, join(
		node("Relu", []string{"x"}, "h"), node("Exp", []string{"x"}, "gone"),
		node("If", []string{"c"}, "y", msg(1, "then_branch", 6, branch("Tanh"), 20, 5), msg(1, "else_branch", 6, branch("Sigmoid"), 20, 5)),
		port(11, "x", 1, 2), port(11, "c", 9), port(12, "y", 1, 2), port(12, "gone", 1, 2)))
	if cut, err = onnx.Cut(file, "y"); err != nil {
		t.Fatal(err)
	}
	info, err := onnx.Inspect(cut)
	if err != nil || info.Operators["Relu"] != 1 || info.Operators["Exp"] != 0 || len(info.Inputs) != 2 || len(info.Outputs) != 1 {
		t.Errorf("%+v, %v", info, err)
	}
	for _, bad := range [][]string{{"x"}, {"nobody"}, {""}, nil} {
		if _, err := onnx.Cut(file, bad...); !errors.Is(err, abi.Invalid) {
			t.Errorf("Cut(%q) = %v; want %v", bad, err, abi.Invalid)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add(model(13, join(node("Relu", []string{"x"}, "h"), port(11, "x", 1, 2), port(12, "h", 1, 2))))
	f.Add([]byte{0x3a, 2, 0x0a, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := onnx.Cut(b, "h"); err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("%v; want %v", err, abi.Invalid)
		}
	})
}
