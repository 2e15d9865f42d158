package ptxvm_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// Instructions are held against arithmetic that shares nothing with the
// machine's: math/big with its own roundings, and Go's integers.

// A probe runs a few instructions on up to 32 triples of operands at once. The
// text calls the operands $A, $B and $C and the result $D, all of so many bytes.
type probe struct {
	m    *machine
	l    *ptxvm.Loaded
	size int
}

func newProbe(t testing.TB, text string, size int) *probe {
	t.Helper()
	ty := map[int]string{2: "b16", 4: "b32", 8: "b64"}[size]
	reg := map[int]string{2: "h", 4: "r", 8: "d"}[size]
	names := func(first int) [4]string {
		var n [4]string
		for i := range n {
			n[i] = fmt.Sprintf("%%%s%d", reg, first+i)
		}
		return n
	}
	n := names(10)
	body := fmt.Sprintf("mad.wide.u32 %%d3, %%r0, %d, %%d0; mad.wide.u32 %%d4, %%r0, 8, %%d2;\n", 4*8)
	for i := range 3 {
		body += fmt.Sprintf("ld.global.%s %s, [%%d3+%d];\n", ty, n[i], 8*i)
	}
	s := text
	for i, name := range []string{"$A", "$B", "$C", "$D"} {
		s = strings.ReplaceAll(s, name, n[i])
	}
	body += s + fmt.Sprintf("\nst.global.%s [%%d4], %s;", ty, n[3])
	m := newMachine(t, ptxvm.Config{Fast: true}, 32*32)
	return &probe{m, m.load(kernel("sm_90", body)), size}
}

// run gives the result of each of up to 32 triples of operands.
func (p *probe) run(t rapid.TB, in [][3]uint64) []uint64 {
	raw := make([]byte, 32*32)
	for i, v := range in {
		for j, x := range v {
			binary.LittleEndian.PutUint64(raw[32*i+8*j:], x)
		}
	}
	p.m.write(0, raw)
	if err := p.l.Launch("k", [3]uint32{1, 1, 1}, [3]uint32{32, 1, 1}, 0, p.m.params()); err != nil {
		t.Fatalf("%v", err)
	}
	out := p.m.read(2, 32*8)
	r := make([]uint64, len(in))
	for i := range r {
		switch v := out[8*i:]; p.size {
		case 2:
			r[i] = uint64(binary.LittleEndian.Uint16(v))
		case 4:
			r[i] = uint64(binary.LittleEndian.Uint32(v))
		default:
			r[i] = binary.LittleEndian.Uint64(v)
		}
	}
	return r
}

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

// rounded is the exact value v rounded to a float of the format, by math/big.
// Rounding is done on an integer multiple of the unit in the last place.
func rounded(v *big.Rat, mode big.RoundingMode, fraction, exponent uint, negativeZero bool) uint64 {
	sign := uint64(0)
	if v.Sign() < 0 || v.Sign() == 0 && negativeZero {
		sign = 1 << (fraction + exponent)
	}
	if v.Sign() == 0 {
		return sign
	}
	bias := 1<<(exponent-1) - 1
	size := new(big.Rat).Abs(v)
	// e: the exponent of the leading bit
	e := size.Num().BitLen() - size.Denom().BitLen()
	if size.Cmp(power(e)) < 0 {
		e--
	}
	unit := max(e, 1-bias) - int(fraction)
	scaled := new(big.Rat).Mul(size, power(-unit))
	q, r := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	twice := new(big.Int).Lsh(r, 1).Cmp(scaled.Denom())
	up := false
	switch mode {
	case big.ToNearestEven:
		up = twice > 0 || twice == 0 && q.Bit(0) == 1
	case big.ToNearestAway:
		up = twice >= 0
	case big.ToPositiveInf:
		up = r.Sign() > 0 && sign == 0
	case big.ToNegativeInf:
		up = r.Sign() > 0 && sign != 0
	}
	if up {
		q.Add(q, big.NewInt(1))
	}
	n := q.Uint64()
	if e >= 1-bias {
		n += uint64(e+bias-1) << fraction
	}
	inf := (uint64(1)<<exponent - 1) << fraction
	if n >= inf {
		if n = inf; mode == big.ToZero || mode == big.ToPositiveInf && sign != 0 || mode == big.ToNegativeInf && sign == 0 {
			n--
		}
	}
	return sign | n
}

func power(e int) *big.Rat {
	p := new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e)))
	if e < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

var modes = []struct {
	name string
	mode big.RoundingMode
}{{"rn", big.ToNearestEven}, {"rz", big.ToZero}, {"rm", big.ToNegativeInf}, {"rp", big.ToPositiveInf}}

// format is a float type of the tests.
type format struct {
	name               string
	size               int
	fraction, exponent uint
}

var formats = []format{{"f32", 4, 23, 8}, {"f64", 8, 52, 11}}

func (f format) value(v uint64) float64 {
	if f.size == 4 {
		return float64(math.Float32frombits(uint32(v)))
	}
	return math.Float64frombits(v)
}

func (f format) isNaN(v uint64) bool {
	top := (uint64(1)<<f.exponent - 1) << f.fraction
	return v&(top|(1<<f.fraction-1)) > top
}

// same compares results; all NaN are alike.
func (f format) same(a, b uint64) bool { return a == b || f.isNaN(a) && f.isNaN(b) }

// wants computes op exactly and rounds once. Special values follow Go's own operators.
func (f format) wants(op string, mode big.RoundingMode, v [3]uint64) uint64 {
	a, b, c := f.value(v[0]), f.value(v[1]), f.value(v[2])
	if op == "sub" {
		op, b = "add", -b
	}
	var special float64
	switch op {
	case "add":
		special = a + b
	case "mul":
		special = a * b
	case "div":
		special = a / b
	case "fma":
		special = math.FMA(a, b, c)
	case "sqrt":
		special = math.Sqrt(a)
	case "rcp":
		special = 1 / a
	}
	finite := func(x ...float64) bool {
		for _, v := range x {
			if v-v != 0 {
				return false
			}
		}
		return true
	}
	used := []float64{a, b}
	switch op {
	case "fma":
		used = append(used, c)
	case "sqrt", "rcp":
		used = used[:1]
	}
	pole := op == "div" && b == 0 || op == "rcp" && a == 0 || op == "sqrt" && a <= 0
	if !finite(used...) || pole {
		if special != special {
			return (uint64(1)<<f.exponent-1)<<f.fraction + 1 // any NaN
		}
		if f.size == 4 {
			return uint64(math.Float32bits(float32(special)))
		}
		return math.Float64bits(special)
	}
	rat := func(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }
	var r *big.Rat
	negative := false // sign of an exact zero
	switch op {
	case "add", "fma":
		x, y := rat(a), rat(b)
		zx, zy := math.Signbit(a), math.Signbit(b)
		if op == "fma" {
			x, y = new(big.Rat).Mul(x, y), rat(c)
			zx, zy = zx != zy, math.Signbit(c)
		}
		negative = zx && zy || zx != zy && mode == big.ToNegativeInf
		if x.Sign() != 0 {
			negative = mode == big.ToNegativeInf
		}
		r = new(big.Rat).Add(x, y)
	case "mul":
		r, negative = new(big.Rat).Mul(rat(a), rat(b)), math.Signbit(a) != math.Signbit(b)
	case "div":
		r, negative = new(big.Rat).Quo(rat(a), rat(b)), math.Signbit(a) != math.Signbit(b)
	case "rcp":
		r = new(big.Rat).Inv(rat(a))
	case "sqrt": // 300 bits, and one below the last says whether more follows
		s := new(big.Float).SetPrec(300).Sqrt(new(big.Float).SetPrec(300).SetFloat64(a))
		r, _ = s.Rat(nil)
	}
	return rounded(r, mode, f.fraction, f.exponent, negative)
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

func TestIntegerInstructions(t *testing.T) {
	i32 := func(v uint64) int64 { return int64(int32(v)) }
	field := func(v uint64) uint64 { return v & 255 }
	for text, want := range map[string]func(a, b, c uint64) uint64{
		"add.u32 $D, $A, $B;":        func(a, b, _ uint64) uint64 { return a + b },
		"add.sat.s32 $D, $A, $B;":    func(a, b, _ uint64) uint64 { return uint64(max(math.MinInt32, min(math.MaxInt32, i32(a)+i32(b)))) },
		"sub.s32 $D, $A, $B;":        func(a, b, _ uint64) uint64 { return a - b },
		"mul.lo.u32 $D, $A, $B;":     func(a, b, _ uint64) uint64 { return a * b },
		"mul.hi.u32 $D, $A, $B;":     func(a, b, _ uint64) uint64 { return a * b >> 32 },
		"mul.hi.s32 $D, $A, $B;":     func(a, b, _ uint64) uint64 { return uint64(i32(a) * i32(b) >> 32) },
		"mad.lo.s32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 { return a*b + c },
		"mad.hi.u32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 { return a*b>>32 + c },
		"div.u32 $D, $A, $B;": func(a, b, _ uint64) uint64 {
			if b == 0 {
				return ^uint64(0)
			}
			return a / b
		},
		"rem.s32 $D, $A, $B;": func(a, b, _ uint64) uint64 {
			if b == 0 {
				return a
			}
			return uint64(i32(a) % i32(b))
		},
		"min.s32 $D, $A, $B;": func(a, b, _ uint64) uint64 { return uint64(min(i32(a), i32(b))) },
		"max.u32 $D, $A, $B;": func(a, b, _ uint64) uint64 { return max(a, b) },
		"shl.b32 $D, $A, $B;": func(a, b, _ uint64) uint64 { return a << b },
		"shr.u32 $D, $A, $B;": func(a, b, _ uint64) uint64 { return a >> b },
		"shr.s32 $D, $A, $B;": func(a, b, _ uint64) uint64 { return uint64(i32(a) >> b) },
		"popc.b32 $D, $A;":    func(a, _, _ uint64) uint64 { return uint64(bits.OnesCount32(uint32(a))) },
		"clz.b32 $D, $A;":     func(a, _, _ uint64) uint64 { return uint64(bits.LeadingZeros32(uint32(a))) },
		"brev.b32 $D, $A;":    func(a, _, _ uint64) uint64 { return uint64(bits.Reverse32(uint32(a))) },
		"abs.s32 $D, $A;":     func(a, _, _ uint64) uint64 { return uint64(max(i32(a), -i32(a))) },
		"cnot.b32 $D, $A;": func(a, _, _ uint64) uint64 {
			if a == 0 {
				return 1
			}
			return 0
		},
		"bfe.u32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 {
			var v uint64
			for i := uint64(0); i < field(c) && field(b)+i < 32; i++ {
				v |= a >> (field(b) + i) & 1 << i
			}
			return v
		},
		"bfe.s32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 { // the loop of the manual
			pos, n := field(b), field(c)
			var sign, v uint64
			if n != 0 {
				sign = a >> min(pos+n-1, 31) & 1
			}
			for i := uint64(0); i < 32; i++ {
				if i < n && pos+i <= 31 {
					v |= a >> (pos + i) & 1 << i
				} else {
					v |= sign << i
				}
			}
			return v
		},
		"bfi.b32 $D, $A, $B, 5, $C;": func(a, b, c uint64) uint64 {
			for i := uint64(0); i < field(c) && 5+i <= 31; i++ {
				b = b&^(1<<(5+i)) | a>>i&1<<(5+i)
			}
			return b
		},
		"prmt.b32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 {
			var v uint64
			for i := range 4 {
				s := c >> (4 * i) & 15
				x := (b<<32 | a) >> (8 * (s & 7)) & 255
				if s&8 != 0 {
					x = uint64(int64(int8(x))>>7) & 255
				}
				v |= x << (8 * i)
			}
			return v
		},
		"dp4a.s32.s32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 {
			for i := range 4 {
				c += uint64(int64(int8(a>>(8*i))) * int64(int8(b>>(8*i))))
			}
			return c
		},
		"lop3.b32 $D, $A, $B, $C, 0xe8;":  func(a, b, c uint64) uint64 { return a&b | a&c | b&c },
		"shf.l.wrap.b32 $D, $A, $B, $C;":  func(a, b, c uint64) uint64 { return (b<<32 | a) << (c & 31) >> 32 },
		"shf.r.clamp.b32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 { return (b<<32 | a) >> min(c, 32) },
		"slct.b32.s32 $D, $A, $B, $C;": func(a, b, c uint64) uint64 {
			if i32(c) >= 0 {
				return a
			}
			return b
		},
		"set.lt.u32.s32 $D, $A, $B;": func(a, b, _ uint64) uint64 {
			if i32(a) < i32(b) {
				return ^uint64(0)
			}
			return 0
		},
		"setp.lo.u32 %p0|%p1, $A, $B; selp.b32 $D, $C, 7, %p1;": func(a, b, c uint64) uint64 {
			if a < b {
				return 7
			}
			return c
		},
	} {
		t.Run(text, func(t *testing.T) {
			p := newProbe(t, text, 4)
			rapid.Check(t, func(t *rapid.T) {
				word := rapid.OneOf(rapid.Uint64Range(0, math.MaxUint32), rapid.Uint64Range(0, 40),
					rapid.SampledFrom([]uint64{0, 1, 0x7fffffff, 0x80000000, 0xffffffff}))
				in := make([][3]uint64, 16)
				for i := range in {
					in[i] = [3]uint64{word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")}
				}
				for i, got := range p.run(t, in) {
					if w := want(in[i][0], in[i][1], in[i][2]) & math.MaxUint32; got != w {
						t.Fatalf("of %#x: got %#x; want %#x", in[i], got, w)
					}
				}
			})
		})
	}
}

func TestLongIntegers(t *testing.T) {
	wide := func(a, b uint64, signed bool) *big.Int {
		x, y := new(big.Int).SetUint64(a), new(big.Int).SetUint64(b)
		if signed {
			x, y = big.NewInt(int64(a)), big.NewInt(int64(b))
		}
		return x.Mul(x, y)
	}
	for text, want := range map[string]func(a, b uint64) uint64{
		"mul.hi.u64 $D, $A, $B;": func(a, b uint64) uint64 { return new(big.Int).Rsh(wide(a, b, false), 64).Uint64() },
		"mul.hi.s64 $D, $A, $B;": func(a, b uint64) uint64 { return uint64(new(big.Int).Rsh(wide(a, b, true), 64).Int64()) },
		"mul.lo.s64 $D, $A, $B;": func(a, b uint64) uint64 { return a * b },
		"div.s64 $D, $A, $B;": func(a, b uint64) uint64 {
			if b == 0 {
				return ^uint64(0)
			}
			return new(big.Int).Quo(big.NewInt(int64(a)), big.NewInt(int64(b))).Uint64() * sign(int64(a), int64(b))
		},
		"min.s64 $D, $A, $B;":                             func(a, b uint64) uint64 { return uint64(min(int64(a), int64(b))) },
		"mov.b64 {%r8, %r9}, $A; mov.b64 $D, {%r9, %r8};": func(a, _ uint64) uint64 { return a>>32 | a<<32 },
		"popc.b64 %r9, $A; cvt.u64.u32 $D, %r9;":          func(a, _ uint64) uint64 { return uint64(bits.OnesCount64(a)) },
		"cvt.s8.s64 %r9, $A; cvt.s64.s32 $D, %r9;":        func(a, _ uint64) uint64 { return uint64(int64(int8(a))) },
		"cvt.sat.u8.s64 %r9, $A; cvt.u64.u32 $D, %r9;":    func(a, _ uint64) uint64 { return uint64(max(0, min(255, int64(a)))) },
		"cvt.sat.s16.u64 %h0, $A; cvt.s64.s16 $D, %h0;":   func(a, _ uint64) uint64 { return min(a, math.MaxInt16) },
		"bfind.u64 %r9, $A; cvt.u64.u32 $D, %r9;":         func(a, _ uint64) uint64 { return uint64(uint32(bits.Len64(a) - 1)) },
	} {
		t.Run(text, func(t *testing.T) {
			p := newProbe(t, text, 8)
			rapid.Check(t, func(t *rapid.T) {
				in := make([][3]uint64, 16)
				for i := range in {
					for j := range 2 {
						in[i][j] = rapid.Uint64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
						if rapid.Bool().Draw(t, "negative") {
							in[i][j] = -in[i][j]
						}
					}
				}
				for i, got := range p.run(t, in) {
					if w := want(in[i][0], in[i][1]); got != w {
						t.Fatalf("of %#x: got %#x; want %#x", in[i][:2], got, w)
					}
				}
			})
		})
	}
}

// sign is 1 or -1: big.Int.Uint64 gives the magnitude.
func sign(a, b int64) uint64 {
	if (a < 0) != (b < 0) {
		return ^uint64(0)
	}
	return 1
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
