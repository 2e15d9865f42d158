package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// composeOld is an operator of two operands before opset 7, when the second one
// was broadcast only on demand: against the last dimensions of the first, or those
// from an axis on.
func composeOld(c *call, t *builder) ([]abi.Value, error) {
	if c.g.cfg.Opset >= FullOpset || c.internal() {
		return nil, nil
	}
	a, b := c.in[0].Shape, c.in[1].Shape
	if !c.attrs.flag("broadcast", 0) {
		if !slices.Equal(a, b) {
			return nil, invalid("shapes %v and %v differ, and broadcast is 0", a, b)
		}
		return []abi.Value{t.node(c.n.Op, c.n.In)}, nil
	}
	for len(b) > 0 && b[len(b)-1] == 1 && len(b) > len(a) {
		b = b[:len(b)-1]
	}
	rank := int64(len(a))
	at := c.attrs.int("axis", max(0, rank-int64(len(b))))
	if at < 0 {
		at += rank
	}
	if at < 0 || at > rank {
		return nil, invalid("axis %d, rank is %d", at, rank)
	}
	shape := slices.Clone(b)
	for range len(a) - int(at) - len(b) {
		shape = append(shape, 1)
	}
	if s, err := broadcast(a, shape); err != nil || !slices.Equal(s, a) {
		return nil, invalid("input 1 of shape %v does not broadcast to %v at axis %d", c.in[1].Shape, a, at)
	}
	return []abi.Value{t.node(c.n.Op, []abi.Value{c.n.In[0], t.reshape(c.n.In[1], shape)})}, nil
}
