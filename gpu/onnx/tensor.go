package onnx

import (
	"encoding/binary"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of TensorProto.
const (
	tensorDims, tensorType, tensorSegment                = 1, 2, 3
	tensorFloats, tensorInt32s, tensorInt64s, tensorName = 4, 5, 7, 8
	tensorRaw, tensorDoubles, tensorUint64s              = 9, 10, 11
	tensorExternal, tensorLocation                       = 13, 14
)

// A tensorProto is a tensor as it lies in the file.
type tensorProto struct {
	name    string
	dims    []int64
	elem    int64
	raw     []byte
	hasRaw  bool
	floats  []uint32
	doubles []uint64
	ints    []int64
}

func float(bits uint32) float32 { return math.Float32frombits(bits) }

func parseTensor(x field) (*tensorProto, error) {
	b, err := x.message("tensor")
	if err != nil {
		return nil, err
	}
	t := &tensorProto{}
	err = fields("tensor", b, func(x field) (err error) {
		switch x.num {
		case tensorDims:
			if t.dims, err = x.integers(t.dims); err == nil && len(t.dims) > abi.MaxRank {
				err = invalid("tensor %s has rank over %d", quote(t.name), abi.MaxRank)
			}
		case tensorType:
			t.elem = int64(x.u)
		case tensorName:
			t.name, err = x.text("tensor name")
		case tensorRaw:
			t.raw, err = x.message("raw data")
			t.hasRaw = true
		case tensorFloats:
			t.floats, err = x.fixed32s(t.floats)
		case tensorDoubles:
			t.doubles, err = x.fixed64s(t.doubles)
		case tensorInt32s, tensorInt64s, tensorUint64s:
			t.ints, err = x.integers(t.ints)
		case tensorSegment:
			err = invalid("tensor %s is in segments, which is not supported", quote(t.name))
		case tensorExternal:
			err = invalid("tensor %s is external data, which is not supported", quote(t.name))
		case tensorLocation:
			if x.u != 0 {
				err = invalid("tensor %s is external data, which is not supported", quote(t.name))
			}
		}
		return err
	})
	return t, err
}

func dtype(elem int64) (abi.DType, error) {
	if elem < 0 || elem > math.MaxUint8 || graph.CheckType(abi.DType(elem), nil) != nil {
		return 0, invalid("element type %v is not supported", abi.DType(min(max(elem, 0), math.MaxUint8)))
	}
	return abi.DType(elem), nil
}

// elements returns the little-endian elements, checked against the shape.
func (t *tensorProto) elements() (abi.DType, []byte, error) {
	dt, err := dtype(t.elem)
	if err != nil {
		return 0, nil, err
	}
	n, err := abi.Elements(t.dims)
	if err != nil {
		return 0, nil, invalid("tensor %s: %v", quote(t.name), err)
	}
	data, size := t.raw, n*dt.Size()
	if !t.hasRaw {
		if have := int64(len(t.floats) + len(t.doubles) + len(t.ints)); have != n {
			return 0, nil, invalid("tensor %s has %d elements, its shape %v wants %d", quote(t.name), have, t.dims, n)
		}
		data = make([]byte, 0, size)
		for _, u := range t.floats {
			data = binary.LittleEndian.AppendUint32(data, u)
		}
		for _, u := range t.doubles {
			data = binary.LittleEndian.AppendUint64(data, u)
		}
		for _, i := range t.ints {
			switch dt.Size() {
			case 1:
				data = append(data, byte(i))
			case 2:
				data = binary.LittleEndian.AppendUint16(data, uint16(i))
			case 4:
				data = binary.LittleEndian.AppendUint32(data, uint32(i))
			default:
				data = binary.LittleEndian.AppendUint64(data, uint64(i))
			}
		}
	}
	if int64(len(data)) != size {
		return 0, nil, invalid("tensor %s has %d bytes, its shape %v wants %d", quote(t.name), len(data), t.dims, size)
	}
	return dt, data, nil
}

// A Tensor is the content of a TensorProto file, as ONNX test folders keep
// their inputs and outputs.
type Tensor struct {
	Name  string
	DType abi.DType
	Shape []int64
	Data  []byte // little-endian elements
}

// ParseTensor reads a TensorProto file. Errors: Invalid, naming what is not
// supported or does not add up.
func ParseTensor(b []byte) (Tensor, error) {
	t, err := parseTensor(field{typ: protowire.BytesType, b: b})
	if err != nil {
		return Tensor{}, err
	}
	dt, data, err := t.elements()
	if err != nil {
		return Tensor{}, err
	}
	return Tensor{Name: t.name, DType: dt, Shape: t.dims, Data: data}, nil
}

// MarshalTensor returns t as a TensorProto file. Equal tensors give equal bytes.
func MarshalTensor(t Tensor) []byte { return tensor(t.Name, t.DType, t.Shape, t.Data) }
