package cuda

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// An Error is a call of the driver API that failed. It wraps its code's Kind.
type Error struct {
	Call string // the function of the driver, "cuMemAlloc_v2"
	Code Code
	Note string // what was asked for, or the compiler's log; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("cuda: %s: %v (%d)", e.Call, e.Code, e.Code)
	if e.Note != "" {
		s += ": " + e.Note
	}
	return s
}

// Sticky reports that the device is lost to this process; see [Code.Sticky].
func (e *Error) Sticky() bool { return e.Code.Sticky() }

// Kind is what e wraps; see [Code.Kind].
func (e *Error) Kind() abi.Kind { return e.Code.Kind() }

// Unwrap returns the Kind.
func (e *Error) Unwrap() error { return e.Code.Kind() }

// Is makes a sticky error an ErrLost.
func (e *Error) Is(target error) bool { return target == error(ErrLost) && e.Sticky() }

// Hint says what the owner of the machine can do; empty if nothing is known.
func (e *Error) Hint() string {
	if e.Sticky() {
		return ErrLost.hint
	}
	return ""
}
