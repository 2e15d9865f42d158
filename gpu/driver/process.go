package driver

import (
	"context"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"

	"github.com/cloister-ai/cloister/abi"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// A Process is a child with programs in it, started when it is first needed and
// again after it ended. One goroutine uses it. The zero value is ready to use.
type Process struct {
	client *plugin.Client // nil when there is no child
	cmd    *exec.Cmd
	rpc    *rpc.Client
	born   uint64 // children started so far
}

// start makes sure that there is a child.
func (p *Process) start() error {
	if p.client != nil && !p.client.Exited() {
		return nil
	}
	p.end(true)
	if !hooked.Load() {
		return fmt.Errorf("%w: %w", abi.Internal, errNotHooked)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("driver: %w: %w", abi.Unavailable, err)
	}
	p.cmd = exec.Command(self)
	p.cmd.Env = []string{"TMPDIR=" + os.TempDir(), "GOTRACEBACK=single"} // nothing else of ours is its business
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          plugin.PluginSet{"engine": &link{}},
		Cmd:              p.cmd,
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
	p.born++
	conn, err := p.client.Client()
	if err != nil {
		p.end(true)
		return fmt.Errorf("driver: start: %w: %w", abi.Unavailable, err)
	}
	raw, err := conn.Dispense("engine")
	if err != nil {
		p.end(true)
		return fmt.Errorf("driver: start: %w: %w", abi.Unavailable, err)
	}
	p.rpc = raw.(*rpc.Client)
	return nil
}

// end kills the child, if there is one, and waits for it. A child that is busy, or
// that failed, does not listen and is not asked first.
func (p *Process) end(busy bool) {
	if p.client == nil {
		return
	}
	if busy && p.cmd.Process != nil {
		_ = p.cmd.Process.Kill() // it may be gone already
	}
	p.client.Kill()
	p.client, p.cmd, p.rpc = nil, nil, nil
}

// Close ends the child. A later call starts a fresh one.
func (p *Process) Close() error {
	p.end(false)
	return nil
}

// call asks the child. When ctx ends first, the child is killed and the cause is
// returned; when the child ends first, the error is Unavailable.
func (p *Process) call(ctx context.Context, method string, arg any) (Reply, error) {
	var r Reply
	done := p.rpc.Go("Plugin."+method, arg, &r, make(chan *rpc.Call, 1)).Done
	select {
	case <-ctx.Done():
		p.end(true)
		return Reply{}, context.Cause(ctx)
	case c := <-done:
		if c.Error != nil {
			p.end(true)
			return Reply{}, fmt.Errorf("driver: the process ended: %w: %w", abi.Unavailable, c.Error)
		}
	}
	if r.Text != "" {
		if r.Kind == abi.Internal {
			p.end(true) // what failed inside Gorgonia may fail again, elsewhere
		}
		return Reply{}, &remote{r.Kind, r.Text}
	}
	return r, nil
}

// A remote error has the child's text, which names the kind already.
type remote struct {
	kind abi.Kind
	text string
}

func (e *remote) Error() string { return e.text }
func (e *remote) Unwrap() error { return e.kind }

// A Program is a program in a child. It is compiled again in the next child when
// one has ended.
type Program struct {
	process *Process
	plan    []byte
	id      uint64
	born    uint64 // the child it is in
}

// Compile makes an encoded program runnable.
func (p *Process) Compile(ctx context.Context, plan []byte) (*Program, error) {
	x := &Program{process: p, plan: plan}
	if err := x.load(ctx); err != nil {
		return nil, err
	}
	return x, nil
}

func (x *Program) load(ctx context.Context) error {
	if err := x.process.start(); err != nil {
		return err
	}
	if x.born == x.process.born {
		return nil
	}
	r, err := x.process.call(ctx, "Compile", x.plan)
	if err != nil {
		return err
	}
	x.id, x.born = r.ID, x.process.born
	return nil
}

// Run computes the outputs from the inputs.
func (x *Program) Run(ctx context.Context, in [][]byte) ([][]byte, error) {
	if err := x.load(ctx); err != nil {
		return nil, err
	}
	r, err := x.process.call(ctx, "Run", Call{x.id, in})
	return r.Out, err
}

// Close frees the program in its child, if that is still there.
func (x *Program) Close(ctx context.Context) error {
	p := x.process
	if p.client == nil || p.client.Exited() || x.born != p.born {
		return nil
	}
	_, err := p.call(ctx, "Free", x.id)
	return err
}
