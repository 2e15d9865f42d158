package driver

import (
	"os"

	"golang.org/x/sys/unix"
)

// ringFile returns an unnamed file of n zero bytes that nobody can make shorter, so
// that no driver ends its host by that.
func ringFile(n int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("cloister-ring", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "ring")
	if err := f.Truncate(n); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		f.Close()
		return nil, os.NewSyscallError("fcntl", err)
	}
	return f, nil
}
