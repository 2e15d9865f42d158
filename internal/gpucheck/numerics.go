package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/check"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/enginetest"
)

// numerics runs tests as go test would, and exits. They go through the engine as
// the product has it: sessions on a device process.
func numerics(_ context.Context, c *config, _ *recorder) error {
	testing.Init()
	for name, value := range map[string]string{"test.run": c.match, "test.skip": c.skip, "test.timeout": "9m"} {
		if err := flag.Set(name, value); err != nil {
			return err
		}
	}
	var open abi.Engine
	on := func(f func(*testing.T, abi.Engine)) func(*testing.T) {
		return func(t *testing.T) {
			if open == nil { // one device for all that this process tests
				e, err := c.engine()
				if err != nil {
					t.Fatal(err)
				}
				open = e
			}
			f(t, open)
		}
	}
	match := func(pattern, name string) (bool, error) { return regexp.MatchString(pattern, name) }
	testing.Main(match, []testing.InternalTest{
		{Name: "Conformance", F: on(c.conformance)},
		{Name: "Models", F: on(c.testModels)},
		{Name: "WhatIsTimedIsRight", F: on(c.likeTheProcessor)},
		{Name: "TheSameBitsTwice", F: on(c.sameBits)},
	}, nil, nil)
	return nil // Main has ended the process
}

// engine is the engine that is checked. It ends with this process.
func (c *config) engine() (abi.Engine, error) {
	if !c.interpreted {
		return engine.New("cuda")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return engine.New("driver:" + self)
}

func (c *config) conformance(t *testing.T, e abi.Engine) {
	if c.interpreted {
		enginetest.RunShort(t, e)
		return
	}
	enginetest.Run(t, e)
}

// interpretable bounds the bytes of models that a rehearsal runs.
const interpretable = 64 << 10

// testModels runs models against the results that came with them.
func (c *config) testModels(t *testing.T, e abi.Engine) {
	if _, err := os.Stat(c.models); err != nil {
		t.Logf("no models in %s", c.models)
		return
	}
	dirs, err := check.Find(c.models)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if at, err := os.Stat(filepath.Join(dir, "model.onnx")); err != nil || c.interpreted && at.Size() > interpretable {
			t.Logf("%s: not run: it would take minutes to interpret (%v)", dir, err)
			continue
		}
		err := check.Run(t.Context(), e, dir, func(r check.Result) {
			t.Logf("%s: %s, off by %.2g at most", r.Name, r.Status, r.MaxAbs)
			if r.Status != check.Pass {
				t.Errorf("%s: %s: %s", r.Name, r.Status, r.Reason)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// steps is how many steps of training are compared.
const steps = 3

// likeTheProcessor compares every net that is timed, at a small size, with the
// engine of the processor.
func (c *config) likeTheProcessor(t *testing.T, e abi.Engine) {
	cpu, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs(true) {
		if !s.graphed() || s.N == nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			want, got := outputs(t, cpu, s), outputs(t, e, s)
			most, apart := 0.0, 0.0
			for i := range want {
				most = max(most, math.Abs(float64(want[i])))
				if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= apart) { // a NaN too
					apart = d
				}
			}
			if len(want) == 0 || len(got) != len(want) || !(apart <= 1e-4*most) {
				t.Errorf("%d results, off by %g beside %g; want %d, off by at most 1e-4 of the largest", len(got), apart, most, len(want))
			}
		})
	}
}

// sameBits runs every net that is timed twice, in two sessions.
func (c *config) sameBits(t *testing.T, e abi.Engine) {
	for _, s := range specs(true) {
		if !s.graphed() || s.N == nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			if a, b := floats(outputs(t, e, s), 1), floats(outputs(t, e, s), 1); !bytes.Equal(a, b) || len(a) == 0 {
				t.Errorf("two runs of the same gave %d and %d bytes that differ", len(a), len(b))
			}
		})
	}
}

// graphed reports whether s is a graph, in float32.
func (s spec) graphed() bool {
	return s.Kind != kindCopy && s.Kind != kindLaunch && (s.Type == "" || s.Type == "fp32")
}

// outputs are the results of s on e; of what is trained, the losses of some steps.
func outputs(t *testing.T, e abi.Engine, s spec) []float32 {
	t.Helper()
	job, err := openJob(t.Context(), e, s)
	if err != nil {
		t.Fatal(err)
	}
	defer job.session.Close()
	runs := 1
	if job.trained {
		runs = steps
	}
	var all []float32
	for range runs {
		out, err := job.program.Run(t.Context(), job.in)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4*elements(out[0].Shape()))
		if err := out[0].Read(0, b); err != nil {
			t.Fatal(err)
		}
		out[0].Free()
		for i := 0; i < len(b); i += 4 {
			all = append(all, math.Float32frombits(binary.LittleEndian.Uint32(b[i:])))
		}
	}
	return all
}

// A job is a spec in a session, ready to run.
type job struct {
	session abi.Session
	program abi.Program
	in      []abi.Tensor
	trained bool
}

// adam is how nets are trained, here and in torch_ref.py.
var adam = abi.Optimizer{Kind: abi.Adam, LearningRate: 1e-3}

func openJob(ctx context.Context, e abi.Engine, s spec) (_ *job, err error) {
	j := &job{}
	if j.session, err = e.Open(ctx, abi.Quota{}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			j.session.Close()
		}
	}()
	g, err := j.session.NewGraph(opset)
	if err != nil {
		return nil, err
	}
	n := &net{g: g, tensor: func(dt abi.DType, shape []int64, content []byte) (abi.Tensor, error) {
		t, err := j.session.NewTensor(dt, shape)
		if err != nil {
			return nil, err
		}
		return t, t.Write(0, content)
	}}
	loss, err := n.build(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if j.trained = loss != 0; j.trained {
		j.program, err = j.session.Trainer(ctx, g, loss, adam)
	} else {
		j.program, err = j.session.Compile(ctx, g)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	for i, p := range j.program.Inputs() {
		t, err := n.tensor(p.DType, p.Shape, n.inputs[i])
		if err != nil {
			return nil, err
		}
		j.in = append(j.in, t)
	}
	return j, nil
}
