//go:build unix && !linux

package driver

import "os"

// ringFile returns a file of n zero bytes that has no name any more.
func ringFile(n int64) (*os.File, error) {
	f, err := os.CreateTemp("", "cloister-ring-")
	if err != nil {
		return nil, err
	}
	if err = os.Remove(f.Name()); err == nil {
		err = f.Truncate(n)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
