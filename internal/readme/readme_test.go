package readme

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStepsAreTheIndentedLinesWithAPrompt(t *testing.T) {
	got := steps(strings.Join([]string{
		"# Title", "", "$ not indented", "    not a command", "",
		"    $ echo one", "    one", "", "    still one",
		"text", "    no longer its output",
		"    $ echo two \\", "        and more &", "    two",
	}, "\n"))
	want := []step{
		{6, "echo one", []string{"    one", "    still one"}},
		{12, "echo two and more &", []string{"    two"}},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(step{})); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if got[0].background() || !got[1].background() {
		t.Error("the second command goes on in the background, the first does not")
	}
}

func TestLinesMatchUpToSpacesAndDots(t *testing.T) {
	for _, c := range []struct {
		got, want string
		ok        bool
	}{
		{"a   b", " a b ", true},
		{"a b", "a c", false},
		{"accuracy 0.93", "accuracy 0.9…", true},
		{"accuracy 0.83", "accuracy 0.9…", false},
		{"a 1 b 2 c", "a … b … c", true},
		{"a 1 c 2 b", "a … b … c", false},
		{"a", "a…a", false},
		{"ba", "a…", false},
		{"", "…", true},
	} {
		if matches(c.got, c.want) != c.ok {
			t.Errorf("matches(%q, %q) = %v, want %v", c.got, c.want, !c.ok, c.ok)
		}
	}
	for _, c := range []struct {
		output string
		want   []string
		lacks  string
	}{
		{"x\na\nb\n", []string{"a", "b"}, ""},
		{"x\nb\na\n", []string{"a", "b"}, "b"},
		{"a\n", []string{"a", "a"}, "a"},
	} {
		if line, lacking := missing(c.output, c.want); line != c.lacks || lacking != (c.lacks != "") {
			t.Errorf("missing(%q, %q) = %q, %v; want %q", c.output, c.want, line, lacking, c.lacks)
		}
	}
}

func TestAShellKeepsItsVariablesAndSaysWhatFailed(t *testing.T) {
	s := start(t, t.TempDir(), []string{"GREETING=hello"})
	for _, c := range []struct {
		step
		fails string // part of the error; empty: none
	}{
		{step{command: "NAME=Ada"}, ""},
		{step{command: "cat; echo $GREETING $NAME", prints: []string{"hello …"}}, ""},
		{step{command: "echo $GREETING", prints: []string{"good bye"}}, "did not print\ngood bye"},
		{step{command: "echo to the other stream >&2; false"}, "exit status 1\nto the other stream"},
		{step{command: "(sleep 0.1; echo ready; exec sleep 100) &", prints: []string{"ready"}}, ""},
		{step{command: "echo $NAME", prints: []string{"Ada"}}, ""},
		{step{command: "exit 3"}, "the shell ended"},
	} {
		err := s.run(c.step)
		if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: %v, want %q", c.command, err, c.fails)
		}
	}
}

func TestNothingOutlivesTheReadme(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "README.md")
	if err := os.WriteFile(path, []byte("    $ sh -c 'echo $$ > pid; echo up; exec sleep 100' &\n    up\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("readme", func(t *testing.T) { Run(t, path, dir) })
	b, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	for _, c := range strings.TrimSpace(string(b)) {
		pid = 10*pid + int(c-'0')
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d still there: %v", pid, err)
	}
}
