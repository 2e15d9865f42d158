package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/go-plugin/runner"
)

// A child starts and ends a driver's process for go-plugin: with nothing on its
// standard input, the ring and the life line beside it, and an environment that
// was chosen.
type child struct {
	cmd            *exec.Cmd
	stdout, stderr io.ReadCloser
	said           *tail
}

var _ runner.Runner = (*child)(nil)

// newChild takes over the command that go-plugin has prepared.
func newChild(cmd *exec.Cmd, path string, env []string, files ...*os.File) (*child, error) {
	c := &child{cmd: cmd, said: new(tail)}
	cmd.Path, cmd.Args, cmd.Stdin, cmd.ExtraFiles = path, []string{path}, nil, files
	cmd.Env = append(cmd.Env, env...)
	var err error
	if c.stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if c.stderr, err = cmd.StderrPipe(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) Start(context.Context) error { return c.cmd.Start() }
func (c *child) Wait(context.Context) error  { return c.cmd.Wait() }
func (c *child) Stdout() io.ReadCloser       { return c.stdout }
func (c *child) Stderr() io.ReadCloser       { return c.stderr }
func (c *child) Name() string                { return c.cmd.Path }

// Diagnose says what the process wrote before it ended.
func (c *child) Diagnose(context.Context) string { return c.said.String() }

func (c *child) Kill(context.Context) error {
	if c.cmd.Process == nil {
		return nil
	}
	if err := c.cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (c *child) ID() string {
	if c.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(c.cmd.Process.Pid)
}

func (*child) PluginToHost(network, addr string) (string, string, error) { return network, addr, nil }
func (*child) HostToPlugin(network, addr string) (string, string, error) { return network, addr, nil }

// A tail keeps the first line that is written to it, short enough for an error.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b[:min(len(b), 256-len(t.b))]...)
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(string(t.b)), "\n")
	return strings.ToValidUTF8(fmt.Sprintf("%.200s", line), "")
}
