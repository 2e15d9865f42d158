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
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"

	"github.com/google/go-cmp/cmp"
)

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
		{"shape a graph by labels", func(s *stage) {
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(4, 1, 1, 1), 4)
			s.node(g, "Reshape", nil, x, s.do("graph_constant", g, s.y))
		}, "input 1 follows from a private constant"},
		{"shape a graph by what is computed of records", func(s *stage) {
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			shape := s.node(g, "Identity", nil, s.do("graph_constant", g, s.y))
			s.node(g, "Expand", nil, x, shape)
		}, "input 1 follows from a private constant"},
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
		{"a sealed model as a part of another graph", func(s *stage) {
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			s.do("graph_inline", g, s.do("model_open", "model"), s.list(x), 1, s.room(4), 1)
		}, `model "model" is sealed: its graph answers, and can be no part of another`},
		{"freezing a sealed model", func(s *stage) {
			s.do("graph_freeze", s.do("model_open", "model"), "w")
		}, `model "model" is sealed`},
		{"read what came through a constant of a part", func(s *stage) {
			part := s.do("graph_new", 17)
			x := s.do("graph_input", part, "x", abi.Float32, s.dims(1, 3), 2)
			s.do("graph_output", part, "y", s.node(part, "Add", nil, x, s.do("graph_constant", part, s.x)))
			g := s.do("graph_new", 17)
			x = s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			at := s.room(4)
			s.do("graph_inline", g, part, s.list(x), 1, at, 1)
			s.do("graph_output", g, "y", ref(at))
			_, out := s.run(g, s.one)
			s.do("tensor_read", out, 0, s.room(48), 48)
		}, "is private"},
		{"read what came through a parameter of a part", func(s *stage) {
			part, v := s.linear(1, s.w)
			s.do("graph_output", part, "y", v)
			g := s.do("graph_new", 17)
			x := s.do("graph_input", g, "x", abi.Float32, s.dims(1, 3), 2)
			at := s.room(4)
			s.do("graph_inline", g, part, s.list(x), 1, at, 1)
			s.do("graph_output", g, "y", ref(at))
			s.trained(s.w) // the parts share it
			_, out := s.run(g, s.one)
			s.do("tensor_read", out, 0, s.room(8), 8)
		}, "is private"},
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
