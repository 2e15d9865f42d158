package ptxvm

import "strings"

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
