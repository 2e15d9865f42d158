package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
)

var (
	errNotHooked = errors.New("driver: main does not call driver.Main first")
	errBroken    = errors.New("the driver does not keep to the protocol")
)

// A process is a driver's process, from its start to its end.
type process struct {
	cfg    *Config
	client *plugin.Client
	child  *child
	conn   *grpc.ClientConn
	ring   *ring
	life   *os.File // open as long as the host wants the process
	slot   uint32   // the next that is used; one goroutine at a time moves data
	calls  atomic.Uint64
	hello  *reply
	over   sync.Once
}

// start starts a process and says hello to it.
func start(ctx context.Context, cfg *Config) (_ *process, err error) {
	path := cfg.Path
	if path == "" {
		if !hooked.Load() {
			return nil, fmt.Errorf("%w: %w", abi.Internal, errNotHooked)
		}
		if path, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("driver: %w: %w", abi.Unavailable, err)
		}
	}
	if s, err := os.Stat(path); err == nil && s.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("driver: %s: anybody may write to it: %w", path, abi.Denied)
	}
	p := &process{cfg: cfg}
	defer func() {
		if err != nil {
			p.kill()
		}
	}()
	file, err := ringFile(ringBytes(cfg.Slots, cfg.SlotBytes))
	if err != nil {
		return nil, fmt.Errorf("driver: ring: %w: %w", abi.Unavailable, err)
	}
	defer file.Close()
	mem, err := mapFile(file)
	if err != nil {
		return nil, fmt.Errorf("driver: ring: %w: %w", abi.Unavailable, err)
	}
	p.ring = newRing(mem, cfg.Slots, cfg.SlotBytes)
	life, held, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("driver: %w: %w", abi.Unavailable, err)
	}
	defer life.Close()
	p.life = held
	said := new(tail)
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          plugin.PluginSet{"device": &link{}},
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		StartTimeout:     cfg.Start,
		Logger:           hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
		Stderr:           said,
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.ForceCodec(codec{}), grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage))},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			c, err := newChild(cmd, path, cfg.environ(), file, life)
			if err == nil {
				c.said, p.child = said, c
			}
			return c, err
		},
	})
	protocol, err := p.client.Client()
	if err != nil {
		return nil, fmt.Errorf("driver: %s does not start: %s: %w: %w", cfg.name(), said, abi.Unavailable, err)
	}
	raw, err := protocol.Dispense("device")
	if err != nil {
		return nil, fmt.Errorf("driver: %s does not start: %w: %w", cfg.name(), abi.Unavailable, err)
	}
	p.conn = raw.(*grpc.ClientConn)
	ctx, stop := context.WithTimeout(ctx, cfg.Start)
	defer stop()
	r, err := p.call(ctx, methodHello, &request{Version: Version})
	if err == nil && r.Version != Version {
		err = fmt.Errorf("driver: %s speaks version %d, this is %d: %w", cfg.name(), r.Version, Version, abi.Unavailable)
	}
	if err != nil {
		return nil, err
	}
	p.hello = r
	return p, nil
}

// environ is all that a driver gets of an environment.
func (c *Config) environ() []string {
	env := []string{"TMPDIR=" + os.TempDir(), "GOTRACEBACK=single"}
	if c.BuiltIn != "" {
		env = append(env, builtIn+"="+c.BuiltIn)
	}
	for _, name := range c.Pass {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// kill ends the process at once, and waits for it.
func (p *process) kill() {
	if p.child != nil {
		_ = p.child.Kill(context.Background()) // it may be gone already
	}
	p.over.Do(p.end)
}

// close asks the process to end, and waits for it.
func (p *process) close() {
	p.over.Do(func() {
		late := time.AfterFunc(p.cfg.Call, func() { _ = p.child.Kill(context.Background()) })
		defer late.Stop()
		p.end()
	})
}

func (p *process) end() {
	if p.client != nil {
		p.client.Kill()
	}
	if p.life != nil {
		p.life.Close()
	}
	if p.ring != nil {
		clear(p.ring.mem) // the driver may still have it mapped
		_ = unmap(p.ring.mem)
	}
}

// A lostError says that the process is of no use any more.
type lostError struct{ err error }

func (e *lostError) Error() string { return fmt.Sprintf("driver: %v: %v", ErrLost, e.err) }
func (e *lostError) Unwrap() error { return ErrLost }

func isLost(err error) bool { _, ok := errors.AsType[*lostError](err); return ok }

// A remote error has the driver's text, which names the kind already.
type remote struct {
	kind abi.Kind
	text string
}

func (e *remote) Error() string { return e.text }
func (e *remote) Unwrap() error { return e.kind }

// errStopped says that a run was cancelled in time.
var errStopped = errors.New("driver: the run was cancelled")

// call asks the driver. What is no answer to this call means that it is lost.
func (p *process) call(ctx context.Context, method string, q *request) (*reply, error) {
	q.Call = p.calls.Add(1)
	return p.send(ctx, method, q)
}

func (p *process) send(ctx context.Context, method string, q *request) (*reply, error) {
	r := new(reply)
	err := p.conn.Invoke(ctx, "/"+service+"/"+method, q, r)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &lostError{fmt.Errorf("%s: no answer: %w", method, context.Cause(ctx))}
	case err != nil:
		return nil, &lostError{fmt.Errorf("%s: %w", method, err)}
	case r.Call != q.Call:
		return nil, &lostError{fmt.Errorf("%s: %w: call %d is answered as %d", method, errBroken, q.Call, r.Call)}
	case r.Lost:
		return nil, &lostError{fmt.Errorf("%s: %s", method, r.Text)}
	case r.Stopped:
		return nil, errStopped
	case r.Text != "":
		return nil, &remote{abi.Kind(r.Kind), r.Text}
	}
	return r, nil
}

// within bounds a call by d from now.
func within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.Background(), d, fmt.Errorf("it took more than %v", d))
}

// ask is a call that ends by the deadline of short ones.
func (p *process) ask(method string, q *request) (*reply, error) {
	ctx, stop := within(p.cfg.Call)
	defer stop()
	return p.call(ctx, method, q)
}

// next returns the slot that was used longest ago.
func (p *process) next() uint32 {
	p.slot = (p.slot + 1) % uint32(p.ring.slots)
	return p.slot
}

// write copies b to an object, from byte off on.
func (p *process) write(session, object uint64, off int64, b []byte) error {
	for len(b) > 0 {
		k := p.next()
		n := min(int64(len(b)), p.ring.size)
		slot, err := p.ring.slot(k, n)
		if err != nil {
			return err
		}
		q := &request{Session: session, Object: object, Offset: off, Bytes: n, Slot: k}
		q.Call = p.calls.Add(1)
		copy(slot, b)
		p.ring.fill(k, q.Call, n)
		ctx, stop := within(p.cfg.Call)
		_, err = p.send(ctx, methodWrite, q)
		stop()
		p.ring.wipe(k, n)
		if err != nil {
			return err
		}
		b, off = b[n:], off+n
	}
	return nil
}

// read copies an object's bytes from byte off on into b.
func (p *process) read(session, object uint64, off int64, b []byte) error {
	for len(b) > 0 {
		k := p.next()
		n := min(int64(len(b)), p.ring.size)
		slot, err := p.ring.slot(k, n)
		if err != nil {
			return err
		}
		r, err := p.ask(methodRead, &request{Session: session, Object: object, Offset: off, Bytes: n, Slot: k})
		if err == nil {
			if err = p.ring.filled(k, r.Call, n); err != nil {
				err = &lostError{fmt.Errorf("%w: %w", errBroken, err)}
			}
		}
		if err == nil {
			copy(b, slot)
		}
		p.ring.wipe(k, n)
		if err != nil {
			return err
		}
		b, off = b[n:], off+n
	}
	return nil
}

// run runs a program. When ctx ends first the driver is asked to stop, and killed
// when it does not within the grace; the error is then lost, with the cause of ctx.
func (p *process) run(ctx context.Context, q *request) error {
	q.Call = p.calls.Add(1)
	deadline, stop := within(p.cfg.Run)
	defer stop()
	done := make(chan error, 1)
	go func() {
		_, err := p.send(deadline, methodRun, q)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		q := &request{Object: q.Call, Call: p.calls.Add(1)}
		_, _ = p.send(deadline, methodCancel, q) // the run says what became of it
	}()
	defer func() { stop(); <-asked }()
	grace := time.NewTimer(p.cfg.Grace)
	defer grace.Stop()
	select {
	case err := <-done:
		return err
	case <-grace.C:
		stop()
		<-done
		return &lostError{fmt.Errorf("it did not stop: %w", context.Cause(ctx))}
	}
}
