package ptxvm_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// A layout says where wgmma finds element (row, k) of an operand of 16-bit
// elements with k up to 16: CUTLASS's canonical layouts, written out.
type layout struct {
	span       int // of the swizzle in bytes; 16: none
	transposed bool
	code       uint64 // of the swizzle in a descriptor
}

func (l layout) strides() (leading, stride int) {
	switch {
	case l.span == 16:
		return 128, 256
	case l.transposed:
		return 16 * l.span, 8 * l.span
	}
	return 16, 8 * l.span
}

func (l layout) at(row, k int) int {
	leading, stride := l.strides()
	var at int
	switch {
	case l.span == 16 && l.transposed:
		return row/8*stride + k/8*leading + k%8*16 + row%8*2
	case l.span == 16:
		return row/8*stride + k/8*leading + row%8*16 + k%8*2
	case l.transposed:
		at = row*2/l.span*leading + k/8*stride + k%8*l.span + row*2%l.span
	default:
		at = row/8*stride + row%8*l.span + k*2
	}
	piece, line := at/16, at/128
	return (piece^line%(l.span/16))*16 + at%16
}

func (l layout) descriptor(addr int) uint64 {
	leading, stride := l.strides()
	return uint64(addr/16) | uint64(leading/16)<<16 | uint64(stride/16)<<32 | l.code<<62
}

func TestEveryLayoutOfWgmma(t *testing.T) {
	const shared = 1024 // where the machine's shared memory begins, and the array with it
	for _, l := range []layout{{16, false, 0}, {32, false, 3}, {64, false, 2}, {128, false, 1}, {16, true, 0}, {32, true, 3}, {64, true, 2}, {128, true, 1}} {
		value := func(i, j int) float64 { return float64((i*5+j*3)%7 - 3) }
		image := make([]byte, 16384)
		for k := range 16 {
			for row := range 64 {
				binary.LittleEndian.PutUint16(image[l.at(row, k):], uint16(f16bits(value(row, k))))
			}
			for col := range 16 {
				binary.LittleEndian.PutUint16(image[8192+l.at(col, k):], uint16(f16bits(value(k, col+2))))
			}
		}
		trans := 0
		if l.transposed {
			trans = 1
		}
		m := newMachine(t, ptxvm.Config{}, 16384)
		m.write(0, image)
		var descriptors []byte
		descriptors = binary.LittleEndian.AppendUint64(descriptors, l.descriptor(shared))
		descriptors = binary.LittleEndian.AppendUint64(descriptors, l.descriptor(shared+8192))
		m.write(1, descriptors)
		body := fmt.Sprintf(`
	.shared .align 1024 .b8 s[16384];
	mov.u32 %%r3, s; mul.lo.u32 %%r4, %%r0, 16; add.u32 %%r3, %%r3, %%r4; mad.wide.u32 %%d3, %%r0, 16, %%d0; mov.u32 %%r5, 0;
COPY:	ld.global.v4.u32 {%%r10,%%r11,%%r12,%%r13}, [%%d3]; st.shared.v4.u32 [%%r3], {%%r10,%%r11,%%r12,%%r13};
	add.u64 %%d3, %%d3, 2048; add.u32 %%r3, %%r3, 2048; add.u32 %%r5, %%r5, 1; setp.lt.u32 %%p0, %%r5, 8; @%%p0 bra COPY;
	fence.proxy.async.shared::cta; bar.sync 0;
	ld.global.v2.u64 {%%d4,%%d5}, [%%d1];
	setp.ne.u32 %%p1, %%r0, %%r0;
	wgmma.fence.sync.aligned;
	wgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {%%f0,%%f1,%%f2,%%f3,%%f4,%%f5,%%f6,%%f7}, %%d4, %%d5, %%p1, 1, 1, %d, %d;
	wgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {%%f0,%%f1,%%f2,%%f3,%%f4,%%f5,%%f6,%%f7}, %%d4, %%d5, 1, 1, -1, %d, %d;
	wgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {%%f0,%%f1,%%f2,%%f3,%%f4,%%f5,%%f6,%%f7}, %%d4, %%d5, 1, 1, 1, %d, %d;
	wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;
	mad.wide.u32 %%d6, %%r0, 32, %%d2;
	st.global.v4.f32 [%%d6], {%%f0,%%f1,%%f2,%%f3}; st.global.v4.f32 [%%d6+16], {%%f4,%%f5,%%f6,%%f7};`, trans, trans, trans, trans, trans, trans)
		if err := m.run(kernel("sm_90a", body), 1, 128); err != nil {
			t.Errorf("%+v: %v", l, err)
			continue
		}
		out := m.read(2, 128*32)
		for thread := range 128 {
			for i := range 8 {
				row, col := thread/32*16+thread%32/4+i/2%2*8, i/4*8+thread%4*2+i%2
				var want float64
				for k := range 16 {
					want += value(row, k) * value(k, col+2)
				}
				if got := float(out, 8*thread+i); float64(got) != want {
					t.Fatalf("%+v: element %d,%d is %v; want %v", l, row, col, got, want)
				}
			}
		}
	}
}

// A tile that hangs over the edge of a tensor of three dimensions, through
// every swizzle, to shared memory and back.
func TestTilesOfTensorsComeAndGo(t *testing.T) {
	const w, h, d = 24, 5, 3 // elements of 4 bytes
	for swizzle, width := range map[ptxvm.Swizzle]int{ptxvm.SwizzleNone: 20, ptxvm.Swizzle32: 8, ptxvm.Swizzle64: 16, ptxvm.Swizzle128: 32} {
		b := newBench(t, ptxvm.Config{})
		x := make([]float32, w*h*d)
		for i := range x {
			x[i] = float32(i + 1)
		}
		zeros := make([]float32, w*h*d)
		tensor := ptxvm.TensorMap{
			Element: 4, Base: b.up(x), Dims: []uint64{w, h, d}, Strides: []uint64{4 * w, 4 * w * h},
			Box: []uint32{uint32(width), 4, 2}, Swizzle: swizzle,
		}
		source, err := tensor.Encode()
		b.must(err)
		out := b.up(zeros)
		tensor.Base = out
		target, err := tensor.Encode()
		b.must(err)
		l := b.load(`.version 8.0
.target sm_90
.address_size 64
.visible .entry move(.param .align 64 .b8 from[128], .param .align 64 .b8 to[128])
{
	.reg .pred %p<2>; .reg .b32 %r<8>; .reg .b64 %d<8>;
	.shared .align 1024 .b8 s[4096]; .shared .align 8 .b64 m;
	mov.b64 %d0, from; cvta.param.u64 %d0, %d0;
	mov.b64 %d1, to; cvta.param.u64 %d1, %d1;
	mov.u32 %r1, 7; mov.u32 %r2, 3; mov.u32 %r3, -1;
	mbarrier.init.shared.b64 [m], 1;
	mbarrier.arrive.expect_tx.shared.b64 _, [m], ` + itoa(width*4*2*4) + `;
	cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [s], [%d0, {%r1, %r2, %r3}], [m];
L:	mbarrier.try_wait.parity.shared.b64 %p0, [m], 0;
	@!%p0 bra L;
	cp.async.bulk.tensor.3d.global.shared::cta.tile.bulk_group [%d1, {%r1, %r2, %r3}], [s];
	cp.async.bulk.commit_group;
	cp.async.bulk.wait_group 0;
	ret;
}`)
		b.must(b.launch(l, "move", at(1, 1, 1), at(1, 1, 1), 0, source[:], target[:]))
		got := b.down(out, w*h*d)
		for i := range got {
			px, py, pz := i%w, i/w%h, i/w/h
			want := float32(0)
			if px >= 7 && px < 7+width && py >= 3 && pz < 1 { // the box begins at 7, 3, -1
				want = x[i]
			}
			if got[i] != want {
				t.Fatalf("swizzle %d: element %d,%d,%d is %v; want %v", swizzle, px, py, pz, got[i], want)
			}
		}
	}
}

func TestTensorMapsThatTheDriverRefuses(t *testing.T) {
	good := func() ptxvm.TensorMap {
		return ptxvm.TensorMap{Element: 2, Base: 0x7f0000000000, Dims: []uint64{128, 64}, Strides: []uint64{256}, Box: []uint32{64, 64}, Swizzle: ptxvm.Swizzle128}
	}
	if _, err := good().Encode(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(m *ptxvm.TensorMap){
		"element of 3 bytes":       func(m *ptxvm.TensorMap) { m.Element = 3 },
		"unaligned base":           func(m *ptxvm.TensorMap) { m.Base += 8 },
		"unaligned stride":         func(m *ptxvm.TensorMap) { m.Strides[0] = 264 },
		"stride below the row":     func(m *ptxvm.TensorMap) { m.Strides[0] = 240 },
		"box wider than 256":       func(m *ptxvm.TensorMap) { m.Box[1] = 257 },
		"box wider than its span":  func(m *ptxvm.TensorMap) { m.Box[0] = 72 },
		"row of no multiple of 16": func(m *ptxvm.TensorMap) { m.Box[0] = 4 },
		"no dimension":             func(m *ptxvm.TensorMap) { m.Dims, m.Strides, m.Box = nil, nil, nil },
		"empty dimension":          func(m *ptxvm.TensorMap) { m.Dims[1] = 0 },
		"a stride too few":         func(m *ptxvm.TensorMap) { m.Strides = nil },
		"unknown swizzle":          func(m *ptxvm.TensorMap) { m.Swizzle = 4 },
	} {
		m := good()
		spoil(&m)
		if _, err := m.Encode(); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: got %v; want Invalid", name, err)
		}
	}
}

func TestMatricesAreStoredAsTheyAreLoaded(t *testing.T) {
	for _, trans := range []string{"", ".trans"} {
		// each lane's word stands in the rows that stmatrix wrote; ldmatrix gives it back
		each(t, "sm_90", `
	.shared .align 16 .b8 s[128];
	mov.u32 %r3, s; and.b32 %r4, %r0, 7; mad.lo.u32 %r4, %r4, 16, %r3; mad.lo.u32 %r5, %r0, 0x10003, 0x20001;
	stmatrix.sync.aligned.m8n8.x1`+trans+`.shared.b16 [%r4], {%r5};
	bar.warp.sync 0xffffffff;
	ldmatrix.sync.aligned.m8n8.x1`+trans+`.shared.b16 {%r2}, [%r4];`, 32, func(i uint32) uint32 { return i*0x10003 + 0x20001 })
	}
	each(t, "sm_90", `
	.shared .align 16 .b8 s[128];
	mov.u32 %r3, s; and.b32 %r4, %r0, 7; mad.lo.u32 %r4, %r4, 16, %r3; mul.lo.u32 %r5, %r0, 5;
	stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r4], {%r5};
	bar.warp.sync 0xffffffff;
	mad.lo.u32 %r3, %r0, 4, %r3; ld.shared.u32 %r2, [%r3];`, 32, func(i uint32) uint32 { return 5 * i })
}

func TestAnMbarrierWaitsForCopies(t *testing.T) {
	each(t, "sm_90", `
	.shared .align 16 .b8 s[1024]; .shared .align 8 .b64 m;
	setp.eq.u32 %p0, %r0, 0; @%p0 mbarrier.init.shared.b64 [m], 64; bar.sync 0;
	mov.u32 %r3, s; mad.lo.u32 %r4, %r0, 16, %r3; mad.wide.u32 %d4, %r0, 16, %d0;
	cp.async.cg.shared.global [%r4], [%d4], 16;
	cp.async.mbarrier.arrive.noinc.shared.b64 [m];
L:	mbarrier.test_wait.parity.shared.b64 %p1, [m], 0; @%p1 bra D; nanosleep.u32 9; bra L;
D:	xor.b32 %r5, %r0, 32; mad.lo.u32 %r5, %r5, 16, %r3; ld.shared.u8 %r2, [%r5+5];`, 64, func(i uint32) uint32 {
		return uint32(byte(((i^32)*16 + 5) * 7))
	})
}
