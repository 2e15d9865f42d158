package cuda

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// whole numbers from -3 to 3, so that sums are exact in any order.
func wholes(dt abi.DType, seed int64, shape ...int64) (*graph.Node, []float64) {
	n := &graph.Node{Op: "Constant", Type: graph.Type{DType: dt, Shape: shape}}
	var all []float64
	for i := range n.Elements() {
		x := float64((i*7+i*i%11+seed)%7 - 3)
		all = append(all, x)
		switch dt {
		case abi.Float32:
			n.Data = binary.LittleEndian.AppendUint32(n.Data, math.Float32bits(float32(x)))
		case abi.Float64:
			n.Data = binary.LittleEndian.AppendUint64(n.Data, math.Float64bits(x))
		default:
			n.Data = binary.LittleEndian.AppendUint32(n.Data, uint32(int32(x)))
		}
	}
	return n, all
}

func elementOf(dt abi.DType, b []byte, i int64) float64 {
	switch dt {
	case abi.Float32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	case abi.Float64:
		return math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return float64(int32(binary.LittleEndian.Uint32(b[4*i:])))
}

// multiplied is the Gemm of two matrices, and the operands with their elements.
func multiplied(dt abi.DType, m, n, k int64, transA, transB bool) (node *graph.Node, in []*graph.Node, want []float64) {
	as, bs := []int64{m, k}, []int64{k, n}
	if transA {
		as = []int64{k, m}
	}
	if transB {
		bs = []int64{n, k}
	}
	a, x := wholes(dt, 1, as...)
	b, y := wholes(dt, 4, bs...)
	node = &graph.Node{Op: "Gemm", Type: graph.Type{DType: dt, Shape: []int64{m, n}}}
	node.Attrs.TransA, node.Attrs.TransB, node.Attrs.Alpha, node.Attrs.Beta = transA, transB, 1, 1
	for i := range m {
		for j := range n {
			sum := 0.0
			for l := range k {
				p, q := i*k+l, l*n+j
				if transA {
					p = l*m + i
				}
				if transB {
					q = j*k + l
				}
				sum += x[p] * y[q]
			}
			want = append(want, sum)
		}
	}
	return node, []*graph.Node{a, b}, want
}

func checkProduct(t *testing.T, dt abi.DType, got []byte, want []float64) {
	t.Helper()
	for i := range want {
		if v := elementOf(dt, got, int64(i)); v != want[i] {
			t.Fatalf("element %d is %v, not %v", i, v, want[i])
		}
	}
}

// byTile is the program that computes the Gemm of plan with a cut of its own.
func byTile(t *testing.T, plan *graph.Plan, how plan) *Program {
	t.Helper()
	c := &compiler{
		plan: plan, out: &Program{Arena: plan.Arena}, module: ptx.NewModule(ptx.Turing),
		names: make(map[string]string), offsets: make(map[abi.Value]int64), tables: make(map[string]Arg),
	}
	s, err := c.bind(&plan.Steps[0])
	if err != nil {
		t.Fatal(err)
	}
	p := s.matrices()
	p.close = p.n%4 == 0 && p.typ.Size() == 4
	p.done = func(b *body, _, i, j ptx.Value, sums []ptx.Value) { b.putMany(b.Add(b.Mul(i, b.int(p.n)), j), sums) }
	s.work.Offset = c.out.Arena
	c.out.Arena += 4 * how.parts * p.m * p.n
	s.tiles(p, how)
	c.out.Source = c.module.String()
	return c.out
}

func TestEveryTileMultipliesEveryLayout(t *testing.T) {
	for i := range tiles {
		tile := &tiles[i]
		for _, size := range []struct{ m, n, k int64 }{
			{tile.rows, tile.cols, 2 * tile.depth},             // nothing left over
			{tile.rows + 4, tile.cols + 8, tile.depth + 4},     // fours
			{tile.rows - 3, 2*tile.cols - 1, 2*tile.depth + 5}, // odd
		} {
			for layout := range 4 {
				transA, transB := layout&1 > 0, layout&2 > 0
				for _, parts := range []int64{1, 2} {
					if parts == 2 && (layout > 0 || size.k <= tile.depth) {
						continue
					}
					t.Run(fmt.Sprintf("%dx%d/%dx%dx%d/%v,%v/%d", tile.rows, tile.cols, size.m, size.n, size.k, transA, transB, parts), func(t *testing.T) {
						node, in, want := multiplied(abi.Float32, size.m, size.n, size.k, transA, transB)
						p, err := graph.PlanNode(node, in, Layout())
						if err != nil {
							t.Fatal(err)
						}
						span := (size.k + parts - 1) / parts
						span = (span + tile.depth - 1) / tile.depth * tile.depth
						made := byTile(t, p, plan{tile, parts, span})
						checkProduct(t, abi.Float32, perform(t, p, made)[0], want)
						keepText(t, fmt.Sprintf("tile_%dx%d_%dx%dx%d_%d_%d", tile.rows, tile.cols, size.m, size.n, size.k, layout, parts), made.Source)
					})
				}
			}
		}
	}
}

func TestProductsOfEveryShapeAreTheSums(t *testing.T) {
	for _, x := range []struct {
		dt             abi.DType
		m, n, k        int64
		transA, transB bool
	}{
		{abi.Float32, 1, 300, 100, false, false}, // thin: neighbours across, a crew
		{abi.Float32, 1, 300, 7, false, false},
		{abi.Float32, 3, 70, 200, false, true}, // thin: a warp each, fours
		{abi.Float32, 3, 70, 201, false, true}, // and single elements
		{abi.Float32, 70, 3, 200, false, true},
		{abi.Float32, 70, 3, 65, true, false},
		{abi.Float32, 4, 4, 40, true, false},
		{abi.Float32, 1, 1, 1000, false, false},
		{abi.Float32, 20, 12, 2100, true, false}, // parts
		{abi.Float64, 2, 50, 90, false, true},
		{abi.Float64, 70, 70, 20, false, true},
		{abi.Int32, 2, 50, 90, false, true},
		{abi.Int32, 33, 65, 17, true, false},
	} {
		t.Run(fmt.Sprintf("%v/%dx%dx%d", x.dt, x.m, x.n, x.k), func(t *testing.T) {
			node, in, want := multiplied(x.dt, x.m, x.n, x.k, x.transA, x.transB)
			checkProduct(t, x.dt, evaluateNode(t, node, in), want)
		})
	}
}

func TestPlansFillTheCard(t *testing.T) {
	for _, x := range []struct {
		name       string
		e          extents
		rows, cols int64
		parts      int64
	}{
		{"large", extents{m: 4096, n: 4096, k: 4096, batch: 1}, 128, 128, 1},
		{"one wave", extents{m: 1024, n: 1024, k: 1024, batch: 1}, 128, 64, 1},
		{"gradient of a layer's weights", extents{m: 128, n: 128, k: 65536, batch: 1}, 128, 64, 64},
	} {
		x.e.typ = ptx.F32
		p := x.e.plan()
		if p.rows != x.rows || p.cols != x.cols || p.parts != x.parts {
			t.Errorf("%s: tiles of %d×%d in %d parts, not %d×%d in %d", x.name, p.rows, p.cols, p.parts, x.rows, x.cols, x.parts)
		}
		if p.parts*p.span < x.e.k || (p.parts-1)*p.span >= x.e.k {
			t.Errorf("%s: %d parts of %d of %d", x.name, p.parts, p.span, x.e.k)
		}
	}
}
