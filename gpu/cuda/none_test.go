//go:build !(linux && (amd64 || arm64))

package cuda_test

import (
	"errors"
	"testing"

	"github.com/cloister-ai/cloister/gpu/cuda"
)

func TestThereIsNoCUDAOnThisSystem(t *testing.T) {
	if _, err := cuda.Open(cuda.Config{}); !errors.Is(err, cuda.ErrNoSystem) {
		t.Errorf("Open = %v; want ErrNoSystem", err)
	}
	if _, err := cuda.Devices(cuda.Config{}); !errors.Is(err, cuda.ErrNoSystem) {
		t.Errorf("Devices = %v; want ErrNoSystem", err)
	}
}
