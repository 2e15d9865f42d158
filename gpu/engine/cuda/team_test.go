package cuda

import (
	"fmt"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// Lines of every length that another kind of team takes, beside the processor.
func TestTeamsOfEveryKindComputeLines(t *testing.T) {
	for _, shape := range [][]int64{
		{5, 20},    // a thread each
		{9, 33},    // a warp each, few of its lanes with one element more
		{3, 256},   // the same, no lane with less
		{3, 700},   // a block each
		{2, 5000},  // a block of more threads
		{1, 17000}, // more than registers keep
	} {
		same := graph.Type{DType: abi.Float32, Shape: shape}
		x, _ := wholes(abi.Float32, 2, shape...)
		dy, _ := wholes(abi.Float32, 5, shape...)
		scale, _ := wholes(abi.Float32, 3, shape[1])
		for _, n := range []struct {
			node *graph.Node
			in   []*graph.Node
		}{
			{&graph.Node{Op: "Softmax", Type: same, Attrs: graph.Attrs{Axis: 1}}, []*graph.Node{x}},
			{&graph.Node{Op: "LogSoftmax", Type: same, Attrs: graph.Attrs{Axis: 1}}, []*graph.Node{x}},
			{&graph.Node{Op: "SoftmaxGrad", Type: same, Attrs: graph.Attrs{Axis: 1}}, []*graph.Node{dy, x}},
			{&graph.Node{Op: "LayerNormalization", Type: same, Attrs: graph.Attrs{Axis: 1, Epsilon: 1e-5}}, []*graph.Node{x, scale}},
			{&graph.Node{Op: "LayerNormalizationGradX", Type: same, Attrs: graph.Attrs{Axis: 1, Epsilon: 1e-5}}, []*graph.Node{dy, x, scale}},
			{&graph.Node{Op: "ReduceMax", Type: graph.Type{DType: abi.Float32, Shape: []int64{shape[0], 1}}, Attrs: graph.Attrs{Axes: []int{1}}}, []*graph.Node{x}},
		} {
			t.Run(fmt.Sprintf("%s/%v", n.node.Op, shape), func(t *testing.T) { beside(t, n.node, n.in) })
		}
	}
}

// Lines that lie beside each other, as many as some kind of team takes.
func TestTeamsTakeLinesBesideEachOther(t *testing.T) {
	for _, shape := range [][]int64{{40, 33}, {700, 64}, {90, 5}, {5, 40}} {
		x, _ := wholes(abi.Float32, 2, shape...)
		for _, n := range []*graph.Node{
			{Op: "ReduceSum", Type: graph.Type{DType: abi.Float32, Shape: []int64{1, shape[1]}}, Attrs: graph.Attrs{Axes: []int{0}}},
			{Op: "Softmax", Type: graph.Type{DType: abi.Float32, Shape: shape}, Attrs: graph.Attrs{Axis: 0}},
		} {
			t.Run(fmt.Sprintf("%s/%v", n.Op, shape), func(t *testing.T) { beside(t, n, []*graph.Node{x}) })
		}
	}
}

// Few lines that are long are folded in parts: sums are exact here in any order.
func TestLongLinesAreFoldedInParts(t *testing.T) {
	for _, c := range []struct {
		shape, out []int64
		axes       []int
	}{
		{[]int64{16384}, []int64{1}, []int{0}},
		{[]int64{8192, 40}, []int64{1, 40}, []int{0}},
		{[]int64{64, 3, 256}, []int64{1, 3, 1}, []int{0, 2}},
	} {
		x, _ := wholes(abi.Float32, 2, c.shape...)
		l := linesOf(c.shape, c.axes)
		if l.parts() == 1 {
			t.Errorf("%v over %v is folded at once", c.shape, c.axes)
		}
		for _, op := range []string{"ReduceSum", "ReduceMean", "ReduceMax"} {
			n := &graph.Node{Op: op, Type: graph.Type{DType: abi.Float32, Shape: c.out}, Attrs: graph.Attrs{Axes: c.axes}}
			t.Run(fmt.Sprintf("%s/%v", op, c.shape), func(t *testing.T) { beside(t, n, []*graph.Node{x}) })
		}
	}
}

// beside compares a node with what the processor computes.
func beside(t *testing.T, n *graph.Node, in []*graph.Node) {
	t.Helper()
	got, want := evaluateNode(t, n, in), processor(t, n, in)
	for i := range n.Elements() {
		g, w := elementOf(n.DType, got, i), elementOf(n.DType, want, i)
		if d := math.Abs(g - w); !(d <= 1e-6*max(1e-3, math.Abs(w))) {
			t.Fatalf("element %d is %v, and %v on the processor", i, g, w)
		}
	}
}
