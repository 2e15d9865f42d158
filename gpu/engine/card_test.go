//go:build linux && (amd64 || arm64)

package engine_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
	"github.com/cloister-ai/cloister/gpu/engine"
)

func TestTheCardsProcessFindsTheDriverOfItsUser(t *testing.T) {
	t.Setenv("HOME", t.TempDir()) // where the process keeps its cache
	fake.CUDA(t)
	e, err := engine.New("cuda")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.(io.Closer).Close(); err != nil {
		t.Error(err)
	}

	t.Setenv("FAKE_CUDA_DEVICES", "0") // not passed on: the process has a device all the same
	if e, err = engine.New("cuda"); err != nil {
		t.Errorf("New = %v: the process saw a variable that is not its business", err)
	} else if err := e.(io.Closer).Close(); err != nil {
		t.Error(err)
	}

	t.Setenv("CUDA_DRIVER_LIB", "/nowhere/libcuda.so.1")
	_, err = engine.New("cuda")
	hint, ok := errors.AsType[interface {
		error
		Hint() string
	}](err)
	if !errors.Is(err, abi.Unavailable) || !strings.Contains(err.Error(), "no CUDA driver") || !ok || !strings.Contains(hint.Hint(), "cloister devices") {
		t.Errorf("New = %v; want no CUDA driver, and where to look", err)
	}
}
