//go:build linux && (amd64 || arm64)

package native_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/gpu/native"
)

func TestTheFirstLibraryThatIsThereIsLoaded(t *testing.T) {
	l, err := native.Open("libabsent.so.1", "libc.so.6")
	if err != nil || l.Path != "libc.so.6" {
		t.Fatalf("Open = %+v, %v; want the C library", l, err)
	}
	defer l.Close()
	if l.Proc("no_such_function") != 0 {
		t.Error("found a function that does not exist")
	}
	abs := l.Proc("labs")
	if got := abs.Call(^uintptr(41)); got != 42 {
		t.Errorf("labs(-42) = %d", got)
	}
	args := []uintptr{7}
	if n := testing.AllocsPerRun(100, func() { abs.Call(args...) }); n != 0 {
		t.Errorf("a call allocates %v times", n)
	}
}

func TestALibraryThatIsNowhereIsAbsent(t *testing.T) {
	if _, err := native.Open("libabsent.so.1", "/nowhere/libabsent.so.1"); !errors.Is(err, native.ErrAbsent) {
		t.Errorf("Open = %v, want ErrAbsent", err)
	}
}

func TestALibraryThatIsBrokenIsNotAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libbroken.so.1")
	if err := os.WriteFile(path, []byte("no ELF"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := native.Open(path, "libabsent.so.1"); err == nil || errors.Is(err, native.ErrAbsent) {
		t.Errorf("Open = %v, want what is wrong with it", err)
	}
	l, err := native.Open(path, "libc.so.6")
	if err != nil {
		t.Errorf("Open = %v, want the next that works", err)
	} else {
		l.Close()
	}
}
