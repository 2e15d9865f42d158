// Package readme runs the commands of a README in a shell, as its reader would, and holds it to what it says they print.
//
// A command is an indented line that begins with "$ ", continued while lines
// end in a backslash. The indented lines below it are lines that it prints, in
// that order, with "…" for what differs each time; it may print others between
// them. A command that ends in "&" goes on in the background, and counts as
// started once it has printed them. Every other command must succeed.
package readme

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A step is one command and what it prints.
type step struct {
	line    int // of the README
	command string
	prints  []string
}

// background reports whether the shell does not wait for the command.
func (s step) background() bool { return strings.HasSuffix(s.command, "&") }

const (
	indent = "    "
	prompt = indent + "$ "
)

// steps finds the commands of a README.
func steps(text string) []step {
	var all []step
	inside := false // of an indented block that began with a command
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if command, ok := strings.CutPrefix(line, prompt); ok {
			s := step{line: i + 1, command: command}
			for strings.HasSuffix(s.command, `\`) && i+1 < len(lines) {
				i++
				s.command = strings.TrimSuffix(s.command, `\`) + strings.TrimSpace(lines[i])
			}
			all, inside = append(all, s), true
			continue
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if inside = inside && strings.HasPrefix(line, indent); inside {
			last := &all[len(all)-1]
			last.prints = append(last.prints, line)
		}
	}
	return all
}

// missing returns the first of want that output does not have, in order; none
// when it has them all.
func missing(output string, want []string) (line string, found bool) {
	rest := strings.Split(output, "\n")
next:
	for _, w := range want {
		for i, got := range rest {
			if matches(got, w) {
				rest = rest[i+1:]
				continue next
			}
		}
		return w, true
	}
	return "", false
}

// matches reports whether a printed line is the wanted one, up to spaces and
// "…".
func matches(got, want string) bool {
	got, want = strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")
	first, others, open := strings.Cut(want, "…")
	if !open {
		return got == want
	}
	got, ok := strings.CutPrefix(got, first)
	if !ok {
		return false
	}
	parts := strings.Split(others, "…")
	for _, part := range parts[:len(parts)-1] {
		_, after, ok := strings.Cut(got, part)
		if !ok {
			return false
		}
		got = after
	}
	return strings.HasSuffix(got, parts[len(parts)-1])
}

// Run runs the commands of a README in one shell that starts in folder dir, with
// env added to the environment. When it returns, the shell and everything that
// was started in it have ended.
func Run(t testing.TB, readme, dir string, env ...string) {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	all := steps(string(text))
	if len(all) == 0 {
		t.Fatalf("%s has no commands", readme)
	}
	sh := start(t, dir, env)
	for _, s := range all {
		where := filepath.Base(filepath.Dir(readme)) + "/" + filepath.Base(readme)
		t.Logf("%s:%d: $ %s", where, s.line, s.command)
		if err := sh.run(s); err != nil {
			t.Fatalf("%s:%d: $ %s\n%v", where, s.line, s.command, err)
		}
	}
}
