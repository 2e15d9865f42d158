package onnx

import (
	"github.com/cloister-ai/cloister/abi"
)

// An Info is what a model file says of itself, before anything is known of
// whether it can run.
type Info struct {
	Opset     int64
	Inputs    []Port // initialisers left out
	Outputs   []Port
	Operators map[string]int // how many nodes of each, those of bodies included
	Elements  int64          // of all initialisers
}

// A Port is a declared input or output. A dimension of -1 is symbolic.
type Port struct {
	Name  string
	DType abi.DType // zero where there is not such a type here, and Elem says which
	Elem  int64     // the file's number of the element type; zero for what is no tensor
	Shape []int64   // nil where the file does not say
	Op    string    // of an output: the operator that computes it, if a node does
}

// Inspect reads what a model file says of itself. Errors: Invalid for a file
// that is no model.
func Inspect(b []byte) (Info, error) {
	info := Info{Operators: map[string]int{}}
	var body []byte
	other := ""
	err := fields("model", b, func(x field) (err error) {
		switch x.num {
		case modelGraph:
			body, err = x.message("graph")
		case modelOpset:
			var m []byte
			if m, err = x.message("opset import"); err == nil {
				other, err = parseOpset(m, &info.Opset)
			}
		}
		return err
	})
	if err != nil {
		return info, err
	}
	if body == nil || info.Opset == 0 {
		return info, noModel(body, other)
	}
	g, err := parseGraph(body, 0)
	if err != nil {
		return info, err
	}
	for _, in := range g.inputs {
		if g.tensors[in.name] == nil {
			info.Inputs = append(info.Inputs, in.port())
		}
	}
	by := map[string]string{}
	for _, n := range g.nodes {
		for _, name := range n.out {
			by[name] = n.op
		}
	}
	for _, o := range g.outputs {
		p := o.port()
		p.Op = by[o.name]
		info.Outputs = append(info.Outputs, p)
	}
	info.count(g)
	return info, nil
}

func (i *Info) count(g *graphProto) {
	for _, t := range g.tensors {
		if n, err := abi.Elements(t.dims); err == nil {
			i.Elements += n
		}
	}
	for _, n := range g.nodes {
		i.Operators[n.op]++
		for _, a := range n.attrs {
			if a.graph != nil {
				i.count(a.graph)
			}
		}
	}
}

func (i infoProto) port() Port {
	p := Port{Name: i.name, Elem: i.elem}
	if dt, err := dtype(i.elem); err == nil {
		p.DType = dt
	}
	if i.known {
		p.Shape = append([]int64{}, i.shape...)
	}
	return p
}
