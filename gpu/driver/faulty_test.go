//go:build unix

package driver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
	"go.uber.org/goleak"
)

// TestMain is also the drivers: go test's binary executes itself.
func TestMain(m *testing.M) {
	if os.Getenv("CLOISTER_TEST_HOST") != "" {
		hostAndWait()
	}
	lie(os.Getenv(builtIn))
	good := func() (Device, error) { return faulty{}, nil }
	drivers := map[string]func() (Device, error){
		"faulty": good,
		"none":   func() (Device, error) { return nil, fmt.Errorf("no such card here: %w", abi.Unavailable) },
	}
	for name := range lies {
		drivers[name] = good
	}
	Main(drivers)
	goleak.VerifyTestMain(m)
}

// lies are what drivers that lie do otherwise.
var lies = map[string]func(h map[string]handler){
	"answers other reads": func(h map[string]handler) {
		h[methodRead] = after(h[methodRead], func(_ *server, _ *request, r *reply) { r.Call++ })
	},
	"answers other runs": func(h map[string]handler) {
		h[methodRun] = after(h[methodRun], func(_ *server, _ *request, r *reply) { r.Call-- })
	},
	"fills less than asked": func(h map[string]handler) {
		h[methodRead] = after(h[methodRead], func(s *server, q *request, _ *reply) { s.ring.fill(q.Slot, q.Call, q.Bytes-1) })
	},
	"fills for another call": func(h map[string]handler) {
		h[methodRead] = after(h[methodRead], func(s *server, q *request, _ *reply) { s.ring.fill(q.Slot, q.Call-1, q.Bytes) })
	},
	"writes garbage over the ring": func(h map[string]handler) {
		h[methodRead] = after(h[methodRead], func(s *server, _ *request, _ *reply) {
			for i := range s.ring.mem[:ringPage] {
				s.ring.mem[i] = 0xa5
			}
		})
	},
	"says nothing is there": func(h map[string]handler) {
		h[methodRead] = after(h[methodRead], func(_ *server, _ *request, r *reply) { r.Lost, r.Text = true, "gone" })
	},
	"has a state of minus one": func(h map[string]handler) {
		h[methodSave] = after(h[methodSave], func(_ *server, _ *request, r *reply) { r.Bytes = -1 })
	},
}

func after(h handler, f func(*server, *request, *reply)) handler {
	return handler{h.pure, func(s *server, q *request, r *reply) error {
		err := h.do(s, q, r)
		f(s, q, r)
		return err
	}}
}

func lie(name string) {
	if f := lies[name]; f != nil {
		f(handlers)
	}
}

// faulty is the processor as a device. A plan with Sin in it kills it, one with Cos
// never ends, one with Tan ends when it is cancelled, one with Asin panics.
type faulty struct{}

func (faulty) Info() Info                                  { return Info{Name: "faulty", ID: fmt.Sprint(os.Getpid())} }
func (faulty) Accept(n *graph.Node, in []graph.Type) error { return cpu.Accept(n, in) }
func (faulty) Layout() graph.Layout                        { return cpu.Layout() }
func (faulty) Alloc(n int64) (Memory, error)               { return HostMemory(cpu.Alloc(n)), nil }
func (faulty) Close() error                                { return nil }
func (faulty) Compile(_ context.Context, p *graph.Plan, opt abi.Optimizer) (Program, error) {
	x, err := cpu.Compile(p, opt, 1)
	if err != nil {
		return nil, err
	}
	f := &faultyProgram{x, map[string]bool{}}
	for _, s := range p.Steps {
		f.ops[s.Node.Op] = true
	}
	return f, nil
}

type faultyProgram struct {
	*cpu.Program
	ops map[string]bool
}

func (p *faultyProgram) Run(ctx context.Context, in, params, out []Memory, rate float32) error {
	switch {
	case p.ops["Sin"]:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case p.ops["Cos"]:
		select {}
	case p.ops["Tan"]:
		<-ctx.Done()
		return context.Cause(ctx)
	case p.ops["Asin"]:
		panic("a kernel")
	}
	return p.Program.Run(ctx, HostBytes(in), HostBytes(params), HostBytes(out), rate)
}
func (p *faultyProgram) Save() ([]byte, error) { return p.Program.Save(), nil }
func (p *faultyProgram) Close() error          { return nil }

// quick is the device with deadlines that a test can wait for.
func quick(t testing.TB, cfg Config) *Host {
	t.Helper()
	if cfg.BuiltIn == "" && cfg.Path == "" {
		cfg.BuiltIn = "faulty"
	}
	if cfg.Slots == 0 {
		cfg.Slots, cfg.SlotBytes = 2, ringPage // so that transfers take several
	}
	h := Open(cfg)
	t.Cleanup(func() { h.Close() })
	return h
}

// pid is the child's.
func (h *Host) pid() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.process.child.cmd.Process.Pid
}

// plan is y = op(x), element by element.
func plan(t testing.TB, op string, shape ...int64) *graph.Plan {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, shape)
	if err != nil {
		t.Fatal(err)
	}
	y, err := g.Node(op, nil, []abi.Value{x})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Output("y", y[0]); err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, nil, cpu.Layout())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A user is a session with one program of one input and one output.
type user struct {
	s       *Session
	x       *Executable
	in, out *Buffer
}

func newUser(t testing.TB, h *Host, op string, n int64) *user {
	t.Helper()
	u := &user{s: h.Session()}
	t.Cleanup(func() { u.s.Close() })
	var err error
	if u.x, err = u.s.Compile(t.Context(), plan(t, op, n), abi.Optimizer{}); err != nil {
		t.Fatal(err)
	}
	if u.in, err = u.s.Alloc(4 * n); err != nil {
		t.Fatal(err)
	}
	if u.out, err = u.s.Alloc(4 * n); err != nil {
		t.Fatal(err)
	}
	if err := u.in.Write(0, counted(n)); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u *user) run(ctx context.Context) error {
	return u.x.Run(ctx, []*Buffer{u.in}, nil, []*Buffer{u.out}, 0)
}

// wantNeg fails unless out is the negative of in.
func (u *user) wantNeg(t testing.TB) {
	t.Helper()
	b := make([]byte, u.out.size)
	if err := u.out.Read(0, b); err != nil {
		t.Fatal(err)
	}
	for i := range len(b) / 4 {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])); got != -float32(i) {
			t.Fatalf("element %d is %v, want %v", i, got, -float32(i))
		}
	}
}

// counted is n numbers from 0 on.
func counted(n int64) (b []byte) {
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)))
	}
	return b
}

// A param is a parameter's type.
type param []int64

func (param) DType() abi.DType          { return abi.Float32 }
func (p param) Shape() []int64          { return p }
func (param) Write(int64, []byte) error { return errors.ErrUnsupported }
func (param) Read(int64, []byte) error  { return errors.ErrUnsupported }
func (param) Free()                     {}

// convolution has weights that are worth transforming once.
func convolution(t testing.TB) *graph.Plan {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, []int64{1, 16, 12, 12})
	if err != nil {
		t.Fatal(err)
	}
	w, err := g.Param("w", param{32, 16, 3, 3})
	if err != nil {
		t.Fatal(err)
	}
	y, err := g.Node("Conv", nil, []abi.Value{x, w})
	if err == nil {
		err = g.Output("y", y[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, nil, cpu.Layout())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// training is a step of y = mean (x·w - x)² by w, which is 8×8.
func training(t testing.TB) *graph.Plan {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	node := func(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
		out, err := g.Node(op, attrs, in)
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	x, err := g.Input("x", abi.Float32, []int64{4, 8})
	if err != nil {
		t.Fatal(err)
	}
	w, err := g.Param("w", param{8, 8})
	if err != nil {
		t.Fatal(err)
	}
	d := node("Sub", nil, node("MatMul", nil, x, w), x)
	loss := node("ReduceMean", []abi.Attr{{Name: "keepdims", Type: abi.AttrInt}}, node("Mul", nil, d, d))
	if err := g.Output("loss", loss); err != nil {
		t.Fatal(err)
	}
	grads, err := g.Gradient(loss, []abi.Value{w})
	if err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, grads, cpu.Layout())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hostAndWait is a host that somebody kills.
func hostAndWait() {
	os.Unsetenv("CLOISTER_TEST_HOST")
	hooked.Store(true)
	h := Open(Config{BuiltIn: "faulty"})
	if _, err := h.Start(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(h.pid())
	time.Sleep(time.Minute)
}

// gone waits until there is no such process.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}
