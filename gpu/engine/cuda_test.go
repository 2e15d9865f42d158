//go:build !race

// The interpreter runs one goroutine, ten times slower under the race detector:
// make check runs this test without it.

package engine

import (
	"flag"
	"testing"

	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/engine/cuda"
	"github.com/cloister-ai/cloister/gpu/enginetest"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

var whole = flag.Bool("whole", false, "the whole conformance suite on interpreted PTX: minutes")

// A machine that runs PTX in the place of a card, in a device process like one.
func init() {
	card := builtIn["cuda"]
	card.open = func() (driver.Device, error) { return cuda.NewDevice(ptxvm.NewDriver(ptxvm.Config{})), nil }
	builtIn["interpreted"] = card
}

func TestCUDA(t *testing.T) {
	e, err := New("interpreted")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.(*Engine).Close(); err != nil {
			t.Error(err)
		}
	})
	if *whole {
		enginetest.Run(t, e)
		return
	}
	enginetest.RunShort(t, e)
}
