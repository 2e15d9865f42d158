package score

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// A bench is a session and a graph under construction, which keeps the first
// error.
type bench struct {
	ctx     context.Context
	session abi.Session
	graph   abi.Graph
	in      []abi.Tensor
	made    int // names given
	closers []io.Closer
	err     error
}

func newBench(ctx context.Context, e abi.Engine) (*bench, error) {
	s, err := e.Open(ctx, abi.Quota{})
	if err != nil {
		return nil, err
	}
	g, err := s.NewGraph(21)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &bench{ctx: ctx, session: s, graph: g, closers: []io.Closer{s}}, nil
}

func (b *bench) close() (err error) {
	for _, c := range b.closers {
		err = errors.Join(err, c.Close())
	}
	return err
}

func (b *bench) name() string {
	b.made++
	return fmt.Sprintf("v%d", b.made)
}

func (b *bench) value(v abi.Value, err error) abi.Value {
	if b.err == nil {
		b.err = err
	}
	return v
}

func (b *bench) node(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	if b.err != nil {
		return 0
	}
	out, err := b.graph.Node(op, attrs, in)
	if err != nil {
		b.err = err
		return 0
	}
	return out[0]
}

// period is after how many numbers a tensor repeats itself.
const period = 1 << 16

// tensor is of numbers between -1 and 1, over the root of how many share a column,
// so that products stay small.
func (b *bench) tensor(shape []int64) abi.Tensor {
	if b.err != nil {
		return nil
	}
	t, err := b.session.NewTensor(abi.Float32, shape)
	if err != nil {
		b.err = err
		return nil
	}
	n, err := abi.Elements(shape)
	if err != nil {
		b.err = err
		return nil
	}
	scale := 1 / float32(math.Sqrt(float64(shape[0])))
	buf := make([]byte, 4*n)
	x := uint64(len(b.in) + 1)
	for i := range min(n, period) {
		x = x*6364136223846793005 + 1442695040888963407 // Knuth's MMIX
		binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(float32(int32(x>>32))/(1<<31)*scale))
	}
	for made := 4 * period; made < len(buf); made *= 2 {
		copy(buf[made:], buf[:made])
	}
	if err := t.Write(0, buf); err != nil {
		b.err = err
	}
	return t
}

func (b *bench) input(shape ...int64) abi.Value {
	t := b.tensor(shape)
	if b.err != nil {
		return 0
	}
	b.in = append(b.in, t)
	return b.value(b.graph.Input(b.name(), abi.Float32, shape))
}

func (b *bench) param(shape ...int64) abi.Value {
	t := b.tensor(shape)
	if b.err != nil {
		return 0
	}
	return b.value(b.graph.Param(b.name(), t))
}

// columns are n columns of a matrix, from the given one on.
func (b *bench) columns(x abi.Value, from, n int64) abi.Value {
	return b.node("Slice", nil, x, b.constant(from), b.constant(from+n), b.constant(1))
}

// constant is a list of one number.
func (b *bench) constant(v int64) abi.Value {
	if b.err != nil {
		return 0
	}
	t, err := b.session.NewTensor(abi.Int64, []int64{1})
	if err == nil {
		err = t.Write(0, binary.LittleEndian.AppendUint64(nil, uint64(v)))
	}
	if err != nil {
		b.err = err
		return 0
	}
	return b.value(b.graph.Constant(t))
}

// program compiles the graph; what it returns runs it once.
func (b *bench) program(out ...abi.Value) func() error {
	for _, v := range out {
		if b.err == nil {
			b.err = b.graph.Output(b.name(), v)
		}
	}
	if b.err != nil {
		return nil
	}
	p, err := b.session.Compile(b.ctx, b.graph)
	if err != nil {
		b.err = err
		return nil
	}
	return func() error {
		out, err := p.Run(b.ctx, b.in)
		if err != nil {
			return err
		}
		for _, t := range out {
			t.Free()
		}
		return nil
	}
}

func ints(name string, v ...int64) abi.Attr {
	return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v}
}
