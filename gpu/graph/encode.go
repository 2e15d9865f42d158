package graph

import (
	"crypto/sha256"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/record"
)

// PlanVersion is the version of an encoded plan. What an older reader would take
// for something else gets another number.
const PlanVersion = 1

// maxInline bounds the bytes of a constant that stands in the plan itself.
const maxInline = 4 << 10

// A Code is a plan as bytes: equal plans have equal ones. It has no names.
type Code struct {
	Plan      []byte   // a message of package record
	Constants [][]byte // large ones, each at the next multiple of Align
	Bytes     int64    // from the first of Constants to the end of the last
}

// Digest names what the code computes.
func (c *Code) Digest() abi.Digest {
	h := sha256.New()
	h.Write(c.Plan)
	for _, b := range c.Constants {
		h.Write(b)
	}
	return abi.Digest(h.Sum(nil))
}

// planCode is a plan as it is written.
type planCode struct {
	Version   uint32      `pb:"1"`
	Nodes     []nodeCode  `pb:"2"`
	Places    []Place     `pb:"3"`
	Steps     []stepCode  `pb:"4"`
	Copies    []Copy      `pb:"5"`
	Outputs   []abi.Value `pb:"6"`
	Grads     []abi.Value `pb:"7"`
	Trained   []int       `pb:"8"`
	Arena     int64       `pb:"9"`
	Constants int64       `pb:"10"` // bytes beside the plan
	FLOPs     uint64      `pb:"11"`
	Read      uint64      `pb:"12"`
	Written   uint64      `pb:"13"`
	Launches  uint32      `pb:"14"`
}

// nodeCode is a node as it is written; a value that nobody needs has none of it.
type nodeCode struct {
	Op      string      `pb:"1"`
	In      []abi.Value `pb:"2"` // zero is an optional operand left out
	Type    Type        `pb:"3"`
	Attrs   Attrs       `pb:"4"`
	Known   bool        `pb:"5"` // a constant, or computed of constants: it has no operands
	Data    []byte      `pb:"6"` // of what is known and small
	At      int64       `pb:"7"` // where else it is, from the first of the constants
	Derived bool        `pb:"8"`
	Loss    abi.Value   `pb:"9"` // it is d Loss / d Wrt
	Wrt     abi.Value   `pb:"10"`
	FLOPs   uint64      `pb:"11"`
}

// stepCode is a step as it is written; nodes are the values they compute.
type stepCode struct {
	Value      abi.Value   `pb:"1"`
	Node       abi.Value   `pb:"2"`
	Norm       abi.Value   `pb:"3"`
	Add        abi.Value   `pb:"4"`
	Act        abi.Value   `pb:"5"`
	Work       int64       `pb:"6"`
	WorkOffset int64       `pb:"7"`
	Inside     []abi.Value `pb:"8"`
	Keep       int64       `pb:"9"`
	KeepOffset int64       `pb:"10"`
}

// Encode returns p as bytes. Constants share the memory of the graph.
func (p *Plan) Encode() *Code {
	m := planCode{
		Version: PlanVersion, Places: p.Places, Copies: p.Copies, Grads: p.Grads, Trained: p.Trained,
		Arena: p.Arena, FLOPs: p.FLOPs, Read: p.Read, Written: p.Written, Launches: p.Launches,
	}
	for _, o := range p.Graph.outputs {
		m.Outputs = append(m.Outputs, o.Value)
	}
	e := &encoder{where: map[*byte]int64{}}
	live, of := p.live(), make(map[*Node]abi.Value, len(p.Graph.nodes))
	for i := range p.Graph.nodes {
		v, n := abi.Value(i+1), &p.Graph.nodes[i]
		of[n] = v
		var c nodeCode
		if live[v] {
			c = e.node(n)
			if d, ok := p.Graph.derived[v]; ok {
				c.Loss, c.Wrt = d.Loss, d.Wrt
			}
		}
		m.Nodes = append(m.Nodes, c)
	}
	for _, s := range p.Steps {
		c := stepCode{Value: s.Value, Node: of[s.Node], Add: s.Add, Work: s.Work, WorkOffset: s.WorkOffset, Keep: s.Keep, KeepOffset: s.KeepOffset, Inside: s.Inside}
		if s.Norm != nil {
			c.Norm = of[s.Norm]
		}
		if s.Act != nil {
			c.Act = of[s.Act]
		}
		m.Steps = append(m.Steps, c)
	}
	m.Constants = e.bytes
	return &Code{Plan: record.Marshal(m), Constants: e.apart, Bytes: e.bytes}
}

// live marks what outputs and gradients follow from, by way of the nodes and by way
// of the losses that gradients are of; and all inputs and parameters.
func (p *Plan) live() []bool {
	g := p.Graph
	live := make([]bool, len(g.nodes)+1)
	for _, list := range [][]abi.Value{g.inputs, g.params, p.Grads} {
		for _, v := range list {
			live[v] = true
		}
	}
	for _, o := range g.outputs {
		live[o.Value] = true
	}
	for v := abi.Value(len(g.nodes)); v > 0; v-- {
		n := &g.nodes[v-1]
		if !live[v] || n.Data != nil {
			continue
		}
		for _, in := range n.In {
			live[in] = true
		}
		if d, ok := g.derived[v]; ok {
			live[d.Loss], live[d.Wrt] = true, true
		}
	}
	live[0] = false
	return live
}

type encoder struct {
	apart [][]byte
	where map[*byte]int64 // of what is apart, by its first byte
	bytes int64
}

func (e *encoder) node(n *Node) nodeCode {
	c := nodeCode{Op: n.Op, Type: n.Type, Attrs: n.Attrs, Derived: n.Derived, FLOPs: n.FLOPs}
	if n.Data == nil {
		c.In = n.In
		return c
	}
	c.Op, c.Attrs, c.Known, c.FLOPs = OpConstant, Attrs{}, true, 0
	if len(n.Data) <= maxInline {
		c.Data = n.Data
		return c
	}
	at, ok := e.where[unsafe.SliceData(n.Data)] // reshapes of a constant share its memory
	if !ok {
		at = aligned(e.bytes)
		e.apart, e.bytes = append(e.apart, n.Data), at+int64(len(n.Data))
		e.where[unsafe.SliceData(n.Data)] = at
	}
	c.At = at
	return c
}

// Messages lists the messages of a code and their fields, as protobuf writes them;
// attributes apart, which are in node.go.
func Messages() map[string][]string {
	return map[string][]string{
		"Plan": record.Describe(planCode{}), "Node": record.Describe(nodeCode{}), "Step": record.Describe(stepCode{}),
		"Place": record.Describe(Place{}), "Copy": record.Describe(Copy{}), "Type": record.Describe(Type{}), "Question": record.Describe(questionCode{}),
	}
}
