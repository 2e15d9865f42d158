package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
)

func TestAProfileListsWhatEveryStepCosts(t *testing.T) {
	s, err := newEngine(t, "cpu").Open(context.Background(), abi.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g, err := s.NewGraph(21)
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, []int64{64, 64})
	if err != nil {
		t.Fatal(err)
	}
	y := []abi.Value{x}
	for _, op := range []string{"MatMul", "Relu", "Exp"} {
		in := y
		if op == "MatMul" {
			in = []abi.Value{x, x}
		}
		if y, err = g.Node(op, nil, in); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Output("y", y[0]); err != nil {
		t.Fatal(err)
	}
	p, err := s.Compile(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.NewTensor(abi.Float32, []int64{64, 64})
	if err != nil {
		t.Fatal(err)
	}
	run := func() {
		if _, err := p.Run(context.Background(), []abi.Tensor{in}); err != nil {
			t.Fatal(err)
		}
	}
	run() // no clock runs yet
	for _, timed := range []bool{false, true} {
		steps, err := engine.Profile(p)
		if err != nil || len(steps) != 2 || steps[0].Op != "MatMul" || steps[0].Fused != "+Relu" || steps[1].Op != "Exp" {
			t.Fatalf("Profile = %+v, %v; want a MatMul+Relu and an Exp", steps, err)
		}
		for _, s := range steps {
			if (s.Took > 0) != timed || s.Tasks < 1 || s.FLOPs == 0 {
				t.Errorf("timed %v: step %+v", timed, s)
			}
		}
		run()
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Profile(p); !errors.Is(err, abi.Invalid) {
		t.Errorf("Profile of a closed program = %v, want invalid", err)
	}
}
