package vault

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A Card is what anybody may know about a model: what it takes, what it says,
// and how often it was right.
type Card struct {
	Name    string        `cbor:"1,keyasint" json:"name"`
	Task    string        `cbor:"2,keyasint" json:"task"`    // "classification"
	Format  string        `cbor:"3,keyasint" json:"format"`  // of the plaintext: "onnx"
	Input   string        `cbor:"4,keyasint" json:"input"`   // how a raw input becomes a record, as in [abi.Schema]
	Shape   []int64       `cbor:"5,keyasint" json:"shape"`   // of one record, without the batch axis
	Classes []string      `cbor:"6,keyasint" json:"classes"` // output i is the score of Classes[i]
	Metrics []wire.Metric `cbor:"7,keyasint" json:"metrics"` // as they left the job that trained it
	App     abi.Digest    `cbor:"8,keyasint" json:"app"`     // module that trained it; zero: unknown
	Data    abi.Digest    `cbor:"9,keyasint" json:"data"`    // dataset it was trained on; zero: unknown
	Job     abi.Digest    `cbor:"10,keyasint" json:"job"`    // job that made it; zero: unknown
	Licence string        `cbor:"11,keyasint" json:"licence"`
	Spec    *Spec         `cbor:"12,keyasint,omitempty" json:"spec,omitempty"` // of an imported model
}

// A Spec is what the card of an imported model says besides: how it is called,
// what a call costs, and what runs it.
type Spec struct {
	Inputs     []Port        `cbor:"1,keyasint" json:"inputs"`
	Outputs    []Port        `cbor:"2,keyasint" json:"outputs"`
	Reading    string        `cbor:"3,keyasint,omitempty" json:"reading,omitempty"`     // of the first output, as in package recipe
	Parameters uint64        `cbor:"4,keyasint" json:"parameters"`                      // numbers that training could change
	FLOPs      uint64        `cbor:"5,keyasint" json:"flops"`                           // of one call
	Arena      uint64        `cbor:"6,keyasint" json:"arena_bytes"`                     // held while it is loaded, beside the parameters, by the engine cpu
	Opset      int           `cbor:"7,keyasint" json:"opset"`                           // ONNX operator set of the graph
	ABI        string        `cbor:"8,keyasint" json:"abi"`                             // import module of the apps that run it
	Engines    []string      `cbor:"9,keyasint" json:"engines"`                         // engines that have all of its operators
	Origin     abi.Digest    `cbor:"10,keyasint" json:"origin"`                         // content id of the file it was imported from
	Claims     []wire.Metric `cbor:"11,keyasint,omitempty" json:"claims,omitempty"`     // what its importer says about it; nobody checked
	Vocabulary []string      `cbor:"12,keyasint,omitempty" json:"vocabulary,omitempty"` // of a model that takes text: tokens in the order of their ids
}

// A Port is an input or output of a model.
type Port struct {
	Name   string    `cbor:"1,keyasint" json:"name"`
	DType  abi.DType `cbor:"2,keyasint" json:"dtype"`
	Shape  []int64   `cbor:"3,keyasint" json:"shape"`
	Recipe string    `cbor:"4,keyasint,omitempty" json:"recipe,omitempty"` // of an input: how it is made of a file, as in package recipe
}

// maxPorts bounds the inputs, and the outputs, that a card lists.
const maxPorts = 1 << 10

// check refuses cards whose numbers cannot be used.
func (c Card) check() error {
	if c.Spec == nil {
		return nil
	}
	for _, list := range [][]Port{c.Spec.Inputs, c.Spec.Outputs} {
		if len(list) == 0 || len(list) > maxPorts {
			return fmt.Errorf("%d inputs or outputs, want 1 to %d: %w", len(list), maxPorts, abi.Invalid)
		}
		for _, p := range list {
			if _, err := abi.Elements(p.Shape); err != nil {
				return fmt.Errorf("%q: %w", p.Name, err)
			}
			if p.DType.Size() == 0 {
				return fmt.Errorf("%q is %v: %w", p.Name, p.DType, abi.Invalid)
			}
		}
	}
	return nil
}
