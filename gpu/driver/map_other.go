//go:build !unix

package driver

import (
	"errors"
	"os"
)

var errNoRing = errors.New("this system cannot share memory with a driver")

func ringFile(int64) (*os.File, error) { return nil, errNoRing }
func mapFile(*os.File) ([]byte, error) { return nil, errNoRing }
func unmap([]byte) error               { return nil }
