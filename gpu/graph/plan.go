package graph

import (
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// Align is the alignment in bytes of everything in an arena.
const Align = 64

// A PlaceKind says in which memory a value lies while a program runs.
type PlaceKind uint8

// The memories. Index selects an input, parameter, constant (by value) or
// output; Offset is in bytes from the start of the arena.
const (
	Nowhere PlaceKind = iota // not computed
	InInput
	InParam
	InConstant
	InOutput
	InArena
)

// A Place is where a value lies.
type Place struct {
	Kind   PlaceKind `pb:"1"`
	Index  int       `pb:"2"`
	Offset int64     `pb:"3"`
}

// A Step is one kernel of a plan: an operator, what it computes of its operands
// where it reads them, and what is done to its result before that is written, in
// this order.
type Step struct {
	Value      abi.Value // what it computes
	Node       *Node
	Inside     []abi.Value // values that only this step reads, and computes element by element instead; ascending
	Norm       *Node       // BatchNormalization of the result
	Add        abi.Value   // is added; zero adds nothing
	Act        *Node       // the activation that is applied last
	Work       int64       // scratch bytes
	WorkOffset int64       // of the scratch, in the arena
	Keep       int64       // bytes that stay from run to run
	KeepOffset int64       // of them, in the arena
}

// A Copy moves a value that lies elsewhere into an output, after the last step.
type Copy struct {
	From   abi.Value `pb:"1"`
	Output int       `pb:"2"`
}

// A Plan is a graph with an order, a memory layout and a price. Its graph is
// frozen. It knows nothing of any device.
type Plan struct {
	Graph    *Graph
	Steps    []Step
	Copies   []Copy
	Places   []Place // of value v at v-1
	Arena    int64   // bytes
	FLOPs    uint64
	Read     uint64 // tensor bytes the kernels take, each operand once
	Written  uint64 // tensor bytes the kernels give
	Launches uint32
	Grads    []abi.Value // by each parameter that is trained, in order; empty without a trainer
	Trained  []int       // the index of the parameter that each of Grads is by
}

// A Layout is what a planner must know of the engine.
type Layout struct {
	// Work returns the scratch bytes that the kernel of s needs.
	Work func(g *Graph, s *Step) int64
	// Keep returns the bytes that the kernel of s keeps from run to run: what it
	// makes of operands that do not change in a run. Nil keeps nothing.
	Keep func(g *Graph, s *Step) int64
	// Fuse reports whether the kernel of n can do next to its result: a
	// BatchNormalization, an Add of a value of type with, or an activation.
	Fuse func(n, next *Node, with Type) bool
	// Inline reports whether the kernel of reader can compute its operand number i,
	// which is the result of n, where it reads it. Nil is never.
	Inline func(reader *Node, i int, n *Node) bool
}

// NewPlan plans the outputs of g and, for a trainer, the gradients grads, which
// stay readable in the arena until the run ends. Nodes that nothing needs are
// left out. Time and memory are linear in the graph, but for the free list.
func NewPlan(g *Graph, grads []abi.Value, l Layout) (*Plan, error) {
	if len(g.outputs) == 0 && len(grads) == 0 {
		return nil, fmt.Errorf("graph: it has no outputs: %w", abi.Invalid)
	}
	g.Freeze()
	p := &planner{
		Plan:   &Plan{Graph: g, Places: make([]Place, len(g.nodes)), Grads: grads},
		layout: l,
		uses:   make([]int, len(g.nodes)+1),
		root:   make([]abi.Value, len(g.nodes)+1),
		last:   make([]int, len(g.nodes)+1),
		pinned: make([]bool, len(g.nodes)+1),
	}
	if len(grads) > 0 {
		if p.Trained = g.Trained(); len(p.Trained) != len(grads) {
			return nil, fmt.Errorf("graph: %d gradients for %d parameters that are trained: %w", len(grads), len(p.Trained), abi.Internal)
		}
	}
	p.mark()
	p.schedule()
	p.compact()
	p.outputs()
	p.lifetimes()
	p.join()
	p.place()
	p.traffic()
	return p.Plan, nil
}

// PlanNode plans the one operator n over known operands: its only output is the
// result, and there are no inputs. in holds the operands of n, nil where one is
// left out.
func PlanNode(n *Node, in []*Node, l Layout) (*Plan, error) {
	g := &Graph{}
	one := *n
	one.In, one.Data, one.Call = make([]abi.Value, len(in)), nil, nil
	for i, x := range in {
		if x != nil {
			one.In[i] = g.push(Node{Op: OpConstant, Type: x.Type, Data: x.Data})
		}
	}
	g.outputs = []Output{{"y", g.push(one)}}
	l.Keep = nil // there is one run
	return NewPlan(g, nil, l)
}

type planner struct {
	*Plan
	layout Layout
	uses   []int       // how many live nodes, outputs and gradients read a value; 0 is dead
	root   []abi.Value // the value whose memory a value shares: itself, but for reshapes
	last   []int       // the step that reads a root last
	pinned []bool      // roots that must outlive the last step
	step   []int       // the step that computes a value
	inside map[abi.Value]part
	whole  map[abi.Value]bool // results of Concat that values lie in
	free   []span
}

// mark counts the uses of everything that outputs and gradients depend on.
func (p *planner) mark() {
	for _, o := range p.Graph.outputs {
		p.uses[o.Value]++
	}
	for _, v := range p.Grads {
		p.uses[v]++
	}
	for v := len(p.Graph.nodes); v > 0; v-- {
		if p.uses[v] == 0 {
			continue
		}
		for _, in := range reads(&p.Graph.nodes[v-1]) {
			p.uses[in]++
		}
	}
}

// reads lists the operands whose elements the kernel of n reads: not the shapes,
// axes and bounds that were decoded when it was added.
func reads(n *Node) []abi.Value {
	if n.Data != nil {
		return nil
	}
	in := n.In
	if k := operators[n.Op].reads; k > 0 {
		in = in[:min(k, len(in))]
	}
	return slices.DeleteFunc(slices.Clone(in), func(v abi.Value) bool { return v == 0 })
}

// Reshapes reports whether n only gives its operand another shape: the planner
// makes no step of it.
func Reshapes(n *Node) bool { return operators[n.Op].alias }

// schedule makes a step of each live operator, in the order of the graph, and
// folds what follows into the kernel whose only reader it is.
func (p *planner) schedule() {
	p.step = make([]int, len(p.Graph.nodes)+1)
	for i := range p.Graph.nodes {
		v, n := abi.Value(i+1), &p.Graph.nodes[i]
		p.root[v] = v
		if p.uses[v] == 0 {
			continue
		}
		switch {
		case n.Op == OpInput:
			p.Places[i] = Place{Kind: InInput, Index: n.Index}
			continue
		case n.Op == OpParam:
			p.Places[i] = Place{Kind: InParam, Index: n.Index}
			continue
		case n.Data != nil:
			p.Places[i] = Place{Kind: InConstant, Index: i}
			continue
		}
		p.FLOPs = addSat(p.FLOPs, n.FLOPs)
		switch {
		case Reshapes(n):
			p.root[v] = p.root[n.In[0]]
			p.step[v] = p.step[n.In[0]]
		case p.fold(v, n):
		default:
			p.step[v] = len(p.Steps)
			p.Steps = append(p.Steps, Step{Value: v, Node: n, Inside: p.inline(n)})
		}
	}
}

// maxInside bounds the values that one kernel computes on the way.
const maxInside = 32

// inline takes the steps of operands of n that the kernel of n can compute where
// it reads them, and that nothing else reads. What is left of their steps has no
// operator.
func (p *planner) inline(n *Node) []abi.Value {
	if p.layout.Inline == nil {
		return nil
	}
	var inside []abi.Value
	for i, v := range n.In {
		if !slices.Contains(reads(n), v) || !p.folds(v) {
			continue
		}
		s := &p.Steps[p.step[v]]
		if s.Norm != nil || s.Add != 0 || s.Act != nil || len(inside)+len(s.Inside) >= maxInside || !p.layout.Inline(n, i, s.Node) {
			continue
		}
		inside = append(append(inside, s.Inside...), v)
		for _, v := range append(s.Inside, v) {
			p.step[v] = len(p.Steps)
		}
		s.Node = nil
	}
	slices.Sort(inside)
	return inside
}

// compact drops the steps that others compute inside, and asks what the rest needs.
func (p *planner) compact() {
	at := make([]int, len(p.Steps)+1)
	for i, s := range p.Steps {
		at[i+1] = at[i]
		if s.Node != nil {
			at[i+1]++
		}
	}
	for v := range p.step {
		p.step[v] = at[p.step[v]]
	}
	p.Steps = slices.DeleteFunc(p.Steps, func(s Step) bool { return s.Node == nil })
	for i := range p.Steps {
		s := &p.Steps[i]
		if p.layout.Keep != nil && len(p.Grads) == 0 { // who trains changes parameters in every run
			if s.Keep = p.layout.Keep(p.Graph, s); s.Keep > 0 {
				s.KeepOffset = p.take(s.Keep)
			}
		}
		s.Work = p.layout.Work(p.Graph, s)
	}
	p.Launches = uint32(len(p.Steps))
}

// fold makes n part of the step of its operand, where nothing else reads that and
// the kernel can do it. Of two operands of an Add it is the later one.
func (p *planner) fold(v abi.Value, n *Node) bool {
	if len(n.In) == 0 {
		return false
	}
	at, add := n.In[0], abi.Value(0)
	if n.Op == "Add" {
		add = n.In[1]
		if !p.folds(at) || p.folds(add) && p.step[add] > p.step[at] {
			at, add = add, at
		}
		if at == add || !p.before(add, p.step[at]) {
			return false
		}
	}
	if !p.folds(at) {
		return false
	}
	s := &p.Steps[p.step[at]]
	var with Type
	switch {
	case n.Op == "BatchNormalization" && s.Norm == nil && s.Add == 0 && s.Act == nil:
		for _, in := range n.In[1:] {
			if !p.before(in, p.step[at]) {
				return false
			}
		}
	case n.Op == "Add" && s.Add == 0 && s.Act == nil && slices.Equal(n.Shape, s.Node.Shape):
		with = p.Graph.At(add).Type
	case s.Act == nil && len(reads(n)) == 1 && n.Type.Equal(s.Node.Type):
	default:
		return false
	}
	if !p.layout.Fuse(s.Node, n, with) {
		return false
	}
	switch n.Op {
	case "BatchNormalization":
		s.Norm = n
	case "Add":
		s.Add = add
	default:
		s.Act = n
	}
	s.Value, p.step[v] = v, p.step[at]
	return true
}

// folds reports whether what follows v may become part of the step that computes
// it: one reader, and the value is the step's own.
func (p *planner) folds(v abi.Value) bool {
	return v != 0 && p.uses[v] == 1 && p.root[v] == v && isOperator(p.Graph.At(v)) && p.Steps[p.step[v]].Value == v
}

// before reports whether v is there when the given step runs.
func (p *planner) before(v abi.Value, step int) bool {
	r := p.root[v]
	return !isOperator(p.Graph.At(r)) || p.step[r] < step
}

// readBy lists what the kernel of the step reads.
func (g *Graph) readBy(s *Step) []abi.Value {
	list := reads(s.Node)
	if s.Norm != nil {
		list = append(list, s.Norm.In[1:]...)
	}
	if s.Add != 0 {
		list = append(list, s.Add)
	}
	if len(s.Inside) == 0 {
		return list
	}
	for _, v := range s.Inside {
		list = append(list, reads(g.At(v))...)
	}
	return slices.DeleteFunc(list, func(v abi.Value) bool { return slices.Contains(s.Inside, v) })
}

func isOperator(n *Node) bool { return n.Op != OpInput && n.Op != OpParam && n.Data == nil }

// outputs gives each output a value computed right into it where that is
// possible, and a copy where the value is shared or comes from outside.
func (p *planner) outputs() {
	for i, o := range p.Graph.outputs {
		r := p.root[o.Value]
		if pl := &p.Places[r-1]; pl.Kind == Nowhere {
			*pl = Place{Kind: InOutput, Index: i}
			continue
		}
		p.Copies = append(p.Copies, Copy{From: o.Value, Output: i})
		p.pinned[r] = true
		p.Launches++
	}
	for _, v := range p.Grads {
		p.pinned[p.root[v]] = true
	}
}

// traffic adds up what steps and copies read and write.
func (p *planner) traffic() {
	bytes := func(v abi.Value) uint64 { return uint64(p.Graph.At(v).Bytes()) }
	for _, s := range p.Steps {
		written := bytes(s.Value)
		for _, in := range p.Graph.readBy(&s) {
			if s.Node.Op == "Concat" && p.inside[in].concat == s.Value {
				written -= bytes(in) // it is there already
				continue
			}
			p.Read = addSat(p.Read, bytes(in))
		}
		p.Written = addSat(p.Written, written)
	}
	for _, c := range p.Copies {
		p.Read, p.Written = addSat(p.Read, bytes(c.From)), addSat(p.Written, bytes(c.From))
	}
}

func (p *planner) lifetimes() {
	for i, s := range p.Steps {
		p.last[s.Value] = max(p.last[s.Value], i)
		for _, in := range p.Graph.readBy(&s) {
			p.last[p.root[in]] = i
		}
	}
}

// place walks the steps and gives every value in the arena an offset, reusing
// what is dead, and the operand itself where the kernel may write over it.
func (p *planner) place() {
	ends := make([][]abi.Value, len(p.Steps)) // roots in the arena, by the step that reads them last
	for i := range p.Steps {
		s := &p.Steps[i]
		out := &p.Places[s.Value-1]
		took := abi.Value(0) // what got memory of its own for this step
		switch in := p.inside[s.Value]; {
		case out.Kind != Nowhere:
		case in.concat != 0:
			whole := &p.Places[in.concat-1]
			if whole.Kind == Nowhere {
				*whole = Place{Kind: InArena, Offset: p.take(p.Graph.At(in.concat).Bytes())}
				took = in.concat
			}
			*out = Place{Kind: InArena, Offset: whole.Offset + in.offset}
		default:
			took = s.Value
			if r := p.over(s, i); r != 0 {
				*out = p.Places[r-1]
				ends[i] = slices.DeleteFunc(ends[i], func(v abi.Value) bool { return v == r })
			} else {
				*out = Place{Kind: InArena, Offset: p.take(s.Node.Bytes())}
			}
		}
		if took != 0 && !p.pinned[took] {
			ends[p.last[took]] = append(ends[p.last[took]], took)
		}
		if s.Work > 0 {
			s.WorkOffset = p.take(s.Work)
			p.give(s.WorkOffset, s.Work)
		}
		for _, v := range ends[i] {
			p.give(p.Places[v-1].Offset, p.Graph.At(v).Bytes())
		}
	}
	for i := range p.Graph.nodes { // reshapes lie where their operand lies
		if r := p.root[i+1]; r != abi.Value(i+1) && r != 0 {
			p.Places[i] = p.Places[r-1]
		}
	}
}

// A part is where a value lies in the result of the Concat that alone reads it.
type part struct {
	concat abi.Value
	offset int64 // in bytes
}

// join finds the values that can be computed right where a Concat wants them:
// those that lie one after the other in it, and that nothing else reads.
func (p *planner) join() {
	p.inside, p.whole = make(map[abi.Value]part), make(map[abi.Value]bool)
	for i := range p.Steps {
		s := &p.Steps[i]
		n := s.Node
		if n.Op != "Concat" || s.Value != p.root[s.Value] || p.Places[s.Value-1].Kind != Nowhere ||
			(Type{Shape: n.Shape[:n.Attrs.Axis]}).Elements() != 1 || p.inside[s.Value].concat != 0 || s.Add != 0 || s.Act != nil {
			continue
		}
		at := int64(0)
		for _, v := range n.In {
			if at%Align == 0 && p.folds(v) && !p.pinned[v] && p.Places[v-1].Kind == Nowhere && !p.whole[v] {
				p.inside[v] = part{s.Value, at}
				p.whole[s.Value] = true
			}
			at += p.Graph.At(v).Bytes()
		}
	}
}

// over returns the operand that the result of step i may be written over: it
// lies in the arena, dies here, has as many bytes, and the kernel reads each
// element before it writes the one in the same place.
func (p *planner) over(s *Step, i int) abi.Value {
	if !operators[s.Node.Op].over || s.Work > 0 {
		return 0
	}
	for _, v := range s.Inside {
		if !operators[p.Graph.At(v).Op].over {
			return 0
		}
	}
	for _, in := range p.Graph.readBy(s) {
		r := p.root[in]
		if s.Add != 0 && r == p.root[s.Add] || s.Norm != nil && slices.Contains(s.Norm.In[1:], in) {
			continue
		}
		if t := p.Graph.At(r); p.Places[r-1].Kind == InArena && !p.pinned[r] && p.last[r] == i && t.Bytes() == s.Node.Bytes() && (len(s.Inside) == 0 || t.Elements() == s.Node.Elements()) {
			return r
		}
	}
	return 0
}

// A span is free memory of the arena; the list is sorted and has no neighbours.
type span struct{ at, size int64 }

func aligned(n int64) int64 { return (n + Align - 1) &^ (Align - 1) }

// take returns the offset of the smallest free span that fits, or grows the arena.
func (p *planner) take(size int64) int64 {
	size = aligned(size)
	best := -1
	for i, f := range p.free {
		if f.size >= size && (best < 0 || f.size < p.free[best].size) {
			best = i
		}
	}
	if best >= 0 {
		f := &p.free[best]
		at := f.at
		f.at, f.size = f.at+size, f.size-size
		if f.size == 0 {
			p.free = slices.Delete(p.free, best, best+1)
		}
		return at
	}
	at := p.Arena
	if n := len(p.free); n > 0 && p.free[n-1].at+p.free[n-1].size == p.Arena { // grow the last span
		at = p.free[n-1].at
		p.free = p.free[:n-1]
	}
	p.Arena = at + size
	return at
}

func (p *planner) give(at, size int64) {
	size = aligned(size)
	i, _ := slices.BinarySearchFunc(p.free, at, func(s span, at int64) int {
		if s.at < at {
			return -1
		}
		return 1
	})
	p.free = slices.Insert(p.free, i, span{at, size})
	if i+1 < len(p.free) && at+size == p.free[i+1].at {
		p.free[i].size += p.free[i+1].size
		p.free = slices.Delete(p.free, i+1, i+2)
	}
	if i > 0 && p.free[i-1].at+p.free[i-1].size == at {
		p.free[i-1].size += p.free[i].size
		p.free = slices.Delete(p.free, i, i+1)
	}
}
