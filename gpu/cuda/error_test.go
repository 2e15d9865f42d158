package cuda_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
)

func TestACodeSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		code cuda.Code
		kind abi.Kind
		lost bool
		text string
	}{
		{cuda.InvalidValue, abi.Internal, false, "invalid value"},
		{cuda.OutOfMemory, abi.Unavailable, false, "out of memory"},
		{cuda.NoDevice, abi.Unavailable, false, "no device"},
		{cuda.InvalidContext, abi.Internal, false, "invalid context"},
		{cuda.ECCUncorrectable, abi.Unavailable, true, "ecc uncorrectable"},
		{cuda.InvalidPTX, abi.Internal, false, "invalid ptx"},
		{cuda.UnsupportedPTX, abi.Internal, false, "unsupported ptx version"},
		{cuda.IllegalAddress, abi.Unavailable, true, "illegal address"},
		{cuda.OutOfResources, abi.Internal, false, "launch out of resources"},
		{cuda.LaunchTimeout, abi.Unavailable, true, "launch timeout"},
		{cuda.Assert, abi.Unavailable, true, "assert"},
		{cuda.HostNotRegistered, abi.Internal, false, "host memory not registered"},
		{cuda.HardwareStack, abi.Unavailable, true, "hardware stack error"},
		{cuda.MisalignedAddress, abi.Unavailable, true, "misaligned address"},
		{cuda.LaunchFailed, abi.Unavailable, true, "launch failed"},
		{720, abi.Internal, false, "cooperative launch too large"},
		{cuda.NotSupported, abi.Unavailable, false, "not supported"},
		{cuda.MPSClientLost, abi.Unavailable, true, "mps client terminated"},
		{cuda.CaptureInvalidated, abi.Internal, false, "stream capture invalidated"},
		{cuda.Unknown, abi.Unavailable, true, "unknown"},
		{12345, abi.Internal, false, "error 12345"},
	} {
		err := fmt.Errorf("run: %w", &cuda.Error{Call: "cuX", Code: c.code})
		if abi.KindOf(err) != c.kind || errors.Is(err, cuda.ErrLost) != c.lost {
			t.Errorf("%v: kind %v, lost %v; want %v, %v", err, abi.KindOf(err), errors.Is(err, cuda.ErrLost), c.kind, c.lost)
		}
		if c.code.String() != c.text {
			t.Errorf("code %d reads %q, want %q", int32(c.code), c.code, c.text)
		}
		if errors.Is(err, cuda.ErrNoDevice) {
			t.Errorf("%v is ErrNoDevice", err)
		}
	}
}

func TestEveryReasonIsUnavailableAndHasAHint(t *testing.T) {
	texts := map[string]bool{}
	for _, r := range []*cuda.Reason{cuda.ErrNoSystem, cuda.ErrNoDriver, cuda.ErrBroken, cuda.ErrOldDriver, cuda.ErrNoDevice,
		cuda.ErrOldDevice, cuda.ErrSmall, cuda.ErrShared, cuda.ErrBusy, cuda.ErrLost} {
		err := fmt.Errorf("open: %w: 3 of 4", r)
		if abi.KindOf(err) != abi.Unavailable || r.Hint() == "" || texts[r.Error()] {
			t.Errorf("%v: kind %v, hint %q", err, abi.KindOf(err), r.Hint())
		}
		texts[r.Error()] = true
	}
}
