package graph_test

import (
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// TestWhatIsComputedWhileAGraphIsBuiltIsBounded multiplies known vectors until
// the operations of a graph are spent; what comes then is left to the run.
func TestWhatIsComputedWhileAGraphIsBuiltIsBounded(t *testing.T) {
	spent, done := uint64(0), 0
	g, err := graph.New(graph.Config{Opset: 21,
		Spend: func(flops uint64) error { spent += flops; return nil },
		Eval:  func(*graph.Node, []*graph.Node, []byte) error { done++; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	const n, most = 1 << 20, 1 << 30
	var in []abi.Value
	for _, shape := range [][]int64{{1, n}, {n, 1}} {
		v, err := g.ConstantBytes(abi.Float32, shape, make([]byte, 4*n))
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, v)
	}
	for i := range most/(2*n) + 1 {
		out, err := g.Node("MatMul", nil, in)
		if err != nil {
			t.Fatal(err)
		}
		if known := g.At(out[0]).Data != nil; known != (i < most/(2*n)) {
			t.Fatalf("product %d of %d operations is known: %v", i, 2*n, known)
		}
	}
	if spent != most || done != most/(2*n) {
		t.Errorf("%d operations spent on %d products, want %d on %d", spent, done, most, most/(2*n))
	}
}
