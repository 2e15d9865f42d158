package cuda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A Config says which device is opened, and how. The zero value opens the first
// one, of any size, that this process shares with nobody.
type Config struct {
	// Library is the path of libcuda; empty is what CUDA_DRIVER_LIB says, which
	// like CUDA_VISIBLE_DEVICES is the process's own, else the usual places.
	Library string
	// Device is the UUID of the device; empty is the first. What a process can
	// see at all, CUDA_VISIBLE_DEVICES says.
	Device string
	// Memory is how many bytes have to be free.
	Memory int64
	// Cache is the folder in which the driver keeps compiled modules; empty is
	// the driver's own choice, ~/.nv/ComputeCache. It is set in the environment
	// of the process.
	Cache string
	// MPS accepts a device that is shared through MPS, where another client's
	// fault ends this one. Never for strangers' work.
	MPS bool
}

// Environment names the variables that this package and NVIDIA's libraries read, for
// who gives a process that opens a device nothing else of its own.
func Environment() []string {
	return []string{
		"CUDA_DRIVER_LIB", "CUBLASLT_LIB", "LD_LIBRARY_PATH", // where libraries are
		"CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX", "VIRTUAL_ENV",
		"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_MPS_PIPE_DIRECTORY", // what is shown
		"CUDA_CACHE_PATH", "CUDA_CACHE_MAXSIZE", "HOME", "XDG_CACHE_HOME", // where it keeps what it compiled
	}
}

// A Found is a device that the driver shows, and why it cannot be used, if so.
type Found struct {
	Info
	Err error // nil, or what wraps a reason
}

// Devices lists what the driver shows to this process, without opening any. The
// error is the reason why there is nothing to list.
func Devices(cfg Config) ([]Found, error) {
	l, err := open(cfg)
	if err != nil {
		return nil, err
	}
	n, err := l.count()
	if err != nil {
		return nil, err
	}
	list := make([]Found, n)
	for i := range list {
		if list[i].Info, err = l.info(i); err != nil {
			return nil, err
		}
		list[i].Err = l.usable(i, list[i].Info, cfg)
	}
	return list, nil
}

// Open opens a device. Its errors wrap the reasons of this package.
func Open(cfg Config) (Driver, error) {
	l, err := open(cfg)
	if err != nil {
		return nil, err
	}
	return l.choose(cfg)
}

// choose opens the device that cfg names.
func (l *library) choose(cfg Config) (Driver, error) {
	n, err := l.count()
	if err != nil {
		return nil, err
	}
	for i := range n {
		info, err := l.info(i)
		if err != nil {
			return nil, err
		}
		if cfg.Device != "" && cfg.Device != info.UUID {
			continue
		}
		if err := l.usable(i, info, cfg); err != nil {
			return nil, err
		}
		return newDevice(l, i, info, cfg)
	}
	return nil, fmt.Errorf("cuda: %w: %d are there, none is %s", ErrNoDevice, n, cfg.Device)
}

// usable says why device i cannot be used, as far as that shows from outside.
func (l *library) usable(i int, info Info, cfg Config) error {
	if info.Capability() < minimumCapability {
		return fmt.Errorf("cuda: %w: %s has compute capability %d.%d", ErrOldDevice, info.Name, info.Major, info.Minor)
	}
	if info.Memory < cfg.Memory {
		return fmt.Errorf("cuda: %w: %s has %d bytes, %d are needed", ErrSmall, info.Name, info.Memory, cfg.Memory)
	}
	mode, err := l.attribute(i, attributeComputeMode)
	if err != nil {
		return err
	}
	if mode == modeProhibited {
		return fmt.Errorf("cuda: %w: %s is in compute mode PROHIBITED", ErrBusy, info.Name)
	}
	if cfg.MPS {
		return nil
	}
	if path := mpsControl(); path != "" {
		return fmt.Errorf("cuda: %w: %s is there", ErrShared, path)
	}
	on, err := l.attribute(i, attributeMPS)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == InvalidValue {
		return nil // the attribute is younger than some drivers that we take
	}
	if err == nil && on != 0 {
		err = fmt.Errorf("cuda: %w: the driver says so of %s", ErrShared, info.Name)
	}
	return err
}

// mpsControl returns the pipe of the MPS control daemon that this process's
// driver would join, or "" where none is. A CUDA_MPS_PIPE_DIRECTORY without one, as
// /dev/null, is NVIDIA's way to stay out.
func mpsControl() string {
	dir := os.Getenv("CUDA_MPS_PIPE_DIRECTORY")
	if dir == "" {
		dir = "/tmp/nvidia-mps"
	}
	path := filepath.Join(dir, "control")
	if _, err := os.Lstat(path); err != nil {
		return ""
	}
	return path
}
