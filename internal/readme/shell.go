package readme

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	patience = time.Minute      // for one command
	grace    = 20 * time.Second // for what runs in the background, to end
	poll     = 10 * time.Millisecond

	mark = "-- end of command" // between the outputs of two commands
)

// A shell is a running sh. What it and its children print goes to one file, so
// that nobody ever waits for a reader.
type shell struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   string // path of the file
	read  int    // bytes of it that belong to earlier commands
	ended chan struct{}
}

func start(t testing.TB, dir string, env []string) *shell {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // the shell has its own
	s := &shell{cmd: exec.Command("sh"), out: out.Name(), ended: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env = dir, append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(s.ended); s.cmd.Wait() }() // how it ended is in what it printed
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	// Handled, not ignored: what the shell starts does not inherit it.
	if _, err := io.WriteString(s.in, "trap : TERM\n"); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs one command and checks what it prints.
func (s *shell) run(c step) error {
	// In braces, and so in this shell: variables last, and the command cannot
	// read the commands after it.
	if _, err := fmt.Fprintf(s.in, "{ %s\n} </dev/null\nprintf '\\n%s %%d\\n' $?\n", c.command, mark); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(poll) {
		output, read, status, done, err := s.output()
		if err != nil {
			return err
		}
		lacks, lacking := missing(output, c.prints)
		if done && (!lacking || !c.background()) {
			s.read = read
		}
		switch {
		case done && status != 0:
			return fmt.Errorf("exit status %d\n%s", status, output)
		case done && !lacking:
			return nil
		case done && !c.background():
			return fmt.Errorf("did not print\n%s\nbut\n%s", lacks, output)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the shell ended\n%s", output)
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("nothing more after %v; printed\n%s", patience, output)
		}
	}
}

// output returns what was printed since the command before, how much there is
// of the whole file, and the exit status when the shell is done with the command.
func (s *shell) output() (text string, read, status int, done bool, err error) {
	b, err := os.ReadFile(s.out)
	if err != nil {
		return "", 0, 0, false, err
	}
	text = string(b[s.read:])
	before, after, found := strings.Cut(text, mark+" ")
	code, rest, whole := strings.Cut(after, "\n")
	if !found || !whole {
		return text, len(b), 0, false, nil
	}
	if status, err = strconv.Atoi(code); err != nil {
		return text, len(b), 0, false, fmt.Errorf("exit status %q: %w", code, err)
	}
	return before + rest, len(b), status, true, nil
}

// stop ends everything that runs in the background, and the shell.
func (s *shell) stop() error {
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM) // no such process: all the better
	io.WriteString(s.in, "wait\n")                    // the shell may be gone
	s.in.Close()
	select {
	case <-s.ended:
		return nil
	case <-time.After(grace):
	}
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.ended
	return fmt.Errorf("what the README started did not end within %v of SIGTERM", grace)
}
