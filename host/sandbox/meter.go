package sandbox

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// The meter rewrites a module so that a guest which computes without calling
// the host still comes back: at every function entry and loop head it takes
// the cost of the code that may run before the next such point from a counter,
// and calls meterTick when the counter is used up. Bulk operations pay for
// their length. The host checks the clock there, and the Go scheduler gets its
// safe point: wazero's code cannot be preempted, and its own way to stop a
// guest (WithCloseOnContextDone) slows loops 8 to 20 times and misses call
// trees and bulk operations.
//
// What it costs a Go guest (best of 5, against no meter at all): decoding JPEGs
// +17 %, sorting and hashing +9 %, an empty loop and two million host calls
// nothing that shows. WithCloseOnContextDone: 7.2, 3.9, 9.9 and 1.3 times.
//
// Charges are an upper bound (a branch not taken is paid for), never too low,
// and the same on every machine. Exact gas is to take this place: metered is
// the one function between Check and the compiler.
const (
	meterModule = "cloister_meter" // no app may import it
	meterTick   = "tick"           // func()
	meterSlice  = 1 << 20          // units between two ticks, about a millisecond
	bulkShift   = 3                // a unit pays for this many bytes (log 2) of a bulk operation
)

// metered returns m with the meter in it and its custom sections gone. The
// tick is imported after the app's own imports, so the index of every function
// that m defines grows by one.
func metered(m *module) ([]byte, error) {
	w := rewriter{m: m, tick: uint32(len(m.imports)), gas: uint32(m.globals)}
	out := append([]byte(nil), magic...)
	for _, id := range sectionOrder {
		body, err := w.section(id)
		if err != nil {
			return nil, fmt.Errorf("sandbox: meter: section %d: %w", id, err)
		}
		if body == nil {
			continue
		}
		out = appendU32(append(out, id), uint32(len(body)))
		out = append(out, body...)
	}
	return out, nil
}

type rewriter struct {
	m    *module
	tick uint32 // index of the tick function
	gas  uint32 // index of the counter
}

// shift returns the new index of function i.
func (w *rewriter) shift(i uint32) uint32 {
	if i >= w.tick {
		return i + 1
	}
	return i
}

// section returns the new body of a section, nil for none.
func (w *rewriter) section(id byte) ([]byte, error) {
	s, ok := w.m.sections[id]
	var old []byte
	if ok {
		old = s.b
	}
	switch id {
	case secType:
		return grown(old, []byte{0x60, 0, 0}), nil
	case secImport:
		im := appendU32(nil, uint32(len(meterModule)))
		im = append(im, meterModule...)
		im = appendU32(im, uint32(len(meterTick)))
		im = append(im, meterTick...)
		im = append(im, 0)
		return grown(old, appendU32(im, uint32(len(w.m.types)))), nil
	case secTable:
		if t := w.m.table; t != nil {
			body := append(appendU32(nil, 1), t.element, 1)
			return appendU32(appendU32(body, t.least), t.most), nil
		}
	case secGlobal:
		g := append([]byte{0x7e, 1, 0x42}, appendS64(nil, meterSlice)...)
		body, err := w.globals(old)
		return grown(body, append(g, 0x0b)), err
	case secExport:
		return w.exports(), nil
	case secElement:
		return w.elements(old)
	case secCode:
		return w.code()
	}
	return old, nil
}

// grown appends one more element to a vector; an empty body is a vector of
// none.
func grown(vec, element []byte) []byte {
	r := &reader{b: vec}
	var n uint32
	if len(vec) > 0 {
		n = r.u32()
	}
	out := appendU32(nil, n+1)
	out = append(out, vec[r.i:]...)
	return append(out, element...)
}

// globals shifts the functions that initial values name.
func (w *rewriter) globals(old []byte) ([]byte, error) {
	if old == nil {
		return nil, nil
	}
	r := &reader{b: old}
	c := copier{r: r}
	for range r.count("globals", maxGlobals) {
		r.byte()
		r.byte()
		w.m.constExpr(r, c.replace(w.shift))
	}
	return c.finish()
}

func (w *rewriter) exports() []byte {
	if len(w.m.exports) == 0 {
		return nil
	}
	out := appendU32(nil, uint32(len(w.m.exports)))
	for _, e := range w.m.exports {
		out = appendU32(out, uint32(len(e.name)))
		out = append(out, e.name...)
		index := e.index
		if e.kind == 0 {
			index = w.shift(index)
		}
		out = appendU32(append(out, e.kind), index)
	}
	return out
}

func (w *rewriter) elements(old []byte) ([]byte, error) {
	if old == nil {
		return nil, nil
	}
	r := &reader{b: old}
	c := copier{r: r}
	replace := c.replace(w.shift)
	for range r.count("element segments", maxSegments) {
		flags := r.u32()
		if flags > 7 {
			r.fail("element segment flags %d", flags)
		}
		if flags&1 == 0 { // active
			if flags&2 != 0 {
				r.u32() // table
			}
			w.m.constExpr(r, replace)
		}
		if flags&3 != 0 {
			r.byte() // kind or type
		}
		for range r.count("elements", maxTable) {
			if r.err != nil {
				break
			}
			if flags&4 != 0 {
				w.m.constExpr(r, replace)
				continue
			}
			start := r.i
			index := r.u32()
			if limit := uint64(len(w.m.imports) + len(w.m.funcs)); uint64(index) >= limit {
				r.fail("function %d of %d", index, limit)
			}
			replace(start, r.i, index)
		}
	}
	r.end("element section")
	return c.finish()
}

func (w *rewriter) code() ([]byte, error) {
	if len(w.m.bodies) == 0 {
		return nil, nil
	}
	out := appendU32(nil, uint32(len(w.m.bodies)))
	for i, b := range w.m.bodies {
		f, err := w.function(i, b)
		if err != nil {
			return nil, err
		}
		out = appendU32(out, uint32(len(f)))
		out = append(out, f...)
	}
	return out, nil
}

// function returns the i-th function with its charges. It gets two locals more,
// an i64 and an i32 for the meter.
func (w *rewriter) function(i int, code *reader) ([]byte, error) {
	f, err := w.m.readBody(i, code)
	if err != nil {
		return nil, err
	}
	balance, length := f.locals, f.locals+1
	r := &reader{b: code.b, base: code.base, i: f.declEnd}
	out := appendU32(make([]byte, 0, len(code.b)+len(code.b)/4+64), f.decls+2)
	out = append(out, code.b[f.declAt:f.declEnd]...)
	out = append(out, 1, 0x7e, 1, 0x7f)
	out = w.charge(out, balance, f.costs[0])

	c := copier{r: r, out: out, done: f.declEnd}
	loops := 0
	for r.more() {
		in := r.instr()
		switch in.kind {
		case opCall: // the opcode is one byte
			c.replace(w.shift)(in.start+1, in.end, in.index)
		case opLoop:
			loops++
			c.insert(in.end, func(out []byte) []byte { return w.charge(out, balance, f.costs[loops]) })
		case opBulk:
			c.insert(in.start, func(out []byte) []byte { return w.chargeBulk(out, balance, length) })
		}
	}
	return c.finish()
}

// charge emits: gas -= cost; if gas < 0 { tick(); gas = slice }.
func (w *rewriter) charge(out []byte, balance uint32, cost int64) []byte {
	out = appendU32(append(out, 0x23), w.gas)   // global.get gas
	out = appendS64(append(out, 0x42), cost)    // i64.const cost
	return w.settle(append(out, 0x7d), balance) // i64.sub
}

// chargeBulk emits the same with the length on top of the stack, which stays
// there, as the cost.
func (w *rewriter) chargeBulk(out []byte, balance, length uint32) []byte {
	out = appendU32(append(out, 0x22), length)     // local.tee length
	out = appendU32(append(out, 0x23), w.gas)      // global.get gas
	out = appendU32(append(out, 0x20), length)     // local.get length
	out = append(out, 0xad, 0x42, bulkShift, 0x88) // i64.extend_i32_u; i64.const; i64.shr_u
	return w.settle(append(out, 0x7d), balance)    // i64.sub
}

// settle stores the balance on top of the stack and ticks when it is used up.
func (w *rewriter) settle(out []byte, balance uint32) []byte {
	out = appendU32(append(out, 0x22), balance)    // local.tee balance
	out = appendU32(append(out, 0x24), w.gas)      // global.set gas
	out = appendU32(append(out, 0x20), balance)    // local.get balance
	out = append(out, 0x42, 0, 0x53, 0x04, 0x40)   // i64.const 0; i64.lt_s; if
	out = appendU32(append(out, 0x10), w.tick)     // call tick
	out = appendS64(append(out, 0x42), meterSlice) // i64.const slice
	out = appendU32(append(out, 0x24), w.gas)      // global.set gas
	return append(out, 0x0b)                       // end
}

// A copier copies what a reader walks over, with changes.
type copier struct {
	r    *reader
	out  []byte
	done int // bytes of r that are in out, or replaced
}

func (c *copier) upTo(i int) {
	c.out = append(c.out, c.r.b[c.done:i]...)
	c.done = i
}

// insert puts what emit appends before byte i.
func (c *copier) insert(i int, emit func([]byte) []byte) {
	if c.r.err == nil {
		c.upTo(i)
		c.out = emit(c.out)
	}
}

// replace returns a function that replaces the index at [start, end).
func (c *copier) replace(shift func(uint32) uint32) func(start, end int, index uint32) {
	return func(start, end int, index uint32) {
		if c.r.err == nil {
			c.upTo(start)
			c.out = appendU32(c.out, shift(index))
			c.done = end
		}
	}
}

func (c *copier) finish() ([]byte, error) {
	if c.r.err != nil {
		return nil, c.r.err
	}
	c.upTo(len(c.r.b))
	if c.out == nil {
		return nil, fmt.Errorf("empty section: %w", abi.Invalid)
	}
	return c.out, nil
}
