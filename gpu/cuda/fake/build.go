// Package fake has stand-ins for NVIDIA's libraries, written in C and built by the
// tests that use them: what a test can say of a driver without a device.
package fake

import (
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

//go:embed src/*.c
var sources embed.FS

// built are the libraries by source and flags, as bytes: each test gets a file of
// its own, and with it a library with nothing in it of another test.
var built struct {
	sync.Mutex
	files map[string][]byte
}

// Build compiles src/NAME.c with the flags and returns the path of the library.
// Without a C compiler the test is skipped.
func Build(t testing.TB, name string, flags ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: cc is not in the path, and the stand-in library is written in C")
	}
	path := filepath.Join(t.TempDir(), "lib"+name+".so.1")
	built.Lock()
	defer built.Unlock()
	key := name + " " + strings.Join(flags, " ")
	if built.files[key] == nil {
		src, err := sources.ReadFile("src/" + name + ".c")
		if err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-shared", "-fPIC", "-o", path, "-x", "c", "-"}, flags...)
		cmd := exec.Command(cc, args...)
		cmd.Stdin = strings.NewReader(string(src))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if built.files == nil {
			built.files = make(map[string][]byte)
		}
		built.files[key] = b
	}
	if err := os.WriteFile(path, built.files[key], 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
