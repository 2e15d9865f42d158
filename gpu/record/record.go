// Package record writes structs as protobuf messages: equal values give equal
// bytes, and no other bytes are read back as them.
//
// A field with the tag `pb:"3"` is field 3. Booleans and unsigned numbers are
// uint64, signed ones sint64, float32 and float64 are float and double; strings,
// bytes and messages are themselves. Lists and arrays of numbers are packed, other
// lists repeated. What is zero or empty is left out, and fields ascend. A pointer
// to a struct is there when it is not nil.
package record

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/cloister-ai/cloister/abi"
	"google.golang.org/protobuf/encoding/protowire"
)

// MaxText bounds the bytes of a string.
const MaxText = 1024

// A field is how one field of a struct is written.
type field struct {
	num  protowire.Number
	at   int
	name string
}

var fieldsOf sync.Map // of a struct type, as []field

// fields lists the tagged fields of a struct type; they must ascend.
func fields(t reflect.Type) []field {
	if f, ok := fieldsOf.Load(t); ok {
		return f.([]field)
	}
	var list []field
	for i := range t.NumField() {
		tag, ok := t.Field(i).Tag.Lookup("pb")
		if !ok {
			continue
		}
		num, err := strconv.Atoi(tag)
		if err != nil || len(list) > 0 && num <= int(list[len(list)-1].num) {
			panic(fmt.Sprintf("record: %v: tag %q of %s does not ascend", t, tag, t.Field(i).Name))
		}
		list = append(list, field{protowire.Number(num), i, t.Field(i).Name})
	}
	fieldsOf.Store(t, list)
	return list
}

// Marshal returns the message of v, a struct or a pointer to one.
func Marshal(v any) []byte { return message(nil, reflect.Indirect(reflect.ValueOf(v))) }

func message(b []byte, v reflect.Value) []byte {
	for _, f := range fields(v.Type()) {
		b = put(b, f.num, v.Field(f.at))
	}
	return b
}

func put(b []byte, num protowire.Number, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Struct:
		if m := message(nil, v); len(m) > 0 {
			b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), message(nil, v.Elem()))
		}
	case reflect.String:
		if v.Len() > 0 {
			b = protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v.String())
		}
	case reflect.Array:
		if !v.IsZero() {
			b = packed(b, num, v)
		}
	case reflect.Slice:
		switch elem := v.Type().Elem(); {
		case v.Len() == 0:
		case elem.Kind() == reflect.Uint8 && elem.Name() == "uint8":
			b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v.Bytes())
		case elem.Kind() == reflect.Struct:
			for i := range v.Len() {
				b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), message(nil, v.Index(i)))
			}
		default:
			b = packed(b, num, v)
		}
	default:
		if v.IsZero() && !(v.CanFloat() && math.Signbit(v.Float())) {
			return b
		}
		b = number(protowire.AppendTag(b, num, wire(v.Kind())), v)
	}
	return b
}

func packed(b []byte, num protowire.Number, v reflect.Value) []byte {
	var m []byte
	for i := range v.Len() {
		m = number(m, v.Index(i))
	}
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
}

// wire is the type of field that a value of kind k is.
func wire(k reflect.Kind) protowire.Type {
	switch k {
	case reflect.Struct, reflect.Pointer, reflect.String, reflect.Array, reflect.Slice:
		return protowire.BytesType
	case reflect.Float32:
		return protowire.Fixed32Type
	case reflect.Float64:
		return protowire.Fixed64Type
	}
	return protowire.VarintType
}

func number(b []byte, v reflect.Value) []byte {
	switch {
	case v.Kind() == reflect.Bool:
		return protowire.AppendVarint(b, protowire.EncodeBool(v.Bool()))
	case v.CanUint():
		return protowire.AppendVarint(b, v.Uint())
	case v.CanInt():
		return protowire.AppendVarint(b, protowire.EncodeZigZag(v.Int()))
	case v.Kind() == reflect.Float32:
		return protowire.AppendFixed32(b, math.Float32bits(v.Interface().(float32))) // by way of float64, a NaN would change
	case v.Kind() == reflect.Float64:
		return protowire.AppendFixed64(b, math.Float64bits(v.Float()))
	}
	panic(fmt.Sprintf("record: a field of type %v", v.Type()))
}

// Unmarshal reads b into v, a pointer to a zero struct. What Marshal would not
// write is Invalid: unknown fields, zeros, another order, numbers out of range.
func Unmarshal(b []byte, v any) error {
	s := reflect.ValueOf(v).Elem()
	if err := read(b, s); err != nil {
		return err
	}
	if !bytes.Equal(message(nil, s), b) {
		return fmt.Errorf("%s: it is not in its one encoding: %w", s.Type().Name(), abi.Invalid)
	}
	return nil
}

func read(b []byte, s reflect.Value) error {
	t := s.Type()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%s: %v: %w", t.Name(), protowire.ParseError(n), abi.Invalid)
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return fmt.Errorf("%s: field %d: %v: %w", t.Name(), num, protowire.ParseError(n), abi.Invalid)
		}
		f, ok := find(fields(t), num)
		if !ok {
			return fmt.Errorf("%s: field %d is unknown: %w", t.Name(), num, abi.Invalid)
		}
		if err := take(s.Field(f.at), typ, b[:n]); err != nil {
			return fmt.Errorf("%s.%s: %w", t.Name(), f.name, err)
		}
		b = b[n:]
	}
	return nil
}

func find(list []field, num protowire.Number) (field, bool) {
	for _, f := range list {
		if f.num == num {
			return f, true
		}
	}
	return field{}, false
}

// take reads one field; b is its value, checked to be whole.
func take(v reflect.Value, typ protowire.Type, b []byte) error {
	if want := wire(v.Kind()); typ != want {
		return fmt.Errorf("wire type %d, want %d: %w", typ, want, abi.Invalid)
	}
	if typ != protowire.BytesType {
		_, err := set(v, b)
		return err
	}
	b, _ = protowire.ConsumeBytes(b)
	switch v.Kind() {
	case reflect.Struct:
		return read(b, v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return read(b, v.Elem())
	case reflect.String:
		if len(b) > MaxText {
			return fmt.Errorf("text of %d bytes, at most %d: %w", len(b), MaxText, abi.Invalid)
		}
		v.SetString(string(b))
		return nil
	case reflect.Array:
		for i := range v.Len() {
			n, err := set(v.Index(i), b)
			if err != nil {
				return err
			}
			b = b[n:]
		}
		if len(b) > 0 {
			return fmt.Errorf("more than %d elements: %w", v.Len(), abi.Invalid)
		}
		return nil
	}
	elem := v.Type().Elem()
	switch {
	case elem.Kind() == reflect.Uint8 && elem.Name() == "uint8":
		v.SetBytes(bytes.Clone(b))
		return nil
	case elem.Kind() == reflect.Struct:
		x := reflect.New(elem).Elem()
		if err := read(b, x); err != nil {
			return fmt.Errorf("%d: %w", v.Len(), err)
		}
		v.Set(reflect.Append(v, x))
		return nil
	}
	for len(b) > 0 {
		x := reflect.New(elem).Elem()
		n, err := set(x, b)
		if err != nil {
			return fmt.Errorf("%d: %w", v.Len(), err)
		}
		v.Set(reflect.Append(v, x))
		b = b[n:]
	}
	return nil
}

// set reads a number and returns how many bytes it was.
func set(v reflect.Value, b []byte) (n int, err error) {
	var u uint64
	switch v.Kind() {
	case reflect.Float32:
		var x uint32
		x, n = protowire.ConsumeFixed32(b)
		v.Set(reflect.ValueOf(math.Float32frombits(x)))
	case reflect.Float64:
		u, n = protowire.ConsumeFixed64(b)
		v.SetFloat(math.Float64frombits(u))
	default:
		u, n = protowire.ConsumeVarint(b)
		i := protowire.DecodeZigZag(u)
		switch {
		case n < 0:
		case v.Kind() == reflect.Bool:
			v.SetBool(u == 1)
		case v.CanUint() && !v.OverflowUint(u):
			v.SetUint(u)
		case v.CanInt() && !v.OverflowInt(i):
			v.SetInt(i)
		default:
			return 0, fmt.Errorf("%d is out of range: %w", u, abi.Invalid)
		}
	}
	if n < 0 {
		return 0, fmt.Errorf("%v: %w", protowire.ParseError(n), abi.Invalid)
	}
	return n, nil
}

// Describe returns the fields of v, a struct, as they stand in the description of a
// protobuf message: "repeated sint64 shape = 2;".
func Describe(v any) []string {
	var list []string
	t := reflect.TypeOf(v)
	for _, f := range fields(t) {
		ft, many := t.Field(f.at).Type, ""
		if k := ft.Kind(); k == reflect.Array || k == reflect.Slice && ft.Elem().Kind() != reflect.Uint8 {
			ft, many = ft.Elem(), "repeated "
		}
		list = append(list, fmt.Sprintf("%s%s %s = %d;", many, describe(ft), snake(f.name), f.num))
	}
	return list
}

func describe(t reflect.Type) string {
	v := reflect.Zero(t)
	switch {
	case t.Kind() == reflect.Slice:
		return "bytes"
	case t.Kind() == reflect.Pointer:
		return describe(t.Elem())
	case t.Kind() == reflect.Struct:
		name := strings.TrimSuffix(t.Name(), "Code")
		return strings.ToUpper(name[:1]) + name[1:]
	case t.Kind() == reflect.Bool, t.Kind() == reflect.String:
		return t.Kind().String()
	case t.Kind() == reflect.Float32:
		return "float"
	case t.Kind() == reflect.Float64:
		return "double"
	case v.CanUint():
		return "uint64"
	}
	return "sint64"
}

// snake writes a name of Go as protobuf does.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) && unicode.IsLower(rune(name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
