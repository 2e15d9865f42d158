package ptxvm

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// decode turns the statements of a kernel into instructions, and lays out its
// shared memory.
func decode(k *Kernel, body []statement) error {
	d := &decoder{kernel: k, constants: map[fixedKey]int32{}, specials: map[string]int32{}, sharedOf: map[string]*variable{}, granule: 2, sink: -1}
	k.code = make([]inst, 0, len(body)+1)
	for i := range body {
		if err := d.statement(&body[i]); err != nil {
			return err
		}
	}
	if err := d.layout(); err != nil {
		return err
	}
	end := inst{guard: -1, text: "}", line: 0}
	if len(body) > 0 {
		end.line = int32(body[len(body)-1].line)
	}
	end.run = func(w *warp, in *inst, mask uint32) {
		w.fault(in, first(mask), Fallthrough, "the kernel ends without ret or exit")
	}
	k.code = append(k.code, end)
	k.slots, k.preds, k.granule = len(d.types), d.preds, d.granule
	converge(k.code)
	k.Registers = pressure(k, d.types)
	return nil
}

type fixedKey struct {
	value  uint64
	symbol *variable
}

type decoder struct {
	kernel    *Kernel
	s         *statement
	in        inst
	mods      []string // not yet understood
	err       error
	types     []scalar // of each slot; noType for constants and special registers
	preds     int
	constants map[fixedKey]int32
	specials  map[string]int32
	sharedOf  map[string]*variable // module-scope shared variables this kernel uses
	sink      int32                // slot behind _, or -1 while there is none
	granule   uint
}

func (d *decoder) statement(s *statement) error {
	d.s, d.err, d.mods = s, nil, slices.Clone(s.mods)
	d.in = inst{guard: -1, p: -1, q: -1, r: -1, line: int32(s.line), text: s.text}
	f := decoders[s.op]
	if f == nil {
		return invalid(s.line, "instruction %s is not supported", s.op)
	}
	if s.guard != "" {
		d.in.guard, d.in.not = d.predicate(operand{name: s.guard}), s.not
	}
	f(d)
	if d.err == nil && len(d.mods) > 0 {
		d.fail(".%s is not supported here", d.mods[0])
	}
	if d.err == nil && d.in.run == nil && d.in.control == straight {
		d.fail("this form of %s is not supported", s.op)
	}
	d.kernel.code = append(d.kernel.code, d.in)
	return d.err
}

// layout places the module's shared variables behind the kernel's own, and the
// dynamic part behind both.
func (d *decoder) layout() error {
	k := d.kernel
	dynamic := 16
	for _, name := range slices.Sorted(maps.Keys(d.sharedOf)) {
		if v := d.sharedOf[name]; v.extern {
			dynamic = max(dynamic, v.align)
		} else {
			v.addr = align(k.static, v.align)
			k.static = v.addr + uint64(v.bytes)
		}
	}
	if k.static > staticSharedLimit {
		return fmt.Errorf("ptxvm: %s: %d bytes of static shared memory: at most %d: %w", k.Name, k.static, staticSharedLimit, abi.Invalid)
	}
	k.Static = int(k.static)
	k.dynamic = align(k.static, dynamic)
	for _, v := range d.sharedOf {
		if v.extern {
			v.addr = k.dynamic
		}
	}
	return nil
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = invalid(d.s.line, "`%s`: %s", d.s.text, fmt.Sprintf(format, args...))
	}
}

// need refuses an instruction that the declared version or target lacks.
func (d *decoder) need(ptx, sm int) {
	m := d.kernel.module
	if m.Version < ptx {
		d.fail("needs PTX %d.%d, the text says %d.%d", ptx/10, ptx%10, m.Version/10, m.Version%10)
	}
	if m.target.sm < sm {
		d.fail("needs sm_%d, the text is for sm_%d", sm, m.target.sm)
	}
}

// specific refuses what only the architecture-specific target sm_NNa has.
func (d *decoder) specific(sm int) {
	if t := d.kernel.module.target; t.sm != sm || !t.specific {
		d.fail("needs target sm_%da", sm)
	}
}

// mod takes the first of the words given that is among the modifiers.
func (d *decoder) mod(words ...string) string {
	for i, m := range d.mods {
		if slices.Contains(words, m) {
			d.mods = slices.Delete(d.mods, i, i+1)
			return m
		}
	}
	return ""
}

// must is mod that insists.
func (d *decoder) must(words ...string) string {
	m := d.mod(words...)
	if m == "" {
		d.fail("needs one of %v", words)
	}
	return m
}

func (d *decoder) has(word string) bool { return d.mod(word) != "" }

// typ takes the last modifier, which must be one of the types given (any type, if none is).
func (d *decoder) typ(allowed ...scalar) scalar {
	if len(d.mods) == 0 {
		d.fail("has no type")
		return b32
	}
	t, ok := scalarOf[d.mods[len(d.mods)-1]]
	if !ok || len(allowed) > 0 && !slices.Contains(allowed, t) {
		d.fail(".%s is not a type it takes", d.mods[len(d.mods)-1])
		return b32
	}
	d.mods = d.mods[:len(d.mods)-1]
	return t
}

// args refuses any other number of operands.
func (d *decoder) args(n ...int) bool {
	if !slices.Contains(n, len(d.s.args)) {
		d.fail("%d operands, it takes %v", len(d.s.args), n)
	}
	return d.err == nil
}
