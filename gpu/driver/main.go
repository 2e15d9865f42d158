// Package driver runs an engine in a process of its own: the same binary,
// executed again, so that what kills it leaves the host alive.
package driver

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/gorgonia"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// handshake tells a child that it is one, and keeps a user from starting it by
// mistake. It is no secret: AutoMTLS is what authenticates.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "CLOISTER_DRIVER",
	MagicCookieValue: "gorgonia",
}

// hooked is set once Main has run, so that no binary executes itself as a child
// that then behaves like its parent.
var hooked atomic.Bool

// Main is the first call in main of every program that uses a driver: in a child
// process it serves and exits, in any other it returns.
func Main() {
	hooked.Store(true)
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		return
	}
	go follow(os.Getppid())
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{"engine": &link{}},
		Logger:          hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
	os.Exit(0)
}

// follow ends the child when its parent has ended without saying so.
func follow(parent int) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			os.Exit(0)
		}
	}
}

// A link is both ends of the connection, as go-plugin wants it.
type link struct{}

func (*link) Server(*plugin.MuxBroker) (any, error) {
	return &server{machines: make(map[uint64]*gorgonia.Machine)}, nil
}

func (*link) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return c, nil }

// A server is the child's end. Its methods are called over net/rpc. What fails is
// in the reply, with its kind, because an error loses it on the way.
type server struct {
	mu       sync.Mutex
	last     uint64
	machines map[uint64]*gorgonia.Machine
}

// A Reply is the answer to every call.
type Reply struct {
	ID   uint64
	Out  [][]byte
	Kind abi.Kind // with Text, the error
	Text string
}

// A Call is a run of a program.
type Call struct {
	ID uint64
	In [][]byte
}

// guard turns an error, or a panic that can be caught, into a reply.
func guard(r *Reply, f func() error) (_ error) {
	defer func() {
		if p := recover(); p != nil {
			r.Kind, r.Text = abi.Internal, fmt.Sprintf("driver: panic: %v", p)
		}
	}()
	if err := f(); err != nil {
		r.Kind, r.Text = abi.KindOf(err), err.Error()
	}
	return nil
}

// Compile makes a program runnable.
func (s *server) Compile(plan []byte, r *Reply) error {
	return guard(r, func() error {
		m, err := gorgonia.Open(plan)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last++
		r.ID, s.machines[s.last] = s.last, m
		return nil
	})
}

// Run runs a program.
func (s *server) Run(c Call, r *Reply) error {
	return guard(r, func() (err error) {
		s.mu.Lock()
		m := s.machines[c.ID]
		s.mu.Unlock()
		if m == nil {
			return fmt.Errorf("driver: program %d is not here: %w", c.ID, abi.Internal)
		}
		r.Out, err = m.Run(c.In)
		return err
	})
}

// Free forgets a program.
func (s *server) Free(id uint64, r *Reply) error {
	return guard(r, func() error {
		s.mu.Lock()
		m := s.machines[id]
		delete(s.machines, id)
		s.mu.Unlock()
		if m == nil {
			return nil
		}
		return m.Close()
	})
}

var errNotHooked = errors.New("driver: main does not call driver.Main first")
