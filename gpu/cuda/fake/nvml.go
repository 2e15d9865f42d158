package fake

import (
	"testing"

	"github.com/cloister-ai/cloister/gpu/native"
)

// An NVML is a stand-in libnvidia-ml with the cards of fakenvml.c.
type NVML struct {
	Path string
	lib  *native.Library
}

// Management builds a stand-in libnvidia-ml and makes it the test's. Flags are
// those of [CUDA].
func Management(t testing.TB, flags ...string) *NVML {
	t.Helper()
	n := &NVML{Path: Build(t, "fakenvml", flags...)}
	var err error
	if n.lib, err = native.Open(n.Path); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NVML_LIB", n.Path)
	return n
}

// Wrong counts the calls without an Init, or after one that failed: NVML may end
// the process over them.
func (n *NVML) Wrong() int { return int(n.lib.Proc("fakenvml_wrong").Call()) }

// Open counts the users that have not shut it down.
func (n *NVML) Open() int { return int(n.lib.Proc("fakenvml_open").Call()) }
