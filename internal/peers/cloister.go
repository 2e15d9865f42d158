package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// newCloister makes our own engine a candidate.
func newCloister(ctx context.Context, s spec) (*worker, error) {
	e, err := engine.New("cpu")
	if err != nil {
		return nil, err
	}
	session, err := e.Open(ctx, abi.Quota{})
	if err != nil {
		return nil, err
	}
	c := &cloister{ctx: ctx, session: session, wanted: s.Losses}
	switch s.Kind {
	case "gemm":
		err = c.gemm(int64(s.Size))
	case "model":
		err = c.model(s.Model)
	case "train":
		err = c.train(s)
	default:
		err = fmt.Errorf("kind %q: %w", s.Kind, abi.Invalid)
	}
	return &worker{version: "Cloister, engine " + e.Name(), step: c.step, result: c.result, close: session.Close}, err
}

type cloister struct {
	ctx     context.Context
	session abi.Session
	program abi.Program
	in, out []abi.Tensor
	losses  []float64 // of the first steps of a training
	wanted  int       // of them
}

func (c *cloister) step() (err error) {
	for _, t := range c.out {
		t.Free()
	}
	if c.out, err = c.program.Run(c.ctx, c.in); err != nil {
		return err
	}
	if _, trains := c.program.(abi.Trainer); trains && len(c.losses) < c.wanted {
		c.losses, err = c.appendNumbers(c.losses, c.out[0])
	}
	return err
}

func (c *cloister) result() (v []float64, err error) {
	if _, trains := c.program.(abi.Trainer); trains {
		return c.losses, nil
	}
	for _, t := range c.out {
		if v, err = c.appendNumbers(v, t); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (c *cloister) appendNumbers(v []float64, t abi.Tensor) ([]float64, error) {
	n, err := abi.Elements(t.Shape())
	if err != nil {
		return nil, err
	}
	b := make([]byte, n*t.DType().Size())
	if err := t.Read(0, b); err != nil {
		return nil, err
	}
	return numbers(v, t.DType(), b)
}

// numbers appends little-endian elements.
func numbers(v []float64, dt abi.DType, b []byte) ([]float64, error) {
	for ; len(b) > 0; b = b[dt.Size():] {
		switch dt {
		case abi.Float32:
			v = append(v, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
		case abi.Int64:
			v = append(v, float64(int64(binary.LittleEndian.Uint64(b))))
		case abi.Int32:
			v = append(v, float64(int32(binary.LittleEndian.Uint32(b))))
		case abi.Uint8, abi.Bool:
			v = append(v, float64(b[0]))
		case abi.Int8:
			v = append(v, float64(int8(b[0])))
		default:
			return nil, fmt.Errorf("results of type %v are not compared: %w", dt, abi.Invalid)
		}
	}
	return v, nil
}

// gemm multiplies two matrices.
func (c *cloister) gemm(n int64) error {
	g, err := c.session.NewGraph(21)
	if err != nil {
		return err
	}
	var operands []abi.Value
	for seed, name := range []string{"a", "b"} {
		v, err := g.Input(name, abi.Float32, []int64{n, n})
		if err != nil {
			return err
		}
		operands = append(operands, v)
		if err := c.give(abi.Float32, []int64{n, n}, floatBytes(waves(int(n*n), seed))); err != nil {
			return err
		}
	}
	product, err := g.Node("MatMul", nil, operands)
	if err != nil {
		return err
	}
	if err := g.Output("c", product[0]); err != nil {
		return err
	}
	c.program, err = c.session.Compile(c.ctx, g)
	return err
}

// give makes the program's next input.
func (c *cloister) give(dt abi.DType, shape []int64, b []byte) error {
	t, err := c.session.NewTensor(dt, shape)
	if err != nil {
		return err
	}
	c.in = append(c.in, t)
	return t.Write(0, b)
}

// model loads an ONNX file for the inputs beside it: they give the shapes that
// the file leaves open, and the elements that must be known before anything is
// planned.
func (c *cloister) model(path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := onnx.Inspect(file)
	if err != nil {
		return err
	}
	inputs, err := modelInputs(path, len(info.Inputs))
	if err != nil {
		return err
	}
	bind, given := make([]abi.Binding, len(inputs)), map[string]onnx.Tensor{}
	for i, in := range info.Inputs {
		bind[i].Name, given[in.Name] = in.Name, inputs[i]
		if in.Shape == nil || slices.Contains(in.Shape, -1) {
			bind[i].Shape = inputs[i].Shape
		}
	}
	g, err := c.session.ParseONNX(c.ctx, file, bind...)
	if open, ok := errors.AsType[*abi.Unbound](err); ok {
		for i := range bind {
			if slices.Contains(open.Inputs, bind[i].Name) {
				bind[i].Data = inputs[i].Data
			}
		}
		g, err = c.session.ParseONNX(c.ctx, file, bind...)
	}
	if err != nil {
		return err
	}
	if c.program, err = c.session.Compile(c.ctx, g); err != nil {
		return err
	}
	for _, port := range c.program.Inputs() {
		x := given[port.Name]
		if err := c.give(x.DType, x.Shape, x.Data); err != nil {
			return err
		}
	}
	return nil
}

// modelInputs reads the n inputs of the first data set beside a model.
func modelInputs(model string, n int) ([]onnx.Tensor, error) {
	var all []onnx.Tensor
	for i := range n {
		b, err := os.ReadFile(inputFile(model, i))
		if err != nil {
			return nil, err
		}
		t, err := onnx.ParseTensor(b)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// train compiles a training step from the arrays of the net.
func (c *cloister) train(s spec) error {
	g, err := c.session.NewGraph(21)
	if err != nil {
		return err
	}
	b := &builder{session: c.session, graph: g, params: map[string]array{}}
	for _, a := range s.Arrays[2:] {
		b.params[a.Name] = a
	}
	dtypes := []abi.DType{abi.Float32, abi.Int64}
	var ports []abi.Value
	for i, a := range s.Arrays[:2] {
		file, err := os.ReadFile(a.File)
		if err != nil {
			return err
		}
		ports = append(ports, b.value(g.Input(a.Name, dtypes[i], a.Shape)))
		if err := c.give(dtypes[i], a.Shape, file); err != nil {
			return err
		}
	}
	loss := b.node("SoftmaxCrossEntropyLoss", nil, nets[s.Net].forward(b, ports[0]), ports[1])
	if b.err != nil {
		return b.err
	}
	if err := g.Output("loss", loss); err != nil {
		return err
	}
	c.program, err = c.session.Trainer(c.ctx, g, loss, abi.Optimizer{Kind: abi.Adam, LearningRate: s.Rate})
	return err
}
