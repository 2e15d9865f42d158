package graph

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/record"
)

// A Question is one step as bytes, for who must say whether a device takes it, what
// scratch it needs, what it keeps and what may be fused to it. There is no more of a graph than the
// types of its operands.
type Question struct {
	Graph *Graph // leaves, and the nodes of the step
	Step  Step
	With  Type // of what Step.Add is, in a question about fusion
	// Operand is the number of the activation's operand that the operator's result
	// is, in a question about what a kernel computes where it reads it.
	Operand int
}

// questionCode is a question as it is written.
type questionCode struct {
	Version uint32     `pb:"1"`
	Nodes   []nodeCode `pb:"2"`
	Step    stepCode   `pb:"3"`
	Operand int        `pb:"4"`
}

// AskAccept asks whether n is computed, of operands of the given types.
func AskAccept(n *Node, in []Type) []byte {
	a := &asker{}
	operands := make([]*Node, len(in))
	for i, t := range in {
		if t.DType != 0 {
			operands[i] = &Node{Type: t}
		}
	}
	a.step.Node = a.node(n, operands)
	return a.code()
}

// AskStep asks what scratch a step of g needs, or what its kernel keeps. An operand
// that stays from run to run, a parameter or constant, stands as a parameter.
func AskStep(g *Graph, s *Step) []byte {
	a := &asker{}
	operands := func(n *Node) []*Node {
		in := make([]*Node, len(n.In))
		for i, v := range n.In {
			if v != 0 {
				in[i] = g.At(v)
			}
		}
		return in
	}
	a.step.Node = a.node(s.Node, operands(s.Node))
	if s.Norm != nil {
		a.step.Norm = a.node(s.Norm, operands(s.Norm))
	}
	if s.Add != 0 {
		a.step.Add = a.leaf(g.At(s.Add))
	}
	if s.Act != nil {
		a.step.Act = a.node(s.Act, operands(s.Act))
	}
	return a.code()
}

// AskFuse asks whether the kernel of n can do next to its result: the activation of
// the step that is asked about, where the type of what an Add adds is the addend's.
// Operands are not known; each stands as a scalar.
func AskFuse(n, next *Node, with Type) []byte {
	a := &asker{}
	a.step.Node = a.node(n, a.unknown(n))
	if with.DType != 0 {
		a.step.Add = a.leaf(&Node{Type: with})
	}
	a.step.Act = a.node(next, a.unknown(next))
	return a.code()
}

// AskInline asks whether the kernel of reader can compute its operand i, the result
// of n, where it reads it: reader is the activation of the step that is asked about.
// Operands are not known, as in AskFuse.
func AskInline(reader *Node, i int, n *Node) []byte {
	a := &asker{operand: i}
	a.step.Node = a.node(n, a.unknown(n))
	a.step.Act = a.node(reader, a.unknown(reader))
	return a.code()
}

// An asker writes the nodes of a question.
type asker struct {
	nodes   []nodeCode
	step    stepCode
	operand int
}

func (*asker) unknown(n *Node) []*Node {
	in := make([]*Node, len(n.In))
	for i, v := range n.In {
		if v != 0 {
			in[i] = &Node{Type: Type{DType: n.DType}}
		}
	}
	return in
}

func (a *asker) leaf(n *Node) abi.Value {
	op := OpInput
	if n.Op == OpParam || n.Data != nil {
		op = OpParam
	}
	a.nodes = append(a.nodes, nodeCode{Op: op, Type: n.Type})
	return abi.Value(len(a.nodes))
}

func (a *asker) node(n *Node, in []*Node) abi.Value {
	c := nodeCode{Op: n.Op, Type: n.Type, Attrs: n.Attrs, Derived: n.Derived, FLOPs: n.FLOPs, In: make([]abi.Value, len(in))}
	for i, x := range in {
		if x != nil {
			c.In[i] = a.leaf(x)
		}
	}
	a.nodes = append(a.nodes, c)
	return abi.Value(len(a.nodes))
}

func (a *asker) code() []byte {
	return record.Marshal(questionCode{Version: PlanVersion, Nodes: a.nodes, Step: a.step, Operand: a.operand})
}

// DecodeQuestion reads a question, and checks its nodes as Decode does.
func DecodeQuestion(b []byte) (*Question, error) {
	var m questionCode
	if err := record.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("graph: question: %w", err)
	}
	d := &decoder{m: &planCode{Version: m.Version, Nodes: m.Nodes, Places: make([]Place, len(m.Nodes))},
		Plan: &Plan{Graph: &Graph{cfg: Config{Opset: MaxOpset}, derived: make(map[abi.Value]Derivative), frozen: true}}}
	q := &Question{Graph: d.Graph, Operand: m.Operand}
	for _, part := range []func() error{d.sizes, d.nodes, func() error { return d.question(m.Step, q) }} {
		if err := part(); err != nil {
			return nil, fmt.Errorf("graph: question: %w", err)
		}
	}
	return q, nil
}

func (d *decoder) question(c stepCode, q *Question) error {
	q.Step = Step{Value: c.Node, Add: c.Add}
	for _, part := range []struct {
		what string
		v    abi.Value
		to   **Node
	}{{"operator", c.Node, &q.Step.Node}, {"normalisation", c.Norm, &q.Step.Norm}, {"activation", c.Act, &q.Step.Act}} {
		if part.v == 0 && part.to != &q.Step.Node {
			continue
		}
		n, err := d.value(part.what, part.v)
		if err != nil {
			return err
		}
		if !isOperator(n) {
			return invalid("%s: it is %s", part.what, n.Op)
		}
		*part.to = n
	}
	if q.Operand < 0 || q.Operand > 0 && (q.Step.Act == nil || q.Operand >= len(q.Step.Act.In)) {
		return invalid("operand %d", q.Operand)
	}
	if c.Add != 0 {
		n, err := d.value("addend", c.Add)
		if err != nil {
			return err
		}
		q.With = n.Type
	}
	return nil
}

// Operands lists the types of what n, a node of the question, takes; an operand
// left out has none.
func (q *Question) Operands(n *Node) []Type {
	in := make([]Type, len(n.In))
	for i, v := range n.In {
		if v != 0 {
			in[i] = q.Graph.At(v).Type
		}
	}
	return in
}
