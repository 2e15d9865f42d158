package engine_test

import (
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/enginetest"
)

func newEngine(t testing.TB, name string) abi.Engine {
	t.Helper()
	e, err := engine.New(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestCPU(t *testing.T) { enginetest.Run(t, newEngine(t, "cpu")) }
