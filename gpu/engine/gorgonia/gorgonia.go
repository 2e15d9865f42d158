// Package gorgonia runs graphs on gorgonia.org/gorgonia, with Gorgonia's own
// differentiation: a second opinion on the engine cpu.
//
// Gorgonia can end the process on guest data, cannot be cancelled, and confuses
// some nodes. So it runs in a process of its own (package driver), takes only
// operators that it is known to compute and differentiate right, with unique
// names and sizes checked by our own inference, and few enough of them that its
// quadratic compiler ends soon.
package gorgonia

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// MaxOperators bounds one program: Gorgonia compiles in quadratic time.
const MaxOperators = 500

// A Program is what Gorgonia needs of a plan: the nodes that outputs and
// gradients depend on.
type Program struct {
	Nodes   []graph.Node // value v is Nodes[v-1]; those that are not needed have no Op
	Inputs  []abi.Value  // of the graph, then its parameters: what Run is given
	Outputs []abi.Value  // what Run returns
	Derived map[abi.Value]graph.Derivative
}

// Lower takes from p what Gorgonia needs: its outputs and, after them, its
// gradients. A value that Gradient added is computed by Gorgonia's
// differentiation, from the loss, and our nodes for it are left out.
func Lower(p *graph.Plan) (Program, error) {
	g := p.Graph
	l := Program{Nodes: make([]graph.Node, g.Len()), Derived: map[abi.Value]graph.Derivative{}}
	l.Inputs = append(append(l.Inputs, g.Inputs()...), g.ParamValues()...)
	for _, o := range g.Outputs() {
		l.Outputs = append(l.Outputs, o.Value)
	}
	l.Outputs = append(l.Outputs, p.Grads...)
	need := make([]bool, g.Len()+1)
	for _, v := range append(append([]abi.Value{}, l.Inputs...), l.Outputs...) {
		need[v] = true
	}
	operators := 0
	for v := abi.Value(g.Len()); v > 0; v-- {
		if !need[v] {
			continue
		}
		n := *g.At(v)
		n.Raw, n.Call = nil, nil
		if n.Data != nil { // what is computed of constants is one
			n.Op, n.In = graph.OpConstant, nil
		}
		l.Nodes[v-1] = n
		if d, ok := g.Derivative(v); ok && n.Op != "Fill" {
			l.Derived[v] = d
			need[d.Loss], need[d.Wrt] = true, true
			continue
		}
		if n.Derived && n.Op != "Fill" {
			return Program{}, fmt.Errorf("gorgonia: %s is computed from a gradient, which is not supported: %w", n.Op, abi.Invalid)
		}
		for _, in := range n.In {
			need[in] = true
		}
		if len(n.In) > 0 {
			operators++
		}
	}
	if operators > MaxOperators {
		return Program{}, fmt.Errorf("gorgonia: %d operators, at most %d: %w", operators, MaxOperators, abi.Invalid)
	}
	if err := l.check(); err != nil {
		return Program{}, err
	}
	return l, nil
}

// check refuses what only shows once the whole graph is there.
func (l *Program) check() error {
	var loss abi.Value
	for _, d := range l.Derived {
		if loss != 0 && d.Loss != loss {
			return fmt.Errorf("gorgonia: gradients of two losses in one program: %w", abi.Invalid)
		}
		if wrt := l.Nodes[d.Wrt-1].Op; wrt != graph.OpInput && wrt != graph.OpParam && wrt != graph.OpConstant {
			return fmt.Errorf("gorgonia: the gradient by the result of %s is not supported, only by inputs, parameters and constants: %w", wrt, abi.Invalid)
		}
		if loss = d.Loss; l.Nodes[d.Loss-1].Derived || l.Nodes[d.Wrt-1].Derived {
			return fmt.Errorf("gorgonia: the gradient of a gradient is not supported: %w", abi.Invalid)
		}
	}
	for i := range l.Nodes {
		n := &l.Nodes[i]
		if _, derived := l.Derived[abi.Value(i+1)]; n.Op == "" || derived {
			continue
		}
		for k, in := range n.In {
			if in == 0 {
				continue
			}
			from := &l.Nodes[in-1]
			if _, derived := l.Derived[in]; derived {
				return fmt.Errorf("gorgonia: %s of a gradient is not supported: %w", n.Op, abi.Invalid)
			}
			if isLoss(n.Op) && k == 1 && from.Op != graph.OpInput && from.Op != graph.OpConstant {
				return fmt.Errorf("gorgonia: %s: the labels must be an input or a constant: %w", n.Op, abi.Invalid)
			}
			if root := l.root(in); l.Nodes[root-1].Op == "ArgMax" && !alias(n.Op) {
				return fmt.Errorf("gorgonia: %s of ArgMax is not supported: %w", n.Op, abi.Invalid)
			}
		}
	}
	return nil
}

func isLoss(op string) bool {
	return op == "SoftmaxCrossEntropyLoss" || op == "NegativeLogLikelihoodLoss"
}

// alias reports whether op only gives its operand another shape.
func alias(op string) bool {
	switch op {
	case "Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze":
		return true
	}
	return false
}

// root is the value that v has the elements of.
func (l *Program) root(v abi.Value) abi.Value {
	for alias(l.Nodes[v-1].Op) && l.Nodes[v-1].In[0] != 0 {
		if _, derived := l.Derived[v]; derived {
			break
		}
		v = l.Nodes[v-1].In[0]
	}
	return v
}
