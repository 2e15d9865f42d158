//go:build unix

package ptxvm_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// processor is the time this process has used of all processors: what a busy
// machine does not change much.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure reports lane-operations a second of processor time on one core.
func measure(b *testing.B, cfg ptxvm.Config, prepare func(b *bench) func()) {
	cfg.Workers = 1
	m := newBench(b, cfg)
	run := prepare(m)
	run()
	from, count := processor(), m.dev.Instructions()
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(m.dev.Instructions()-count)*32/(processor()-from).Seconds()/1e6, "Mlaneops/cpu-s")
}

func BenchmarkRun(b *testing.B) {
	matrix := func(m *bench) func() {
		l := m.load(source(m.t, "kernels.ptx"))
		const n = 128
		x, y, out := m.up(m.normal(n*n)), m.up(m.normal(n*n)), m.room(4*n*n)
		return func() { m.must(m.launch(l, "sgemm64", at(2, 2, 1), at(256, 1, 1), 0, out, x, y, n, n, n)) }
	}
	gelu := func(m *bench) func() {
		l := m.load(source(m.t, "kernels.ptx"))
		const n = 1 << 16
		x, y, out := m.up(m.normal(n)), m.up(m.normal(n)), m.room(4*n)
		return func() {
			m.must(m.launch(l, "fused_axpb_gelu", at(16, 1, 1), at(256, 1, 1), 0, out, x, y, float32(1.5), n/4))
		}
	}
	loop := func(m *bench) func() {
		l := m.load(kernel("sm_75", `
	mov.f32 %f0, 0f3f800000; mov.f32 %f1, 0f00000000; mov.u32 %r2, 0;
L:	fma.rn.f32 %f1, %f1, %f0, %f0; add.f32 %f2, %f1, %f0; mul.f32 %f3, %f2, %f1; max.f32 %f1, %f1, %f3;
	fma.rn.f32 %f1, %f1, 0f3f000000, %f0; sub.f32 %f2, %f1, %f0; and.b32 %r3, %r2, 7; shl.b32 %r4, %r3, 2;
	add.u32 %r2, %r2, 1; setp.lt.u32 %p0, %r2, 5000; @%p0 bra L;`))
		params := make([]byte, 24)
		return func() { m.must(l.Launch("k", at(1, 1, 1), at(256, 1, 1), 0, params)) }
	}
	for _, k := range []struct {
		name string
		f    func(m *bench) func()
	}{{"matrix", matrix}, {"gelu", gelu}, {"registers", loop}} {
		b.Run(k.name+"/strict", func(b *testing.B) { measure(b, ptxvm.Config{}, k.f) })
		b.Run(k.name+"/fast", func(b *testing.B) { measure(b, ptxvm.Config{Fast: true}, k.f) })
	}
}
