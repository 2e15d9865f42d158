package driver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"google.golang.org/grpc"
)

// A server is the driver's end: it checks what the host asks, and asks the device.
// What fails is in the reply, with its kind.
type server struct {
	ring   *ring
	device Device // nil when it could not be opened
	failed error  // why it could not

	mu       sync.Mutex // held by whatever touches the device
	sessions map[uint64]*tenant
	changes  uint64 // of buffers, so far

	running   sync.Mutex // guards what follows, which others need during a run
	lost      error      // set when nothing works any more
	call      uint64
	stop      context.CancelFunc
	cancelled uint64 // the last call that was; it may come before its run does
}

// A tenant is what one session has here.
type tenant struct {
	buffers  map[uint64]*buffer
	programs map[uint64]*loaded
	stage    []byte // constants, or a program's state, on their way
}

type buffer struct {
	mem     Memory // nil for no bytes
	size    int64
	version uint64 // another after each change, and in each buffer
}

// loaded is a program, and the bytes of what it takes and gives.
type loaded struct {
	program         Program
	in, params, out []int64
	trained         []int    // parameters that a run changes
	seen            []uint64 // the versions of parameters in the last run
}

func newServer(r *ring, open func() (Device, error)) *server {
	s := &server{ring: r, sessions: make(map[uint64]*tenant)}
	s.failed = s.guard(func() (err error) {
		if s.device, err = open(); err != nil {
			return err
		}
		if p, ok := s.device.(Pinner); ok {
			return p.Pin(r.mem)
		}
		return nil
	})
	return s
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.sessions {
		_ = s.end(id)
	}
	if s.device != nil {
		_ = s.device.Close() // the process ends now
	}
}

// A handler is one method; pure ones do not touch the device.
type handler struct {
	pure bool
	do   func(*server, *request, *reply) error
}

var handlers = map[string]handler{
	methodHello:   {true, (*server).hello},
	methodAccept:  {true, (*server).accept},
	methodWork:    {true, (*server).work},
	methodKeep:    {true, (*server).keep},
	methodFuse:    {true, (*server).fuse},
	methodInline:  {true, (*server).inline},
	methodCancel:  {true, (*server).cancel},
	methodWrite:   {false, (*server).write},
	methodRead:    {false, (*server).read},
	methodStage:   {false, (*server).stage},
	methodCompile: {false, (*server).compile},
	methodRun:     {false, (*server).run},
	methodSave:    {false, (*server).save},
	methodLoad:    {false, (*server).load},
	methodRelease: {false, (*server).release},
	methodEnd:     {false, (*server).endSession},
}

// methods lists the handlers as gRPC wants them.
func (s *server) methods() []grpc.MethodDesc {
	var list []grpc.MethodDesc
	for name, h := range handlers {
		list = append(list, grpc.MethodDesc{MethodName: name, Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			q := new(request)
			if err := decode(q); err != nil {
				return nil, err
			}
			return s.answer(h, q), nil
		}})
	}
	return list
}

func (s *server) answer(h handler, q *request) *reply {
	r := &reply{Call: q.Call}
	err := s.guard(func() error {
		if h.pure {
			return h.do(s, q, r)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.dead(); err != nil {
			return err
		}
		if err := s.remake(q); err != nil {
			return err
		}
		return h.do(s, q, r)
	})
	if err == nil {
		return r
	}
	r.Lost = errors.Is(err, ErrLost)
	if r.Kind = uint8(abi.KindOf(err)); r.Kind == 0 {
		r.Kind = uint8(abi.Internal)
	}
	r.Text = strings.ToValidUTF8(err.Error()[:min(len(err.Error()), maxError)], "")
	return r
}

// guard makes an error of a panic; a device that panicked is lost.
func (s *server) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("driver: panic: %v: %w", p, ErrLost)
		}
		if errors.Is(err, ErrLost) {
			s.running.Lock()
			s.lost = err
			s.running.Unlock()
		}
	}()
	return f()
}

// dead says why nothing works, if nothing does.
func (s *server) dead() error {
	s.running.Lock()
	defer s.running.Unlock()
	return errors.Join(s.failed, s.lost)
}

func (s *server) hello(q *request, r *reply) error {
	r.Version = Version
	if q.Version != Version {
		return fmt.Errorf("driver: the host speaks version %d, the driver %d: %w", q.Version, Version, abi.Unavailable)
	}
	if s.failed != nil {
		return s.failed
	}
	l := s.device.Layout()
	r.Info, r.Keeps, r.Inlines = s.device.Info(), l.Keep != nil, l.Inline != nil
	return nil
}

// question reads one and gives it to f.
func (s *server) question(q *request, f func(*graph.Question) error) error {
	if s.failed != nil {
		return s.failed
	}
	ask, err := graph.DecodeQuestion(q.Code)
	if err != nil {
		return err
	}
	return f(ask)
}

func (s *server) accept(q *request, _ *reply) error {
	return s.question(q, func(a *graph.Question) error { return s.device.Accept(a.Step.Node, a.Operands(a.Step.Node)) })
}

func (s *server) work(q *request, r *reply) error {
	return s.question(q, func(a *graph.Question) error {
		r.Bytes = s.device.Layout().Work(a.Graph, &a.Step)
		return nil
	})
}

func (s *server) keep(q *request, r *reply) error {
	return s.question(q, func(a *graph.Question) error {
		if keep := s.device.Layout().Keep; keep != nil {
			r.Bytes = keep(a.Graph, &a.Step)
		}
		return nil
	})
}

func (s *server) fuse(q *request, r *reply) error {
	return s.question(q, func(a *graph.Question) error {
		if a.Step.Act == nil {
			return fmt.Errorf("driver: fuse what to %s: %w", a.Step.Node.Op, abi.Invalid)
		}
		r.Yes = s.device.Layout().Fuse(a.Step.Node, a.Step.Act, a.With)
		return nil
	})
}

func (s *server) inline(q *request, r *reply) error {
	return s.question(q, func(a *graph.Question) error {
		can := s.device.Layout().Inline
		if a.Step.Act == nil {
			return fmt.Errorf("driver: inline %s where: %w", a.Step.Node.Op, abi.Invalid)
		}
		r.Yes = can != nil && can(a.Step.Act, a.Operand, a.Step.Node)
		return nil
	})
}

// tenant returns what the session has, which is made when it is first named.
func (s *server) tenant(q *request) *tenant {
	t := s.sessions[q.Session]
	if t == nil {
		t = &tenant{buffers: make(map[uint64]*buffer), programs: make(map[uint64]*loaded)}
		s.sessions[q.Session] = t
	}
	return t
}

// remake frees and makes the buffers that the request names; what was freed or made
// already stays so. It makes all of them or none.
func (s *server) remake(q *request) (err error) {
	if len(q.Free)+len(q.Make) == 0 {
		return nil
	}
	t := s.tenant(q)
	for _, id := range q.Free {
		b := t.buffers[id]
		if b == nil {
			continue
		}
		delete(t.buffers, id)
		if err := b.free(); err != nil {
			return err
		}
	}
	if len(q.Make) != len(q.Sizes) {
		return fmt.Errorf("driver: make: %d buffers of %d sizes: %w", len(q.Make), len(q.Sizes), abi.Invalid)
	}
	var made []uint64
	defer func() {
		if err == nil {
			return
		}
		for _, id := range made {
			err = errors.Join(err, t.buffers[id].free())
			delete(t.buffers, id)
		}
	}()
	for i, id := range q.Make {
		b := &buffer{size: q.Sizes[i], version: s.change()}
		old, taken := t.buffers[id]
		if id == 0 || b.size < 0 || taken && old.size != b.size {
			return fmt.Errorf("driver: make: buffer %d of %d bytes: %w", id, b.size, abi.Invalid)
		}
		if taken {
			continue
		}
		if b.size > 0 {
			if b.mem, err = s.device.Alloc(b.size); err != nil {
				return err
			}
		}
		t.buffers[id], made = b, append(made, id)
	}
	return nil
}

// change returns a version that no buffer has had.
func (s *server) change() uint64 {
	s.changes++
	return s.changes
}

func (b *buffer) free() error {
	if b.mem == nil {
		return nil
	}
	return b.mem.Free()
}

// span returns the buffer of the request and the part of the slot that it names.
func (s *server) span(q *request, size int64) ([]byte, error) {
	if q.Offset < 0 || q.Bytes <= 0 || q.Offset > size || q.Bytes > size-q.Offset {
		return nil, fmt.Errorf("driver: %d bytes at %d of object %d, which has %d: %w", q.Bytes, q.Offset, q.Object, size, abi.Invalid)
	}
	return s.ring.slot(q.Slot, q.Bytes)
}

// object returns the buffer that the request names; zero is the stage.
func (s *server) object(q *request) (*buffer, error) {
	t := s.tenant(q)
	if q.Object == 0 {
		return &buffer{mem: HostMemory(t.stage), size: int64(len(t.stage))}, nil
	}
	b, ok := t.buffers[q.Object]
	if !ok {
		return b, fmt.Errorf("driver: there is no buffer %d: %w", q.Object, abi.Invalid)
	}
	return b, nil
}

func (s *server) write(q *request, _ *reply) error {
	b, err := s.object(q)
	if err != nil {
		return err
	}
	slot, err := s.span(q, b.size)
	if err != nil {
		return err
	}
	if err := s.ring.filled(q.Slot, q.Call, q.Bytes); err != nil {
		return err
	}
	defer s.ring.wipe(q.Slot, q.Bytes)
	b.version = s.change()
	return b.mem.Write(q.Offset, slot)
}

func (s *server) read(q *request, _ *reply) error {
	b, err := s.object(q)
	if err != nil {
		return err
	}
	slot, err := s.span(q, b.size)
	if err != nil {
		return err
	}
	if err := b.mem.Read(q.Offset, slot); err != nil {
		return err
	}
	s.ring.fill(q.Slot, q.Call, q.Bytes)
	return nil
}

// stage makes room for what is written next: constants, or a state.
func (s *server) stage(q *request, _ *reply) error {
	t := s.tenant(q)
	clear(t.stage)
	t.stage = nil
	if q.Bytes < 0 || q.Bytes > maxStage {
		return fmt.Errorf("driver: a stage of %d bytes, at most %d: %w", q.Bytes, int64(maxStage), abi.Invalid)
	}
	t.stage = make([]byte, q.Bytes)
	return nil
}

const maxStage = 1 << 40

func (s *server) compile(q *request, _ *reply) error {
	t := s.tenant(q)
	if t.programs[q.Object] != nil || q.Object == 0 {
		return fmt.Errorf("driver: compile: program %d: %w", q.Object, abi.Invalid)
	}
	constants := t.stage
	t.stage = nil
	p, err := graph.Decode(q.Code, constants)
	if err != nil {
		return err
	}
	x := &loaded{trained: p.Trained, seen: make([]uint64, len(p.Graph.ParamValues()))}
	sizes := func(list []abi.Value) (n []int64) {
		for _, v := range list {
			n = append(n, p.Graph.At(v).Bytes())
		}
		return n
	}
	x.in, x.params = sizes(p.Graph.Inputs()), sizes(p.Graph.ParamValues())
	for _, o := range p.Graph.Outputs() {
		x.out = append(x.out, p.Graph.At(o.Value).Bytes())
	}
	if x.program, err = s.device.Compile(context.Background(), p, q.Optimizer.abi()); err != nil {
		return err
	}
	t.programs[q.Object] = x
	return nil
}

func (s *server) program(q *request) (*tenant, *loaded, error) {
	t := s.tenant(q)
	x := t.programs[q.Object]
	if x == nil {
		return nil, nil, fmt.Errorf("driver: there is no program %d: %w", q.Object, abi.Invalid)
	}
	return t, x, nil
}

func (s *server) run(q *request, r *reply) error {
	t, x, err := s.program(q)
	if err != nil {
		return err
	}
	var mem [3][]Memory
	for i, list := range []struct {
		what string
		ids  []uint64
		want []int64
	}{{"inputs", q.In, x.in}, {"parameters", q.Params, x.params}, {"outputs", q.Out, x.out}} {
		if len(list.ids) != len(list.want) {
			return fmt.Errorf("driver: run: %d %s, the program has %d: %w", len(list.ids), list.what, len(list.want), abi.Invalid)
		}
		for k, id := range list.ids {
			b, ok := t.buffers[id]
			if !ok || b.size != list.want[k] {
				return fmt.Errorf("driver: run: %s: buffer %d is not there, or has not %d bytes: %w", list.what, id, list.want[k], abi.Invalid)
			}
			mem[i] = append(mem[i], b.mem)
		}
	}
	x.changed(t, q.Params)
	defer func() {
		for _, i := range x.trained {
			t.buffers[q.Params[i]].version = s.change()
		}
		for _, id := range q.Out {
			t.buffers[id].version = s.change()
		}
	}()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s.running.Lock()
	s.call, s.stop = q.Call, stop
	if s.cancelled == q.Call {
		stop()
	}
	s.running.Unlock()
	defer func() {
		s.running.Lock()
		s.call, s.stop = 0, nil
		s.running.Unlock()
	}()
	err = x.program.Run(ctx, mem[0], mem[1], mem[2], q.Rate)
	r.Stopped = err != nil && ctx.Err() != nil && !errors.Is(err, ErrLost)
	return err
}

// changed tells the program which parameters are others than in its last run.
func (x *loaded) changed(t *tenant, params []uint64) {
	c, ok := x.program.(Changer)
	for i, id := range params {
		if now := t.buffers[id].version; now != x.seen[i] {
			if x.seen[i] = now; ok {
				c.Changed(i)
			}
		}
	}
}

// cancel ends the run of the call that Object names, if that is still to end.
func (s *server) cancel(q *request, _ *reply) error {
	s.running.Lock()
	defer s.running.Unlock()
	s.cancelled = q.Object
	if s.stop != nil && s.call == q.Object {
		s.stop()
	}
	return nil
}

// save leaves the state in the stage and says how large it is.
func (s *server) save(q *request, r *reply) error {
	t, x, err := s.program(q)
	if err != nil {
		return err
	}
	clear(t.stage)
	t.stage, err = x.program.Save()
	r.Bytes = int64(len(t.stage))
	return err
}

func (s *server) load(q *request, _ *reply) error {
	t, x, err := s.program(q)
	if err != nil {
		return err
	}
	state := t.stage
	t.stage = nil
	defer clear(state)
	return x.program.Load(state)
}

func (s *server) release(q *request, _ *reply) error {
	t, x, err := s.program(q)
	if err != nil {
		return err
	}
	delete(t.programs, q.Object)
	return x.program.Close()
}

func (s *server) endSession(q *request, _ *reply) error { return s.end(q.Session) }

// end frees everything that a session has.
func (s *server) end(id uint64) error {
	t := s.sessions[id]
	if t == nil {
		return nil
	}
	delete(s.sessions, id)
	clear(t.stage)
	var errs error
	for _, x := range t.programs {
		errs = errors.Join(errs, x.program.Close())
	}
	for _, b := range t.buffers {
		errs = errors.Join(errs, b.free())
	}
	return errs
}
