package driver

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync/atomic"

	"github.com/cloister-ai/cloister/abi"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// handshake tells a child that it is one, and keeps a user from starting it by
// mistake. It is no secret: AutoMTLS is what authenticates.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  Version,
	MagicCookieKey:   "CLOISTER_DRIVER",
	MagicCookieValue: "device",
}

// builtIn names to a child the driver of its own binary that it is.
const builtIn = "CLOISTER_DEVICE"

// The files that a driver is given beside the standard ones.
const (
	ringFD = 3
	lifeFD = 4 // ends when the host has ended
)

// hooked is set once Main has run, so that no binary executes itself as a child
// that then behaves like its parent.
var hooked atomic.Bool

// Main is the first call in main of every program that uses drivers of its own
// binary: in a child it serves one of them and exits, in any other it returns.
func Main(drivers map[string]func() (Device, error)) {
	hooked.Store(true)
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		return
	}
	name := os.Getenv(builtIn)
	open, ok := drivers[name]
	if !ok {
		open = func() (Device, error) {
			return nil, fmt.Errorf("driver: %q is not one of %q: %w", name, slices.Sorted(maps.Keys(drivers)), abi.Invalid)
		}
	}
	Serve(open)
}

// Serve is the whole main of a driver: it opens the device, serves it to the host
// that started the process, and exits when that is done with it. What open fails
// with is what the host says of the driver.
func Serve(open func() (Device, error)) {
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		fmt.Fprintln(os.Stderr, "this is a driver: cloister starts it, with --engine driver:PATH")
		os.Exit(2)
	}
	ring, err := inheritedRing()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	go follow()
	s := newServer(ring, open)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{"device": &link{server: s}},
		Logger:          hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.ForceServerCodec(codec{}), grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))...)
		},
	})
	s.close()
	os.Exit(0)
}

// inheritedRing maps what the host left at ringFD.
func inheritedRing() (*ring, error) {
	f := os.NewFile(ringFD, "ring")
	defer f.Close()
	mem, err := mapFile(f)
	if err != nil {
		return nil, fmt.Errorf("driver: ring: %w: %w", abi.Unavailable, err)
	}
	return openRing(mem)
}

// follow ends the child when its host has ended without saying so.
func follow() {
	_, _ = io.Copy(io.Discard, os.NewFile(lifeFD, "life"))
	os.Exit(0)
}

// A link is both ends of the connection, as go-plugin wants it.
type link struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

func (l *link) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	g.RegisterService(&grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil), Methods: l.server.methods()}, l.server)
	return nil
}

func (*link) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}
