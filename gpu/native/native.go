//go:build linux && (amd64 || arm64)

package native

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/ebitengine/purego"
)

// Supported reports whether this system can load libraries.
const Supported = true

// Open loads the first of the paths, one or more, that is there. A path without a slash is
// looked for as the system's loader does. Without any the error is ErrAbsent; one
// that is there and cannot be loaded is another error, unless a later path can.
func Open(paths ...string) (*Library, error) {
	// What went wrong is kept for the thread that asked.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var broken []error
	for _, path := range paths {
		h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err == nil {
			return &Library{Path: path, handle: h}, nil
		}
		if text := err.Error(); !strings.HasPrefix(text, path+": cannot open shared object file: No such file") {
			broken = append(broken, errors.New("native: "+strings.TrimPrefix(text, "native: ")))
		}
	}
	if len(broken) > 0 {
		return nil, errors.Join(broken...)
	}
	others := ""
	if len(paths) > 1 {
		others = fmt.Sprintf(", nor in %d other places", len(paths)-1)
	}
	return nil, fmt.Errorf("%w: %s%s", ErrAbsent, paths[0], others)
}

// Proc returns the function of that name, or zero if the library has none.
func (l *Library) Proc(name string) Proc {
	p, err := purego.Dlsym(l.handle, name)
	if err != nil {
		return 0
	}
	return Proc(p)
}

// Close unloads the library unless somebody else has it open. None of its
// functions may run, or be called again.
func (l *Library) Close() error {
	if l.handle == 0 {
		return nil
	}
	h := l.handle
	l.handle = 0
	return purego.Dlclose(h)
}

// Call calls the function; p is not zero. It allocates nothing if args is a slice that the caller keeps.
func (p Proc) Call(args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(uintptr(p), args...)
	return r
}
