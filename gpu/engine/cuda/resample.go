package cuda

import (
	"encoding/binary"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// sampleRows: between elements.
var sampleRows = table{
	"Resample":           {reals, lowerResample},
	"ResampleGrad":       {reals, lowerResampleGrad},
	"RoiAlign":           {reals, lowerRoiAlign},
	"RoiAlignGrad":       {reals, lowerRoiAlignGrad},
	"GridSample":         {reals, lowerGridSample},
	"GridSampleGrad":     {reals, lowerGridSampleGrad},
	"GridSampleGradGrid": {reals, lowerGridSampleGradGrid},
}

// A tap of one place is an element of another row, with its weight.
type tap struct {
	at     int64
	weight float64
}

// A weave is what each place of a row is made of, as constants of the program:
// where its taps begin, and the taps.
type weave struct{ begins, at, weights operand }

func (s *step) weave(rows [][]tap) weave {
	var begins, at, weights []byte
	n := 0
	for _, r := range rows {
		begins = binary.LittleEndian.AppendUint32(begins, uint32(n))
		for _, t := range r {
			at = binary.LittleEndian.AppendUint32(at, uint32(t.at))
			weights = binary.LittleEndian.AppendUint64(weights, math.Float64bits(t.weight))
			n++
		}
	}
	begins = binary.LittleEndian.AppendUint32(begins, uint32(n))
	hold := func(b []byte, dt abi.DType) operand {
		o := operand{Type: graph.Type{DType: dt, Shape: []int64{int64(len(b)) / dt.Size()}}, there: true}
		o.arg = Arg{Space: Constant, Offset: s.c.data(b)}
		return o
	}
	return weave{hold(begins, abi.Int32), hold(at, abi.Int32), hold(weights, abi.Float64)}
}

// each runs f for the taps of a place, and returns how many there are.
func (w *weave) each(b *body, place ptx.Value, f func(at, weight ptx.Value)) (count ptx.Value) {
	from := b.Convert(b.ix, b.load(w.begins, place))
	to := b.Convert(b.ix, b.load(w.begins, b.Add(place, b.int(1))))
	b.For(from, to, b.int(1), func(i ptx.Value) {
		f(b.Convert(b.ix, b.load(w.at, i)), b.load(w.weights, i))
	})
	return b.Sub(to, from)
}

// taps lists what each place of the longer or shorter row is made of.
func taps(how graph.Resample, n, out int64) [][]tap {
	rows := make([][]tap, out)
	var list []graph.Tap
	for o := range rows {
		list = how.Taps(list[:0], o, n, out)
		for _, t := range list {
			rows[o] = append(rows[o], tap{int64(t.At), t.Weight})
		}
	}
	return rows
}

// lowerResample reads one axis at other places.
func lowerResample(s *step) {
	axis, a := s.n.Attrs.Axis, s.n.Attrs
	outer, n, inner := around(s.in[0].Shape, axis)
	out, t := s.out.Shape[axis], element(s.out.DType)
	w := s.weave(taps(a.Resample, n, out))
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{outer, out, inner})
		sum := b.Var(ptx.Number(t, 0))
		count := w.each(b, at[1], func(k, weight ptx.Value) {
			x := b.load(s.in[0], b.Add(b.Mul(b.Add(b.Mul(at[0], b.int(n)), k), b.int(inner)), at[2]))
			b.Set(sum, b.Add(sum, b.Mul(b.Convert(t, weight), x)))
		})
		b.put(i, b.Select(b.Cmp(count, ptx.EQ, b.int(0)), ptx.Float(t, float64(a.Alpha)), sum))
	})
}

// lowerResampleGrad adds up for each element the results that it is part of.
func lowerResampleGrad(s *step) {
	axis := s.n.Attrs.Axis
	outer, n, inner := around(s.out.Shape, axis)
	out, t := s.in[0].Shape[axis], element(s.out.DType)
	back := make([][]tap, n)
	for o, row := range taps(s.n.Attrs.Resample, n, out) {
		for _, k := range row {
			back[k.at] = append(back[k.at], tap{int64(o), k.weight})
		}
	}
	w := s.weave(back)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{outer, n, inner})
		sum := b.Var(ptx.Number(t, 0))
		w.each(b, at[1], func(o, weight ptx.Value) {
			dy := b.load(s.in[0], b.Add(b.Mul(b.Add(b.Mul(at[0], b.int(out)), o), b.int(inner)), at[2]))
			b.Set(sum, b.Add(sum, b.Mul(b.Convert(t, weight), dy)))
		})
		b.put(i, sum)
	})
}
