package cpu

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A choice is a condition of one element, and what it must be for a step to be of
// use: the results of the step are only read where a Where takes that side. It is how
// an If that was not known when the graph was built runs one of its branches.
type choice struct {
	cond  abi.Value
	want  bool
	outer *choice // must hold too; nil for none
	depth int
}

// choices returns for each step of p what it depends on, nil for nothing. It goes
// from the last step to the first: a step serves what its readers serve, as far as
// they agree.
func choices(p *graph.Plan) []*choice {
	steps := make([]*choice, len(p.Steps))
	stepOf := make(map[abi.Value]int) // that computes a value
	for i, s := range p.Steps {
		stepOf[s.Value] = i
	}
	serves := make(map[abi.Value]*choice) // what the readers of a value agree on
	read := make(map[abi.Value]bool)
	reads := func(v abi.Value, c *choice) {
		if v == 0 {
			return
		}
		if v = origin(p, v); read[v] {
			c = meet(serves[v], c)
		}
		serves[v], read[v] = c, true
	}
	for _, o := range p.Graph.Outputs() {
		reads(o.Value, nil)
	}
	for _, v := range p.Grads {
		reads(v, nil)
	}
	type side struct {
		cond  abi.Value
		want  bool
		outer *choice
	}
	known := make(map[side]*choice)
	inner := func(s side) *choice {
		if known[s] == nil {
			known[s] = &choice{cond: s.cond, want: s.want, outer: s.outer, depth: s.outer.level() + 1}
		}
		return known[s]
	}
	for i := len(p.Steps) - 1; i >= 0; i-- {
		s := p.Steps[i]
		c := serves[s.Value]
		for x := c; x != nil; x = x.outer {
			if !before(p, stepOf, x.cond, i) {
				c = x.outer
			}
		}
		steps[i] = c
		n := s.Node
		chooses := n.Op == "Where" && p.Graph.At(n.In[0]).Elements() == 1
		for k, v := range n.In {
			switch {
			case chooses && k > 0:
				reads(v, inner(side{n.In[0], k == 1, c}))
			default:
				reads(v, c)
			}
		}
		if s.Norm != nil {
			for _, v := range s.Norm.In {
				reads(v, c)
			}
		}
		reads(s.Add, c)
	}
	return steps
}

// origin is the value that v is another shape of.
func origin(p *graph.Plan, v abi.Value) abi.Value {
	for graph.Reshapes(p.Graph.At(v)) && p.Graph.At(v).Data == nil {
		v = p.Graph.At(v).In[0]
	}
	return v
}

// before reports whether v is there when step i runs.
func before(p *graph.Plan, stepOf map[abi.Value]int, v abi.Value, i int) bool {
	at, computed := stepOf[origin(p, v)]
	return !computed || at < i
}

func (c *choice) level() int {
	if c == nil {
		return 0
	}
	return c.depth
}

// meet is what both ask for.
func meet(a, b *choice) *choice {
	for a != b {
		if a.level() > b.level() {
			a = a.outer
		} else if b.level() > a.level() {
			b = b.outer
		} else {
			a, b = a.outer, b.outer
		}
	}
	return a
}

// holds reports whether a step that depends on c is of use in this run.
func (c *choice) holds(p *Program) bool {
	for ; c != nil; c = c.outer {
		if (p.bytes(p.arg(c.cond))[0] != 0) != c.want {
			return false
		}
	}
	return true
}
