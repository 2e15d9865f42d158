package cuda

import "github.com/cloister-ai/cloister/abi"

// A Reason is why a device cannot be used. All are Unavailable: the program goes
// on with the processor.
type Reason struct{ text, hint string }

// The reasons. Errors wrap one of them, with what was found.
var (
	ErrNoSystem  = &Reason{"no CUDA on this system", "CUDA needs Linux on amd64 or arm64"}
	ErrNoDriver  = &Reason{"no CUDA driver", "install NVIDIA's driver, 525 or newer; if libcuda.so.1 is in an unusual place, set CUDA_DRIVER_LIB to its path"}
	ErrBroken    = &Reason{"the CUDA driver does not work", "nvidia-smi says more; after an update of the driver the machine has to start anew"}
	ErrOldDriver = &Reason{"the CUDA driver is too old", "install NVIDIA's driver 525 or newer"}
	ErrNoDevice  = &Reason{"no CUDA device", "the driver shows no device to this process: see nvidia-smi, CUDA_VISIBLE_DEVICES and, in a container, its --gpus"}
	ErrOldDevice = &Reason{"the device is too old", "compute capability 7.5 (Turing, 2018) or newer is needed"}
	ErrSmall     = &Reason{"the device has too little memory", "end what else is on the device, or take a larger one"}
	ErrShared    = &Reason{"the device is shared through MPS", "one client's fault ends all clients of MPS: stop nvidia-cuda-mps-control, or set CUDA_MPS_PIPE_DIRECTORY=/dev/null to stay out of it"}
	ErrBusy      = &Reason{"the device is used by another process", "its compute mode lets one process in: end that process"}
	ErrLost      = &Reason{"the device is lost to this process", "a new process can use it again; if errors come back, see dmesg for Xid lines"}
)

func (r *Reason) Error() string { return r.text }

// Hint says what the owner of the machine can do.
func (r *Reason) Hint() string { return r.hint }

// Unwrap returns Unavailable.
func (r *Reason) Unwrap() error { return abi.Unavailable }
