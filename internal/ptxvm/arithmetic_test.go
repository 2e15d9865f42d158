package ptxvm_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// Instructions are held against arithmetic that shares nothing with the
// machine's: math/big with its own roundings, and Go's integers.

// drawFloats draws bit patterns where floats go wrong: around one another, tiny, huge, not numbers.
func drawFloats(t *rapid.T, fraction, exponent uint) [][3]uint64 {
	top := uint64(1)<<exponent - 1
	draw := func(base uint64) uint64 {
		e := rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64Range(top-2, top), rapid.Uint64Range(0, top),
			rapid.Just(base>>fraction&top), rapid.Uint64Range(top/2-3, top/2+3)).Draw(t, "exponent")
		f := rapid.OneOf(rapid.Uint64Range(0, 1<<fraction-1), rapid.SampledFrom([]uint64{0, 1, 1<<fraction - 1, 1 << (fraction - 1)})).Draw(t, "fraction")
		return rapid.Uint64Range(0, 1).Draw(t, "sign")<<(fraction+exponent) | e<<fraction | f
	}
	in := make([][3]uint64, 16)
	for i := range in {
		a := draw(0)
		in[i] = [3]uint64{a, draw(a), draw(a)}
	}
	return in
}

func TestFloatArithmeticRoundsOnce(t *testing.T) {
	text := map[string]string{
		"add": "add.%s.%s $D, $A, $B;", "sub": "sub.%s.%s $D, $A, $B;", "mul": "mul.%s.%s $D, $A, $B;", "div": "div.%s.%s $D, $A, $B;",
		"fma": "fma.%s.%s $D, $A, $B, $C;", "sqrt": "sqrt.%s.%s $D, $A;", "rcp": "rcp.%s.%s $D, $A;",
	}
	for _, f := range formats {
		for _, m := range modes {
			for op, form := range text {
				t.Run(op+"."+m.name+"."+f.name, func(t *testing.T) {
					p := newProbe(t, fmt.Sprintf(form, m.name, f.name), f.size)
					rapid.Check(t, func(t *rapid.T) {
						in := drawFloats(t, f.fraction, f.exponent)
						for i, got := range p.run(t, in) {
							if want := f.wants(op, m.mode, in[i]); !f.same(got, want) {
								t.Fatalf("%s of %#x = %#x; want %#x", op, in[i], got, want)
							}
						}
					})
				})
			}
		}
	}
}

func TestConversionsRoundOnce(t *testing.T) {
	type conversion struct {
		text     string
		size     int
		fraction uint
		exponent uint
		mode     big.RoundingMode
	}
	var list []conversion
	for _, m := range modes {
		list = append(list,
			conversion{"cvt." + m.name + ".f32.f64 %f5, $A; mov.b32 %r9, %f5; cvt.u64.u32 $D, %r9;", 8, 23, 8, m.mode},
			conversion{"mov.b64 {%r9, %r8}, $A; cvt." + m.name + ".f16.f64 %h0, $A; cvt.u64.u16 $D, %h0;", 8, 10, 5, m.mode})
	}
	for _, c := range list {
		p := newProbe(t, c.text, c.size)
		rapid.Check(t, func(t *rapid.T) {
			in := drawFloats(t, 52, 11)
			for i := range in { // near the narrow format's range, where something can go wrong
				e := rapid.IntRange(-int(c.fraction)-1<<(c.exponent-1), 1<<(c.exponent-1)+1).Draw(t, "e")
				in[i][0] = in[i][0]&^(2047<<52) | uint64(e+1023)<<52
				if rapid.Bool().Draw(t, "halfway") {
					in[i][0] &^= 1<<(51-c.fraction) - 1
				}
			}
			for i, got := range p.run(t, in) {
				v := math.Float64frombits(in[i][0])
				if want := rounded(new(big.Rat).SetFloat64(v), c.mode, c.fraction, c.exponent, math.Signbit(v)); got != want {
					t.Fatalf("%s of %v (%#x) = %#x; want %#x", c.text, v, in[i][0], got, want)
				}
			}
		})
	}
}

func TestBrainFloatsAreRoundedToEven(t *testing.T) {
	p := newProbe(t, "mov.b32 %f5, $A; cvt.rn.bf16.f32 %h0, %f5; cvt.u32.u16 $D, %h0;", 4)
	rapid.Check(t, func(t *rapid.T) {
		in := drawFloats(t, 23, 8)
		for i, got := range p.run(t, in) {
			u := uint32(in[i][0])
			want := uint64((u + 0x7fff + u>>16&1) >> 16)
			if u&0x7fffffff > 0x7f800000 {
				want = 0x7fff
			}
			if got != want {
				t.Fatalf("bf16 of %#x = %#x; want %#x", u, got, want)
			}
		}
	})
}

func TestFloatsBecomeIntegersInEveryMode(t *testing.T) {
	for _, c := range []struct {
		text     string
		round    func(float64) float64
		low, top float64
		nan      uint64
	}{
		{"cvt.rni.s32.f64 %r9, $A; cvt.s64.s32 $D, %r9;", math.RoundToEven, math.MinInt32, math.MaxInt32, 0xffffffff80000000},
		{"cvt.rzi.u32.f64 %r9, $A; cvt.u64.u32 $D, %r9;", math.Trunc, 0, math.MaxUint32, 0x80000000},
		{"cvt.rmi.s16.f64 %h0, $A; cvt.s64.s16 $D, %h0;", math.Floor, math.MinInt16, math.MaxInt16, 0xffffffffffff8000},
		{"cvt.rpi.u8.f64 %r9, $A; cvt.u64.u32 $D, %r9;", math.Ceil, 0, 255, 0x80},
		{"cvt.rzi.s64.f64 $D, $A;", math.Trunc, math.MinInt64, math.MaxInt64, 1 << 63},
	} {
		p := newProbe(t, c.text, 8)
		rapid.Check(t, func(t *rapid.T) {
			in := drawFloats(t, 52, 11)
			for i := range in {
				if rapid.Bool().Draw(t, "near") {
					v := float64(rapid.Int64Range(-1<<34, 1<<34).Draw(t, "n")) / 4
					in[i][0] = math.Float64bits(v)
				}
			}
			for i, got := range p.run(t, in) {
				v := math.Float64frombits(in[i][0])
				want := c.nan
				if r := c.round(v); r >= c.top {
					want = uint64(int64(c.top))
					if c.top == math.MaxInt64 {
						want = math.MaxInt64
					}
				} else if r <= c.low {
					want = uint64(int64(c.low))
				} else if v == v {
					want = uint64(int64(r))
				}
				if got != want {
					t.Fatalf("%s of %v = %#x; want %#x", c.text, v, got, want)
				}
			}
		})
	}
}

func TestIntegersBecomeFloatsRoundedOnce(t *testing.T) {
	for _, m := range modes {
		p := newProbe(t, "cvt."+m.name+".f32.u64 %f5, $A; mov.b32 %r9, %f5; cvt.u64.u32 $D, %r9;", 8)
		q := newProbe(t, "cvt."+m.name+".f64.s64 %g0, $A; mov.b64 $D, %g0;", 8)
		rapid.Check(t, func(t *rapid.T) {
			in := make([][3]uint64, 16)
			for i := range in {
				v := rapid.Uint64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
				in[i][0] = v + uint64(rapid.IntRange(-1, 1).Draw(t, "nudge"))
			}
			one, two := p.run(t, in), q.run(t, in)
			for i := range in {
				v := new(big.Rat).SetUint64(in[i][0])
				if want := rounded(v, m.mode, 23, 8, false); one[i] != want {
					t.Fatalf("%s: f32 of %d = %#x; want %#x", m.name, in[i][0], one[i], want)
				}
				v.SetInt64(int64(in[i][0]))
				if want := rounded(v, m.mode, 52, 11, false); two[i] != want {
					t.Fatalf("%s: f64 of %d = %#x; want %#x", m.name, int64(in[i][0]), two[i], want)
				}
			}
		})
	}
}

// What .approx promises, in the manual's terms.
func TestApproximationsAreAsGoodAsPromisedAndNoBetter(t *testing.T) {
	for _, c := range []struct {
		op       string
		low, top float64
		f        func(float64) float64
		bound    func(want float64) float64
	}{
		{"ex2.approx.f32", -100, 100, math.Exp2, func(w float64) float64 { return w * 0x1p-22 }},
		{"lg2.approx.f32", 0.5, 2, math.Log2, func(float64) float64 { return 0x1p-22 }},
		{"rsqrt.approx.f32", 1e-9, 1e9, func(x float64) float64 { return 1 / math.Sqrt(x) }, func(w float64) float64 { return w * 0x1p-22 }},
		{"rcp.approx.f32", 1e-9, 1e9, func(x float64) float64 { return 1 / x }, func(w float64) float64 { return w * 0x1p-22 }},
		{"sqrt.approx.f32", 1e-9, 1e9, math.Sqrt, func(w float64) float64 { return w * 0x1p-22 }},
		{"sin.approx.f32", -math.Pi, math.Pi, math.Sin, func(float64) float64 { return 0x1p-20 }},
		{"cos.approx.f32", -math.Pi, math.Pi, math.Cos, func(float64) float64 { return 0x1p-20 }},
		{"tanh.approx.f32", -4, 4, math.Tanh, func(w float64) float64 { return math.Abs(w) * 0x1p-10 }},
	} {
		p := newProbe(t, "mov.b32 %f5, $A; "+c.op+" %f6, %f5; mov.b32 $D, %f6;", 4)
		off := 0
		rapid.Check(t, func(t *rapid.T) {
			in := make([][3]uint64, 16)
			for i := range in {
				in[i][0] = uint64(math.Float32bits(float32(rapid.Float64Range(c.low, c.top).Draw(t, "x"))))
			}
			for i, got := range p.run(t, in) {
				x := float64(math.Float32frombits(uint32(in[i][0])))
				g, want := float64(math.Float32frombits(uint32(got))), c.f(x)
				if math.Abs(g-want) > c.bound(want)+0x1p-149 {
					t.Fatalf("%s of %v = %v; want %v within %v", c.op, x, g, want, c.bound(want))
				}
				if float32(g) != float32(want) {
					off++
				}
			}
		})
		if off == 0 {
			t.Errorf("%s was exact throughout: no card is", c.op)
		}
	}
}
