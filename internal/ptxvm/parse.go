package ptxvm

import (
	"fmt"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
)

// A Module is parsed and checked PTX text. It does not change, and is safe for
// concurrent use.
type Module struct {
	Version int // PTX ISA version times ten: 70 for 7.0
	Kernels map[string]*Kernel

	target  target
	globals []*variable          // .global and .const, in the order of the text
	shared  map[string]*variable // of module scope
	symbols map[string]*variable // globals by name
}

// A variable is a declared place in memory.
type variable struct {
	name   string
	space  space
	elem   scalar
	align  int
	bytes  int
	extern bool   // .extern .shared x[]: what the launch gives beyond the static part
	init   []byte // of .global and .const, or nil
	addr   uint64 // where it lies: for shared, local and param variables, in their window
}

// maxDeclared bounds what one declaration may ask for, so that hostile text
// cannot make the parser allocate.
const maxDeclared = 1 << 26

// Parse reads PTX text. Errors are abi.Invalid and name the line; what the
// machine does not know is an error here, never a silent skip.
func Parse(text string) (*Module, error) {
	l, err := newLexer(text)
	if err != nil {
		return nil, err
	}
	p := &parser{lexer: l, module: &Module{
		Kernels: map[string]*Kernel{}, shared: map[string]*variable{}, symbols: map[string]*variable{},
	}}
	if err := p.header(); err != nil {
		return nil, err
	}
	for p.tok.kind != tEnd {
		if err := p.top(); err != nil {
			return nil, err
		}
	}
	return p.module, nil
}

type parser struct {
	*lexer
	module *Module
	kernel *Kernel
	scope  *scope
	body   []statement
}

// header reads .version, .target and .address_size, which come first.
func (p *parser) header() error {
	if err := p.want(tDot, "version"); err != nil {
		return err
	}
	major, minor := 0, 0
	if n, err := fmt.Sscanf(p.tok.text, "%d.%d", &major, &minor); err != nil || n != 2 || major < 1 || major > 99 || minor < 0 || minor > 9 {
		return invalid(p.tok.line, "%q is no PTX version", p.tok.text)
	}
	p.module.Version = major*10 + minor
	if err := p.next(); err != nil {
		return err
	}
	if err := p.want(tDot, "target"); err != nil {
		return err
	}
	line := p.tok.line
	word, err := p.name()
	if err != nil {
		return err
	}
	if p.module.target, err = parseTarget(word, line); err != nil {
		return err
	}
	if need := p.module.target.introduced(); p.module.Version < need {
		return invalid(line, "target %s needs PTX %d.%d, the text says %d.%d", word, need/10, need%10, major, minor)
	}
	for p.tok.kind == tPunct && p.tok.text == "," { // texmode_independent, debug: nothing here depends on them
		if err := p.next(); err != nil {
			return err
		}
		if _, err := p.name(); err != nil {
			return err
		}
	}
	ok, err := p.take(tDot, "address_size")
	if err != nil || !ok {
		return err
	}
	if p.tok.text != "64" {
		return invalid(p.tok.line, "address size %q: only 64 is supported", p.tok.text)
	}
	return p.next()
}

// top reads one declaration of module scope.
func (p *parser) top() error {
	if p.tok.kind != tDot {
		return invalid(p.tok.line, "%q where a directive belongs", p.tok.text)
	}
	extern := false
	for {
		word, line := p.tok.text, p.tok.line
		if p.tok.kind != tDot {
			return invalid(line, "%q where a directive belongs", word)
		}
		switch word {
		case "visible", "weak", "common":
		case "extern":
			extern = true
		case "entry":
			return p.entry()
		case "global", "const", "shared":
			return p.variables(extern, false)
		case "file":
			for p.tok.line == line && p.tok.kind != tEnd {
				if err := p.next(); err != nil {
					return err
				}
			}
			return nil
		default:
			return invalid(line, "directive .%s is not supported", word)
		}
		if err := p.next(); err != nil {
			return err
		}
	}
}

// variables reads one declaration statement: .space [.align n] [.vN] .type name[dims] [= init], …;
func (p *parser) variables(extern, local bool) error {
	proto := variable{extern: extern}
	lanes := 1
	for p.tok.kind == tDot {
		word, line := p.tok.text, p.tok.line
		if err := p.next(); err != nil {
			return err
		}
		switch word {
		case "global":
			proto.space = spaceGlobal
		case "const":
			proto.space = spaceConst
		case "shared":
			proto.space = spaceShared
		case "local":
			proto.space = spaceLocal
		case "align":
			n, err := p.integer()
			if err != nil {
				return err
			}
			if n < 1 || n > 4096 || n&(n-1) != 0 {
				return invalid(line, "alignment %d is no power of two up to 4096", n)
			}
			proto.align = n
		case "v2":
			lanes = 2
		case "v4":
			lanes = 4
		default:
			t, ok := scalarOf[word]
			if !ok || t.size() == 0 {
				return invalid(line, "%q is no type of a variable", word)
			}
			proto.elem = t
		}
	}
	if proto.elem == noType {
		return invalid(p.tok.line, "a variable without a type")
	}
	proto.align = max(proto.align, proto.elem.size()*lanes)
	for {
		v := proto
		if err := p.variable(&v, lanes, local); err != nil {
			return err
		}
		more, err := p.take(tPunct, ",")
		if err != nil {
			return err
		}
		if !more {
			return p.want(tPunct, ";")
		}
	}
}

func (p *parser) variable(v *variable, lanes int, local bool) error {
	line := p.tok.line
	var err error
	if v.name, err = p.name(); err != nil {
		return err
	}
	count, open, err := p.dimensions(v.name)
	if err != nil {
		return err
	}
	if open && !(v.extern && v.space == spaceShared) {
		return invalid(line, "%s has no size", v.name)
	}
	v.extern = v.extern && open
	v.bytes = count * v.elem.size() * lanes
	if v.bytes > maxDeclared {
		return invalid(line, "%s of %d bytes: at most %d", v.name, v.bytes, maxDeclared)
	}
	if ok, err := p.take(tPunct, "="); err != nil {
		return err
	} else if ok {
		if v.space != spaceGlobal && v.space != spaceConst {
			return invalid(line, "%s: only .global and .const variables start with a value", v.name)
		}
		if err := p.initial(v); err != nil {
			return err
		}
	}
	return p.declare(v, local, line)
}

// declare enters v where names of its space are looked up.
func (p *parser) declare(v *variable, local bool, line int) error {
	if v.space != spaceShared && v.space != spaceLocal && local {
		return invalid(line, "%s: a kernel declares only .shared and .local variables", v.name)
	}
	switch v.space {
	case spaceShared:
		names := p.module.shared
		if local {
			names = p.kernel.symbols
		}
		if names[v.name] != nil {
			return invalid(line, "%s is declared twice", v.name)
		}
		names[v.name] = v
		if local && !v.extern {
			v.addr = align(p.kernel.static, v.align)
			p.kernel.static = v.addr + uint64(v.bytes)
		}
	case spaceLocal:
		if !local {
			return invalid(line, "%s: .local belongs in a kernel", v.name)
		}
		if p.kernel.symbols[v.name] != nil {
			return invalid(line, "%s is declared twice", v.name)
		}
		v.addr = align(p.kernel.local, v.align)
		p.kernel.local = v.addr + uint64(v.bytes)
		if p.kernel.local > 512<<10 {
			return invalid(line, "%d bytes of local memory: a thread has at most 512 KiB", p.kernel.local)
		}
		p.kernel.symbols[v.name] = v
	default:
		if p.module.symbols[v.name] != nil {
			return invalid(line, "%s is declared twice", v.name)
		}
		p.module.symbols[v.name] = v
		p.module.globals = append(p.module.globals, v)
	}
	return nil
}

// dimensions reads [n][m]…; open means the first is empty.
func (p *parser) dimensions(name string) (count int, open bool, err error) {
	count = 1
	for p.tok.kind == tPunct && p.tok.text == "[" {
		line := p.tok.line
		if err := p.next(); err != nil {
			return 0, false, err
		}
		if p.tok.kind == tPunct && p.tok.text == "]" {
			if open || count != 1 {
				return 0, false, invalid(line, "%s: only the first dimension may be open", name)
			}
			open, count = true, 0
		} else {
			n, err := p.integer()
			if err != nil {
				return 0, false, err
			}
			if count *= n; count > maxDeclared || n < 0 {
				return 0, false, invalid(line, "%s has more than %d elements", name, maxDeclared)
			}
		}
		if err := p.want(tPunct, "]"); err != nil {
			return 0, false, err
		}
	}
	return count, open, nil
}

// initial reads a value or a braced list of values; what is not named is zero.
func (p *parser) initial(v *variable) error {
	v.init = make([]byte, v.bytes)
	size, at := v.elem.size(), 0
	depth := 0
	for {
		switch {
		case p.tok.kind == tPunct && p.tok.text == "{":
			depth++
		case p.tok.kind == tPunct && p.tok.text == "}":
			depth--
		case p.tok.kind == tPunct && p.tok.text == "," && depth > 0:
		default:
			line := p.tok.line
			negative, err := p.take(tPunct, "-")
			if err != nil {
				return err
			}
			if p.tok.kind != tNumber {
				return invalid(line, "%q where a value of %s belongs", p.tok.text, v.name)
			}
			o, err := number(p.tok.text, line)
			if err != nil {
				return err
			}
			if at+size > v.bytes {
				return invalid(line, "%s has room for %d values", v.name, v.bytes/size)
			}
			bits, err := literal(o, negative, v.elem, line)
			if err != nil {
				return err
			}
			store(v.init[at:], size, bits)
			at += size
		}
		if err := p.next(); err != nil {
			return err
		}
		if depth == 0 {
			return nil
		}
		if p.tok.kind == tEnd {
			return invalid(p.tok.line, "the values of %s do not end", v.name)
		}
	}
}

func (p *parser) integer() (int, error) {
	n, err := strconv.ParseUint(p.tok.text, 0, 31)
	if p.tok.kind != tNumber || err != nil {
		return 0, invalid(p.tok.line, "%q where an integer belongs", p.tok.text)
	}
	return int(n), p.next()
}

// align rounds at up to a multiple of the power of two given.
func align(at uint64, to int) uint64 { return (at + uint64(to) - 1) &^ uint64(to-1) }

func (m *Module) kernel(name string) (*Kernel, error) {
	k := m.Kernels[name]
	if k == nil {
		return nil, fmt.Errorf("ptxvm: the module has no kernel %q: %w", name, abi.NotFound)
	}
	return k, nil
}
