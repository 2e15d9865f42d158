package ptxvm

import (
	"fmt"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// A Class says what kind of wrong a kernel did. It is itself an error, so a
// caller tests for it with errors.Is.
type Class uint8

// The classes of faults.
const (
	OutOfBounds   Class = iota + 1 // an address outside every allocation, or across the end of one
	Misaligned                     // an address that is no multiple of the access
	Uninitialised                  // memory or a register read before it was written
	Race                           // two threads on one place, one of them writing, nothing between them
	Divergence                     // an instruction for whole warps or blocks that not all of their threads reach
	BadMask                        // a member mask that leaves out a thread that runs the instruction, or names one that cannot
	Deadlock                       // every thread that is left waits
	Endless                        // the instruction budget is spent
	Fallthrough                    // the end of the text without ret or exit
	InFlight                       // a register or memory that an asynchronous operation still owns
	Resources                      // a launch larger than the target has room for
	Trapped                        // trap, or an mbarrier or descriptor that no hardware would take
)

var classes = [...]string{"no fault", "out of bounds", "misaligned", "uninitialised", "race", "divergence", "bad member mask",
	"deadlock", "endless", "fell off the end", "in flight", "out of resources", "trap"}

func (c Class) Error() string {
	if int(c) < len(classes) {
		return classes[c]
	}
	return "unknown fault"
}

// A Fault is what stopped a kernel: the first wrong thing that one of its
// threads did, in the order in which the machine runs them.
type Fault struct {
	Class  Class
	Kernel string
	Line   int    // in the text, from 1; 0 for a fault of the launch itself
	Text   string // the instruction
	Block  [3]uint32
	Thread [3]uint32
	Detail string
}

func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ptxvm: %s: %v: %s", f.Kernel, f.Class, f.Detail)
	if f.Line > 0 {
		fmt.Fprintf(&b, " at line %d `%s` in block %v thread %v", f.Line, f.Text, f.Block, f.Thread)
	}
	return b.String()
}

// Unwrap makes errors.Is find the class, and abi.Guest: the kernel failed by itself.
func (f *Fault) Unwrap() []error { return []error{f.Class, abi.Guest} }

// fault stops the warp: it is recovered where the block runs, and nowhere else.
func (w *warp) fault(in *inst, lane int, class Class, format string, args ...any) {
	panic(&Fault{
		Class: class, Kernel: w.block.kernel.Name, Line: int(in.line), Text: in.text,
		Block: w.block.id, Thread: w.block.thread(w.id*lanes + lane), Detail: fmt.Sprintf(format, args...),
	})
}
