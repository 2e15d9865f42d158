package main

import (
	"io"
	"os"
	"testing"

	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/drivertest"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/enginetest"
	"go.uber.org/goleak"
)

// TestMain is the driver, too: cloister starts this binary as one.
func TestMain(m *testing.M) {
	if os.Getenv("CLOISTER_DRIVER") != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

func TestItDoesWhatEveryEngineMust(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New("driver:" + self)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.(io.Closer).Close() })
	enginetest.Run(t, e)
}

func TestItDoesWhatEveryDriverMust(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	drivertest.Run(t, driver.Config{Path: self})
}
