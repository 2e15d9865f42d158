package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// A team computes one line. Its threads are one thread, a warp or a block, which
// take neighbouring elements; or, of lines that lie beside each other, every so
// many threads of a block, so that neighbouring threads take neighbouring lines.
type team struct {
	*body
	line   ptx.Value // its number
	length int64
	size   int64       // threads
	apart  int64       // 1, or by how many threads those of a team are apart
	rank   ptx.Value   // of the thread in its team
	there  ptx.Value   // where apart is above 1: whether there is such a line
	slots  []ptx.Value // numbers of the elements that a thread takes, where they are few
}

const (
	// heldSlots is how many elements a thread keeps in registers.
	heldSlots = 16
	// besideLines is how many lines that lie beside each other a block takes.
	besideLines = 32
	maxThreads  = 1024
)

// perLine runs f with a team for each of n lines of the given length. Lines are
// close whose neighbours are neighbours in memory.
func (s *step) perLine(n, length int64, close bool, f func(t *team)) {
	switch {
	case close && length >= 32 && length <= 1024 && (length <= 256 || n >= processors*threads/32):
		s.warpLines(n, length, f)
	case close && length >= 64 || !close && n < besideLines && length >= 64:
		size := int64(64)
		for size < threads && 4*size < length || size < maxThreads && heldSlots*size < length {
			size *= 2
		}
		b := s.body(int(size))
		t := &team{body: b, line: b.Convert(b.ix, b.Special(ptx.BlockX)), length: length, size: size, apart: 1, rank: b.Special(ptx.ThreadX)}
		t.spread()
		f(t)
		s.launch(b, n)
	case !close && length >= 16 && n < processors*maxThreads:
		s.besideLines(n, length, f)
	default:
		s.each(n, func(b *body, i ptx.Value) {
			f(&team{body: b, line: i, length: length, size: 1, apart: 1})
		})
	}
}

// warpLines gives each line to a warp.
func (s *step) warpLines(n, length int64, f func(t *team)) {
	b := s.body(threads)
	me := b.Special(ptx.ThreadX)
	const warps = threads / 32
	line := b.FMA(b.Convert(b.ix, b.Special(ptx.BlockX)), b.int(warps), b.Convert(b.ix, b.Div(me, ptx.Int(ptx.U32, 32))))
	if n%warps != 0 {
		b.Return(b.Cmp(line, ptx.GE, b.int(n))) // a whole warp
	}
	t := &team{body: b, line: line, length: length, size: 32, apart: 1, rank: b.Rem(me, ptx.Int(ptx.U32, 32))}
	t.spread()
	f(t)
	s.launch(b, (n+warps-1)/warps)
}

// besideLines gives lines that lie beside each other to a block: the longer they
// are and the fewer, the more threads to each.
func (s *step) besideLines(n, length int64, f func(t *team)) {
	size := int64(8)
	for size*besideLines < maxThreads && length >= 32*size && n*size < processors*maxThreads {
		size *= 2
	}
	b := s.body(int(size * besideLines))
	me := b.Special(ptx.ThreadX)
	line := b.FMA(b.Convert(b.ix, b.Special(ptx.BlockX)), b.int(besideLines), b.Convert(b.ix, b.Rem(me, ptx.Int(ptx.U32, besideLines))))
	t := &team{body: b, line: line, length: length, size: size, apart: besideLines, rank: b.Div(me, ptx.Int(ptx.U32, besideLines))}
	if n%besideLines != 0 {
		t.there = b.Cmp(line, ptx.LT, b.int(n))
		t.line = b.Min(line, b.int(n-1)) // what is prepared is there; it is not written
	}
	f(t)
	s.launch(b, (n+besideLines-1)/besideLines)
}

// spread makes the slots of a thread where it takes few elements.
func (t *team) spread() {
	per := (t.length + t.size - 1) / t.size
	if per > heldSlots {
		return
	}
	me := t.Convert(t.ix, t.rank)
	for i := range per {
		t.slots = append(t.slots, t.Add(me, t.int(i*t.size)))
	}
}

// keep is read, of elements of the line, that reads each of them once: threads that
// take few keep them in registers.
func (t *team) keep(read func(i ptx.Value) ptx.Value) func(i ptx.Value) ptx.Value {
	held := make(map[ptx.Value]ptx.Value)
	slot := make(map[ptx.Value]bool)
	for _, i := range t.slots {
		slot[i] = true
	}
	return func(i ptx.Value) ptx.Value {
		if !slot[i] {
			return read(i)
		}
		v, ok := held[i]
		if !ok {
			v = read(i)
			held[i] = v
		}
		return v
	}
}

// each runs f for the numbers below n, divided among the team.
func (t *team) each(n int64, f func(i ptx.Value)) {
	switch {
	case t.size == 1:
		t.Count(t.ix, n, f)
	case n == t.length && t.slots != nil:
		for s, i := range t.slots {
			if int64(s+1)*t.size <= n {
				f(i)
				continue
			}
			t.If(t.Cmp(i, ptx.LT, t.int(n)), func() { f(i) })
		}
	default:
		t.present(func() { t.For(t.Convert(t.ix, t.rank), t.int(n), t.int(t.size), f) })
	}
}

// present runs f where there is a line.
func (t *team) present(f func()) {
	if t.there != (ptx.Value{}) {
		t.If(t.there, f)
		return
	}
	f()
}

// fold folds what value gives for the numbers below n, and returns the result to
// the whole team.
func (t *team) fold(f fold, n int64, value func(i ptx.Value) ptx.Value) ptx.Value {
	acc := t.Var(f.start)
	t.each(n, func(i ptx.Value) { t.Set(acc, f.take(t.body, acc, value(i))) })
	join := func(x, y ptx.Value) ptx.Value { return f.join(t.body, x, y) }
	switch {
	case t.size == 1:
		return acc
	case t.apart > 1:
		return t.gatherBeside(acc, join)
	case t.size == 32:
		return t.gatherWarp(acc, join, 32)
	}
	return t.gather(acc, join)
}

// gatherBeside joins v over the threads of a team whose lines lie beside others.
func (t *team) gatherBeside(v ptx.Value, join join2) ptx.Value {
	size := v.Type.Size()
	me := t.Special(ptx.ThreadX)
	at := t.Shared(t.size * t.apart * size)
	own := t.At(at, me, size)
	t.Store(v.Type, ptx.InShared, own, 0, v)
	for half := t.size / 2; half > 0; half /= 2 {
		t.Barrier()
		t.If(t.Cmp(t.rank, ptx.LT, ptx.Int(ptx.U32, half)), func() {
			other := t.Load(v.Type, ptx.InShared, own, half*t.apart*size)
			t.Store(v.Type, ptx.InShared, own, 0, join(t.Load(v.Type, ptx.InShared, own, 0), other))
		})
	}
	t.Barrier()
	return t.Load(v.Type, ptx.InShared, t.At(at, t.Rem(me, ptx.Int(ptx.U32, t.apart)), size), 0)
}

// once runs f in one thread of the team.
func (t *team) once(f func()) {
	if t.size == 1 {
		f()
		return
	}
	t.present(func() { t.If(t.Cmp(t.rank, ptx.EQ, ptx.Int(ptx.U32, 0)), f) })
}
