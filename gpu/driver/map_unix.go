//go:build unix

package driver

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a whole file, shared.
func mapFile(f *os.File) ([]byte, error) {
	s, err := f.Stat()
	if err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, int(s.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return mem, os.NewSyscallError("mmap", err)
}

func unmap(mem []byte) error { return unix.Munmap(mem) }
