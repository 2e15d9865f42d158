package ptxvm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

func TestEveryFaultIsCaughtAndNothingElse(t *testing.T) {
	seen := map[ptxvm.Class]bool{}
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			seen[p.class] = true
			run := func(body string) error {
				m := newMachine(t, ptxvm.Config{Budget: 1 << 17}, 1024)
				m.write(0, make([]byte, 1024))
				m.write(1, make([]byte, 1024))
				target, block := p.target, p.block
				if target == "" {
					target = "sm_80"
				}
				if block == 0 {
					block = 64
				}
				return m.run(kernel(target, body), max(p.grid, 1), block)
			}
			err := run(p.bad)
			expect(t, err, p.class, p.at)
			if !errors.Is(err, p.class) || !errors.Is(err, abi.Guest) {
				t.Errorf("%v is neither %v nor the guest's failure", err, p.class)
			}
			if err := run(p.good); err != nil {
				t.Errorf("without the fault: %v", err)
			}
		})
	}
	for c := ptxvm.OutOfBounds; c <= ptxvm.Trapped; c++ {
		if !seen[c] && c != ptxvm.Resources { // which the launch refuses: see below
			t.Errorf("no fault of class %v was planted", c)
		}
	}
}

func TestAFaultNamesItsThread(t *testing.T) {
	m := newMachine(t, ptxvm.Config{}, 1024)
	m.write(0, make([]byte, 1024))
	err := m.run(kernel("sm_75", "mad.lo.u32 %r2, %r1, 64, %r0;\n\tmad.wide.u32 %d3, %r2, 4, %d0;\n\tld.global.u32 %r3, [%d3+256];"), 4, 64)
	f, ok := errors.AsType[*ptxvm.Fault](err)
	if !ok || f.Kernel != "k" || f.Line != 19 || f.Block != [3]uint32{3, 0, 0} || f.Thread != [3]uint32{0, 0, 0} {
		t.Errorf("got %+v", f)
	}
}

func TestWhatDoesNotFitIsNotLaunched(t *testing.T) {
	big := ".shared .b8 s[40960]; mov.u32 %r2, s;"
	for _, c := range []struct {
		name   string
		cfg    ptxvm.Config
		body   string
		block  [3]uint32
		shared uint32
		fits   bool
	}{
		{name: "threads", block: [3]uint32{1025, 1, 1}},
		{name: "most threads", block: [3]uint32{1024, 1, 1}, fits: true},
		{name: "depth", block: [3]uint32{1, 1, 65}},
		{name: "no threads", block: [3]uint32{1, 0, 1}},
		{name: "shared memory of Turing", cfg: ptxvm.Config{Capability: 75}, body: big, block: [3]uint32{1, 1, 1}, shared: 25 << 10},
		{name: "shared memory of Ampere", cfg: ptxvm.Config{Capability: 80}, body: big, block: [3]uint32{1, 1, 1}, shared: 25 << 10, fits: true},
		{name: "registers", body: pressing(80), block: [3]uint32{1024, 1, 1}},
		{name: "registers of fewer threads", body: pressing(80), block: [3]uint32{512, 1, 1}, fits: true},
	} {
		m := newMachine(t, c.cfg, 1024)
		m.write(0, make([]byte, 1024))
		err := m.load(kernel("sm_75", c.body)).Launch("k", [3]uint32{1, 1, 1}, c.block, c.shared, m.params())
		if got := errors.Is(err, ptxvm.Resources); got == c.fits || c.fits && err != nil {
			t.Errorf("%s: got %v; want it to fit: %v", c.name, err, c.fits)
		}
	}
}

// pressing keeps n floats live at once.
func pressing(n int) string {
	var b strings.Builder
	b.WriteString(".reg .f32 %x<200>;\n")
	for i := range n {
		b.WriteString("ld.global.f32 %x" + itoa(i) + ", [%d0+" + itoa(4*i) + "];\n")
	}
	for i := range n {
		b.WriteString("add.f32 %x0, %x0, %x" + itoa(n-1-i) + ";\n")
	}
	return b.String()
}
