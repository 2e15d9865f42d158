package sandbox

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
)

// Bounds on the attributes of one node.
const (
	maxAttrBytes  = 64 << 10
	maxAttrs      = 32
	maxAttrName   = 64
	maxAttrValues = 4096
)

// decodeAttrs decodes the attributes of a node, as abi/README.md specifies:
// one after the other, each a type byte (abi.AttrType), a length byte and the
// name, then the value in little-endian: f32, i64, or a u32 count and that many
// bytes, f32 or i64.
func decodeAttrs(b []byte) ([]abi.Attr, error) {
	if len(b) > maxAttrBytes {
		return nil, fmt.Errorf("attributes of %d bytes, at most %d: %w", len(b), maxAttrBytes, abi.Invalid)
	}
	r := &attrReader{b: b}
	var attrs []abi.Attr
	for len(r.b) > 0 && r.err == nil {
		if len(attrs) == maxAttrs {
			return nil, fmt.Errorf("more than %d attributes: %w", maxAttrs, abi.Invalid)
		}
		a := abi.Attr{Type: abi.AttrType(r.take(1)[0])}
		n := int(r.take(1)[0])
		if n == 0 || n > maxAttrName {
			return nil, fmt.Errorf("attribute name of %d bytes, 1 to %d: %w", n, maxAttrName, abi.Invalid)
		}
		a.Name = string(r.take(n))
		switch a.Type {
		case abi.AttrFloat:
			a.F = r.f32()
		case abi.AttrInt:
			a.I = r.i64()
		case abi.AttrString:
			a.S = string(r.take(r.count(1)))
		case abi.AttrFloats:
			a.Floats = make([]float32, r.count(4))
			for i := range a.Floats {
				a.Floats[i] = r.f32()
			}
		case abi.AttrInts:
			a.Ints = make([]int64, r.count(8))
			for i := range a.Ints {
				a.Ints[i] = r.i64()
			}
		default:
			return nil, fmt.Errorf("attribute %d has unknown type %d: %w", len(attrs), a.Type, abi.Invalid)
		}
		if r.err != nil {
			break
		}
		if !utf8.ValidString(a.Name) || !utf8.ValidString(a.S) {
			return nil, fmt.Errorf("attribute %d is not UTF-8: %w", len(attrs), abi.Invalid)
		}
		for _, other := range attrs {
			if other.Name == a.Name {
				return nil, fmt.Errorf("attribute %q stands twice: %w", a.Name, abi.Invalid)
			}
		}
		attrs = append(attrs, a)
	}
	return attrs, r.err
}

// attrReader takes values off the front of b; when b is too short it returns
// zeros and says so in err.
type attrReader struct {
	b   []byte
	err error
}

func (r *attrReader) take(n int) []byte {
	if n > len(r.b) {
		r.err = fmt.Errorf("attributes are truncated: %w", abi.Invalid)
		r.b = nil
		return make([]byte, n)
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *attrReader) f32() float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(r.take(4)))
}
func (r *attrReader) i64() int64 { return int64(binary.LittleEndian.Uint64(r.take(8))) }

// count decodes how many values of the given size follow.
func (r *attrReader) count(size int) int {
	n := binary.LittleEndian.Uint32(r.take(4))
	if n > maxAttrValues || int(n)*size > len(r.b) {
		r.err = fmt.Errorf("attribute of %d values, at most %d and %d bytes left: %w", n, maxAttrValues, len(r.b), abi.Invalid)
		r.b = nil
		return 0
	}
	return int(n)
}
