package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/drivertest"
	"github.com/cloister-ai/cloister/gpu/engine"
)

func TestGorgoniasDriver(t *testing.T) {
	drivertest.Run(t, driver.Config{BuiltIn: "gorgonia", Grace: -1})
}

func TestAnEngineThatIsNoneSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name string
		kind abi.Kind
		word string
	}{
		{"abacus", abi.Invalid, "driver:PATH"},
		{"driver:", abi.Invalid, "driver:PATH"},
		{"driver:/nowhere/at-all", abi.Unavailable, "at-all"},
		{"driver:/bin/false", abi.Unavailable, "false"},
	} {
		if _, err := engine.New(c.name); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("New(%q) = %v, want %v that says %q", c.name, err, c.kind, c.word)
		}
	}
}
