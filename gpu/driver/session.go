package driver

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A Session is the buffers and programs of one user of a device. When the device is
// lost, and another takes its place, they are brought back: see history. One
// goroutine uses it.
type Session struct {
	host   *Host
	id     uint64
	born   uint64 // the process it is in; zero before the first
	last   uint64 // object
	closed bool
	past   history
	todo   []change // what the device does not know yet: buffers made and freed
}

// A Buffer is memory on the device.
type Buffer struct {
	s    *Session
	id   uint64
	size int64
}

// An Executable is a compiled plan on the device.
type Executable struct {
	s       *Session
	id      uint64
	code    *graph.Code
	digest  abi.Digest
	opt     abi.Optimizer
	trained []int // parameters that a run changes
	closed  bool
	state   []byte // at the last snapshot; nil is that of a fresh one
}

// Session opens a session. It costs nothing until it is used.
func (h *Host) Session() *Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	return &Session{host: h, id: h.last, past: newHistory(h.cfg.Keep)}
}

// Accept refuses, as Invalid and by name, an operator the device lacks.
func (s *Session) Accept(n *graph.Node, in []graph.Type) error {
	_, err := s.host.question(context.Background(), methodAccept, graph.AskAccept(n, in))
	return err
}

// Work asks what scratch a step needs.
func (s *Session) Work(g *graph.Graph, step *graph.Step) (int64, error) {
	return s.bytes(methodWork, g, step)
}

// Keep asks what the kernel of a step keeps from run to run.
func (s *Session) Keep(g *graph.Graph, step *graph.Step) (int64, error) {
	p, err := s.host.running(context.Background())
	if err != nil || !p.hello.Keeps {
		return 0, err
	}
	return s.bytes(methodKeep, g, step)
}

func (s *Session) bytes(method string, g *graph.Graph, step *graph.Step) (int64, error) {
	r, err := s.host.question(context.Background(), method, graph.AskStep(g, step))
	if err != nil {
		return 0, err
	}
	if r.Bytes < 0 || r.Bytes > maxStage {
		return 0, fmt.Errorf("driver: %s of %d bytes for %s: %w", method, r.Bytes, step.Node.Op, abi.Internal)
	}
	return r.Bytes, nil
}

// Fuse asks whether the kernel of n can do next to its result.
func (s *Session) Fuse(n, next *graph.Node, with graph.Type) (bool, error) {
	r, err := s.host.question(context.Background(), methodFuse, graph.AskFuse(n, next, with))
	return err == nil && r.Yes, err
}

// Inline asks whether the kernel of reader can compute its operand i, the result of
// n, where it reads it.
func (s *Session) Inline(reader *graph.Node, i int, n *graph.Node) (bool, error) {
	p, err := s.host.running(context.Background())
	if err != nil || !p.hello.Inlines {
		return false, err
	}
	r, err := s.host.question(context.Background(), methodInline, graph.AskInline(reader, i, n))
	return err == nil && r.Yes, err
}

// do gives f the device, with everything of the session in it. If it is lost there,
// f is given another one, once; plan is what is to blame.
func (s *Session) do(ctx context.Context, plan *Executable, f func(*process) error) error {
	if s.closed {
		return errClosed
	}
	if err := s.host.turns.take(ctx); err != nil {
		return err
	}
	defer s.host.turns.give()
	for again := true; ; again = false {
		p, err := s.host.ready(ctx)
		if err != nil {
			return err
		}
		err = s.enter(p)
		if err == nil {
			err = s.blame(ctx, plan, func() error { return f(p) })
		}
		if !isLost(err) {
			return err
		}
		s.host.end(p)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !again {
			return err
		}
	}
}

// blame runs f, which is refused if its plan is, and counts its death.
func (s *Session) blame(ctx context.Context, plan *Executable, f func() error) error {
	if plan == nil {
		return f()
	}
	if err := s.host.admit(plan.digest); err != nil {
		return err
	}
	err := f()
	if isLost(err) && ctx.Err() == nil { // or who cancelled is to blame
		s.host.blame(plan.digest)
	}
	return err
}

// enter brings what the session has to a process that it has not been in.
func (s *Session) enter(p *process) error {
	s.host.mu.Lock()
	born := s.host.born
	s.host.mu.Unlock()
	if s.born == born {
		return nil
	}
	if s.born != 0 {
		if err := s.past.restore(s, p); err != nil {
			return err
		}
	}
	s.born = born
	return nil
}

// A change is a buffer that is made, or freed.
type change struct {
	id   uint64
	size int64 // below zero: it is freed
	sent bool  // the device may know it, though it did not say so
}

// pending puts what the device does not know yet into a request.
func (s *Session) pending(q *request) *request {
	q.Session = s.id
	for i, c := range s.todo {
		s.todo[i].sent = true
		if c.size < 0 {
			q.Free = append(q.Free, c.id)
			continue
		}
		q.Make, q.Sizes = append(q.Make, c.id), append(q.Sizes, c.size)
	}
	return q
}

// tell makes what is pending known, before calls that do not carry it.
func (s *Session) tell(p *process) error {
	if len(s.todo) == 0 {
		return nil
	}
	_, err := p.ask(methodStage, s.pending(&request{}))
	s.told(err)
	return err
}

// told forgets what was pending once the device has done it. What it may or may not
// have done is said again: it does nothing twice.
func (s *Session) told(err error) {
	if err == nil {
		s.todo = s.todo[:0]
	}
}

// Alloc returns n zero bytes. The device makes them when it is next asked anything.
func (s *Session) Alloc(n int64) (*Buffer, error) {
	if s.closed {
		return nil, errClosed
	}
	s.last++
	b := &Buffer{s, s.last, n}
	s.todo = append(s.todo, change{id: b.id, size: n})
	s.past.made(b)
	return b, nil
}

// Free gives the bytes back.
func (b *Buffer) Free() {
	s := b.s
	s.past.freed(b)
	i := slices.IndexFunc(s.todo, func(c change) bool { return c.id == b.id })
	if i >= 0 {
		known := s.todo[i].sent
		if s.todo = slices.Delete(s.todo, i, i+1); !known {
			return
		}
	}
	s.todo = append(s.todo, change{id: b.id, size: -1})
}

// Write copies data to the buffer, from byte off on.
func (b *Buffer) Write(off int64, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	s := b.s
	err := s.do(context.Background(), nil, func(p *process) error {
		if err := s.tell(p); err != nil {
			return err
		}
		return p.write(s.id, b.id, off, data)
	})
	if err == nil {
		s.past.wrote(b, off, data)
	}
	return err
}

// Read copies the buffer's bytes from off on into data.
func (b *Buffer) Read(off int64, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	s := b.s
	return s.do(context.Background(), nil, func(p *process) error {
		if err := s.tell(p); err != nil {
			return err
		}
		return p.read(s.id, b.id, off, data)
	})
}

// Compile makes a plan runnable; opt is complete, and used if p has gradients.
func (s *Session) Compile(ctx context.Context, plan *graph.Plan, opt abi.Optimizer) (*Executable, error) {
	code := plan.Encode()
	if len(code.Plan) > maxCode {
		return nil, fmt.Errorf("driver: a plan of %d bytes, at most %d: %w", len(code.Plan), maxCode, abi.Exhausted)
	}
	s.last++
	x := &Executable{s: s, id: s.last, code: code, digest: code.Digest(), opt: opt, trained: plan.Trained}
	if err := s.do(ctx, x, x.compile); err != nil {
		return nil, err
	}
	s.past.compiled(x)
	return x, nil
}

// compile compiles in a process.
func (x *Executable) compile(p *process) error {
	s := x.s
	if err := s.tell(p); err != nil {
		return err
	}
	if err := x.stage(p, x.code.Bytes, x.code.Constants...); err != nil {
		return err
	}
	ctx, stop := within(p.cfg.Compile)
	defer stop()
	_, err := p.call(ctx, methodCompile, &request{Session: s.id, Object: x.id, Code: x.code.Plan, Optimizer: optimizerOf(x.opt)})
	return err
}

// stage leaves parts in the stage, each at the next multiple of graph.Align.
func (x *Executable) stage(p *process, n int64, parts ...[]byte) error {
	if n == 0 {
		return nil
	}
	if _, err := p.ask(methodStage, &request{Session: x.s.id, Bytes: n}); err != nil {
		return err
	}
	at := int64(0)
	for _, b := range parts {
		if err := p.write(x.s.id, 0, at, b); err != nil {
			return err
		}
		at += (int64(len(b)) + graph.Align - 1) &^ (graph.Align - 1)
	}
	return nil
}

// Run computes the outputs from inputs and parameters and then updates the
// parameters, if the plan has gradients, with the given learning rate. Buffers have
// the sizes of the plan. When ctx ends it returns the cause, and parameters are as
// they were; when the device is lost twice, an error that is ErrLost.
func (x *Executable) Run(ctx context.Context, in, params, out []*Buffer, rate float32) error {
	s := x.s
	q := request{Object: x.id, In: ids(in), Params: ids(params), Out: ids(out), Rate: rate}
	err := s.do(ctx, x, func(p *process) error {
		return s.past.timed(func() error {
			r := q
			err := p.run(ctx, s.pending(&r))
			s.told(err)
			return err
		})
	})
	if errors.Is(err, errStopped) {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	s.host.clear(x.digest)
	s.past.ran(x, &q, params, out)
	if !s.past.due() {
		return nil
	}
	err = s.do(context.WithoutCancel(ctx), nil, func(p *process) error { return s.past.snapshot(s, p) })
	if isLost(err) {
		return nil // the run is done; what comes next begins with what is remembered
	}
	return err
}

func ids(list []*Buffer) []uint64 {
	out := make([]uint64, len(list))
	for i, b := range list {
		out[i] = b.id
	}
	return out
}

// Close frees the program.
func (x *Executable) Close() {
	if x.closed || x.s.closed {
		return
	}
	x.closed = true
	s := x.s
	if s.present() {
		_ = s.do(context.Background(), nil, func(p *process) error {
			_, err := p.ask(methodRelease, s.pending(&request{Object: x.id}))
			s.told(err)
			return err
		}) // a process that ended took the program along
	}
}

// present reports whether the process the session is in is still there.
func (s *Session) present() bool {
	h := s.host
	h.mu.Lock()
	defer h.mu.Unlock()
	return s.born != 0 && s.born == h.born && h.process != nil && !h.process.client.Exited()
}

// Close frees everything of the session.
func (s *Session) Close() error {
	if s.closed {
		return nil
	}
	defer s.past.forget()
	if !s.present() {
		s.closed = true
		return nil
	}
	err := s.do(context.Background(), nil, func(p *process) error {
		_, err := p.ask(methodEnd, &request{Session: s.id})
		return err
	})
	s.closed = true
	if errors.Is(err, ErrLost) || errors.Is(err, errClosed) {
		return nil // there is nothing left to free
	}
	return err
}
