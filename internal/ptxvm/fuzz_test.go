package ptxvm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// Whatever the text, parsing gives a module or an error of kind Invalid, and a
// module's kernels run to an end or a fault.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"kernels.ptx", "gemm_mma.ptx", "gemm_wgmma.ptx"} {
		f.Add(source(f, name))
	}
	for _, p := range planted {
		f.Add(kernel("sm_90a", p.bad))
	}
	f.Add(kernel("sm_75", saxpy))
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		m, err := ptxvm.Parse(text)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v is not Invalid", err)
			}
			return
		}
		d := ptxvm.New(ptxvm.Config{Budget: 1 << 12, Capability: 90})
		l, err := d.Load(m)
		if err != nil {
			return
		}
		for name, k := range m.Kernels {
			if k.Static > 64<<10 {
				continue
			}
			err := l.Launch(name, [3]uint32{1, 1, 1}, [3]uint32{33, 1, 1}, 256, make([]byte, k.ParamBytes))
			if _, ok := errors.AsType[*ptxvm.Fault](err); err != nil && !ok {
				t.Errorf("%s: %v is no fault", name, err)
			}
		}
	})
}

func TestTextThatIsWrongIsRefused(t *testing.T) {
	for _, c := range []struct{ name, body, says string }{
		{"an unknown instruction", "frobnicate.u32 %r2, %r0;", "frobnicate"},
		{"an unknown modifier", "add.weird.u32 %r2, %r0, 1;", "weird"},
		{"a register that is not declared", "add.u32 %r2, %r0, %x9;", "%x9"},
		{"a register beyond its range", "add.u32 %r2, %r0, %r64;", "%r64"},
		{"a float where an integer belongs", "add.u32 %r2, %r0, %f1;", "%f1"},
		{"a wide register", "add.u32 %r2, %r0, %d1;", "%d1"},
		{"a float literal", "add.u32 %r2, %r0, 0f3f800000;", "u32"},
		{"an integer literal", "add.f32 %f2, %f0, 1;", "f32"},
		{"a missing rounding mode", "cvt.f32.s32 %f2, %r0;", "rn"},
		{"a rounding mode too many", "cvt.rn.f64.f32 %g0, %f0;", "exact"},
		{"a missing operand", "add.u32 %r2, %r0;", "operands"},
		{"a label that is not there", "bra NOWHERE;", "NOWHERE"},
		{"a label that stands twice", "L: L: add.u32 %r2, %r0, 1;", "twice"},
		{"a store to a parameter", "st.param.u64 [a], %d0;", "written"},
		{"a vector of three", "ld.global.v4.f32 {%f0,%f1,%f2}, [%d0];", "3"},
		{"a vector too wide", "ld.global.v4.f64 {%g0,%g1,%g2,%g3}, [%d0];", "32 bytes"},
		{"an instruction of a later target", "redux.sync.add.u32 %r2, %r0, 0xffffffff;", "sm_80"},
		{"an instruction of a specific target", "setmaxnreg.inc.sync.aligned.u32 232;", "8.0"},
		{"a comparison that is not for integers", "setp.num.u32 %p0, %r0, 1;", "num"},
		{"shared memory of 64 KiB", ".shared .b8 big[65536]; mov.u32 %r2, big;", "49152"},
		{"registers without number", ".reg .b32 %q<2000000000>;", "%q"},
		{"a string that does not end", `.pragma "nounroll;`, "string"},
		{"a block that does not end", "{", "end"},
	} {
		_, err := ptxvm.Parse(kernel("sm_75", c.body))
		if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v; want Invalid with %q", c.name, err, c.says)
		}
	}
}
