package ptx

// If runs then where p holds.
func (k *Kernel) If(p Value, then func()) {
	end := k.label()
	k.jumpUnless(p, end)
	then()
	k.put(end)
}

// IfElse runs one of two.
func (k *Kernel) IfElse(p Value, then, other func()) {
	no, end := k.label(), k.label()
	k.jumpUnless(p, no)
	then()
	k.line("bra %s", end)
	k.put(no)
	other()
	k.put(end)
}

func (k *Kernel) jumpUnless(p Value, label string) { k.line("@!%s bra %s", p, label) }

// For runs body for i = from, from+step, … below to. Bodies of loops whose count
// is known to be one have no loop around them.
func (k *Kernel) For(from, to, step Value, body func(i Value)) {
	if a, ok := from.Known(); ok {
		b, known := to.Known()
		s, too := step.Known()
		switch {
		case known && a >= b:
			return
		case known && too && a+s >= b:
			body(from)
			return
		}
	}
	i := k.Var(from)
	head, end := k.label(), k.label()
	k.put(head)
	k.jumpUnless(k.Cmp(i, LT, to), end)
	body(i)
	k.Set(i, k.Add(i, step))
	k.line("bra %s", head)
	k.put(end)
}

// Count runs body for i = 0, 1, … below n, of type t.
func (k *Kernel) Count(t Type, n int64, body func(i Value)) {
	k.For(Int(t, 0), Int(t, n), Int(t, 1), body)
}

// Unroll runs body for i = 0, 1, … below n, written n times.
func (k *Kernel) Unroll(t Type, n int64, body func(i Value)) {
	for i := range n {
		body(Int(t, i))
	}
}

// While runs body as long as cond holds, which is asked before each round.
func (k *Kernel) While(cond func() Value, body func()) {
	head, end := k.label(), k.label()
	k.put(head)
	k.jumpUnless(cond(), end)
	body()
	k.line("bra %s", head)
	k.put(end)
}

// Return ends the thread where p holds.
func (k *Kernel) Return(p Value) { k.line("@%s ret", p) }

// Barrier waits for all threads of the block. All of them must come to it.
func (k *Kernel) Barrier() { k.line("bar.sync 0") }

// ShuffleDown is what v is in the lane that is n above, of 32; every lane must
// take part. Types of 32 bits.
func (k *Kernel) ShuffleDown(v Value, n int) Value {
	r := k.reg(v.Type)
	k.line("shfl.sync.down.b32 %s, %s, %d, 31, -1", r, v, n)
	return r
}

// ShuffleXor is what v is in the lane whose number differs in the bits of n.
func (k *Kernel) ShuffleXor(v Value, n int) Value {
	r := k.reg(v.Type)
	k.line("shfl.sync.bfly.b32 %s, %s, %d, 31, -1", r, v, n)
	return r
}
