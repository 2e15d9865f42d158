//go:build wasip1

package main

import (
	"encoding/binary"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
	"github.com/cloister-ai/cloister/abi/recipe"
)

// run runs the model on one record: once, or once for each window of a sound,
// and then with the state that the run before left.
func (m *model) run(files [][]byte) ([]output, error) {
	made := make([][][]byte, len(m.inputs)) // of each input: its windows
	windows := 1
	var file []byte
	for i, in := range m.inputs {
		if in.takesFile() {
			file, files = files[0], files[1:]
		}
		var err error
		if made[i], err = in.make(file); err != nil {
			return nil, guest.Within("input "+in.port.Name, err)
		}
		windows = max(windows, len(made[i]))
	}
	out := make([]output, len(m.outputs))
	for i, o := range m.outputs {
		shape, err := m.program.OutputShape(i)
		if err != nil {
			return nil, err
		}
		out[i] = output{name: o.Name, Array: recipe.Array{DType: o.DType, Shape: shape}, windows: windows}
	}
	for w := range windows {
		got, err := m.step(made, w)
		if err != nil {
			return nil, err
		}
		for i, b := range got {
			out[i].Data = append(out[i].Data, b...)
		}
		for i, in := range m.inputs {
			if in.carries >= 0 {
				made[i] = [][]byte{got[in.carries]}
			}
		}
	}
	if windows > 1 {
		for i := range out {
			out[i].Shape = append([]int64{int64(windows)}, out[i].Shape...)
		}
	}
	return out, nil
}

// make returns the elements of the input, of each window one after the other.
func (in input) make(file []byte) ([][]byte, error) {
	if in.picture == nil {
		return in.recipe.Make(file, in.port)
	}
	x, err := in.picture.Record(file)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 4*len(x))
	for _, f := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return [][]byte{b}, nil
}

// step runs the program on window w, or on the only one that an input has.
func (m *model) step(made [][][]byte, w int) ([][]byte, error) {
	in := make([]guest.Tensor, len(m.inputs))
	for i, b := range made {
		n, err := abi.Elements(m.inputs[i].port.Shape)
		if err != nil {
			return nil, err
		}
		data := b[min(w, len(b)-1)]
		if int64(len(data)) != n*m.inputs[i].port.DType.Size() {
			return nil, guest.Fail(abi.Invalid, "input ", m.inputs[i].port.Name, " is not what the card says: its bytes do not fit its shape")
		}
		if in[i], err = guest.FromBytes(m.inputs[i].port.DType, data, m.inputs[i].port.Shape...); err != nil {
			return nil, err
		}
		defer in[i].Free()
	}
	out, err := m.program.Run(in...)
	if err != nil {
		return nil, err
	}
	got := make([][]byte, len(out))
	for i, t := range out {
		defer t.Free()
		if got[i], err = t.Bytes(); err != nil {
			return nil, guest.Within("output "+m.outputs[i].Name, err)
		}
	}
	return got, nil
}
