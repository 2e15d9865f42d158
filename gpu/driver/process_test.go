//go:build unix

package driver

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"syscall"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/gorgonia"
	"github.com/cloister-ai/cloister/gpu/graph"
	"go.uber.org/goleak"
)

// TestMain is also the child: go test's binary executes itself, so these tests
// fail if a binary that imports Gorgonia does not start.
func TestMain(m *testing.M) {
	Main()
	goleak.VerifyTestMain(m)
}

// tanh is the encoded program y = tanh(x), for one number.
func tanh(t *testing.T) []byte {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, []int64{2})
	if err != nil {
		t.Fatal(err)
	}
	y, err := g.Node("Tanh", nil, []abi.Value{x})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Output("y", y[0]); err != nil {
		t.Fatal(err)
	}
	plan, err := graph.NewPlan(g, nil, graph.Layout{
		Work: func(*graph.Graph, *graph.Step) int64 { return 0 },
		Fuse: func(_, _ *graph.Node, _ graph.Type) bool { return false },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := gorgonia.Lower(plan)
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bits(f ...float32) (b []byte) {
	for _, v := range f {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// running returns a program in a child that has answered once.
func running(t *testing.T) (*Process, *Program) {
	t.Helper()
	p := new(Process)
	t.Cleanup(func() { p.Close() })
	x, err := p.Compile(t.Context(), tanh(t))
	if err != nil {
		t.Fatal(err)
	}
	wantTanh(t, x)
	return p, x
}

func wantTanh(t *testing.T, x *Program) {
	t.Helper()
	out, err := x.Run(t.Context(), [][]byte{bits(0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	got := math.Float32frombits(binary.LittleEndian.Uint32(out[0][4:]))
	if len(out) != 1 || len(out[0]) != 8 || math.Abs(float64(got)-math.Tanh(1)) > 1e-6 {
		t.Errorf("tanh(1) = %v in %d bytes", got, len(out[0]))
	}
}

func TestAChildThatDiesIsUnavailableAndReplaced(t *testing.T) {
	p, x := running(t)
	first := p.cmd.Process.Pid
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil { // so that it cannot answer first
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		_, err := x.Run(t.Context(), [][]byte{bits(0, 1)})
		failed <- err
	}()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// The run may have come after the death was noticed: then it has a new child.
	if err := <-failed; err != nil && !errors.Is(err, abi.Unavailable) {
		t.Errorf("Run in a child that died = %v, want Unavailable", err)
	}
	wantTanh(t, x)
	if p.cmd.Process.Pid == first {
		t.Error("the dead child is still in use")
	}
}

func TestADeadlineKillsTheChild(t *testing.T) {
	p, x := running(t)
	first := p.cmd.Process.Pid
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("wall limit")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := x.Run(ctx, [][]byte{bits(0, 1)}); !errors.Is(err, cause) {
		t.Errorf("Run = %v, want the context's cause", err)
	}
	if err := syscall.Kill(first, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
	wantTanh(t, x)
}

func TestAProgramIsCompiledOnceAChild(t *testing.T) {
	p, x := running(t)
	id := x.id
	wantTanh(t, x)
	if x.id != id || p.born != 1 {
		t.Errorf("program %d of child %d, want %d of 1", x.id, p.born, id)
	}
	if err := x.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Run(t.Context(), [][]byte{bits(0, 1)}); !errors.Is(err, abi.Internal) {
		t.Errorf("Run of a freed program = %v, want Internal", err)
	}
}

func TestAPlanThatIsNoneIsAnErrorOfItsKind(t *testing.T) {
	p := new(Process)
	t.Cleanup(func() { p.Close() })
	if _, err := p.Compile(t.Context(), []byte("no plan")); !errors.Is(err, abi.Internal) {
		t.Errorf("Compile = %v, want Internal", err)
	}
}

func TestABinaryWithoutTheHookStartsNoChild(t *testing.T) {
	hooked.Store(false)
	defer hooked.Store(true)
	p := new(Process)
	if _, err := p.Compile(t.Context(), nil); !errors.Is(err, errNotHooked) {
		t.Errorf("Compile = %v, want errNotHooked", err)
	}
}
