package sandbox_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"
)

// newSession opens a session of the cpu engine that ends with the test.
func newSession(t testing.TB) abi.Session {
	t.Helper()
	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Open(t.Context(), abi.Quota{TensorBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// rows is a dataset of 12 training and 6 test records of three numbers.
type rows struct{ seed float32 }

func (rows) Schema() abi.Schema {
	return abi.Schema{
		Name: "points", Shape: []int64{3}, DType: abi.Float32, Classes: []string{"a", "b"},
		Splits: []abi.Split{{Name: "train", Records: 12}, {Name: "test", Records: 6}},
	}
}

func (r rows) Rows(_ string, index []int, x []float32, y []int64) error {
	for i, n := range index {
		for j := range 3 {
			x[3*i+j] = r.seed*float32(n) + float32(j)
		}
		y[i] = int64(n+int(r.seed)) % 2
	}
	return nil
}

var reviewed = wire.Policy{Kind: wire.Reviewed, MinRecords: 6, Metrics: 2, ModelBytes: 10_000, OutputBytes: 64 << 10}

// A stage is a script with the objects most tests start from.
type stage struct {
	script
	data, x, y ref // a batch of four training records
	w          ref // weights [3, 2], public until somebody trains them
	one        ref // a public tensor [1, 3]
	trainer    ref // after trained
}

func newStage() *stage {
	s := &stage{}
	s.data = s.do("data_open", "data")
	s.x = s.do("tensor_new", abi.Float32, s.dims(4, 3), 2)
	s.y = s.do("tensor_new", abi.Int64, s.dims(4), 1)
	s.batch(0)
	s.w = s.do("tensor_new", abi.Float32, s.dims(3, 2), 2)
	s.do("tensor_write", s.w, 0, s.floats(1, 2, 3, 4, 5, 6), 24)
	s.one = s.do("tensor_new", abi.Float32, s.dims(1, 3), 2)
	s.do("tensor_write", s.one, 0, s.floats(1, 1, 1), 12)
	return s
}

// batch fills x and y with four training records from first on.
func (s *stage) batch(first int) ref {
	return s.do("data_batch", s.data, "train", first, 4, 0, s.x, s.y)
}

func (s *script) floats(f ...float32) blob {
	var b []byte
	for _, x := range f {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return s.bytes(b)
}

// node adds an operator with one result and returns where its value is.
func (s *script) node(g ref, op string, attrs []byte, in ...ref) ref {
	list := s.list(in...)
	out := s.room(4)
	s.do("graph_node", g, op, list, len(in), s.bytes(attrs), len(attrs), out, 1)
	return ref(out)
}

// list gathers words of guest memory into an array, through tensors: the driver
// itself cannot copy.
func (s *script) list(words ...ref) uint32 {
	at := s.room(uint32(4 * len(words)))
	for i, w := range words {
		t := s.do("tensor_new", abi.Int32, s.dims(1), 1)
		s.do("tensor_write", t, 0, uint32(w), 4)
		s.do("tensor_read", t, 0, at+uint32(4*i), 4)
		s.do("tensor_free", t)
	}
	return at
}

// linear is a graph x·w over n records, and the value of its scores.
func (s *stage) linear(n int64, w ref) (g, scores ref) {
	g = s.do("graph_new", 17)
	x := s.do("graph_input", g, "x", abi.Float32, s.dims(n, 3), 2)
	return g, s.node(g, "MatMul", nil, x, s.do("graph_param", g, "w", w))
}

// run compiles g and runs it on inputs; it returns where its one output is.
func (s *stage) run(g ref, in ...ref) (result, output ref) {
	p := s.do("program_compile", g)
	out := s.room(4)
	return s.do("program_run", p, s.list(in...), len(in), out, 1), ref(out)
}

// trained adds a training step of w on the batch.
func (s *stage) trained(w ref) (result, loss ref) {
	g, scores := s.linear(4, w)
	y := s.do("graph_input", g, "y", abi.Int64, s.dims(4), 1)
	l := s.node(g, "SoftmaxCrossEntropyLoss", nil, scores, y)
	s.do("graph_output", g, "loss", l)
	config := binary.LittleEndian.AppendUint32(nil, uint32(abi.SGD))
	config = binary.LittleEndian.AppendUint32(config, math.Float32bits(0.1))
	s.trainer = s.do("train_new", g, l, s.bytes(append(config, make([]byte, 24)...)))
	out := s.room(4)
	return s.do("train_step", s.trainer, s.list(s.x, s.y), 2, out, 1), ref(out)
}

// last plays s and returns the result of its last call and the text the host
// had for it.
func last(t *testing.T, s *script, g gate.Grant, env sandbox.Env) (int32, string, sandbox.Output, error) {
	t.Helper()
	at := s.room(1024)
	r := len(s.ops) - 1
	n := s.do("error_text", at, 1024)
	s.do("output_write", at, n)
	results, out, err := play(t, newRuntime(t), g, env, s)
	if err != nil {
		return 0, "", out, err
	}
	return results[r], string(out.Bytes), out, nil
}
