package ptxvm

import (
	"math"
	"strconv"
	"strings"
)

type operandKind uint8

const (
	oName    operandKind = iota // a register, a special register, a symbol or a label
	oInt                        // an integer, in value
	oFloat32                    // 0f…, the bits in value
	oFloat64                    // 0d… or a decimal float, the bits in value
	oVector                     // {a, b, …} in list
	oAddress                    // [list[0] + value, list[1], …]
	oPair                       // list[0] | list[1]
)

// An operand as the text has it; decode gives it a meaning.
type operand struct {
	kind  operandKind
	name  string
	not   bool // !p
	value uint64
	list  []operand
}

// A statement is one instruction of the text.
type statement struct {
	op    string   // the word before the first dot
	mods  []string // the dotted words after it
	guard string   // the guarding predicate, or empty
	not   bool     // @!p
	args  []operand
	scope *scope
	line  int
	text  string
}

// A register range or a single register, as declared.
type registers struct {
	prefix string // %r of %r<101>, or the whole name
	count  int    // 0 for a single register
	typ    scalar
	slots  map[int]int32 // number in the range → slot
}

// A scope is what is declared between two braces.
type scope struct {
	up     *scope
	names  map[string]*registers
	ranges map[string]*registers
	labels map[string]int32 // the instruction each label stands before
}

func newScope(up *scope) *scope {
	return &scope{up: up, names: map[string]*registers{}, ranges: map[string]*registers{}, labels: map[string]int32{}}
}

// register finds the declaration of name and its number in the range.
func (s *scope) register(name string) (*registers, int) {
	stem := strings.TrimRight(name, "0123456789")
	number, err := strconv.Atoi(name[len(stem):])
	canonical := err == nil && strconv.Itoa(number) == name[len(stem):]
	for ; s != nil; s = s.up {
		if r := s.names[name]; r != nil {
			return r, 0
		}
		if r := s.ranges[stem]; r != nil && canonical && number < r.count {
			return r, number
		}
	}
	return nil, 0
}

func (s *scope) label(name string) (int32, bool) {
	for ; s != nil; s = s.up {
		if at, ok := s.labels[name]; ok {
			return at, true
		}
	}
	return 0, false
}

// number reads a PTX literal: decimal, hexadecimal, octal or binary integers
// with an optional U, 0f and 0d bit patterns, decimal floats.
func number(text string, line int) (operand, error) {
	low := strings.ToLower(text)
	bits := func(kind operandKind, digits int) (operand, error) {
		v, err := strconv.ParseUint(low[2:], 16, 64)
		if err != nil || len(low) != 2+digits {
			return operand{}, invalid(line, "%q is no float of %d hexadecimal digits", text, digits)
		}
		return operand{kind: kind, value: v}, nil
	}
	switch {
	case strings.HasPrefix(low, "0f"):
		return bits(oFloat32, 8)
	case strings.HasPrefix(low, "0d"):
		return bits(oFloat64, 16)
	case !strings.HasPrefix(low, "0x") && strings.Contains(low, "."):
		v, err := strconv.ParseFloat(low, 64)
		if err != nil {
			return operand{}, invalid(line, "%q is no number", text)
		}
		return operand{kind: oFloat64, value: math.Float64bits(v)}, nil
	}
	v, err := strconv.ParseUint(strings.TrimSuffix(low, "u"), 0, 64)
	if err != nil || strings.Contains(low, "_") {
		return operand{}, invalid(line, "%q is no number", text)
	}
	return operand{kind: oInt, value: v}, nil
}
