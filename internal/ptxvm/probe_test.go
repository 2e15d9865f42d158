package ptxvm_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/internal/ptxvm"
)

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
