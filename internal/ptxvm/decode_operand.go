package ptxvm

import (
	"math"
	"strconv"
)

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
