package onnx

import (
	"fmt"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
	"google.golang.org/protobuf/encoding/protowire"
)

// A field is one field of a protobuf message.
type field struct {
	num protowire.Number
	typ protowire.Type
	u   uint64 // of varint, fixed32 and fixed64
	b   []byte // of length-delimited fields; it shares the message's memory
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("onnx: "+format+": %w", append(args, abi.Invalid)...)
}

// fields calls f for each field of message b.
func fields(what string, b []byte, f func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return invalid("%s: %v", what, protowire.ParseError(n))
		}
		b = b[n:]
		x := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			x.u, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var u uint32
			u, n = protowire.ConsumeFixed32(b)
			x.u = uint64(u)
		case protowire.Fixed64Type:
			x.u, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			x.b, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return invalid("%s: field %d: %v", what, num, protowire.ParseError(n))
		}
		b = b[n:]
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// text is a string field. Names from outside are kept short in errors by quote.
func (x field) text(what string) (string, error) {
	if x.typ != protowire.BytesType || !utf8.Valid(x.b) || len(x.b) > maxText {
		return "", invalid("%s is not a string of at most %d bytes", what, maxText)
	}
	return string(x.b), nil
}

// message is an embedded message.
func (x field) message(what string) ([]byte, error) {
	if x.typ != protowire.BytesType {
		return nil, invalid("%s is not a message", what)
	}
	return x.b, nil
}

// integers appends a repeated integer field, packed or not.
func (x field) integers(dst []int64) ([]int64, error) {
	if x.typ == protowire.VarintType {
		return append(dst, int64(x.u)), nil
	}
	if x.typ != protowire.BytesType {
		return nil, invalid("field %d is not a list of integers", x.num)
	}
	for b := x.b; len(b) > 0; {
		u, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, invalid("field %d: %v", x.num, protowire.ParseError(n))
		}
		dst, b = append(dst, int64(u)), b[n:]
	}
	return dst, nil
}

// fixed32s appends a repeated float field, packed or not, as bits.
func (x field) fixed32s(dst []uint32) ([]uint32, error) {
	if x.typ == protowire.Fixed32Type {
		return append(dst, uint32(x.u)), nil
	}
	if x.typ != protowire.BytesType || len(x.b)%4 != 0 {
		return nil, invalid("field %d is not a list of floats", x.num)
	}
	for b := x.b; len(b) > 0; b = b[4:] {
		u, _ := protowire.ConsumeFixed32(b)
		dst = append(dst, u)
	}
	return dst, nil
}

// fixed64s appends a repeated double field, packed or not, as bits.
func (x field) fixed64s(dst []uint64) ([]uint64, error) {
	if x.typ == protowire.Fixed64Type {
		return append(dst, x.u), nil
	}
	if x.typ != protowire.BytesType || len(x.b)%8 != 0 {
		return nil, invalid("field %d is not a list of doubles", x.num)
	}
	for b := x.b; len(b) > 0; b = b[8:] {
		u, _ := protowire.ConsumeFixed64(b)
		dst = append(dst, u)
	}
	return dst, nil
}

// maxText bounds the bytes of a name in a file.
const maxText = 1024

// quote shortens a name for an error text.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return fmt.Sprintf("%q", s)
}
