package onnx_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// small are options under which nothing may become large.
func small() onnx.Options {
	bytesLeft, flops := int64(1<<22), uint64(1<<26)
	return onnx.Options{Graph: func(opset int) graph.Config {
		return graph.Config{Opset: opset, Nodes: 2000, Accept: cpu.Accept, Eval: cpu.Eval,
			Charge: func(n int64) error {
				if bytesLeft -= n; bytesLeft < 0 {
					return abi.Exhausted
				}
				return nil
			},
			Spend: func(n uint64) error {
				if n > flops {
					return abi.Exhausted
				}
				flops -= n
				return nil
			}}
	}, Param: func(_ abi.DType, shape []int64, data []byte) (abi.Tensor, error) {
		return &value{shape, bytes.Clone(data)}, nil
	}}
}

func TestHostileFilesAreRefused(t *testing.T) {
	x, y := port(11, "x", 1, 2, 3), port(12, "y", 1, 2, 3)
	long64 := func(name string, v ...int64) []byte {
		var b []byte
		for _, i := range v {
			b = binary.LittleEndian.AppendUint64(b, uint64(i))
		}
		return initializer(1, len(v), 2, 7, 8, name, 9, b)
	}
	one := func(op string, operands []string, attrs ...[]byte) []byte { return node(op, operands, "y", attrs...) }
	deep := node("Relu", []string{"x"}, "y")
	for range 20 {
		deep = node("If", []string{"c"}, "y", body("then_branch", deep, y), body("else_branch", deep[:0], y))
	}
	bomb := make([]byte, 0, 1<<20)
	for len(bomb) < 1<<20 {
		bomb = append(bomb, 0x0a, 0) // an empty node
	}
	for _, c := range []struct {
		what string
		file []byte
		word string
	}{
		{"a cycle of one", model(21, join(x, node("Add", []string{"x", "y"}, "y"), y)), `"y" is not computed before`},
		{"a cycle of two", model(21, join(x, node("Add", []string{"x", "b"}, "a"), node("Add", []string{"x", "a"}, "b"), node("Relu", []string{"b"}, "y"), y)), `"b" is not computed before`},
		{"a body that reads its own result", model(21, join(x, initializer(2, 9, 8, "c", 9, []byte{1}), node("If", []string{"c"}, "y", body("then_branch", node("Relu", []string{"y"}, "z"), port(12, "z", 1)), body("else_branch", port(12, "x", 1))), y)), `"y"`},
		{"graphs deep in graphs", model(21, join(x, port(11, "c", 9), deep, y)), "deep"},
		{"empty nodes", model(21, bomb), "no result"},
		{"a dimension of 2^63", model(21, join(port(11, "x", 1, -1<<63), deep[:0], y)), "dimension"},
		{"dimensions that overflow", model(21, join(port(11, "x", 1, 1<<40, 1<<40), y)), "elements"},
		{"an initialiser of 2^40", model(21, join(x, initializer(1, 1<<40, 2, 1, 8, "w"), y)), "elements"},
		{"an initialiser of negative size", model(21, join(x, initializer(1, -4, 2, 1, 8, "w"), y)), "-4"},
		{"a reshape to 2^62", model(21, join(x, long64("s", 1<<62, 4), one("Reshape", []string{"x", "s"}), y)), "dimension"},
		{"an expansion to 2^62", model(21, join(x, long64("s", 1<<62, 1), one("Expand", []string{"x", "s"}), y)), "2 3"},
		{"tiles of 2^62", model(21, join(x, long64("s", 1<<62, 1), one("Tile", []string{"x", "s"}), y)), "repeats"},
		{"tiles of a negative number", model(21, join(x, long64("s", -1, 1), one("Tile", []string{"x", "s"}), y)), "repeats"},
		{"pads of 2^63-1", model(21, join(x, long64("s", 1<<63-1, 0, 1<<63-1, 0), one("Pad", []string{"x", "s"}), y)), "pads"},
		{"pads of -2^63", model(21, join(x, long64("s", -1<<63, 0, 0, 0), one("Pad", []string{"x", "s"}), y)), "pads"},
		{"a range of 2^62", model(21, join(x, initializer(2, 7, 8, "a", 9, make([]byte, 8)), initializer(2, 7, 8, "b", 9, msgLong(1<<62)), initializer(2, 7, 8, "s", 9, msgLong(1)), one("Range", []string{"a", "b", "s"}), y)), "elements"},
		{"ones of 2^30", model(21, join(x, long64("s", 1<<15, 1<<15), node("ConstantOfShape", []string{"s"}, "big"), node("NonZero", []string{"big"}, "y"), y)), "constant"},
		{"a split into nothing", model(21, join(x, long64("s"), one("Split", []string{"x", "s"}), y)), "split"},
		{"a step of -2^63", model(21, join(x, long64("a", 0), long64("b", 9), long64("s", -1<<63), one("Slice", []string{"x", "a", "b", "a", "s"}), y)), "step"},
		{"scales of 1e30", model(21, join(x, initializer(1, 2, 2, 1, 8, "s", 9, le(1e30, 1)), one("Resize", []string{"x", "", "s"}), y)), "scale"},
		{"k of 2^62", model(21, join(x, long64("k", 1<<62), one("TopK", []string{"x", "k"}), y)), "k is"},
		{"a depth of 2^62", model(21, join(port(11, "x", 7, 2), initializer(2, 7, 8, "d", 9, msgLong(1<<62)), initializer(1, 2, 2, 1, 8, "v", 9, le(0, 1)), one("OneHot", []string{"x", "d", "v"}), y)), "depth"},
		{"data elsewhere", model(21, join(x, initializer(1, 1, 2, 1, 8, "w", 13, msg(1, "location", 2, "/etc/passwd"), 14, 1), y)), "external"},
		{"data elsewhere in an attribute", model(21, join(x, node("Constant", nil, "y", msg(1, "value", 5, msg(1, 1, 2, 1, 13, msg(1, "location", 2, "w.bin")), 20, 4)), y)), "external"},
		{"a length past the end", append(model(21, join(x, y)), 0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), "model"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := onnx.Parse(t.Context(), c.file, small())
			if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.word) {
				t.Errorf("Parse = %v; want Invalid that says %q", err, c.word)
			}
		})
	}
}

func msgLong(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

// needy is a model of n operators, one after the other, each of which must know
// what is computed of an initialiser of its own.
func needy(n int) []byte {
	body := port(11, "v0", 1, 1)
	for i := range n {
		w := fmt.Sprintf("w%d", i)
		body = append(body, initializer(1, 1, 2, 1, 8, w, 9, le(float32(-i)))...)
		body = append(body, node("Identity", []string{w}, w+"i")...)
		body = append(body, node("Clip", []string{fmt.Sprintf("v%d", i), w + "i"}, fmt.Sprintf("v%d", i+1))...)
	}
	return model(21, append(body, port(12, fmt.Sprintf("v%d", n), 1, 1)...))
}

// TestWhatOperatorsMustKnowIsReadOnce: a file in which every operator turns out to
// need an initialiser is not read anew for each of them.
func TestWhatOperatorsMustKnowIsReadOnce(t *testing.T) {
	const n = 900
	o := small()
	params, evals := 0, 0
	param, config := o.Param, o.Graph
	o.Param = func(dt abi.DType, shape []int64, data []byte) (abi.Tensor, error) {
		params++
		return param(dt, shape, data)
	}
	o.Graph = func(opset int) graph.Config {
		c := config(opset)
		c.Eval = func(n *graph.Node, in []*graph.Node, out []byte) error {
			evals++
			return cpu.Eval(n, in, out)
		}
		return c
	}
	g, err := onnx.Parse(t.Context(), needy(n), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Params()) != 0 || params != n || evals > 2*n {
		t.Errorf("%d parameters are left, %d tensors were made and %d operators computed; want none, %d, and %d at most", len(g.Params()), params, evals, n, 2*n)
	}
}

// TestReadingEndsWithItsContext in the middle of a file.
func TestReadingEndsWithItsContext(t *testing.T) {
	limit := errors.New("the limit")
	ctx, cancel := context.WithCancelCause(t.Context())
	o := small()
	added, config := 0, o.Graph
	o.Graph = func(opset int) graph.Config {
		c := config(opset)
		c.Accept = func(*graph.Node, []graph.Type) error {
			if added++; added == 100 {
				cancel(limit)
			}
			return nil
		}
		return c
	}
	if _, err := onnx.Parse(ctx, chain(1000), o); !errors.Is(err, limit) || added != 100 {
		t.Errorf("Parse = %v after %d operators, want the limit after 100", err, added)
	}
}

// chain is a model of n operators, one after the other.
func chain(n int) []byte {
	body := port(11, "v0", 1, 1)
	for i := range n {
		body = append(body, node("Neg", []string{fmt.Sprintf("v%d", i)}, fmt.Sprintf("v%d", i+1))...)
	}
	return model(21, append(body, port(12, fmt.Sprintf("v%d", n), 1, 1)...))
}

func TestAMillionNodesAreRefusedAtTheBound(t *testing.T) {
	if _, err := onnx.Parse(t.Context(), chain(1_000_000), small()); !errors.Is(err, abi.Exhausted) || !strings.Contains(err.Error(), "2000") {
		t.Errorf("a bound of 2000 nodes: %v", err)
	}
}

func TestALongModelTakesMemoryOfItsOwnOrder(t *testing.T) {
	const n = 100_000
	o := small()
	o.Graph = func(opset int) graph.Config { return graph.Config{Opset: opset} }
	g, err := onnx.Parse(t.Context(), chain(n), o)
	if err != nil {
		t.Fatal(err)
	}
	if g.Len() != n+1 {
		t.Errorf("%d values, want %d", g.Len(), n+1)
	}
	p, err := graph.NewPlan(g, nil, cpu.Layout())
	if err != nil {
		t.Fatal(err)
	}
	if p.Arena > 2*graph.Align {
		t.Errorf("a chain takes %d bytes, want two buffers at most", p.Arena)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if per := m.HeapAlloc / n; per > 4096 {
		t.Errorf("%d bytes a node are held, want 4096 at most", per)
	}
	runtime.KeepAlive(p)
}

// seeds are models with control flow, and with operators of every kind.
func seeds() [][]byte {
	x := port(11, "x", 1, 1, 2, 3, 4)
	whole := func(name string, v ...int64) []byte {
		var b []byte
		for _, i := range v {
			b = append(b, msgLong(i)...)
		}
		return initializer(1, len(v), 2, 7, 8, name, 9, b)
	}
	some := func(opset int, parts ...[]byte) []byte {
		return model(opset, join(join(x, port(12, "y", 1)), join(parts...)))
	}
	text := func(name, v string) []byte { return msg(1, name, 4, v, 20, 3) }
	integer := func(name string, v int) []byte { return msg(1, name, 3, v, 20, 2) }
	loop := msg(1, join(msg(1, "n", 1, "", 1, "x", 2, "y", 2, "all", 4, "Loop", 5,
		body("body", port(11, "i", 7), port(11, "on", 9), port(11, "s", 1), node("Neg", []string{"s"}, "t"), node("Identity", []string{"on"}, "still"), port(12, "still", 9), port(12, "t", 1), port(12, "i", 7)))))
	scan := msg(1, join(msg(1, "x", 2, "y", 4, "Scan", 5, integer("num_scan_inputs", 1), 5,
		body("body", port(11, "row", 1), node("Relu", []string{"row"}, "out"), port(12, "out", 1)))))
	return [][]byte{
		fork(),
		some(17, initializer(2, 7, 8, "n", 9, msgLong(3)), loop),
		some(17, scan),
		some(13, whole("s", 1, 1, 0), whole("axis", 1), msg(1, msg(1, "x", 1, "axis", 2, "y", 4, "Split"))),
		some(21, whole("p", 0, 0, 1, 1, 0, 0, 1, 2), node("Pad", []string{"x", "p"}, "y", text("mode", "reflect"))),
		some(21, whole("p", 1, 2, 5, 7), node("Resize", []string{"x", "", "", "p"}, "y", text("mode", "cubic"), integer("antialias", 1))),
		some(21, whole("i", 1, 0), node("Gather", []string{"x", "i"}, "y", integer("axis", 2))),
		some(21, whole("k", 2), msg(1, msg(1, "x", 1, "k", 2, "y", 2, "i", 4, "TopK"))),
		some(21, whole("r", 1, 2, 1, 2), node("Tile", []string{"x", "r"}, "y")),
		some(21, node("Shape", []string{"x"}, "s"), node("ConstantOfShape", []string{"s"}, "o", msg(1, "value", 5, msg(1, 1, 2, 1, 9, le(2)), 20, 4)), node("ScatterElements", []string{"x", "s", "o"}, "y")),
		some(21, whole("i", 0, 0, 0, 1, 1, 1), node("ScatterND", []string{"x", "i", "i"}, "y", text("reduction", "add"))),
		some(21, node("DepthToSpace", []string{"x"}, "y", integer("blocksize", 1))),
		some(21, node("Softmax", []string{"x"}, "y", integer("axis", -1))),
		some(21, node("ReduceMean", []string{"x"}, "y"), node("Einsum", []string{"x"}, "z", text("equation", "abcd->dcb"))),
	}
}

// FuzzRun looks for files that crash the reader, the planner or a kernel.
func FuzzRun(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(runFile)
}

// runFile reads b and, where it is accepted and small, runs it.
func runFile(t *testing.T, b []byte) {
	o := small()
	if info, err := onnx.Inspect(b); err == nil { // what is left open
		for i, in := range info.Inputs {
			bind := abi.Binding{Name: in.Name, Shape: in.Shape}
			for k, d := range bind.Shape {
				if d < 0 {
					bind.Shape[k] = int64(k+i)%3 + 1
				}
			}
			o.Bind = append(o.Bind, bind)
		}
	}
	g, err := onnx.Parse(t.Context(), b, o)
	if err != nil {
		if k := abi.KindOf(err); k != abi.Invalid && k != abi.Exhausted {
			t.Fatalf("Parse = %v of kind %v", err, k)
		}
		return
	}
	p, err := graph.NewPlan(g, nil, cpu.Layout())
	if err != nil || p.FLOPs > 1<<24 || p.Arena > 1<<24 {
		return
	}
	var in, params, out [][]byte
	total := int64(0)
	buffer := func(v abi.Value) []byte {
		n := g.At(v).Bytes()
		if total += n; total > 1<<24 {
			return nil
		}
		b := cpu.Alloc(n)
		for i := range b {
			b[i] = byte(i * 7)
		}
		if g.At(v).DType == abi.Bool {
			for i := range b {
				b[i] &= 1
			}
		}
		return b
	}
	for _, v := range g.Inputs() {
		in = append(in, buffer(v))
	}
	for _, v := range g.ParamValues() {
		params = append(params, buffer(v))
	}
	for _, v := range g.Outputs() {
		out = append(out, buffer(v.Value))
	}
	if total > 1<<24 {
		return
	}
	x, err := cpu.Compile(p, abi.Optimizer{}, 1)
	if err != nil {
		t.Fatalf("Compile = %v, of a graph that was accepted", err)
	}
	if err := x.Run(context.Background(), in, params, out, 0); err != nil {
		t.Fatalf("Run = %v", err)
	}
}
