package ptxvm_test

import (
	"math"
	"math/big"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

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
