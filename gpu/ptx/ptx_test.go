package ptx_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// The text is what a reader of a card's messages sees, so it is held as it is.
func TestAKernelReadsAsItWasWritten(t *testing.T) {
	k := ptx.NewKernel(64)
	k.Name = "double_even"
	x := k.Param()
	i := k.Special(ptx.ThreadX)
	even := k.Cmp(k.Rem(i, ptx.Int(ptx.U32, 2)), ptx.EQ, ptx.Int(ptx.U32, 0))
	k.If(even, func() {
		at := k.At(x, i, 4)
		v := k.Load(ptx.F32, ptx.Global, at, 0)
		k.Store(ptx.F32, ptx.Global, at, 0, k.Mul(v, ptx.Float(ptx.F32, 2)))
	})
	m := ptx.NewModule(ptx.Turing)
	m.Add(k)
	want := `.version 7.0
.target sm_75
.address_size 64

.visible .entry double_even(
	.param .u64 p0
)
.maxntid 64, 1, 1
{
	.reg .pred %p<1>;
	.reg .b32 %r<2>;
	.reg .b64 %d<2>;
	.reg .f32 %f<2>;
	ld.param.u64 %d0, [p0];
	mov.u32 %r0, %tid.x;
	and.b32 %r1, %r0, 1;
	setp.eq.u32 %p0, %r1, 0;
	@!%p0 bra L1;
	mad.wide.u32 %d1, %r0, 4, %d0;
	ld.global.f32 %f0, [%d1+0];
	mul.rn.f32 %f1, %f0, 0f40000000;
	st.global.f32 [%d1+0], %f1;
L1:
	ret;
}
`
	if diff := cmp.Diff(want, m.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsKnownIsNotComputed(t *testing.T) {
	k := ptx.NewKernel(32)
	i := k.Special(ptx.ThreadX)
	before := k.Body()
	n := func(x int64) ptx.Value { return ptx.Int(ptx.U32, x) }
	for _, v := range []ptx.Value{k.Add(i, n(0)), k.Mul(n(1), i), k.Div(i, n(1)), k.Sub(i, n(0)), k.Shl(i, 0), k.Convert(ptx.U32, i)} {
		if v.String() != i.String() {
			t.Errorf("got %v; want %v", v, i)
		}
	}
	for want, v := range map[int64]ptx.Value{
		0: k.Rem(i, n(1)), 7: k.Add(n(3), n(4)), 12: k.Mul(n(3), n(4)), 2: k.Div(n(7), n(3)), 1: k.Rem(n(7), n(3)),
		1<<32 - 1: k.Sub(n(3), n(4)),
	} {
		if got, ok := v.Known(); !ok || got != want {
			t.Errorf("got %v, known %v; want %d", v, ok, want)
		}
	}
	if k.Body() != before {
		t.Errorf("instructions were written:\n%s", k.Body())
	}
}

func TestTypesAreNotMixed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a sum of two types did not panic")
		}
	}()
	k := ptx.NewKernel(32)
	k.Add(k.Special(ptx.ThreadX), k.Param())
}

// The instruction gives 0 for NaN only between 32 bits; elsewhere the smallest
// integer.
func TestNaNConvertsToZero(t *testing.T) {
	for _, c := range []struct {
		from, to ptx.Type
		guarded  bool
	}{{ptx.F32, ptx.S32, false}, {ptx.F32, ptx.S64, true}, {ptx.F64, ptx.S32, true}, {ptx.F64, ptx.U64, true}} {
		k := ptx.NewKernel(32)
		k.Convert(c.to, k.Load(c.from, ptx.Global, k.Param(), 0))
		if got := strings.Contains(k.Body(), "setp.nan"); got != c.guarded {
			t.Errorf("%v to %v: guarded %v; want %v", c.from, c.to, got, c.guarded)
		}
	}
}

func TestHalvesMoveAsBits(t *testing.T) {
	k := ptx.NewKernel(32)
	p := k.Param()
	k.StoreMany(ptx.F16, ptx.Global, p, 8, k.LoadMany(ptx.F16, ptx.Global, p, 0, 4))
	for _, want := range []string{"ld.global.v4.b16 {%h0, %h1, %h2, %h3}, [%d0+0];", "st.global.v4.b16 [%d0+8], {%h0, %h1, %h2, %h3};"} {
		if !strings.Contains(k.Body(), want) {
			t.Errorf("%s is not in\n%s", want, k.Body())
		}
	}
}
