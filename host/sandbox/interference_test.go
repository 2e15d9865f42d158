package sandbox_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/sandbox"
)

// calls says how a random app calls each import: a word per argument.
//
//	t g p d m  a tensor, graph, program, dataset, metric
//	v          a value of a graph
//	n          a name (two arguments)
//	i          a small number
//	s          an address to write to
//	a          the address of dimensions, values, handles, attributes or an optimizer
//	l          a length that fits
var calls = map[string]string{
	"input_len": "", "input_read": "isl", "output_write": "sl", "log": "in", "param": "nsl", "progress": "iin", "error_text": "sl", "random": "sl",
	"tensor_new": "ial", "tensor_write": "tisl", "tensor_read": "tisl", "tensor_shape": "tsl", "tensor_dtype": "t", "tensor_free": "t",
	"graph_new": "i", "graph_input": "gniai", "graph_param": "gnt", "graph_constant": "gt", "graph_node": "gnaialsi", "graph_output": "gnv",
	"graph_gradient": "gvais", "graph_shape": "gvsl", "graph_load_onnx": "sl", "graph_inline": "ggaisi", "graph_freeze": "gn",
	"program_compile": "g", "program_cost": "ps", "program_ports": "pi", "program_port": "piisl", "program_run": "paisi", "program_free": "p",
	"data_open": "n", "data_schema": "dsl", "data_batch": "dniiitt",
	"train_new": "gva", "train_step": "paisi", "train_rate": "pi",
	"metric_new": "i", "metric_add": "mtt", "metric_read": "mns", "model_save": "ng", "model_open": "n", "model_card": "nsl",
}

// A random app, the same for the same seed: a stage with one of everything on
// it, then calls with arguments that mostly make sense.
func randomApp(seed uint64) *script {
	r := rand.New(rand.NewPCG(seed, 0))
	s := newStage()
	g1, scores := s.linear(4, s.w)
	s.do("graph_output", g1, "scores", scores)
	p := s.do("program_compile", g1)
	out := s.room(4)
	s.do("program_run", p, s.list(s.x), 1, out, 1)
	_, loss := s.trained(s.w)
	g2, v := s.linear(1, s.w)
	part, y := s.linear(1, s.w)
	s.do("graph_output", part, "y", y)
	s.do("graph_freeze", part, "w")
	x := s.do("graph_input", g2, "inner", abi.Float32, s.dims(1, 3), 2)
	s.do("graph_inline", g2, part, s.list(x), 1, s.room(4), 1)
	metric := s.do("metric_new", 1+int(seed%2))
	sealed := s.do("model_open", "model")
	_, answer := s.run(sealed, s.one)
	free := s.do("tensor_new", abi.Float32, s.dims(4, 3), 2)
	config := s.bytes(append([]byte{byte(abi.Adam), 0, 0, 0, 0, 0, 0x80, 0x3c}, make([]byte, 24)...))
	area := s.room(4096)
	arrays := []any{s.dims(4, 3), s.dims(4), s.list(s.x), s.list(s.one), s.list(s.x, s.y), s.list(v, v), s.list(scores), s.list(x), config, s.list(answer)}

	pick := func(all ...any) any {
		if r.IntN(20) == 0 {
			return uint32(r.Uint64())
		}
		return all[r.IntN(len(all))]
	}
	imports := sandbox.Imports()
	for range 60 {
		im := imports[r.IntN(len(imports))]
		var args []any
		for _, c := range calls[im.Name] {
			switch c {
			case 't':
				args = append(args, pick(s.x, s.y, s.w, s.one, ref(out), loss, answer, free))
			case 'g':
				args = append(args, pick(g1, g2, g2, g2, part, sealed))
			case 'p':
				args = append(args, pick(p, s.trainer))
			case 'd':
				args = append(args, pick(s.data))
			case 'm':
				args = append(args, pick(metric))
			case 'v':
				args = append(args, pick(v, scores, 1, 2, 3))
			case 'n':
				args = append(args, []string{"train", "data", "model", "x", "Relu", "Add", "MatMul", "ReduceMean", "test", "scores"}[r.IntN(10)])
			case 'i':
				args = append(args, pick(0, 1, 2, 4, 7, 17))
			case 's':
				args = append(args, pick(area, area+64, area+1024))
			case 'a':
				args = append(args, pick(arrays...))
			case 'l':
				args = append(args, pick(0, 1, 2, 4, 8, 24, 48))
			}
		}
		for len(args) < im.Params && (len(args) == 0 || calls[im.Name] == "") {
			args = append(args, 0)
		}
		s.do(im.Name, args...)
	}
	s.do("output_write", area, 4096)
	return &s.script
}

// Whatever an app does, everything it gets back and everything that leaves it
// is the same for two datasets with the same schema: results of calls, memory,
// texts, usage, the way it ends. The policy here releases no metric; models may
// leave, and differ.
func TestNothingTheAppSeesDependsOnRecords(t *testing.T) {
	onnx := sealedModel(t)
	rt := newRuntime(t)
	policy := reviewed
	policy.Metrics, policy.MinRecords = 0, 1
	grant := granted(t, wire.Limits{Output: 1 << 20}, policy, wire.Policy{Kind: wire.Reviewed, OutputBytes: 1 << 10})
	run := func(seed uint64, data sandbox.Dataset) (string, []int32, sandbox.Output) {
		env := sandbox.Env{Session: newSession(t), Data: data, Models: map[string]sandbox.Model{"model": {ONNX: onnx, Card: []byte("{}")}}, Params: map[string]string{"x": "1"}}
		results, out, err := play(t, rt, grant, env, randomApp(seed))
		return fmt.Sprintf("%v %q %q %+v %v %d", results, out.Bytes, out.Log, out.Usage, err, len(out.Models)), results, out
	}
	n := 200
	if testing.Short() {
		n = 50
	}
	imports := sandbox.Imports()
	worked, ended, differ := map[string]int{}, 0, 0
	for seed := range uint64(n) {
		a, results, outA := run(seed, rows{1})
		b, _, outB := run(seed, rows{100})
		if a != b {
			t.Fatalf("app %d sees\n%s\nover one dataset and\n%s\nover another", seed, a, b)
		}
		if results == nil {
			ended++
		}
		s := randomApp(seed)
		for i, x := range results {
			if x >= 0 {
				worked[imports[s.ops[i][0]].Name]++
			}
		}
		for i := range outA.Models {
			if outA.Models[i].Private && !bytes.Equal(outA.Models[i].ONNX, outB.Models[i].ONNX) {
				differ++
			}
		}
	}
	for _, im := range imports {
		if worked[im.Name] == 0 && im.Name != "metric_read" && im.Name != "graph_load_onnx" && im.Name != "graph_gradient" {
			t.Errorf("%s never worked: the test says nothing about it", im.Name)
		}
	}
	if worked["metric_read"] != 0 {
		t.Error("metric_read worked against the policy")
	}
	if ended == n || differ == 0 {
		t.Errorf("%d of %d apps were ended, %d models differ: the test says nothing", ended, n, differ)
	}
}

// The same job twice is the same to the byte.
func TestARunIsReproducible(t *testing.T) {
	rt := newRuntime(t)
	for seed := range uint64(20) {
		run := func() string {
			env := sandbox.Env{Session: newSession(t), Data: rows{1}, Models: map[string]sandbox.Model{}, Seed: abi.Sum([]byte{byte(seed)})}
			results, out, err := play(t, rt, granted(t, wire.Limits{Output: 1 << 20}, reviewed, wire.Policy{}), env, randomApp(seed))
			out.Wall = 0
			return fmt.Sprintf("%v %+v %v", results, out, err)
		}
		if a, b := run(), run(); a != b {
			t.Fatalf("app %d gave\n%s\nand then\n%s", seed, a, b)
		}
	}
}

// Whatever the arguments, no call is our bug.
func FuzzCalls(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(randomApp(seed).encode())
	}
	rt := newRuntime(f)
	grant := granted(f, wire.Limits{Wall: 100 * time.Millisecond, Tensor: 1 << 20, Handle: 100}, reviewed, wire.Policy{})
	f.Fuzz(func(t *testing.T, input []byte) {
		out, err := rt.Run(t.Context(), grant, load(t, rt, driver()), sandbox.Env{Input: input, Session: newSession(t), Data: rows{1}})
		if k := abi.KindOf(err); k == abi.Internal || err != nil && k == abi.Other {
			t.Errorf("Run = %v\n%s", err, out.Log)
		}
	})
}
