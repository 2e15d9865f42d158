package sandbox_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/sandbox"
)

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
