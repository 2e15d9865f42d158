package driver

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/record"
	"google.golang.org/protobuf/proto"
)

// Version is the protocol's. A host and a driver of different versions do not talk.
const Version = 1

// A request is what every method takes; DRIVERS.md says which fields are whose.
type request struct {
	Call      uint64    `pb:"1"` // its number, never used again
	Session   uint64    `pb:"2"`
	Object    uint64    `pb:"3"` // a buffer or a program; of Write and Read, zero is the stage
	Offset    int64     `pb:"4"`
	Bytes     int64     `pb:"5"`
	Slot      uint32    `pb:"6"`
	Code      []byte    `pb:"7"` // a plan, or a question about one
	Optimizer optimizer `pb:"8"`
	In        []uint64  `pb:"9"` // buffers; zero is one of no bytes
	Params    []uint64  `pb:"10"`
	Out       []uint64  `pb:"11"`
	Rate      float32   `pb:"12"`
	Free      []uint64  `pb:"13"` // buffers to free, before anything else
	Make      []uint64  `pb:"14"` // buffers to make next
	Sizes     []int64   `pb:"15"` // of Make
	Version   uint32    `pb:"16"`
}

// A reply is what every method returns.
type reply struct {
	Call    uint64 `pb:"1"` // of the request
	Kind    uint8  `pb:"2"` // with Text, the error
	Text    string `pb:"3"`
	Lost    bool   `pb:"4"` // nothing works any more
	Stopped bool   `pb:"5"` // a run that was cancelled in time
	Bytes   int64  `pb:"6"`
	Yes     bool   `pb:"7"`
	Info    Info   `pb:"8"`
	Version uint32 `pb:"9"`
	Keeps   bool   `pb:"10"` // it wants to be asked Keep, and Inline
	Inlines bool   `pb:"11"`
}

// optimizer is abi.Optimizer as it is written.
type optimizer struct {
	Kind         uint8   `pb:"1"`
	LearningRate float32 `pb:"2"`
	Momentum     float32 `pb:"3"`
	Beta1        float32 `pb:"4"`
	Beta2        float32 `pb:"5"`
	Epsilon      float32 `pb:"6"`
	WeightDecay  float32 `pb:"7"`
	ClipNorm     float32 `pb:"8"`
}

func optimizerOf(o abi.Optimizer) optimizer {
	return optimizer{uint8(o.Kind), o.LearningRate, o.Momentum, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay, o.ClipNorm}
}

func (o optimizer) abi() abi.Optimizer {
	return abi.Optimizer{Kind: abi.OptimizerKind(o.Kind), LearningRate: o.LearningRate, Momentum: o.Momentum,
		Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon, WeightDecay: o.WeightDecay, ClipNorm: o.ClipNorm}
}

// The gRPC service and its methods.
const service = "cloister.driver.v1.Device"

const (
	methodHello   = "Hello"
	methodAccept  = "Accept"
	methodWork    = "Work"
	methodKeep    = "Keep"
	methodFuse    = "Fuse"
	methodInline  = "Inline"
	methodWrite   = "Write"
	methodRead    = "Read"
	methodStage   = "Stage"
	methodCompile = "Compile"
	methodRun     = "Run"
	methodCancel  = "Cancel"
	methodSave    = "Save"
	methodLoad    = "Load"
	methodRelease = "Release"
	methodEnd     = "End"
)

// Bounds of messages, both ways.
const (
	maxMessage = 64 << 20
	maxCode    = maxMessage - 1<<20
	maxError   = 1000 // bytes of the text of an error
)

// codec writes requests and replies as package record does, and go-plugin's own
// messages as they are.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) ([]byte, error) {
	switch m := v.(type) {
	case *request:
		return record.Marshal(m), nil
	case *reply:
		return record.Marshal(m), nil
	case proto.Message:
		return proto.Marshal(m)
	}
	return nil, fmt.Errorf("driver: a message of type %T: %w", v, abi.Internal)
}

func (codec) Unmarshal(b []byte, v any) error {
	switch m := v.(type) {
	case *request:
		return record.Unmarshal(b, m)
	case *reply:
		return record.Unmarshal(b, m)
	case proto.Message:
		return proto.Unmarshal(b, m)
	}
	return fmt.Errorf("driver: a message of type %T: %w", v, abi.Internal)
}
