package recipe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// An Array is the content of an .npy file, NumPy's format of one array.
type Array struct {
	DType abi.DType
	Shape []int64
	Data  []byte // little-endian elements, row after row
}

const npyMagic = "\x93NUMPY"

// descr is how NumPy names element types.
var descr = map[abi.DType]string{
	abi.Float32: "<f4", abi.Uint8: "|u1", abi.Int8: "|i1", abi.Int32: "<i4", abi.Int64: "<i8",
	abi.Bool: "|b1", abi.Float16: "<f2", abi.Float64: "<f8",
}

// IsNPY reports whether b begins as an .npy file does.
func IsNPY(b []byte) bool { return bytes.HasPrefix(b, []byte(npyMagic)) }

// ParseNPY reads an .npy file; Data shares memory with b. Errors: Invalid for a
// damaged file, another byte order, Fortran's order of axes, and for element
// types that no tensor has.
func ParseNPY(b []byte) (Array, error) {
	refuse := func(format string, args ...any) (Array, error) {
		return Array{}, fmt.Errorf("npy: "+format+": %w", append(args, abi.Invalid)...)
	}
	if !IsNPY(b) || len(b) < 10 {
		return refuse("the file does not begin as one")
	}
	var head []byte
	switch major := b[6]; major {
	case 1:
		n := int(binary.LittleEndian.Uint16(b[8:]))
		if len(b) < 10+n {
			return refuse("a header of %d bytes is cut", n)
		}
		head, b = b[10:10+n], b[10+n:]
	case 2, 3:
		if len(b) < 12 {
			return refuse("the header is cut")
		}
		n := int64(binary.LittleEndian.Uint32(b[8:]))
		if n > maxNPYHeader || int64(len(b)) < 12+n {
			return refuse("a header of %d bytes is cut, or over %d", n, maxNPYHeader)
		}
		head, b = b[12:12+n], b[12+n:]
	default:
		return refuse("version %d", major)
	}
	a := Array{Data: b}
	fields := string(head)
	name, ok := between(fields, "'descr': '", "'")
	if !ok {
		return refuse("the header %q names no element type", clip(fields))
	}
	for dt, d := range descr {
		if name == d {
			a.DType = dt
		}
	}
	if a.DType == 0 {
		return refuse("element type %q; known are float32, float64, float16, uint8, int8, int32, int64 and bool, little-endian", clip(name))
	}
	if order, ok := between(fields, "'fortran_order': ", ","); !ok || order != "False" {
		return refuse("Fortran's order of axes; save a C-contiguous copy")
	}
	dims, ok := between(fields, "'shape': (", ")")
	if !ok {
		return refuse("the header %q names no shape", clip(fields))
	}
	for _, d := range strings.Split(dims, ",") {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		n, err := strconv.ParseInt(d, 10, 64)
		if err != nil || len(a.Shape) == abi.MaxRank {
			return refuse("shape (%s)", clip(dims))
		}
		a.Shape = append(a.Shape, n)
	}
	n, err := abi.Elements(a.Shape)
	if err != nil {
		return refuse("%w", err)
	}
	if want := n * a.DType.Size(); int64(len(a.Data)) != want {
		return refuse("%d bytes of elements, its shape %v of %v wants %d", len(a.Data), a.Shape, a.DType, want)
	}
	return a, nil
}

// maxNPYHeader bounds the header of an .npy file; NumPy's own are under 200
// bytes.
const maxNPYHeader = 64 << 10

// between returns what stands in s between two texts.
func between(s, before, after string) (string, bool) {
	_, rest, ok := strings.Cut(s, before)
	if !ok {
		return "", false
	}
	return cutAt(rest, after)
}

func cutAt(s, sep string) (string, bool) {
	in, _, ok := strings.Cut(s, sep)
	return in, ok
}

// NPY returns a as an .npy file, version 1.
func (a Array) NPY() []byte {
	shape := ""
	for _, d := range a.Shape {
		shape += strconv.FormatInt(d, 10) + ", "
	}
	if len(a.Shape) != 1 {
		shape = strings.TrimSuffix(shape, ", ")
	} else {
		shape = strings.TrimSuffix(shape, " ")
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr[a.DType], shape)
	pad := 64 - (10+len(head)+1)%64 // NumPy aligns the elements so
	head += strings.Repeat(" ", pad%64) + "\n"
	b := append([]byte(npyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(head)))
	return append(append(b, head...), a.Data...)
}
