package record_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/record"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type leaf struct {
	I int32     `pb:"1"`
	F float32   `pb:"2"`
	P [3]int64  `pb:"3"`
	E abi.DType `pb:"7"`
}

type all struct {
	Flag  bool      `pb:"1"`
	U     uint32    `pb:"2"`
	I     int64     `pb:"3"`
	F     float64   `pb:"4"`
	S     string    `pb:"5"`
	B     []byte    `pb:"6"`
	Ints  []int64   `pb:"8"`
	Flags []bool    `pb:"9"`
	Fs    []float32 `pb:"10"`
	One   leaf      `pb:"11"`
	May   *leaf     `pb:"12"`
	Many  []leaf    `pb:"13"`
}

func draw(t *rapid.T) all {
	l := func(name string) leaf {
		return leaf{rapid.Int32().Draw(t, name), rapid.Float32().Draw(t, name), [3]int64{rapid.Int64().Draw(t, name)}, abi.DType(rapid.Byte().Draw(t, name))}
	}
	a := all{Flag: rapid.Bool().Draw(t, "flag"), U: rapid.Uint32().Draw(t, "u"), I: rapid.Int64().Draw(t, "i"), F: rapid.Float64().Draw(t, "f"), S: rapid.String().Draw(t, "s"), One: l("one")}
	if len(a.S) > record.MaxText {
		a.S = ""
	}
	if rapid.Bool().Draw(t, "lists") {
		a.B, a.Ints = []byte{rapid.Byte().Draw(t, "b")}, []int64{0, rapid.Int64().Draw(t, "j")}
		a.Flags, a.Fs = []bool{true, false}, []float32{0, rapid.Float32().Draw(t, "g")}
		a.May, a.Many = new(leaf), []leaf{l("a"), {}, l("b")}
	}
	return a
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		var got all
		if err := record.Unmarshal(record.Marshal(want), &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestZerosKeepTheirSignAndNaNsTheirBits(t *testing.T) {
	nan := math.Float32frombits(0x7f812345) // a signalling one
	want := leaf{F: float32(math.Copysign(0, -1))}
	for _, x := range []leaf{want, {F: nan}} {
		var got leaf
		if err := record.Unmarshal(record.Marshal(x), &got); err != nil || math.Float32bits(got.F) != math.Float32bits(x.F) {
			t.Errorf("%x became %x, %v", math.Float32bits(x.F), math.Float32bits(got.F), err)
		}
	}
}

func TestOtherBytesAreInvalidAndNameTheField(t *testing.T) {
	for _, c := range []struct {
		what, bytes, word string
	}{
		{"an unknown field", "\x70\x01", "field 14"},
		{"a zero that is written", "\x10\x00", "one encoding"},
		{"fields that descend", "\x10\x01\x08\x01", "one encoding"},
		{"a field twice", "\x10\x01\x10\x02", "one encoding"},
		{"a long varint", "\x10\x81\x00", "one encoding"},
		{"a boolean of 2", "\x08\x02", "one encoding"},
		{"a number out of range", "\x10\x80\x80\x80\x80\x10", "U"},
		{"a number of another wire type", "\x11\x01\x00\x00\x00\x00\x00\x00\x00", "U"},
		{"text as a number", "\x28\x01", "S"},
		{"a length past the end", "\x2a\x05ab", "field 5"},
		{"a tag cut short", "\x80", "all"},
		{"packed numbers cut short", "\x42\x01\x80", "Ints"},
		{"an array that is short", "\x5a\x03\x1a\x01\x02", "P"},
		{"an array that is long", "\x5a\x06\x1a\x04\x02\x02\x02\x02", "P"},
		{"an enum out of range", "\x5a\x03\x38\x80\x02", "E"},
		{"a long text", "\x2a\x80\x10" + strings.Repeat("a", 2048), "S"},
	} {
		var v all
		if err := record.Unmarshal([]byte(c.bytes), &v); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %v, want Invalid that says %q", c.what, err, c.word)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{})
	f.Add(record.Marshal(all{U: 3, S: "x", Ints: []int64{1, -1}, May: &leaf{F: 2}, Many: []leaf{{I: 1}, {}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v all
		if err := record.Unmarshal(b, &v); err == nil && !bytes.Equal(record.Marshal(v), b) {
			t.Errorf("%x is read, but not written", b)
		}
	})
}
