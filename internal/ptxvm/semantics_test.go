package ptxvm_test

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// each demands what a kernel leaves in c for every thread of one block: body
// puts it in %r2, and lane computes it. Buffer a holds 1024 bytes that count up.
func each(t *testing.T, target, body string, block uint32, lane func(i uint32) uint32) {
	t.Helper()
	m := newMachine(t, ptxvm.Config{}, 4096)
	count := make([]byte, 1024)
	for i := range count {
		count[i] = byte(i * 7)
	}
	m.write(0, count)
	if err := m.run(kernel(target, body+"\n\tmad.wide.u32 %d3, %r0, 4, %d2; st.global.u32 [%d3], %r2;"), 1, block); err != nil {
		t.Errorf("%v\n%s", err, body)
		return
	}
	got := m.read(2, int(4*block))
	for i := range block {
		if want := lane(i); word(got, int(i)) != want {
			t.Errorf("thread %d: %#x; want %#x\n%s", i, word(got, int(i)), want, body)
			return
		}
	}
}

func TestLanesExchangeValues(t *testing.T) {
	same := func(v uint32) func(uint32) uint32 { return func(uint32) uint32 { return v } }
	square := "mul.lo.u32 %r3, %r0, %r0; "
	for _, c := range []struct {
		body string
		lane func(i uint32) uint32
	}{
		{square + "shfl.sync.bfly.b32 %r2, %r3, 5, 31, 0xffffffff;", func(i uint32) uint32 { return (i ^ 5) * (i ^ 5) }},
		{square + "shfl.sync.idx.b32 %r2, %r3, 9, 31, 0xffffffff;", same(81)},
		{square + "shfl.sync.up.b32 %r2, %r3, 3, 0, 0xffffffff;", func(i uint32) uint32 {
			if i < 3 {
				return i * i
			}
			return (i - 3) * (i - 3)
		}},
		{square + "shfl.sync.down.b32 %r2|%p1, %r3, 3, 31, 0xffffffff; @!%p1 mov.u32 %r2, 77;", func(i uint32) uint32 {
			if i+3 > 31 {
				return 77
			}
			return (i + 3) * (i + 3)
		}},
		// segments of eight lanes: c = (32-8)<<8 | 7
		{square + "shfl.sync.down.b32 %r2, %r3, 3, 6151, 0xffffffff;", func(i uint32) uint32 {
			if i%8+3 > 7 {
				return i * i
			}
			return (i + 3) * (i + 3)
		}},
		{square + "shfl.sync.idx.b32 %r2, %r3, 2, 6175, 0xffffffff;", func(i uint32) uint32 { return (i&^7 + 2) * (i&^7 + 2) }},
		{"setp.lt.u32 %p0, %r0, 5; vote.sync.ballot.b32 %r2, %p0, 0xffffffff;", same(31)},
		{"setp.lt.u32 %p0, %r0, 5; vote.sync.any.pred %p1, %p0, 0xffffffff; selp.u32 %r2, 1, 0, %p1;", same(1)},
		{"setp.lt.u32 %p0, %r0, 5; vote.sync.all.pred %p1, !%p0, 0xffffffff; selp.u32 %r2, 1, 0, %p1;", same(0)},
		{"setp.lt.u32 %p0, %r0, 50; vote.sync.uni.pred %p1, %p0, 0xffffffff; selp.u32 %r2, 1, 0, %p1;", same(1)},
		{"redux.sync.add.u32 %r2, %r0, 0xffffffff;", same(496)},
		{"sub.u32 %r3, %r0, 9; redux.sync.min.s32 %r2, %r3, 0xffffffff;", same(0xfffffff7)},
		{"redux.sync.xor.b32 %r2, %r0, 0xffffffff;", same(0)},
		{"shr.u32 %r3, %r0, 3; match.any.sync.b32 %r2, %r3, 0xffffffff;", func(i uint32) uint32 { return 0xff << (i &^ 7) }},
		{"match.all.sync.b32 %r2|%p0, %r1, 0xffffffff;", same(0xffffffff)},
		{"activemask.b32 %r2;", same(0xffffffff)},
		{"mov.u32 %r2, 0; setp.gt.u32 %p0, %r0, 19; @%p0 bra L; activemask.b32 %r2; L:", func(i uint32) uint32 {
			if i > 19 {
				return 0
			}
			return 1<<20 - 1
		}},
	} {
		each(t, "sm_80", c.body, 32, c.lane)
	}
	each(t, "sm_90", "elect.sync %r2|%p0, 0xffffffff; @%p0 mov.u32 %r2, 5;", 32, func(i uint32) uint32 {
		if i == 0 {
			return 5
		}
		return 0
	})
}

func TestThreadsKnowWhereTheyAre(t *testing.T) {
	for name, lane := range map[string]func(i uint32) uint32{
		"%tid.x": func(i uint32) uint32 { return i }, "%ntid.x": func(uint32) uint32 { return 70 }, "%laneid": func(i uint32) uint32 { return i % 32 },
		"%warpid": func(i uint32) uint32 { return i / 32 }, "%nwarpid": func(uint32) uint32 { return 3 }, "%nctaid.x": func(uint32) uint32 { return 1 },
		"%lanemask_eq": func(i uint32) uint32 { return 1 << (i % 32) }, "%lanemask_lt": func(i uint32) uint32 { return 1<<(i%32) - 1 },
		"%lanemask_le": func(i uint32) uint32 { return 2<<(i%32) - 1 }, "%lanemask_gt": func(i uint32) uint32 { return ^uint32(2<<(i%32) - 1) },
		"%lanemask_ge": func(i uint32) uint32 { return ^uint32(1<<(i%32) - 1) }, "%cluster_nctarank": func(uint32) uint32 { return 1 },
	} {
		each(t, "sm_80", "mov.u32 %r2, "+name+";", 70, lane)
	}
}

func TestMemoryAccessesOfEverySize(t *testing.T) {
	byteAt := func(i uint32) uint32 { return uint32(byte(i * 7)) }
	for body, lane := range map[string]func(i uint32) uint32{
		"cvt.u64.u32 %d4, %r0; add.u64 %d4, %d4, %d0; ld.global.u8 %r2, [%d4];": byteAt,
		"cvt.u64.u32 %d4, %r0; add.u64 %d4, %d4, %d0; ld.global.s8 %r2, [%d4];": func(i uint32) uint32 { return uint32(int32(int8(byteAt(i)))) },
		"mad.wide.u32 %d4, %r0, 2, %d0; ld.global.s16 %r2, [%d4];":              func(i uint32) uint32 { return uint32(int32(int16(byteAt(2*i) | byteAt(2*i+1)<<8))) },
		"mad.wide.u32 %d4, %r0, 8, %d0; ld.global.v2.u32 {%r3, %r2}, [%d4];": func(i uint32) uint32 {
			return byteAt(8*i+4) | byteAt(8*i+5)<<8 | byteAt(8*i+6)<<16 | byteAt(8*i+7)<<24
		},
		"mad.wide.u32 %d4, %r0, 8, %d0; ld.global.v4.u16 {%h0, %h1, %h2, %h3}, [%d4]; cvt.u32.u16 %r2, %h3;": func(i uint32) uint32 {
			return byteAt(8*i+6) | byteAt(8*i+7)<<8
		},
		"mad.wide.u32 %d4, %r0, 8, %d0; ld.u64 %d5, [%d4]; shr.u64 %d5, %d5, 56; cvt.u32.u64 %r2, %d5;":                                             func(i uint32) uint32 { return byteAt(8*i + 7) },
		".local .align 8 .b8 s[16]; st.local.v2.u32 [s+8], {%r0, %r1}; ld.local.u64 %d4, [s+8]; cvt.u32.u64 %r2, %d4;":                              func(i uint32) uint32 { return i },
		".local .b32 s; cvta.local.u64 %d4, s; st.u32 [%d4], %r0; ld.local.u32 %r2, [s];":                                                           func(i uint32) uint32 { return i },
		".shared .b32 s[64]; mov.u64 %d4, s; mad.wide.u32 %d4, %r0, 4, %d4; st.shared.u32 [%d4], %r0; cvta.shared.u64 %d5, %d4; ld.u32 %r2, [%d5];": func(i uint32) uint32 { return i },
	} {
		each(t, "sm_80", body, 64, lane)
	}
}

func TestAtomicsTakeTurns(t *testing.T) {
	// lanes of a warp take turns in their order
	each(t, "sm_80", ".shared .u32 s; setp.eq.u32 %p0, %r0, 0; @%p0 st.shared.u32 [s], 5; bar.sync 0; atom.shared.add.u32 %r2, [s], 2;", 32,
		func(i uint32) uint32 { return 5 + 2*i })
	for op, want := range map[string]uint32{
		"add.u32": 100 + 63*64/2, "max.u32": 100, "min.u32": 0, "or.b32": 127, "xor.b32": 100, "max.s32": 100,
	} {
		m := newMachine(t, ptxvm.Config{}, 1024)
		m.write(0, binary.LittleEndian.AppendUint32(nil, 100))
		if err := m.run(kernel("sm_80", "atom.global."+op+" %r2, [%d0], %r0;"), 1, 64); err != nil {
			t.Error(err)
		}
		if got := word(m.read(0, 4), 0); got != want {
			t.Errorf("%s: %d; want %d", op, got, want)
		}
	}
	m := newMachine(t, ptxvm.Config{}, 1024)
	m.write(0, floats(0.5))
	m.write(1, make([]byte, 8))
	body := `red.global.add.f32 [%d0], 0f3f800000; atom.global.cas.b32 %r2, [%d1], 0, 7; atom.global.exch.b32 %r3, [%d1+4], %r0;`
	if err := m.run(kernel("sm_80", body), 2, 64); err != nil {
		t.Fatal(err)
	}
	if f, b := float(m.read(0, 4), 0), m.read(1, 8); f != 128.5 || word(b, 0) != 7 || word(b, 1) != 63 {
		t.Errorf("got %v, %d, %d; want 128.5, 7, 63", f, word(b, 0), word(b, 1))
	}
}

func TestBarriersCombineVotes(t *testing.T) {
	same := func(v uint32) func(uint32) uint32 { return func(uint32) uint32 { return v } }
	each(t, "sm_75", "setp.lt.u32 %p0, %r0, 40; bar.red.popc.u32 %r2, 0, %p0;", 64, same(40))
	each(t, "sm_75", "setp.lt.u32 %p0, %r0, 40; bar.red.and.pred %p1, 0, %p0; selp.u32 %r2, 1, 0, %p1;", 64, same(0))
	each(t, "sm_75", "setp.lt.u32 %p0, %r0, 40; bar.red.or.pred %p1, 3, !%p0; selp.u32 %r2, 1, 0, %p1;", 64, same(1))
	// barrier without .aligned takes lanes as they come
	each(t, "sm_75", `
	setp.lt.u32 %p0, %r0, 9; @%p0 bra A; barrier.sync 0; mov.u32 %r2, 1; bra D;
A:	barrier.sync 0; mov.u32 %r2, 2;
D:	barrier.sync.aligned 0;`, 64, func(i uint32) uint32 {
		if i < 9 {
			return 2
		}
		return 1
	})
	// one warp brings, the other fetches
	each(t, "sm_75", `
	.shared .u32 s; mov.u32 %r2, 9; setp.gt.u32 %p0, %r0, 31; @%p0 bra FETCH;
	setp.eq.u32 %p1, %r0, 3; @%p1 st.shared.u32 [s], 9; bar.arrive 1, 64; bra DONE;
FETCH:	bar.sync 1, 64; ld.shared.u32 %r2, [s];
DONE:`, 64, same(9))
}

func TestDivergedLanesMeetAgain(t *testing.T) {
	// loops of different lengths, with a break, and a barrier for all behind them
	each(t, "sm_75", `
	mov.u32 %r2, 0; mov.u32 %r3, 0;
LOOP:	setp.ge.u32 %p0, %r3, %r0; @%p0 bra DONE;
	add.u32 %r2, %r2, %r3; setp.gt.u32 %p1, %r2, 100; @%p1 bra DONE;
	and.b32 %r4, %r3, 1; setp.eq.u32 %p2, %r4, 0; @%p2 bra EVEN;
	add.u32 %r2, %r2, 1000; bra NEXT;
EVEN:	add.u32 %r2, %r2, 1;
NEXT:	add.u32 %r3, %r3, 1; bra LOOP;
DONE:	bar.sync 0; shfl.sync.idx.b32 %r5, %r2, 0, 31, 0xffffffff; add.u32 %r2, %r2, %r5;`, 64, func(i uint32) uint32 {
		loop := func(n uint32) (sum uint32) {
			for j := range n {
				if sum += j; sum > 100 {
					break
				}
				if j%2 == 0 {
					sum++
				} else {
					sum += 1000
				}
			}
			return sum
		}
		return loop(i) + loop(i&^31)
	})
	// lanes that leave inside a branch are not waited for
	each(t, "sm_75", `
	mad.wide.u32 %d4, %r0, 4, %d2; st.global.u32 [%d4], 5; mov.u32 %r2, 0;
	setp.ge.u32 %p0, %r0, 16; @%p0 bra REST;
	setp.ge.u32 %p1, %r0, 8; @%p1 bra GO;
	ret;
GO:	add.u32 %r2, %r0, 1;
REST:	shfl.sync.idx.b32 %r3, %r0, 20, 31, 0xffffff00; add.u32 %r2, %r2, %r3;`, 32, func(i uint32) uint32 {
		switch {
		case i < 8:
			return 5
		case i < 16:
			return i + 1 + 20
		}
		return 20
	})
	// a lock that lanes of one warp take in turn: the one that holds it must not starve
	each(t, "sm_75", `
	.shared .u32 lock; .shared .u32 sum; setp.ne.u32 %p0, %r0, 0; @%p0 bra GO;
	st.shared.u32 [lock], 0; st.shared.u32 [sum], 0;
GO:	bar.sync 0; mov.u32 %r3, 0;
TRY:	atom.acquire.cta.shared.cas.b32 %r4, [lock], 0, 1; setp.ne.u32 %p1, %r4, 0; @%p1 bra NEXT;
	ld.volatile.shared.u32 %r5, [sum]; add.u32 %r5, %r5, 1; st.volatile.shared.u32 [sum], %r5;
	mov.u32 %r3, 1; atom.release.cta.shared.exch.b32 %r6, [lock], 0;
NEXT:	setp.eq.u32 %p2, %r3, 0; @%p2 bra TRY;
	bar.sync 0; ld.volatile.shared.u32 %r2, [sum];`, 64, func(uint32) uint32 { return 64 })
}

func TestModuleVariables(t *testing.T) {
	text := `.version 7.0
.target sm_75
.address_size 64
.const .align 4 .u32 table[4] = {3, 1, 4, 0x10};
.global .f32 half = 0f3f000000;
.global .u32 zeros[2];
.extern .shared .align 16 .b8 dyn[];
.visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c) .maxntid 32, 1, 1
{
	.reg .b32 %r<4>; .reg .f32 %f<2>; .reg .b64 %d<4>;
	ld.param.u64 %d0, [c];
	ld.const.u32 %r0, [table+12];
	ld.global.f32 %f0, [half];
	st.shared.f32 [dyn+60], %f0;
	ld.shared.b32 %r1, [dyn+60];
	mov.u64 %d1, zeros;
	ld.global.u32 %r2, [%d1+4];
	add.u32 %r0, %r0, %r2;
	st.global.v2.u32 [%d0], {%r0, %r1};
	ret;
}`
	m := newMachine(t, ptxvm.Config{}, 64)
	l := m.load(text)
	if err := l.Launch("k", at(1, 1, 1), at(1, 1, 1), 64, m.params()); err != nil {
		t.Fatal(err)
	}
	if b := m.read(2, 8); word(b, 0) != 16 || float(b, 1) != 0.5 {
		t.Errorf("got %d, %v; want 16, 0.5", word(b, 0), float(b, 1))
	}
	expect(t, l.Launch("k", at(1, 1, 1), at(1, 1, 1), 60, m.params()), ptxvm.OutOfBounds, "st.shared.f32")
	expect(t, l.Launch("k", at(1, 1, 1), at(33, 1, 1), 64, m.params()), ptxvm.Resources, "")
	if err := l.Launch("other", at(1, 1, 1), at(1, 1, 1), 0, nil); !errors.Is(err, abi.NotFound) {
		t.Errorf("a kernel that is not there: %v", err)
	}
	l.Unload()
	if used := m.dev.Used(); used != 3*64 {
		t.Errorf("%d bytes are used after Unload; want the three buffers", used)
	}
}

func TestFloatComparisonsAndHalves(t *testing.T) {
	nan := "mov.b32 %f0, 0f7fc00000; cvt.rn.f32.u32 %f1, %r0; "
	for body, want := range map[string]uint32{
		nan + "setp.lt.f32 %p0, %f0, %f1;":                                0,
		nan + "setp.ne.f32 %p0, %f0, %f1;":                                0,
		nan + "setp.neu.f32 %p0, %f0, %f1;":                               1,
		nan + "setp.ltu.f32 %p0, %f0, %f1;":                               1,
		nan + "setp.nan.f32 %p0, %f0, %f1;":                               1,
		nan + "setp.num.f32 %p0, %f0, %f1;":                               0,
		nan + "max.f32 %f2, %f0, %f1; setp.eq.f32 %p0, %f2, %f1;":         1,
		nan + "max.NaN.f32 %f2, %f0, %f1; testp.notanumber.f32 %p0, %f2;": 1,
		"mov.b32 %f0, 0f80000000; mov.b32 %f1, 0f00000000; min.f32 %f2, %f1, %f0; mov.b32 %r3, %f2; setp.eq.u32 %p0, %r3, 0x80000000;": 1,
		"mov.b32 %f0, 0f00000001; testp.subnormal.f32 %p0, %f0;":                                                                       1,
		"mov.b32 %f0, 0f00000001; add.ftz.f32 %f1, %f0, %f0; setp.eq.f32 %p0, %f1, 0f00000000;":                                        1,
		"mov.b32 %f0, 0f00000001; add.f32 %f1, %f0, %f0; setp.eq.f32 %p0, %f1, 0f00000002;":                                            1,
		"mov.b32 %f0, 0fC0000000; cvt.sat.f32.f32 %f1, %f0; setp.eq.f32 %p0, %f1, 0f00000000;":                                         1,
		"mov.b32 %f0, 0f40200000; cvt.rni.f32.f32 %f1, %f0; setp.eq.f32 %p0, %f1, 0f40000000;":                                         1, // 2.5 → 2
		"mov.b32 %r3, 0x3c004000; fma.rn.f16x2 %r4, %r3, %r3, %r3; setp.eq.u32 %p0, %r4, 0x40004600;":                                  1, // 1·1+1, 2·2+2
		"mov.b32 %r3, 0x3f804000; fma.rn.bf16x2 %r4, %r3, %r3, %r3; setp.eq.u32 %p0, %r4, 0x400040c0;":                                 1,
		"mov.b32 %f0, 0f3f800001; mov.b32 %f1, 0f40000000; cvt.rn.bf16x2.f32 %r4, %f0, %f1; setp.eq.u32 %p0, %r4, 0x3f804000;":         1,
		"mov.b32 %f0, 0f3f801000; cvt.rna.tf32.f32 %r4, %f0; setp.eq.u32 %p0, %r4, 0x3f802000;":                                        1,
		"ex2.approx.f32 %f0, 0fC0400000; setp.eq.f32 %p0, %f0, 0f3e000000;":                                                            1, // powers of two are exact
	} {
		each(t, "sm_80", body+" selp.u32 %r2, 1, 0, %p0;", 1, func(uint32) uint32 { return want })
	}
}

// Every shape of mma is held against a plain product; small integers make it exact.
func TestEveryShapeOfMMA(t *testing.T) {
	encode := map[string]func(v int) uint32{
		"f16":  func(v int) uint32 { return f16bits(float64(v)) },
		"bf16": func(v int) uint32 { return math.Float32bits(float32(v)) >> 16 },
		"tf32": func(v int) uint32 { return math.Float32bits(float32(v)) },
		"s8":   func(v int) uint32 { return uint32(uint8(int8(v))) },
		"u8":   func(v int) uint32 { return uint32(uint8(v)) },
	}
	for _, c := range []struct {
		k               int
		to, a, b, shape string
	}{
		{16, "f32", "bf16", "bf16", "m16n8k16"}, {8, "f32", "bf16", "bf16", "m16n8k8"}, {16, "f32", "f16", "f16", "m16n8k16"},
		{8, "f32", "f16", "f16", "m16n8k8"}, {16, "f16", "f16", "f16", "m16n8k16"}, {8, "f32", "tf32", "tf32", "m16n8k8"},
		{4, "f32", "tf32", "tf32", "m16n8k4"}, {32, "s32", "s8", "s8", "m16n8k32"}, {32, "s32", "u8", "s8", "m16n8k32"}, {16, "s32", "s8", "u8", "m16n8k16"},
	} {
		width := map[string]int{"f16": 16, "bf16": 16, "tf32": 32, "s8": 8, "u8": 8}[c.a]
		per := 32 / width
		value := func(name string, i, j int) int {
			v := (i*5+j*3)%7 - 3
			if name == "u8" {
				v += 3
			}
			return v
		}
		nb := c.k / (4 * per)
		// buffer a: registers of A, then of B, for each lane
		raw := make([]byte, 32*4*8)
		for lane := range 32 {
			for i := range 2 * nb {
				var v uint32
				for e := range per {
					v |= encode[c.a](value(c.a, lane/4+i%2*8, lane%4*per+i/2*4*per+e)) << (e * width)
				}
				binary.LittleEndian.PutUint32(raw[32*lane+4*i:], v)
			}
			for i := range nb {
				var v uint32
				for e := range per {
					v |= encode[c.b](value(c.b, lane%4*per+i*4*per+e, lane/4+1)) << (e * width)
				}
				binary.LittleEndian.PutUint32(raw[32*lane+16+4*i:], v)
			}
		}
		list := func(prefix string, from, n int) string {
			s := "{"
			for i := range n {
				if i > 0 {
					s += ","
				}
				s += prefix + itoa(from+i)
			}
			return s + "}"
		}
		d, nc := "%r", 4
		if c.to == "f32" {
			d = "%f"
		}
		if c.to == "f16" {
			nc = 2
		}
		body := "mad.wide.u32 %d3, %r0, 32, %d0; mad.wide.u32 %d4, %r0, 16, %d2;\n"
		for i := range 2*nb + nb {
			off := 4 * i
			if i >= 2*nb {
				off = 16 + 4*(i-2*nb)
			}
			body += "ld.global.b32 %r" + itoa(10+i) + ", [%d3+" + itoa(off) + "];\n"
		}
		for i := range nc {
			body += "mov.b32 " + d + itoa(30+i) + ", " + map[string]string{"%r": "0", "%f": "0f00000000"}[d] + ";\n"
		}
		body += "mma.sync.aligned." + c.shape + ".row.col." + c.to + "." + c.a + "." + c.b + "." + c.to + " " +
			list(d, 30, nc) + ", " + list("%r", 10, 2*nb) + ", " + list("%r", 10+2*nb, nb) + ", " + list(d, 30, nc) + ";\n"
		for i := range nc {
			body += "st.global.b32 [%d4+" + itoa(4*i) + "], " + d + itoa(30+i) + ";\n"
		}
		m := newMachine(t, ptxvm.Config{}, 1024)
		m.write(0, raw)
		if err := m.run(kernel("sm_80", body), 1, 32); err != nil {
			t.Errorf("%s: %v", c.shape, err)
			continue
		}
		out := m.read(2, 512)
		for lane := range 32 {
			for q := range 4 {
				row, col := lane/4+q/2*8, lane%4*2+q%2
				want := 0
				for k := range c.k {
					want += value(c.a, row, k) * value(c.b, k, col+1)
				}
				got := word(out, 4*lane+q)
				ok := got == uint32(int32(want))
				switch c.to {
				case "f32":
					ok = math.Float32frombits(got) == float32(want)
				case "f16":
					ok = word(out, 4*lane+q/2)>>(16*(q%2))&0xffff == f16bits(float64(want))
				}
				if !ok {
					t.Errorf("%s of %s: element %d,%d is %#x; want %d", c.shape, c.a, row, col, got, want)
					return
				}
			}
		}
	}
}

// f16bits encodes a small integer.
func f16bits(v float64) uint32 {
	if v == 0 {
		return 0
	}
	sign := uint32(0)
	if v < 0 {
		sign, v = 0x8000, -v
	}
	f, e := math.Frexp(v)
	return sign | uint32(e+14)<<10 | uint32(f*2048)&0x3ff
}
