// Package ptx writes PTX, the assembly that CUDA drivers compile for the card
// they find: kernels with typed values, structured control flow and index
// arithmetic that knows its constants. The same calls give the same text.
//
// Arithmetic rounds as IEEE 754 says and is never contracted: every instruction
// names its rounding, and a fused multiply-add is one only where it is asked for.
package ptx

import (
	"fmt"
	"strings"
)

// A Target is the oldest card that a module runs on, and the oldest version of
// the assembly that has its instructions: the driver must know that version.
type Target struct {
	SM      string // "sm_75"
	Version string // "7.0"
}

// Turing is what every module of this project runs on that asks for nothing
// newer: drivers since R450.
var Turing = Target{"sm_75", "7.0"}

// A Module is a text with kernels in it.
type Module struct {
	target  Target
	kernels []*Kernel
}

// NewModule returns a module without kernels.
func NewModule(t Target) *Module { return &Module{target: t} }

// String is the text of the module.
func (m *Module) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".version %s\n.target %s\n.address_size 64\n", m.target.Version, m.target.SM)
	for _, k := range m.kernels {
		b.WriteByte('\n')
		k.write(&b, k.Name)
	}
	return b.String()
}

// Add puts k into the module.
func (m *Module) Add(k *Kernel) { m.kernels = append(m.kernels, k) }

// A Kernel is an entry point under construction. Its parameters are 64 bits
// each. Misuse, such as a sum of two types, is a bug of the caller: it panics.
type Kernel struct {
	Name    string
	threads int // a block has
	params  int
	head    strings.Builder // loads the parameters
	shared  []shared
	count   [len(types)]int // registers made, by the first type of their class
	labels  int
	body    strings.Builder
}

type shared struct {
	name  string
	bytes int64
}

// NewKernel returns a kernel without a name whose blocks have the given number of
// threads, in one dimension.
func NewKernel(threads int) *Kernel { return &Kernel{threads: threads} }

// Threads is the number of threads of a block.
func (k *Kernel) Threads() int { return k.threads }

// Body is what the kernel does, apart from its name: two kernels of the same body
// are the same kernel.
func (k *Kernel) Body() string {
	var b strings.Builder
	k.write(&b, "")
	return b.String()
}

func (k *Kernel) write(b *strings.Builder, name string) {
	fmt.Fprintf(b, ".visible .entry %s(", name)
	for i := range k.params {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n\t.param .u64 p%d", i)
	}
	fmt.Fprintf(b, "\n)\n.maxntid %d, 1, 1\n{\n", k.threads)
	for t := range k.count {
		if n := k.count[t]; n > 0 {
			fmt.Fprintf(b, "\t.reg .%s %%%s<%d>;\n", types[t].reg, types[t].class, n)
		}
	}
	for _, s := range k.shared {
		fmt.Fprintf(b, "\t.shared .align 16 .b8 %s[%d];\n", s.name, s.bytes)
	}
	b.WriteString(k.head.String())
	b.WriteString(k.body.String())
	b.WriteString("\tret;\n}\n")
}

// line adds one instruction.
func (k *Kernel) line(format string, args ...any) {
	k.body.WriteByte('\t')
	fmt.Fprintf(&k.body, format, args...)
	k.body.WriteString(";\n")
}

func (k *Kernel) label() string {
	k.labels++
	return fmt.Sprintf("L%d", k.labels)
}

func (k *Kernel) put(label string) { fmt.Fprintf(&k.body, "%s:\n", label) }

// Shared reserves bytes of memory that the threads of a block share, and returns
// their address in that memory.
func (k *Kernel) Shared(bytes int64) Value {
	name := fmt.Sprintf("s%d", len(k.shared))
	k.shared = append(k.shared, shared{name, bytes})
	r := k.reg(U32)
	k.line("mov.u32 %s, %s", r, name)
	return r
}

// SharedBytes is what Shared has reserved.
func (k *Kernel) SharedBytes() int64 {
	n := int64(0)
	for _, s := range k.shared {
		n += s.bytes
	}
	return n
}
