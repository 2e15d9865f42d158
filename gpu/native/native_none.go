//go:build !(linux && (amd64 || arm64))

package native

import "fmt"

// Supported reports whether this system can load libraries.
const Supported = false

// Open finds nothing here.
func Open(paths ...string) (*Library, error) {
	return nil, fmt.Errorf("%w: not on this system", ErrAbsent)
}

// Proc finds nothing here.
func (l *Library) Proc(name string) Proc { return 0 }

// Close does nothing here.
func (l *Library) Close() error { return nil }

// Call is never reached, because nothing hands out a Proc.
func (p Proc) Call(args ...uintptr) uintptr { panic("native: no library on this system") }
