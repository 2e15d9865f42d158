package ptxvm

import (
	"fmt"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

type tokenKind uint8

const (
	tEnd    tokenKind = iota
	tName             // an identifier, with the leading % or $
	tDot              // a dotted word, without the dot: .global, .shared::cta, .2d
	tNumber           // a number, as written
	tString
	tPunct
)

type token struct {
	kind tokenKind
	text string
	line int
	pos  int // offset of the token in the text
}

// lexer cuts PTX text into tokens, one ahead of the parser.
type lexer struct {
	text string
	pos  int
	line int
	tok  token
}

func newLexer(text string) (*lexer, error) {
	l := &lexer{text: text, line: 1}
	return l, l.next()
}

func invalid(line int, format string, args ...any) error {
	return fmt.Errorf("ptxvm: line %d: %s: %w", line, fmt.Sprintf(format, args...), abi.Invalid)
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
}
func digit(c byte) bool { return c >= '0' && c <= '9' }

// next reads one token into l.tok.
func (l *lexer) next() error {
	if err := l.skip(); err != nil {
		return err
	}
	start := l.pos
	l.tok = token{line: l.line, pos: start}
	if start == len(l.text) {
		return nil
	}
	c := l.text[start]
	switch {
	case c == '.' && start+1 < len(l.text) && (letter(l.text[start+1]) || digit(l.text[start+1])):
		l.pos++
		l.word(true)
		l.tok.kind, l.tok.text = tDot, l.text[start+1:l.pos]
	case letter(c) || c == '%':
		l.pos++
		l.word(false)
		l.tok.kind, l.tok.text = tName, l.text[start:l.pos]
	case digit(c):
		for l.pos < len(l.text) && (letter(l.text[l.pos]) || digit(l.text[l.pos]) || l.text[l.pos] == '.' ||
			(l.text[l.pos] == '-' || l.text[l.pos] == '+') && l.exponent(start)) {
			l.pos++
		}
		l.tok.kind, l.tok.text = tNumber, l.text[start:l.pos]
	case c == '"':
		end := strings.IndexByte(l.text[start+1:], '"')
		if end < 0 {
			return invalid(l.line, "a string that does not end")
		}
		l.pos = start + end + 2
		l.line += strings.Count(l.text[start:l.pos], "\n")
		l.tok.kind, l.tok.text = tString, l.text[start:l.pos]
	default:
		l.pos++
		l.tok.kind, l.tok.text = tPunct, l.text[start:l.pos]
	}
	return nil
}

// exponent reports whether the sign at l.pos belongs to a decimal float's exponent.
func (l *lexer) exponent(start int) bool {
	prev := l.text[l.pos-1]
	return (prev == 'e' || prev == 'E') && strings.Contains(l.text[start:l.pos], ".")
}

func (l *lexer) word(colons bool) {
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		if colons && strings.HasPrefix(l.text[l.pos:], "::") {
			l.pos += 2
			continue
		}
		if !letter(c) && !digit(c) {
			return
		}
		l.pos++
	}
}

// skip passes white space, comments and the line markers a preprocessor leaves.
func (l *lexer) skip() error {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case rest[0] == '\n':
			l.line++
			l.pos++
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			l.pos++
		case strings.HasPrefix(rest, "//") || rest[0] == '#':
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.pos += end
			} else {
				l.pos = len(l.text)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return invalid(l.line, "a comment that does not end")
			}
			l.line += strings.Count(rest[:end], "\n")
			l.pos += end + 2
		default:
			return nil
		}
	}
	return nil
}

// take consumes the token if it is the punctuation or dotted word given.
func (l *lexer) take(kind tokenKind, text string) (bool, error) {
	if l.tok.kind != kind || l.tok.text != text {
		return false, nil
	}
	return true, l.next()
}

// want is take that insists.
func (l *lexer) want(kind tokenKind, text string) error {
	ok, err := l.take(kind, text)
	if err == nil && !ok {
		err = invalid(l.tok.line, "%q where %q belongs", l.tok.text, text)
	}
	return err
}

// name consumes an identifier.
func (l *lexer) name() (string, error) {
	if l.tok.kind != tName {
		return "", invalid(l.tok.line, "%q where a name belongs", l.tok.text)
	}
	s := l.tok.text
	return s, l.next()
}
