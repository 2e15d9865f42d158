// Package native loads shared libraries of C when the program runs, without cgo,
// and calls what is in them. A program that links it starts where none is.
//
// C sees addresses that Go must not move or free meanwhile: what a call points to
// is a variable on the heap that its owner keeps, never one on the stack.
package native

import (
	"errors"
	"unsafe"
)

// ErrAbsent is returned when a library is nowhere.
var ErrAbsent = errors.New("native: no such library")

// A Library is a shared library in this process.
type Library struct {
	Path   string // by which it was found
	handle uintptr
}

// A Proc is the address of a C function of up to 16 integers and pointers. Zero is none.
type Proc uintptr

// String returns the text at p, which ends in a zero byte; nil is empty.
func String(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

// Text returns the text in b up to its zero byte.
func Text(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
