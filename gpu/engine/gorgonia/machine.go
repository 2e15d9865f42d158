package gorgonia

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Machine is a program compiled by Gorgonia.
type Machine struct {
	b     *builder
	vm    G.VM   // nil where nothing is computed
	reads []read // one an output
}

// A read says where an output comes from: from Gorgonia, from what the run was
// given, or from the largest of what Gorgonia computed.
type read struct {
	value  *G.Value
	leaf   abi.Value
	argmax *graph.Node
	from   []int64 // shape of what argmax looks at
	size   int64   // bytes
}

// Open compiles a program.
func Open(p Program) (*Machine, error) {
	b := newBuilder(p)
	if err := b.build(); err != nil {
		return nil, err
	}
	if err := b.differentiate(); err != nil {
		return nil, err
	}
	m := &Machine{b: b}
	values := map[*G.Node]*G.Value{}
	for _, v := range p.Outputs {
		m.reads = append(m.reads, b.read(v, values))
	}
	if len(values) == 0 { // nothing is computed, and Gorgonia compiles no empty graph
		return m, nil
	}
	prog, locations, err := G.Compile(b.g)
	if err != nil {
		return nil, fmt.Errorf("gorgonia: compile: %w: %w", abi.Invalid, err)
	}
	if need, limit := prog.CPUMemReq(), b.memory(); need > limit {
		return nil, fmt.Errorf("gorgonia: it wants %d bytes, the shapes account for %d: %w", need, limit, abi.Exhausted)
	}
	m.vm = G.NewTapeMachine(b.g, G.WithPrecompiled(prog, locations))
	return m, nil
}

// memory is what Gorgonia may reasonably want: some copies of every value, for
// gradients and patches of convolutions.
func (b *builder) memory() int64 {
	const copies, floor = 64, 64 << 20
	n := int64(0)
	for i := range b.Nodes {
		if b.Nodes[i].Op == "" {
			continue
		}
		k := int64(1)
		if b.Nodes[i].Op == "Conv" {
			w := b.Nodes[b.Nodes[i].In[1]-1].Shape
			k = w[1] * w[2] * w[3]
		}
		n += k * b.Nodes[i].Bytes()
	}
	return copies*n + floor
}

// differentiate asks Gorgonia for the gradients of the one loss there may be.
func (b *builder) differentiate() error {
	var wrt []*G.Node
	var loss *G.Node
	seen := map[*G.Node]int{}
	where := map[abi.Value]int{}
	for i := range b.Nodes {
		v := abi.Value(i + 1)
		d, ok := b.Derived[v]
		if !ok {
			continue
		}
		loss = b.nodes[d.Loss]
		n := b.nodes[d.Wrt]
		if _, ok := seen[n]; !ok {
			seen[n] = len(wrt)
			wrt = append(wrt, n)
		}
		where[v] = seen[n]
	}
	if len(wrt) == 0 {
		return nil
	}
	if !loss.IsScalar() {
		loss = b.do(G.Sum(loss))
	}
	grads, err := G.Grad(loss, wrt...)
	if err != nil {
		return fmt.Errorf("gorgonia: gradient: %w: %w", abi.Invalid, err)
	}
	for v, i := range where {
		b.nodes[v] = grads[i]
	}
	return nil
}

func (b *builder) read(v abi.Value, values map[*G.Node]*G.Value) read {
	root := b.root(v)
	n := &b.Nodes[root-1]
	r := read{size: b.Nodes[v-1].Bytes()}
	switch n.Op {
	case graph.OpInput, graph.OpParam, graph.OpConstant:
		r.leaf = root
		return r
	case "ArgMax":
		r.argmax, r.from = n, b.Nodes[n.In[0]-1].Shape
		if from := b.root(n.In[0]); len(b.Nodes[from-1].In) == 0 && b.Nodes[from-1].Op != "Fill" {
			r.leaf = from
			return r
		}
		root = n.In[0]
	}
	node := b.nodes[root]
	if values[node] == nil {
		values[node] = new(G.Value)
		G.Read(node, values[node])
	}
	r.value = values[node]
	return r
}

// Run computes the outputs from the inputs, all little-endian.
func (m *Machine) Run(in [][]byte) ([][]byte, error) {
	given := map[abi.Value][]byte{}
	for i, v := range m.b.Inputs {
		given[v] = in[i]
		if n := m.b.nodes[v]; n != nil {
			if err := let(n, m.b.Nodes[v-1].Shape, decode(in[i])); err != nil {
				return nil, fmt.Errorf("gorgonia: input %d: %w: %w", i, abi.Internal, err)
			}
		}
	}
	data := func(v abi.Value) []byte {
		if b, ok := given[v]; ok {
			return b
		}
		return m.b.Nodes[v-1].Data
	}
	for _, k := range m.b.masks {
		shape := m.b.Nodes[k.loss.In[0]-1].Shape
		if err := let(k.node, shape, k.fill(data(k.labels), shape)); err != nil {
			return nil, fmt.Errorf("gorgonia: labels: %w: %w", abi.Internal, err)
		}
	}
	if m.vm != nil {
		defer m.vm.Reset()
		if err := m.vm.RunAll(); err != nil {
			return nil, fmt.Errorf("gorgonia: run: %w: %w", abi.Internal, err)
		}
	}
	out := make([][]byte, len(m.reads))
	for i, r := range m.reads {
		var b []byte
		if r.leaf != 0 {
			b = data(r.leaf)
		} else {
			var err error
			if b, err = encode(*r.value); err != nil {
				return nil, err
			}
		}
		if r.argmax != nil {
			var err error
			if b, err = largest(b, r.from, r.argmax.Attrs.Axis); err != nil {
				return nil, err
			}
		}
		if int64(len(b)) != r.size {
			return nil, fmt.Errorf("gorgonia: output %d has %d bytes, want %d: %w", i, len(b), r.size, abi.Internal)
		}
		out[i] = b
	}
	return out, nil
}

// Close frees the machine.
func (m *Machine) Close() error {
	if m.vm == nil {
		return nil
	}
	return m.vm.Close()
}

// encode returns the elements of a result, in order.
func encode(v G.Value) ([]byte, error) {
	if d, ok := v.(*tensor.Dense); ok && d.RequiresIterator() {
		v = d.Materialize().(*tensor.Dense)
	}
	var data []float32
	switch d := v.Data().(type) {
	case []float32:
		data = d
	case float32:
		data = []float32{d}
	default:
		return nil, fmt.Errorf("gorgonia: a result is %T: %w", d, abi.Internal)
	}
	b := make([]byte, 0, 4*len(data))
	for _, f := range data {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b, nil
}

// largest is ArgMax by package tensor.
func largest(b []byte, shape []int64, axis int) ([]byte, error) {
	t := tensor.New(tensor.WithShape(dims(shape)...), tensor.WithBacking(decode(b)))
	top, err := t.Argmax(axis)
	if err != nil {
		return nil, fmt.Errorf("gorgonia: ArgMax: %w: %w", abi.Internal, err)
	}
	var out []byte
	switch d := top.Data().(type) {
	case []int:
		for _, i := range d {
			out = binary.LittleEndian.AppendUint64(out, uint64(i))
		}
	case int:
		out = binary.LittleEndian.AppendUint64(out, uint64(d))
	default:
		return nil, fmt.Errorf("gorgonia: ArgMax is %T: %w", d, abi.Internal)
	}
	return out, nil
}
