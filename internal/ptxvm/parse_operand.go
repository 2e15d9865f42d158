package ptxvm

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
