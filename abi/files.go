package abi

import (
	"encoding/binary"
	"fmt"
)

// filesMagic begins an input of several files. No image format begins so.
const filesMagic = "\x00files1\n"

// MaxFiles bounds the files of one input.
const MaxFiles = 4096

// JoinFiles makes one input of several files: a magic of 8 bytes, then each
// file behind its length as a little-endian u32.
func JoinFiles(files ...[]byte) []byte {
	b := []byte(filesMagic)
	for _, f := range files {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// SplitFiles returns the files of an input. An input that JoinFiles did not
// make is one file. The files share memory with b. Errors: Invalid.
func SplitFiles(b []byte) ([][]byte, error) {
	if len(b) < len(filesMagic) || string(b[:len(filesMagic)]) != filesMagic {
		return [][]byte{b}, nil
	}
	var files [][]byte
	for rest := b[len(filesMagic):]; len(rest) > 0; {
		if len(files) == MaxFiles {
			return nil, fmt.Errorf("input has more than %d files: %w", MaxFiles, Invalid)
		}
		if len(rest) < 4 {
			return nil, fmt.Errorf("input is truncated in the length of file %d: %w", len(files)+1, Invalid)
		}
		n := binary.LittleEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(n) > uint64(len(rest)) {
			return nil, fmt.Errorf("file %d has %d bytes, %d are left: %w", len(files)+1, n, len(rest), Invalid)
		}
		files = append(files, rest[:n:n])
		rest = rest[n:]
	}
	return files, nil
}
