package sandbox_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"

	"github.com/google/go-cmp/cmp"
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

// Everything private stays where it is, whichever way it is asked for.
func TestRefusalsOverPrivateData(t *testing.T) {
	onnx := sealedModel(t)
	for _, tt := range []struct {
		name string
		do   func(*stage)
		want string
	}{
		{"read records", func(s *stage) { s.do("tensor_read", s.x, 0, s.room(48), 48) }, "tensor_read: tensor 1 is private: its values come from what may not be read, only metric_add may take them"},
		{"read labels", func(s *stage) { s.do("tensor_read", s.y, 0, s.room(32), 32) }, "tensor_read: tensor 2 is private"},
		{"read after a write to one element", func(s *stage) {
			s.do("tensor_write", s.x, 0, s.floats(0), 4)
			s.do("tensor_read", s.x, 4, s.room(4), 4)
		}, "is private"},
		{"read no bytes", func(s *stage) { s.do("tensor_read", s.x, 0, s.room(4), 0) }, "is private"},
		{"read what was computed", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("graph_output", g, "y", v)
			_, out := s.run(g, s.x)
			s.do("tensor_read", out, 0, s.room(32), 32)
		}, "is private"},
		{"read what was computed from what was computed", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("graph_output", g, "y", v)
			_, out := s.run(g, s.x)
			g = s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(4, 2), 2)
			s.do("graph_output", g, "y", s.node(g, "Relu", nil, x))
			_, out = s.run(g, out)
			s.do("tensor_read", out, 0, s.room(32), 32)
		}, "is private"},
		{"read what came through a constant", func(s *stage) {
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			s.do("graph_output", g, "y", s.node(g, "Add", nil, x, s.do("graph_constant", g, s.x)))
			_, out := s.run(g, s.one)
			s.do("tensor_read", out, 0, s.room(48), 48)
		}, "is private"},
		{"read what came through a parameter", func(s *stage) {
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			s.do("graph_output", g, "y", s.node(g, "Add", nil, x, s.do("graph_param", g, "p", s.x)))
			_, out := s.run(g, s.one)
			s.do("tensor_read", out, 0, s.room(48), 48)
		}, "is private"},
		{"read what a parameter became later", func(s *stage) {
			late := s.do("tensor_new", abi.Float32, s.dims(4, 3), 2)
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			s.do("graph_output", g, "y", s.node(g, "Add", nil, x, s.do("graph_param", g, "p", late)))
			p := s.do("program_compile", g)
			s.do("data_batch", s.data, "train", 0, 4, 0, late, s.y)
			out := s.room(4)
			s.do("program_run", p, s.list(s.one), 1, out, 1)
			s.do("tensor_read", ref(out), 0, s.room(48), 48)
		}, "is private"},
		{"read the loss", func(s *stage) {
			_, loss := s.trained(s.w)
			s.do("tensor_read", loss, 0, s.room(4), 4)
		}, "is private"},
		{"read trained weights", func(s *stage) {
			s.trained(s.w)
			s.do("tensor_read", s.w, 0, s.room(24), 24)
		}, "only model_save may take them"},
		{"read trained weights through a graph", func(s *stage) {
			s.trained(s.w)
			g, v := s.linear(1, s.w)
			s.do("graph_output", g, "y", v)
			_, out := s.run(g, s.one)
			s.do("tensor_read", out, 0, s.room(8), 8)
		}, "is private"},
		{"save records as a constant", func(s *stage) {
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			s.do("graph_output", g, "y", s.node(g, "Add", nil, x, s.do("graph_constant", g, s.x)))
			s.do("model_save", "m", g)
		}, "constant that is private"},
		{"save records as a parameter", func(s *stage) {
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			s.do("graph_output", g, "y", s.node(g, "Add", nil, x, s.do("graph_param", g, "p", s.x)))
			s.do("model_save", "m", g)
		}, "which is private and was not trained"},
		{"save records as a parameter that was trained after", func(s *stage) {
			w := s.do("tensor_new", abi.Float32, s.dims(4, 3), 2)
			s.do("data_batch", s.data, "train", 0, 4, 0, w, s.y)
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(4, 3), 2)
			v := s.node(g, "ReduceSum", nil, s.node(g, "Mul", nil, x, s.do("graph_param", g, "w", w)))
			s.do("graph_output", g, "y", v)
			config := append(binary.LittleEndian.AppendUint32(nil, uint32(abi.SGD)), make([]byte, 28)...)
			tr := s.do("train_new", g, v, s.bytes(config))
			s.do("train_step", tr, s.list(s.x), 1, s.room(4), 1)
			s.do("model_save", "m", g)
		}, "which is private and was not trained"},
		{"a metric over few records", func(s *stage) {
			m := s.do("metric_new", 2)
			s.do("metric_add", m, s.x, s.y)
			s.do("metric_read", m, "mean", s.room(8))
		}, `metric "mean" over 4 records, the data's policy asks for 6`},
		{"a metric over the same records twice", func(s *stage) {
			m := s.do("metric_new", 2)
			s.do("metric_add", m, s.x, s.y)
			s.do("metric_add", m, s.x, s.y)
		}, "counts in this metric already"},
		{"a metric over records that overlap", func(s *stage) {
			m := s.do("metric_new", 2)
			s.do("metric_add", m, s.x, s.y)
			s.batch(3)
			s.do("metric_add", m, s.x, s.y)
		}, "counts in this metric already"},
		{"a metric under labels of the app's own", func(s *stage) {
			y := s.do("tensor_new", abi.Int64, s.dims(4), 1)
			s.do("metric_add", s.do("metric_new", 2), s.x, y)
		}, "does not hold the labels of a batch"},
		{"a metric under labels that were written to", func(s *stage) {
			s.do("tensor_write", s.y, 0, s.floats(0, 0), 8)
			s.do("metric_add", s.do("metric_new", 2), s.x, s.y)
		}, "does not hold the labels of a batch"},
		{"a metric of an old result under new labels", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("graph_output", g, "y", v)
			_, out := s.run(g, s.x)
			s.batch(4)
			s.do("metric_add", s.do("metric_new", 1), out, s.y)
		}, "was not computed from the batch"},
		{"one metric too many", func(s *stage) {
			for range 3 {
				m := s.do("metric_new", 2)
				s.batch(0)
				s.do("metric_add", m, s.x, s.y)
				s.batch(4)
				s.do("metric_add", m, s.x, s.y)
				s.do("metric_read", m, "mean", s.room(8))
			}
		}, `metric "mean" is number 3, the data's policy allows 2`},
		{"a metric read again", func(s *stage) {
			m := s.do("metric_new", 2)
			s.do("metric_add", m, s.x, s.y)
			s.batch(4)
			s.do("metric_add", m, s.x, s.y)
			s.do("metric_read", m, "mean", s.room(8))
			s.do("metric_read", m, "mean", s.room(8))
		}, "names no metric"},
		{"a sealed model's graph", func(s *stage) {
			m := s.do("model_open", "model")
			s.do("graph_output", m, "w", 1)
		}, `model "model" is sealed: its graph answers, and can be neither changed, trained nor saved`},
		{"training a sealed model", func(s *stage) {
			s.do("train_new", s.do("model_open", "model"), 1, s.room(32))
		}, `model "model" is sealed`},
		{"saving a sealed model", func(s *stage) {
			s.do("model_save", "mine", s.do("model_open", "model"))
		}, `model "model" is sealed and cannot be saved as "mine"`},
		{"computing on a sealed model's answer", func(s *stage) {
			_, out := s.run(s.do("model_open", "model"), s.one)
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 2), 2)
			s.do("graph_output", g, "y", s.node(g, "Mul", nil, x, x))
			_, out = s.run(g, out)
			s.do("tensor_read", out, 0, s.room(8), 8)
		}, "is private"},
		{"a sealed model's answer about a record", func(s *stage) {
			x := s.do("tensor_new", abi.Float32, s.dims(1, 3), 2)
			y := s.do("tensor_new", abi.Int64, s.dims(1), 1)
			s.do("data_batch", s.data, "train", 0, 1, 0, x, y)
			_, out := s.run(s.do("model_open", "model"), x)
			s.do("tensor_read", out, 0, s.room(8), 8)
		}, "is private"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage()
			tt.do(s)
			g := granted(t, wire.Limits{}, reviewed, wire.Policy{Kind: wire.Reviewed, OutputBytes: 100})
			env := sandbox.Env{Session: newSession(t), Data: rows{1}, Models: map[string]sandbox.Model{"model": {ONNX: onnx}}}
			n, text, _, err := last(t, &s.script, g, env)
			want := -int32(abi.Denied)
			if strings.Contains(tt.want, "names no") {
				want = -int32(abi.Invalid)
			}
			if err != nil || n != want || !strings.Contains(text, tt.want) {
				t.Errorf("last call = %d %q, %v; want %d with %q", n, text, err, want, tt.want)
			}
		})
	}
}

// sealedModel is a model x·w as an app saved it.
func sealedModel(t *testing.T) []byte {
	t.Helper()
	s := newStage()
	g, v := s.linear(1, s.w)
	s.do("graph_output", g, "y", v)
	s.do("model_save", "m", g)
	_, out, err := play(t, newRuntime(t), granted(t, wire.Limits{}, reviewed, wire.Policy{}), sandbox.Env{Session: newSession(t), Data: rows{1}}, &s.script)
	if err != nil || len(out.Models) != 1 || out.Models[0].Private {
		t.Fatalf("saving a public model: %+v, %v", out.Models, err)
	}
	return out.Models[0].ONNX
}

// What is public is readable, and what a policy lets out comes out, once.
func TestWhatMayLeaveLeaves(t *testing.T) {
	onnx := sealedModel(t)
	s := newStage()
	g, v := s.linear(1, s.w)
	s.do("graph_output", g, "y", v)
	_, out := s.run(g, s.one)
	at := s.room(32)
	read := s.do("tensor_read", out, 0, at, 8) // 1+3+5, 2+4+6
	_, answer := s.run(s.do("model_open", "model"), s.one)
	answered := s.do("tensor_read", answer, 0, at+8, 8)
	m := s.do("metric_new", 2)
	s.do("metric_add", m, s.x, s.y)
	s.batch(4)
	s.do("metric_add", m, s.x, s.y)
	s.batch(8)
	s.do("metric_add", m, s.x, s.y)
	records := s.do("metric_read", m, "mean", at+16)
	step, _ := s.trained(s.w)
	save := s.do("model_save", "trained", g)
	s.do("output_write", at, 24)

	grant := granted(t, wire.Limits{}, reviewed, wire.Policy{Kind: wire.Reviewed, OutputBytes: 8})
	env := sandbox.Env{Session: newSession(t), Data: rows{1}, Models: map[string]sandbox.Model{"model": {ONNX: onnx}}}
	results, got, err := play(t, newRuntime(t), grant, env, &s.script)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[ref]int32{read: 0, answered: 0, records: 12, step: 1, save: 0} {
		if n := results[(name-driverResults)/4]; n != want {
			t.Errorf("call %d = %d, want %d", (name-driverResults)/4, n, want)
		}
	}
	le := binary.LittleEndian
	var f []float32
	for i := 0; i < 16; i += 4 {
		f = append(f, math.Float32frombits(le.Uint32(got.Bytes[i:])))
	}
	if d := cmp.Diff([]float32{9, 12, 9, 12}, f); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
	// Records n, n+1, n+2 for n of 0 to 11: 6.5 in the mean.
	if v := math.Float64frombits(le.Uint64(got.Bytes[16:])); v != 6.5 {
		t.Errorf("metric = %v", v)
	}
	if d := cmp.Diff([]wire.Metric{{Name: "mean", Value: 6.5, Records: 12}}, got.Metrics); d != "" {
		t.Errorf("metrics (-want +got):\n%s", d)
	}
	if len(got.Models) != 1 || !got.Models[0].Private || got.Models[0].Name != "trained" {
		t.Errorf("models %+v", got.Models)
	}
	if _, err := gate.Release(grant, gate.Leaving{Output: got.Bytes, Metrics: got.Metrics, Models: []gate.Model{{Name: "trained", ONNX: got.Models[0].ONNX, Private: true}}}); err != nil {
		t.Errorf("what the sandbox lets out the gate keeps: %v", err)
	}
}

// Answers of a sealed model are rounded to three decimals.
func TestAnswersAreRounded(t *testing.T) {
	onnx := sealedModel(t)
	s := newStage()
	s.do("tensor_write", s.one, 0, s.floats(0.1234567, 0, 0), 12)
	_, answer := s.run(s.do("model_open", "model"), s.one)
	at := s.room(8)
	s.do("tensor_read", answer, 0, at, 8)
	s.do("output_write", at, 8)
	grant := granted(t, wire.Limits{}, reviewed, wire.Policy{Kind: wire.Reviewed, OutputBytes: 8})
	_, out, err := play(t, newRuntime(t), grant, sandbox.Env{Session: newSession(t), Data: rows{1}, Models: map[string]sandbox.Model{"model": {ONNX: onnx}}}, &s.script)
	if err != nil {
		t.Fatal(err)
	}
	if f := math.Float32frombits(binary.LittleEndian.Uint32(out.Bytes)); f != 0.123 {
		t.Errorf("answer = %v, want 0.123", f)
	}
}

// Over open data there is nothing to keep.
func TestOpenDataIsReadable(t *testing.T) {
	s := newStage()
	at := s.room(48)
	s.do("tensor_read", s.x, 0, at, 48)
	s.do("output_write", at, 48)
	_, out, err := play(t, newRuntime(t), granted(t, wire.Limits{}, wire.Policy{Kind: wire.Open}, wire.Policy{}), sandbox.Env{Session: newSession(t), Data: rows{1}}, &s.script)
	if err != nil {
		t.Fatal(err)
	}
	if f := math.Float32frombits(binary.LittleEndian.Uint32(out.Bytes[44:])); f != 5 { // record 3, element 2
		t.Errorf("last element = %v, want 5", f)
	}
}

// Orders are permutations that the seed selects, and rows past the end are
// marked.
func TestBatches(t *testing.T) {
	labels := func(seed, first int) []int64 {
		s := newStage()
		n := s.do("data_batch", s.data, "test", first, 4, seed, s.x, s.y)
		at := s.room(32)
		s.do("tensor_read", s.x, 0, at, 48)
		s.do("output_write", at, 48)
		results, out, err := play(t, newRuntime(t), granted(t, wire.Limits{}, wire.Policy{Kind: wire.Open}, wire.Policy{}), sandbox.Env{Session: newSession(t), Data: rows{1}}, &s.script)
		if err != nil {
			t.Fatal(err)
		}
		var ids []int64
		for i := range results[(n-driverResults)/4] {
			ids = append(ids, int64(math.Float32frombits(binary.LittleEndian.Uint32(out.Bytes[12*i:]))))
		}
		return ids
	}
	if d := cmp.Diff([]int64{2, 3, 4, 5}, labels(0, 2)); d != "" {
		t.Errorf("stored order:\n%s", d)
	}
	seen := map[int64]bool{}
	for _, id := range append(labels(7, 0), labels(7, 4)...) { // four, then the two that are left
		seen[id] = true
	}
	if len(seen) != 6 {
		t.Errorf("order 7 has records %v, want all six once", seen)
	}
	if cmp.Equal(labels(7, 0), labels(8, 0)) && cmp.Equal(labels(7, 0), labels(9, 0)) {
		t.Error("three seeds, one order")
	}
}

// A handle that was freed never names its successor, nor does anything that is
// no handle.
func TestHandles(t *testing.T) {
	s := &script{}
	a := s.do("tensor_new", abi.Float32, s.dims(1), 1)
	s.do("tensor_free", a)                                // 1
	s.do("tensor_free", a)                                // 2: names nothing
	b := s.do("tensor_new", abi.Float32, s.dims(1), 1)    // 3: the same slot
	s.do("tensor_dtype", a)                               // 4: still nothing
	s.do("tensor_dtype", b)                               // 5
	s.do("tensor_dtype", 0)                               // 6
	s.do("tensor_dtype", -1)                              // 7
	s.do("graph_output", b, "y", 1)                       // 8: no graph
	s.do("program_run", b, 0, 0, 0, 0)                    // 9: no program
	s.do("metric_add", s.do("graph_new", 17), b, b)       // 11: no metric
	s.do("train_step", s.do("metric_new", 1), 0, 0, 0, 0) // 13
	s.do("data_schema", b, 0, 0)                          // 14
	got, _, err := play(t, newRuntime(t), local(wire.Limits{}), sandbox.Env{Session: newSession(t)}, s)
	if err != nil {
		t.Fatal(err)
	}
	const invalid = -int32(abi.Invalid)
	if got[3] == got[0] || got[0] <= 0 || got[3] <= 0 || got[0]&0xffff != got[3]&0xffff {
		t.Errorf("handles %#x and %#x: want one slot, two generations", got[0], got[3])
	}
	got[0], got[3], got[10], got[12] = 0, 0, 0, 0
	want := []int32{0, 0, invalid, 0, invalid, int32(abi.Float32), invalid, invalid, invalid, invalid, 0, invalid, 0, invalid, invalid}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
}

func TestLimitsOfTensorsAndHandlesNameThemselves(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits wire.Limits
		do     func(*script)
		want   string
	}{
		{"handles", wire.Limits{Handle: 3}, func(s *script) {
			for range 4 {
				s.do("metric_new", 1)
			}
		}, "metric_new: 4 handles alive, 3 granted"},
		{"one tensor", wire.Limits{Tensor: 1 << 20}, func(s *script) { s.do("tensor_new", abi.Float64, s.dims(1<<20), 1) }, "tensor_new: tensor of 8388608 bytes with 0 alive, 1048576 granted"},
		{"many tensors", wire.Limits{Tensor: 1000}, func(s *script) {
			for range 3 {
				s.do("tensor_new", abi.Float32, s.dims(100), 1)
			}
		}, "tensor_new: tensor of 400 bytes with 800 alive, 1000 granted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			tt.do(s)
			n, text, _, err := last(t, s, local(tt.limits), sandbox.Env{Session: newSession(t)})
			if err != nil || n != -int32(abi.Exhausted) || text != tt.want {
				t.Errorf("last call = %d %q, %v; want %d %q", n, text, err, -int32(abi.Exhausted), tt.want)
			}
		})
	}
}

// Wrong arguments are refused with a text that says which.
func TestMalformedCalls(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*stage)
		want string
	}{
		{"an unknown element type", func(s *stage) { s.do("tensor_new", 99, s.dims(1), 1) }, "element type 99 is unknown"},
		{"a rank too high", func(s *stage) { s.do("tensor_new", abi.Float32, 0, 9) }, "rank 9, at most 8"},
		{"dimensions outside memory", func(s *stage) { s.do("tensor_new", abi.Float32, -8, 2) }, "outside the memory"},
		{"a negative dimension", func(s *stage) { s.do("tensor_new", abi.Float32, s.dims(-1), 1) }, "dimension -1 is out of range"},
		{"a product that overflows", func(s *stage) { s.do("tensor_new", abi.Float32, s.dims(1<<40, 1<<40), 2) }, "more than"},
		{"a write past the end", func(s *stage) { s.do("tensor_write", s.w, 20, s.floats(1, 2), 8) }, "bytes [20, 20+8) of tensor 3, which has 24"},
		{"a read past the end", func(s *stage) { s.do("tensor_read", s.w, 24, s.room(4), 4) }, "bytes [24, 24+4) of tensor 3"},
		{"an offset that wraps", func(s *stage) { s.do("tensor_read", s.w, -4, s.room(8), 8) }, "of tensor 3, which has 24"},
		{"a name too long", func(s *stage) {
			s.do("graph_input", s.do("graph_new", 17), strings.Repeat("n", 300), abi.Float32, s.dims(1), 1)
		}, "name of 300 bytes, at most 256"},
		{"an unknown operator", func(s *stage) {
			g := s.do("graph_new", 17)
			s.node(g, "Frobnicate", nil)
		}, "Frobnicate"},
		{"damaged attributes", func(s *stage) {
			g := s.do("graph_new", 17)
			s.do("graph_node", g, "Relu", 0, 0, s.bytes([]byte{2, 1, 'x', 1}), 4, 0, 0)
		}, "attributes are truncated"},
		{"an attribute twice", func(s *stage) {
			g := s.do("graph_new", 17)
			a := s.bytes([]byte("\x01\x01x\x00\x00\x00\x00\x01\x01x\x00\x00\x00\x00"))
			s.do("graph_node", g, "Relu", 0, 0, a, 14, 0, 0)
		}, `attribute "x" stands twice`},
		{"too many inputs of a node", func(s *stage) {
			s.do("graph_node", s.do("graph_new", 17), "Add", 0, 5000, 0, 0, 0, 0)
		}, "5000 values, at most 1024"},
		{"bytes that are no model", func(s *stage) { s.do("graph_load_onnx", s.bytes([]byte("hello")), 5) }, "graph_load_onnx: "},
		{"a batch of another shape", func(s *stage) { s.do("data_batch", s.data, "train", 0, 5, 0, s.x, s.y) }, "x must be float32 [5 3], tensor 1 is float32 [4 3]"},
		{"a batch of no records", func(s *stage) { s.do("data_batch", s.data, "train", 0, 0, 0, s.x, s.y) }, "a batch of no records"},
		{"a split that is not there", func(s *stage) { s.do("data_batch", s.data, "secret", 0, 4, 0, s.x, s.y) }, `dataset "points" has no split "secret"`},
		{"a record that is not there", func(s *stage) { s.do("data_batch", s.data, "train", 13, 4, 0, s.x, s.y) }, `record 13 of split "train", which has 12`},
		{"another dataset", func(s *stage) { s.do("data_open", "faces") }, `no dataset "faces": the job was admitted for "points"`},
		{"another model", func(s *stage) { s.do("model_open", "theirs") }, `no model "theirs"`},
		{"a metric of unknown kind", func(s *stage) { s.do("metric_new", 9) }, "metric kind 9 is unknown"},
		{"an optimizer of unknown kind", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("train_new", g, v, s.room(32))
		}, "optimizer 0 is unknown"},
		{"an infinite learning rate", func(s *stage) {
			g, v := s.linear(4, s.w)
			c := append(binary.LittleEndian.AppendUint32(nil, 1), 0, 0, 0x80, 0x7f)
			s.do("train_new", g, v, s.bytes(append(c, make([]byte, 24)...)))
		}, "field 1 of the optimizer is not finite"},
		{"a program with inputs of another shape", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("graph_output", g, "y", v)
			s.run(g, s.one)
		}, "input 0 (x) is float32 [4 3], tensor 4 is float32 [1 3]"},
		{"a program with inputs too few", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("graph_output", g, "y", v)
			s.run(g)
		}, "0 inputs, the program takes 1"},
		{"a program without room for outputs", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("graph_output", g, "y", v)
			s.do("program_run", s.do("program_compile", g), s.list(s.x), 1, s.room(4), 0)
		}, "room for 0 outputs, the program has 1"},
		{"a change after compiling", func(s *stage) {
			g, v := s.linear(4, s.w)
			s.do("graph_output", g, "y", v)
			s.do("program_compile", g)
			s.do("graph_output", g, "z", v)
		}, "was compiled and cannot change"},
		{"a model without a name", func(s *stage) { s.do("model_save", "", s.do("graph_new", 17)) }, "a model needs a name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage()
			tt.do(s)
			env := sandbox.Env{Session: newSession(t), Data: rows{1}}
			n, text, _, err := last(t, &s.script, granted(t, wire.Limits{}, reviewed, wire.Policy{}), env)
			want := -int32(abi.Invalid)
			if strings.HasPrefix(tt.want, "no ") || strings.Contains(tt.want, "has no") {
				want = -int32(abi.NotFound)
			}
			if err != nil || n != want || !strings.Contains(text, tt.want) {
				t.Errorf("last call = %d %q, %v; want %d with %q", n, text, err, want, tt.want)
			}
		})
	}
}

// A model that is too large for the data's policy stays.
func TestModelBytesAreCounted(t *testing.T) {
	policy := reviewed
	policy.ModelBytes = 50
	s := newStage()
	s.trained(s.w)
	g, v := s.linear(1, s.w)
	s.do("graph_output", g, "y", v)
	s.do("model_save", "m", g)
	n, text, out, err := last(t, &s.script, granted(t, wire.Limits{}, policy, wire.Policy{}), sandbox.Env{Session: newSession(t), Data: rows{1}})
	if err != nil || n != -int32(abi.Denied) || !strings.Contains(text, "the data's policy allows 50") || len(out.Models) != 0 {
		t.Errorf("model_save = %d %q, %v with %d models", n, text, err, len(out.Models))
	}
}

// Without an engine, data or models the imports say so.
func TestWhatTheJobHasNotIsNotThere(t *testing.T) {
	for name, do := range map[string]func(*script){
		"the job has no tensor engine":                       func(s *script) { s.do("tensor_new", abi.Float32, s.dims(1), 1) },
		"no dataset \"data\": the job was admitted for none": func(s *script) { s.do("data_open", "data") },
		"no model \"model\"":                                 func(s *script) { s.do("model_card", "model", 0, 0) },
	} {
		s := &script{}
		do(s)
		n, text, _, err := last(t, s, local(wire.Limits{}), sandbox.Env{})
		if err != nil || n >= 0 || !strings.Contains(text, name) {
			t.Errorf("call = %d %q, %v; want %q", n, text, err, name)
		}
	}
}

// A failure that may say something about records ends the app, and its text
// says nothing of them.
func TestAFailureOverPrivateDataEndsTheApp(t *testing.T) {
	s := newStage()
	_, _, out, err := last(t, &s.script, granted(t, wire.Limits{}, reviewed, wire.Policy{}), sandbox.Env{Session: newSession(t), Data: broken{}})
	if !errors.Is(err, abi.Unavailable) || !strings.Contains(fmt.Sprint(err), "data_batch: records: disk") || out.Bytes != nil {
		t.Errorf("Run = %v with output %q", err, out.Bytes)
	}
}

type broken struct{ rows }

func (broken) Rows(string, []int, []float32, []int64) error {
	return fmt.Errorf("disk: %w", abi.Unavailable)
}
