package ptxvm

import (
	"strings"
)

// A Kernel is one .entry.
type Kernel struct {
	Name       string
	Params     []Param
	ParamBytes int
	MaxThreads int       // of a block, from .maxntid; 0: as many as the target allows
	Threads    [3]uint32 // from .reqntid; zero: any
	Static     int       // bytes of shared memory the text declares
	Registers  int       // an estimate of the 32-bit registers a thread needs: the most that are live at once

	module  *Module
	code    []inst
	symbols map[string]*variable // parameters, shared and local variables by name
	static  uint64
	local   uint64
	dynamic uint64 // where extern shared memory starts, in the window

	slots            int     // vectors in a warp's register file
	preds            int     // predicates
	fixed            []fixed // slots that hold one value for the whole launch
	special          []special
	granule          uint     // log2 of the smallest access to shared or global memory, for the race detector
	names, predNames []string // of registers, by slot, for messages
	wgmma            bool     // products of warpgroups run in it
	atomics          bool     // global memory is changed by atomics: blocks run one after another
}

// A Param is one kernel parameter: its place in the parameter block.
type Param struct {
	Name          string
	Offset, Bytes int
}

// entry reads .entry name (params) directives { body }.
func (p *parser) entry() error {
	if err := p.next(); err != nil {
		return err
	}
	line := p.tok.line
	name, err := p.name()
	if err != nil {
		return err
	}
	if p.module.Kernels[name] != nil {
		return invalid(line, "kernel %s is defined twice", name)
	}
	p.kernel = &Kernel{Name: name, module: p.module, symbols: map[string]*variable{}}
	p.scope, p.body = newScope(nil), nil
	if err := p.params(); err != nil {
		return err
	}
	if err := p.performance(); err != nil {
		return err
	}
	if err := p.block(); err != nil {
		return err
	}
	if err := decode(p.kernel, p.body); err != nil {
		return err
	}
	p.module.Kernels[name] = p.kernel
	return nil
}

func (p *parser) params() error {
	if ok, err := p.take(tPunct, "("); err != nil || !ok {
		return err
	}
	for {
		if ok, err := p.take(tPunct, ")"); err != nil || ok {
			return err
		}
		if len(p.kernel.Params) > 0 {
			if err := p.want(tPunct, ","); err != nil {
				return err
			}
		}
		if err := p.param(); err != nil {
			return err
		}
	}
}

// param reads .param [.align n] .type [.ptr [.space] [.align n]] name[bytes].
func (p *parser) param() error {
	if err := p.want(tDot, "param"); err != nil {
		return err
	}
	v := variable{space: spaceParam}
	pointee := false // what comes after .ptr says where it points
	for p.tok.kind == tDot {
		word, line := p.tok.text, p.tok.line
		if err := p.next(); err != nil {
			return err
		}
		switch word {
		case "align":
			n, err := p.integer()
			if err != nil {
				return err
			}
			if n < 1 || n > 128 || n&(n-1) != 0 {
				return invalid(line, "alignment %d of a parameter is no power of two up to 128", n)
			}
			if !pointee {
				v.align = n
			}
		case "ptr":
			pointee = true
		case "global", "const", "shared", "local":
			if !pointee {
				return invalid(line, ".%s belongs after .ptr", word)
			}
		default:
			t, ok := scalarOf[word]
			if !ok || t.size() == 0 {
				return invalid(line, "%q is no type of a parameter", word)
			}
			v.elem = t
		}
	}
	line := p.tok.line
	var err error
	if v.name, err = p.name(); err != nil {
		return err
	}
	count, open, err := p.dimensions(v.name)
	if err != nil {
		return err
	}
	if open || v.elem == noType || count == 0 {
		return invalid(line, "parameter %s has no size", v.name)
	}
	if p.kernel.symbols[v.name] != nil {
		return invalid(line, "parameter %s is declared twice", v.name)
	}
	v.bytes = count * v.elem.size()
	v.align = max(v.align, v.elem.size())
	v.addr = align(uint64(p.kernel.ParamBytes), v.align)
	if v.addr+uint64(v.bytes) > paramLimit {
		return invalid(line, "parameters of more than %d bytes", paramLimit)
	}
	p.kernel.ParamBytes = int(v.addr) + v.bytes
	p.kernel.symbols[v.name] = &v
	p.kernel.Params = append(p.kernel.Params, Param{v.name, int(v.addr), v.bytes})
	return nil
}

// performance reads the directives between the parameters and the body.
func (p *parser) performance() error {
	for p.tok.kind == tDot {
		word, line := p.tok.text, p.tok.line
		if err := p.next(); err != nil {
			return err
		}
		if word == "pragma" {
			if err := p.pragma(); err != nil {
				return err
			}
			continue
		}
		var n [3]int
		count := 0
		for ; count < 3; count++ {
			if count > 0 {
				if ok, err := p.take(tPunct, ","); err != nil {
					return err
				} else if !ok {
					break
				}
			}
			var err error
			if n[count], err = p.integer(); err != nil {
				return err
			}
		}
		threads := 1
		for i := range count {
			if threads *= n[i]; threads < 1 || threads > threadLimit {
				return invalid(line, ".%s of more than %d threads, or none", word, threadLimit)
			}
		}
		switch word {
		case "maxntid":
			p.kernel.MaxThreads = threads
		case "reqntid":
			p.kernel.Threads = [3]uint32{uint32(n[0]), uint32(max(n[1], 1)), uint32(max(n[2], 1))}
		case "minnctapersm", "maxnreg":
		default:
			return invalid(line, "directive .%s is not supported", word)
		}
	}
	return nil
}

func (p *parser) pragma() error {
	if p.tok.kind != tString {
		return invalid(p.tok.line, ".pragma without a string")
	}
	if err := p.next(); err != nil {
		return err
	}
	return p.want(tPunct, ";")
}

// maxStatements bounds a kernel, and maxRegisters what it declares.
const (
	maxStatements = 1 << 20
	maxRegisters  = 1 << 16
	maxDepth      = 64
)

// block reads { … }, the outer one and those inside it.
func (p *parser) block() error {
	if err := p.want(tPunct, "{"); err != nil {
		return err
	}
	depth := 1
	for depth > 0 {
		line := p.tok.line
		switch {
		case p.tok.kind == tEnd:
			return invalid(line, "the body of %s does not end", p.kernel.Name)
		case p.tok.kind == tPunct && p.tok.text == "{":
			if depth++; depth > maxDepth {
				return invalid(line, "more than %d nested blocks", maxDepth)
			}
			p.scope = newScope(p.scope)
			if err := p.next(); err != nil {
				return err
			}
		case p.tok.kind == tPunct && p.tok.text == "}":
			depth--
			if depth > 0 {
				p.scope = p.scope.up
			}
			if err := p.next(); err != nil {
				return err
			}
		case p.tok.kind == tDot:
			if err := p.directive(); err != nil {
				return err
			}
		default:
			if len(p.body) == maxStatements {
				return invalid(line, "%s has more than %d instructions", p.kernel.Name, maxStatements)
			}
			if err := p.statement(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *parser) directive() error {
	switch p.tok.text {
	case "reg":
		return p.registers()
	case "shared", "local":
		return p.variables(false, true)
	case "pragma":
		if err := p.next(); err != nil {
			return err
		}
		return p.pragma()
	case "loc":
		line := p.tok.line
		for p.tok.line == line && p.tok.kind != tEnd {
			if err := p.next(); err != nil {
				return err
			}
		}
		return nil
	}
	return invalid(p.tok.line, "directive .%s is not supported in a kernel", p.tok.text)
}

// registers reads .reg .type name, name<n>, …;
func (p *parser) registers() error {
	if err := p.next(); err != nil {
		return err
	}
	t, ok := scalarOf[p.tok.text]
	if !ok || p.tok.kind != tDot || t == b128 || t == b8 || t == u8 || t == s8 || t == tf32 || t == bf16 || t == bf16x2 {
		return invalid(p.tok.line, "%q is no type of a register", p.tok.text)
	}
	if err := p.next(); err != nil {
		return err
	}
	for {
		line := p.tok.line
		name, err := p.name()
		if err != nil {
			return err
		}
		r := &registers{prefix: name, typ: t, slots: map[int]int32{}}
		names := p.scope.names
		if ok, err := p.take(tPunct, "<"); err != nil {
			return err
		} else if ok {
			if r.count, err = p.integer(); err != nil {
				return err
			}
			if r.count < 1 || r.count > maxRegisters {
				return invalid(line, "%s<%d>: from 1 to %d registers", name, r.count, maxRegisters)
			}
			if err := p.want(tPunct, ">"); err != nil {
				return err
			}
			names = p.scope.ranges
		}
		if names[name] != nil {
			return invalid(line, "register %s is declared twice", name)
		}
		names[name] = r
		if ok, err := p.take(tPunct, ","); err != nil {
			return err
		} else if !ok {
			return p.want(tPunct, ";")
		}
	}
}

// statement reads a label, or one instruction up to its semicolon.
func (p *parser) statement() error {
	s := statement{scope: p.scope, line: p.tok.line}
	start := p.tok.pos
	if ok, err := p.take(tPunct, "@"); err != nil {
		return err
	} else if ok {
		if s.not, err = p.take(tPunct, "!"); err != nil {
			return err
		}
		if s.guard, err = p.name(); err != nil {
			return err
		}
	}
	var err error
	if s.op, err = p.name(); err != nil {
		return err
	}
	if s.guard == "" {
		if ok, err := p.take(tPunct, ":"); err != nil {
			return err
		} else if ok {
			if _, twice := p.scope.labels[s.op]; twice {
				return invalid(s.line, "label %s stands twice", s.op)
			}
			p.scope.labels[s.op] = int32(len(p.body))
			return nil
		}
	}
	for p.tok.kind == tDot {
		s.mods = append(s.mods, p.tok.text)
		if err := p.next(); err != nil {
			return err
		}
	}
	for p.tok.kind != tPunct || p.tok.text != ";" {
		if len(s.args) > 0 {
			if err := p.want(tPunct, ","); err != nil {
				return err
			}
		}
		o, err := p.operand(0)
		if err != nil {
			return err
		}
		s.args = append(s.args, o)
	}
	s.text = strings.Join(strings.Fields(p.lexer.text[start:p.tok.pos]), " ")
	if len(s.text) > 160 {
		s.text = s.text[:160] + "…"
	}
	p.body = append(p.body, s)
	return p.next()
}

// operand reads one operand.
func (p *parser) operand(depth int) (operand, error) {
	line := p.tok.line
	if depth > 4 {
		return operand{}, invalid(line, "an operand nested more than 4 deep")
	}
	if p.tok.kind == tPunct {
		switch p.tok.text {
		case "{":
			o := operand{kind: oVector}
			return p.list(o, "}", depth)
		case "[":
			return p.address(depth)
		case "!":
			if err := p.next(); err != nil {
				return operand{}, err
			}
			name, err := p.register()
			return operand{name: name, not: true}, err
		case "-":
			if err := p.next(); err != nil {
				return operand{}, err
			}
			o, err := p.literal()
			switch o.kind {
			case oInt:
				o.value = -o.value
			case oFloat32:
				o.value ^= 1 << 31
			default:
				o.value ^= 1 << 63
			}
			return o, err
		}
	}
	if p.tok.kind == tNumber {
		return p.literal()
	}
	name, err := p.register()
	if err != nil {
		return operand{}, err
	}
	o := operand{name: name}
	if ok, err := p.take(tPunct, "|"); err != nil || !ok {
		return o, err
	}
	second, err := p.register()
	return operand{kind: oPair, list: []operand{o, {name: second}}}, err
}

func (p *parser) literal() (operand, error) {
	if p.tok.kind != tNumber {
		return operand{}, invalid(p.tok.line, "%q where a number belongs", p.tok.text)
	}
	o, err := number(p.tok.text, p.tok.line)
	if err != nil {
		return o, err
	}
	return o, p.next()
}

// register reads a name with its component: %tid.x.
func (p *parser) register() (string, error) {
	name, err := p.name()
	if err != nil || p.tok.kind != tDot {
		return name, err
	}
	name += "." + p.tok.text
	return name, p.next()
}

func (p *parser) list(o operand, end string, depth int) (operand, error) {
	if err := p.next(); err != nil {
		return o, err
	}
	for {
		e, err := p.operand(depth + 1)
		if err != nil {
			return o, err
		}
		if o.list = append(o.list, e); len(o.list) > 256 {
			return o, invalid(p.tok.line, "a vector of more than 256 operands")
		}
		if ok, err := p.take(tPunct, ","); err != nil {
			return o, err
		} else if !ok {
			return o, p.want(tPunct, end)
		}
	}
}

// address reads [base], [base+offset], [base-offset] and [base, more…].
func (p *parser) address(depth int) (operand, error) {
	o := operand{kind: oAddress}
	if err := p.next(); err != nil {
		return o, err
	}
	base, err := p.operand(depth + 1)
	if err != nil {
		return o, err
	}
	o.list = []operand{base}
	if p.tok.kind == tPunct && (p.tok.text == "+" || p.tok.text == "-") {
		negative := p.tok.text == "-"
		if err := p.next(); err != nil {
			return o, err
		}
		if again, err := p.take(tPunct, "-"); err != nil {
			return o, err
		} else if again {
			negative = !negative
		}
		off, err := p.literal()
		if err != nil {
			return o, err
		}
		if off.kind != oInt {
			return o, invalid(p.tok.line, "an address offset is an integer")
		}
		if o.value = off.value; negative {
			o.value = -o.value
		}
	}
	if p.tok.kind == tPunct && p.tok.text == "," {
		return p.list(o, "]", depth)
	}
	return o, p.want(tPunct, "]")
}
