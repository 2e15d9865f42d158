package graph

import (
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/record"
)

// Bounds of an encoded plan.
const (
	maxValues = 1 << 20
	maxArena  = 1 << 50
)

// Decode reads a plan back; constants are those of the code, one after the other,
// and the plan shares their memory. It trusts neither: whatever it returns names
// values, memory and operators that there are, with the operands and the sizes
// that they have, in an order in which nothing is read before it is computed. Of
// attributes it checks the range; whether they suit the shapes is for who compiles.
func Decode(plan, constants []byte) (*Plan, error) {
	var m planCode
	if err := record.Unmarshal(plan, &m); err != nil {
		return nil, fmt.Errorf("graph: plan: %w", err)
	}
	d := &decoder{m: &m, constants: constants, Plan: &Plan{
		Places: m.Places, Copies: m.Copies, Grads: m.Grads, Trained: m.Trained, Arena: m.Arena,
		FLOPs: m.FLOPs, Read: m.Read, Written: m.Written, Launches: m.Launches,
		Graph: &Graph{cfg: Config{Opset: MaxOpset}, derived: make(map[abi.Value]Derivative), frozen: true},
	}}
	for _, part := range []func() error{d.sizes, d.nodes, d.outputs, d.places, d.steps, d.copies, d.grads} {
		if err := part(); err != nil {
			return nil, fmt.Errorf("graph: plan: %w", err)
		}
	}
	return d.Plan, nil
}

type decoder struct {
	*Plan
	m         *planCode
	constants []byte
	root      []abi.Value // of each value, as the planner's
	computed  []bool      // by a step so far
	written   []bool      // outputs
}

func (d *decoder) sizes() error {
	m := d.m
	switch {
	case m.Version != PlanVersion:
		return invalid("version %d, want %d", m.Version, PlanVersion)
	case len(m.Nodes) > maxValues:
		return invalid("%d nodes, at most %d", len(m.Nodes), maxValues)
	case len(m.Places) != len(m.Nodes):
		return invalid("%d places for %d nodes", len(m.Places), len(m.Nodes))
	case m.Arena < 0 || m.Arena > maxArena:
		return invalid("an arena of %d bytes, at most %d", m.Arena, int64(maxArena))
	case m.Constants != int64(len(d.constants)):
		return invalid("%d bytes of constants, %d are given", m.Constants, len(d.constants))
	}
	return nil
}

func (d *decoder) nodes() error {
	g := d.Graph
	g.nodes = make([]Node, len(d.m.Nodes))
	d.root = make([]abi.Value, len(d.m.Nodes)+1)
	for i := range d.m.Nodes {
		c, n, v := &d.m.Nodes[i], &g.nodes[i], abi.Value(i+1)
		if err := d.node(c, n, v); err != nil {
			return fmt.Errorf("node %d (%s): %w", v, clip(c.Op), err)
		}
		d.root[v] = v
		switch {
		case n.Op == OpInput:
			n.Index = len(g.inputs)
			g.inputs = append(g.inputs, v)
		case n.Op == OpParam:
			n.Index = len(g.params)
			g.params, g.tensors = append(g.params, v), append(g.tensors, abi.Param{})
		case n.Data == nil && Reshapes(n):
			d.root[v] = d.root[n.In[0]]
		}
	}
	return nil
}

// node reads one; v is the value it computes.
func (d *decoder) node(c *nodeCode, n *Node, v abi.Value) error {
	if c.Op == "" {
		if c.In != nil || c.Type.Shape != nil || c.Type.DType != 0 || c.Known || c.Data != nil || c.At != 0 {
			return invalid("it has no operator")
		}
		return nil // nobody needs it
	}
	*n = Node{Op: c.Op, In: c.In, Type: c.Type, Attrs: c.Attrs, Derived: c.Derived, FLOPs: c.FLOPs}
	if err := n.Type.check(); err != nil {
		return fmt.Errorf("type: %w", err)
	}
	if err := n.Attrs.check(); err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	if err := d.known(c, n); err != nil {
		return err
	}
	if c.Loss != 0 || c.Wrt != 0 {
		for _, of := range []abi.Value{c.Loss, c.Wrt} {
			if of == 0 || of >= v || d.Graph.At(of).Op == "" {
				return invalid("it is the gradient of value %d by value %d", c.Loss, c.Wrt)
			}
		}
		d.Graph.derived[v] = Derivative{c.Loss, c.Wrt}
	}
	if c.Op == OpInput || c.Op == OpParam || c.Known {
		if len(c.In) > 0 {
			return invalid("%d operands, want none", len(c.In))
		}
		return nil
	}
	return d.operator(n, v)
}

// known finds the elements of what is known.
func (d *decoder) known(c *nodeCode, n *Node) error {
	size := n.Bytes()
	switch {
	case c.Known != (c.Op == OpConstant):
		return invalid("a constant is known, and nothing else")
	case !c.Known && (c.Data != nil || c.At != 0):
		return invalid("it has data, and is not known")
	case !c.Known:
	case size <= maxInline:
		if int64(len(c.Data)) != size || c.At != 0 {
			return invalid("%d bytes of data at %d, want %d in the plan", len(c.Data), c.At, size)
		}
		n.Data = append([]byte{}, c.Data...)
	case c.Data != nil:
		return invalid("%d bytes of data in the plan, %d belong beside it", len(c.Data), size)
	case c.At < 0 || c.At%Align != 0 || size > int64(len(d.constants)) || c.At > int64(len(d.constants))-size:
		return invalid("%d bytes at %d of %d bytes of constants", size, c.At, len(d.constants))
	default:
		n.Data = d.constants[c.At : c.At+size : c.At+size]
	}
	return nil
}

// operator checks that there is one, and its operands.
func (d *decoder) operator(n *Node, v abi.Value) error {
	op, ok := operators[n.Op]
	if !ok || op.infer == nil {
		return invalid("there is no such operator")
	}
	if len(n.In) < op.min || len(n.In) > op.max {
		return invalid("%d operands, want %d to %d", len(n.In), op.min, op.max)
	}
	for i, in := range n.In {
		switch {
		case in == 0 && i < op.min:
			return invalid("operand %d is missing", i)
		case in == 0:
		case in >= v || d.Graph.At(in).Op == "":
			return invalid("operand %d is value %d, which is not before it", i, in)
		case i < op.tensors && d.Graph.At(in).Elements() == 0:
			return invalid("operand %d has no elements", i)
		case op.over && d.Graph.At(in).Elements() > max(1, n.Elements()) && (op.reads == 0 || i < op.reads):
			return invalid("operand %d of %v for a result of %v", i, d.Graph.At(in).Type, n.Type)
		}
	}
	if in := n.In; op.alias && d.Graph.At(in[0]).Bytes() != n.Bytes() {
		return invalid("%v of %v", n.Type, d.Graph.At(in[0]).Type)
	}
	return nil
}

// value returns the node of a value that there is.
func (d *decoder) value(what string, v abi.Value) (*Node, error) {
	if v == 0 || int(v) > len(d.Graph.nodes) || d.Graph.nodes[v-1].Op == "" {
		return nil, invalid("%s: there is no value %d", what, v)
	}
	return d.Graph.At(v), nil
}

func (d *decoder) outputs() error {
	for i, v := range d.m.Outputs {
		if _, err := d.value(fmt.Sprintf("output %d", i), v); err != nil {
			return err
		}
		d.Graph.outputs = append(d.Graph.outputs, Output{Value: v})
	}
	if len(d.m.Outputs) == 0 && len(d.m.Grads) == 0 {
		return invalid("it has no outputs")
	}
	d.written = make([]bool, len(d.m.Outputs))
	return nil
}

func (d *decoder) places() error {
	for i, p := range d.Places {
		if err := d.place(p, abi.Value(i+1)); err != nil {
			return fmt.Errorf("place of value %d: %w", i+1, err)
		}
	}
	return nil
}

// place checks that the value has memory of its size where it says.
func (d *decoder) place(p Place, v abi.Value) error {
	n, r := d.Graph.At(v), d.Graph.At(d.root[v])
	if p.Kind != InArena && p.Offset != 0 || (p.Kind == Nowhere || p.Kind == InArena) && p.Index != 0 {
		return invalid("%d has index %d and offset %d", p.Kind, p.Index, p.Offset)
	}
	if p.Kind != Nowhere && n.Op == "" {
		return invalid("there is no such value")
	}
	leaf := func(op string) error {
		if r.Op != op || r.Index != p.Index {
			return invalid("%s %d, and it is of %s %d", op, p.Index, r.Op, r.Index)
		}
		return nil
	}
	switch p.Kind {
	case Nowhere:
		return nil
	case InInput:
		return leaf(OpInput)
	case InParam:
		return leaf(OpParam)
	case InConstant:
		if p.Index != int(d.root[v])-1 || r.Data == nil {
			return invalid("constant %d, and it is of value %d", p.Index+1, d.root[v])
		}
		return nil
	}
	if !isOperator(r) {
		return invalid("%s is not computed", r.Op)
	}
	switch p.Kind {
	case InOutput:
		if p.Index < 0 || p.Index >= len(d.Graph.outputs) {
			return invalid("output %d of %d", p.Index, len(d.Graph.outputs))
		}
		if o := d.Graph.At(d.Graph.outputs[p.Index].Value); o.Bytes() != n.Bytes() {
			return invalid("output %d is %v, it is %v", p.Index, o.Type, n.Type)
		}
		return nil
	case InArena:
		return d.span(p.Offset, n.Bytes())
	}
	return invalid("kind %d", p.Kind)
}

func (d *decoder) span(offset, size int64) error {
	if offset < 0 || offset%Align != 0 || size < 0 || size > d.Arena || offset > d.Arena-size {
		return invalid("%d bytes at %d of an arena of %d", size, offset, d.Arena)
	}
	return nil
}

func (d *decoder) steps() error {
	d.computed = make([]bool, len(d.Graph.nodes)+1)
	for i := range d.m.Steps {
		if err := d.step(&d.m.Steps[i]); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

func (d *decoder) step(c *stepCode) error {
	s := Step{Value: c.Value, Add: c.Add, Work: c.Work, WorkOffset: c.WorkOffset, Keep: c.Keep, KeepOffset: c.KeepOffset, Inside: c.Inside}
	out, err := d.value("result", c.Value)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		what string
		v    abi.Value
		to   **Node
	}{{"operator", c.Node, &s.Node}, {"normalisation", c.Norm, &s.Norm}, {"activation", c.Act, &s.Act}} {
		if part.v == 0 && part.to != &s.Node {
			continue
		}
		n, err := d.value(part.what, part.v)
		if err != nil {
			return err
		}
		if !isOperator(n) || Reshapes(n) || !n.Type.Equal(out.Type) || part.v > c.Value {
			return invalid("%s: %s computes %v, the step %v", part.what, clip(n.Op), n.Type, out.Type)
		}
		*part.to = n
	}
	switch {
	case s.Norm != nil && (s.Norm.Op != "BatchNormalization" || s.Norm == s.Node):
		return invalid("normalisation: it is %s", clip(s.Norm.Op))
	case s.Act != nil && (len(reads(s.Act)) != 1 || s.Act == s.Node):
		return invalid("activation: %s reads %d values", clip(s.Act.Op), len(reads(s.Act)))
	case s.Work == 0 && s.WorkOffset != 0:
		return invalid("scratch at %d of no bytes", s.WorkOffset)
	case s.Keep == 0 && s.KeepOffset != 0:
		return invalid("what is kept, at %d of no bytes", s.KeepOffset)
	}
	if s.Add != 0 {
		n, err := d.value("addend", s.Add)
		if err != nil {
			return err
		}
		if shape, err := broadcast(n.Shape, out.Shape); err != nil || n.DType != out.DType || !slices.Equal(shape, out.Shape) {
			return invalid("addend: %v to %v", n.Type, out.Type)
		}
	}
	if err := d.span(s.WorkOffset, s.Work); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	if err := d.span(s.KeepOffset, s.Keep); err != nil {
		return fmt.Errorf("what is kept: %w", err)
	}
	for i, v := range s.Inside {
		n, err := d.value("inside", v)
		switch {
		case err != nil:
			return err
		case !isOperator(n) || Reshapes(n) || v >= s.Value || i > 0 && v <= s.Inside[i-1] || d.Places[v-1].Kind != Nowhere:
			return invalid("inside: value %d, %s", v, clip(n.Op))
		}
	}
	for _, in := range d.Graph.readBy(&s) {
		if err := d.readable(in); err != nil {
			return err
		}
	}
	p := d.Places[s.Value-1]
	switch {
	case d.root[s.Value] != s.Value || d.computed[s.Value]:
		return invalid("result: value %d is not its own, or computed twice", s.Value)
	case p.Kind == InOutput:
		d.written[p.Index] = true
	case p.Kind != InArena:
		return invalid("result: value %d has no memory", s.Value)
	}
	d.computed[s.Value] = true
	d.Steps = append(d.Steps, s)
	return nil
}

// readable refuses a value that is not there yet.
func (d *decoder) readable(v abi.Value) error {
	if v == 0 || d.Places[v-1].Kind == Nowhere || d.Places[v-1] != d.Places[d.root[v]-1] {
		return invalid("value %d is read, and is nowhere", v)
	}
	if r := d.root[v]; isOperator(d.Graph.At(r)) && !d.computed[r] {
		return invalid("value %d is read before it is computed", v)
	}
	return nil
}

func (d *decoder) copies() error {
	for i, c := range d.Copies {
		n, err := d.value(fmt.Sprintf("copy %d", i), c.From)
		if err == nil {
			err = d.readable(c.From)
		}
		if err != nil {
			return err
		}
		if c.Output < 0 || c.Output >= len(d.written) || d.Graph.At(d.Graph.outputs[c.Output].Value).Bytes() != n.Bytes() {
			return invalid("copy %d: %v to output %d of %d", i, n.Type, c.Output, len(d.written))
		}
		d.written[c.Output] = true
	}
	if i := slices.Index(d.written, false); i >= 0 {
		return invalid("output %d is not computed", i)
	}
	return nil
}

func (d *decoder) grads() error {
	if len(d.Grads) != len(d.Trained) {
		return invalid("%d gradients for %d parameters that are trained", len(d.Grads), len(d.Trained))
	}
	for i, v := range d.Grads {
		n, err := d.value(fmt.Sprintf("gradient %d", i), v)
		if err == nil {
			err = d.readable(v)
		}
		if err != nil {
			return err
		}
		at := d.Trained[i]
		if at < 0 || at >= len(d.Graph.params) || i > 0 && at <= d.Trained[i-1] {
			return invalid("gradient %d: parameter %d of %d", i, at, len(d.Graph.params))
		}
		if p := d.Graph.At(d.Graph.params[at]); !p.Type.Equal(n.Type) || n.DType != abi.Float32 {
			return invalid("gradient %d: %v of a parameter of %v", i, n.Type, p.Type)
		}
	}
	return nil
}
