package recipe_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"

	"github.com/google/go-cmp/cmp"
)

// saved is what numpy.save writes.
func saved(header, data string) []byte {
	return []byte("\x93NUMPY\x01\x00v\x00" + header + strings.Repeat(" ", 117-len(header)) + "\n" + data)
}

func TestNumPyReadsAndWritesTheSame(t *testing.T) {
	for header, want := range map[string]recipe.Array{
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }": {DType: abi.Float32, Shape: []int64{2, 1}, Data: []byte("\x00\x00\x80?\x00\x00\x00@")},
		"{'descr': '<i8', 'fortran_order': False, 'shape': (), }":     {DType: abi.Int64, Data: []byte("\x07\x00\x00\x00\x00\x00\x00\x00")},
		"{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }":   {DType: abi.Bool, Shape: []int64{2}, Data: []byte("\x01\x00")},
	} {
		file := saved(header, string(want.Data))
		got, err := recipe.ParseNPY(file)
		if err != nil {
			t.Errorf("%s: %v", header, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", header, diff)
		}
		if again := got.NPY(); !bytes.Equal(again, file) {
			t.Errorf("written as %q, NumPy writes %q", again, file)
		}
	}
	good := "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
	for what, file := range map[string][]byte{
		"nothing": nil, "cut": saved(good, "\x00"), "text": []byte("1 2 3"), "version": append([]byte("\x93NUMPY\x09\x00"), make([]byte, 20)...),
		"order":    saved("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "\x00\x00\x00\x00"),
		"type":     saved("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "\x00\x00\x00\x00"),
		"no shape": saved("{'descr': '<f4', 'fortran_order': False, }", ""),
		"negative": saved("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", ""),
		"huge":     saved("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", ""),
		"rank":     saved("{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", "\x00"),
		"header":   []byte("\x93NUMPY\x01\x00\xff\xff{}"),
		"header2":  []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"),
	} {
		if _, err := recipe.ParseNPY(file); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v; want %v", what, err, abi.Invalid)
		}
	}
}

func FuzzParseNPY(f *testing.F) {
	f.Add(saved("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "\x00\x00\x00\x00"))
	f.Add([]byte("\x93NUMPY\x02\x00\x04\x00\x00\x00{}  "))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := recipe.ParseNPY(b)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v; want %v", err, abi.Invalid)
			}
			return
		}
		again, err := recipe.ParseNPY(a.NPY())
		if err != nil || !cmp.Equal(again, a) {
			t.Errorf("%+v is read back as %+v, %v", a, again, err)
		}
	})
}
