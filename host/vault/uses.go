package vault

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/cloister-ai/cloister/abi"
)

// Uses counts what a seller's keys were released for: one unit of a receipt for
// each job, however often its host asks, and on whatever slot. It is a folder
// with a folder for each receipt and in it an empty file for each job. It is
// safe for concurrent use; one process at a time opens a folder.
type Uses struct {
	dir string

	mu   sync.Mutex
	used map[abi.Digest]uint64 // of receipts asked about since Open
}

// OpenUses opens the count kept in dir and makes it if there is none.
func OpenUses(dir string) (*Uses, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w: %w", abi.Internal, err)
	}
	return &Uses{dir: dir, used: map[abi.Digest]uint64{}}, nil
}

// Take uses one of the units that receipt paid for, for job, and returns once
// that is on disk. A job that has its unit takes no other. Errors: Denied when
// all units are used by other jobs.
func (u *Uses) Take(receipt, job abi.Digest, units uint64) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	folder := filepath.Join(u.dir, hex.EncodeToString(receipt[:]))
	path := filepath.Join(folder, hex.EncodeToString(job[:]))
	switch _, err := os.Lstat(path); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("vault: %w: %w", abi.Internal, err)
	}
	used, known := u.used[receipt]
	if !known {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("vault: %w: %w", abi.Internal, err)
		}
		used = uint64(len(entries))
	}
	if used >= units {
		return fmt.Errorf("vault: receipt %v: the key was released for all %d units: %w", receipt.Short(), units, abi.Denied)
	}
	if err := mark(u.dir, folder, path); err != nil {
		return fmt.Errorf("vault: %w: %w", abi.Internal, err)
	}
	u.used[receipt] = used + 1
	return nil
}

// mark makes the empty file path in folder of dir, durably.
func mark(dir, folder, path string) error {
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), syncDir(folder), syncDir(dir))
}
