package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// inferMatMul is numpy's matmul: vectors are promoted, leading dimensions
// broadcast. The transposition flags are for internal nodes of rank 2 or more.
func inferMatMul(c *call) (Type, error) {
	if err := c.wide(0, 1); err != nil {
		return Type{}, err
	}
	if c.internal() {
		c.n.Attrs.TransA, c.n.Attrs.TransB = c.attrs.flag("transA", 0), c.attrs.flag("transB", 0)
	}
	a, b := slices.Clone(c.in[0].Shape), slices.Clone(c.in[1].Shape)
	if len(a) == 0 || len(b) == 0 {
		return Type{}, invalid("inputs %v and %v, a scalar has no product", a, b)
	}
	va, vb := len(a) == 1, len(b) == 1
	if va {
		a = []int64{1, a[0]}
	}
	if vb {
		b = []int64{b[0], 1}
	}
	if c.n.Attrs.TransA {
		swapLast(a)
	}
	if c.n.Attrs.TransB {
		swapLast(b)
	}
	m, k, n := a[len(a)-2], a[len(a)-1], b[len(b)-1]
	if b[len(b)-2] != k {
		return Type{}, invalid("shapes %v and %v do not multiply: inner dimensions are %d and %d", c.in[0].Shape, c.in[1].Shape, k, b[len(b)-2])
	}
	out, err := broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return Type{}, err
	}
	if !va {
		out = append(out, m)
	}
	if !vb {
		out = append(out, n)
	}
	return Type{c.in[0].DType, out}, nil
}

// wide requires the given operands to be of one type that products are defined for.
func (c *call) wide(operands ...int) error {
	return c.alike(func(dt abi.DType) bool { return isFloat(dt) || dt == abi.Int32 || dt == abi.Int64 }, "float32, float64, int32 or int64", operands)
}

func swapLast(s []int64) {
	n := len(s)
	s[n-2], s[n-1] = s[n-1], s[n-2]
}

func inferGemm(c *call) (Type, error) {
	if err := c.wide(0, 1, 2); err != nil {
		return Type{}, err
	}
	at := &c.n.Attrs
	at.TransA, at.TransB = c.attrs.flag("transA", 0), c.attrs.flag("transB", 0)
	at.Alpha, at.Beta = c.attrs.float("alpha", 1), c.attrs.float("beta", 1)
	if c.g.cfg.Opset < FullOpset {
		c.attrs.skip("broadcast") // which is what happens since
	}
	a, b := slices.Clone(c.in[0].Shape), slices.Clone(c.in[1].Shape)
	if len(a) != 2 || len(b) != 2 {
		return Type{}, invalid("inputs have shapes %v and %v, want two matrices", a, b)
	}
	if at.TransA {
		swapLast(a)
	}
	if at.TransB {
		swapLast(b)
	}
	if a[1] != b[0] {
		return Type{}, invalid("shapes %v and %v do not multiply: inner dimensions are %d and %d", c.in[0].Shape, c.in[1].Shape, a[1], b[0])
	}
	out := []int64{a[0], b[1]}
	if c.has(2) {
		if s, err := broadcast(out, c.in[2].Shape); err != nil || !slices.Equal(s, out) {
			return Type{}, invalid("input 2 of shape %v does not broadcast to %v", c.in[2].Shape, out)
		}
	}
	return Type{c.in[0].DType, out}, nil
}

func inferBatchNorm(c *call) (Type, error) {
	c.attrs.skip("momentum") // only training mode moves the mean
	c.attrs.only("training_mode", 0)
	return c.in[0], c.batchNorm()
}

// batchNorm checks the operands of both modes and decodes what they share.
func (c *call) batchNorm() error {
	if err := c.floats(0, 1, 2, 3, 4); err != nil {
		return err
	}
	c.n.Attrs.Epsilon = c.attrs.float("epsilon", 1e-5)
	if c.g.cfg.Opset < 9 {
		c.attrs.only("spatial", 1)
	}
	if c.g.cfg.Opset < FullOpset && c.attrs.int("is_test", 0) != 1 {
		return invalid("is_test is 0, supported is 1")
	}
	s := c.in[0].Shape
	if len(s) < 2 {
		return invalid("input 0 has shape %v, want N×C×…", s)
	}
	for i := 1; i < 5; i++ {
		if !slices.Equal(c.in[i].Shape, s[1:2]) {
			return invalid("input %d has shape %v, want %v", i, c.in[i].Shape, s[1:2])
		}
	}
	return nil
}

func inferLayerNorm(c *call) (Type, error) {
	if err := c.floats(0, 1, 2); err != nil {
		return Type{}, err
	}
	c.n.Attrs.Epsilon = c.attrs.float("epsilon", 1e-5)
	c.attrs.only("stash_type", 1)
	s := c.in[0].Shape
	a, err := axis(c.attrs.int("axis", -1), len(s))
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Axis = a
	for i := 1; i < 3; i++ {
		if c.has(i) && !slices.Equal(c.in[i].Shape, s[a:]) {
			return Type{}, invalid("input %d has shape %v, want %v", i, c.in[i].Shape, s[a:])
		}
	}
	return c.in[0], nil
}
