package enginetest

import (
	"bytes"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// roundTrip writes a network, reads it in another session, and wants the same
// bytes and the same results.
func roundTrip(t *testing.T, e abi.Engine) {
	a := open(t, e, abi.Quota{})
	n := convNet(a, 4)
	file, err := a.g.MarshalONNX()
	if err != nil {
		t.Fatal(err)
	}
	want := a.run(n.images, n.labels)

	b := open(t, e, abi.Quota{})
	g, err := b.s.ParseONNX(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	b.g = g
	again, err := g.MarshalONNX()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, again) {
		t.Errorf("written, read and written again, %d bytes became %d others", len(file), len(again))
	}
	got := b.run(n.images, n.labels)
	for i := range want {
		if !bytes.Equal(got[i].encode(), want[i].encode()) {
			t.Errorf("output %d of the file is %v, of the graph %v", i, got[i].data, want[i].data)
		}
	}
	names := func(g abi.Graph) (out []string) {
		for _, p := range g.Params() {
			out = append(out, p.Name)
		}
		return out
	}
	if x, y := names(a.g), names(g); len(x) != len(y) || x[0] != y[0] || x[5] != y[5] {
		t.Errorf("parameters of the file are %v, of the graph %v", y, x)
	}

	c := open(t, e, abi.Quota{TensorBytes: 64})
	_, err = c.s.ParseONNX(t.Context(), file)
	wantKind(t, err, abi.Exhausted)
	if u := c.s.Usage(); u.Bytes != 0 {
		t.Errorf("a file that did not fit left %d bytes", u.Bytes)
	}
	c = open(t, e, abi.Quota{Nodes: 3})
	_, err = c.s.ParseONNX(t.Context(), file)
	wantKind(t, err, abi.Exhausted)
}

func badFiles(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	b.output("y", b.node("Tanh", nil, b.input("x", abi.Float32, 2)))
	file, err := b.g.MarshalONNX()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, []byte("not a model"), file[:len(file)/2], file[:len(file)-1], bytes.Replace(file, []byte("Tanh"), []byte("Hant"), 1)} {
		if _, err := b.s.ParseONNX(t.Context(), bad); abi.KindOf(err) != abi.Invalid {
			t.Errorf("ParseONNX(%q) = %v, want Invalid", bad, err)
		}
	}
	_, err = b.s.ParseONNX(t.Context(), bytes.Replace(file, []byte("Tanh"), []byte("Hant"), 1))
	wantKind(t, err, abi.Invalid, "Hant")

	b.graph(21)
	x := b.input("x", abi.Float32, 2)
	loss := b.node("ReduceSum", attrs("keepdims", 0), b.node("Tanh", nil, x))
	d, err := b.g.Gradient(loss, []abi.Value{x})
	if err != nil {
		t.Fatal(err)
	}
	b.output("d", d[0])
	_, err = b.g.MarshalONNX()
	wantKind(t, err, abi.Invalid, "gradient")
}

// written writes the graph of every case that e takes, reads it in another
// session, and wants the same bits.
func written(t *testing.T, e abi.Engine) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			a := open(t, e, abi.Quota{})
			v, in, err := c.build(a)
			if err != nil {
				return // Operators says whether it may be refused
			}
			a.output("y", v)
			file, err := a.g.MarshalONNX()
			if err != nil {
				t.Fatal(err)
			}
			want := a.run(in...)[0]
			b := open(t, e, abi.Quota{})
			if b.g, err = b.s.ParseONNX(t.Context(), file); err != nil {
				t.Fatal(err)
			}
			if got := b.run(in...)[0]; !bytes.Equal(got.encode(), want.encode()) {
				t.Errorf("of the file it is %v, of the graph %v", got.data, want.data)
			}
		})
	}
}
