package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// A tester is *testing.T, or *rapid.T.
type tester interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// evaluate runs the kernels of a plan without inputs and parameters on a machine
// that holds them to every rule, and returns its outputs.
func evaluate(t tester, plan *graph.Plan) [][]byte {
	t.Helper()
	p, err := Compile(plan, abi.Optimizer{}, ptx.Turing)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return perform(t, plan, p)
}

// perform is evaluate with another program than that of the plan.
func perform(t tester, plan *graph.Plan, p *Program) [][]byte {
	t.Helper()
	d := ptxvm.NewDriver(ptxvm.Config{})
	var out [][]byte
	for _, o := range plan.Graph.Outputs() {
		out = append(out, make([]byte, plan.Graph.At(o.Value).Bytes()))
	}
	err := d.Enter(func() error {
		m, err := d.Load(p.Source)
		if err != nil {
			return err
		}
		memory := func(n int64) cuda.Ptr {
			at, failed := d.Alloc(max(n, 1))
			if failed != nil {
				err = failed
			}
			return at
		}
		constants, arena := memory(int64(len(p.Constants))), memory(p.Arena)
		results := make([]cuda.Ptr, len(out))
		for i := range out {
			results[i] = memory(int64(len(out[i])))
		}
		if err != nil {
			return err
		}
		if err := d.Upload(cuda.Compute, constants, p.Constants); err != nil {
			return err
		}
		for _, l := range p.Launches {
			f, err := m.Function(l.Kernel)
			if err != nil {
				return err
			}
			args := make([]uint64, len(l.Args))
			for i, a := range l.Args {
				base := map[Space]cuda.Ptr{Constant: constants, Arena: arena}[a.Space]
				if a.Space == Output {
					base = results[a.Index]
				}
				args[i] = uint64(base) + uint64(a.Offset)
			}
			if err := d.Launch(f, l.Grid, [3]uint32{l.Block, 1, 1}, 0, args); err != nil {
				return err
			}
		}
		for i := range out {
			if n, first, err := d.Device().Unwritten(uint64(results[i]), int64(len(out[i]))); err != nil || n > 0 {
				t.Errorf("%d bytes of output %d were not written, from %d on: %v", n, i, first, err)
			}
			if err := d.Download(cuda.Compute, out[i], results[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Source)
	}
	return out
}

// evaluateNode runs the kernels of one operator over known operands.
func evaluateNode(t tester, n *graph.Node, in []*graph.Node) []byte {
	t.Helper()
	plan, err := graph.PlanNode(n, in, Layout())
	if err != nil {
		t.Fatalf("%v", err)
	}
	return evaluate(t, plan)[0]
}

// processor is evaluateNode by the engine of the processor.
func processor(t tester, n *graph.Node, in []*graph.Node) []byte {
	t.Helper()
	out := make([]byte, n.Bytes())
	if err := cpu.Eval(n, in, out); err != nil {
		t.Fatalf("%v", err)
	}
	return out
}
