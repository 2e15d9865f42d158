package ptxvm_test

import (
	"strings"

	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// Each planted fault stands beside the same kernel without it: the first must
// be caught at the instruction named, the second must run.
var planted = []struct {
	name   string
	class  ptxvm.Class
	at     string
	bad    string
	good   string
	target string // sm_80 if empty
	block  uint32 // 64 if zero
	grid   uint32 // 1 if zero
}{
	{
		name: "a load past the end of its allocation", class: ptxvm.OutOfBounds, at: "ld.global.f32",
		bad:  "mad.wide.u32 %d3, %r0, 4, %d0; ld.global.f32 %f0, [%d3+772];",
		good: "mad.wide.u32 %d3, %r0, 4, %d0; ld.global.f32 %f0, [%d3+768];",
	},
	{
		name: "a vector load across the end", class: ptxvm.OutOfBounds, at: "ld.global.v4",
		bad:  "ld.global.v4.f32 {%f0,%f1,%f2,%f3}, [%d0+1024];",
		good: "ld.global.v4.f32 {%f0,%f1,%f2,%f3}, [%d0+1008];",
	},
	{
		name: "a store before the first byte", class: ptxvm.OutOfBounds, at: "st.global.u32",
		bad: "st.global.u32 [%d2-4], %r0;", good: "mad.wide.u32 %d3, %r0, 4, %d2; st.global.u32 [%d3], %r0;",
	},
	{
		name: "an index from one buffer into another", class: ptxvm.OutOfBounds, at: "ld.global.u8",
		bad: "ld.global.u8 %r2, [%d0+2048];", good: "ld.global.u8 %r2, [%d0+1023];",
	},
	{
		name: "a null pointer", class: ptxvm.OutOfBounds, at: "ld.global.u32",
		bad: "mov.u64 %d3, 0; ld.global.u32 %r2, [%d3];", good: "mov.u64 %d3, %d0; ld.global.u32 %r2, [%d3];",
	},
	{
		name: "shared memory past its end", class: ptxvm.OutOfBounds, at: "st.shared.u32",
		bad:  ".shared .u32 s[64]; mul.lo.u32 %r2, %r0, 4; mov.u32 %r3, s; add.u32 %r3, %r3, %r2; st.shared.u32 [%r3+4], %r0;",
		good: ".shared .u32 s[64]; mul.lo.u32 %r2, %r0, 4; mov.u32 %r3, s; add.u32 %r3, %r3, %r2; st.shared.u32 [%r3], %r0;",
	},
	{
		name: "shared memory taken to begin at zero", class: ptxvm.OutOfBounds, at: "st.shared.u32",
		bad:  ".shared .u32 s[64]; mul.lo.u32 %r2, %r0, 4; st.shared.u32 [%r2], %r0;",
		good: ".shared .u32 s[64]; mul.lo.u32 %r2, %r0, 4; mov.u32 %r3, s; add.u32 %r2, %r2, %r3; st.shared.u32 [%r2], %r0;",
	},
	{
		name: "local memory past its end", class: ptxvm.OutOfBounds, at: "st.local.u32",
		bad:  ".local .u32 s[4]; st.local.u32 [s+16], %r0;",
		good: ".local .u32 s[4]; st.local.u32 [s+12], %r0;",
	},
	{
		name: "a generic address that is not in the space it is converted to", class: ptxvm.OutOfBounds, at: "cvta.to.shared",
		bad:  "cvta.to.shared.u64 %d3, %d0;",
		good: ".shared .u32 s; cvta.shared.u64 %d4, s; cvta.to.shared.u64 %d3, %d4; st.shared.u32 [%d3], 1;", block: 1,
	},
	{
		name: "a load at an odd address", class: ptxvm.Misaligned, at: "ld.global.f32",
		bad: "ld.global.f32 %f0, [%d0+2];", good: "ld.global.f32 %f0, [%d0+4];",
	},
	{
		name: "a vector load aligned for its element only", class: ptxvm.Misaligned, at: "ld.global.v4",
		bad: "ld.global.v4.f32 {%f0,%f1,%f2,%f3}, [%d0+8];", good: "ld.global.v4.f32 {%f0,%f1,%f2,%f3}, [%d0+16];",
	},
	{
		name: "global memory that was never written", class: ptxvm.Uninitialised, at: "ld.global.u32",
		bad: "ld.global.u32 %r2, [%d2+64];", good: "ld.global.u32 %r2, [%d1+64];",
	},
	{
		name: "a neighbour of what was written", class: ptxvm.Uninitialised, at: "ld.global.u32",
		bad:  "st.global.u16 [%d2], 7; ld.global.u32 %r2, [%d2];",
		good: "st.global.u16 [%d2], 7; st.global.u16 [%d2+2], 7; ld.global.u32 %r2, [%d2];", block: 1,
	},
	{
		name: "shared memory of the block before", class: ptxvm.Uninitialised, at: "ld.shared.u32", grid: 2, block: 1,
		bad:  ".shared .u32 s; setp.ne.u32 %p0, %r1, 0; @%p0 bra L; st.shared.u32 [s], 1; L: ld.shared.u32 %r2, [s];",
		good: ".shared .u32 s; st.shared.u32 [s], 1; ld.shared.u32 %r2, [s];",
	},
	{
		name: "local memory", class: ptxvm.Uninitialised, at: "ld.local.u32",
		bad:  ".local .u32 s[4]; st.local.u32 [s], %r0; ld.local.u32 %r2, [s+4];",
		good: ".local .u32 s[4]; st.local.u32 [s+4], %r0; ld.local.u32 %r2, [s+4];",
	},
	{
		name: "a register that one path leaves out", class: ptxvm.Uninitialised, at: "add.u32", block: 32,
		bad:  "setp.lt.u32 %p0, %r0, 9; @%p0 mov.u32 %r2, 1; add.u32 %r3, %r2, 1;",
		good: "setp.lt.u32 %p0, %r0, 9; @%p0 mov.u32 %r2, 1; @!%p0 mov.u32 %r2, 2; add.u32 %r3, %r2, 1;",
	},
	{
		name: "a copy of an unwritten register that is used", class: ptxvm.Uninitialised, at: "add.u32",
		bad: "mov.u32 %r3, %r2; add.u32 %r3, %r3, 1;", good: "mov.u32 %r3, %r2; mov.u32 %r3, 0; add.u32 %r3, %r3, 1;",
	},
	{
		name: "a predicate that was never set", class: ptxvm.Uninitialised, at: "bra",
		bad: "@%p3 bra L; L:", good: "setp.eq.u32 %p3, %r0, 0; @%p3 bra L; L:",
	},
	{
		name: "a missing barrier", class: ptxvm.Race, at: "st.shared.u32 [%r3], 9",
		bad:  shared + "st.shared.u32 [%r3], %r0; bar.sync 0; st.shared.u32 [%r3], 9; ld.shared.u32 %r5, [%r4];",
		good: shared + "st.shared.u32 [%r3], %r0; bar.sync 0; ld.shared.u32 %r5, [%r4];",
	},
	{
		name: "a missing barrier after the reads", class: ptxvm.Race, at: "ld.shared.u32",
		bad:  shared + "st.shared.u32 [%r3], %r0; bar.sync 0; ld.shared.u32 %r5, [%r4]; st.shared.u32 [%r3], 7;",
		good: shared + "st.shared.u32 [%r3], %r0; bar.sync 0; ld.shared.u32 %r5, [%r4]; bar.sync 0; st.shared.u32 [%r3], 7;",
	},
	{
		name: "lanes of one warp with no bar.warp.sync", class: ptxvm.Race, at: "ld.shared.u32", block: 32,
		bad:  shared32 + "st.shared.u32 [%r3], %r0; ld.shared.u32 %r5, [%r4];",
		good: shared32 + "st.shared.u32 [%r3], %r0; bar.warp.sync 0xffffffff; ld.shared.u32 %r5, [%r4];",
	},
	{
		name: "two threads that write one place", class: ptxvm.Race, at: "st.shared.u32",
		bad:  ".shared .u32 s; st.shared.u32 [s], %r0;",
		good: ".shared .u32 s; setp.eq.u32 %p0, %r0, 0; @%p0 st.shared.u32 [s], %r0;",
	},
	{
		name: "two blocks that write one place", class: ptxvm.Race, at: "st.global.u32", grid: 3, block: 1,
		bad:  "st.global.u32 [%d2], %r1;",
		good: "mad.wide.u32 %d3, %r1, 4, %d2; st.global.u32 [%d3], %r1;",
	},
	{
		name: "a block that reads what another wrote", class: ptxvm.Race, at: "ld.global.u32", grid: 2, block: 1,
		bad:  "mad.wide.u32 %d3, %r1, 4, %d0; st.global.u32 [%d3], 7; ld.global.u32 %r2, [%d0];",
		good: "mad.wide.u32 %d3, %r1, 4, %d0; st.global.u32 [%d3], 7; ld.global.u32 %r2, [%d3];",
	},
	{
		name: "a plain addition where an atomic belongs", class: ptxvm.Race, at: "ld.global.u32", grid: 2, block: 1,
		bad:  "ld.global.u32 %r2, [%d0]; add.u32 %r2, %r2, 1; st.global.u32 [%d0], %r2;",
		good: "red.global.add.u32 [%d0], 1;",
	},
	{
		name: "a plain read beside atomics", class: ptxvm.Race, at: "red.global", grid: 2, block: 1,
		bad:  "red.global.add.u32 [%d0], 1; ld.global.u32 %r2, [%d0];",
		good: "red.global.add.u32 [%d0], 1; ld.relaxed.gpu.global.u32 %r2, [%d0];",
	},
	{
		name: "the last block, which does not fence", class: ptxvm.Race, at: "ld.global.u32 %r5", grid: 4, block: 1,
		bad:  strings.ReplaceAll(lastBlock, "FENCE", ""),
		good: strings.ReplaceAll(lastBlock, "FENCE", "membar.gl;"),
	},
	{
		name: "a barrier in one branch", class: ptxvm.Divergence, at: "bar.sync", block: 32,
		bad:  "setp.lt.u32 %p0, %r0, 9; @%p0 bra L; bar.sync 0; L:",
		good: "setp.lt.u32 %p0, %r0, 9; @%p0 bra L; add.u32 %r2, %r0, 1; L: bar.sync 0;",
	},
	{
		name: "a barrier that one warp never reaches", class: ptxvm.Divergence, at: "bar.sync",
		bad:  "setp.lt.u32 %p0, %r0, 32; @%p0 bra L; bar.sync 0; L:",
		good: "setp.lt.u32 %p0, %r0, 32; @%p0 bra L; bar.sync 1, 32; L:",
	},
	{
		name: "a barrier after some threads have left", class: ptxvm.Divergence, at: "bar.sync",
		bad:  "setp.gt.u32 %p0, %r0, 50; @%p0 exit; bar.sync 0;",
		good: "bar.sync 0; setp.gt.u32 %p0, %r0, 50; @%p0 exit;",
	},
	{
		name: "a guarded barrier", class: ptxvm.Divergence, at: "bar.sync", block: 32,
		bad:  "setp.gt.u32 %p0, %r0, 5; @%p0 bar.sync 0;",
		good: "setp.ge.u32 %p0, %r0, 0; @%p0 bar.sync 0;",
	},
	{
		name: "a branch marked uniform", class: ptxvm.Divergence, at: "bra.uni",
		bad:  "setp.gt.u32 %p0, %r0, 5; @%p0 bra.uni L; L:",
		good: "setp.gt.u32 %p0, %r1, 5; @%p0 bra.uni L; L:",
	},
	{
		name: "a shuffle in a branch", class: ptxvm.Divergence, at: "shfl.sync", block: 32,
		bad:  "setp.gt.u32 %p0, %r0, 15; @%p0 bra L; shfl.sync.bfly.b32 %r2, %r0, 1, 31, 0xffffffff; L:",
		good: "setp.gt.u32 %p0, %r0, 15; @%p0 bra L; shfl.sync.bfly.b32 %r2, %r0, 1, 31, 0xffff; L:",
	},
	{
		name: "a mask that leaves out who runs it", class: ptxvm.BadMask, at: "shfl.sync", block: 32,
		bad:  "shfl.sync.down.b32 %r2, %r0, 1, 31, 0xffff;",
		good: "shfl.sync.down.b32 %r2, %r0, 1, 31, 0xffffffff;",
	},
	{
		name: "a mask with lanes that have left", class: ptxvm.BadMask, at: "vote.sync", block: 32,
		bad:  "setp.lt.u32 %p0, %r0, 8; @%p0 exit; vote.sync.any.pred %p1, %p0, 0xffffffff;",
		good: "setp.lt.u32 %p0, %r0, 8; @%p0 exit; vote.sync.any.pred %p1, %p0, 0xffffff00;",
	},
	{
		name: "a shuffle from a lane that is not there", class: ptxvm.BadMask, at: "shfl.sync", block: 32,
		bad:  "setp.gt.u32 %p0, %r0, 15; @%p0 bra L; shfl.sync.idx.b32 %r2, %r0, 20, 31, 0xffff; L:",
		good: "setp.gt.u32 %p0, %r0, 15; @%p0 bra L; shfl.sync.idx.b32 %r2, %r0, 12, 31, 0xffff; L:",
	},
	{
		name: "ldmatrix in a diverged warp", class: ptxvm.Divergence, at: "ldmatrix", block: 32,
		bad:  tile + "setp.gt.u32 %p0, %r0, 15; @%p0 bra L; ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r6}, [%r3]; L:",
		good: tile + "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r6}, [%r3];",
	},
	{
		name: "a loop without an end", class: ptxvm.Endless, at: "",
		bad: "L: add.u32 %r0, %r0, 1; bra L;", good: "L: add.u32 %r0, %r0, 1; setp.lt.u32 %p0, %r0, 5000; @%p0 bra L;",
	},
	{
		name: "a wait for another block", class: ptxvm.Endless, at: "", grid: 2, block: 1,
		bad:  "red.global.add.u32 [%d0], 1; L: ld.relaxed.gpu.global.u32 %r2, [%d0]; setp.lt.u32 %p0, %r2, 100; @%p0 bra L;",
		good: "red.global.add.u32 [%d0], 1; ld.relaxed.gpu.global.u32 %r2, [%d0];",
	},
	{
		name: "text that ends without ret", class: ptxvm.Fallthrough, at: "}",
		bad: "setp.eq.u32 %p0, %r0, %r0; @!%p0", good: "setp.eq.u32 %p0, %r0, %r0; @%p0", // the guard of the ret that follows
	},
	{
		name: "trap", class: ptxvm.Trapped, at: "trap",
		bad: "setp.eq.u32 %p0, %r0, 40; @%p0 trap;", good: "setp.eq.u32 %p0, %r0, 400; @%p0 trap;",
	},
	{
		name: "a copy that was not waited for", class: ptxvm.InFlight, at: "ld.shared.u32", block: 1,
		bad:  copies + "cp.async.commit_group; cp.async.wait_group 1; ld.shared.u32 %r2, [s];",
		good: copies + "cp.async.commit_group; cp.async.wait_group 0; ld.shared.u32 %r2, [s];",
	},
	{
		name: "a copy whose group was never closed", class: ptxvm.InFlight, at: "ld.shared.u32", block: 1,
		bad:  copies + "cp.async.wait_group 0; ld.shared.u32 %r2, [s];",
		good: copies + "cp.async.wait_all; ld.shared.u32 %r2, [s];",
	},
	{
		name: "a store to where a copy will land", class: ptxvm.InFlight, at: "st.shared.u32", block: 1,
		bad:  copies + "cp.async.commit_group; st.shared.u32 [s+4], 1; cp.async.wait_group 0;",
		good: copies + "cp.async.commit_group; cp.async.wait_group 0; st.shared.u32 [s+4], 1;",
	},
	{
		name: "somebody else's copy, with no barrier", class: ptxvm.Race, at: "ld.shared.u32", block: 64,
		bad:  guarded + "cp.async.wait_all; setp.ne.u32 %p1, %r0, 32; @%p1 bra M; ld.shared.u32 %r2, [s]; M:",
		good: guarded + "cp.async.wait_all; bar.sync 0; setp.ne.u32 %p1, %r0, 32; @%p1 bra M; ld.shared.u32 %r2, [s]; M:",
	},
	{
		name: "an mbarrier that waits for one too many", class: ptxvm.Deadlock, at: "", block: 64,
		bad:  strings.ReplaceAll(mbarriers, "COUNT", "65"),
		good: strings.ReplaceAll(mbarriers, "COUNT", "64"),
	},
	{
		name: "an mbarrier that nobody made", class: ptxvm.Uninitialised, at: "mbarrier.arrive", block: 1,
		bad:  ".shared .align 8 .b64 m; mbarrier.arrive.shared.b64 %d3, [m];",
		good: ".shared .align 8 .b64 m; mbarrier.init.shared.b64 [m], 1; mbarrier.arrive.shared.b64 %d3, [m];",
	},
	{
		name: "an mbarrier used before a barrier", class: ptxvm.Race, at: "mbarrier.arrive",
		bad:  ".shared .align 8 .b64 m; setp.eq.u32 %p0, %r0, 0; @%p0 mbarrier.init.shared.b64 [m], 64; mbarrier.arrive.shared.b64 %d3, [m];",
		good: ".shared .align 8 .b64 m; setp.eq.u32 %p0, %r0, 0; @%p0 mbarrier.init.shared.b64 [m], 64; bar.sync 0; mbarrier.arrive.shared.b64 %d3, [m];",
	},
	{
		name: "the bytes of an mbarrier", class: ptxvm.InFlight, at: "ld.shared.b64", block: 1,
		bad:  ".shared .align 8 .b64 m; mbarrier.init.shared.b64 [m], 1; ld.shared.b64 %d3, [m];",
		good: ".shared .align 8 .b64 m; mbarrier.init.shared.b64 [m], 1; mbarrier.inval.shared.b64 [m]; st.shared.b64 [m], 0; ld.shared.b64 %d3, [m];",
	},
	{
		name: "a bulk copy read before its mbarrier", class: ptxvm.InFlight, at: "ld.shared.u32", target: "sm_90", block: 1,
		bad:  strings.ReplaceAll(bulk, "WAIT", ""),
		good: strings.ReplaceAll(bulk, "WAIT", "L: mbarrier.try_wait.parity.shared::cta.b64 %p1, [m], 0; @!%p1 bra L;"),
	},
	{
		name: "a bulk store of what was stored without a proxy fence", class: ptxvm.Race, at: "cp.async.bulk", target: "sm_90", block: 1,
		bad:  strings.ReplaceAll(bulkStore, "FENCE", ""),
		good: strings.ReplaceAll(bulkStore, "FENCE", "fence.proxy.async.shared::cta;"),
	},
	{
		name: "a bulk store that is not waited for", class: ptxvm.InFlight, at: "}", target: "sm_90", block: 1,
		bad:  strings.ReplaceAll(strings.ReplaceAll(bulkStore, "FENCE", "fence.proxy.async.shared::cta;"), "cp.async.bulk.wait_group 0;", ""),
		good: strings.ReplaceAll(bulkStore, "FENCE", "fence.proxy.async.shared::cta;"),
	},
	{
		name: "accumulators read before the wait", class: ptxvm.InFlight, at: "add.f32", target: "sm_90a", block: 128,
		bad:  wgmma("wgmma.fence.sync.aligned;", "add.f32 %f5, %f0, %f0;", ""),
		good: wgmma("wgmma.fence.sync.aligned;", "", "add.f32 %f5, %f0, %f0;"),
	},
	{
		name: "accumulators written before the wait", class: ptxvm.InFlight, at: "mov.f32 %f3", target: "sm_90a", block: 128,
		bad:  wgmma("wgmma.fence.sync.aligned;", "mov.f32 %f3, 0f00000000;", ""),
		good: wgmma("wgmma.fence.sync.aligned;", "", "mov.f32 %f3, 0f00000000;"),
	},
	{
		name: "no wgmma.fence after registers were written", class: ptxvm.InFlight, at: "wgmma.mma_async", target: "sm_90a", block: 128,
		bad: wgmma("", "", ""), good: wgmma("wgmma.fence.sync.aligned;", "", ""),
	},
	{
		name: "a wgmma of a group that was not committed", class: ptxvm.InFlight, at: "add.f32", target: "sm_90a", block: 128,
		bad:  strings.ReplaceAll(wgmma("wgmma.fence.sync.aligned;", "", "add.f32 %f5, %f0, %f0;"), "wgmma.commit_group.sync.aligned;", ""),
		good: wgmma("wgmma.fence.sync.aligned;", "", "add.f32 %f5, %f0, %f0;"),
	},
	{
		name: "accumulators of the younger of two groups", class: ptxvm.InFlight, at: "add.f32", target: "sm_90a", block: 128,
		bad:  wgmma("wgmma.fence.sync.aligned;", second+"wgmma.wait_group.sync.aligned 1; add.f32 %f6, %f0, %f0; add.f32 %f5, %f10, %f10;", ""),
		good: wgmma("wgmma.fence.sync.aligned;", second+"wgmma.wait_group.sync.aligned 0; add.f32 %f6, %f0, %f0; add.f32 %f5, %f10, %f10;", ""),
	},
	{
		name: "a wgmma of fewer than four warps", class: ptxvm.Divergence, at: "wgmma.mma_async", target: "sm_90a", block: 96,
		bad: wgmma("wgmma.fence.sync.aligned;", "", ""), good: "",
	},
}

// Fragments of the kernels above: %r3 is the address of a thread's own word of
// shared memory, %r4 that of the word of the thread 32 on, or one on.
const (
	words2 = "mov.u32 %r3, s; mad.lo.u32 %r3, %r0, 4, %r3; mov.u32 %r4, s; mad.lo.u32 %r4, %r2, 4, %r4; "
	shared = ".shared .u32 s[64]; xor.b32 %r2, %r0, 32; " + words2

	shared32 = ".shared .u32 s[64]; xor.b32 %r2, %r0, 1; " + words2

	tile = `.shared .align 16 .b8 t[512]; mov.u32 %r3, t; mad.lo.u32 %r3, %r0, 16, %r3;
		st.shared.v4.u32 [%r3], {%r0,%r0,%r0,%r0}; bar.sync 0; `

	copies  = ".shared .align 16 .b8 s[16]; cp.async.ca.shared.global [s], [%d0], 16; "
	guarded = ".shared .align 16 .b8 s[16]; setp.eq.u32 %p0, %r0, 0; @!%p0 bra L; cp.async.ca.shared.global [s], [%d0], 16; L: "

	lastBlock = `
	mad.wide.u32 %d3, %r1, 4, %d2;
	st.global.u32 [%d3], %r1;
	FENCE
	atom.global.add.u32 %r3, [%d0], 1;
	ld.global.u32 %r4, [%d1];
	setp.ne.u32 %p0, %r3, 3;
	@%p0 bra DONE;
	FENCE
	ld.global.u32 %r5, [%d2];
	ld.global.u32 %r6, [%d2+4];
DONE:`

	mbarriers = `
	.shared .align 8 .b64 m;
	setp.eq.u32 %p0, %r0, 0;
	@%p0 mbarrier.init.shared.b64 [m], COUNT;
	bar.sync 0;
	mbarrier.arrive.shared.b64 %d3, [m];
L:	mbarrier.test_wait.shared.b64 %p1, [m], %d3;
	@%p1 bra D;
	nanosleep.u32 20;
	bra L;
D:`

	bulk = `
	.shared .align 8 .b64 m; .shared .align 128 .b8 s[256];
	mbarrier.init.shared::cta.b64 [m], 1;
	mbarrier.arrive.expect_tx.shared::cta.b64 %d3, [m], 256;
	cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [s], [%d0], 256, [m];
	WAIT
	ld.shared.u32 %r2, [s+12];`

	second = `
	setp.ne.u32 %p1, %r0, %r0;
	wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f10,%f11,%f12,%f13}, %d3, %d3, %p1, 1, 1, 0, 0;
	wgmma.commit_group.sync.aligned; `

	bulkStore = `
	.shared .align 128 .b8 s[16];
	st.shared.v4.u32 [s], {%r0,%r0,%r0,%r0};
	FENCE
	cp.async.bulk.global.shared::cta.bulk_group [%d2], [s], 16;
	cp.async.bulk.commit_group;
	cp.async.bulk.wait_group 0;`
)

// wgmma is a kernel around one product of 64x8x16 of zeros.
func wgmma(fence, before, after string) string {
	return `
	.shared .align 128 .b8 s[4096];
	mov.u32 %r3, s;
	mad.lo.u32 %r4, %r0, 32, %r3;
	mov.u32 %r5, 0;
	st.shared.v4.u32 [%r4], {%r5,%r5,%r5,%r5};
	st.shared.v4.u32 [%r4+16], {%r5,%r5,%r5,%r5};
	fence.proxy.async.shared::cta;
	bar.sync 0;
	shr.u32 %r6, %r3, 4;
	cvt.u64.u32 %d3, %r6;
	or.b64 %d3, %d3, 0x0000001000080000;
	mov.f32 %f0, 0f00000000; mov.f32 %f1, %f0; mov.f32 %f2, %f0; mov.f32 %f3, %f0;
	` + fence + `
	wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f0,%f1,%f2,%f3}, %d3, %d3, 1, 1, 1, 0, 0;
	wgmma.commit_group.sync.aligned;
	` + before + `
	wgmma.wait_group.sync.aligned 0;
	` + after
}
