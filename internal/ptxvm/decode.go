package ptxvm

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
)

// decoders maps the first word of an instruction to what decodes it.
var decoders map[string]func(d *decoder)

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

// slot returns the slot of register number n of r.
func (d *decoder) slot(r *registers, n int) int32 {
	if s, ok := r.slots[n]; ok {
		return s
	}
	if len(d.types)+d.preds >= maxRegisters {
		d.fail("more than %d registers and constants", maxRegisters)
		return 0
	}
	name := r.prefix
	if r.count > 0 {
		name += strconv.Itoa(n)
	}
	s := int32(d.preds)
	if r.typ == pred {
		d.preds++
		d.kernel.predNames = append(d.kernel.predNames, name)
	} else {
		s = d.fresh(r.typ)
		d.kernel.names[s] = name
	}
	r.slots[n] = s
	return s
}

func (d *decoder) fresh(t scalar) int32 {
	d.types = append(d.types, t)
	d.kernel.names = append(d.kernel.names, "")
	return int32(len(d.types) - 1)
}

func (d *decoder) constant(value uint64, symbol *variable) int32 {
	key := fixedKey{value, symbol}
	s, ok := d.constants[key]
	if !ok {
		s = d.fresh(noType)
		d.constants[key] = s
		d.kernel.fixed = append(d.kernel.fixed, fixed{s, value, symbol})
	}
	return s
}

// predicate returns the slot of a predicate that is read.
func (d *decoder) predicate(o operand) int32 {
	r, n := d.s.scope.register(o.name)
	if o.kind != oName || r == nil || r.typ != pred {
		d.fail("%q is no predicate", o.name)
		return 0
	}
	s := d.slot(r, n)
	d.in.puses = append(d.in.puses, s)
	return s
}

// condition is predicate for an operand that may be negated.
func (d *decoder) condition(o operand) { d.in.r, d.in.rnot = d.predicate(o), o.not }

// result returns the slot of a predicate that is written, or -1 for _.
func (d *decoder) result(o operand) int32 {
	if o.kind == oName && o.name == "_" {
		return -1
	}
	r, n := d.s.scope.register(o.name)
	if o.kind != oName || o.not || r == nil || r.typ != pred {
		d.fail("%q is no predicate", o.name)
		return 0
	}
	s := d.slot(r, n)
	d.in.pdefs = append(d.in.pdefs, s)
	return s
}

// dst returns the slot of a register that takes a value of type t.
func (d *decoder) dst(o operand, t scalar, wider bool) int32 {
	if o.kind == oName && o.name == "_" {
		if d.sink < 0 {
			d.sink = d.fresh(noType)
		}
		return d.sink
	}
	r, n := d.s.scope.register(o.name)
	if o.kind != oName || o.not || r == nil {
		d.fail("%q is no register", o.name)
		return 0
	}
	if !t.holds(r.typ, wider) {
		d.fail("register %s of type .%s does not take a .%s", o.name, r.typ, t)
	}
	s := d.slot(r, n)
	d.in.defs = append(d.in.defs, s)
	return s
}

// src returns the slot of a value of type t: a register, an immediate, a
// special register, or the address of a variable.
func (d *decoder) src(o operand, t scalar, wider bool) int32 {
	if o.not {
		d.fail("only a predicate is negated")
		return 0
	}
	if o.kind != oName {
		v, err := literal(o, false, t, d.s.line)
		if err != nil && d.err == nil {
			d.err = err
		}
		return d.constant(v, nil)
	}
	if r, n := d.s.scope.register(o.name); r != nil {
		if !t.holds(r.typ, wider) {
			d.fail("register %s of type .%s is no .%s", o.name, r.typ, t)
		}
		s := d.slot(r, n)
		if r.typ != pred {
			d.in.uses = append(d.in.uses, s)
		}
		return s
	}
	if size, ok := specialRegisters[o.name]; ok {
		if t.size() != size || t.class() == floating {
			d.fail("%s has %d bytes", o.name, size)
		}
		return d.specialSlot(o.name)
	}
	if o.name == "WARP_SZ" {
		return d.constant(lanes, nil)
	}
	if v := d.variable(o.name); v != nil {
		if t.size() != 8 && !(t.size() == 4 && v.space != spaceGlobal && v.space != spaceConst) {
			d.fail("the address of %s is no .%s", o.name, t)
		}
		return d.address(v, 0)
	}
	d.fail("%q is not declared", o.name)
	return 0
}

func (d *decoder) specialSlot(name string) int32 {
	s, ok := d.specials[name]
	if !ok {
		s = d.fresh(noType)
		d.specials[name] = s
		d.kernel.special = append(d.kernel.special, special{s, name})
	}
	return s
}

// variable finds a declared variable. Those of shared memory and module scope
// become the kernel's own copy, since each kernel lays out its own block.
func (d *decoder) variable(name string) *variable {
	if v := d.kernel.symbols[name]; v != nil {
		return v
	}
	if v := d.sharedOf[name]; v != nil {
		return v
	}
	if v := d.kernel.module.shared[name]; v != nil {
		own := *v
		d.sharedOf[name] = &own
		return &own
	}
	return d.kernel.module.symbols[name]
}

// address is the slot of a variable's address in its own space.
func (d *decoder) address(v *variable, off uint64) int32 { return d.constant(off, v) }

// literal gives the bits of a literal as a value of type t.
func literal(o operand, negative bool, t scalar, line int) (uint64, error) {
	v := o.value
	switch o.kind {
	case oInt:
		if t.class() == floating && t.size() != 2 {
			return 0, invalid(line, "integer %d where a .%s belongs", int64(v), t)
		}
		if negative {
			v = -v
		}
		return v & t.mask(), nil
	case oFloat32:
		if negative {
			v ^= 1 << 31
		}
		switch {
		case t.size() == 4 && (t.class() == floating || t.class() == untyped):
			return v, nil
		case t == f64:
			return math.Float64bits(float64(math.Float32frombits(uint32(v)))), nil
		}
	case oFloat64:
		if negative {
			v ^= 1 << 63
		}
		switch {
		case t == f64 || t == b64:
			return v, nil
		case t == f32:
			return uint64(math.Float32bits(float32(math.Float64frombits(v)))), nil
		}
	}
	return 0, invalid(line, "an operand that is no .%s", t)
}
